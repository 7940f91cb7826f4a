"""Item: one stored piece of a turn: a message, a tool call with its result, a notice."""

from dataclasses import dataclass
from typing import Literal

from laneway.domain.instant import Instant
from laneway.domain.json import Json, JsonObject

ItemRole = Literal["user", "assistant", "tool", "system"]
ItemState = Literal["partial", "complete", "interrupted", "superseded"]
PartType = Literal["text", "reasoning", "image", "file", "code", "data", "tool_call", "tool_result"]
Effect = Literal["read", "repeatable", "once"]
CallState = Literal["called", "approved", "started", "returned", "failed", "rejected", "skipped"]

IN_CONTEXT: frozenset[ItemState] = frozenset({"complete", "interrupted"})
"""The states in which an item is part of what agents are given."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a message. Which fields are set follows from `type`; the others stay None and off the wire."""

    type: PartType
    text: str | None = None
    attachment_id: str | None = None
    language: str | None = None
    data: Json = None
    call_id: str | None = None
    name: str | None = None
    arguments: JsonObject | None = None
    effect: Effect | None = None
    result: Json = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """The journal of one tool call: each state is recorded before the next begins."""

    call_id: str
    name: str
    arguments: JsonObject
    effect: Effect
    state: CallState
    approval_id: str | None = None
    result: Json = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One piece of a transcript. Its order in the thread is the `seq` of its `item.started`."""

    id: str
    owner: str
    session_id: str
    thread_id: str
    turn_id: str
    role: ItemRole
    agent: str | None
    parts: tuple[Part, ...]
    text: str
    state: ItemState
    created_at: Instant
    queue_item_id: str | None = None
    sender: str | None = None
    call: Call | None = None
    attempt: int = 1
    seq: int = 0

    @property
    def open(self) -> int | None:
        """1 while the item is unfinished: its text is then the fold of its deltas."""
        return 1 if self.state == "partial" else None


@dataclass(frozen=True, slots=True)
class ItemResource:
    """An item as the API and events show it."""

    id: str
    thread_id: str
    turn_id: str
    seq: int
    role: ItemRole
    agent: str | None
    parts: tuple[JsonObject, ...]
    text: str
    state: ItemState
    created_at: Instant
    queue_item_id: str | None = None
    sender: str | None = None


def part_resource(part: Part) -> JsonObject:
    """Show a part with the fields that its type has, and no others."""
    match part.type:
        case "text" | "reasoning":
            return {"type": part.type, "text": part.text or ""}
        case "image" | "file":
            return {"type": part.type, "attachment_id": part.attachment_id}
        case "code":
            return {"type": "code", "language": part.language, "text": part.text or ""}
        case "data":
            return {"type": "data", "data": part.data}
        case "tool_call":
            return {
                "type": "tool_call", "call_id": part.call_id, "name": part.name,
                "arguments": part.arguments, "effect": part.effect,
            }  # fmt: skip
        case "tool_result":
            outcome = {"error": part.error} if part.error is not None else {"result": part.result}
            return {"type": "tool_result", "call_id": part.call_id, **outcome}


def item_resource(item: Item, seq: int | None = None) -> ItemResource:
    """Show an item."""
    return ItemResource(
        item.id, item.thread_id, item.turn_id, item.seq if seq is None else seq, item.role, item.agent,
        tuple(part_resource(part) for part in item.parts), item.text, item.state, item.created_at,
        item.queue_item_id, item.sender,
    )  # fmt: skip


def text_of(parts: tuple[Part, ...]) -> str:
    """The readable text of a message: its text and code parts, a line break between them."""
    return "\n".join(part.text for part in parts if part.type in ("text", "code") and part.text)
