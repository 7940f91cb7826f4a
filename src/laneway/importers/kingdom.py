"""Kingdom: a zip of `.kd/`: branches with threads of Markdown messages, and each agent's resume id.

.kd/branches/<branch>/threads/<thread>/0001-king.md      a message: YAML front matter (from, to, timestamp, …), text
.kd/branches/<branch>/threads/<thread>/thread.json       {id, members, pattern, created_at}; may be missing
.kd/branches/<branch>/state.json                         {current_thread}
.kd/branches/<branch>/sessions/<agent>.json              {resume_id, agent_backend}; older: <agent>.session, a text
.kd/archive/<branch>/…                                   the same, of branches that are done
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from laneway.domain.json import JsonObject
from laneway.domain.parcel import ItemParcel, LaneParcel, Parcel, SessionParcel, ThreadParcel
from laneway.importer import BadImport, Skipped, Unreadable, Upload
from laneway.importers.reading import a_name, an_array, an_instant, an_object, clean, parse, text_parts

KING = "king"
_PLACE = re.compile(r"(?:.*/)?(?:\.kd/)?(branches|archive)/([^/]+)/(?:(threads)/([^/]+)|(sessions))/([^/]+)|"
                    r"(?:.*/)?(?:\.kd/)?(branches|archive)/([^/]+)/(state\.json)")  # fmt: skip
_MESSAGE = re.compile(r"(\d{1,9})-.*\.md")
_CUT_OFF = ("interrupted", "timeout", "error")


@dataclass(slots=True)
class _Branch:
    """The files of one branch, by what they are."""

    name: str
    is_archived: bool
    state: str | None = None
    threads: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    sessions: list[str] = field(default_factory=list[str])


class KingdomImporter:
    """A branch becomes a session, its threads become threads; a resume id goes to its branch's current thread."""

    name = "kingdom"

    def recognises(self, upload: Upload) -> bool:
        return any(_PLACE.fullmatch(name) and _MESSAGE.fullmatch(name.rpartition("/")[2]) for name in upload.names())

    def unpack(self, upload: Upload) -> Iterator[Parcel | Skipped]:
        branches = _branches(upload)
        if not branches:
            raise BadImport("The zip holds no branches of a `.kd/` folder.", "Zip the folder .kd itself.")
        for branch in branches:
            yield from _unpacked(upload, branch)


def _branches(upload: Upload) -> list[_Branch]:
    found: dict[tuple[str, str], _Branch] = {}
    for name in upload.names():
        match = _PLACE.fullmatch(name)
        if match is None:
            continue
        kind, branch_name = match[1] or match[7], match[2] or match[8]
        branch = found.setdefault((kind, branch_name), _Branch(branch_name, kind == "archive"))
        if match[9]:
            branch.state = name
        elif match[3]:
            branch.threads.setdefault(match[4], []).append(name)
        else:
            branch.sessions.append(name)
    return [branch for branch in found.values() if branch.threads or branch.sessions]


def _unpacked(upload: Upload, branch: _Branch) -> Iterator[Parcel | Skipped]:
    kind = "archive" if branch.is_archived else "branches"
    yield SessionParcel(f"{kind}/{branch.name}", branch.name)
    current, lanes = _current(upload, branch), list(_lanes(upload, branch))
    for name, files in branch.threads.items():
        of_thread = [lane for _, lane in lanes if isinstance(lane, LaneParcel)] if name == current else []
        yield from _thread(upload, branch, name, files, of_thread)
    for path, lane in lanes:
        if isinstance(lane, Skipped):
            yield lane
        elif current not in branch.threads:
            yield Skipped(path, "its resume id belongs to no thread: the branch has no current one")


def _thread(
    upload: Upload, branch: _Branch, name: str, files: list[str], lanes: list[LaneParcel]
) -> Iterator[Parcel | Skipped]:
    messages: list[tuple[int, ItemParcel]] = []
    meta: JsonObject = {}
    for path in files:
        file = path.rpartition("/")[2]
        try:
            if file == "thread.json":
                meta = an_object(parse(upload.read(path)))
            elif (number := _MESSAGE.fullmatch(file)) is not None:
                messages.append((int(number[1]), _message(upload.read(path))))
            else:
                yield Skipped(path, "it is no message")
        except Unreadable as error:
            yield Skipped(path, str(error))
    items = _in_turns([item for _, item in sorted(messages, key=lambda each: each[0])])
    members = tuple(dict.fromkeys(a_name(each) for each in an_array(meta.get("members"))))
    pattern = a_name(meta.get("pattern"))
    yield ThreadParcel(
        name, name, created_at=an_instant(meta.get("created_at")) or next((item.created_at for item in items), None),
        members=tuple(each for each in members if each not in ("", KING))[:20],
        tags=(pattern,) if pattern else (), archived=branch.is_archived,
    )  # fmt: skip
    yield from lanes
    yield from items


def _message(body: bytes) -> ItemParcel:
    """One message file; raises `Unreadable`."""
    try:
        text = clean(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise Unreadable(f"it is not UTF-8: byte {error.start}") from error
    text = text.replace("\r\n", "\n")
    front = re.match(r"---\n(.*?)\n---(?:\n|$)", text, re.DOTALL)
    if front is None:
        raise Unreadable("it has no front matter")
    told = _front_matter(front[1])
    said = text[front.end() :].strip()
    who = a_name(told.get("from"))
    if not who or not said:
        raise Unreadable("it says nothing" if who else "it does not say who it is from")
    is_user = who == KING
    return ItemParcel(
        "user" if is_user else "assistant", text_parts(said), said, agent=None if is_user else who,
        sender=who if is_user else None, state="interrupted" if told.get("status") in _CUT_OFF else "complete",
        created_at=an_instant(told.get("timestamp")),
    )  # fmt: skip


def _front_matter(text: str) -> Mapping[str, str]:
    """The plain `key: value` lines; lists and whatever else YAML knows are passed over."""
    pairs = (line.partition(":") for line in text.split("\n") if line[:1] not in (" ", "-", "#", ""))
    return {key.strip(): value.strip().strip("'\"") for key, _, value in pairs}


def _in_turns(items: list[ItemParcel]) -> list[ItemParcel]:
    """What the king asks begins a turn; the answers of all members belong to it."""
    made: list[ItemParcel] = []
    turn = 1
    for item in items:
        turn += bool(made) and item.role == "user" and made[-1].role != "user"
        at = item.created_at or (made[-1].created_at if made else None)
        made.append(
            ItemParcel(item.role, item.parts, item.text, turn, item.agent, item.sender, item.state, at)
        )  # fmt: skip
    return made


def _current(upload: Upload, branch: _Branch) -> str | None:
    if branch.state is None:
        return None
    try:
        return a_name(an_object(parse(upload.read(branch.state))).get("current_thread")) or None
    except Unreadable:
        return None


def _lanes(upload: Upload, branch: _Branch) -> Iterator[tuple[str, LaneParcel | Skipped]]:
    """The resume ids of a branch's agents. The newer of two files for one agent counts."""
    agents = {path.rpartition("/")[2].partition(".")[0] for path in branch.sessions if path.endswith(".json")}
    for path in branch.sessions:
        agent, _, ending = path.rpartition("/")[2].rpartition(".")
        if ending == "session" and agent in agents:
            continue
        try:
            lane = _lane(agent, ending, upload.read(path))
        except Unreadable as error:
            yield path, Skipped(path, str(error))
            continue
        if lane is not None:
            yield path, lane


def _lane(agent: str, ending: str, body: bytes) -> LaneParcel | None:
    if ending == "session":
        resume_id, backend = a_name(body.decode("utf-8", "replace")), ""
    elif ending == "json":
        told = an_object(parse(body))
        resume_id, backend = a_name(told.get("resume_id")), a_name(told.get("agent_backend"))
    else:
        raise Unreadable("it is no agent's state")
    return LaneParcel("council", agent, resume_id, backend) if resume_id and agent else None
