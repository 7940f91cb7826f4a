"""Node: a process that runs turns, which of them live, and when one may take over what another ran."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from laneway.domain.frozen import replace
from laneway.domain.instant import Instant, later


@dataclass(frozen=True, slots=True)
class Node:
    """A process that runs turns. Its heartbeat is written by the store, in the store's own time."""

    id: str
    owner: str
    beat_at: Instant
    since: Instant = ""
    """Since when it has beaten without a pause of a whole lease; empty: for as long as anybody knows."""

    def beaten(self, now: Instant, lease_s: float) -> "Node":
        """The node after one more beat."""
        return replace(self, beat_at=now, since=self.since if self.is_alive(now, lease_s) else now)

    def is_alive(self, now: Instant, lease_s: float) -> bool:
        """Whether it has shown a sign of life within its lease."""
        return self.beat_at > later(now, -lease_s)

    def may_bury(self, now: Instant, lease_s: float) -> bool:
        """Whether its word counts that another is silent.

        After a pause of the store, or of everything, all nodes are silent, and whoever wakes first must not take that
        for their death: its own heartbeat has to have run unbroken for a whole lease.
        """
        return self.is_alive(now, lease_s) and self.since <= later(now, -lease_s)


@dataclass(frozen=True, slots=True)
class Living:
    """The nodes that live, as one of them sees it at one moment."""

    me: str
    names: tuple[str, ...]
    """In order; always with `me`."""
    may_bury: bool

    @property
    def leads(self) -> bool:
        """Whether this node does what one does for all. For a moment two may think so: that must harm nobody."""
        return self.names[0] == self.me

    def is_mine(self, thread_id: str, round_: int) -> bool:
        """Whether a thread is this node's to look after in this round: each is one node's, and another's in the next.

        So of several nodes that sweep one takes what it finds, and none that hangs keeps it from the others.
        """
        place = (zlib.crc32(thread_id.encode()) + round_) % len(self.names)
        return self.names[place] == self.me


def living(nodes: Iterable[Node], me: str, now: Instant, lease_s: float) -> Living:
    """Tell the living from the silent, by the store's own time."""
    known = {node.id: node for node in nodes}
    alive = {id for id, node in known.items() if node.is_alive(now, lease_s)}
    return Living(me, tuple(sorted(alive | {me})), me in known and known[me].may_bury(now, lease_s))
