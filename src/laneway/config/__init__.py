"""Config: the settings, made once from `laneway.toml` < `LANEWAY_*` environment < flags, and passed down by value."""

import os
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from laneway.config.page import reference
from laneway.config.settings import (
    AgentSettings,
    ClientEnvironment,
    Limits,
    Secret,
    Settings,
    Shares,
    Summaries,
    is_loopback,
)
from laneway.config.source import ConfigError, Source, toml, variables

__all__ = [
    "AgentSettings",
    "ClientEnvironment",
    "ConfigError",
    "Limits",
    "Secret",
    "Settings",
    "client_environment",
    "is_loopback",
    "load",
    "reference",
]


def load(
    config_file: Path | None = None,
    environ: Mapping[str, str] | None = None,
    flags: Mapping[str, object] | None = None,
    agents: Collection[str] = (),
) -> Settings:
    """Make the settings. `environ` defaults to the process's; a flag that is None was not given; `agents` are the
    names of agents that are registered in code. Raises `ConfigError`."""
    environment = os.environ if environ is None else environ
    tree: dict[str, Any] = {}
    if config_file is not None:
        _merge(tree, Source(str(config_file), config_file.parent).read(toml(config_file)))
    _merge(tree, Source("", Path(), strict=False).read(variables(environment)))
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    _merge(tree, Source("--", Path()).read(given))
    return _build(tree, environment, agents)


def client_environment(environ: Mapping[str, str] | None = None) -> ClientEnvironment:
    """Read `LANEWAY_URL`, `LANEWAY_KEY` and `LANEWAY_CONFIG`; without the last, `laneway.toml` of this folder."""
    environment = os.environ if environ is None else environ
    key, named, here = environment.get("LANEWAY_KEY"), environment.get("LANEWAY_CONFIG"), Path("laneway.toml")
    config_file = Path(named) if named else here if here.is_file() else None
    return ClientEnvironment(environment.get("LANEWAY_URL", ""), Secret(key) if key else None, config_file)


def _merge(into: dict[str, Any], other: Mapping[str, Any]) -> None:
    for key, value in other.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], cast("Mapping[str, Any]", value))
        else:
            into[key] = value


def _build(tree: dict[str, Any], environ: Mapping[str, str], registered: Collection[str]) -> Settings:
    named: dict[str, AgentSettings] = {}
    for name, table in tree.pop("agents", {}).items():
        named[name] = _agent(name, table, environ)
    shares = tree.pop("shares", {})
    limits = _limits(tree.pop("limits", {}), tree.get("host", Settings.host))
    summaries = Summaries(**tree.pop("summaries", {}))
    settings = Settings(**tree, limits=limits, shares=Shares(**shares), summaries=summaries)
    # The agent that `--script-agent` adds stands beside the others: it is nobody's default.
    default_agent = settings.default_agent or next(iter((*registered, *named)), "guide")
    if settings.script_agent:
        named.setdefault("script", AgentSettings("script"))
    settings = replace(
        settings,
        agents={"guide": AgentSettings("guide"), **named},
        data_dir=settings.data_dir.expanduser(),
        default_agent=default_agent,
    )
    _check(settings, registered)
    return settings


def _agent(name: str, table: dict[str, Any], environ: Mapping[str, str]) -> AgentSettings:
    if "kind" not in table:
        raise ConfigError(f"agents.{name}: kind is missing.", "It is guide, model or script.")
    agent = AgentSettings(**table)
    if agent.api_key is None and agent.api_key_file is not None:
        try:
            return replace(agent, api_key=Secret(agent.api_key_file.read_text(encoding="utf-8").strip()))
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"agents.{name}.api_key_file: {agent.api_key_file} cannot be read.") from error
    if agent.api_key is None and environ.get(agent.api_key_env):
        return replace(agent, api_key=Secret(environ[agent.api_key_env]))
    return agent


def _limits(table: Mapping[str, Any], host: str) -> Limits:
    off = {"requests_per_s": 0, "burst": 0} if is_loopback(host) else {}
    return Limits(**{**off, **table})


def _check(settings: Settings, registered: Collection[str]) -> None:
    if settings.database_url is not None:
        _check_database_url("database_url", settings.database_url.reveal())
        if settings.database:
            raise ConfigError("database: there is a database_url, too.", "Keep the one that is meant.")
    if settings.database_direct_url is not None:
        _check_database_url("database_direct_url", settings.database_direct_url.reveal())
        if settings.database_url is None:
            raise ConfigError("database_direct_url: there is no database_url.", "Set that one first.")
    if not is_loopback(settings.host) and not settings.allow_remote:
        raise ConfigError(
            f"host: {settings.host} can be reached from other machines.", "Say --allow-remote (allow_remote), too."
        )
    if settings.default_agent not in {*settings.agents, *registered}:
        raise ConfigError(f"default_agent: there is no agent {settings.default_agent}.", "Add it under [agents].")
    _check_summaries(settings, registered)


def _check_summaries(settings: Settings, registered: Collection[str]) -> None:
    agent = settings.summaries.agent
    if agent and agent not in {*settings.agents, *registered}:
        raise ConfigError(f"summaries.agent: there is no agent {agent}.", "Add it under [agents].")


def _check_database_url(name: str, url: str) -> None:
    try:
        scheme = urlsplit(url).scheme
    except ValueError:
        scheme = ""
    if scheme not in ("postgresql", "postgres"):
        raise ConfigError(f"{name}: it names no Postgres.", "Write postgresql://user:password@host/database.")
