"""Settings: everything that can be set, with its default and one line about it."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta

from laneway.domain import rules

Count = Annotated[int, Meta(ge=0)]
Port = Annotated[int, Meta(ge=0, le=65535)]
Seconds = Annotated[float, Meta(ge=0)]
AgentKind = Literal["guide", "model", "script", "harness", "acp"]


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
    history_chars: Count = 200_000
    """About how many characters of a thread's history a model is told in full; of a longer one it is told a summary and
    the latest half of that. The transcript stays whole, with a notice where it was summarised. 0 = everything."""
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
    import_bytes: Count = 256 * 1024 * 1024
    """Size of a file to import."""
    import_unpacked_bytes: Count = 512 * 1024 * 1024
    """Size of all that is read of a file to import, unpacked."""


@dataclass(frozen=True, slots=True)
class Shares:
    """Who may read threads without a key."""

    enabled: bool = False
    """Allow links to threads, which anybody who has one can read until it expires or is ended. Sharing with a named
    user of the server needs no such leave."""


@dataclass(frozen=True, slots=True)
class Summaries:
    """Titles and summaries that are written while a thread is idle. Agents without a model write no titles, and their
    summaries are an outline: what the user's messages begin with."""

    agent: str = ""
    """Who writes them; empty: the thread's own agent, when it has a model."""
    titles: bool = True
    """Write a title after the first answer, in place of the first line of the first message."""
    summaries: bool = True
    """Write a summary of threads from six messages on, and a new one as they grow."""


@dataclass(frozen=True)
class Settings:
    """Everything that can be set."""

    host: str = "127.0.0.1"
    """The address to listen on. Any that is not loopback also needs `allow_remote`."""
    port: Port = 8420
    """The port to listen on; 0 takes a free one."""
    worker_port: Port | None = None
    """The port of `laneway worker` for `/healthz`, `/readyz` and `/metrics`, at `host`; 0 takes a free one. Not set: it
    listens nowhere."""
    data_dir: Path = Path("~/.local/share/laneway")
    """The data directory: database, attachments, `admin.key`. Its variable is `LANEWAY_DATA`, its flag `--data`."""
    database: str = ""
    """The SQLite file, when it is not `laneway.db` in the data directory; `:memory:` keeps nothing."""
    database_url: Secret | None = None
    """A Postgres that several processes share, as `postgresql://user:password@host/database`, in place of SQLite.
    Needs the extra `postgres`."""
    database_direct_url: Secret | None = None
    """The same database without a connection pooler before it, when `database_url` has one. A connection that listens
    needs a server process of its own."""
    row_security: bool = True
    """On Postgres: keep what is done for a user to the user's rows by the server's own row-level security as well. It
    needs the role `laneway_user`, which is made where that is allowed."""
    otlp_endpoint: str = ""
    """Where traces go, as `http://127.0.0.1:4318/v1/traces` (OTLP over HTTP); empty: none are made. Needs the extra
    `otel`."""
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
    """How often a turn's process may die while it runs before the turn has failed. One that lived, and lost the store
    for a while, does not count; the thirtieth attempt is the last in any case."""
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
    shares: Shares = field(default_factory=Shares)
    summaries: Summaries = field(default_factory=Summaries)
    agents: Mapping[str, AgentSettings] = field(default_factory=dict[str, AgentSettings])

    @property
    def database_path(self) -> str:
        """The SQLite file, or `:memory:`."""
        return self.database or str(self.data_dir / "laneway.db")

    def secrets(self) -> tuple[str, ...]:
        """Every secret among the settings, for the redactor."""
        urls = [each.reveal() for each in (self.database_url, self.database_direct_url) if each is not None]
        keys = [agent.api_key.reveal() for agent in self.agents.values() if agent.api_key is not None]
        passwords = [password for url in urls if (password := urlsplit(url).password)]
        return (*urls, *keys, *passwords)


@dataclass(frozen=True)
class ClientEnvironment:
    """What the environment tells a command that talks to a server."""

    url: str = ""
    key: Secret | None = None
    config_file: Path | None = None


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach that address."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
