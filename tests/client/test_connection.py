"""The client against servers that misbehave: small ASGI apps that answer exactly what a test needs."""

import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

import anyio
import httpx
import pytest

from laneway.client.asgi import Message, StreamingAsgiTransport
from laneway.client.connection import Connection, Patience, route
from laneway.client.lane import Lane
from laneway.client.resources import Me
from laneway.domain import errors
from laneway.domain.event import ItemDelta

Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Answer = Callable[["Request", Send], Awaitable[None]]
ME = {"id": "usr_1", "name": "ada", "role": "owner"}


@dataclass
class Request:
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    gone: anyio.Event = field(default_factory=anyio.Event)


class Server:
    """Answers the n-th request with the n-th answer, and the last one for ever."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = answers
        self.requests: list[Request] = []

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        body = (await receive())["body"]
        request = Request(scope["method"], scope["path"], scope["query_string"].decode(), headers, body)
        self.requests.append(request)
        answer = self._answers[min(len(self.requests), len(self._answers)) - 1]
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._listen, receive, request)
            await answer(request, send)
            tasks.cancel_scope.cancel()

    async def _listen(self, receive: Receive, request: Request) -> None:
        await receive()
        request.gone.set()


def says(status: int, body: object, headers: Sequence[tuple[bytes, bytes]] = ()) -> Answer:
    async def answer(request: Request, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": list(headers)})
        await send({"type": "http.response.body", "body": json.dumps(body).encode()})

    return answer


def streams(*chunks: bytes, ends: bool = True) -> Answer:
    async def answer(request: Request, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for chunk in chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        if ends:
            await send({"type": "http.response.body", "body": b""})

    return answer


async def hangs(request: Request, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await request.gone.wait()


async def breaks(request: Request, send: Send) -> None:
    """Ends without a word: to a client, a connection that was cut."""


def connected(server: Server) -> Lane:
    http = httpx.AsyncClient(transport=StreamingAsgiTransport(server), base_url="http://test")
    return Lane(Connection(http, Patience(first_s=0)))


def delta(offset: int, text: str, thread: str = "thr_1") -> bytes:
    told = {
        "offset": offset,
        "seq": offset,
        "type": "item.delta",
        "session_id": "ses_1",
        "thread_id": thread,
        "turn_id": "trn_1",
        "agent": "guide",
        "at": "2026-01-01T00:00:00.000000Z",
        "data": {"item_id": "itm_1", "index": 0, "position": 0, "text": text},
    }
    return f"id: {offset}\nevent: item.delta\ndata: {json.dumps(told)}\n\n".encode()


async def test_a_write_whose_answer_was_lost_is_sent_again_under_the_same_key_with_the_same_bytes():
    server = Server(breaks, breaks, says(202, {"item_id": "que_1", "thread_id": "t", "state": "queued", "offset": 1}))

    posted = await connected(server).post("t", "hello")

    assert posted.item_id == "que_1"
    assert len({(each.headers["idempotency-key"], each.body) for each in server.requests}) == 1
    assert len(server.requests) == 3


async def test_two_writes_have_two_keys():
    server = Server(says(202, {"item_id": "que_1", "thread_id": "t", "state": "queued", "offset": 1}))
    lane = connected(server)

    await lane.post("t", "hello")
    await lane.post("t", "hello")

    first, second = server.requests
    assert first.headers["idempotency-key"] != second.headers["idempotency-key"]


async def test_an_upload_is_repeated_with_the_same_bytes():
    file = {"id": "att_1", "session_id": "s", "name": "a", "media_type": "text/plain", "size": 1}
    server = Server(breaks, says(201, file))

    await connected(server).upload("a", b"x", media_type="text/plain")

    first, second = server.requests
    assert first.body == second.body
    assert first.headers["content-type"] == second.headers["content-type"]


async def test_a_server_that_is_away_for_good_is_an_error_with_a_hint():
    with pytest.raises(errors.Unavailable, match="http://test does not answer") as refused:
        await connected(Server(breaks)).me()

    assert "laneway serve" in refused.value.hint


async def test_503_is_tried_again_and_429_is_not():
    busy = {"code": "queue_full", "detail": "The queue is full.", "hint": "Wait."}
    server = Server(says(503, {"code": "unavailable"}, [(b"retry-after", b"0")]), says(200, ME), says(429, busy))
    lane = connected(server)

    assert (await lane.me()).name == "ada"
    with pytest.raises(errors.QueueFull):
        await lane.me()

    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (409, "already_taken", errors.AlreadyTaken),
        (409, "something_new", errors.Conflict),
        (404, "not_found", errors.NotFound),
        (412, "version_mismatch", errors.Stale),
        (500, "internal", errors.Internal),
        (418, "teapot", errors.Internal),
        (502, "bad_gateway", errors.Unavailable),
        (504, "gateway_timeout", errors.Unavailable),
    ],
)
async def test_a_problem_document_is_raised_as_the_error_of_its_code(
    status: int, code: str, kind: type[errors.LanewayError]
):
    server = Server(says(status, {"code": code, "detail": "No.", "hint": "Do.", "snapshot_url": "/x"}))

    with pytest.raises(errors.LanewayError) as refused:
        await connected(server).me()

    error = refused.value
    assert type(error) is kind
    assert (error.detail, error.hint, error.extra) == ("No.", "Do.", {"snapshot_url": "/x"})


async def test_an_answer_that_does_not_fit_is_told_as_such():
    with pytest.raises(errors.Internal, match="does not fit"):
        await connected(Server(says(200, {"id": 1}))).me()


async def test_an_answer_with_more_than_this_version_knows_is_read():
    assert await connected(Server(says(200, {**ME, "shoe_size": 45}))).me() == Me("usr_1", "ada", "owner")


async def test_a_broken_stream_goes_on_after_the_last_event_that_came():
    server = Server(streams(delta(4, "a"), delta(5, "b")[:9], ends=False), streams(delta(5, "b"), delta(6, "c")))

    read: list[str] = []
    async with aclosing(connected(server).events("thr_1", after=3)) as events:
        async for event in events:
            assert isinstance(event.data, ItemDelta)
            read.append(event.data.text)
            if event.offset == 6:
                break

    assert read == ["a", "b", "c"]
    assert [each.headers["last-event-id"] for each in server.requests] == ["3", "4"]


async def test_a_stream_from_now_survives_a_break_before_its_first_event():
    thread_at_41 = says(200, {}, [(b"laneway-offset", b"41")])
    server = Server(thread_at_41, breaks, streams(delta(42, "a")))

    async with aclosing(connected(server).events("thr_1")) as events:
        assert (await anext(events)).offset == 42

    assert [each.headers.get("last-event-id") for each in server.requests] == [None, "41", "41"]


async def test_a_stream_that_is_not_followed_ends_with_the_newest():
    server = Server(streams(delta(1, "a"), delta(2, "b")))

    read = [event.id async for event in connected(server).events("thr_1", after=0, follow=False)]

    assert read == ["1", "2"]
    assert server.requests[0].query == "follow=0"


async def test_a_refused_stream_raises_and_is_not_tried_again():
    server = Server(says(410, {"code": "cursor_expired", "detail": "Pruned.", "snapshot_url": "/api/v1/threads/t"}))

    with pytest.raises(errors.CursorExpired):
        await anext(connected(server).events("t", after=3))

    assert len(server.requests) == 1


async def test_leaving_the_loop_tells_the_server_that_the_reader_has_gone():
    async def tells_and_waits(request: Request, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": delta(1, "a"), "more_body": True})
        await request.gone.wait()

    server = Server(tells_and_waits)

    async with aclosing(connected(server).events("thr_1", after=0)) as events:
        await anext(events)

    with anyio.fail_after(60):
        await server.requests[0].gone.wait()


async def test_a_reader_that_is_behind_holds_the_sender_back():
    sent = 0

    async def floods(request: Request, send: Send) -> None:
        nonlocal sent
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for number in range(1, 1000):
            await send({"type": "http.response.body", "body": delta(number, "a"), "more_body": True})
            sent = number

    async with aclosing(connected(Server(floods)).events("thr_1", after=0)) as events:
        await anext(events)
        await anyio.wait_all_tasks_blocked()

        assert sent < 50


async def test_closing_a_lane_ends_its_streams():
    server = Server(hangs)
    lane = connected(server)

    async with anyio.create_task_group() as tasks:
        ended = anyio.Event()

        async def read() -> None:
            async for _ in lane.events("thr_1", after=0):
                pass
            ended.set()

        tasks.start_soon(read)
        while not server.requests:
            await anyio.wait_all_tasks_blocked()
        with anyio.fail_after(60):
            await lane.close()
            await ended.wait()


@pytest.mark.parametrize("id_", ["../users", "a/b", "a?b=c", "a#b", "%2e%2e", "a b"])
def test_no_id_leaves_its_place_in_the_path(id_: str):
    path = route("threads", id_, "events")

    assert path.count("/") == 3
    assert httpx.URL("http://test" + path).path == f"/threads/{id_}/events"
