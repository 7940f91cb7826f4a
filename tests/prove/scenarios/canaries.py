"""X-2, X-3: users ask for each other's things by their true ids. They find nothing, and not even that it exists."""

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any

from tests.prove.harness.http import Answer, Client
from tests.prove.harness.world import World, quiet, world
from tests.prove.scenario import Report

USERS = ("ada", "bob", "eve", "kim")
MISSING = "0" * 12 + "4" + "0" * 3 + "8" + "0" * 15
ID = re.compile(r"\b([a-z]{3})_[0-9a-f]{32}\b")
METHODS = ("get", "post", "put", "patch", "delete")


def run(seed: int, requests: int) -> Report:
    return asyncio.run(_run(seed, requests))


@dataclass
class _Owner:
    """One user, with a word that nobody else may ever read, and the ids of what is theirs."""

    name: str
    client: Client
    canary: str
    ids: dict[str, set[str]] = field(default_factory=dict[str, set[str]])


async def _run(seed: int, requests: int) -> Report:
    report = Report()
    async with world(seed, USERS) as here:
        server = await here.serve()
        owners = [_Owner(name, here.client(name), f"canary-{name}-{here.random.getrandbits(60):x}") for name in USERS]
        for owner in owners:
            await _settle(owner)
            report.findings += await quiet(owner.client)
            await _gather_ids(owner)
        operations = await _operations(owners[0].client)
        swaps = await _swap(here, owners, operations, requests, report)
        for owner in owners:
            await _read_everything(owner, owners, report)
        report.figures = {"requests": swaps, "operations": len(operations)}
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
    owner.ids = {"que": {held["item_id"]}, "ses": {session}, "thr": {thread, asking}}


async def _gather_ids(owner: _Owner) -> None:
    """Every id that the user's own stream and lists tell."""
    told = [chunk async for chunk in owner.client.chunks("/events?follow=0", "0")]
    texts = [b"".join(told).decode()]
    texts += [(await owner.client.ask("GET", path)).body.decode() for path in ("/approvals", "/keys", "/sessions")]
    for match in ID.finditer(" ".join(texts)):
        owner.ids.setdefault(match[1], set()).add(match[0])


async def _operations(client: Client) -> list[tuple[str, str]]:
    document: dict[str, Any] = (await client.ask("GET", "/openapi.json")).json
    return [
        (method.upper(), path.removeprefix("/api/v1"))
        for path, methods in document["paths"].items()
        for method in methods
        if method in METHODS and "_id}" in path
    ]


async def _swap(
    here: World, owners: list[_Owner], operations: list[tuple[str, str]], requests: int, report: Report
) -> int:
    """Ask with ids of somebody else, and with ids of nobody: both answers are the same."""
    asked = 0
    while asked < requests and report.passed:
        one, other = here.random.sample(owners, 2)
        method, path = here.random.choice(operations)
        foreign = _fill(here, path, other)
        if foreign is None:
            continue
        answer = await one.client.ask(method, foreign, raw=b"" if method in ("GET", "DELETE") else b"{}")
        missing = await one.client.ask(
            method, ID.sub(lambda found: f"{found[1]}_{MISSING}", foreign),
            raw=b"" if method in ("GET", "DELETE") else b"{}",
        )  # fmt: skip
        asked += 2
        what = f"{one.name}: {method} {path} of {other.name}"
        report.expect(answer.status == 404, f"I-29: {what} was answered with {answer.status}")
        report.expect(_told(answer) == _told(missing), f"I-29: {what} differs from a missing one")
        report.expect(other.canary.encode() not in answer.body, f"I-29: {what} told the canary")
    return asked


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
    "approval_id": "apr", "attachment_id": "att",
}  # fmt: skip


def _told(answer: Answer) -> tuple[int, bytes, dict[str, str]]:
    return answer.status, answer.body, {name: value for name, value in answer.headers.items() if name != "date"}


async def _read_everything(owner: _Owner, owners: list[_Owner], report: Report) -> None:
    """Lists, searches and the stream hold the user's own canary and nobody else's."""
    paths = ["/threads", "/sessions", "/approvals", "/keys", "/agents", "/me", f"/search?q={owner.canary}"]
    paths += [f"/search?q={other.canary}" for other in owners] + [f"/threads?tag={other.canary}" for other in owners]
    paths += [f"/threads?session_id={id}" for other in owners for id in other.ids["ses"]]
    bodies = [(await owner.client.ask("GET", path)).body for path in paths]
    bodies += [chunk async for chunk in owner.client.chunks("/events?follow=0", "0")]
    read = b"".join(bodies)
    for other in owners:
        is_there = other.canary.encode() in read
        report.expect(is_there == (other is owner), f"I-29: {owner.name} reads the canary of {other.name}: {is_there}")
