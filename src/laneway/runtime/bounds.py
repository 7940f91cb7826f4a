"""Bounds: what an imported thing may hold, which is what a request may bring."""

import re
from collections.abc import Mapping

from laneway import wire
from laneway.domain.errors import Invalid
from laneway.domain.json import Json
from laneway.domain.parcel import (
    CommentParcel,
    EntryParcel,
    FileParcel,
    ItemParcel,
    LaneParcel,
    NoteParcel,
    Parcel,
    SessionParcel,
    ThreadParcel,
    TimerParcel,
    WaitingParcel,
)
from laneway.environment import Environment
from laneway.runtime.schedule import schedule

NAME, TITLE, KEY = 300, 1000, 200
TEXT_BYTES = 64 * 1024
OBJECT_BYTES = 16 * 1024
COMMENT_LENGTH = 10_000
ITEM_BYTES = 4 * 1024 * 1024
LONG_AGO = "1970-01-01T00:00:00.000000Z"

_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,60}")


def check(parcel: Parcel, environments: Mapping[str, Environment]) -> None:
    """Raise `Invalid` for what no request could have brought."""
    match parcel:
        case SessionParcel():
            _check_session(parcel, environments)
        case NoteParcel(text=text, key=key):
            _need(bool(text) and _bytes(text) <= TEXT_BYTES and len(key or "") <= KEY, "a note is too long or empty")
        case EntryParcel(collection=collection, key=key, value=value):
            # The entries of any other environment have rules that only it knows.
            _need(collection == "keys" and 0 < len(key) <= KEY, "it is no key of the environment `plain`")
            _need(_size(value) <= TEXT_BYTES, "the value of a key is too long")
        case TimerParcel():
            _need(bool(parcel.text) and _bytes(parcel.text) <= TEXT_BYTES, "a timer's text is too long or empty")
            schedule(LONG_AGO, when_at=parcel.at, every_s=parcel.every_s, cron=parcel.cron, timezone=_zone(parcel))
        case FileParcel():
            _need(0 < len(parcel.name) <= NAME and bool(parcel.filename), "a file has no name")
            _need(_TYPE.fullmatch(parcel.media_type) is not None, "its media type is none")
        case ThreadParcel():
            _check_thread(parcel)
        case WaitingParcel():
            _need(_size(parcel.parts) <= TEXT_BYTES + OBJECT_BYTES, "a waiting message is too long")
            _need(bool(parcel.parts) and _named(parcel.sender, *parcel.agents), "a waiting message says nothing")
        case CommentParcel(text=text, author=author):
            _need(0 < len(text) <= COMMENT_LENGTH and _named(author), "a comment is too long or empty")
        case LaneParcel():
            _need(_named(parcel.agent, parcel.backend or "-") and 0 < len(parcel.resume_id) <= TITLE, "it is no lane")
        case ItemParcel():
            _need(len(parcel.parts) <= 1000 and _size(parcel) <= ITEM_BYTES, "an item is too long")
            _need(_named(parcel.agent or "-", parcel.sender or "-"), "a name is too long")
            for comment in parcel.comments:
                check(comment, environments)


def _check_session(parcel: SessionParcel, environments: Mapping[str, Environment]) -> None:
    _need(0 < len(parcel.name) <= NAME and len(parcel.title) <= TITLE, "its name or title is too long or empty")
    _need(_size(parcel.settings) <= OBJECT_BYTES, f"settings may have {OBJECT_BYTES} bytes")
    if parcel.environment in environments:
        environments[parcel.environment].check(parcel.settings)


def _check_thread(parcel: ThreadParcel) -> None:
    _need(0 < len(parcel.name) <= NAME and len(parcel.title or "") <= TITLE, "its name or title is too long or empty")
    _need(_bytes(parcel.summary or "") <= TEXT_BYTES, "its summary is too long")
    _need(len(parcel.tags) <= 50 and all(0 < len(tag) <= 100 for tag in parcel.tags), "it has too many or long tags")
    _need(len(parcel.members) <= 20 and _named(*parcel.members, parcel.agent_id or "-"), "a name is too long")
    _need(_size(parcel.metadata) <= OBJECT_BYTES, f"metadata may have {OBJECT_BYTES} bytes")
    _need(len(parcel.pause_reason or "") <= TITLE, "its pause has too long a reason")
    settings, usage = parcel.settings, parcel.usage
    _need(-1 <= settings.auto_messages <= 100 and len(settings.muted) <= 100, "its settings are out of bounds")
    _need(_named(*settings.muted, settings.ticket or "-"), "a name is too long")
    counts = (parcel.unread, usage.input_tokens, usage.output_tokens)
    _need(all(0 <= each <= 2**53 for each in counts) and 0 <= usage.cost_usd < 1e12, "a count is out of bounds")


def _zone(parcel: TimerParcel) -> str | None:
    return parcel.timezone if parcel.cron is not None else None


def _named(*names: str) -> bool:
    return all(0 < len(name) <= KEY for name in names)


def _need(fits: bool, reason: str) -> None:
    if not fits:
        raise Invalid(reason)


def _bytes(text: str) -> int:
    return len(text.encode())


def _size(value: Json) -> int:
    return len(wire.encode(value))
