"""Events: facts in the past tense. Each is a frozen dataclass whose fields are the event's `data` on the wire."""

from laneway.domain.event.account import KeyCreated, KeyRevoked, UserUpdated
from laneway.domain.event.delivery import DeliveryDecided
from laneway.domain.event.event import Delta, Event, home_log, session_log
from laneway.domain.event.item import (
    ApprovalExpired,
    ApprovalRequested,
    ApprovalResolved,
    ItemCompleted,
    ItemDelta,
    ItemStarted,
    ToolCalled,
    ToolReturned,
)
from laneway.domain.event.lane import LaneInvalidated, LaneUpdated
from laneway.domain.event.queue import (
    QueueItemAdded,
    QueueItemConsumed,
    QueueItemRejected,
    QueueItemUpdated,
    QueueItemWithdrawn,
    QueuePaused,
    QueueResumed,
)
from laneway.domain.event.session import SessionCreated, SessionDeleted, SessionUpdated, StateChanged
from laneway.domain.event.share import CommentAdded, CommentDeleted, ShareCreated, ShareEnded
from laneway.domain.event.template import TemplateCreated, TemplateDeleted, TemplateUpdated
from laneway.domain.event.thread import ThreadCreated, ThreadDeleted, ThreadUpdated, TranscriptCut
from laneway.domain.event.timer import (
    AlertDropped,
    AlertFired,
    AlertMerged,
    AlertSkipped,
    TimerCreated,
    TimerDeleted,
    TimerUpdated,
)
from laneway.domain.event.turn import (
    TurnCancelled,
    TurnCompleted,
    TurnFailed,
    TurnInterrupted,
    TurnNeedsReview,
    TurnResumed,
    TurnStarted,
    TurnSuperseded,
    TurnWaiting,
)
from laneway.domain.event.type import EventData, EventScope

__all__ = [
    "AlertDropped",
    "AlertFired",
    "AlertMerged",
    "AlertSkipped",
    "ApprovalExpired",
    "ApprovalRequested",
    "ApprovalResolved",
    "CommentAdded",
    "CommentDeleted",
    "DeliveryDecided",
    "Delta",
    "Event",
    "EventData",
    "EventScope",
    "ItemCompleted",
    "ItemDelta",
    "ItemStarted",
    "KeyCreated",
    "KeyRevoked",
    "LaneInvalidated",
    "LaneUpdated",
    "QueueItemAdded",
    "QueueItemConsumed",
    "QueueItemRejected",
    "QueueItemUpdated",
    "QueueItemWithdrawn",
    "QueuePaused",
    "QueueResumed",
    "SessionCreated",
    "SessionDeleted",
    "SessionUpdated",
    "ShareCreated",
    "ShareEnded",
    "StateChanged",
    "TemplateCreated",
    "TemplateDeleted",
    "TemplateUpdated",
    "ThreadCreated",
    "ThreadDeleted",
    "ThreadUpdated",
    "TimerCreated",
    "TimerDeleted",
    "TimerUpdated",
    "ToolCalled",
    "ToolReturned",
    "TranscriptCut",
    "TurnCancelled",
    "TurnCompleted",
    "TurnFailed",
    "TurnInterrupted",
    "TurnNeedsReview",
    "TurnResumed",
    "TurnStarted",
    "TurnSuperseded",
    "TurnWaiting",
    "UserUpdated",
    "home_log",
    "session_log",
]
