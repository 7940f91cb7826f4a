"""Connection: one server, spoken to over HTTP: JSON in and out, refusals as errors, repeats that do nothing twice."""

import asyncio
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote

import httpx
import msgspec

from laneway import wire
from laneway.client.problems import error_from
from laneway.client.resources import Page
from laneway.domain.errors import Internal, LanewayError, Malformed, Unavailable
from laneway.domain.json import Json

T = TypeVar("T")
Query = Mapping[str, str | int | bool | None]
API = "/api/v1"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to go on trying when the server is away: after a restart everything goes on by itself."""

    tries: int = 4
    first_s: float = 0.1
    longest_s: float = 2.0

    def wait_s(self, failures: int, asked_s: float | None = None) -> float:
        """How long to wait after the n-th failure (from 1), or as long as the server asked."""
        own = self.first_s * 3 ** (failures - 1)
        return min(own if asked_s is None else asked_s, self.longest_s)


class Connection:
    """Sends requests. Writes carry an `Idempotency-Key`, so that one whose answer was lost is sent again safely."""

    def __init__(self, http: httpx.AsyncClient, patience: Patience | None = None) -> None:
        self._http = http
        self.patience = patience or Patience()
        self._closed = False

    @property
    def closed(self) -> bool:
        return self._closed

    async def close(self) -> None:
        """End every request and stream of this connection; nothing on the server is cancelled by it."""
        self._closed = True
        await self._http.aclose()

    async def get(self, path: str, shape: type[T], query: Query | None = None) -> T:
        """Read one resource."""
        return _decoded(await self.request("GET", path, query=query), shape)

    async def get_part(self, path: str, shape: type[T], query: Query) -> tuple[T, str | None]:
        """Read a part of a resource, and the cursor of the next one."""
        response = await self.request("GET", path, query=query)
        return _decoded(response, shape), response.headers.get("x-next-cursor")

    async def get_page(self, path: str, shape: type[T], query: Query | None = None) -> Page[T]:
        """Read one page of a list."""
        response = await self.request("GET", path, query=query)
        total, offset = (response.headers.get(name) for name in ("x-total-count", "laneway-offset"))
        return Page(
            tuple(_decoded(response, list[shape])),
            response.headers.get("x-next-cursor"),
            None if total is None else int(total),
            None if offset is None else int(offset),
        )

    async def write(
        self, method: str, path: str, shape: type[T], body: Json = None, *, if_version: int | None = None
    ) -> T:
        """Change something and read the answer."""
        return _decoded(await self.request(method, path, body=body, if_version=if_version), shape)

    async def upload(
        self,
        path: str,
        shape: type[T],
        file: tuple[str, bytes, str],
        fields: Mapping[str, str],
        times: httpx.Timeout | None = None,
    ) -> T:
        """Send a file (name, bytes, media type) and read the answer."""
        return _decoded(await self.request("POST", path, file=file, fields=fields, times=times), shape)

    @asynccontextmanager
    async def download(self, path: str) -> AsyncGenerator[AsyncIterator[bytes]]:
        """Read a file as it comes; leaving the context ends it."""
        async with self._http.stream("GET", API + path) as response:
            if response.is_error:
                await response.aread()
                raise error_from(response)
            yield response.aiter_bytes()

    async def delete(self, path: str, *, if_version: int | None = None) -> None:
        """Remove something."""
        await self.request("DELETE", path, if_version=if_version)

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: Json = None,
        file: tuple[str, bytes, str] | None = None,
        fields: Mapping[str, str] | None = None,
        if_version: int | None = None,
        times: httpx.Timeout | None = None,
    ) -> httpx.Response:
        """Send a request, again while the server is away, and return what it answered; raises what it refused with."""
        headers = {} if method == "GET" else {"Idempotency-Key": uuid.uuid4().hex}
        if if_version is not None:
            headers["If-Match"] = f'"{if_version}"'
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = _encoded(body)
        request = self._http.build_request(
            method,
            API + path,
            params=_shown(query),
            content=content,
            files=None if file is None else {"file": file},
            data=fields,
            headers=headers,
            timeout=times or self._http.timeout,
        )
        # Kept whole, so that a repeat sends the same bytes: another body under one key would be refused.
        await request.aread()
        return await self._send(request)

    @asynccontextmanager
    async def stream(self, path: str, query: Query, headers: Mapping[str, str]) -> AsyncGenerator[httpx.Response]:
        """Open an event stream; leaving the context closes it, and cancels nothing."""
        timeout = httpx.Timeout(10.0, read=45.0)  # three keep-alives missed: the other side is gone
        asked = {"Accept": "text/event-stream", "Cache-Control": "no-store", **headers}
        async with self._http.stream(
            "GET", API + path, params=_shown(query), headers=asked, timeout=timeout
        ) as response:
            if response.is_error:
                await response.aread()
                raise error_from(response)
            yield response

    async def _send(self, request: httpx.Request) -> httpx.Response:
        failures = 0
        while True:
            asked: object = None
            try:
                response = await self._http.send(request)
                if not response.is_error:
                    return response
                error: LanewayError = error_from(response)
                if not isinstance(error, Unavailable):
                    raise error
                asked = error.extra.get("retry_after_s")
            except httpx.TransportError as broken:
                error = away(request.url, broken)
            failures += 1
            if failures >= self.patience.tries or self._closed:
                raise error
            await asyncio.sleep(self.patience.wait_s(failures, asked if isinstance(asked, int) else None))


def away(url: httpx.URL, error: httpx.TransportError) -> Unavailable:
    """What a broken or refused connection means to people."""
    address = f"{url.scheme}://{url.netloc.decode()}"
    reason = str(error) or type(error).__name__
    return Unavailable(f"{address} does not answer: {reason}.", "Is the server running? `laneway serve` starts it.")


def route(*segments: str) -> str:
    """A path of the API; no segment can leave its place."""
    return "".join(f"/{quote(segment, safe='')}" for segment in segments)


def given(**fields: Json) -> dict[str, Json]:
    """The fields of a body that were given: those that are not None."""
    return {name: value for name, value in fields.items() if value is not None}


def _shown(query: Query | None) -> dict[str, str]:
    shown = {True: "true", False: "false"}
    pairs = {name: value for name, value in (query or {}).items() if value is not None}
    return {name: shown[value] if isinstance(value, bool) else str(value) for name, value in pairs.items()}


def _encoded(body: Json) -> bytes:
    try:
        return wire.encode(body)
    except (TypeError, ValueError) as error:
        raise Malformed(f"This cannot be sent as JSON: {error}.") from error


def _decoded(response: httpx.Response, shape: type[T]) -> T:
    try:
        return wire.decode(response.content, shape)
    except msgspec.DecodeError as error:
        raise Internal(f"The server's answer does not fit: {error}.", "Are both sides of the same version?") from error
