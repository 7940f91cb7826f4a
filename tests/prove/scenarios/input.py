"""A-3, A-4, A-5: bodies, ids, cursors and strings that have broken other programs do nothing here."""

import asyncio
import random
import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

from tests.prove.harness.http import Answer, Client, Cut
from tests.prove.harness.world import World, quiet, world
from tests.prove.scenario import Report
from tests.prove.scenarios.hostile import CURSORS, IDS, METACHARACTERS, NOT_JSON, TEXTS, mutated

Check = Callable[[World, Client, Report, int], Awaitable[None]]


def run_json(seed: int, mutations: int) -> Report:
    """A-3: what is not JSON by our rules is refused with a four; what is comes back as it was."""
    return asyncio.run(_run(seed, mutations, _json))


def run_ids(seed: int, rounds: int) -> Report:
    """A-4: ids and cursors that are none; and no file outside the data directory is opened."""
    return asyncio.run(_run(seed, rounds, _ids))


def run_sql(seed: int, rounds: int) -> Report:
    """A-5: characters that mean something to SQL, in every string and every key."""
    return asyncio.run(_run(seed, rounds, _sql))


async def _run(seed: int, size: int, check: Check) -> Report:
    report = Report()
    async with world(seed) as here:
        server = await here.serve(opened=str(here.folder / "opened"))
        client = here.client()
        await check(here, client, report, size)
        report.findings += await quiet(client)
        await server.stop()
        report.findings += here.audit(is_quiet=True)
        here.judge(report)
    return report


async def _place(client: Client) -> tuple[str, str]:
    session = (await client.post("/sessions", {"mode": "autonomous"}))["id"]
    thread = await client.post("/threads", {"session_id": session, "settings": {"paused": True}})
    return session, thread["id"]


async def _refused(
    client: Client, report: Report, what: str, method: str, path: str, raw: bytes = b""
) -> Answer | None:
    """Ask for what must be refused with a four; a connection that is closed instead is a refusal, too."""
    try:
        answer = await client.ask(method, path, raw=raw)
    except Cut:
        return None
    report.expect(400 <= answer.status < 500, f"I-63: {what} was answered with {answer.status}: {answer.body[:200]!r}")
    return answer


# --- A-3 -------------------------------------------------------------------------------------------------------------


async def _json(here: World, client: Client, report: Report, size: int) -> None:
    session, thread = await _place(client)
    path = f"/threads/{thread}/messages"
    for body in NOT_JSON:
        answer = await _refused(client, report, repr(body[:60]), "POST", path, body)
        fine = answer is None or "problem+json" in answer.headers.get("content-type", "")
        report.expect(fine, f"{body[:60]!r} was not answered with a problem document")
    statuses: dict[int, int] = {}
    whole = b'{"message": "hello", "hold": true, "agents": [], "delivery": "queue"}'
    for _ in range(size):
        body = mutated(whole, here.random)
        try:
            status = (await client.ask("POST", path, raw=body)).status
        except Cut:
            status = 0
        statuses[status] = statuses.get(status, 0) + 1
        report.expect(status < 500, f"I-63: {body!r} was answered with {status}")
        if status == 202 and statuses[202] % 50 == 0:
            await client.post(f"/threads/{thread}/queue/clear")
    for text in TEXTS:
        note = await client.post(f"/sessions/{session}/notes", {"text": text})
        report.expect(note["text"] == text, f"I-28: {text!r} came back as {note['text']!r}")
    report.figures = {"bodies": len(NOT_JSON) + size, **{f"status_{each}": n for each, n in sorted(statuses.items())}}


# --- A-4 -------------------------------------------------------------------------------------------------------------


async def _ids(here: World, client: Client, report: Report, size: int) -> None:
    session, thread = await _place(client)
    operations = await _operations(client)
    asked = 0
    for path, methods in operations.items():
        for bad in IDS if "{" in path else ():
            filled = re.sub(r"\{[a-z_]+\}", lambda _, bad=bad: bad, path)
            for method in methods:
                await _refused(client, report, f"{method} {filled[:80]}", method, filled, _body(method))
                asked += 1
    for cursor in CURSORS:
        # The user's stream alone has cursors of two numbers.
        of_user = () if re.fullmatch(r"\d+\.\d+", cursor) else ("/events",)
        for path in (f"/threads/{thread}/events", f"/sessions/{session}/events", *of_user):
            await _cursor(client, report, f"{path}?follow=0&after={cursor}", None)
            if "%" not in cursor and cursor.strip():
                await _cursor(client, report, f"{path}?follow=0", cursor)
            asked += 2
        for path in ("/threads", "/sessions", f"/threads/{thread}/messages"):
            for name in ("cursor", "offset", "limit", "after", "before"):
                answer = await client.ask("GET", f"{path}?{name}={cursor}")
                report.expect(answer.status < 500, f"I-63: {path}?{name}={cursor} was answered with {answer.status}")
                asked += 1
    opened = _opened(here)
    report.expect(not opened, f"A-4: opened outside the data directory: {sorted(opened)[:5]}")
    report.figures = {"requests": asked, "operations": len(operations), "rounds": size}


async def _cursor(client: Client, report: Report, path: str, header: str | None) -> None:
    """A cursor that is none is a 400: never a stream that silently begins somewhere."""
    headers = {} if header is None else {"Last-Event-ID": header}
    answer = await client.ask("GET", path, headers=headers)
    fine = answer.status == 400 or (answer.status in (200, 422) and path.endswith("after="))
    report.expect(fine, f"I-27: {path} {headers} was answered with {answer.status}")


async def _operations(client: Client) -> dict[str, list[str]]:
    """Every path of the API with its methods, but those that end this client's own key."""
    document: dict[str, Any] = (await client.ask("GET", "/openapi.json")).json
    return {
        path.removeprefix("/api/v1"): [method.upper() for method in methods if method in METHODS]
        for path, methods in document["paths"].items()
        if path.startswith("/api/v1") and path not in ("/api/v1/logout", "/api/v1/login")
    }


METHODS = ("get", "post", "put", "patch", "delete")


def _body(method: str) -> bytes:
    return b"{}" if method in ("POST", "PUT", "PATCH") else b""


def _opened(here: World) -> set[str]:
    """Files that the server has opened since it was ready, and that are neither its data nor the interpreter's own."""
    told = here.folder / "opened"
    paths = set(told.read_text(encoding="utf-8", errors="replace").splitlines()) if told.exists() else set[str]()
    harmless = (str(here.data), "/proc/", "/dev/", "/usr/share/zoneinfo")
    return {path for path in paths if not path.startswith(harmless) and not path.endswith((".py", ".pyc", ".so"))}


# --- A-5 -------------------------------------------------------------------------------------------------------------


async def _sql(here: World, client: Client, report: Report, size: int) -> None:
    session, thread = await _place(client)
    randomness = random.Random(here.random.random())
    words = list(METACHARACTERS) + ["".join(randomness.choices(METACHARACTERS, k=3)) for _ in range(size)]
    asked = 0
    for word in words:
        before = await _counts(client)
        for path in _reads(session, thread, quote(word, safe="")):
            answer = await client.ask("GET", path)
            report.expect(answer.status < 500, f"A-5: {path} was answered with {answer.status}")
            if answer.status == 200 and path.startswith("/threads?metadata"):
                report.expect(answer.json == [], f"A-5: {path} found {len(answer.json)} threads")
            asked += 1
        report.expect(await _counts(client) == before, f"A-5: reading with {word!r} changed a count")
        await _round_trip(client, report, session, word)
        asked += 4
    report.figures = {"strings": len(words), "requests": asked}


def _reads(session: str, thread: str, word: str) -> tuple[str, ...]:
    return (
        f"/threads?metadata.{word}=1", f"/threads?metadata.k={word}", f"/threads?tag={word}", f"/threads?q={word}",
        f"/threads?sort={word}", f"/threads?agent_id={word}", f"/threads?session_id={word}", f"/threads?status={word}",
        f"/search?q={word}", f"/search?q=a&session_id={word}", f"/agents/{word}", f"/sessions/{session}/keys/{word}",
        f"/threads/{thread}/messages?role={word}", f"/threads/{thread}/messages?turn_id={word}",
        f"/threads?cursor={word}",
        f"/approvals?session_id={word}", f"/threads?from={word}", f"/{word}", f"/threads?{word}=1",
    )  # fmt: skip


async def _counts(client: Client) -> list[str]:
    paths = ("/threads?limit=1", "/sessions?limit=1")
    return [(await client.ask("GET", path)).headers.get("x-total-count", "") for path in paths]


async def _round_trip(client: Client, report: Report, session: str, word: str) -> None:
    """What is stored comes back as it was, and is found by exactly itself."""
    body = {"session_id": session, "title": f"t{word}t", "tags": [word], "metadata": {word: word}}
    answer = await client.ask("POST", "/threads", body)
    if answer.status != 201:
        report.expect(400 <= answer.status < 500, f"A-5: a thread with {word!r} was answered with {answer.status}")
        return
    made = answer.json
    report.expect(made["metadata"] == {word: word}, f"A-5: metadata {word!r} came back as {made['metadata']}")
    for path in (
        f"/threads?tag={quote(word, safe='')}",
        f"/threads?metadata.{quote(word, safe='')}={quote(word, safe='')}",
    ):
        found = await client.ask("GET", path)
        ids = [each["id"] for each in found.json] if found.status == 200 else []
        report.expect(ids == [made["id"]], f"A-5: {path} found {len(ids)} threads ({found.status})")
    await client.ask("DELETE", f"/threads/{made['id']}")
