"""A session's shared state: each change counts, all are told at most once a second, and the last one always is."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest

from laneway.agent import AgentEvent, Text, TurnInput
from laneway.domain.command import AddNote
from laneway.domain.errors import NotFound, Stale
from laneway.domain.json import JsonObject, as_object
from laneway.domain.kinds import SESSION
from laneway.testing.app import TestApp
from laneway.testing.owner import Owner
from laneway.tool import ToolFailed
from tests.runtime.stage import Played, ends, running


async def put(app: TestApp, by: Owner, session_id: str, key: str, value: object, version: int | None = None) -> int:
    """Write a key; returns its version."""
    command: JsonObject = {"op": "put", "key": key, "value": value, "if_version": version}
    answer = as_object((await app.states.command(by.principal, session_id, command)).reply) or {}
    assert isinstance(answer["version"], int)
    return answer["version"]


async def told(ada: Owner, session_id: str) -> list[tuple[str, object]]:
    """When a change of state was told, and which version."""
    return [(event.at, event.data["version"]) for event in await ada.log(session_id) if event.type == "state.changed"]


async def test_many_changes_in_a_second_are_told_once_and_the_last_one_at_the_next_look(app: TestApp, ada: Owner):
    session = await ada.session()
    for number in range(5):
        await put(app, ada, session.id, "key", number)
    at_first = await told(ada, session.id)

    await app.upkeep.tidy()
    within_the_second = await told(ada, session.id)
    await app.advance(1)
    await app.upkeep.tidy()
    await app.upkeep.tidy()

    assert [version for _, version in at_first] == [1]
    assert within_the_second == at_first
    assert [version for _, version in await told(ada, session.id)] == [1, 5]


async def test_no_two_tellings_of_a_session_are_closer_than_a_second(app: TestApp, ada: Owner):
    session = await ada.session()
    for number in range(40):
        await put(app, ada, session.id, "key", number)
        await app.advance(0.3)
        if number % 2:
            await app.upkeep.tidy()
    await app.advance(1)
    await app.upkeep.tidy()

    times = [at for at, _ in await told(ada, session.id)]
    assert (await told(ada, session.id))[-1][1] == 40
    assert all(seconds(later) - seconds(before) >= 1 for before, later in pairwise(times))


def seconds(at: str) -> float:
    return float(at[17:26]) + 60 * float(at[14:16])


async def test_a_clock_that_is_set_back_does_not_silence_a_session(app: TestApp, ada: Owner):
    session = await ada.session()
    await put(app, ada, session.id, "key", 1)
    app.clock.set_back(3600)

    await put(app, ada, session.id, "key", 2)

    assert [version for _, version in await told(ada, session.id)] == [1, 2]


async def test_notes_are_state_too(app: TestApp, ada: Owner):
    session = await ada.session()

    await ada.do(AddNote(**ada.stamp(), session_id=session.id, text="remember"))

    state, _ = await app.states.snapshot(ada.principal, session.id)
    assert state["version"] == 1
    assert [version for _, version in await told(ada, session.id)] == [1]


async def test_of_two_writers_with_the_same_version_one_wins(app: TestApp, ada: Owner):
    session = await ada.session()
    await put(app, ada, session.id, "key", "first")

    outcomes = await asyncio.gather(
        *(put(app, ada, session.id, "key", number, version=1) for number in range(10)), return_exceptions=True
    )

    assert sum(outcome == 2 for outcome in outcomes) == 1
    assert sum(isinstance(outcome, Stale) for outcome in outcomes) == 9


async def test_agents_of_parallel_threads_lose_no_update():
    async def counting(turn: TurnInput) -> AsyncIterator[AgentEvent]:
        for _ in range(5):
            while True:
                try:
                    found = as_object(await turn.handle.call("state.get", {"key": "count"})) or {}
                    count, version = found["value"], found["version"]
                except ToolFailed:
                    count, version = 0, 0
                assert isinstance(count, int)
                try:
                    await turn.handle.call("state.put", {"key": "count", "value": count + 1, "version": version})
                    break
                except ToolFailed:
                    continue
        yield Text("counted")

    async with running(Played("counting", counting)) as app:
        ada = app.user()
        session = await ada.session()
        threads = [await ada.thread("count", session_id=session.id) for _ in range(6)]
        await app.drain()

        state, _ = await app.states.snapshot(ada.principal, session.id)
        assert [ends(await ada.events(thread.id)) for thread in threads] == [["turn.completed"]] * 6
        assert state["keys"] == [{"key": "count", "value": 30, "version": 30}]


async def test_sessions_do_not_see_each_other_s_state(app: TestApp, ada: Owner):
    one, two = await ada.session(), await ada.session()

    await put(app, ada, one.id, "key", "one")

    state, _ = await app.states.snapshot(ada.principal, two.id)
    assert state["keys"] == []
    assert await told(ada, two.id) == []
    with pytest.raises(NotFound):
        await put(app, app.user("eve"), one.id, "key", "hers")
    assert (await ada.find(SESSION, two.id)) is not None


async def test_agents_are_briefed_with_the_state_and_the_prompt_notes(app: TestApp, ada: Owner):
    session = await ada.session()
    await put(app, ada, session.id, "colour", "red")
    await ada.do(AddNote(**ada.stamp(), session_id=session.id, text="always polite", prompt=True))
    await ada.do(AddNote(**ada.stamp(), session_id=session.id, text="not for agents"))
    thread = await ada.thread("context", agent_id="script", session_id=session.id)

    await app.drain()

    given = (await ada.said(thread.id))[-1][1]
    assert "colour" in given
    assert "always polite" in given
    assert "not for agents" not in given
