"""Bugs of timers: missed times that are made up for one by one, or not at all."""

from laneway.domain.alert import Timer
from laneway.domain.instant import Instant
from laneway.runtime import timers
from laneway.runtime.system_clock import SystemClock
from laneway.store import Where
from tests.prove.bugs.inner import inner, put


def make_up_for_all() -> None:
    """The next time is the one after the last, however long ago that was."""
    following = timers.next_after

    def one_by_one(timer: Timer, occurrence: Instant, now: Instant) -> Instant | None:
        return following(timer, occurrence, occurrence)

    put(timers, "next_after", one_by_one)


def forget_what_was_missed() -> None:
    """Only what falls due while the process lives is looked for."""
    look, begun = inner(timers.Timers, "_due"), SystemClock().now()

    async def due(
        self: timers.Timers, when: Where, limit: int, cursor: str | None = None
    ) -> tuple[list[Timer], str | None]:
        found, following = await look(self, when, limit, cursor)
        return [timer for timer in found if (timer.due_at or begun) >= begun], following

    put(timers.Timers, "_due", due)
