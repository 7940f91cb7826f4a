"""Stage: what the stories are played on: an agent that waits to be let, and ways to wait for what happens."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field

import anyio

import laneway


@dataclass
class Gates:
    """An agent that answers only when it is let: it says `begin`, waits at its thread's gate, and says `end`."""

    open: dict[str, anyio.Event] = field(default_factory=dict[str, anyio.Event])
    batches: list[tuple[str, tuple[str, ...]]] = field(default_factory=list[tuple[str, tuple[str, ...]]])
    """What each run was given, in the order in which the runs began: (thread, texts)."""
    cancelled: list[str] = field(default_factory=list[str])

    def gate(self, thread_id: str) -> anyio.Event:
        return self.open.setdefault(thread_id, anyio.Event())

    def let(self, thread_id: str) -> None:
        """Let this thread's runs end, the one that waits and all later ones."""
        self.gate(thread_id).set()

    def given_to(self, thread_id: str) -> list[tuple[str, ...]]:
        return [texts for thread, texts in self.batches if thread == thread_id]

    async def answer(self, turn: laneway.TurnInput) -> AsyncGenerator[str]:
        self.batches.append((turn.thread_id, tuple(message.text for message in turn.batch)))
        yield f"begin {turn.text}"
        try:
            await self.gate(turn.thread_id).wait()
        except BaseException:
            self.cancelled.append(turn.thread_id)
            raise
        yield f" end {turn.text}"


async def until(
    lane: laneway.Lane, thread_id: str, is_it: Callable[[laneway.Event], bool], after: int | str = 0
) -> laneway.Event:
    """The first event of the thread that is meant, whether it has happened already or not."""
    with anyio.fail_after(60):
        async with aclosing(lane.events(thread_id, after=after)) as events:
            async for event in events:
                if is_it(event):
                    return event
    raise AssertionError("the stream ended")


def of(type_: str, turn_id: str | None = None) -> Callable[[laneway.Event], bool]:
    return lambda event: event.type == type_ and turn_id in {None, event.turn_id}
