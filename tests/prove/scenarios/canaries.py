"""X-2, X-3: users ask for each other's things by their true ids. They find nothing, and not even that it exists."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tests.prove.harness.http import Answer, Client
from tests.prove.harness.world import World, quiet, world
from tests.prove.scenario import Report

USERS = tuple(f"user{number:02}" for number in range(20))
MISSING = "0" * 12 + "4" + "0" * 3 + "8" + "0" * 15
ID = re.compile(r"\b([a-z]{3})_[0-9a-f]{32}\b")
CANARY = re.compile(rb"canary-[a-z0-9]+-[0-9a-f]+")
METHODS = ("get", "post", "put", "patch", "delete")


def run(seed: int, requests: int) -> Report:
    return asyncio.run(_run(seed, requests))


@dataclass
class _Owner:
    """One user, with a word that nobody else may ever read, and the ids of what is theirs."""

    name: str
    client: Client
    canary: str
    thread: str = ""
    ids: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    may_read: set[bytes] = field(default_factory=set[bytes])
    shared: str = ""
    """The one thread that is shared, and says another word, which those may read with whom it is shared."""
    shared_with: frozenset[str] = frozenset()


async def _run(seed: int, requests: int) -> Report:
    report = Report()
    async with world(seed, USERS) as here:
        server = await here.serve()
        owners = [_Owner(name, here.client(name), f"canary-{name}-{here.random.getrandbits(60):x}") for name in USERS]
        for owner in owners:
            await _settle(owner)
        for owner in owners:
            report.findings += await quiet(owner.client)
            await _gather_ids(owner)
        for owner in owners:
            await _share(here, owner, owners)
        crawl = _Crawl(here, owners, await _operations(owners[0].client), report)
        while crawl.asked < requests and report.passed:
            await here.random.choice((crawl.swap_path, crawl.swap_path, crawl.swap_body, crawl.live, crawl.visit))()
        for owner in owners:
            report.findings += await quiet(owner.client)
            await _read_everything(owner, owners, report)
        report.figures = {"requests": crawl.asked, "users": len(owners), "operations": len(crawl.operations)}
        await server.stop()
        report.findings += here.audit(is_quiet=True)
        here.judge(report)
    return report


async def _settle(owner: _Owner) -> None:
    """Put the canary wherever text goes."""
    client, word = owner.client, owner.canary
    session = (await client.post("/sessions", {"title": word, "mode": "copilot"}))["id"]
    body = {"session_id": session, "agent_id": "script", "title": word, "tags": [word], "metadata": {"k": word}}
    thread = (await client.post("/threads", body))["id"]
    await client.post(f"/threads/{thread}/messages", {"message": f"say {word}"})
    asking = (await client.post("/threads", {"session_id": session, "agent_id": "script"}))["id"]
    await client.post(f"/threads/{asking}/messages", {"message": f"ask {word}"})
    held = await client.post(f"/threads/{thread}/messages", {"message": word, "hold": True})
    await client.post(f"/sessions/{session}/notes", {"text": word})
    await client.post(f"/sessions/{session}/timers", {"every": 86_400, "text": word})
    await client.ask("PUT", f"/sessions/{session}/keys/{word}", {"value": word})
    template = (await client.post("/templates", {"name": word, "messages": [{"text": word}]}))["id"]
    comment = (await client.post(f"/threads/{thread}/comments", {"text": word}))["id"]
    owner.ids = {"que": {held["item_id"]}, "ses": {session}, "thr": {thread, asking}, "tpl": {template}}
    owner.ids["cmt"], owner.thread, owner.may_read = {comment}, thread, {word.encode()}


async def _gather_ids(owner: _Owner) -> None:
    """Every id that the user's own stream and lists tell."""
    told = [chunk async for chunk in owner.client.chunks("/events?follow=0", "0")]
    texts = [b"".join(told).decode()]
    texts += [(await owner.client.ask("GET", path)).body.decode() for path in ("/approvals", "/keys", "/sessions")]
    for match in ID.finditer(" ".join(texts)):
        owner.ids.setdefault(match[1], set()).add(match[0])


async def _share(here: World, owner: _Owner, owners: Sequence[_Owner]) -> None:
    """Share one thread with two others, who may read the word in it, and nothing else of its owner's."""
    word = f"canary-shared{owner.name}-{here.random.getrandbits(60):x}"
    body = {"agent_id": "script", "title": word, "tags": [owner.canary], "metadata": {"k": owner.canary}}
    owner.shared = (await owner.client.post("/threads", body))["id"]
    await owner.client.post(f"/threads/{owner.shared}/messages", {"message": f"say {word}"})
    chosen = here.random.sample([other for other in owners if other is not owner], 2)
    for other, permission in zip(chosen, ("view", "comment"), strict=True):
        share = {"user": other.name, "permission": permission}
        made = await owner.client.post(f"/threads/{owner.shared}/shares", share)
        owner.ids.setdefault("shr", set()).add(made["id"])
        other.may_read.add(word.encode())
    owner.may_read.add(word.encode())
    owner.shared_with = frozenset(other.name for other in chosen)


async def _operations(client: Client) -> list[tuple[str, str]]:
    document: dict[str, Any] = (await client.ask("GET", "/openapi.json")).json
    return [
        (method.upper(), path.removeprefix("/api/v1"))
        for path, methods in document["paths"].items()
        for method in methods
        if method in METHODS and "_id}" in path and path.startswith("/api/v1")
    ]


@dataclass
class _Crawl:
    """Requests of everybody for everything, each answer read for words that the asker may not read."""

    here: World
    owners: Sequence[_Owner]
    operations: Sequence[tuple[str, str]]
    report: Report
    asked: int = 0

    async def swap_path(self) -> None:
        """Somebody else's ids in the address: answered as if nobody had them."""
        one, other = self.here.random.sample(self.owners, 2)
        method, path = self.here.random.choice(self.operations)
        if (foreign := _fill(self.here, path, other)) is not None:
            status = 403 if "/users/" in path else 404
            await self._compare(one, other, method, path, foreign, None, status)

    async def swap_body(self) -> None:
        """Somebody else's ids in a body or a filter."""
        one, other = self.here.random.sample(self.owners, 2)
        foreign = {kind: self.here.random.choice(sorted(ids)) for kind, ids in other.ids.items() if ids}
        mine = f"/threads/{one.thread}"
        session = min(one.ids["ses"])
        method, path, body, status = self.here.random.choice((
            ("POST", "/threads", {"session_id": foreign["ses"]}, 404),
            ("POST", "/threads", {"template_id": foreign["tpl"]}, 422),
            ("PUT", f"/sessions/{session}/selection", {"thread_id": foreign["thr"]}, 404),
            ("POST", f"{mine}/read", {"item_id": foreign["itm"]}, 404),
            ("POST", f"{mine}/fork", {"after_item_id": foreign["itm"]}, 404),
            ("POST", f"{mine}/comments", {"text": "x", "item_id": foreign["itm"]}, 404),
            ("GET", f"/threads?session_id={foreign['ses']}", None, 200),
            ("GET", f"/search?q={other.canary}&session_id={foreign['ses']}", None, 200),
            ("GET", f"/approvals?session_id={foreign['ses']}", None, 200),
            ("GET", f"{mine}/messages?after={foreign['itm']}", None, 404),
        ))  # fmt: skip
        await self._compare(one, other, method, path, path, body, status)

    async def live(self) -> None:
        """What users do all day, while others ask for it."""
        one = self.here.random.choice(self.owners)
        mine = self.here.random.choice((one.thread, one.shared))
        word = one.canary if mine == one.thread else next(each.decode() for each in one.may_read if b"shared" in each)
        method, path, body = self.here.random.choice((
            ("POST", f"/threads/{mine}/messages", {"message": f"say {one.name}"}),
            ("PATCH", f"/threads/{mine}", {"summary": one.canary}), ("GET", f"/threads/{mine}", None),
            ("GET", f"/threads/{mine}/messages?limit=100", None), ("GET", f"/threads/{mine}/queue", None),
            ("GET", f"/search?q={word}", None), ("GET", "/threads?limit=100", None), ("GET", "/sessions", None),
            ("GET", f"/threads/{mine}/events?after=0&follow=0", None), ("GET", f"/threads/{mine}/comments", None),
            ("POST", f"/threads/{one.thread}/comments", {"text": one.canary}), ("GET", "/tags", None),
        ))  # fmt: skip
        self._read(one, await self._ask(one, method, path, body), f"{method} {path}")

    async def visit(self) -> None:
        """Somebody else's shared thread: readable to those with whom it is shared, and missing to everybody else."""
        one, other = self.here.random.sample(self.owners, 2)
        rest = self.here.random.choice(("", "/messages?limit=100", "/events?after=0&follow=0", "/queue", "/shares"))
        answer = await self._ask(one, "GET", f"/threads/{other.shared}{rest}", None)
        is_open = one.name in other.shared_with and rest not in ("/queue", "/shares")
        what = f"{one.name}: the shared thread of {other.name}{rest}"
        self.report.expect(answer.status == (200 if is_open else 404), f"X-1: {what} was answered {answer.status}")
        self._read(one, answer, what)
        self._read(one, await self._ask(one, "GET", "/threads?shared=with_me&limit=100", None), "shared=with_me")

    async def _compare(
        self, one: _Owner, other: _Owner, method: str, path: str, foreign: str, body: object, status: int
    ) -> None:
        """Ask with ids of somebody else, and with ids of nobody: both answers are the same."""
        answer = await self._ask(one, method, foreign, body)
        absent = ID.sub(lambda found: found[0] if found[0] in _own(one) else f"{found[1]}_{MISSING}", foreign)
        missing = await self._ask(one, method, absent, _absent(body))
        what = f"{one.name}: {method} {path} of {other.name}"
        self.report.expect(answer.status == status, f"I-29: {what} was answered with {answer.status}")
        self.report.expect(_told(answer) == _told(missing), f"I-29: {what} differs from a missing one")
        self._read(one, answer, what)

    async def _ask(self, one: _Owner, method: str, path: str, body: object) -> Answer:
        self.asked += 1
        raw = b"" if method in ("GET", "DELETE") else msgspec.json.encode({} if body is None else body)
        return await one.client.ask(method, path, raw=raw)

    def _read(self, one: _Owner, answer: Answer, what: str) -> None:
        foreign = set(CANARY.findall(answer.body)) - one.may_read
        self.report.expect(not foreign, f"I-29: {what} told {one.name} {sorted(foreign)[:2]}")


def _own(owner: _Owner) -> set[str]:
    return {owner.thread, owner.shared, *owner.ids["ses"]}


def _absent(body: object) -> object:
    return msgspec.json.decode(ID.sub(rf"\1_{MISSING}", msgspec.json.encode(body).decode())) if body else body


def _fill(here: World, path: str, owner: _Owner) -> str | None:
    """The path with the owner's ids; None when the owner has none of a kind."""
    filled = path
    for name in re.findall(r"\{([a-z_]+)\}", path):
        kind = KINDS.get(name, "") if name != "item_id" else ("que" if "queue" in path else "itm")
        ids = sorted(owner.ids.get(kind, ())) if kind else [owner.canary]
        if not ids:
            return None
        filled = filled.replace(f"{{{name}}}", here.random.choice(ids))
    return filled


KINDS = {
    "thread_id": "thr", "session_id": "ses", "turn_id": "trn", "note_id": "not", "timer_id": "tmr", "key_id": "key",
    "approval_id": "apr", "attachment_id": "att", "template_id": "tpl", "share_id": "shr", "comment_id": "cmt",
    "user_id": "usr",
}  # fmt: skip


def _told(answer: Answer) -> tuple[int, bytes, dict[str, str]]:
    body = ID.sub(rf"\1_{MISSING}", answer.body.decode()).encode()
    return answer.status, body, {name: value for name, value in answer.headers.items() if name not in VARYING}


VARYING = frozenset({"date", "laneway-offset", "laneway-position"})


async def _read_everything(owner: _Owner, owners: Sequence[_Owner], report: Report) -> None:
    """Lists, searches and the stream hold the user's own canary, and nobody else's that they may not read."""
    paths = ["/threads", "/sessions", "/approvals", "/keys", "/agents", "/me", f"/search?q={owner.canary}", "/tags"]
    paths += ["/templates", "/threads?shared=with_me&limit=100"]
    paths += [f"/search?q={other.canary}" for other in owners] + [f"/threads?tag={other.canary}" for other in owners]
    paths += [f"/threads?session_id={id}" for other in owners for id in sorted(other.ids["ses"])[:2]]
    bodies = [(await owner.client.ask("GET", path)).body for path in paths]
    bodies += [chunk async for chunk in owner.client.chunks("/events?follow=0", "0")]
    found = set(CANARY.findall(b"".join(bodies)))
    report.expect(owner.canary.encode() in found, f"I-29: {owner.name} does not find what is theirs")
    report.expect(found <= owner.may_read, f"I-29: {owner.name} reads {sorted(found - owner.may_read)[:2]}")
