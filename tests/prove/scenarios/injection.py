"""A-7: text that looks like the framing of a stream, in every place that a stream tells of. It stays text."""

import asyncio
from typing import Any

from tests.prove.harness.http import Client
from tests.prove.harness.sse import BadStream, Reader
from tests.prove.harness.world import quiet, world
from tests.prove.scenario import Report
from tests.prove.scenarios.hostile import TEXTS


def run(seed: int, combinations: int) -> Report:
    return asyncio.run(_run(seed, combinations))


async def _run(seed: int, combinations: int) -> Report:
    report = Report()
    async with world(seed) as here:
        server = await here.serve(functions=("words", "explode"))
        client = here.client()
        session = (await client.post("/sessions", {"mode": "autonomous"}))["id"]
        texts = [*TEXTS, *("".join(here.random.choices(TEXTS, k=3)) for _ in range(combinations))]
        live = asyncio.create_task(_listen(client, session))
        for text in texts:
            await _say(client, session, text, report)
        report.findings += await quiet(client)
        await asyncio.sleep(0.5)
        live.cancel()
        await asyncio.gather(live, return_exceptions=True)
        await _compare(client, session, texts, report)
        report.figures["texts"] = len(texts)
        await server.stop()
        report.findings += here.audit(is_quiet=True)
        here.judge(report, expected="agent crashed")
    return report


async def _listen(client: Client, session: str) -> None:
    reader = Reader()
    async for chunk in client.chunks(f"/sessions/{session}/events", "0"):
        reader.feed(chunk)


async def _say(client: Client, session: str, text: str, report: Report) -> None:
    """Put the text into a title, a tag, metadata, a message, an answer, a note, and an error."""
    body = {"session_id": session, "agent_id": "words", "title": f"t{text}", "metadata": {"k": text}}
    thread = (await client.post("/threads", body))["id"]
    answer = await client.ask("POST", f"/threads/{thread}/messages", {"message": f"m{text}"})
    report.expect(answer.status == 202, f"A-7: {text!r} as a message was answered with {answer.status}")
    await client.ask("POST", f"/sessions/{session}/notes", {"text": f"n{text}"})
    await client.ask("PATCH", f"/threads/{thread}", {"tags": [f"g{text}"[:90]], "summary": f"s{text}"})
    failing = await client.ask(
        "POST", "/threads", {"session_id": session, "agent_id": "explode", "initial_message": "x"}
    )
    report.expect(failing.status == 201, f"A-7: {failing.status}")


async def _compare(client: Client, session: str, texts: list[str], report: Report) -> None:
    """A strict reader finds nothing but whole events, and they say exactly what was sent."""
    reader = Reader()
    events: list[dict[str, Any]] = []
    try:
        async for chunk in client.chunks(f"/sessions/{session}/events?follow=0", "0"):
            events += [told.body for told in reader.feed(chunk)]
    except BadStream as error:
        report.findings.append(f"I-28: {error}")
        return
    said = {event["data"]["item"]["text"] for event in events if event["type"] == "item.completed"}
    report.expect(
        [event["offset"] for event in events] == list(range(1, len(events) + 1)), "I-28: an offset is not told"
    )
    missing = [text for text in texts if f"m{text}" not in said]
    report.expect(not missing, f"I-28: {len(missing)} texts did not come back, such as {missing[:1]!r}")
    threads = [each for each in events if each["type"] == "thread.created"]
    metadata = {each["data"]["summary"]["metadata"].get("k") for each in threads}
    changed = [text for text in texts if text not in metadata]
    report.expect(not changed, f"I-28: {len(changed)} texts in metadata were changed, such as {changed[:1]!r}")
    report.figures["events"] = len(events)
