"""Bodies: the messages that requests bring, fitted, bounded and turned into the domain's words."""

from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from laneway import wire
from laneway.domain.command import NewMessage
from laneway.domain.errors import Invalid, NotYet, TooLarge
from laneway.domain.item import Part
from laneway.domain.json import Json
from laneway.domain.queue import Delivery

MESSAGE_BYTES = 64 * 1024
METADATA_BYTES = 16 * 1024
FILES = 20

T = TypeVar("T")

Id = Annotated[str, Meta(max_length=64)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Title = Annotated[str, Meta(max_length=1000)]
Text = Annotated[str, Meta(max_length=MESSAGE_BYTES)]
Tags = Annotated[list[Annotated[str, Meta(min_length=1, max_length=100)]], Meta(max_length=50)]


class Body(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What every body has in common: a field that it does not name is refused."""


class Nothing(Body, frozen=True):
    """An empty body."""


class TextPart(Body, frozen=True, tag_field="type", tag="text"):
    """A piece of text."""

    text: Text


class CodePart(Body, frozen=True, tag_field="type", tag="code"):
    """A piece of code."""

    text: Text
    language: Annotated[str, Meta(max_length=50)] | None = None


class DataPart(Body, frozen=True, tag_field="type", tag="data"):
    """A JSON value."""

    data: Json


class ImagePart(Body, frozen=True, tag_field="type", tag="image"):
    """An image among the session's attachments."""

    attachment_id: Id


class FilePart(Body, frozen=True, tag_field="type", tag="file"):
    """A file among the session's attachments."""

    attachment_id: Id


PartBody = TextPart | CodePart | DataPart | ImagePart | FilePart
Parts = Annotated[list[PartBody], Meta(min_length=1, max_length=100)]


class MessageBody(Body, frozen=True):
    """A message: `message`, or `parts`."""

    message: Text | UnsetType = UNSET
    parts: Parts | UnsetType = UNSET
    agents: Annotated[list[Name], Meta(max_length=20)] = msgspec.field(default_factory=list[str])
    delivery: Delivery = "queue"
    discard: bool = False
    hold: bool = False
    sender: Name | None = None
    reply_to: Id | None = None


class PostAnywhere(MessageBody, frozen=True):
    """A message for a new thread of the default session."""

    agent_id: Name | None = None


def given(value: T | UnsetType) -> T | None:
    """A field's value; None when the body does not have it."""
    return None if isinstance(value, UnsetType) else value


def new_message(body: MessageBody, sender: str) -> NewMessage:
    """The message that a body brings; `sender` is who sends it unless the body says."""
    if len(body.agents) > 1:
        raise NotYet("A message to several agents at once is not available yet.", "Name one agent.")
    if body.discard and body.delivery != "interrupt":
        raise Invalid("discard goes with delivery=interrupt.")
    return NewMessage(
        parts=message_parts(body.message, body.parts), sender=body.sender or sender, agents=tuple(body.agents),
        delivery=body.delivery, discard=body.discard, hold=body.hold, reply_to=body.reply_to,
    )  # fmt: skip


def message_parts(message: str | UnsetType, parts: list[PartBody] | UnsetType) -> tuple[Part, ...]:
    """The parts of a message that was given as a text or as parts, but not as both."""
    if isinstance(message, UnsetType) == isinstance(parts, UnsetType):
        raise Invalid("A message has either `message` or `parts`.")
    made = (Part("text", text=message),) if isinstance(message, str) else ()
    made = made if isinstance(parts, UnsetType) else tuple(_part(each) for each in parts)
    size = sum(len((part.text or "").encode()) + _size(part.data) for part in made)
    if size > MESSAGE_BYTES:
        raise TooLarge(f"A message may have {MESSAGE_BYTES} bytes of text.", "Send it as an attachment.")
    if sum(part.attachment_id is not None for part in made) > FILES:
        raise TooLarge(f"A message may have {FILES} attachments.")
    if not any(part.text or part.attachment_id or part.type == "data" for part in made):
        raise Invalid("The message says nothing.")
    return made


def _part(body: PartBody) -> Part:
    match body:
        case TextPart():
            return Part("text", text=body.text)
        case CodePart():
            return Part("code", text=body.text, language=body.language)
        case DataPart():
            return Part("data", data=body.data)
        case ImagePart():
            return Part("image", attachment_id=body.attachment_id)
        case FilePart():
            return Part("file", attachment_id=body.attachment_id)


def _size(data: Json) -> int:
    return 0 if data is None else len(wire.encode(data))


def bounded(value: dict[str, Json], name: str) -> dict[str, Json]:
    """A JSON object of a record, which every change of the record writes again; raises `TooLarge`."""
    if len(wire.encode(value)) > METADATA_BYTES:
        raise TooLarge(f"{name} may have {METADATA_BYTES} bytes.", "Keep larger things in attachments.")
    return value


def distinct(tags: list[str]) -> tuple[str, ...]:
    """Each tag once, where it first stands."""
    return tuple(dict.fromkeys(tags))


class ThreadSettingsBody(Body, frozen=True):
    """Settings of a thread; what is missing stays."""

    queue_mode: Literal["combine", "one_at_a_time"] | UnsetType = UNSET
    resume: bool | UnsetType | None = UNSET
    paused: bool | UnsetType = UNSET
    on_failure: Literal["continue", "pause"] | UnsetType = UNSET
    auto_messages: Annotated[int, Meta(ge=-1, le=100)] | UnsetType = UNSET
    muted: Annotated[list[Name], Meta(max_length=100)] | UnsetType = UNSET

    def changes(self) -> dict[str, Json]:
        """What the body names, in the domain's types."""
        named = {name: getattr(self, name) for name in self.__struct_fields__ if name != "muted"}
        changes = {name: value for name, value in named.items() if not isinstance(value, UnsetType)}
        return changes if isinstance(self.muted, UnsetType) else {**changes, "muted": tuple(self.muted)}
