"""Generic: JSON Lines, one message a line: `{thread, role, text, at, agent?}`."""

from collections.abc import Iterator
from typing import cast, get_args

from laneway.domain.item import ItemRole
from laneway.domain.json import as_object
from laneway.domain.parcel import ItemParcel, Parcel, SessionParcel, ThreadParcel
from laneway.importer import BadImport, Skipped, Unreadable, Upload
from laneway.importers.reading import a_name, a_text, an_instant, parse, text_parts

ROLES = get_args(ItemRole)
WITHOUT = "Imported messages"
"""The thread of messages that name none."""


class GenericImporter:
    """Gathers the lines of each thread, in the order in which they stand, whatever stands between them."""

    name = "generic"

    def recognises(self, upload: Upload) -> bool:
        if upload.is_zip:
            return False
        try:
            first = as_object(parse(upload.read().lstrip().partition(b"\n")[0]))
        except Unreadable:
            return False
        return first is not None and "text" in first and "role" in first

    def unpack(self, upload: Upload) -> Iterator[Parcel | Skipped]:
        if upload.is_zip:
            raise BadImport("The format `generic` is JSON Lines, not a zip.")
        try:
            lines = upload.read().split(b"\n")
        except Unreadable as error:
            raise BadImport(f"The file cannot be read: {error}.") from error
        threads: dict[str, list[ItemParcel]] = {}
        skipped: list[Skipped] = []
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                thread, item = _read(line)
                of_thread = threads.setdefault(thread, [])
                of_thread.append(_in_turn(item, of_thread))
            except Unreadable as error:
                skipped.append(Skipped(f"line {number}", str(error)))
        yield from skipped
        if threads:
            yield SessionParcel("imported", "Imported")
        for name, items in threads.items():
            yield ThreadParcel(
                name, name, created_at=next((item.created_at for item in items if item.created_at), None)
            )
            yield from items


def _read(line: bytes) -> tuple[str, ItemParcel]:
    told = as_object(parse(line))
    if told is None:
        raise Unreadable("it is not a JSON object")
    role, text = told.get("role"), a_text(told.get("text"))
    if role not in ROLES:
        raise Unreadable(f"its role is none of {', '.join(ROLES)}")
    if not text:
        raise Unreadable("it says nothing")
    who, is_user = a_name(told.get("agent")) or None, role == "user"
    item = ItemParcel(
        cast(ItemRole, role), text_parts(text), text, agent=None if is_user else who, sender=who if is_user else None,
        created_at=an_instant(told.get("at")),
    )  # fmt: skip
    return a_name(told.get("thread")) or WITHOUT, item


def _in_turn(item: ItemParcel, before: list[ItemParcel]) -> ItemParcel:
    """A question begins a turn; what follows it, up to the next one, belongs to it."""
    last = before[-1] if before else None
    if last is None:
        turn = 1
    else:
        turn = last.turn + (item.role == "user" and last.role != "user")
    at = item.created_at or (last.created_at if last else None)
    return ItemParcel(item.role, item.parts, item.text, turn, item.agent, item.sender, created_at=at)
