"""ChatGPT: `conversations.json`, alone or in the zip that was sent, with the files beside it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import msgspec

from laneway import wire
from laneway.domain.json import JsonObject, as_object
from laneway.domain.parcel import FileParcel, ItemParcel, Parcel, SessionParcel, ThreadParcel
from laneway.importer import BadImport, Skipped, Unreadable, Upload
from laneway.importers.chatgpt_content import Assets, item_of
from laneway.importers.reading import a_name, a_text, an_instant, an_object, elements, parse

CONVERSATIONS = "conversations.json"
FORKS = 50
"""Branches of one conversation that are made threads; more are listed as skipped."""
NODES = 100_000
"""Messages of one conversation with all its branches, which repeat their common beginning."""


class ChatGPTImporter:
    """All conversations come into one session: the branch that was shown as a thread, every other one as its fork."""

    name = "chatgpt"

    def recognises(self, upload: Upload) -> bool:
        if upload.is_zip:
            return any(_is_conversations(name) for name in upload.names())
        try:
            return b'"mapping"' in upload.read()
        except Unreadable:
            return False

    def unpack(self, upload: Upload) -> Iterator[Parcel | Skipped]:
        conversations = _conversations(upload)
        assets = Assets(upload.names())
        yield SessionParcel("conversations", "ChatGPT")
        for number, (path, raw) in enumerate(conversations):
            place = f"{path}[{number}]"
            try:
                told = as_object(parse(raw))
                if told is None:
                    raise Unreadable("it is not a conversation")
                yield from _unpacked(place, told, assets)
            except Unreadable as error:
                yield Skipped(place, str(error))


def _is_conversations(name: str) -> bool:
    file = name.rpartition("/")[2]
    return file == CONVERSATIONS or (file.startswith("conversations-") and file.endswith(".json"))


def _conversations(upload: Upload) -> list[tuple[str, msgspec.Raw]]:
    """The conversations, not yet read; raises `BadImport` when there are none to be found."""
    names = [name for name in upload.names() if _is_conversations(name)] if upload.is_zip else [""]
    if not names:
        raise BadImport(f"The zip has no {CONVERSATIONS}.", "Send the zip that ChatGPT's data export gives.")
    found: list[tuple[str, msgspec.Raw]] = []
    for name in names:
        try:
            body = upload.read(name)
            if body.lstrip()[:1] == b"{":
                body = _inside(body)
            found += [(name or CONVERSATIONS, each) for each in elements(body)]
        except Unreadable as error:
            raise BadImport(f"{name or CONVERSATIONS} cannot be read: {error}.") from error
    return found


def _inside(body: bytes) -> bytes:
    """The array in an object that holds it, or a single conversation as an array of one."""
    try:
        told = wire.decode(body, dict[str, msgspec.Raw])
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Unreadable(f"it is not JSON: {error}") from error
    return bytes(told["conversations"]) if "conversations" in told else b"[" + body + b"]"


# --- one conversation ------------------------------------------------------------------------------------------------


def _unpacked(place: str, told: JsonObject, assets: Assets) -> Iterator[Parcel | Skipped]:
    name = a_name(told.get("conversation_id")) or a_name(told.get("id")) or place
    mapping = {key: an_object(node) for key, node in an_object(told.get("mapping")).items()}
    shown, others = _branches(mapping, a_name(told.get("current_node")))
    if not any(map(_says, mapping.values())):
        raise Unreadable("nothing was said in it")
    thread = ThreadParcel(
        name, a_text(told.get("title")) or None, created_at=an_instant(told.get("create_time")),
        archived=told.get("is_archived") is True, pinned=told.get("is_starred") is True,
        metadata={"model": model} if (model := a_name(told.get("default_model_slug"))) else {},
    )  # fmt: skip
    skipped: dict[str, Skipped] = {}
    yield from _branch(place, thread, [mapping[key] for key in shown], assets, skipped)
    room = NODES - len(shown)
    for number, (leaf, path) in enumerate(others):
        room -= len(path)
        if number >= FORKS or room < 0:
            yield Skipped(f"{place}: branch {leaf}", "the conversation has too many branches")
            continue
        fork = replace(thread, name=f"{name}/{leaf}"[:300], forked_from=name)
        yield from _branch(place, fork, [mapping[key] for key in path], assets, skipped)
    yield from skipped.values()


def _branches(mapping: Mapping[str, JsonObject], current: str) -> tuple[Sequence[str], list[tuple[str, Sequence[str]]]]:
    """The nodes of the branch that was shown, and of every other one, each from its root, by its leaf."""
    parents = {a_name(node.get("parent")) for node in mapping.values()}
    leaves = [key for key in mapping if key not in parents and _says(mapping[key])]
    if current not in mapping:
        # Nothing says which branch was shown: the one that ends last in the file.
        current = leaves[-1] if leaves else next(reversed(list(mapping)), "")
    shown = _path(mapping, current)
    on_it = set(shown)
    return shown, [(leaf, path) for leaf in leaves if leaf not in on_it and (path := _path(mapping, leaf))]


def _path(mapping: Mapping[str, JsonObject], leaf: str) -> Sequence[str]:
    """From the root to a node; a parent that is missing, or comes round again, is where it begins."""
    path: dict[str, None] = {}
    while leaf in mapping and leaf not in path:
        path[leaf] = None
        leaf = a_name(mapping[leaf].get("parent"))
    return list(reversed(path))


def _says(node: JsonObject) -> bool:
    return bool(an_object(node.get("message")))


def _branch(
    place: str, thread: ThreadParcel, nodes: Sequence[JsonObject], assets: Assets, skipped: dict[str, Skipped]
) -> Iterator[Parcel]:
    """One branch as a thread. What two branches have in common and leave out is told once."""
    items: list[ItemParcel] = []
    files: list[FileParcel] = []
    for node in nodes:
        message = an_object(node.get("message"))
        if not message:
            continue
        try:
            item, new_files, missing = item_of(message, assets)
        except Unreadable as error:
            path = f"{place}: message {a_name(message.get('id'))}"
            skipped.setdefault(path, Skipped(path, str(error)))
            continue
        files += new_files
        for path in missing:
            skipped.setdefault(path, Skipped(path, "the file is not in the export"))
        if item is not None:
            items.append(_in_turn(item, items[-1] if items else None))
    if thread.created_at is None:
        thread = replace(thread, created_at=next((item.created_at for item in items if item.created_at), None))
    yield from files
    yield thread
    yield from items


def _in_turn(item: ItemParcel, last: ItemParcel | None) -> ItemParcel:
    """A question begins a turn; a message without a time has that of the one before."""
    turn = 1 if last is None else last.turn + (item.role == "user" and last.role != "user")
    return replace(item, turn=turn, created_at=item.created_at or (last.created_at if last else None))
