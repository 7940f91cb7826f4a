"""N-6: requests are cancelled at each of their awaits while others ask. Nobody reads what is another's."""

import asyncio
import random
import re
from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from laneway.api import create_api
from laneway.app import App
from laneway.config import load
from laneway.stores.postgres import store as postgres_store
from laneway.stores.postgres.connection import Connection
from tests.prove.bugs.inner import put
from tests.prove.harness.http import API
from tests.prove.harness.world import FLAGS, World, world
from tests.prove.history import Post
from tests.prove.scenario import Report

USERS = tuple(f"user{number}" for number in range(6))
CANARY = re.compile(rb"canary-[a-z0-9]+-[0-9a-f]+")
CONNECTIONS = 2
"""Of either sort: so few that what one request leaves behind is what the next one gets."""
FINE = (200, 201, 202)
REST_S = 60.0
LOST_S = 30.0
"""An answer that takes longer does not come."""


def run(seed: int, pairs: int) -> Report:
    report = Report()
    asyncio.run(_run(seed, pairs, report))
    return report


async def _run(seed: int, pairs: int, report: Report) -> None:
    put(postgres_store, "READING", CONNECTIONS)
    put(postgres_store, "WRITING", CONNECTIONS)
    cut = _note_interrupted()
    async with world(seed, USERS, is_warm=False) as here:
        app = App(load(environ={}, flags=FLAGS | here.place | {"port": here.port}))
        await app.start()
        crowd = _Crowd(here, app, report)
        await crowd.settle()
        for _ in range(pairs):
            await crowd.interrupt_one()
            kept = sum(connection.is_clean for connection in cut)
            report.expect(not kept, f"I-30: {kept} connections that were interrupted may be lent again")
            if not report.passed:
                break
        await crowd.come_to_rest()
        figures = await app.store.figures()
        report.expect((figures.lent or 0) <= 1, f"I-30: {figures.lent} connections are lent, and nobody asks anything")
        await app.stop()
        report.findings += await asyncio.to_thread(here.audit, is_quiet=True)
        here.judge(report)
    report.figures = {
        "pairs": crowd.pairs, "cancelled": crowd.cancelled, "awaits": sum(each.longest for each in crowd.acts),
        "interrupted_connections": len(cut), "answers_read": crowd.answers,
    }  # fmt: skip
    report.expect(crowd.cancelled > pairs // 20, f"N-6: of {pairs} requests, {crowd.cancelled} were cancelled")


def _note_interrupted() -> list[Connection]:
    """From now on, every connection on which somebody stopped waiting for an answer."""
    interrupted: list[Connection] = []

    def noting(name: str) -> Callable[..., Coroutine[Any, Any, Any]]:
        ask = vars(Connection)[name]

        async def noted(self: Connection, *given: Any) -> Any:
            try:
                return await ask(self, *given)
            except asyncio.CancelledError:
                interrupted.append(self)
                raise

        return noted

    for name in ("fetch", "execute", "script"):
        put(Connection, name, noting(name))
    return interrupted


class Interrupted:
    """A coroutine whose task is cancelled at its n-th await."""

    def __init__(self, work: Coroutine[Any, Any, Any], at: int) -> None:
        self._work = work
        self._at = at
        self.awaits = 0

    def __await__(self) -> Generator[Any, Any, Any]:
        steps, task = self._work.__await__(), asyncio.current_task()
        assert task is not None
        thrown: BaseException | None = None
        while True:
            try:
                awaited = next(steps) if thrown is None else steps.throw(thrown)
            except StopIteration as done:
                return done.value
            self.awaits += 1
            if self.awaits == self._at:
                asyncio.get_running_loop().call_soon(task.cancel)
            thrown = None
            try:
                yield awaited
            except BaseException as error:  # noqa: BLE001 - it belongs to the coroutine, whatever it is
                thrown = error


@dataclass
class _Answer:
    """What was sent to somebody, whole or not."""

    status: int = 0
    body: bytes = b""


@dataclass
class _Person:
    """One user, with a word that nobody else may ever read."""

    name: str
    key: str
    canary: str
    session: str = ""
    thread: str = ""


@dataclass
class _Act:
    """A request that somebody may make; braces are the person's own things."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    is_post: bool = False
    """It sends a message, which has to be there once, whatever happens."""
    at: int = 0
    """The await at which it was cancelled the last time."""
    longest: int = 0


READS = (
    "/threads/{thread}", "/threads/{thread}/messages", "/threads", "/sessions", "/sessions/{session}/state",
    "/sessions/{session}/events?follow=0&after=0", "/search?q={canary}", "/threads/{thread}/turns",
)  # fmt: skip


def _acts() -> list[_Act]:
    return [
        *(_Act("GET", path) for path in READS),
        _Act("PATCH", "/threads/{thread}", {"title": "{canary}"}),
        _Act("PUT", "/sessions/{session}/keys/k", {"value": "{canary}"}),
        _Act("POST", "/sessions/{session}/notes", {"text": "{canary}", "key": "k"}),
        _Act("POST", "/threads/{thread}/messages", is_post=True),
    ]


@dataclass
class _Crowd:
    """Everybody, on one server in this process, whose tasks can be reached."""

    here: World
    app: App
    report: Report
    pairs: int = 0
    cancelled: int = 0
    answers: int = 0
    acts: Sequence[_Act] = field(default_factory=_acts)
    people: list[_Person] = field(default_factory=list[_Person])

    def __post_init__(self) -> None:
        self._api = create_api(self.app)
        self._random: random.Random = self.here.random

    async def settle(self) -> None:
        """Put everybody's word wherever text goes."""
        for name in USERS:
            one = _Person(name, self.here.keys[name], f"canary-{name}-{self._random.getrandbits(60):x}")
            self.people.append(one)
            one.session = await self._made(one, "/sessions", {"title": one.canary, "mode": "autonomous"})
            thread = {"session_id": one.session, "agent_id": "script", "title": one.canary}
            one.thread = await self._made(one, "/threads", thread)
            await self._made(one, f"/sessions/{one.session}/notes", {"text": one.canary})
            await self._post(one)
        await self.come_to_rest()

    async def interrupt_one(self) -> None:
        """Cancel one user's request at its next await in turn, while two others ask something."""
        act, (victim, *others) = self._random.choice(self.acts), self._random.sample(self.people, 3)
        act.at = act.at + 1 if act.at <= act.longest else 1
        sent = self._sent(victim) if act.is_post else None
        answer = _Answer()
        work = Interrupted(self._ask(victim, act, sent, answer), act.at)
        asking = [self._look(other, self._random.choice(self.acts)) for other in others]
        results = await asyncio.gather(_wait_for(work), *asking, return_exceptions=True)
        self.pairs += 1
        self.cancelled += isinstance(results[0], asyncio.CancelledError)
        act.longest = max(act.longest, work.awaits)
        self._read(victim, act, answer)
        self.report.findings += [f"C-43: {each!r}" for each in results if isinstance(each, Exception)]
        if sent is not None:
            await self._repeat(victim, sent)

    async def come_to_rest(self) -> None:
        """Wait until everything that was sent has been answered."""
        async with asyncio.timeout(REST_S):
            for one in self.people:
                for status in ("queued", "running"):
                    while (await self._whole(one, "GET", f"/threads?status={status}")).body != b"[]":  # noqa: ASYNC110 - a turn rings for nobody here
                        await asyncio.sleep(0.05)

    # --- asking --------------------------------------------------------------------------------------------------

    async def _look(self, one: _Person, act: _Act) -> None:
        """Ask something that nobody disturbs: the answer is whole, and one's own."""
        sent, answer = self._sent(one) if act.is_post else None, _Answer()
        async with asyncio.timeout(LOST_S):
            await self._ask(one, act, sent, answer)
        if sent is not None:
            self._note(sent, answer)
        self._read(one, act, answer)
        mine = any(each.encode() in answer.body for each in (one.canary, one.thread)) or "?q" in act.path
        fine = answer.status in FINE and (mine or act.method != "GET")
        self.report.expect(fine, f"I-30: {act.method} {act.path} was answered with {answer}")

    def _read(self, one: _Person, act: _Act, answer: _Answer) -> None:
        self.answers += 1
        foreign = set(CANARY.findall(answer.body)) - {one.canary.encode()}
        self.report.expect(not foreign, f"I-30: {act.method} {act.path} told {one.name} of {sorted(foreign)[:2]}")

    async def _ask(self, one: _Person, act: _Act, sent: Post | None, answer: _Answer) -> None:
        mine = {"thread": one.thread, "session": one.session, "canary": one.canary}
        body: Any = {name: str(value).format(**mine) for name, value in act.body.items()} if act.body else None
        key = ""
        if sent is not None:
            body, key = {"message": sent.text}, sent.key
        await self._call(one, act.method, act.path.format(**mine), body, key, answer)

    def _sent(self, one: _Person) -> Post:
        key = f"{one.name}-{len(self.here.history.posts)}"
        return self.here.history.post(key, one.thread, f"say {one.canary}\n{key}")

    async def _post(self, one: _Person) -> None:
        await self._repeat(one, self._sent(one))

    async def _repeat(self, one: _Person, sent: Post) -> None:
        """Send a message again under its key: whatever became of the first try, it is there once."""
        answer = await self._whole(one, "POST", f"/threads/{sent.thread_id}/messages", {"message": sent.text}, sent.key)
        self._note(sent, answer)
        self.report.expect(answer.status in FINE, f"I-30: a message sent again was answered with {answer}")

    def _note(self, sent: Post, answer: _Answer) -> None:
        if answer.status == 202:
            sent.fate, sent.item_id = "ok", msgspec.json.decode(answer.body)["item_id"]
        else:
            sent.fate, sent.status = "refused", answer.status

    async def _made(self, one: _Person, path: str, body: Any) -> str:
        return str(msgspec.json.decode((await self._whole(one, "POST", path, body)).body)["id"])

    async def _whole(self, one: _Person, method: str, path: str, body: Any = None, key: str = "") -> _Answer:
        answer = _Answer()
        async with asyncio.timeout(LOST_S):
            await self._call(one, method, path, body, key, answer)
        return answer

    async def _call(self, one: _Person, method: str, path: str, body: Any, key: str, answer: _Answer) -> None:
        """One request, straight into the server; what it sends is written down as it comes."""
        content = b"" if body is None else msgspec.json.encode(body)
        path, _, query = path.partition("?")
        headers = {"host": f"127.0.0.1:{self.here.port}", "authorization": f"Bearer {one.key}"}
        if content:
            headers |= {"content-type": "application/json", "content-length": str(len(content))}
        if key:
            headers["idempotency-key"] = key
        scope: dict[str, Any] = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": API + path, "raw_path": (API + path).encode(), "query_string": query.encode(), "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", self.here.port),
        }  # fmt: skip
        told = [{"type": "http.request", "body": content, "more_body": False}]

        async def receive() -> Any:
            return told.pop() if told else await asyncio.Event().wait()

        async def send(message: Any) -> None:
            answer.status = message.get("status", answer.status)
            answer.body += message.get("body", b"")

        await self._api(scope, receive, send)


async def _wait_for(work: Interrupted) -> None:
    await asyncio.create_task(_run_out(work))


async def _run_out(work: Interrupted) -> None:
    await work
