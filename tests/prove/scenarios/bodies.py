"""A-6: bodies too large, compressed, endless or in ten thousand pieces cost next to nothing and are refused."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from tests.prove.harness.http import Client
from tests.prove.harness.servers import Server
from tests.prove.harness.world import quiet, world
from tests.prove.scenario import Report

MIB = 2**20
PIECE = 64 * 1024
SENT_AT_MOST = 9 * MIB
"""Beyond the limit of a body, what the kernel's buffers of both sides take before the refusal arrives."""
MEMORY_MIB = 64
BOUNDARY = b"prove"


def run(seed: int, rounds: int) -> Report:
    return asyncio.run(_run(seed, rounds))


async def _run(seed: int, rounds: int) -> Report:
    report = Report()
    async with world(seed) as here:
        server = await here.serve()
        client = here.client()
        session = (await client.post("/sessions", {}))["id"]
        thread = (await client.post("/threads", {"session_id": session}))["id"]
        before_kib = server.process.rss_kib
        for _ in range(rounds):
            for each in _bodies(f"/threads/{thread}/messages"):
                await _send(client, each, report)
        await _still_there(client, server, report)
        grown = (server.process.peak_rss_kib - before_kib) / 1024
        report.expect(grown <= MEMORY_MIB, f"I-58: large bodies took {grown:.0f} MiB of memory")
        report.figures |= {"rounds": rounds, "grown_mib": round(grown)}
        report.findings += await quiet(client)
        await server.stop()
        report.findings += here.audit(is_quiet=True)
        here.judge(report)
    return report


@dataclass(frozen=True)
class _Body:
    """What is sent, piece by piece, and which answers are right."""

    name: str
    path: str
    headers: tuple[str, ...]
    piece: bytes
    pieces: int
    statuses: tuple[int, ...]
    at_most: int = SENT_AT_MOST


def _bodies(path: str) -> tuple[_Body, ...]:
    zeros = b"x" * PIECE
    chunk = b"%x\r\n%b\r\n" % (PIECE, zeros)
    part = b'--prove\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nx\r\n'
    field = b'--prove\r\nContent-Disposition: form-data; name="n"\r\n\r\nx\r\n'
    form = "Content-Type: multipart/form-data; boundary=prove"
    json = "Content-Type: application/json"
    return (
        _Body("told to be 10 GiB", path, (json, "Content-Length: 10737418240"), zeros, 1000, (413,)),
        _Body("20 MiB of JSON", path, (json, f"Content-Length: {20 * MIB}"), zeros, 320, (413,)),
        _Body("endless chunks", path, (json, "Transfer-Encoding: chunked"), chunk, 1000, (413,)),
        _Body("a gzip bomb", path, (json, "Content-Encoding: gzip", f"Content-Length: {MIB}"), zeros, 16, (415,)),
        _Body("deflate", path, (json, "Content-Encoding: deflate", "Content-Length: 10"), b"x" * 10, 1, (415,)),
        _Body("text", path, ("Content-Type: text/plain", "Content-Length: 2"), b"{}", 1, (415,)),
        _Body(
            "ten thousand files", "/attachments", (form, f"Content-Length: {len(part) * 10_000}"), part, 10_000, (400,)
        ),
        _Body(
            "ten thousand fields",
            "/attachments",
            (form, f"Content-Length: {len(field) * 10_000}"),
            field,
            10_000,
            (400,),
        ),
        _Body("a file of 40 MiB", "/attachments", (form, f"Content-Length: {40 * MIB}"), zeros, 640, (413,)),
        _Body(
            "an endless file", "/attachments", (form, "Transfer-Encoding: chunked"), chunk, 1000, (400, 413), 16 * MIB
        ),
    )


async def _send(client: Client, body: _Body, report: Report) -> None:
    """Send until there is an answer; what has been sent by then is what the server was willing to take."""
    started = time.monotonic()
    reader, writer = await asyncio.open_connection(client.host, client.port)
    head = "".join(f"{header}\r\n" for header in body.headers)
    named = f"Host: {client.host}:{client.port}\r\nAuthorization: Bearer {client.key}\r\n"
    writer.write(f"POST /api/v1{body.path} HTTP/1.1\r\n{named}{head}\r\n".encode())
    answering = asyncio.create_task(reader.readline())
    sent = 0
    with contextlib.suppress(ConnectionError):
        async for piece in _pieces(body):
            if answering.done():
                break
            writer.write(piece)
            await writer.drain()
            sent += len(piece)
    line = b""
    with contextlib.suppress(ConnectionError, TimeoutError):
        line = await asyncio.wait_for(answering, 15)
    writer.transport.abort()
    status = int(line.split()[1]) if line.startswith(b"HTTP/1.1 ") else 0
    took = time.monotonic() - started
    # A connection that is closed in the middle of too much is a refusal, too.
    fine = status in body.statuses or (status == 0 and sent > 0)
    report.expect(fine, f"A-6: {body.name} was answered with {line!r} after {sent:,} bytes")
    report.expect(sent <= body.at_most, f"A-6: {sent:,} bytes of {body.name} were taken")
    report.expect(took < 10, f"A-6: {body.name} took {took:.1f} s")


async def _pieces(body: _Body) -> AsyncIterator[bytes]:
    for _ in range(body.pieces):
        yield body.piece
        await asyncio.sleep(0)


async def _still_there(client: Client, server: Server, report: Report) -> None:
    answer = await client.ask("GET", "/me")
    report.expect(answer.status == 200, f"A-6: afterwards the server answers {answer.status}")
    report.expect(server.process.descriptors < 200, f"I-58: {server.process.descriptors} descriptors are open")
