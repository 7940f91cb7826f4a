"""Laneway's own exports: one session, as JSON lines in a zip. docs/how-to/import-and-export.md describes them."""

import re
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import msgspec

from laneway import wire
from laneway.domain.json import as_object
from laneway.domain.parcel import (
    TYPES,
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
from laneway.importer import MANIFEST, VERSION, BadImport, Skipped, Unreadable, Upload
from laneway.importers.reading import an_instant, bounded_json, parse

SESSION = "session.jsonl"
_THREAD = re.compile(r"threads/[^/]+\.jsonl")
_OF_SESSION = (NoteParcel, EntryParcel, TimerParcel, FileParcel)
_OF_THREAD = (WaitingParcel, LaneParcel, CommentParcel, ItemParcel)
_TIMES = ("created_at", "updated_at", "at")


class LanewayImporter:
    """Reads what `GET /sessions/{id}/export` gave."""

    name = "laneway"

    def recognises(self, upload: Upload) -> bool:
        return MANIFEST in upload.names()

    def unpack(self, upload: Upload) -> Iterator[Parcel | Skipped]:
        _check_manifest(upload)
        lines = self._lines(upload, SESSION)
        session = next(lines, None)
        if not isinstance(session, SessionParcel):
            raise BadImport(f"The first line of {SESSION} is not a session.")
        yield session
        for place, parcel in enumerate(lines, 2):
            yield parcel if isinstance(parcel, (*_OF_SESSION, Skipped)) else _misplaced(SESSION, place)
        for name in upload.names():
            if _THREAD.fullmatch(name):
                yield from self._thread(upload, name)

    def _thread(self, upload: Upload, name: str) -> Iterator[Parcel | Skipped]:
        lines = self._lines(upload, name)
        first = next(lines, None)
        if not isinstance(first, ThreadParcel):
            yield first if isinstance(first, Skipped) else Skipped(name, "its first line is not a thread")
            return
        yield first
        for place, parcel in enumerate(lines, 2):
            yield parcel if isinstance(parcel, (*_OF_THREAD, Skipped)) else _misplaced(name, place)

    def _lines(self, upload: Upload, name: str) -> Iterator[Parcel | Skipped]:
        try:
            body = upload.read(name)
        except Unreadable as error:
            if name == SESSION:
                raise BadImport(f"{SESSION} cannot be read: {error}.") from error
            yield Skipped(name, str(error))
            return
        for place, line in enumerate(body.split(b"\n"), 1):
            if line:
                yield _parcel(f"{name}:{place}", line)


def _check_manifest(upload: Upload) -> None:
    try:
        told = as_object(parse(upload.read(MANIFEST))) or {}
    except Unreadable as error:
        raise BadImport(f"This is not an export of Laneway: {MANIFEST}: {error}.") from error
    if told.get("format") != "laneway" or told.get("version") != VERSION:
        raise BadImport(f"This export has the version {told.get('version')!r}; this server reads {VERSION}.")


def _parcel(path: str, line: bytes) -> Parcel | Skipped:
    try:
        told = as_object(bounded_json(parse(line)))
        type_ = TYPES.get(str(told.get("type"))) if told else None
        if type_ is None:
            return Skipped(path, "it is not a line of a kind that is known here")
        return _with_times(wire.convert(told, type_))
    except (Unreadable, msgspec.ValidationError) as error:
        return Skipped(path, str(error))


def _with_times(parcel: Parcel) -> Parcel:
    """The parcel with its times as they are written here; what is no time is none."""
    told: dict[str, Any] = {
        each.name: an_instant(getattr(parcel, each.name)) for each in fields(parcel) if each.name in _TIMES
    }
    if isinstance(parcel, ItemParcel):
        told["vote"] = replace(parcel.vote, at=an_instant(parcel.vote.at)) if parcel.vote else None
        told["comments"] = tuple(replace(each, created_at=an_instant(each.created_at)) for each in parcel.comments)
    return replace(parcel, **told)


def _misplaced(name: str, place: int) -> Skipped:
    return Skipped(f"{name}:{place}", "it does not belong into this file")
