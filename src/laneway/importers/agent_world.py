"""Agent World: a zip of its data folder, or its SQLite database: worlds with chats, told by the memory of each agent.

<world>/config.json                       {id, name, …}
<world>/chats/<chat>.json                 {id, name, createdAt, …}
<world>/agents/<agent>/memory.json        [{role, content, sender, chatId, messageId, createdAt, …}]
<world>/agents/<agent>/archive/*.json     the same, of conversations that were put away
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast, get_args

from laneway.domain.instant import Instant
from laneway.domain.item import ItemRole, Part
from laneway.domain.json import JsonObject
from laneway.domain.parcel import ItemParcel, Parcel, SessionParcel, ThreadParcel
from laneway.importer import BadImport, Skipped, Unreadable, Upload
from laneway.importers.agent_world_database import MAGIC, read_worlds
from laneway.importers.reading import a_name, a_text, an_array, an_instant, an_object, parse, text_parts

ROLES = get_args(ItemRole)
HUMANS = frozenset({"", "human", "user", "you", "world"})
WITHOUT = "Messages without a chat"
"""The thread of what agents remember from before there were chats."""


@dataclass(frozen=True, slots=True)
class Memory:
    """One thing that one agent remembers. What several remember was said once."""

    agent: str
    chat: str
    told: JsonObject


@dataclass(slots=True)
class World:
    """A world as its files or tables have it."""

    id: str
    name: str
    chats: dict[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    memories: list[Memory] = field(default_factory=list[Memory])
    archives: dict[str, list[Memory]] = field(default_factory=dict[str, list[Memory]])


class AgentWorldImporter:
    """A world becomes a session, each of its chats a thread; what has no chat comes into a thread of its own."""

    name = "agent-world"

    def recognises(self, upload: Upload) -> bool:
        if upload.is_zip:
            return any(_is_memory(name) or _is_database(name) for name in upload.names())
        try:
            return upload.read().startswith(MAGIC)
        except Unreadable:
            return False

    def unpack(self, upload: Upload) -> Iterator[Parcel | Skipped]:
        skipped: list[Skipped] = []
        worlds = [*_of_databases(upload, skipped), *(_of_files(upload, skipped) if upload.is_zip else ())]
        if not worlds:
            raise BadImport(
                "There is no world in it that could be read.", "Send the database, or the data folder in a zip."
            )
        yield from skipped
        for world in worlds:
            yield from _unpacked(world)


def _is_memory(name: str) -> bool:
    parts = name.split("/")
    return len(parts) >= 4 and parts[-1] == "memory.json" and parts[-3] == "agents"


def _is_database(name: str) -> bool:
    return name.endswith((".db", ".sqlite", ".sqlite3"))


# --- where worlds come from ------------------------------------------------------------------------------------------


def _of_databases(upload: Upload, skipped: list[Skipped]) -> Iterator[World]:
    for name in [each for each in upload.names() if _is_database(each)] if upload.is_zip else [""]:
        try:
            tables = read_worlds(upload.read(name))
        except Unreadable as error:
            skipped.append(Skipped(name or "the database", str(error)))
            continue
        for row in tables.worlds:
            world = World(a_name(row.get("id")), a_name(row.get("name")) or a_name(row.get("id")))
            of_world = [each for each in tables.chats if a_name(each.get("world_id")) == world.id]
            world.chats = {a_name(each.get("id")): _camel(each) for each in of_world}
            for each in tables.memories:
                if a_name(each.get("world_id")) == world.id:
                    told = _camel(each)
                    world.memories.append(Memory(a_name(told.get("agentId")), a_name(told.get("chatId")), told))
            for each in tables.archived:
                if a_name(each.get("world_id")) == world.id:
                    title = f"{a_name(each.get('session_name')) or 'Archive'} {a_name(each.get('archive_id'))}"
                    told = _camel(each)
                    world.archives.setdefault(title, []).append(Memory(a_name(told.get("agentId")), "", told))
            yield world


def _camel(row: JsonObject) -> JsonObject:
    """A row under the names that the files use."""
    return {_camel_name(key): value for key, value in row.items()}


def _camel_name(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(each.capitalize() for each in rest)


def _of_files(upload: Upload, skipped: list[Skipped]) -> Iterator[World]:
    worlds: dict[str, World] = {}
    for name in upload.names():
        parts = name.split("/")
        place = next((n for n in range(1, len(parts)) if parts[n] in ("agents", "chats")), None)
        if place is None and not (len(parts) > 1 and parts[-1] == "config.json"):
            continue
        root = "/".join(parts[: place if place is not None else -1])
        world = worlds.setdefault(root, World(root, root.rpartition("/")[2]))
        if not name.endswith(".json"):
            continue
        try:
            _add_file(world, parts[place if place is not None else len(parts) - 1 :], parse(upload.read(name)))
        except Unreadable as error:
            skipped.append(Skipped(name, str(error)))
    return iter([world for world in worlds.values() if world.memories or world.chats or world.archives])


def _add_file(world: World, place: list[str], told: object) -> None:
    """One file of a world, by its place in it."""
    match place:
        case ["config.json"]:
            world.name = a_name(an_object(told).get("name")) or world.name
        case ["chats", file]:
            world.chats[a_name(an_object(told).get("id")) or file.removesuffix(".json")] = an_object(told)
        case ["agents", agent, "memory.json"]:
            world.memories += _memories(agent, told)
        case ["agents", agent, "archive", file]:
            world.archives.setdefault(f"{agent} {file.removesuffix('.json')}", []).extend(_memories(agent, told))
        case _:
            return


def _memories(agent: str, told: object) -> Iterator[Memory]:
    for each in map(an_object, an_array(told)):
        content = each.get("content")
        # The files write a line break as two characters.
        mended = {**each, "content": content.replace("\\n", "\n")} if isinstance(content, str) else each
        yield Memory(agent, a_name(each.get("chatId")), mended)


# --- what becomes of them --------------------------------------------------------------------------------------------


def _unpacked(world: World) -> Iterator[Parcel | Skipped]:
    yield SessionParcel(world.id, world.name)
    by_chat: dict[str, list[Memory]] = {chat: [] for chat in world.chats}
    for memory in world.memories:
        by_chat.setdefault(memory.chat, []).append(memory)
    for chat, memories in by_chat.items():
        told = world.chats.get(chat, {})
        title = a_text(told.get("name")) or (chat or WITHOUT)
        yield from _thread(f"chat/{chat}", title, an_instant(told.get("createdAt")), memories, is_archived=False)
    for title, memories in world.archives.items():
        yield from _thread(f"archive/{title}", title, None, memories, is_archived=True)


def _thread(
    name: str, title: str, created_at: Instant | None, memories: Iterable[Memory], is_archived: bool
) -> Iterator[Parcel | Skipped]:
    items: list[ItemParcel] = []
    skipped: list[Skipped] = []
    for number, memory in enumerate(_said_once(memories)):
        try:
            items.append(_item(memory, items[-1] if items else None))
        except Unreadable as error:
            skipped.append(Skipped(f"{name}: message {number}", str(error)))
    yield from skipped
    created_at = created_at or next((item.created_at for item in items if item.created_at), None)
    yield ThreadParcel(name, title, created_at=created_at, archived=is_archived)
    yield from items


def _said_once(memories: Iterable[Memory]) -> list[Memory]:
    """What was said, by time. Every agent that heard a message remembers it; the speaker knows its true role."""
    said: dict[tuple[str, ...], Memory] = {}
    for memory in memories:
        told = memory.told
        key = (a_name(told.get("messageId")),)
        if not key[0]:
            key = (a_name(told.get("sender")), a_text(told.get("content")), a_name(told.get("createdAt")))
        if key not in said or told.get("role") == "assistant":
            said[key] = memory
    return sorted(said.values(), key=lambda each: an_instant(each.told.get("createdAt")) or "")


def _item(memory: Memory, last: ItemParcel | None) -> ItemParcel:
    told = memory.told
    role, text, sender = told.get("role"), a_text(told.get("content")), a_name(told.get("sender"))
    if role not in ROLES:
        raise Unreadable(f"its role is none of {', '.join(ROLES)}")
    if role == "user" and sender.lower() not in HUMANS and sender:
        # Another agent spoke: to the one who remembers it that was a user.
        role = "assistant"
    parts = (*text_parts(text), *_calls(told))
    if not parts:
        raise Unreadable("it says nothing")
    agent = None if role == "user" else sender or memory.agent or None
    turn = 1 if last is None else last.turn + (role == "user" and last.role != "user")
    at = an_instant(told.get("createdAt")) or (last.created_at if last else None)
    return ItemParcel(
        cast(ItemRole, role), parts, text, turn, agent, (sender or None) if role == "user" else None, created_at=at
    )


def _calls(told: Mapping[str, object]) -> tuple[Part, ...]:
    """The calls that a message asks for, as the data that they are: they ran elsewhere."""
    calls = told.get("toolCalls") or told.get("tool_calls")
    if isinstance(calls, str):
        try:
            calls = parse(calls.encode("utf-8", "replace"))
        except Unreadable:
            return ()
    made: list[Part] = []
    for each in map(an_object, an_array(calls)):
        function = an_object(each.get("function"))
        made.append(Part("data", data={"call": a_name(function.get("name")), "arguments": function.get("arguments")}))
    return tuple(made[:50])
