"""What a turn stores: items, tool calls, approvals."""

from dataclasses import dataclass

from laneway.domain.approval import ApprovalResource
from laneway.domain.event.type import EventData
from laneway.domain.item import ItemResource
from laneway.domain.json import Json, JsonObject


@dataclass(frozen=True, slots=True)
class ItemStarted(EventData):
    """A piece of the transcript began; its place is this event's `seq`."""

    type = "item.started"
    item: ItemResource


@dataclass(frozen=True, slots=True)
class ItemDelta(EventData):
    """More text of a running item. `position` is the character offset of `text` in part `index`."""

    type = "item.delta"
    item_id: str
    index: int
    position: int
    text: str


@dataclass(frozen=True, slots=True)
class ItemCompleted(EventData):
    """The item ended, well or not (its `state` says which): this is the whole of it."""

    type = "item.completed"
    item: ItemResource


@dataclass(frozen=True, slots=True)
class ToolCalled(EventData):
    """A tool call was recorded; nothing has been done yet."""

    type = "tool.called"
    item_id: str
    call_id: str
    name: str
    arguments: JsonObject
    effect: str


@dataclass(frozen=True, slots=True)
class ToolReturned(EventData):
    """A tool call ended with a result or an error."""

    type = "tool.returned"
    item_id: str
    call_id: str
    name: str
    result: Json
    error: str | None


@dataclass(frozen=True, slots=True)
class ApprovalRequested(EventData):
    """A call waits for a person."""

    type = "approval.requested"
    approval: ApprovalResource


@dataclass(frozen=True, slots=True)
class ApprovalResolved(EventData):
    """A person approved or rejected the call."""

    type = "approval.resolved"
    approval: ApprovalResource


@dataclass(frozen=True, slots=True)
class ApprovalExpired(EventData):
    """The turn that asked is over; the approval's `state` says whether it expired or was superseded."""

    type = "approval.expired"
    approval: ApprovalResource
