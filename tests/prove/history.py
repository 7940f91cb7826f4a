"""History: what clients asked, what they were told, which bytes they read. The auditor compares the store with it."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

Fate = Literal["invoked", "ok", "refused", "unknown"]


@dataclass(slots=True)
class Post:
    """One message that a client sent, once or several times under one Idempotency-Key. Its text is unique."""

    key: str
    thread_id: str
    text: str
    fate: Fate = "invoked"
    item_id: str | None = None
    status: int | None = None
    """The status of a refusal."""


@dataclass
class History:
    """Everything that clients of one database did, over all lives of its server."""

    posts: list[Post] = field(default_factory=list[Post])
    withdrawn: set[str] = field(default_factory=set[str])
    """Queue items whose withdrawal was acknowledged."""
    deleted: set[str] = field(default_factory=set[str])
    """Threads and sessions whose deletion was acknowledged."""
    deleting: set[str] = field(default_factory=set[str])
    """Threads whose deletion was asked for, whatever became of it."""
    effects: list[str] | None = None
    """The lines of effects.log; each label was asked for by exactly one call."""
    frames: dict[tuple[str, int], bytes] = field(default_factory=dict[tuple[str, int], bytes])
    """The data line of each event that a client read, by session and offset."""
    differing: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    """Events of which two reads gave different bytes."""
    jumps: set[tuple[str, int, int]] = field(default_factory=set[tuple[str, int, int]])
    """Where a reader of a session was told of an offset and then of a later one that is not the next."""

    def post(self, key: str, thread_id: str, text: str) -> Post:
        """Note that a message is about to be sent."""
        sent = Post(key, thread_id, text)
        self.posts.append(sent)
        return sent

    def read(self, session_id: str, offset: int, data: bytes, after: int) -> None:
        """Note the bytes of an event that a reader was sent, who had been told everything up to `after`."""
        if offset > after + 1:
            self.jumps.add((session_id, after, offset))
        if self.frames.setdefault((session_id, offset), data) != data:
            self.differing.append((session_id, offset))

    def of_thread(self, thread_id: str) -> Iterator[Post]:
        """What was sent to one thread."""
        return (post for post in self.posts if post.thread_id == thread_id)

    def save(self, path: Path) -> None:
        """Keep it beside a database that failed its audit."""
        path.write_text("\n".join(json.dumps(asdict(post)) for post in self.posts), encoding="utf-8")
