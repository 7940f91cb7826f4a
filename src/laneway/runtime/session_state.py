"""Session state: commands to a session's environment, and the snapshot that people and agents are shown."""

from collections.abc import Mapping

from laneway.domain.changes import Decision, One, View
from laneway.domain.decide.sessions import with_state_change
from laneway.domain.errors import NotFound
from laneway.domain.event import session_log
from laneway.domain.ids import Ids
from laneway.domain.json import Json, JsonObject
from laneway.domain.kinds import ENTRY, NOTE, SESSION
from laneway.domain.principal import Principal
from laneway.domain.session import EnvironmentEntry, Note, Session
from laneway.environment import Environment
from laneway.runtime.submit import Answer, Idempotency, Runtime
from laneway.store import Get, Page, Query, Snapshot, Store, Where

MAX_ENTRIES = 10_000


class SessionState:
    """The door to every session's environment. Its commands are opaque here; only the environment decides them."""

    def __init__(self, runtime: Runtime, store: Store, environments: Mapping[str, Environment]) -> None:
        self._runtime = runtime
        self._store = store
        self._environments = environments

    async def command(
        self, principal: Principal, session_id: str, body: JsonObject, idempotency: Idempotency | None = None
    ) -> Answer:
        """Let the session's environment apply a command; its changes and `state.changed` are one commit."""
        environment = self._environments[(await self._session(principal, session_id)).environment]
        at, ids = self._runtime.clock.now(), Ids(self._runtime.clock.seed())

        def decide(view: View) -> Decision:
            session = view.get(SESSION, session_id)
            if session is None or session.deleted:
                raise NotFound
            changes, reply = environment.decide(view, session, body, ids, at)
            return Decision(with_state_change(session, changes, at), reply)

        needs = (One(SESSION, session_id), *environment.needs(session_id, body))
        return await self._runtime.submit_decision(principal, needs, decide, idempotency)

    async def snapshot(self, principal: Principal, session_id: str) -> tuple[Mapping[str, Json], Snapshot]:
        """The state with its version and its notes, and the read that it is from, for its offset."""
        of_session = Where("session_id", "=", session_id)
        read = await self._store.read(
            principal,
            Get(SESSION, session_id),
            Query(ENTRY, (of_session,), order=(("key", "asc"),), limit=MAX_ENTRIES),
            Query(NOTE, (of_session,), order=(("created_at", "asc"),), limit=MAX_ENTRIES),
            log=session_log(session_id),
        )
        session, entries, notes = read.results
        if not isinstance(session, Session):
            raise NotFound
        assert isinstance(entries, Page)
        assert isinstance(notes, Page)
        environment = self._environments[session.environment]
        of_environment = [entry for entry in entries.records if isinstance(entry, EnvironmentEntry)]
        state = {
            "version": session.state_version,
            **environment.snapshot(session, of_environment),
            "notes": [note for note in notes.records if isinstance(note, Note)],
        }
        return state, read

    async def _session(self, principal: Principal, session_id: str) -> Session:
        session = (await self._store.read(principal, Get(SESSION, session_id))).results[0]
        if not isinstance(session, Session):
            raise NotFound
        return session
