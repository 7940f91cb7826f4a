"""Context: a thread's items, a batch and what earlier attempts did, as the messages that a model is sent."""

import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic_ai.messages import (
    BinaryContent,
    ModelMessage,
    ModelRequest,
    ModelRequestPart,
    ModelResponse,
    ModelResponsePart,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserContent,
    UserPromptPart,
)

from laneway.agent import AttachedFile, Message, TurnHandle, TurnInput, digest_of
from laneway.agents.model.digest import Remembered
from laneway.domain.errors import LanewayError
from laneway.domain.item import Call, Item, Part
from laneway.tool import ToolFailed, ToolSpec

CUT_OFF = "(The answer above was stopped before it was finished.)"
GO_ON = "(The connection was lost here. Go on where you stopped; if nothing is missing, add nothing.)"
NO_RESULT = "No result was recorded for this call: nobody knows whether it took effect."

IMAGES = 8
"""How many of the newest images a model is shown; it is told the names of older ones."""
IMAGE_BYTES = 5 * 1024 * 1024
IMAGE_TYPES = {"image/png": b"\x89PNG", "image/jpeg": b"\xff\xd8\xff", "image/gif": b"GIF8", "image/webp": b"RIFF"}
"""The types that models see, and how their files begin: providers refuse a whole request for one that is none."""

Finish = Callable[[Call], Awaitable[ToolReturnPart]]
_UNFINISHED = frozenset({"called", "approved", "started"})


class ToolNames:
    """Our names of tools and those that providers accept, which have no dots; unique in both directions."""

    def __init__(self, specs: Iterable[ToolSpec]) -> None:
        self._ours: dict[str, str] = {}
        for spec in specs:
            self._ours[self._free(spec.name)] = spec.name
        self._theirs = {ours: theirs for theirs, ours in self._ours.items()}

    def theirs(self, name: str) -> str:
        """What the model calls it; a tool that is gone keeps a name that no present one has."""
        return self._theirs.get(name) or self._free(name)

    def ours(self, name: str) -> str | None:
        """Which tool the model means; None: there is none."""
        return self._ours.get(name)

    def _free(self, name: str) -> str:
        plain = re.sub(r"[^a-zA-Z0-9_-]", "_", name)[:60] or "_"
        number = 1
        while (wanted := plain if number == 1 else f"{plain}_{number}") in self._ours:
            number += 1
        return wanted


@dataclass
class Context:
    """The messages so far. Requests and responses alternate: what follows its own kind joins it as a further part."""

    agent: str
    names: ToolNames
    images: Mapping[str, BinaryContent]
    files: Mapping[str, AttachedFile]
    named_senders: bool = False
    """Several people speak in this thread, so that the model is told who said what."""
    messages: list[ModelMessage] = field(default_factory=list[ModelMessage])
    heard: set[str] = field(default_factory=set[str])
    """The messages of this turn that are in. What steered an earlier attempt is recorded, and handed over again."""

    def ask(self, *parts: ModelRequestPart) -> None:
        """Add what the model is told."""
        last = self.messages[-1] if self.messages else None
        if isinstance(last, ModelRequest):
            self.messages[-1] = ModelRequest([*last.parts, *parts])
        else:
            self.messages.append(ModelRequest(list(parts)))

    def answer(self, *parts: ModelResponsePart) -> None:
        """Add what the model has said or called."""
        last = self.messages[-1] if self.messages else None
        if isinstance(last, ModelResponse):
            self.messages[-1] = ModelResponse([*last.parts, *parts])
        else:
            self.messages.append(ModelResponse(list(parts)))

    def note(self, text: str) -> None:
        """Tell the model something that nobody said."""
        self.ask(UserPromptPart(text))

    def hear(self, parts: Sequence[Part], text: str, sender: str | None) -> None:
        """Add one person's message; those of a batch stay apart. Blank ones, which providers refuse, are left out."""
        content = self._content(parts) or ([text] if text.strip() else [])
        if not content:
            return
        if self.named_senders and sender:
            content = [f"[{sender}]", *content]
        texts = [each for each in content if isinstance(each, str)]
        self.ask(UserPromptPart("\n".join(texts) if len(texts) == len(content) else content))

    def recall(self, item: Item) -> None:
        """Add one item of the transcript."""
        if item.role == "user":
            self.hear(item.parts, item.text, item.sender)
        elif item.role == "system":
            if item.text:
                self.note(f"(Notice: {item.text})")
        elif item.agent is not None and item.agent != self.agent:
            self._report(item)
        elif item.role == "tool":
            self._recall_call(item)
        elif item.text:
            self.answer(TextPart(item.text))
            if item.state == "interrupted":
                self.note(CUT_OFF)

    def _report(self, item: Item) -> None:
        """What another agent did, as a report: a model that finds it among its own words would speak as that agent."""
        if item.text:
            self.note(f"({item.agent} answered:)\n{item.text}")
        elif item.call is not None:
            arguments = json.dumps(item.call.arguments, ensure_ascii=False)
            self.note(f"({item.agent} called {item.call.name} with {arguments}.)")

    def _recall_call(self, item: Item) -> None:
        call = item.call
        if call is None:
            return
        name = self.names.theirs(call.name)
        self.answer(ToolCallPart(name, dict(call.arguments), call.call_id))
        match call.state:
            case "returned":
                self.ask(ToolReturnPart(name, call.result, call.call_id))
            case "failed":
                self.ask(ToolReturnPart(name, call.error or "It failed.", call.call_id, outcome="failed"))
            case "rejected" | "skipped":
                self.ask(ToolReturnPart(name, call.error or f"It was {call.state}.", call.call_id, outcome="denied"))
            case "called" | "approved" | "started":
                # Providers refuse a call without a result, and the truth is worth telling.
                self.ask(ToolReturnPart(name, NO_RESULT, call.call_id, outcome="interrupted"))

    def _content(self, parts: Sequence[Part]) -> list[UserContent]:
        content: list[UserContent] = []
        for part in parts:
            match part.type:
                case "text" if part.text and part.text.strip():
                    content.append(part.text)
                case "code":
                    content.append(f"```{part.language or ''}\n{part.text or ''}\n```")
                case "data":
                    content.append(f"```json\n{json.dumps(part.data, ensure_ascii=False)}\n```")
                case "image" | "file" if part.attachment_id:
                    content.extend(self._attached(part.attachment_id))
                case _:
                    pass
        return content

    def _attached(self, attachment_id: str) -> list[UserContent]:
        file = self.files.get(attachment_id)
        if file is None:
            return [f"(An attached file, {attachment_id}, is no longer there.)"]
        named = f"(Attached file {file.name}, {file.media_type}, {file.size} bytes, id {file.id})"
        image = self.images.get(attachment_id)
        return [named] if image is None else [named, image]


async def gather(turn: TurnInput, told: Remembered, names: ToolNames, may_see: bool, finish: Finish) -> Context | None:
    """What the model is told when a run begins, or goes on after a crash; None when nothing was said to it.

    A call that an earlier attempt left open, waiting for an approval perhaps, is finished first.
    """
    progress = await turn.handle.progress()
    if not progress and all(_is_blank(message) for message in turn.batch):
        return None
    context = await _prepare(turn, names, may_see, [*told.items, *turn.batch, *progress])
    if told.digest:
        context.note(f"(The conversation so far, in a summary:)\n{told.digest}")
    for item in told.items:
        context.recall(item)
    hear_all(context, turn.batch)
    for item in progress:
        if digest_of(item) is None:
            await _take_up(context, item, finish)
    if not context.messages or isinstance(context.messages[-1], ModelResponse):
        context.note(GO_ON)
    return context


async def _prepare(turn: TurnInput, names: ToolNames, may_see: bool, messages: Sequence[Item | Message]) -> Context:
    """An empty context that knows the files and the people of these messages."""
    wanted = [part.attachment_id for each in messages for part in each.parts if part.attachment_id]
    files = {file.id: file for file in await turn.handle.files()} if wanted else {}
    images = await _images(turn.handle, wanted, files) if may_see else {}
    senders = {each.sender for each in messages if each.sender}
    return Context(turn.agent, names, images, files, named_senders=len(senders) > 1)


async def _take_up(context: Context, item: Item, finish: Finish) -> None:
    """Add one item of an earlier attempt of this turn."""
    call = item.call
    if item.role == "user":
        hear_all(context, [_message(item)])
    elif call is not None and call.state in _UNFINISHED and item.agent in (None, context.agent):
        context.answer(ToolCallPart(context.names.theirs(call.name), dict(call.arguments), call.call_id))
        context.ask(await finish(call))
    else:
        context.recall(item)


def _is_blank(message: Message) -> bool:
    return not message.text.strip() and all(part.type == "text" for part in message.parts)


def hear_all(context: Context, messages: Iterable[Message]) -> bool:
    """Add the messages of a batch, or those that steer: each stays a message of its own. Whether any was new."""
    new = [message for message in messages if message.id not in context.heard]
    for message in new:
        context.heard.add(message.id)
        context.hear(message.parts, message.text, message.sender)
    return bool(new)


def _message(item: Item) -> Message:
    return Message(item.queue_item_id or item.id, item.sender or "", item.text, item.parts, item.created_at)


async def _images(
    handle: TurnHandle, wanted: Sequence[str], files: Mapping[str, AttachedFile]
) -> dict[str, BinaryContent]:
    """The newest images among the attachments."""
    seen: dict[str, BinaryContent] = {}
    for attachment_id in reversed(wanted):
        file = files.get(attachment_id)
        if file is None or attachment_id in seen or file.media_type not in IMAGE_TYPES or file.size > IMAGE_BYTES:
            continue
        if len(seen) == IMAGES:
            break
        try:
            content = await handle.read_file(attachment_id)
        except (LanewayError, ToolFailed):
            continue  # deleted meanwhile: it is still named
        if content.startswith(IMAGE_TYPES[file.media_type]):
            seen[attachment_id] = BinaryContent(content, media_type=file.media_type)
    return seen
