"""Config: the settings, made once from `laneway.toml` < `LANEWAY_*` environment < flags, and passed down by value."""

import ast
import difflib
import inspect
import ipaddress
import os
import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, cast, get_type_hints

import msgspec
from msgspec import Meta

from laneway.domain import rules
from laneway.domain.errors import LanewayError

Count = Annotated[int, Meta(ge=0)]
Port = Annotated[int, Meta(ge=0, le=65535)]
Seconds = Annotated[float, Meta(ge=0)]
AgentKind = Literal["guide", "model", "script", "harness", "acp"]


class ConfigError(LanewayError):
    """A setting is unknown or does not fit. The detail names the place and the key."""

    code = "config"
    title = "Bad settings"


class Secret:
    """A text that never shows itself: its `repr` and `str` hide it, and only `reveal` gives it out."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the one place that sends it."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__


@dataclass(frozen=True)
class AgentSettings:
    """One `[agents.NAME]` of the settings file: several agents of one kind are allowed."""

    kind: AgentKind
    """What answers: `guide` (offline help), `model`, or `script` (for tests and demos)."""
    title: str = ""
    """How people see it; empty: its name."""
    description: str = ""
    """One line about it, for people."""
    model: str = ""
    """The model, as `provider:name`."""
    prompt: str = ""
    """The instructions that every run begins with."""
    tools: tuple[str, ...] | None = None
    """The tools that it may call; when missing, all of the session's."""
    timeout_s: Seconds = 1800.0
    """How long one run may take."""
    base_url: str = ""
    """Where the model's API is, when not at its provider's usual address."""
    api_key: Secret | None = None
    """The key for the model's API. Better kept out of the file: see the next two."""
    api_key_file: Path | None = None
    """A file that holds the key."""
    api_key_env: str = ""
    """The environment variable that holds the key."""


@dataclass(frozen=True, slots=True)
class Limits(rules.Limits):
    """Bounds on what a user, a session, a thread or the process may hold or do. 0 = no bound."""

    turns_per_user: Count = 64
    """Turns of one user that run at once in a process; more wait, fairly."""
    turns: Count = 256
    """Turns that run at once in a process; more wait, fairly."""
    alert_turns: Count = 4
    """Alert turns that run at once in a session; more wait."""
    turn_s: Seconds = 1800.0
    """How long a turn may take, all its attempts and runs together."""
    turn_steps: Count = 200
    """Tool calls of one turn."""
    tool_output_bytes: Count = 1024 * 1024
    """What is stored of one tool's result; the rest is cut off with a marker."""
    requests_per_s: Count = 200
    """Requests of one user in a second. Off on a loopback address unless set."""
    burst: Count = 400
    """Requests of one user at once. Off on a loopback address unless set."""
    auth_failures_per_min: Count = 10
    """Wrong credentials from one source in a minute. A missing one does not count, a valid key is never refused."""
    streams_per_user: Count = 50
    """Event streams that one user may hold open."""
    streams: Count = 10_000
    """Event streams that the server holds open."""
    attachment_bytes: Count = 10 * 1024 * 1024
    """Size of one attachment."""
    attachment_bytes_per_user: Count = 1024 * 1024 * 1024
    """Size of all attachments of one user."""


@dataclass(frozen=True)
class Settings:
    """Everything that can be set."""

    host: str = "127.0.0.1"
    """The address to listen on. Any that is not loopback also needs `allow_remote`."""
    port: Port = 8420
    """The port to listen on; 0 takes a free one."""
    data_dir: Path = Path("~/.local/share/laneway")
    """The data directory: database, attachments, `admin.key`. Its variable is `LANEWAY_DATA`, its flag `--data`."""
    database: str = ""
    """The SQLite file, when it is not `laneway.db` in the data directory; `:memory:` keeps nothing."""
    allow_remote: bool = False
    """Allow other machines to connect. Every request needs a key or a login in any case."""
    allowed_hosts: tuple[str, ...] = ()
    """Further names that requests may use in `Host` and `Origin`, as `name` or `name:port`."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses of reverse proxies whose forwarding headers are believed."""
    default_agent: str = ""
    """The agent of threads that name none; empty: the first of the settings file, else `guide`."""
    script_agent: bool = False
    """Add the agent `script`, for tests and demos."""
    flush_ms: Count = 40
    """How often the text of a running answer is stored and sent, after its first piece."""
    max_attempts: Annotated[int, Meta(ge=1)] = 3
    """How often a turn may die while running before it has failed."""
    lease_s: Annotated[float, Meta(gt=0)] = 6.0
    """How long a silent process keeps its turns."""
    drain_s: Seconds = 10.0
    """How long running turns may take to finish when the server stops; then they are released, not failed."""
    delta_retention_s: Count = 86_400
    """How long the pieces of a finished answer are kept; its whole text stays."""
    event_retention_s: Count = 0
    """How long events are kept; 0 = for ever."""
    alert_retention_s: Count = 7 * 86_400
    """After how long a finished alert thread is archived."""
    limits: Limits = field(default_factory=Limits)
    agents: Mapping[str, AgentSettings] = field(default_factory=dict[str, AgentSettings])

    @property
    def database_path(self) -> str:
        """The SQLite file, or `:memory:`."""
        return self.database or str(self.data_dir / "laneway.db")

    def secrets(self) -> tuple[str, ...]:
        """Every secret among the settings, for the redactor."""
        return tuple(agent.api_key.reveal() for agent in self.agents.values() if agent.api_key is not None)


@dataclass(frozen=True)
class ClientEnvironment:
    """What the environment tells a command that talks to a server."""

    url: str = ""
    key: Secret | None = None
    config_file: Path | None = None


_CLIENT_VARIABLES = frozenset({"LANEWAY_URL", "LANEWAY_KEY", "LANEWAY_CONFIG"})
_ALIASES = {"data": "data_dir"}
_LATER = frozenset({"database_url", "channels", "feeds", "shares"})
_LATER_KINDS = frozenset({"harness", "acp"})
_AGENT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_SECTIONS: dict[str, type] = {"limits": Limits}


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
        _merge(tree, _Source(str(config_file), config_file.parent).read(_toml(config_file)))
    _merge(tree, _Source("", Path(), strict=False).read(_variables(environment)))
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    _merge(tree, _Source("--", Path()).read(given))
    return _build(tree, environment, agents)


def client_environment(environ: Mapping[str, str] | None = None) -> ClientEnvironment:
    """Read `LANEWAY_URL`, `LANEWAY_KEY` and `LANEWAY_CONFIG`; without the last, `laneway.toml` of this folder."""
    environment = os.environ if environ is None else environ
    key, named, here = environment.get("LANEWAY_KEY"), environment.get("LANEWAY_CONFIG"), Path("laneway.toml")
    config_file = Path(named) if named else here if here.is_file() else None
    return ClientEnvironment(environment.get("LANEWAY_URL", ""), Secret(key) if key else None, config_file)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach that address."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}.", "Check --config.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}.", "The file is TOML: https://toml.io") from error


def _variables(environ: Mapping[str, str]) -> dict[str, Any]:
    """`LANEWAY_PORT` is `port`, `LANEWAY_LIMITS__TURNS` is `limits.turns`."""
    tree: dict[str, Any] = {}
    for name, value in environ.items():
        if not name.startswith("LANEWAY_") or name in _CLIENT_VARIABLES:
            continue
        *sections, key = name.removeprefix("LANEWAY_").lower().split("__")
        place = tree
        for section in sections:
            place = place.setdefault(section, {})
        place[key] = value
    return tree


@dataclass(frozen=True)
class _Source:
    """One place that settings come from: it knows how to name a key there, for an error."""

    name: str
    """A file's path, `--` for flags, empty for the environment."""
    folder: Path
    """What a relative path is relative to."""
    strict: bool = True
    """Not strict: every value is a text, as in the environment."""

    def read(self, tree: Mapping[str, Any], shape: type = Settings, prefix: str = "") -> dict[str, Any]:
        """Check every key and value of a tree against a dataclass."""
        known = get_type_hints(shape, include_extras=True)
        read: dict[str, Any] = {}
        for written, value in tree.items():
            key = _ALIASES.get(written, written) if shape is Settings else written
            if key not in known:
                raise self._unknown(prefix + written, written, known)
            read[key] = self._value(key, value, known[key], prefix)
        return read

    def _value(self, key: str, value: Any, hint: Any, prefix: str) -> Any:
        if prefix == "" and key in _SECTIONS:
            return self.read(self._table(key, value), _SECTIONS[key], f"{key}.")
        if prefix == "" and key == "agents":
            return {name: self._agent(name, value) for name, value in self._table(key, value).items()}
        if hint is int:
            hint = Count
        if not self.strict and "tuple" in str(hint) and isinstance(value, str):
            value = [part.strip() for part in value.split(",") if part.strip()]
        try:
            return msgspec.convert(value, hint, strict=self.strict, dec_hook=self._decode)
        except msgspec.ValidationError as error:
            raise ConfigError(f"{self._place(prefix + key)}: {error}.") from error

    def _agent(self, name: str, value: Any) -> dict[str, Any]:
        if not _AGENT_NAME.fullmatch(name):
            raise ConfigError(f"{self._place('agents')}: {name!r} is not a name.", "Use letters, digits, - _ and dots.")
        table = self._table(f"agents.{name}", value)
        if table.get("kind") in _LATER_KINDS:
            raise ConfigError(f"{self._place(f'agents.{name}.kind')}: {table['kind']!r} is not available yet.")
        return self.read(table, AgentSettings, f"agents.{name}.")

    def _table(self, key: str, value: Any) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            raise ConfigError(f"{self._place(key)} is a table, not a value.", f"Write [{key}].")
        return cast("Mapping[str, Any]", value)

    def _decode(self, type_: type, value: object) -> object:
        if type_ is Path and isinstance(value, str | Path):
            return self.folder / Path(value).expanduser()
        if type_ is Secret and isinstance(value, str | Secret):
            return value if isinstance(value, Secret) else Secret(value)
        raise msgspec.ValidationError(f"Expected a text, got `{type(value).__name__}`")

    def _unknown(self, name: str, key: str, known: Iterable[str]) -> ConfigError:
        if name.partition(".")[0] in _LATER:
            return ConfigError(f"{self._place(name)} is not available yet.")
        nearest = difflib.get_close_matches(key, known, 1)
        near = self._place(name.removesuffix(key) + nearest[0]) if nearest else ""
        hint = f"Did you mean {near}?" if near else "docs/reference/settings.md lists them all."
        return ConfigError(f"{self._place(name)}: there is no such setting.", hint)

    def _place(self, key: str) -> str:
        if not self.strict:
            return "LANEWAY_" + key.replace(".", "__").upper()
        return f"--{key.replace('_', '-')}" if self.name == "--" else f"{self.name}: {key}"


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
    limits = _limits(tree.pop("limits", {}), tree.get("host", Settings.host))
    settings = Settings(**tree, limits=limits)
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
    if not is_loopback(settings.host) and not settings.allow_remote:
        raise ConfigError(f"host: {settings.host} can be reached from other machines.", "Say --allow-remote too.")
    if settings.default_agent not in {*settings.agents, *registered}:
        raise ConfigError(f"default_agent: there is no agent {settings.default_agent}.", "Add it under [agents].")


_REFERENCE = """# Settings

<!-- Written by `./dev fix` from the docstrings in the code. Change those, not this page. -->

From the settings file (`--config FILE`, `LANEWAY_CONFIG`, or `laneway.toml` in the folder that the command is started
in), overridden by the environment (`LANEWAY_PORT=8421`, `LANEWAY_LIMITS__TURNS=8`; lists are separated by commas),
overridden by flags. An unknown setting is an error. Relative paths in the file start at the file's folder.
"""


def reference() -> str:
    """The page docs/reference/settings.md."""
    sections = (
        ("The server", "", Settings, ("limits", "agents")),
        ("Limits: `[limits]`", "limits.", Limits, ()),
        ("Agents: `[agents.NAME]`", "agents.NAME.", AgentSettings, ()),
    )
    pages = [_REFERENCE]
    for title, prefix, shape, without in sections:
        rows = "".join(_rows(shape, prefix, without))
        pages.append(f"\n## {title}\n\n{inspect.getdoc(shape)}\n\n| setting | default | says |\n|---|---|---|\n{rows}")
    return "".join(pages)


def _rows(shape: type, prefix: str, without: Collection[str]) -> Iterator[str]:
    told = {name: text for each in reversed(shape.__mro__[:-1]) for name, text in _told(each)}
    for each in fields(cast("Any", shape)):
        if each.name not in without:
            says = told.get(each.name, each.name.replace("_", " ").capitalize() + ".")
            yield f"| `{prefix}{each.name}` | {_shown(each.default)} | {says} |\n"


def _shown(default: object) -> str:
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default}`" if isinstance(default, int | float | Path) or (default and isinstance(default, str)) else "–"


def _told(shape: type) -> Iterator[tuple[str, str]]:
    """The text below each field of a dataclass, which Python itself does not keep."""
    body = cast("ast.ClassDef", ast.parse(inspect.getsource(shape)).body[0]).body
    for statement, text in pairwise(body):
        if isinstance(statement, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            yield ast.unparse(statement.target), " ".join(str(text.value.value).split())
