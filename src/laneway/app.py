"""App: the composition root. With `deployment`, the only module that knows what stands behind each contract."""

import asyncio
import hashlib
import os
import secrets
import socket
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from laneway.agent import Agent, AgentProfile
from laneway.agents.guide import GUIDE, GuideAgent
from laneway.agents.script import SCRIPT, ScriptAgent
from laneway.clock import Clock
from laneway.config import AgentSettings, ConfigError, Settings
from laneway.deployment import MEMORY, deploy
from laneway.domain.json import Json, JsonObject
from laneway.domain.principal import Principal
from laneway.domain.rules import AgentTraits, Rules
from laneway.environment import Environment
from laneway.environments.plain import PlainEnvironment
from laneway.importers.agent_world import AgentWorldImporter
from laneway.importers.chatgpt import ChatGPTImporter
from laneway.importers.generic import GenericImporter
from laneway.importers.kingdom import KingdomImporter
from laneway.importers.laneway import LanewayImporter
from laneway.runtime.answers import Answers
from laneway.runtime.attachments import Attachments
from laneway.runtime.credentials import Credentials
from laneway.runtime.data_dir import make_private
from laneway.runtime.describer import Describer, DescriberOptions
from laneway.runtime.event_stream import EventStreams
from laneway.runtime.exporting import Exports
from laneway.runtime.importing import Imports
from laneway.runtime.parcel_writer import ImportBounds, ImportServices
from laneway.runtime.projection import Projection
from laneway.runtime.session_state import SessionState
from laneway.runtime.shares import Shares
from laneway.runtime.submit import Answer, Idempotency, Runtime
from laneway.runtime.system_clock import SystemClock
from laneway.runtime.timers import Timers
from laneway.runtime.toolbox import Toolbox
from laneway.runtime.tools import AskTool, EffectTool, command_tools
from laneway.runtime.tracing import Tracing, Untraced
from laneway.runtime.turn_handle import TurnServices
from laneway.runtime.turn_runner import RunnerOptions, TurnRunner
from laneway.runtime.upkeep import Kept, Upkeep
from laneway.runtime.watchdog import Watchdog
from laneway.wire import encode


class App:
    """One Laneway in one process: store, engine, agents and streams, started and stopped as one."""

    def __init__(
        self,
        settings: Settings,
        *,
        agents: Sequence[Agent] = (),
        clock: Clock | None = None,
        tracing: Tracing | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self._scratch = tempfile.TemporaryDirectory(prefix="laneway-") if settings.database == MEMORY else None
        self.data_dir = Path(self._scratch.name) if self._scratch else settings.data_dir
        self.environments: Mapping[str, Environment] = {"plain": PlainEnvironment()}
        self.agents = _agents(settings, agents, self.clock)
        self.rules = _rules(settings, self.agents, self.environments)
        self.node = _new_name()
        deployment = deploy(settings, self.clock, self.node)
        self.store, self.bus, self.engine = deployment.store, deployment.bus, deployment.engine
        self.tracing = tracing or _tracing(settings, self.node)
        self.runtime = Runtime(self.store, self.bus, self.clock, self.rules, self.tracing)
        self.attachments = Attachments(self.data_dir / "attachments")
        self.timers = Timers(self.runtime, self.store)
        self.states = SessionState(self.runtime, self.store, self.environments)
        self.credentials = Credentials(self.store, self.runtime, self.bus, self.clock)
        self.shares = Shares(self.store, self.runtime, self.clock, settings.shares.enabled)
        self.streams = EventStreams(
            self.store, self.bus, self.clock, self.credentials, self.shares,
            per_user=settings.limits.streams_per_user, per_server=settings.limits.streams,
        )  # fmt: skip
        self.watchdog = Watchdog()
        self._wire_turns()
        self._wire_transfer()

    def _wire_turns(self) -> None:
        settings, limits = self.settings, self.settings.limits
        built_in = (AskTool(), EffectTool(self.data_dir / "effects.log"), *command_tools(self.rules, self.clock))
        self.answers = Answers(self.bus)
        services = TurnServices(
            self.store,
            self.clock,
            Toolbox(built_in, self.environments),
            self.attachments,
            self.answers,
            self.tracing,
            limits.turn_steps,
            limits.tool_output_bytes,
        )
        options = RunnerOptions(self.node, settings.flush_ms / 1000, limits.turn_s or 1e9)
        self.runner = TurnRunner(self.runtime, services, self.agents, self.environments, self.bus, options)
        self.upkeep = Upkeep(
            self.runtime, self.store, self.engine, self.runner, self.answers, self.timers,
            Projection(self.store, self.store), self.attachments, self.bus,
            Kept(settings.delta_retention_s, settings.event_retention_s, settings.alert_retention_s),
        )  # fmt: skip
        self.runtime.dispatch_to(self.engine.dispatch)
        written = settings.summaries
        options = DescriberOptions(written.agent, written.titles, written.summaries)
        self.describer = Describer(self.runtime, self.store, self.agents, options)
        self.runtime.describe_with(self.describer.look_at)

    def _wire_transfer(self) -> None:
        limits = self.settings.limits
        importers = (
            LanewayImporter(), ChatGPTImporter(), KingdomImporter(), AgentWorldImporter(), GenericImporter(),
        )  # fmt: skip
        profiles = {name: agent.profile for name, agent in self.agents.items()}
        bounds = ImportBounds(limits.import_unpacked_bytes, limits.attachment_bytes, limits.attachment_bytes_per_user)
        services = ImportServices(self.runtime, self.store, self.attachments, self.environments, profiles, bounds)
        self.imports = Imports(services, importers)
        self.exports = Exports(self.store, self.attachments)

    async def start(self) -> None:
        """Open the store, recover what an earlier process left, and begin to run turns."""
        make_private(self.data_dir)
        await self.store.open()
        await self.bus.start()
        await self.streams.start()
        await self.engine.start(self.runner.run_turn)
        await self.upkeep.start()
        self.watchdog.start()

    async def stop(self) -> None:
        """Take nothing new, let running turns finish or release them, and close. Safe to call twice."""
        self.watchdog.stop()
        await self.streams.stop()
        await self.engine.stop(self.settings.drain_s)
        await self.describer.stop()
        for agent in self.agents.values():
            await agent.close()
        await self.upkeep.stop()
        self.runner.close()
        self.answers.close()
        await self.bus.stop()
        await self.store.close()
        await asyncio.to_thread(self.tracing.close)
        if self._scratch is not None:
            self._scratch.cleanup()

    async def environment_command(
        self, principal: Principal, session_id: str, body: JsonObject, idempotency: Idempotency | None = None
    ) -> Answer:
        """Let a session's environment apply a command."""
        return await self.states.command(principal, session_id, body, idempotency)

    async def state(self, principal: Principal, session_id: str) -> tuple[Mapping[str, Json], int, int]:
        """A session's state, with the offset and the position that it was read at."""
        state, read = await self.states.snapshot(principal, session_id)
        return state, read.offset, read.position


def _new_name() -> str:
    """A name for a node, never used again: a heartbeat of this process must not vouch for an earlier one."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def _tracing(settings: Settings, node: str) -> Tracing:
    if not settings.otlp_endpoint:
        return Untraced()
    # Imported when traces are wanted: the libraries behind it are an extra, and slow to load.
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - an extra
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - an extra

        from laneway.runtime.spans import Spans  # noqa: PLC0415 - an extra
    except ImportError as error:
        hint = "Install it: pip install 'laneway[otel]'."
        raise ConfigError("otlp_endpoint: the extra `otel` is not installed.", hint) from error
    return Spans(BatchSpanProcessor(OTLPSpanExporter(settings.otlp_endpoint)), node)


def _rules(settings: Settings, agents: Mapping[str, Agent], environments: Mapping[str, Environment]) -> Rules:
    traits = {
        name: AgentTraits(agent.profile.capabilities.steer, agent.profile.waits_across_restarts)
        for name, agent in agents.items()
    }
    return Rules(
        traits, settings.default_agent, frozenset(environments), settings.limits, settings.max_attempts,
        settings.lease_s,
    )  # fmt: skip


def _agents(settings: Settings, given: Sequence[Agent], clock: Clock) -> Mapping[str, Agent]:
    """The configured agents, and those of the caller; on an equal name the caller's wins."""
    configured = {name: _agent(name, each, clock) for name, each in settings.agents.items()}
    return {**configured, **{agent.profile.name: agent for agent in given}}


def _agent(name: str, settings: AgentSettings, clock: Clock) -> Agent:
    match settings.kind:
        case "guide":
            return GuideAgent(_profile(name, settings, GUIDE))
        case "script":
            return ScriptAgent(clock, _profile(name, settings, SCRIPT))
        case "model":
            # Imported when a model is configured: the libraries behind it are an extra, and slow to load.
            try:
                from laneway.agents.model import ModelAgent, ModelSettings  # noqa: PLC0415 - an extra
            except ImportError as error:
                hint = "Install it: pip install 'laneway[models]'."
                raise ConfigError(f"agents.{name}: the extra `models` is not installed.", hint) from error
            key = settings.api_key.reveal() if settings.api_key else ""
            model = ModelSettings(
                settings.model, settings.base_url, key, settings.prompt, history_chars=settings.history_chars
            )
            return ModelAgent(model, _profile(name, settings))
        case "harness" | "acp":
            raise ConfigError(f"agents.{name}.kind: {settings.kind!r} is not available yet.")


def _profile(name: str, settings: AgentSettings, usual: AgentProfile | None = None) -> AgentProfile:
    """How a configured agent is shown and treated: as the settings say, else as is usual for its kind."""
    title = usual.title if usual and usual.name == name else name.capitalize()
    description = usual.description if usual else ""
    return AgentProfile(
        name, settings.title or title, settings.description or description, settings.kind, tools=settings.tools,
        timeout_s=settings.timeout_s, config_hash=_config_hash(settings),
    )  # fmt: skip


def _config_hash(settings: AgentSettings) -> str:
    """What a resume id was written under: kind, model, prompt and tools, not title or description."""
    return hashlib.sha256(
        encode([settings.kind, settings.model, settings.base_url, settings.prompt, settings.tools])
    ).hexdigest()[:16]
