"""A small OpenAI-compatible server on loopback: it does what the last user message says, over real HTTP.

It runs on a thread with a loop of its own, so that what a client does to its loop cannot help the server or hurt it.
"""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

Body = dict[str, Any]
Answer = Callable[["OpenAIServer", Body, str], Awaitable[Response]]


@dataclass
class OpenAIServer:
    """What a test sees of the server: where it is, what it was sent, and how many answers are still being streamed."""

    base_url: str = ""
    requests: list[Body] = field(default_factory=list[Body])
    keys: list[str] = field(default_factory=list[str])
    writes: dict[str, str] = field(default_factory=dict[str, str])
    """What it does when the instructions have a word, whatever is asked then."""
    open_streams: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)

    def count(self, change: int) -> None:
        """A stream has been opened, or has ended."""
        with self.changed:
            self.open_streams += change
            self.changed.notify_all()

    def wait_for_streams(self, number: int) -> None:
        """Block until so many answers are being streamed."""
        with self.changed:
            self.changed.wait_for(lambda: self.open_streams == number)

    @property
    def last_messages(self) -> list[Body]:
        return self.requests[-1]["messages"]


@contextmanager
def running_server() -> Generator[OpenAIServer]:
    """Run a server on a free port of loopback until the block ends."""
    server = OpenAIServer()

    async def endpoint(request: Request) -> Response:
        return await complete(server, request)

    app = Starlette(routes=[Route("/v1/chat/completions", endpoint, methods=["POST"])])
    config = uvicorn.Config(app, "127.0.0.1", 0, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
    runner = Runner(config)
    thread = threading.Thread(target=runner.run, name="openai-server", daemon=True)
    thread.start()
    runner.is_up.wait()
    server.base_url = f"http://127.0.0.1:{runner.servers[0].sockets[0].getsockname()[1]}/v1"
    yield server
    runner.should_exit = True
    thread.join()


class Runner(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_up = threading.Event()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.is_up.set()


async def complete(server: OpenAIServer, request: Request) -> Response:
    body: Body = await request.json()
    server.requests.append(body)
    server.keys.append(request.headers.get("authorization", "").removeprefix("Bearer "))
    instructions = " ".join(text_of(message) for message in body["messages"] if message["role"] == "system")
    written = next((does for word, does in server.writes.items() if word in instructions), None)
    word, _, rest = (written or directive(body)).partition(" ")
    return await ANSWERS.get(word, say)(server, body, rest)


def directive(body: Body) -> str:
    """The last user message; after a tool's result there is nothing left to do but to report it."""
    last = body["messages"][-1]
    if last["role"] == "tool":
        return f"say the tool said {text_of(last)}"
    return next(text_of(message) for message in reversed(body["messages"]) if message["role"] == "user")


def text_of(message: Body) -> str:
    content = message["content"]
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content)


# --- answers that stream ---------------------------------------------------------------------------------------------


async def say(server: OpenAIServer, body: Body, text: str) -> Response:
    return stream(server, [*({"content": piece} for piece in words(text)), finish("stop"), usage()])


async def think(server: OpenAIServer, body: Body, text: str) -> Response:
    thoughts = [{"reasoning_content": piece} for piece in words("let me think")]
    return stream(server, [*thoughts, *({"content": piece} for piece in words(text)), finish("stop")])


async def call(server: OpenAIServer, body: Body, rest: str) -> Response:
    """`call NAME {json}`"""
    name, _, arguments = rest.partition(" ")
    return stream(server, [*tool_call(0, name, arguments), finish("tool_calls"), usage()])


async def say_and_calls(server: OpenAIServer, body: Body, rest: str) -> Response:
    """`calls [[name, arguments], …]`: a word, and then all of them at once"""
    calls: list[tuple[str, Any]] = json.loads(rest)
    asked = [delta for index, (name, value) in enumerate(calls) for delta in tool_call(index, name, json.dumps(value))]
    return stream(server, [{"content": "Wait."}, *asked, finish("tool_calls")])


async def call_for_ever(server: OpenAIServer, body: Body, rest: str) -> Response:
    return stream(server, [*tool_call(0, rest, "{}", len(server.requests)), finish("tool_calls")])


async def stall(server: OpenAIServer, body: Body, text: str) -> Response:
    return stream(server, [{"content": "well "}, {"content": "then"}], then=asyncio.Event().wait)


async def slow(server: OpenAIServer, body: Body, text: str) -> Response:
    """A status, and then nothing for as long as the client waits."""
    return stream(server, [], then=asyncio.Event().wait)


async def filtered(server: OpenAIServer, body: Body, text: str) -> Response:
    return stream(server, [finish("content_filter")])


# --- answers that fail -----------------------------------------------------------------------------------------------


async def status(server: OpenAIServer, body: Body, rest: str) -> Response:
    """`status CODE [MESSAGE]`: the body repeats the key, as careless providers do."""
    code, _, message = rest.partition(" ")
    error = {"message": f"{message} (your key: {server.keys[-1]})", "type": "error", "code": message or None}
    return JSONResponse({"error": error}, int(code), headers={"Retry-After": "7"} if code == "429" else {})


async def cut(server: OpenAIServer, body: Body, text: str) -> Response:
    async def fail() -> None:
        raise ConnectionResetError

    return stream(server, [{"content": "well "}, {"content": "then"}], then=fail)


async def end_early(server: OpenAIServer, body: Body, text: str) -> Response:
    return stream(server, [{"content": "well "}, {"content": "then"}], done=False)


async def garbage(server: OpenAIServer, body: Body, text: str) -> Response:
    """`garbage page|json|shape|list|empty|error`"""
    chunks = {
        "json": "data: {not json\n\n",
        "shape": 'data: {"foo": 1}\n\ndata: [DONE]\n\n',
        "list": "data: [1, 2]\n\ndata: [DONE]\n\n",
        "choices": 'data: {"id": "1", "object": "x", "created": 1, "model": "m", "choices": [7]}\n\n',
        "empty": "",
        "error": 'data: {"error": {"message": "the model fell over", "type": "server_error"}}\n\n',
    }
    if text == "page":
        return Response("<html>Please log in</html>", media_type="text/html")
    return Response(chunks[text], media_type="text/event-stream")


ANSWERS: dict[str, Answer] = {
    "say": say, "think": think, "call": call, "calls": say_and_calls, "call-for-ever": call_for_ever, "stall": stall,
    "slow": slow, "filtered": filtered, "status": status, "cut": cut, "end-early": end_early, "garbage": garbage,
}  # fmt: skip


# --- the wire --------------------------------------------------------------------------------------------------------


def stream(
    server: OpenAIServer, deltas: list[Body], then: Callable[[], Awaitable[object]] | None = None, done: bool = True
) -> StreamingResponse:
    async def frames() -> AsyncIterator[str]:
        server.count(1)
        try:
            for delta in deltas:
                yield f"data: {json.dumps(chunk(delta))}\n\n"
                await asyncio.sleep(0)
            if then is not None:
                await then()
            if done:
                yield "data: [DONE]\n\n"
        finally:
            server.count(-1)

    return StreamingResponse(frames(), media_type="text/event-stream")


def chunk(delta: Body) -> Body:
    common: Body = {"id": "chat-1", "object": "chat.completion.chunk", "created": 1, "model": "small"}
    if "usage" in delta:
        return {**common, "choices": [], "usage": delta["usage"]}
    reason = delta.get("finish_reason")
    choice: Body = {"index": 0, "delta": {} if reason else {"role": "assistant", **delta}, "finish_reason": reason}
    return {**common, "choices": [choice]}


def finish(reason: str) -> Body:
    return {"finish_reason": reason}


def usage() -> Body:
    return {"usage": {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16}}


def tool_call(index: int, name: str, arguments: str, number: int = 0) -> Iterator[Body]:
    """A tool call as providers stream it: first its name, then its arguments in pieces."""
    id_ = f"call_{number}_{index}"
    yield {"tool_calls": [{"index": index, "id": id_, "type": "function", "function": {"name": name, "arguments": ""}}]}
    for start in range(0, len(arguments), 5):
        piece = arguments[start : start + 5]
        yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def words(text: str) -> list[str]:
    parts = text.split(" ")
    return [part if number == 0 else f" {part}" for number, part in enumerate(parts)]
