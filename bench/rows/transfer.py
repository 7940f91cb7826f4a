"""Conversations of another program taken in, found, and taken out again."""

import asyncio
import time

import httpx

from bench import conversations
from bench.figure import Figure
from bench.stage import Stage, stage

INDEXED_S = 120.0


async def import_and_export(is_quick: bool) -> list[Figure]:
    """500 conversations with 20,000 messages and their branches, over HTTP, by one client."""
    threads, messages = (50, 2_000) if is_quick else (conversations.CONVERSATIONS, conversations.MESSAGES)
    upload = conversations.made(threads, messages)
    async with stage() as here, _client(here) as http:
        taken_s, answer = await _import(http, upload)
        found_s = await _found(http)
        again_s, again = await _import(http, upload)
        assert again["imported"]["items"] == 0
        session = (await http.get("/sessions")).json()[0]["id"]
        started = time.monotonic()
        exported = (await http.get(f"/sessions/{session}/export")).content
        exported_s = time.monotonic() - started
    counts = answer["imported"]
    note = f"{counts['threads']:,} threads, {counts['items']:,} items with branches; {len(answer['skipped'])} left out"
    goals = {"value": 6.0 if is_quick else 60.0}
    return [
        Figure("import", f"{threads:,} conversations, {messages:,} messages", "s", [taken_s], goals, note=note),
        Figure("import", "until a search finds the last of them", "s", [found_s]),
        Figure("import", "the same again, which adds nothing", "s", [again_s]),
        Figure("export", f"all of it, {len(exported) / 2**20:.1f} MiB", "s", [exported_s]),
    ]


def _client(here: Stage) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {here.key}"}
    url = f"http://127.0.0.1:{here.port}/api/v1"
    return httpx.AsyncClient(base_url=url, headers=headers, timeout=httpx.Timeout(600.0), trust_env=False)


async def _import(http: httpx.AsyncClient, upload: bytes) -> tuple[float, dict[str, dict[str, int]]]:
    started = time.monotonic()
    answer = await http.post("/import", files={"file": ("export.zip", upload)}, data={"format": "chatgpt"})
    answer.raise_for_status()
    return time.monotonic() - started, answer.json()


async def _found(http: httpx.AsyncClient) -> float:
    """How long after the import the newest message is found by its words."""
    newest = (await http.get("/threads", params={"limit": 1})).json()[0]
    item = (await http.get(f"/threads/{newest['id']}/messages", params={"limit": 100})).json()[-1]
    words = " ".join(item["text"].split()[:12])
    started = time.monotonic()
    while time.monotonic() - started < INDEXED_S:
        hits = (await http.get("/search", params={"q": words, "limit": 100})).json()
        if any(hit["item_id"] == item["id"] for hit in hits):
            return time.monotonic() - started
        await asyncio.sleep(0.05)
    raise RuntimeError("the search never found it")
