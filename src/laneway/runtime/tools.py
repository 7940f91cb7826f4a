"""Tools: what agents of every session may call: notes, timers, and one effect that must happen once."""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

from laneway.clock import Clock
from laneway.domain.changes import Changes, Need
from laneway.domain.command import AddNote, Command, CreateTimer, DeleteTimer
from laneway.domain.decide import decide, needs_of
from laneway.domain.errors import LanewayError
from laneway.domain.json import Json, JsonObject
from laneway.domain.rules import Rules
from laneway.runtime.children import SpawnTool
from laneway.runtime.schedule import schedule
from laneway.runtime.toolbox import ASK
from laneway.tool import StoreStep, Tool, ToolFailed, ToolScope, ToolSpec

_TEXT: JsonObject = {"type": "string", "minLength": 1}


class CommandTool:
    """A command of the domain as a tool: its effect and its result are one commit."""

    def __init__(self, spec: ToolSpec, rules: Rules, clock: Clock) -> None:
        self._spec = spec
        self._rules = rules
        self._clock = clock

    @property
    def spec(self) -> ToolSpec:
        return self._spec

    def needs(self, scope: ToolScope, arguments: JsonObject) -> tuple[Need, ...]:
        return needs_of(self._command(scope, arguments, b""))

    def decide(self, step: StoreStep) -> tuple[Changes, Json]:
        try:
            command = self._command(step.scope, step.arguments, step.ids.make("cmd").encode()[:16])
            made = decide(step.view, command, self._rules)
        except LanewayError as refused:
            raise ToolFailed(refused.detail) from refused
        return made.changes, made.reply

    def _command(self, scope: ToolScope, arguments: JsonObject, seed: bytes) -> Command:
        at = self._clock.now()
        try:
            match self._spec.name:
                case "note.add":
                    return AddNote(
                        at=at, seed=seed, session_id=scope.session_id, text=_text(arguments, "text"),
                        prompt=arguments.get("prompt") is True, key=_optional_text(arguments, "key"),
                    )  # fmt: skip
                case "timer.create":
                    return _create_timer(at, seed, scope, arguments)
                case _:
                    return DeleteTimer(
                        at=at, seed=seed, session_id=scope.session_id, timer_id=_text(arguments, "timer_id")
                    )
        except LanewayError as refused:
            raise ToolFailed(refused.detail) from refused


def _create_timer(at: str, seed: bytes, scope: ToolScope, arguments: JsonObject) -> CreateTimer:
    times = schedule(
        at, when_at=_optional_text(arguments, "at"), every_s=arguments.get("every"),
        cron=_optional_text(arguments, "cron"), timezone=_optional_text(arguments, "timezone"),
    )  # fmt: skip
    return CreateTimer(
        at=at, seed=seed, session_id=scope.session_id, text=_text(arguments, "text"), next_at=times.next_at,
        when_at=times.at, every_s=times.every_s, cron=times.cron, timezone=times.timezone,
        agent_id=_optional_text(arguments, "agent_id"),
        missed="skip" if arguments.get("missed") == "skip" else "once",
    )  # fmt: skip


def _text(arguments: JsonObject, name: str) -> str:
    value = arguments.get(name)
    if not isinstance(value, str) or not value:
        raise ToolFailed(f"{name} is a text that is not empty.")
    return value


def _optional_text(arguments: JsonObject, name: str) -> str | None:
    value = arguments.get(name)
    if value is not None and not isinstance(value, str):
        raise ToolFailed(f"{name} is a text.")
    return value


def command_tools(rules: Rules, clock: Clock) -> tuple[Tool, ...]:
    """Notes, timers and children as tools."""
    return (*(CommandTool(spec, rules, clock) for spec in (_NOTE_ADD, _TIMER_CREATE, _TIMER_DELETE)), SpawnTool())


_NOTE_ADD = ToolSpec(
    "note.add",
    "Add a note to the session; all its threads see it. An equal key replaces the note that has it.",
    {
        "type": "object",
        "properties": {"text": _TEXT, "prompt": {"type": "boolean"}, "key": _TEXT},
        "required": ["text"],
        "additionalProperties": False,
    },
    "repeatable",
)
_TIMER_CREATE = ToolSpec(
    "timer.create",
    "Set a timer: `at` a time (RFC 3339), `every` so many seconds, or `cron` (five fields) in a `timezone`.",
    {
        "type": "object",
        "properties": {
            "text": _TEXT, "at": _TEXT, "every": {"type": "integer", "minimum": 1}, "cron": _TEXT, "timezone": _TEXT,
            "agent_id": _TEXT, "missed": {"enum": ["once", "skip"]},
        },
        "required": ["text"],
        "additionalProperties": False,
    },
    "repeatable",
)  # fmt: skip
_TIMER_DELETE = ToolSpec(
    "timer.delete",
    "Remove a timer of the session.",
    {
        "type": "object", "properties": {"timer_id": _TEXT}, "required": ["timer_id"], "additionalProperties": False,
    },
    "repeatable",
)  # fmt: skip


# --- tools that act outside the store --------------------------------------------------------------------------------


_ASK = ToolSpec(
    ASK,
    "Ask the owner a question and wait for yes or no.",
    {"type": "object", "properties": {"text": _TEXT}, "required": ["text"]},
    "read",
    asks=True,
)
_EFFECT = ToolSpec(
    "effect.once",
    "Append a label to effects.log.",
    {"type": "object", "properties": {"label": _TEXT}, "required": ["label"], "additionalProperties": False},
    "once",
)


@dataclass(frozen=True)
class AskTool:
    """Wants an approval and does nothing else: the question is its argument."""

    spec: ToolSpec = _ASK

    async def call(self, scope: ToolScope, arguments: JsonObject) -> Json:
        return {"approved": True}


@dataclass(frozen=True)
class EffectTool:
    """Appends a label to `effects.log` in the data directory: an effect that must happen once, for all to see."""

    path: Path
    spec: ToolSpec = _EFFECT

    async def call(self, scope: ToolScope, arguments: JsonObject) -> Json:
        label = _text(arguments, "label")
        if "\n" in label or "\r" in label:
            raise ToolFailed("A label is one line.")
        await asyncio.to_thread(_append_line, self.path, label)
        return {"label": label}


def _append_line(path: Path, line: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        os.write(descriptor, f"{line}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
