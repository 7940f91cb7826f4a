"""Traffic: users who post, edit, stop, approve and read through any number of deaths, and note what they saw."""

import asyncio
import contextlib
import random
from collections.abc import Sequence
from typing import Any

from tests.prove.harness.http import Answer, Client, Cut
from tests.prove.harness.patient import Patient
from tests.prove.harness.sse import Reader
from tests.prove.harness.world import World, busy_threads

AWAY_S = 0.05
GIVES_UP = 0.1
"""How often an unanswered request is left alone: nobody knows then what became of it."""
UNFINISHED = ("queued", "running", "waiting", "needs_review", "paused")


class Member:
    """One user: sessions, threads, and a way of behaving."""

    def __init__(self, world: World, name: str, threads: int, pause_s: float) -> None:
        self.name = name
        self.client = world.client(name)
        self._world = world
        self._random = random.Random(world.random.random())
        self._patient = Patient(self.client, world.history, name, lambda: self._random.random() < GIVES_UP)
        self._pause_s = pause_s
        self._wanted = threads
        self.sessions: list[str] = []
        self.threads: list[str] = []

    async def settle(self) -> None:
        """Make two sessions, one of each mode, and the threads."""
        for mode in ("autonomous", "copilot"):
            made = await self._patient.sure("POST", "/sessions", {"title": f"{self.name} {mode}", "mode": mode})
            self.sessions.append(made.json["id"])
        for number in range(self._wanted):
            await self._new_thread(self.sessions[number % 2])

    @property
    def problems(self) -> list[str]:
        """Answers that no request may get."""
        return self._patient.problems

    async def live(self) -> None:
        """Do something, again and again, until cancelled."""
        while True:
            await self._act()
            await asyncio.sleep(self._random.uniform(0, 2 * self._pause_s))

    async def _act(self) -> None:
        thread = self._random.choice(self.threads)
        match self._random.randrange(20):
            case 0:
                await self._patient.ask("POST", f"/threads/{thread}/cancel")
            case 1:
                await self._patient.ask(
                    "POST", f"/threads/{thread}/queue/{self._random.choice(['pause', 'resume', 'resume'])}"
                )
            case 2:
                await self._withdraw(thread)
            case 3:
                await self._answer()
            case 4:
                await self._patient.post(thread, self._text(), delivery="steer")
            case 5:
                await self._patient.post(
                    thread, self._text(), delivery="interrupt", discard=self._random.random() < 0.5
                )
            case 6 if self._random.random() < 0.2:
                await self._replace(thread)
            case 7:
                await self._patient.ask("PATCH", f"/threads/{thread}", {"tags": [str(self._random.randrange(3))]})
            case _:
                for _ in range(self._random.choice((1, 1, 1, 4, 20))):
                    await self._patient.post(thread, self._text())

    def _text(self) -> str:
        label = f"{self.name}-{self._random.getrandbits(64):x}"
        return self._random.choice(
            (
                "say hello to you", "stream 5 10", "stream 40 5", "sleep 0.05", f"effect once {label}",
                "fail on purpose",
                'tool note.add {"text": "n", "key": "k"}', f'tool state.put {{"key": "{label}", "value": 1}}',
                "ask may I", "plain words", "stream 3 1\neffect once " + label + "\nstream 3 1",
            )
        )  # fmt: skip

    # --- everything else -----------------------------------------------------------------------------------------

    async def _withdraw(self, thread: str) -> None:
        queue = await self._patient.ask("GET", f"/threads/{thread}/queue")
        items: list[Any] = queue.json["items"] if queue is not None and queue.status == 200 else []
        if items:
            item = self._random.choice(items)["id"]
            answer = await self._patient.ask("DELETE", f"/threads/{thread}/queue/{item}")
            if answer is not None and answer.status == 204:
                self._world.history.withdrawn.add(item)

    async def _answer(self) -> None:
        """Approve or reject what waits, and settle what is in doubt: as not to be repeated."""
        waiting = await self._patient.ask("GET", "/approvals?state=open&limit=20")
        for approval in _listed(waiting):
            decision = self._random.choice(("approve", "approve", "reject"))
            body = {"decision": decision, "arguments_hash": approval["arguments_hash"]}
            await self._patient.ask("POST", f"/approvals/{approval['id']}", body)
        doubtful = await self._patient.ask("GET", "/threads?status=needs_review&limit=20")
        for thread in _listed(doubtful):
            action = self._random.choice(("skip", "mark_done"))
            await self._patient.ask("POST", f"/turns/{thread['active_turn_id']}/review", {"action": action})

    async def _replace(self, thread: str) -> None:
        self.threads.remove(thread)
        self._world.history.deleting.add(thread)
        answer = await self._patient.sure("DELETE", f"/threads/{thread}")
        if answer.status == 204:
            self._world.history.deleted.add(thread)
        await self._new_thread(self._random.choice(self.sessions))

    async def _new_thread(self, session: str) -> None:
        body = {"session_id": session, "agent_id": "script"}
        made = await self._patient.sure("POST", "/threads", body)
        self.threads.append(made.json["id"])

    async def come_to_rest(self) -> None:
        """Lift every pause and answer every question, so that everything that was accepted can run."""
        await self._answer()
        for status in ("paused", "needs_review", "waiting"):
            found = await self._patient.sure("GET", f"/threads?status={status}&limit=100")
            for thread in found.json:
                if status == "paused":
                    await self._patient.ask("POST", f"/threads/{thread['id']}/queue/resume")


def _listed(answer: Answer | None) -> list[Any]:
    return answer.json if answer is not None and answer.status == 200 else []


class Listener:
    """Reads a session's stream across deaths, always going on from the last id that came."""

    def __init__(self, world: World, client: Client, session_id: str) -> None:
        self._world = world
        self.client = client
        self.session = session_id
        self.cursor = 0
        self.resumed = 0
        self.problems: list[str] = []

    async def listen(self) -> None:
        """Read until cancelled."""
        while True:
            with contextlib.suppress(Cut):
                await self._read_once(f"/sessions/{self.session}/events")
            await asyncio.sleep(AWAY_S)

    async def read_to_end(self, path: str | None = None) -> None:
        """Read what there is, and end."""
        await self._read_once(path or f"/sessions/{self.session}/events?follow=0")

    async def _read_once(self, path: str) -> None:
        reader = Reader()
        is_new = True
        async for chunk in self.client.chunks(path, self.cursor):
            self.resumed += is_new
            is_new = False
            for told in reader.feed(chunk):
                offset = int(told.id)
                if told.body["offset"] != offset or offset <= self.cursor:
                    self.problems.append(f"I-19: after {self.cursor} of {self.session} came {told.id} ({told.event})")
                self._world.history.read(self.session, offset, told.data, self.cursor)
                self.cursor = max(self.cursor, offset)


async def at_rest(members: Sequence[Member], timeout_s: float = 30.0) -> list[str]:
    """Let everything that was accepted run; returns what did not."""
    until = asyncio.get_running_loop().time() + timeout_s
    while True:
        busy: list[str] = []
        for member in members:
            await member.come_to_rest()
            busy += await busy_threads(member.client, UNFINISHED)
        if not busy:
            return []
        if asyncio.get_running_loop().time() > until:
            return [f"I-11: {len(busy)} threads are not at rest after {timeout_s} s: {busy[:3]}"]
        await asyncio.sleep(0.1)
