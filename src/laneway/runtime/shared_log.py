"""Shared log: a thread's events as those see them with whom it is shared: the transcript, and nothing else."""

import json
from dataclasses import dataclass
from typing import Any

from laneway import wire
from laneway.domain.event import (
    CommentAdded,
    CommentDeleted,
    ItemCompleted,
    ItemDelta,
    ItemStarted,
    ThreadDeleted,
    TranscriptCut,
)
from laneway.domain.item import Item
from laneway.domain.kinds import ITEM
from laneway.domain.principal import SYSTEM
from laneway.domain.share import shown_item, shown_parts
from laneway.runtime.event_log import Cursor, Frame, FrameRead, SessionLog, encode_frame
from laneway.runtime.shares import Grant
from laneway.store import Get, Store

_OF_ITEMS = frozenset({ItemStarted.type, ItemDelta.type, ItemCompleted.type})
_OF_COMMENTS = frozenset({CommentAdded.type, CommentDeleted.type})
_ALWAYS = frozenset({TranscriptCut.type, ThreadDeleted.type})
_ENVELOPE = ("offset", "seq", "type", "session_id", "thread_id", "turn_id", "agent", "at", "schema")
_ITEM = ("id", "thread_id", "turn_id", "seq", "role", "agent", "text", "state", "created_at")


@dataclass(frozen=True)
class SharedLog:
    """One thread's part of a session's log, by an allow-list of types and fields.

    What an item's events tell is decided by the item as it is now: what was cut since, or was never said, is left out.
    """

    store: Store
    session_id: str
    grant: Grant

    @property
    def topic(self) -> str:
        return self._whole.topic

    @property
    def _whole(self) -> SessionLog:
        return SessionLog(self.store, self.session_id, self.grant.owner)

    async def read(self, after: Cursor, limit: int, thread_id: str | None = None) -> FrameRead:
        read = await self._whole.read(after, limit, self.grant.thread_id)
        told = [(frame, json.loads(frame.json)) for frame in read.frames]
        said = await self._said({_item_id(event) for _, event in told if event["type"] in _OF_ITEMS})
        frames = tuple(_frame(frame, shown) for frame, event in told if (shown := self._shown(event, said)) is not None)
        return FrameRead(frames, read.cursor, read.is_at_end, read.reset_at)

    def _shown(self, event: dict[str, Any], said: frozenset[str]) -> dict[str, Any] | None:
        """What of an event is told; None for nothing."""
        kind = event["type"]
        shown = {name: event[name] for name in _ENVELOPE if name in event}
        if kind in _OF_ITEMS and _item_id(event) in said:
            return shown | {"data": event["data"] if kind == ItemDelta.type else {"item": self._item(event)}}
        if kind in _ALWAYS or (kind in _OF_COMMENTS and self.grant.permission == "comment"):
            return shown | {"data": event["data"]}
        return None

    def _item(self, event: dict[str, Any]) -> dict[str, Any]:
        item, allowed = event["data"]["item"], shown_parts(self.grant.tool_output)
        return {name: item[name] for name in _ITEM} | {"parts": [p for p in item["parts"] if p["type"] in allowed]}

    async def _said(self, ids: set[str]) -> frozenset[str]:
        """Those of the items that are part of the transcript and may be shown."""
        asks = [Get(ITEM, id) for id in sorted(ids)]
        found = (await self.store.read(SYSTEM, *asks)).results if asks else ()
        return frozenset(
            item.id
            for item in found
            if isinstance(item, Item)
            and item.thread_id == self.grant.thread_id
            and shown_item(item, self.grant.tool_output) is not None
        )


def _item_id(event: dict[str, Any]) -> str:
    data = event["data"]
    return str(data["item_id"] if event["type"] == ItemDelta.type else data["item"]["id"])


def _frame(frame: Frame, event: dict[str, Any]) -> Frame:
    data = encode_frame(str(event["offset"]), event["type"], wire.escape_to_ascii(wire.encode(event)))
    return Frame(frame.cursor, frame.thread_id, data, frame.deletes_thread)
