"""Samples: small valid records, events and deltas of every kind."""

from collections.abc import Callable, Sequence

from laneway.domain.alert import Firing, Timer
from laneway.domain.approval import Approval
from laneway.domain.audit import AuditEntry
from laneway.domain.changes import Changes, Decision, Drop, Put
from laneway.domain.event import (
    Delta,
    Event,
    EventData,
    ItemDelta,
    QueuePaused,
    SessionDeleted,
    StateChanged,
    ThreadDeleted,
)
from laneway.domain.instant import later
from laneway.domain.item import Item, Part
from laneway.domain.json import Json
from laneway.domain.kinds import KINDS
from laneway.domain.lane import Lane
from laneway.domain.node import Node
from laneway.domain.parcel import Origin
from laneway.domain.principal import Principal
from laneway.domain.queue import QueueItem
from laneway.domain.record import Kind, Record
from laneway.domain.session import Attachment, EnvironmentEntry, Note, Selection, Session
from laneway.domain.share import Comment, Share
from laneway.domain.template import Template
from laneway.domain.thread import Thread, ThreadSettings
from laneway.domain.turn import Turn, TurnStatus
from laneway.domain.user import IdempotentReply, Key, Login, User
from laneway.domain.vote import Vote
from laneway.testing.clock import START

ME = Principal("usr_me")
YOU = Principal("usr_you")
SES, THR, TRN, ITM = "ses_1", "thr_1", "trn_1", "itm_1"


def at(seconds: float) -> str:
    """The time so many seconds after the start."""
    return later(START, seconds)


def session(id: str = SES, owner: str = ME.user_id, *, is_default: bool = False, deleted: bool = False) -> Session:
    return Session(id, owner, "a session", "plain", "copilot", {}, START, START, is_default=is_default, deleted=deleted)


def thread(id: str = THR, session_id: str = SES, owner: str = ME.user_id, title: str = "a thread") -> Thread:
    return Thread(id, owner, session_id, "guide", "chat", title, "default", START, START)


def turn(
    id: str = TRN,
    thread_id: str = THR,
    status: TurnStatus = "running",
    *,
    session_id: str = SES,
    owner: str = ME.user_id,
    fence: int = 1,
    node: str | None = None,
) -> Turn:
    return Turn(
        id=id, owner=owner, session_id=session_id, thread_id=thread_id, number=1, status=status, attempt=1,
        fence=fence, trigger="message", item_ids=(), runs=(), started_at=START, node=node,
    )  # fmt: skip


def item(
    id: str = ITM,
    thread_id: str = THR,
    *,
    turn_id: str = TRN,
    session_id: str = SES,
    owner: str = ME.user_id,
    text: str = "",
    is_open: bool = False,
) -> Item:
    state = "partial" if is_open else "complete"
    return Item(
        id, owner, session_id, thread_id, turn_id, "assistant", "guide", (Part("text", text),), text, state, START
    )


def queue_item(
    id: str = "que_1", thread_id: str = THR, *, session_id: str = SES, owner: str = ME.user_id, text: str = ""
) -> QueueItem:
    parts = (Part("text", text),)
    return QueueItem(id, owner, session_id, thread_id, "queued", "queue", False, "user", parts, text, START, START)


def user(name: str = "me", id: str = "usr_me") -> User:
    return User(id, id, name, "owner", True, START)


def timer(id: str, owner: str = ME.user_id, *, session_id: str = SES, next_at: str | None = None) -> Timer:
    return Timer(id, owner, session_id, "", None, "once", "active", START, next_at=next_at)


def firing(occurrence: str = "1", id: str = "fir_1", owner: str = ME.user_id, session_id: str = SES) -> Firing:
    return Firing(id, owner, session_id, "tmr_1", occurrence, {}, "fired", None, None, START)


def one_of_each_kind(owner: str, mark: str, text: str = "") -> dict[str, tuple[Kind[Record], Record]]:
    """A record of every kind with `mark` in its id, all in one session and thread; `text` is in those of a session."""
    ses, thr, trn = f"ses_{mark}", f"thr_{mark}", f"trn_{mark}"
    records: dict[str, Record] = {
        "user": User(f"usr_{mark}", owner, mark, "owner", True, START),
        "key": Key(f"key_{mark}", owner, "a key", "lw", f"k{mark}", "owner", "full", START),
        "login": Login(f"log_{mark}", owner, f"l{mark}", f"key_{mark}", "owner", "full", START, START),
        "audit": AuditEntry(f"aud_{mark}", owner, "act", "subject", START),
        "idempotency": IdempotentReply(f"idm_{mark}", owner, "", thr, ses, {"text": text}, ses, START),
        "node": Node(f"nod_{mark}", owner, START),
        "session": session(ses, owner),
        "note": Note(f"not_{mark}", owner, ses, text, False, None, START, START),
        "entry": EnvironmentEntry(f"{ses}/positions/{mark}", owner, ses, "positions", mark, {"text": text}, 1, START),
        "attachment": Attachment(f"att_{mark}", owner, ses, text, "text/plain", 1, "00", START),
        "selection": Selection(f"{owner}/{ses}", owner, ses, thr),
        "timer": timer(f"tmr_{mark}", owner, session_id=ses),
        "origin": Origin(f"org_{mark}", owner, ses, thr, thr, text),
        "firing": firing(mark, f"fir_{mark}", owner, ses),
        "thread": thread(thr, ses, owner, text),
        "turn": turn(trn, thr, session_id=ses, owner=owner),
        "item": item(f"itm_{mark}", thr, turn_id=trn, session_id=ses, owner=owner, text=text),
        "queue_item": queue_item(f"que_{mark}", thr, session_id=ses, owner=owner, text=text),
        "approval": Approval(f"apr_{mark}", owner, ses, thr, trn, "", "", text, {}, "", "open", START),
        "share": Share(f"shr_{mark}", owner, ses, thr, "view", False, START, START, f"s{mark}", f"usr_of_{mark}", text),
        "comment": Comment(f"cmt_{mark}", owner, ses, thr, None, text, text, None, START),
        "vote": Vote(f"{owner}/itm_{mark}", owner, ses, thr, f"itm_{mark}", 1, text, START),
        "template": Template(f"tpl_{mark}", owner, mark, None, None, ThreadSettings(), (mark,), (), START, START),
        "lane": Lane(f"{ses}/chat/{mark}", owner, ses, thr, "chat", mark, "a", "", "", text, None, 1, "usable", START),
    }
    return {kind.name: (kind, records[kind.name]) for kind in KINDS}


def paused(reason: str = "", thread_id: str = THR, session_id: str = SES, owner: str = ME.user_id) -> Event:
    """An event of a thread."""
    return _event(QueuePaused(reason), owner, session_id, thread_id)


def state_changed(version: int = 1, session_id: str = SES, owner: str = ME.user_id) -> Event:
    """An event of a session."""
    return _event(StateChanged(version), owner, session_id, None)


def session_deleted(session_id: str = SES, owner: str = ME.user_id) -> Event:
    """An event of a user's home log, which outlives what it names."""
    return _event(SessionDeleted(), owner, session_id, None)


def thread_deleted(thread_id: str = THR, session_id: str = SES, owner: str = ME.user_id) -> Event:
    """An event of a thread that outlives it."""
    return _event(ThreadDeleted(), owner, session_id, thread_id)


def delta(text: str, of: Item | None = None, *, fence: int = 1, seconds: float = 0) -> Delta:
    """More text of an item."""
    of = of or item()
    data = ItemDelta(of.id, 0, 0, text)
    return Delta(of.thread_id, of.session_id, of.owner, of.turn_id, fence, "guide", data, at(seconds))


def _event(data: EventData, owner: str, session_id: str, thread_id: str | None) -> Event:
    return Event(data, owner, session_id, START, thread_id)


Putting = tuple[Kind[Record], Record]


def putting(
    *puts: Putting,
    events: Sequence[Event] = (),
    drops: Sequence[tuple[Kind[Record], str]] = (),
    erase: Sequence[str] = (),
    reply: Json = None,
) -> Callable[[object], Decision]:
    """A decision that has been made: it looks at nothing."""
    changes = Changes(
        tuple(Put(kind, record) for kind, record in puts),
        tuple(Drop(kind, id) for kind, id in drops),
        tuple(events),
        tuple(erase),
    )
    return lambda view: Decision(changes, reply)
