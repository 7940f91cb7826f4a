"""Describing threads while the store is away: a try in vain, and no more."""

import asyncio

from laneway.agent import Condensed
from laneway.domain.errors import Unavailable
from laneway.domain.thread import Usage
from laneway.runtime.describer import WAIT_S, Describer, DescriberOptions
from laneway.store import Ask
from laneway.testing.app import TestApp
from tests.runtime.stage import Played, echo, running


class Writer(Played):
    """An agent that also finds titles."""

    async def condense(self, instruction: str, text: str) -> Condensed:
        return Condensed("A good title", Usage())


async def test_a_thread_is_described_when_the_store_is_back():
    async with running(Writer("echo", echo)) as app:
        ada = app.user()
        thread = await ada.thread("a first message")
        await app.drain()
        away = [True]

        async def look(asks: tuple[Ask, ...]) -> None:
            if away:
                away.clear()
                raise Unavailable("The database could not be reached.")

        describer = Describer(app.runtime, app.store, app.agents, DescriberOptions(summaries=False))
        shown = await ada.show(thread.id)
        app.store.before_read = look
        describer.look_at(shown)
        await asleep(app)
        await app.clock.advance(WAIT_S[0])
        while (await ada.show(thread.id)).title != "A good title":  # noqa: ASYNC110 - written within a few turns of the loop
            await asyncio.sleep(0)

        await describer.stop()


async def asleep(app: TestApp) -> None:
    async with asyncio.timeout(60):
        await app.clock.until_asleep(WAIT_S[0])
