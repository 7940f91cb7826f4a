"""A turn in memory: what an agent is handed, as plain values, so that an agent can be tried alone."""

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from laneway.agent import AttachedFile, Message, TurnHandle, TurnInput
from laneway.domain.errors import CancelRequested, UnknownAttachment, UnknownTool
from laneway.domain.item import Call, CallState, Effect, Item, ItemRole, ItemState, Part
from laneway.domain.json import Json, JsonObject
from laneway.domain.lane import LaneKey
from laneway.testing.clock import START
from laneway.tool import ToolSpec

ToolFunction = Callable[[JsonObject], Json | Awaitable[Json]]
_ANY_OBJECT: JsonObject = {"type": "object"}


@dataclass(frozen=True)
class PlainTool:
    """A tool made of a function of its arguments, sync or async. To fail it raises `ToolFailed`."""

    name: str
    function: ToolFunction
    description: str = ""
    parameters: JsonObject = field(default_factory=lambda: _ANY_OBJECT)
    effect: Effect = "read"

    @property
    def spec(self) -> ToolSpec:
        """What agents are told of it."""
        return ToolSpec(self.name, self.description, self.parameters, self.effect)


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """One call that an agent made, with how it ended: a result, or the error that it was told."""

    name: str
    arguments: JsonObject
    result: Json = None
    error: str | None = None


class RecordedTurn:
    """A `TurnHandle` in memory. It answers from what it was made with and records what it was asked.

    `answers` are the owner's decisions, in order; `steering` are the groups of messages that successive `steer` calls
    take; `send` adds one more. After `cancel` every call raises `CancelRequested`.
    """

    def __init__(
        self,
        *,
        history: Sequence[Item] = (),
        progress: Sequence[Item] = (),
        tools: Iterable[PlainTool] = (),
        answers: Iterable[bool] = (),
        steering: Iterable[Sequence[Message]] = (),
        files: Mapping[str, bytes] | None = None,
    ) -> None:
        self._history = tuple(history)
        self._progress = tuple(progress)
        self._tools = {tool.name: tool for tool in tools}
        self._answers = list(answers)
        self._steering = [tuple(group) for group in steering]
        self._files = {_file_id(name, body): (name, body) for name, body in (files or {}).items()}
        self._sent = 0
        self._cancelled = False
        self._running = 0
        self.calls: list[RecordedCall] = []
        """The finished tool calls, in the order in which they ended."""
        self.asked: list[str] = []
        """What the owner was asked."""
        self.reads: list[str] = []
        """The attachments that were read, by id."""
        self.most_at_once = 0
        """The most tool calls that ran side by side."""

    async def history(self, limit: int | None = None) -> Sequence[Item]:
        self._check()
        return self._history if limit is None else self._history[max(0, len(self._history) - limit) :]

    async def progress(self) -> Sequence[Item]:
        self._check()
        return self._progress

    def tools(self) -> Sequence[ToolSpec]:
        return tuple(tool.spec for tool in self._tools.values())

    async def call(self, name: str, arguments: JsonObject) -> Json:
        self._check()
        if name not in self._tools:
            raise UnknownTool(f"There is no tool {name}.")
        self._running += 1
        self.most_at_once = max(self.most_at_once, self._running)
        try:
            result = self._tools[name].function(arguments)
            value = await result if inspect.isawaitable(result) else result
        except Exception as error:
            self.calls.append(RecordedCall(name, arguments, error=str(error)))
            raise
        finally:
            self._running -= 1
        self.calls.append(RecordedCall(name, arguments, value))
        return value

    async def ask(self, text: str) -> bool:
        self._check()
        self.asked.append(text)
        if not self._answers:
            raise AssertionError(f"nobody is there to answer: {text}")
        return self._answers.pop(0)

    async def steer(self) -> Sequence[Message]:
        self._check()
        return self._steering.pop(0) if self._steering else ()

    async def files(self) -> Sequence[AttachedFile]:
        self._check()
        return tuple(AttachedFile(id_, name, _media_type(name), len(body)) for id_, (name, body) in self._files.items())

    async def read_file(self, attachment_id: str) -> bytes:
        self._check()
        if attachment_id not in self._files:
            raise UnknownAttachment(f"There is no attachment {attachment_id}.")
        self.reads.append(attachment_id)
        return self._files[attachment_id][1]

    def file_id(self, name: str) -> str:
        """The id of one of the files. Equal files have equal ids, other ones never: agents may cache by it."""
        return _file_id(name, next(body for each, body in self._files.values() if each == name))

    def send(self, *texts: str) -> None:
        """Steer the turn: the next `steer` call takes these messages."""
        sent = self._sent
        self._sent += len(texts)
        self._steering.append(tuple(message(text, f"que_s{number}") for number, text in enumerate(texts, sent + 1)))

    def cancel(self) -> None:
        """Stop the turn: from now on nothing that it asks for happens."""
        self._cancelled = True

    def _check(self) -> None:
        if self._cancelled:
            raise CancelRequested("The turn is being stopped: no new call of it starts.")


def _file_id(name: str, body: bytes) -> str:
    return f"att_{blake2b(name.encode() + body, digest_size=16).hexdigest()}"


_MEDIA_TYPES = {
    "txt": "text/plain", "md": "text/markdown", "json": "application/json", "csv": "text/csv", "png": "image/png",
    "jpg": "image/jpeg", "pdf": "application/pdf", "zip": "application/zip",
}  # fmt: skip


def _media_type(name: str) -> str:
    return _MEDIA_TYPES.get(name.rpartition(".")[2].lower(), "application/octet-stream")


def message(text: str, id_: str = "que_1", sender: str = "ada", parts: tuple[Part, ...] | None = None) -> Message:
    """A message of a batch: `text` and nothing else, unless `parts` are given."""
    alone = (Part("text", text=text),) if text else ()
    return Message(id_, sender, text, alone if parts is None else parts, START)


def turn_input(
    *batch: str | Message,
    handle: TurnHandle | None = None,
    agent: str = "agent",
    thread_id: str = "thr_1",
    attempt: int = 1,
    resume_id: str | None = None,
    briefing: str = "",
    notes: tuple[str, ...] = (),
) -> TurnInput:
    """The input of one run over a batch, given as messages or plain texts; without a handle, an empty one."""
    messages = [
        message(each, f"que_{number}") if isinstance(each, str) else each for number, each in enumerate(batch, 1)
    ]
    return TurnInput(
        "ses_1", thread_id, f"trn_{thread_id}", attempt, agent, LaneKey("chat", thread_id, agent), tuple(messages),
        handle or RecordedTurn(), resume_id, briefing, notes,
    )  # fmt: skip


def said(role: ItemRole, text: str, agent: str | None = None, state: ItemState = "complete") -> Item:
    """A message of a transcript."""
    return _item(role, (Part("text", text=text),), text, state, agent)


def used(
    name: str, arguments: JsonObject, result: Json = None, *, error: str | None = None, call_id: str = "call_1"
) -> Item:
    """A finished tool call of a transcript."""
    call = Call(call_id, name, arguments, "read", "failed" if error else "returned", result=result, error=error)
    parts = (
        Part("tool_call", call_id=call_id, name=name, arguments=arguments, effect="read"),
        Part("tool_result", call_id=call_id, result=result, error=error),
    )
    return _item("tool", parts, "", "complete", "agent", call)


def cut_off(name: str, arguments: JsonObject, call_id: str = "call_1", state: CallState = "started") -> Item:
    """A tool call of a transcript of which nobody knows how it ended."""
    part = Part("tool_call", call_id=call_id, name=name, arguments=arguments, effect="once")
    return _item("tool", (part,), "", "interrupted", "agent", Call(call_id, name, arguments, "once", state))


def _item(
    role: ItemRole, parts: tuple[Part, ...], text: str, state: ItemState, agent: str | None, call: Call | None = None
) -> Item:
    name = agent or ("agent" if role == "assistant" else None)
    return Item("itm_1", "usr_1", "ses_1", "thr_1", "trn_0", role, name, parts, text, state, START, call=call)
