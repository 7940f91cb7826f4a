"""Shares: who may read a thread that is not theirs. The only maker of grants, which prove it."""

import re
from dataclasses import InitVar, dataclass, replace

from laneway.clock import Clock
from laneway.domain.command import ShareThread
from laneway.domain.errors import SharesOff, UnknownUser
from laneway.domain.instant import Instant
from laneway.domain.item import Item
from laneway.domain.kinds import ATTACHMENT, ITEM, SHARE, THREAD, USER
from laneway.domain.principal import SYSTEM, Principal
from laneway.domain.session import Attachment
from laneway.domain.share import Permission, Share, files_of, shown_roles
from laneway.domain.thread import Thread
from laneway.domain.user import User
from laneway.runtime.credentials import sha256_of
from laneway.runtime.secret import new_secret, same_secret
from laneway.runtime.submit import Answer, Idempotency, Runtime
from laneway.store import Get, Page, Query, Store, Where

_TOKEN = re.compile("[A-Za-z0-9_-]{43}")
_PROOF = object()


@dataclass(frozen=True, slots=True)
class Grant:
    """Proof that a thread is shared with whoever asks. Only what is below can make one."""

    share_id: str
    thread_id: str
    owner: str
    permission: Permission
    tool_output: bool
    expires_at: Instant
    proof: InitVar[object]

    def __post_init__(self, proof: object) -> None:
        if proof is not _PROOF:
            raise TypeError("only a share makes a grant")

    @property
    def reader_id(self) -> str:
        """Whom a stream counts for: each link is a reader of its own."""
        return f"share:{self.share_id}"

    @property
    def sight(self) -> Principal:
        """Who reads the thread: its owner, who may only read."""
        return Principal(self.owner, "member", "read")


@dataclass(frozen=True, slots=True)
class Terms:
    """What somebody may do with a share, what they see, and how long."""

    permission: Permission
    tool_output: bool
    until: Instant


class Shares:
    """Finds what is shared with a user, or by a link, as long as it holds."""

    def __init__(self, store: Store, runtime: Runtime, clock: Clock, are_links_on: bool) -> None:
        self._store = store
        self._runtime = runtime
        self._clock = clock
        self._are_links_on = are_links_on

    async def resolve(self, token: str) -> Grant | None:
        """What a link's token lets its holder read; None for one that is wrong, ended, expired or off."""
        if not self._are_links_on or not _TOKEN.fullmatch(token):
            return None
        return await self._find(Where("sha256", "=", sha256_of(token)))

    async def find(self, user_id: str, thread_id: str) -> Grant | None:
        """What is shared with a user of a thread."""
        return await self._find(Where("grantee_id", "=", user_id), Where("thread_id", "=", thread_id))

    async def find_by_file(self, user_id: str, attachment_id: str) -> Grant | None:
        """What is shared with a user of a thread that shows them a file."""
        shares = await self._shares_with(user_id)
        file = (await self._store.read(SYSTEM, Get(ATTACHMENT, attachment_id))).results[0] if shares else None
        for share in shares:
            if isinstance(file, Attachment) and share.session_id == file.session_id:
                grant = await self.find(user_id, share.thread_id)
                if grant is not None and await self.shows_file(grant, attachment_id):
                    return grant
        return None

    async def shows_file(self, grant: Grant, attachment_id: str) -> bool:
        """Whether a message that is shown names the file. The newest are looked at first: they are what is read."""
        query = Query(ITEM, shown_items(grant), (("seq", "desc"),), limit=MESSAGES)
        while True:
            page = (await self._store.read(grant.sight, query)).results[0]
            assert isinstance(page, Page)
            items = [item for item in page.records if isinstance(item, Item)]
            if any(attachment_id in files_of(item, grant.tool_output) for item in items):
                return True
            if page.next_cursor is None:
                return False
            query = replace(query, cursor=page.next_cursor)

    async def holds(self, grant: Grant) -> bool:
        """Whether what was granted then still holds now."""
        return await self._find(Where("id", "=", grant.share_id)) == grant

    def has_expired(self, grant: Grant) -> bool:
        return grant.expires_at <= self._clock.now()

    async def list_shared_with(self, user_id: str) -> tuple[tuple[Share, str], ...]:
        """What is shared with a user, the newest first, each with its owner's name."""
        shares = await self._shares_with(user_id)
        asked = [Get(USER, share.owner) for share in shares] + [Get(THREAD, share.thread_id) for share in shares]
        found = (await self._store.read(SYSTEM, *asked)).results if asked else ()
        held = zip(shares, found[: len(shares)], found[len(shares) :], strict=True)
        return tuple(
            (share, owner.name)
            for share, owner, thread in held
            if isinstance(owner, User) and owner.active and isinstance(thread, Thread) and not thread.deleted
        )

    async def share_with(
        self, principal: Principal, thread_id: str, name: str, terms: Terms, once: Idempotency | None = None
    ) -> Answer:
        """Share a thread with the user of that name; raises `UnknownUser`."""
        user = await self._first(Query(USER, (Where("name", "=", name),), limit=1))
        if not isinstance(user, User) or not user.active or user.id == principal.user_id:
            raise UnknownUser(f"There is no other active user {name!r}.", "Names are spelled exactly.")
        command = ShareThread(
            at=self._clock.now(), seed=self._clock.seed(), thread_id=thread_id, permission=terms.permission,
            tool_output=terms.tool_output, expires_at=terms.until, grantee_id=user.id, grantee=user.name,
        )  # fmt: skip
        return await self._runtime.submit(principal, command, once)

    async def make_link(
        self, principal: Principal, thread_id: str, terms: Terms, once: Idempotency | None = None
    ) -> tuple[Answer, str]:
        """Share a thread with whoever has the token that comes back, which is kept nowhere; raises `SharesOff`."""
        if not self._are_links_on:
            raise SharesOff("Links to threads are off on this server.", "Set `enabled = true` under [shares].")
        token, noted = new_secret(once)
        command = ShareThread(
            at=self._clock.now(), seed=self._clock.seed(), thread_id=thread_id, permission=terms.permission,
            tool_output=terms.tool_output, expires_at=terms.until, sha256=sha256_of(token),
        )  # fmt: skip
        answer = await self._runtime.submit(principal, command, noted)
        return answer, same_secret(once, answer.note) if answer.replayed else token

    async def _shares_with(self, user_id: str) -> list[Share]:
        where = (Where("grantee_id", "=", user_id), Where("expires_at", ">", self._clock.now()))
        page = (await self._store.read(SYSTEM, Query(SHARE, where, (("created_at", "desc"),), limit=MOST))).results[0]
        assert isinstance(page, Page)
        return [share for share in page.records if isinstance(share, Share)]

    async def _find(self, *where: Where) -> Grant | None:
        share = await self._first(Query(SHARE, where, limit=1))
        if not isinstance(share, Share) or share.expires_at <= self._clock.now():
            return None
        asked = (Get(THREAD, share.thread_id), Get(USER, share.owner))
        thread, owner = (await self._store.read(SYSTEM, *asked)).results
        if not isinstance(thread, Thread) or thread.deleted or not isinstance(owner, User) or not owner.active:
            return None
        return Grant(
            share.id, share.thread_id, share.owner, share.permission, share.tool_output, share.expires_at, _PROOF
        )

    async def _first(self, query: Query) -> object:
        page = (await self._store.read(SYSTEM, query)).results[0]
        return page.records[0] if isinstance(page, Page) and page.records else None


def shown_items(grant: Grant) -> tuple[Where, ...]:
    """The condition for the items of the thread that may be shown: `shown_item` says what of them."""
    return (
        Where("thread_id", "=", grant.thread_id), Where("state", "!=", "superseded"),
        Where("role", "in", shown_roles(grant.tool_output)),
    )  # fmt: skip


MOST = 1000
"""How many threads that are shared with one user are looked at."""
MESSAGES = 100
"""How many messages are looked through for a file at once."""
