"""Script: the agent of tests, benches and demos. It does what the last message of its batch says, line by line."""

import asyncio
import json
import os
import re
import threading
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import NoReturn, cast

from laneway.agent import (
    UNKNOWN_RESUME,
    AgentEvent,
    AgentFailed,
    AgentProfile,
    Capabilities,
    ResumePoint,
    Text,
    TurnInput,
)
from laneway.clock import Clock
from laneway.domain.errors import UnknownTool
from laneway.domain.item import Item
from laneway.domain.json import JsonObject
from laneway.tool import ToolFailed, ToolRejected

SCRIPT = AgentProfile("script", "Script", "Does what the message says, line by line.", "script")
CRASHED = 137
"""The exit code of `crash`: that of a process which was killed."""


class ScriptAgent:
    """Reads directives, one a line, and echoes any other text. Deterministic for the same input.

    What the directives say without a tool call or a question between them is one message, a line break between two.
    """

    def __init__(
        self,
        clock: Clock,
        profile: AgentProfile = SCRIPT,
        exit_process: Callable[[int], NoReturn] = os._exit,
    ) -> None:
        self._profile = replace(
            profile,
            kind="script",
            capabilities=Capabilities(steer=True, resume=True, tools=True),
            recovery="replay",
        )
        self._means = _Means(clock, exit_process)

    @property
    def profile(self) -> AgentProfile:
        return self._profile

    def availability(self) -> str | None:
        return None

    async def close(self) -> None:
        """Nothing outlives a turn."""

    async def run(self, turn: TurnInput) -> AsyncIterator[AgentEvent]:
        if turn.resume_id is not None and turn.resume_id.startswith("lost-"):
            raise AgentFailed(f"The resume id {turn.resume_id} is not known here.", UNKNOWN_RESUME)
        steps = deque(_read(turn.text, turn.agent))
        speaking = False
        while steps:
            step = steps.popleft()
            speaking = speaking and not step.directive.parts_text
            joint = "\n" if speaking else ""
            async with aclosing(step.directive.do(self._means, turn, step.argument)) as events:
                async for event in events:
                    if isinstance(event, Text):
                        yield Text(joint + event.text)
                        joint, speaking = "", True
                    else:
                        yield event
            for message in await turn.handle.steer():
                steps.extend(_read(message.text, turn.agent))


@dataclass(frozen=True)
class _Means:
    """What directives act through."""

    clock: Clock
    exit_process: Callable[[int], NoReturn]


_Do = Callable[[_Means, TurnInput, str], AsyncGenerator[AgentEvent, None]]
_Act = Callable[[_Means, TurnInput, str], Awaitable[str | None]]


@dataclass(frozen=True)
class _Directive:
    """The form of what follows a directive's word, and what it does. It `parts_text` when it acts in between."""

    form: re.Pattern[str]
    do: _Do
    parts_text: bool = False


@dataclass(frozen=True)
class _Step:
    directive: _Directive
    argument: str


# --- reading ---------------------------------------------------------------------------------------------------------

_LINE = re.compile(r"\s*((?:for \S+ )*)(\S+)(?: (.*))?", re.DOTALL)


def _read(text: str, agent: str) -> list[_Step]:
    """The steps of a message. One without any directive is echoed whole; beside directives, blank lines say nothing."""
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    steps = [_directive(line, agent) for line in lines]
    if not any(steps):
        return [_Step(_ECHO, text)] if text else []
    return [step or _Step(_ECHO, line) for line, step in zip(lines, steps, strict=True) if step or line.strip()]


def _directive(line: str, agent: str) -> _Step | None:
    """What a line tells this agent to do; None when its word, or the form of the rest, makes it plain text."""
    match = _LINE.fullmatch(line)
    directive = _DIRECTIVES.get(match[2]) if match else None
    argument = (match[3] or "") if match else ""
    if match is None or directive is None or not directive.form.fullmatch(argument):
        return None
    names = match[1].split()[1::2]
    return _Step(directive if all(name == agent for name in names) else _SILENCE, argument)


# --- saying ----------------------------------------------------------------------------------------------------------


async def _echo(means: _Means, turn: TurnInput, text: str) -> AsyncGenerator[AgentEvent, None]:
    yield Text(text)


async def _say(means: _Means, turn: TurnInput, text: str) -> AsyncGenerator[AgentEvent, None]:
    for word in re.findall(r"\s*\S+(?:\s+\Z)?|\s+", text):
        yield Text(word)
        await means.clock.sleep(0)  # a long text must not hold up the other lanes


async def _stream(means: _Means, turn: TurnInput, argument: str) -> AsyncGenerator[AgentEvent, None]:
    count, pause_ms = argument.split()
    for number in range(int(count)):
        if number:
            await means.clock.sleep(float(pause_ms) / 1000)
        yield Text(f" w{number}" if number else "w0")


async def _context(means: _Means, turn: TurnInput, argument: str) -> AsyncGenerator[AgentEvent, None]:
    given = {
        "messages": [_shown(item) for item in await turn.handle.history()],
        "resume_id": turn.resume_id,
        "lane": {"workflow": turn.lane.workflow, "scope": turn.lane.scope, "agent": turn.lane.agent},
        "session_id": turn.session_id,
        "thread_id": turn.thread_id,
        "turn_id": turn.turn_id,
        "attempt": turn.attempt,
        "batch": [{"id": each.id, "sender": each.sender, "text": each.text} for each in turn.batch],
        "briefing": turn.briefing,
        "notes": list(turn.notes),
    }
    yield Text(json.dumps(given, ensure_ascii=False))


def _shown(item: Item) -> JsonObject:
    return {"role": item.role, "text": item.text, "agent": item.agent}


async def _resume_id(means: _Means, turn: TurnInput, argument: str) -> AsyncGenerator[AgentEvent, None]:
    yield ResumePoint(argument)


# --- acting ----------------------------------------------------------------------------------------------------------


def _acting(act: _Act) -> _Do:
    """A directive that acts, and says something only when that is worth a word."""

    async def do(means: _Means, turn: TurnInput, argument: str) -> AsyncGenerator[AgentEvent, None]:
        if (text := await act(means, turn, argument)) is not None:
            yield Text(text)

    return do


async def _nothing(means: _Means, turn: TurnInput, argument: str) -> None:
    return


async def _sleep(means: _Means, turn: TurnInput, argument: str) -> None:
    await means.clock.sleep(float(argument))


async def _block(means: _Means, turn: TurnInput, argument: str) -> None:
    # A thread of its own: the event loop's few serve everybody, and blocking those would hold up strangers.
    loop, over, released = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def block() -> None:
        if not released.wait(float(argument)):
            loop.call_soon_threadsafe(over.set)

    threading.Thread(target=block, name="script-block", daemon=True).start()
    try:
        await over.wait()
    finally:
        released.set()  # a thread that blocks for nobody would be a leak


async def _tool(means: _Means, turn: TurnInput, argument: str) -> str | None:
    name, _, written = argument.partition(" ")
    return await _call(turn, name, _arguments(name, written))


async def _effect(means: _Means, turn: TurnInput, argument: str) -> str | None:
    return await _call(turn, "effect.once", {"label": argument.partition(" ")[2]})


async def _spawn(means: _Means, turn: TurnInput, argument: str) -> str | None:
    return await _call(turn, "spawn", {"text": argument})


async def _ask(means: _Means, turn: TurnInput, argument: str) -> None:
    await turn.handle.ask(argument)


async def _call(turn: TurnInput, name: str, arguments: JsonObject) -> str | None:
    """Call a tool. Its result, and a rejection, stand in the transcript already; only a failure is worth a word."""
    try:
        await turn.handle.call(name, arguments)
    except ToolRejected:
        return None
    except ToolFailed as error:
        return f"tool {name} failed: {error}"
    except UnknownTool as error:
        return f"tool {name} failed: {error.detail}"
    return None


def _arguments(name: str, written: str) -> JsonObject:
    try:
        value: object = json.loads(written or "{}", parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise AgentFailed(f"The arguments of tool {name} are not JSON: {error}", "bad_directive") from error
    if not isinstance(value, dict):
        raise AgentFailed(f"The arguments of tool {name} are not a JSON object.", "bad_directive")
    return cast("JsonObject", value)  # the keys of a JSON object are text


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON value")


async def _fail(means: _Means, turn: TurnInput, argument: str) -> NoReturn:
    raise AgentFailed(argument or "The script says so.")


async def _fail_until(means: _Means, turn: TurnInput, argument: str) -> None:
    attempt, _, text = argument.partition(" ")
    if turn.attempt < int(attempt):
        await _fail(means, turn, text)


async def _crash(means: _Means, turn: TurnInput, argument: str) -> NoReturn:
    means.exit_process(CRASHED)


async def _crash_until(means: _Means, turn: TurnInput, argument: str) -> None:
    if turn.attempt < int(argument):
        await _crash(means, turn, argument)


# --- the directives --------------------------------------------------------------------------------------------------

_TEXT = re.compile(r".*", re.DOTALL)
_BARE = re.compile(r"\s*")
_WORD = re.compile(r"\S+")
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]+)?")
_ATTEMPT = re.compile(r"[0-9]{1,9}")

_ECHO = _Directive(_TEXT, _echo)
_SILENCE = _Directive(_TEXT, _acting(_nothing))
_DIRECTIVES = {
    "say": _Directive(_TEXT, _say),
    "stream": _Directive(re.compile(r"[0-9]{1,9} [0-9]{1,9}(\.[0-9]+)?"), _stream),
    "sleep": _Directive(_SECONDS, _acting(_sleep)),
    "block": _Directive(_SECONDS, _acting(_block)),
    "tool": _Directive(re.compile(r"\S+( .*)?", re.DOTALL), _acting(_tool), parts_text=True),
    "effect": _Directive(re.compile(r"once .+", re.DOTALL), _acting(_effect), parts_text=True),
    "spawn": _Directive(_TEXT, _acting(_spawn), parts_text=True),
    "ask": _Directive(_TEXT, _acting(_ask), parts_text=True),
    "fail": _Directive(_TEXT, _acting(_fail)),
    "fail-until": _Directive(re.compile(_ATTEMPT.pattern + r"( .*)?", re.DOTALL), _acting(_fail_until)),
    "crash": _Directive(_BARE, _acting(_crash)),
    "crash-until": _Directive(_ATTEMPT, _acting(_crash_until)),
    "context": _Directive(_BARE, _context),
    "resume-id": _Directive(_WORD, _resume_id),
}
