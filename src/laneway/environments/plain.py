"""The plain environment: versioned keys that people and agents share, compared and set one by one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from laneway.domain.changes import Changes, Drop, Need, One, Put, View
from laneway.domain.errors import Invalid, NotFound, Stale
from laneway.domain.ids import Ids
from laneway.domain.instant import Instant
from laneway.domain.json import Json, JsonObject
from laneway.domain.kinds import ENTRY
from laneway.domain.session import EnvironmentEntry, Session
from laneway.tool import StoreStep, StoreTool, ToolFailed, ToolScope, ToolSpec

COLLECTION = "keys"
MAX_KEY = 200
BRIEFED_KEYS = 50


class PlainEnvironment:
    """Keys with values of any JSON. A write may name the version that it replaces; 0 says that there must be none.

    Commands: `{op: "put", key, value, if_version?}`, `{op: "delete", key, if_version?}`, `{op: "get", key}`.
    """

    name = "plain"

    def check(self, settings: JsonObject) -> None:
        """Any settings fit: this environment has none of its own."""

    def needs(self, session_id: str, command: JsonObject) -> tuple[Need, ...]:
        return (One(ENTRY, _entry_id(session_id, _key(command))),)

    def decide(self, view: View, session: Session, command: JsonObject, ids: Ids, at: Instant) -> tuple[Changes, Json]:
        key = _key(command)
        entry = view.get(ENTRY, _entry_id(session.id, key))
        match command.get("op"):
            case "get":
                return Changes(), _shown(_existing(entry))
            case "put":
                _check_version(entry, command)
                version = entry.version + 1 if entry else 1
                entry = EnvironmentEntry(
                    _entry_id(session.id, key), session.owner, session.id, COLLECTION, key, command.get("value"),
                    version, at,
                )  # fmt: skip
                return Changes(puts=(Put(ENTRY, entry),)), _shown(entry)
            case "delete":
                entry = _existing(entry)
                _check_version(entry, command)
                return Changes(drops=(Drop(ENTRY, entry.id),)), _shown(entry)
            case other:
                raise Invalid(f"The plain environment has no command {other!r}.")

    def snapshot(self, session: Session, entries: Sequence[EnvironmentEntry]) -> Mapping[str, Json]:
        return {"keys": [_shown(entry) for entry in entries]}

    def briefing(self, session: Session, entries: Sequence[EnvironmentEntry]) -> str:
        if not entries:
            return ""
        names = ", ".join(entry.key for entry in entries[:BRIEFED_KEYS])
        more = f" and {len(entries) - BRIEFED_KEYS} more" if len(entries) > BRIEFED_KEYS else ""
        return f"The session has these shared keys: {names}{more}."

    def tools(self) -> Sequence[StoreTool]:
        return (_StateTool(self, _GET), _StateTool(self, _PUT))


def _entry_id(session_id: str, key: str) -> str:
    return f"{session_id}/{COLLECTION}/{key}"


def _key(command: JsonObject) -> str:
    key = command.get("key")
    if not isinstance(key, str) or not 0 < len(key) <= MAX_KEY:
        raise Invalid(f"A key is a text of 1 to {MAX_KEY} characters.")
    return key


def _existing(entry: EnvironmentEntry | None) -> EnvironmentEntry:
    if entry is None:
        raise NotFound
    return entry


def _check_version(entry: EnvironmentEntry | None, command: JsonObject) -> None:
    wanted, version = command.get("if_version"), entry.version if entry else 0
    if wanted is not None and wanted != version:
        raise Stale(f"The key's newest version is {version}, not {wanted}.", "Read it again and repeat the change.")


def _shown(entry: EnvironmentEntry) -> JsonObject:
    return {"key": entry.key, "value": entry.value, "version": entry.version}


# --- tools -----------------------------------------------------------------------------------------------------------

_KEY_SCHEMA: JsonObject = {"type": "string", "minLength": 1, "maxLength": MAX_KEY}
_GET = ToolSpec(
    "state.get",
    "Read one of the session's shared keys, with its version.",
    {"type": "object", "properties": {"key": _KEY_SCHEMA}, "required": ["key"], "additionalProperties": False},
    "read",
)
_PUT = ToolSpec(
    "state.put",
    "Write one of the session's shared keys. With `version`, only if that is still its version (0: it must not exist).",
    {
        "type": "object",
        "properties": {"key": _KEY_SCHEMA, "value": {}, "version": {"type": "integer", "minimum": 0}},
        "required": ["key", "value"],
        "additionalProperties": False,
    },
    "repeatable",
)


@dataclass(frozen=True)
class _StateTool:
    """A command of the environment as a tool; what the environment refuses goes back to the agent."""

    environment: PlainEnvironment
    spec: ToolSpec

    def needs(self, scope: ToolScope, arguments: JsonObject) -> tuple[Need, ...]:
        try:
            return self.environment.needs(scope.session_id, arguments)
        except Invalid as refused:
            raise ToolFailed(refused.detail) from refused

    def decide(self, step: StoreStep) -> tuple[Changes, Json]:
        arguments = step.arguments
        op = "get" if self.spec is _GET else "put"
        command: JsonObject = {
            "op": op, "key": arguments.get("key"), "value": arguments.get("value"),
            "if_version": arguments.get("version"),
        }  # fmt: skip
        try:
            return self.environment.decide(step.view, step.session, command, step.ids, step.at)
        except NotFound as missing:
            raise ToolFailed(f"There is no key {arguments.get('key')!r}.") from missing
        except (Stale, Invalid) as refused:
            raise ToolFailed(refused.detail) from refused
