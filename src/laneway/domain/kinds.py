"""Kinds: every kind of record that is stored, with the columns that queries, indexes and foreign keys need."""

from types import MappingProxyType

from laneway.domain.alert import Firing, Timer
from laneway.domain.approval import Approval
from laneway.domain.audit import AuditEntry
from laneway.domain.item import Item
from laneway.domain.lane import Lane
from laneway.domain.node import Node
from laneway.domain.parcel import Origin
from laneway.domain.queue import QueueItem
from laneway.domain.record import Kind, Record
from laneway.domain.session import Attachment, EnvironmentEntry, Note, Selection, Session
from laneway.domain.share import Comment, Share
from laneway.domain.template import Template
from laneway.domain.thread import Thread
from laneway.domain.turn import Turn
from laneway.domain.user import IdempotentReply, Key, Login, User
from laneway.domain.vote import Vote

USER = Kind("user", User, ("name", "administers"), unique=(("name",),))
KEY = Kind("key", Key, ("sha256", "revoked", "created_at"), unique=(("sha256",),))
LOGIN = Kind("login", Login, ("sha256", "expires_at", "key_id"), unique=(("sha256",),))
AUDIT = Kind("audit", AuditEntry, ("at", "number", "act", "subject"), unique=(("number",),))
IDEMPOTENCY = Kind(
    "idempotency", IdempotentReply, ("created_at", "thread_id", "session_id"),
    thread="thread_id", session="session_id", numbered="offset",
)  # fmt: skip
NODE = Kind("node", Node, ("beat_at",))

SESSION = Kind(
    "session", Session, ("updated_at", "deleted", "default_of", "state_untold"),
    session="id", unique=(("default_of",),),
)  # fmt: skip
NOTE = Kind("note", Note, ("session_id", "prompt", "key", "created_at"), session="session_id")
ENTRY = Kind("entry", EnvironmentEntry, ("session_id", "collection", "key"), session="session_id")
ATTACHMENT = Kind("attachment", Attachment, ("session_id", "sha256", "created_at"), session="session_id")
SELECTION = Kind("selection", Selection, ("session_id", "thread_id"), thread="thread_id", session="session_id")
VOTE = Kind(
    "vote", Vote, ("session_id", "thread_id", "item_id", "at"), thread="thread_id", session="session_id",
)  # fmt: skip
TEMPLATE = Kind("template", Template, ("name", "created_at"))
TIMER = Kind("timer", Timer, ("session_id", "due_at", "created_at"), session="session_id")
FIRING = Kind(
    "firing", Firing, ("session_id", "source", "occurrence", "at"),
    session="session_id", unique=(("source", "occurrence"),),
)  # fmt: skip

THREAD = Kind(
    "thread",
    Thread,
    (
        "session_id", "agent_id", "kind", "status", "active_turn_id", "title", "tags", "metadata", "pinned",
        "archived", "unread", "queue_depth", "active_at", "created_at", "updated_at", "deleted", "alert_source",
        "parent_thread_id", "ancestor_2", "ancestor_3", "awaited_by",
    ),
    references=MappingProxyType(
        {"session_id": "session", "active_turn_id": "turn", "last_turn_id": "turn", "parent_thread_id": "thread"}
    ),
    thread="id",
    session="session_id",
)  # fmt: skip
TURN = Kind(
    "turn",
    Turn,
    (
        "session_id",
        "thread_id",
        "number",
        "status",
        "fence",
        "node",
        "started_at",
        "day",
        "agent",
        "failed",
        "messages",
        "input_tokens",
        "output_tokens",
        "cost_nano_usd",
        "duration_ms",
    ),
    references=MappingProxyType({"thread_id": "thread", "node": "node"}),
    thread="thread_id",
    session="session_id",
)
ITEM = Kind(
    "item",
    Item,
    ("session_id", "thread_id", "turn_id", "role", "state", "open"),
    references=MappingProxyType({"thread_id": "thread", "turn_id": "turn"}),
    thread="thread_id",
    session="session_id",
    numbered="seq",
)
QUEUE_ITEM = Kind(
    "queue_item",
    QueueItem,
    ("session_id", "thread_id", "turn_id", "state", "open"),
    references=MappingProxyType({"thread_id": "thread", "turn_id": "turn"}),
    thread="thread_id",
    session="session_id",
)
APPROVAL = Kind(
    "approval",
    Approval,
    ("session_id", "thread_id", "turn_id", "state", "at"),
    references=MappingProxyType({"thread_id": "thread", "turn_id": "turn", "item_id": "item"}),
    thread="thread_id",
    session="session_id",
)
LANE = Kind(
    "lane",
    Lane,
    ("session_id", "thread_id", "workflow", "scope", "agent", "updated_at"),
    thread="thread_id",
    session="session_id",
)
ORIGIN = Kind(
    "origin",
    Origin,
    ("session_id", "thread_id"),
    references=MappingProxyType({"session_id": "session", "thread_id": "thread", "made": "attachment"}),
    thread="thread_id",
    session="session_id",
)
SHARE = Kind(
    "share",
    Share,
    ("session_id", "thread_id", "sha256", "grantee_id", "created_at", "expires_at"),
    thread="thread_id",
    session="session_id",
    unique=(("sha256",), ("grantee_id", "thread_id")),
)
COMMENT = Kind("comment", Comment, ("session_id", "thread_id", "created_at"), thread="thread_id", session="session_id")

KINDS: tuple[Kind[Record], ...] = (
    USER, KEY, LOGIN, AUDIT, IDEMPOTENCY, NODE, SESSION, NOTE, ENTRY, ATTACHMENT, SELECTION, TIMER, FIRING,
    THREAD, TURN, ITEM, QUEUE_ITEM, APPROVAL, LANE, VOTE, TEMPLATE, ORIGIN, SHARE, COMMENT,
)  # fmt: skip
"""Every kind. The partial unique index `turn(thread_id) where status is active` is the stores' to keep as well."""
NAMED = MappingProxyType({kind.name: kind for kind in KINDS})
"""Every kind, by its name."""


def target_of(kind: Kind[Record], column: str) -> Kind[Record]:
    """The kind whose id a column holds."""
    target = kind.references[column]
    return NAMED[target] if isinstance(target, str) else target
