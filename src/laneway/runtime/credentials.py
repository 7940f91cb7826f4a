"""Credentials: the one place that turns a secret into a proven principal, and the only maker of keys and logins."""

import hashlib
import re
import secrets
from dataclasses import InitVar, dataclass, replace
from pathlib import Path

from msgspec import convert

from laneway.bus import Bus
from laneway.clock import Clock
from laneway.domain.command import CreateKey, CreateLogin, CreateUser, EndLogin
from laneway.domain.errors import Conflict, NotFound, Unauthorized
from laneway.domain.ids import Ids
from laneway.domain.instant import Instant, later
from laneway.domain.kinds import KEY, LOGIN, USER
from laneway.domain.principal import SYSTEM, Principal, Role, Scope, lesser
from laneway.domain.user import Key, Login, User
from laneway.runtime.admin_key import read_admin_key, write_admin_key
from laneway.runtime.secret import new_secret, same_secret
from laneway.runtime.submit import KEYS_TOPIC, Idempotency, Runtime
from laneway.store import Get, Page, Query, Store, Where

FIRST_USER = "admin"
"""The name of the user who is made at the first start, and who is the owner."""
KEY_PREFIX = "lw_"
SHOWN_PREFIX = len(KEY_PREFIX) + 6
LOGIN_S = 30 * 86_400.0
CODE_S = 600.0
CODES = 16
CACHED = 10_000
CACHED_S = 10.0
"""A cached answer is asked for again after this, should the ring that evicts it have been lost."""

_KEY = re.compile(r"lw_[A-Za-z0-9_-]{43}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_PROOF = object()


@dataclass(frozen=True, slots=True)
class VerifiedPrincipal:
    """Proof that somebody showed a valid secret. Only the resolver below can make one."""

    principal: Principal
    name: str
    """The user's name."""
    credential_id: str
    """The key's id, or the login's."""
    sha256: str
    is_login: bool
    expires_at: Instant | None
    proof: InitVar[object]

    def __post_init__(self, proof: object) -> None:
        if proof is not _PROOF:
            raise TypeError("only a credential makes a verified principal")

    @property
    def reader_id(self) -> str:
        """Whom a stream counts for."""
        return self.principal.user_id


class Credentials:
    """Resolves keys and logins, remembers the answers, and forgets them when a ring says that one changed."""

    def __init__(self, store: Store, runtime: Runtime, bus: Bus, clock: Clock) -> None:
        self._store = store
        self._runtime = runtime
        self._clock = clock
        self._cache: dict[tuple[bool, str], tuple[float, VerifiedPrincipal | None]] = {}
        self._generation = 0
        self._used: dict[str, Instant] = {}
        self._codes: dict[str, float] = {}
        self._admin: VerifiedPrincipal | None = None
        bus.listen(self._hear)

    # --- who asks ------------------------------------------------------------------------------------------------

    async def resolve_key(self, key: str) -> VerifiedPrincipal | None:
        """Who an API key proves; None for anything that is not a valid key."""
        if not _KEY.fullmatch(key):
            return None
        verified = await self._resolve(False, sha256_of(key))
        if verified is not None:
            self._used[verified.credential_id] = self._clock.now()
        return verified

    async def resolve_login(self, token: str) -> VerifiedPrincipal | None:
        """Who a browser's cookie proves; None for anything that is not a valid login."""
        return await self._resolve(True, sha256_of(token)) if _TOKEN.fullmatch(token) else None

    async def was_key(self, key: str) -> bool:
        """Whether this was a key of ours, however it ended: who shows it does not guess."""
        known = Query(KEY, (Where("sha256", "=", sha256_of(key)),), limit=1)
        return _KEY.fullmatch(key) is not None and await self._first(known) is not None

    async def is_valid(self, verified: VerifiedPrincipal) -> bool:
        """Whether what was proved then still holds now."""
        return await self._resolve(verified.is_login, verified.sha256) == verified

    def last_used_at(self, key_id: str) -> Instant | None:
        """When this process last saw the key."""
        return self._used.get(key_id)

    async def _resolve(self, is_login: bool, sha256: str) -> VerifiedPrincipal | None:
        cached = self._cache.get((is_login, sha256))
        if cached is None or self._clock.monotonic() - cached[0] > CACHED_S:
            generation = self._generation
            found = await self._find(is_login, sha256)
            cached = (self._clock.monotonic(), found)
            # A change that was told while we read may be newer than what we read: then it is not kept.
            if generation == self._generation:
                self._keep((is_login, sha256), cached)
        verified = cached[1]
        if verified is None or (verified.expires_at is not None and verified.expires_at <= self._clock.now()):
            return None
        return verified

    def _keep(self, key: tuple[bool, str], cached: tuple[float, VerifiedPrincipal | None]) -> None:
        if len(self._cache) >= CACHED:
            del self._cache[next(iter(self._cache))]
        self._cache[key] = cached

    async def _find(self, is_login: bool, sha256: str) -> VerifiedPrincipal | None:
        kind = LOGIN if is_login else KEY
        found = await self._first(Query(kind, (Where("sha256", "=", sha256),), limit=1))
        if not isinstance(found, Key | Login) or (isinstance(found, Key) and found.revoked):
            return None
        user = (await self._store.read(SYSTEM, Get(USER, found.owner))).results[0]
        if not isinstance(user, User) or not user.active:
            return None
        key_id = found.key_id if isinstance(found, Login) else found.id
        # A change of the user's role counts at once, for what was made before it, too.
        principal = Principal(user.id, lesser(found.role, user.role), found.scope, key_id)
        return VerifiedPrincipal(principal, user.name, found.id, sha256, is_login, found.expires_at, _PROOF)

    async def _first(self, query: Query) -> object:
        page = (await self._store.read(SYSTEM, query)).results[0]
        return page.records[0] if isinstance(page, Page) and page.records else None

    def _hear(self, topics: frozenset[str]) -> None:
        if KEYS_TOPIC in topics:
            self._generation += 1
            self._cache.clear()

    # --- keys ----------------------------------------------------------------------------------------------------

    async def create_key(
        self,
        principal: Principal,
        user_id: str,
        name: str,
        role: Role,
        scope: Scope,
        expires_at: Instant | None = None,
        by: str | None = None,
        once: Idempotency | None = None,
    ) -> tuple[Key, str]:
        """Make a key and return it with its text, which is kept nowhere."""
        secret, noted = new_secret(once)
        text = KEY_PREFIX + secret
        command = CreateKey(
            at=self._clock.now(), seed=self._clock.seed(), user_id=user_id, name=name, prefix=text[:SHOWN_PREFIX],
            sha256=sha256_of(text), role=role, scope=scope, expires_at=expires_at, by=by,
        )  # fmt: skip
        answer = await self._runtime.submit(principal, command, noted)
        key = convert(answer.reply, Key, from_attributes=True)
        return key, KEY_PREFIX + same_secret(once, answer.note) if answer.replayed else text

    async def issue_key(self, user_name: str | None = None, name: str = "command line") -> str:
        """Make a key for a user of that name, who is made when missing: for whoever holds the data directory."""
        return (await self.create_key_of(user_name or FIRST_USER, name))[1]

    async def create_key_of(
        self, user_name: str, name: str, by: Principal | None = None, once: Idempotency | None = None
    ) -> tuple[Key, str]:
        """Make a key for that user, who is made when missing. Only an admin may ask for it.

        It has the user's role; a key of the owner is an admin's.
        """
        asked_by = None if by is None else by.user_id
        user = await self._user(user_name, asked_by)
        role = "admin" if user.role == "owner" else user.role
        principal = SYSTEM if by is None else replace(by, system=True)
        return await self.create_key(principal, user.id, name, role, "full", by=asked_by, once=once)

    async def ensure_admin_key(self, data_dir: Path) -> str:
        """The key in `admin.key`; made anew, for the first user, when the file or the key in it is missing."""
        text = await read_admin_key(data_dir)
        self._admin = await self.resolve_key(text) if text else None
        if text is None or self._admin is None:
            text = await self.issue_key(name="admin.key")
            await write_admin_key(data_dir, text)
            self._admin = await self.resolve_key(text)
        return text

    async def _user(self, name: str, by: str | None) -> User:
        query = Query(USER, (Where("name", "=", name),), limit=1)
        found = await self._first(query)
        if isinstance(found, User):
            return found
        seed = self._clock.seed()
        role: Role = "owner" if name == FIRST_USER else "member"
        user_id = Ids(seed).make("usr")
        command = CreateUser(at=self._clock.now(), seed=seed, user_id=user_id, name=name, role=role, by=by)
        try:
            made = (await self._runtime.submit(SYSTEM, command)).reply
        except Conflict:
            # Another process was faster: names are unique.
            made = await self._first(query)
        if not isinstance(made, User):
            raise NotFound
        return made

    # --- logins --------------------------------------------------------------------------------------------------

    async def login(self, verified: VerifiedPrincipal) -> str:
        """Start a browser's login; returns the new random value for its cookie."""
        token = secrets.token_urlsafe(32)
        now, principal = self._clock.now(), verified.principal
        command = CreateLogin(
            at=now, seed=self._clock.seed(), user_id=principal.user_id, sha256=sha256_of(token),
            key_id=principal.key_id or "", role=principal.role, scope=principal.scope,
            expires_at=_sooner(later(now, LOGIN_S), verified.expires_at),
        )  # fmt: skip
        await self._runtime.submit(principal, command)
        return token

    async def logout(self, verified: VerifiedPrincipal) -> None:
        """End a browser's login; its streams close within a second."""
        if verified.is_login:
            command = EndLogin(at=self._clock.now(), seed=self._clock.seed(), login_id=verified.credential_id)
            await self._runtime.submit(verified.principal, command)

    def make_login_code(self) -> str:
        """A one-time code that logs the first user in, good for ten minutes. Needs `ensure_admin_key` first."""
        if self._admin is None:
            raise Unauthorized("There is no admin key yet.", "Call ensure_admin_key first.")
        now = self._clock.monotonic()
        self._codes = {code: until for code, until in self._codes.items() if until > now}
        while len(self._codes) >= CODES:
            del self._codes[next(iter(self._codes))]
        code = secrets.token_urlsafe(32)
        self._codes[sha256_of(code)] = now + CODE_S
        return code

    async def redeem(self, code: str) -> str:
        """Use a one-time code up, and start a login with it; raises `Unauthorized`."""
        until = self._codes.pop(sha256_of(code), 0.0)
        if until <= self._clock.monotonic() or self._admin is None or not await self.is_valid(self._admin):
            raise Unauthorized("The login link has been used, or is too old.", "Restart the server to get a new one.")
        return await self.login(self._admin)


def sha256_of(secret: str) -> str:
    """How secrets are kept: 256 random bits need no slower hash, and a look-up by hash compares in constant time."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _sooner(one: Instant, other: Instant | None) -> Instant:
    return one if other is None else min(one, other)
