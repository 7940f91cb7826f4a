"""Tracing: a request, the message that it brought, the turn that took it and its tools, each linked to the next."""

import asyncio
from collections.abc import AsyncGenerator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from laneway.runtime.spans import Spans, context_of
from tests.api.harness import Harness, serving

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
async def server(exporter: InMemorySpanExporter) -> AsyncGenerator[Harness]:
    async with serving(tracing=Spans(SimpleSpanProcessor(exporter), "node")) as harness:
        yield harness


def named(exporter: InMemorySpanExporter, name: str) -> list[ReadableSpan]:
    return [span for span in exporter.get_finished_spans() if span.name == name]


def ids(span: ReadableSpan) -> tuple[int, int]:
    assert span.context is not None
    return span.context.trace_id, span.context.span_id


async def test_a_turn_leads_back_to_the_request_that_brought_its_message(
    server: Harness, exporter: InMemorySpanExporter
):
    thread = await server.ada.made("/threads", {"agent_id": "script"})
    posted = await server.ada.send(
        "POST", f"/threads/{thread['id']}/messages", json={"message": "say one"}, headers={"traceparent": PARENT}
    )
    await server.ada.finished(thread["id"])

    (request,) = named(exporter, "POST /api/v1/threads/{thread_id}/messages")
    (message,) = named(exporter, "message")
    (turn,) = named(exporter, "turn")
    assert ids(request)[0] == int(PARENT.split("-")[1], 16)
    assert [ids_of_link.context.span_id for ids_of_link in message.links] == [ids(request)[1]]
    assert ids(message) == (context_of(posted.json["item_id"]).trace_id, context_of(posted.json["item_id"]).span_id)
    assert [(link.context.trace_id, link.context.span_id) for link in turn.links] == [ids(message)]
    assert turn.attributes is not None
    assert turn.attributes["laneway.thread_id"] == thread["id"]


async def test_a_tool_call_belongs_to_its_turn(server: Harness, exporter: InMemorySpanExporter):
    await server.ada.chat('tool note.add {"text": "secret"}')

    (turn,) = named(exporter, "turn")
    (tool,) = named(exporter, "tool note.add")
    assert tool.parent is not None
    assert (tool.parent.trace_id, tool.parent.span_id) == ids(turn)


async def test_no_span_holds_what_anybody_said(server: Harness, exporter: InMemorySpanExporter):
    await server.ada.chat("say canary", 'tool note.add {"text": "canary"}', "fail canary")

    assert all("canary" not in span.to_json() for span in exporter.get_finished_spans())
    assert len(named(exporter, "turn")) == 3


async def test_spans_reach_a_collector_over_http():
    bodies: list[bytes] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            """Nobody reads it."""

    with HTTPServer(("127.0.0.1", 0), Collector) as collector:
        thread = Thread(target=collector.serve_forever, daemon=True)
        thread.start()
        async with serving(otlp_endpoint=f"http://127.0.0.1:{collector.server_port}/v1/traces") as server:
            await server.ada.chat("say one")
        await asyncio.to_thread(collector.shutdown)
        thread.join()

    assert b"laneway" in b"".join(bodies)
    assert b"turn" in b"".join(bodies)
