"""Deaths at any moment, among everything that users do: what was accepted ends, once, and no effect is repeated."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from random import Random

import pytest

from laneway.domain.kinds import NOTE
from laneway.domain.principal import SYSTEM
from laneway.domain.queue import Delivery
from laneway.domain.session import Note
from laneway.store import Page, Query
from laneway.testing.app import TestApp
from laneway.testing.owner import Owner
from tests.runtime.audit import audit

LEASE_S = 6.0
DEATHS = 4
DELIVERIES: tuple[Delivery, ...] = ("queue", "queue", "queue", "queue", "steer", "interrupt")


@dataclass
class Life:
    """A store with one node after the other, and users who do not care which of them lives."""

    chance: Random
    node: TestApp
    threads: list[str] = field(default_factory=list[str])
    labels: int = 0

    @property
    def ada(self) -> Owner:
        return self.node.user("ada")

    def script(self) -> str:
        """A message that says, notes, pays and fails, each thing under a name of its own."""
        self.labels += 1
        lines = [
            f"say hello {self.labels}",
            f'tool note.add {{"text": "note {self.labels}"}}',
            f"effect once label-{self.labels}",
            f"stream 3 {self.chance.choice((0, 10))}",
            "fail on purpose",
        ]
        return "\n".join(self.chance.sample(lines[:4], self.chance.randint(1, 4)) + lines[4:] * (self.labels % 7 == 0))

    async def act(self) -> None:
        """One thing that a user does."""
        thread_id = self.chance.choice(self.threads)
        match self.chance.randrange(10):
            case 0:
                await self.ada.cancel(thread_id)
            case 1 | 2:
                await self.ada.resume(thread_id)
            case 3:
                posted = await self.ada.post(thread_id, self.script())
                await asyncio.gather(self.ada.withdraw(posted), return_exceptions=True)
            case _:
                delivery = self.chance.choice(DELIVERIES)
                await self.ada.post(
                    thread_id,
                    self.script(),
                    delivery=delivery,
                    discard=delivery == "interrupt" and self.labels % 2 == 0,
                )

    async def some_time(self) -> None:
        """A few turns of the event loop, of the clock, of the sweep."""
        for _ in range(self.chance.randint(0, 60)):
            await asyncio.sleep(0)
        if self.chance.random() < 0.5:
            await self.node.advance(self.chance.choice((0.005, 0.05, 1.0)))

    async def die(self, number: int) -> None:
        """The node dies where it stands; the next one takes over when the lease has run out."""
        await self.node.kill()
        self.node = self.node.beside(f"node-{number}")
        await self.node.clock.advance(LEASE_S + 1)
        await self.node.start()

    async def come_to_rest(self) -> None:
        """Answer every question, lift every pause, and let everything end."""
        for _ in range(2000):
            # Its heartbeat is a commit: each round gives every commit that is on its way the time to arrive.
            await self.node.advance(1)
            await self.node.upkeep.sweep()
            for thread_id in self.threads:
                thread = await self.ada.show(thread_id)
                if thread.status == "needs_review":
                    await self.ada.review(
                        (await self.ada.turns(thread_id))[-1], self.chance.choice(("skip", "mark_done"))
                    )
                elif thread.status == "paused":
                    await self.ada.resume(thread_id)
            for _ in range(20):
                await asyncio.sleep(0)
            if {(await self.ada.show(thread_id)).status for thread_id in self.threads} == {"idle"}:
                return
        raise AssertionError("it does not come to rest")


@pytest.mark.parametrize("seed", range(10))
async def test_whatever_dies_everything_that_was_accepted_ends_once(seed: int):
    life = Life(Random(seed), TestApp())
    first = life.node
    await first.start()
    session = await life.ada.session(mode="autonomous")
    for _ in range(4):
        life.threads.append((await life.ada.thread(session_id=session.id)).id)

    for number in range(DEATHS):
        for _ in range(12):
            await life.act()
            await life.some_time()
        await life.die(number + 2)
    await life.come_to_rest()

    for thread_id in life.threads:
        await audit(life.ada, thread_id)
    assert max(Counter(first.effects).values(), default=0) <= 1
    assert max(Counter(await notes(first)).values(), default=0) <= 1
    await life.node.stop()
    await first.stop()


async def notes(app: TestApp) -> list[str]:
    page = (await app.beside("reader").store.read(SYSTEM, Query(NOTE, limit=1000))).results[0]
    assert isinstance(page, Page)
    return [note.text for note in page.records if isinstance(note, Note)]
