"""Call: one request of a proven user, as the routes see it."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from laneway import wire
from laneway.api import strict_json
from laneway.api.auth import Headers, credential_of, source_of
from laneway.api.conditional import if_version
from laneway.api.idempotency import idempotency_of
from laneway.api.paging import page_headers
from laneway.api.rates import Failures
from laneway.app import App
from laneway.domain.command import Command, RecordAct
from laneway.domain.errors import LanewayError, Malformed, NotFound, TooLarge, Unauthorized, Unsupported
from laneway.domain.instant import Instant
from laneway.domain.json import Json
from laneway.domain.kinds import IDEMPOTENCY
from laneway.domain.principal import Principal
from laneway.domain.record import Kind, Record
from laneway.domain.share import Permission
from laneway.domain.user import IdempotentReply
from laneway.runtime.credentials import VerifiedPrincipal
from laneway.runtime.shares import Grant
from laneway.runtime.submit import Answer, Idempotency
from laneway.store import Ask, Get, Page, Query, Snapshot, Tally, TallyPage

T = TypeVar("T")
R = TypeVar("R", bound=Record)

JSON = "application/json"
BODY_S = 30.0
"""How long a body may take to arrive: a trickle must not hold a request open for ever."""
BIG = 64 * 1024
"""A body from this size on is read on a thread: the event loop has others to serve."""


class Call:
    """One request: who asks, what it names, what it brings, and how it is answered."""

    def __init__(self, app: App, request: Request, query: object = None) -> None:
        self.app = app
        self.request = request
        self.owned: dict[str, Record] = {}
        self.grant: Grant | None = None
        """What lets the caller read a thread that is not theirs."""
        self._query = query
        self._raw = b""
        self.headers = Headers(tuple((name.lower(), value) for name, value in request.headers.items()))

    # --- who and when --------------------------------------------------------------------------------------------

    @property
    def who(self) -> VerifiedPrincipal:
        """Who asks; only routes with the policy `open` can be reached without anybody."""
        verified = self.request.scope.get("laneway.verified")
        if not isinstance(verified, VerifiedPrincipal):
            raise Unauthorized("This needs a valid key or login.")
        return verified

    @property
    def principal(self) -> Principal:
        return self.who.principal

    @property
    def user_id(self) -> str:
        return self.principal.user_id

    @property
    def at(self) -> Instant:
        return self.app.clock.now()

    @property
    def seed(self) -> bytes:
        return self.app.clock.seed()

    def count_failure(self, repeated: str | None = None) -> None:
        """Count a wrong credential that a body or an address brought, a repeated one once; raises `TooMany`."""
        failures = self.request.app.state.failures
        assert isinstance(failures, Failures)
        failures.count(source_of(self.request.scope), repeated)

    # --- what it names -------------------------------------------------------------------------------------------

    def path(self, name: str) -> str:
        """A part of the path, which names something in a route that it does not own."""
        return strict_json.check_text(self.request.path_params[name])

    def own(self, kind: Kind[R]) -> R:
        """The record that the path names, which the route has declared and found to be the caller's."""
        record = self.owned[kind.name]
        assert isinstance(record, kind.type)
        return record

    def query(self, shape: type[T]) -> T:
        """The parameters, which were fitted to the route's shape."""
        assert isinstance(self._query, shape)
        return self._query

    @property
    def if_version(self) -> int | None:
        """The version that `If-Match` names."""
        return if_version(self.headers.all("if-match"))

    # --- what it brings ------------------------------------------------------------------------------------------

    async def body(self, shape: type[T], optional: bool = False) -> T:
        """Read the body and fit it to its shape; an optional one may be missing altogether."""
        self.check_media_type(JSON, optional)
        self._raw = await self._read(strict_json.MAX_BYTES)
        if not self._raw and optional:
            return strict_json.fit({}, shape)
        if len(self._raw) > BIG:
            value = await asyncio.to_thread(strict_json.parse, self._raw)
        else:
            value = strict_json.parse(self._raw)
        return strict_json.fit(value, shape)

    def check_media_type(self, wanted: str, optional: bool = False) -> None:
        """Raise `Unsupported` for another media type, and for a compressed body."""
        media_type, _, parameters = self.headers.first("content-type").partition(";")
        charset = parameters.strip().lower().removeprefix("charset=").strip('"')
        plain = wanted != JSON or charset in ("", "utf-8")
        if self.headers.first("content-encoding").lower() not in ("", "identity"):
            raise Unsupported("Compressed bodies are not taken.", "Send it as it is.")
        missing = optional and not media_type
        if not missing and (media_type.strip().lower() != wanted or not plain):
            raise Unsupported(f"The body's media type is not {wanted}.", f"Send Content-Type: {wanted}.")

    async def _read(self, limit: int) -> bytes:
        told = self.headers.first("content-length")
        too_large = TooLarge(f"A body may have {limit} bytes.", "Send less at once.")
        if told.isdecimal() and (len(told) > len(str(limit)) or int(told) > limit):
            raise too_large
        chunks: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(BODY_S):
                async for chunk in self.request.stream():
                    size += len(chunk)
                    if size > limit:
                        raise too_large
                    chunks.append(chunk)
        except ClientDisconnect as gone:
            raise Malformed("The request ended before its body did.") from gone
        except TimeoutError as stalled:
            raise Malformed(f"The body did not arrive within {BODY_S:.0f} s.") from stalled
        return b"".join(chunks)

    # --- what it does --------------------------------------------------------------------------------------------

    async def read(self, *asks: Ask, log: str | None = None) -> Snapshot:
        """Read what the caller may see; where a thread is shared with them, what its owner may."""
        sight = self.grant.sight if self.grant is not None else self.principal
        return await self.app.store.read(sight, *asks, log=log)

    async def is_granted(self, needed: Permission) -> bool:
        """Whether the thread or file that the path names is shared with the caller for this.

        If so, they read from here on what its owner may.
        """
        shares = self.app.shares
        if "attachment_id" in self.request.path_params:
            grant = await shares.find_by_file(self.user_id, self.path("attachment_id"))
        else:
            grant = await shares.find(self.user_id, self.path("thread_id"))
        if grant is not None and needed in ("view", grant.permission):
            self.grant = grant
        return self.grant is not None

    async def find(self, query: Query) -> Page:
        """Read one page."""
        page = (await self.read(query)).results[0]
        assert isinstance(page, Page)
        return page

    async def tally(self, tally: Tally) -> TallyPage:
        """Read one page of a tally."""
        page = (await self.read(tally)).results[0]
        assert isinstance(page, TallyPage)
        return page

    async def submit(self, command: Command, body: bytes | None = None) -> Answer:
        """Record a command; the same request sent again gets the first answer again."""
        principal = replace(self.principal, user_id=self.grant.owner) if self.grant is not None else self.principal
        return await self.app.runtime.submit(principal, command, self.idempotency(body))

    async def submit_as_system(self, command: Command) -> Answer:
        """Record an admin's command about what is not their own; for routes that are for admins alone."""
        principal = replace(self.principal, system=True)
        return await self.app.runtime.submit(principal, command, self.idempotency())

    async def record_act(self, act: str, subject: str) -> None:
        """Write into the audit log what the caller does without changing anything: a read by an admin, a refusal."""
        command = RecordAct(at=self.at, seed=self.seed, owner=self.user_id, act=act, subject=subject)
        await self.app.runtime.submit(self.principal, command)

    def idempotency(self, body: bytes | None = None) -> Idempotency | None:
        """What the request's Idempotency-Key stands for; `body` where it is not the JSON that was read."""
        by = self.user_id if "laneway.verified" in self.request.scope or self.grant is None else self.grant.reader_id
        return idempotency_of(
            self.headers.all("idempotency-key"), by, self.request.method, self.request.url.path,
            self._raw if body is None else body, credential_of(self.headers),
        )  # fmt: skip

    async def first_reply(self) -> IdempotentReply | None:
        """What this very request was told when it was carried out before: what it named may be gone by now."""
        idempotency = self.idempotency()
        if idempotency is None:
            return None
        first = (await self.read(Get(IDEMPOTENCY, idempotency.record_id))).results[0]
        if isinstance(first, IdempotentReply) and first.body_sha256 == idempotency.body_sha256:
            return first
        return None

    async def refuse(self, error: LanewayError) -> None:
        """Raise an error, unless this very request was carried out before: it is then told its first answer again."""
        if await self.first_reply() is None:
            raise error

    # --- how it is answered --------------------------------------------------------------------------------------

    def show(self, resource: Json, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        """Answer with a resource, encoded as it stands."""
        return Response(wire.encode(resource), status, {"Cache-Control": "no-store", **(headers or {})}, JSON)

    def show_page(self, shown: Json, page: Page | TallyPage, headers: Mapping[str, str] | None = None) -> Response:
        """Answer with a page of a list."""
        url = self.request.url
        return self.show(shown, headers={**page_headers(page, url.path, url.query), **(headers or {})})

    def nothing(self) -> Response:
        """Answer that it is done, and that there is nothing to say."""
        return Response(status_code=204, headers={"Cache-Control": "no-store"})


def shown_as(reply: Json, shape: type[T]) -> T:
    """A command's reply as a resource: a record that was just made, or what an earlier, equal request was told."""
    return wire.convert(reply, shape, from_attributes=True)


def records_of(page: object, type_: type[T]) -> list[T]:
    """The records of a page that was asked for by their kind."""
    if not isinstance(page, Page):
        raise NotFound
    return [record for record in page.records if isinstance(record, type_)]


def offset_headers(snapshot: Snapshot) -> dict[str, str]:
    """From where a stream goes on with exactly what is newer than this."""
    return {"Laneway-Offset": str(snapshot.offset), "Laneway-Position": str(snapshot.position)}
