"""The isolation gate: twenty threads of two users at once, and nothing of one is ever seen in another."""

import asyncio
import json
import random
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import msgspec

from laneway import wire
from laneway.agent import AgentEvent, Text, TurnInput
from laneway.domain.item import Item
from laneway.domain.json import Json, JsonObject
from laneway.testing.app import TestApp, TestOptions
from laneway.testing.owner import Owner
from laneway.tool import ToolScope, ToolSpec
from tests.runtime.stage import Played, ends, running

CANARY = re.compile(r"canary-[0-9]{3}")
"""Whole ones: the preview of a message, which a thread's summary carries, may end within one."""
ROUNDS = 4


class Echo:
    """A tool that gives back what it is given, a moment later."""

    spec = ToolSpec("echo", "Gives back.", {"type": "object"}, "once")

    async def call(self, scope: ToolScope, arguments: JsonObject) -> Json:
        await asyncio.sleep(0)
        return {"echo": arguments}


@dataclass(frozen=True)
class Cage:
    """One thread with the only canary that may ever be heard in it."""

    owner: Owner
    session_id: str
    thread_id: str
    canary: str


async def singing(turn: TurnInput) -> AsyncIterator[AgentEvent]:
    """Repeat the canary of the batch in text, in a tool call, and in all that was given; let others sing meanwhile."""
    (canary,) = set(CANARY.findall(" ".join(message.text for message in turn.batch)))
    for word in (canary, " sings ", canary):
        yield Text(word)
        await asyncio.sleep(0)
    await turn.handle.call("echo", {"text": canary})
    await asyncio.sleep(0)
    given = {
        "history": [item.text for item in await turn.handle.history()],
        "batch": [message.text for message in turn.batch],
        "ids": [turn.session_id, turn.thread_id, turn.turn_id],
        "lane": turn.lane.scope,
    }
    yield Text(json.dumps(given))


async def cages(app: TestApp) -> list[Cage]:
    made: list[Cage] = []
    for name in ("ada", "bob"):
        user = app.user(name)
        for _ in range(2):
            session = await user.session(mode="autonomous")
            for _ in range(5):
                canary = f"canary-{len(made):03}"
                thread = await user.thread(session_id=session.id, title=f"the cage of {canary}")
                made.append(Cage(user, session.id, thread.id, canary))
    return made


async def act(cage: Cage, chance: random.Random) -> None:
    """Do what users do: send, edit, move, take back, stop, resume; each text carries the thread's canary."""
    posted = await cage.owner.post(cage.thread_id, f"{cage.canary} {chance.random()}")
    match chance.randrange(6):
        case 0 if (await cage.owner.receipt(posted)).state == "queued":
            await quietly(cage.owner.edit(posted, text=f"{cage.canary} edited"))
        case 1:
            await quietly(cage.owner.withdraw(posted))
        case 2:
            await cage.owner.cancel(cage.thread_id)
            await cage.owner.resume(cage.thread_id)
        case 3:
            await cage.owner.post(cage.thread_id, f"{cage.canary} now!", delivery="interrupt")
        case _:
            pass


async def quietly(change: object) -> None:
    """A change that the claim may have beaten."""
    assert asyncio.iscoroutine(change)
    await asyncio.gather(change, return_exceptions=True)


async def test_nothing_crosses_between_twenty_threads_that_run_at_once():
    options = TestOptions(flush_s=0, tools=[Echo()])
    async with running(Played("singing", singing), options=options) as app:
        there = await cages(app)
        chance = random.Random(20)
        for _ in range(ROUNDS):
            chance.shuffle(there)
            await asyncio.gather(*(act(cage, chance) for cage in there))
        for cage in there:
            await cage.owner.resume(cage.thread_id)
        await app.drain()

        prompts = 0
        for cage in there:
            prompts += await check_transcript(cage)
            await check_queue(cage)
            await check_events(cage, {each.thread_id for each in there} - {cage.thread_id})
        for session_id in {cage.session_id for cage in there}:
            await check_log(session_id, there)
        await check_ownership(there)
        assert prompts > len(there), "too few turns came to their end for this to prove anything"


async def check_transcript(cage: Cage) -> int:
    """Check what was said, and return how many prompts were seen in it."""
    items = await cage.owner.items(cage.thread_id)
    turns = {turn.id for turn in await cage.owner.turns(cage.thread_id)}
    assert canaries(items) == {cage.canary}
    assert {(item.thread_id, item.session_id, item.owner) for item in items} == {
        (cage.thread_id, cage.session_id, cage.owner.principal.user_id)
    }
    assert {item.turn_id for item in items} <= turns
    prompts = [prompt for item in items if (prompt := prompt_of(item)) is not None]
    for given in prompts:
        assert canaries(given) == {cage.canary}
        assert (given.ids[:2], given.lane) == ([cage.session_id, cage.thread_id], cage.thread_id)
    return len(prompts)


class Given(msgspec.Struct):
    """What an agent was given."""

    history: list[str]
    batch: list[str]
    ids: list[str]
    lane: str


def prompt_of(item: Item) -> Given | None:
    """What an answer says that its agent was given."""
    start = item.text.find("{")
    if item.role != "assistant" or start < 0 or item.state != "complete":
        return None
    return wire.decode(item.text[start:], Given)


async def check_queue(cage: Cage) -> None:
    accepted = await cage.owner.accepted(cage.thread_id)
    turns = {turn.id for turn in await cage.owner.turns(cage.thread_id)}
    assert canaries(accepted) == {cage.canary}
    assert {item.turn_id for item in accepted} <= turns | {None}
    assert {item.state for item in accepted} <= {"consumed", "withdrawn"}


async def check_events(cage: Cage, others: set[str]) -> None:
    events = await cage.owner.events(cage.thread_id)
    assert {event.thread_id for event in events} == {cage.thread_id}
    assert {event.session_id for event in events} == {cage.session_id}
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert canaries(events) == {cage.canary}
    body = wire.encode(events).decode()
    assert not [other for other in others if other in body]
    assert len(ends(events)) == len(await cage.owner.turns(cage.thread_id))


async def check_log(session_id: str, there: list[Cage]) -> None:
    members = [cage for cage in there if cage.session_id == session_id]
    log = await members[0].owner.log(session_id)
    assert [event.offset for event in log] == list(range(1, len(log) + 1))
    assert {event.thread_id for event in log} - {None} == {cage.thread_id for cage in members}
    assert canaries(log) == {cage.canary for cage in members}


async def check_ownership(there: list[Cage]) -> None:
    names = {cage.owner.principal.user_id: cage.owner for cage in there}
    for cage in there:
        (stranger,) = [owner for name, owner in names.items() if name != cage.owner.principal.user_id]
        assert await stranger.items(cage.thread_id) == []
        assert await stranger.turns(cage.thread_id) == []


def canaries(value: Json) -> set[str]:
    """Every canary in a value, wherever it is."""
    return set(CANARY.findall(wire.encode(value).decode()))
