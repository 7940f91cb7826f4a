"""What a turn costs in the steady state: few commits, few events, and no more of them as the thread grows."""

from laneway.agent import TurnInput
from laneway.agents.function import FunctionAgent
from tests.runtime.stage import running


def shout(turn: TurnInput) -> str:
    return turn.text.upper()


async def test_a_null_turn_is_three_commits_and_at_most_nine_events():
    async def answer(turn: TurnInput) -> str:
        return "hello"

    async with running(FunctionAgent("null", answer)) as app:
        ada = app.user()
        thread = await ada.thread("first")
        await app.drain()
        del app.store.commits[:]

        await ada.post(thread.id, "second")
        await app.drain()

        assert app.store.commits == [
            ("queue.item_added",),
            ("turn.started", "queue.item_consumed", "item.started", "item.completed"),
            ("item.started", "item.delta", "item.completed", "turn.completed"),
        ]


async def test_a_turn_costs_the_same_however_long_the_thread_is():
    async def answer(turn: TurnInput) -> str:
        return "hello"

    async with running(FunctionAgent("null", answer)) as app:
        ada = app.user()
        thread = await ada.thread()
        costs: list[int] = []
        for number in range(30):
            del app.store.commits[:]
            await ada.post(thread.id, f"number {number}")
            await app.drain()
            costs.append(sum(map(len, app.store.commits)))

        assert len(set(costs[1:])) == 1


async def test_a_combined_turn_adds_three_events_a_message_and_no_commit():
    async def answer(turn: TurnInput) -> str:
        return "hello"

    async with running(FunctionAgent("null", answer)) as app:
        ada = app.user()
        thread = await ada.thread("first", settings={"paused": True})
        for number in range(9):
            await ada.post(thread.id, f"number {number}")
        del app.store.commits[:]

        await ada.resume(thread.id)
        await app.drain()

        assert [len(commit) for commit in app.store.commits] == [1, 1 + 3 * 10, 4]


async def test_a_function_on_a_thread_of_its_own_may_cost_one_commit_more():
    async with running(FunctionAgent("shout", shout)) as app:
        ada = app.user()
        thread = await ada.thread("first")
        await app.drain()
        del app.store.commits[:]

        await ada.post(thread.id, "second")
        await app.drain()

        assert len(app.store.commits) <= 4
        assert (await ada.said(thread.id))[-1] == ("assistant", "SECOND")
