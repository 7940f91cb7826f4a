"""Sessions: shared environments with many threads."""

from msgspec import UNSET, UnsetType
from starlette.responses import Response

from laneway.api.bodies import Body, Id, Name, Title, bounded, given
from laneway.api.call import Call, offset_headers, records_of, shown_as
from laneway.api.conditional import check_version, etag
from laneway.api.paging import Paging, page_query
from laneway.api.resources import SelectionResource, WorkingAgent
from laneway.api.route import BASE, Routes
from laneway.domain.command import CreateSession, DeleteSession, SelectThread, UpdateSession
from laneway.domain.errors import UnknownEnvironment
from laneway.domain.event import session_log
from laneway.domain.json import Json
from laneway.domain.kinds import QUEUE_ITEM, SELECTION, SESSION, THREAD, TURN
from laneway.domain.session import Mode, Selection, Session, SessionCounts, SessionResource, session_resource
from laneway.domain.turn import ACTIVE, Turn
from laneway.store import Get, Page, Query, Snapshot, Where

routes = Routes("Sessions")


class CreateSessionBody(Body, frozen=True):
    """A new session."""

    title: Title | None = None
    environment: Name = "plain"
    mode: Mode = "copilot"
    settings: dict[str, Json] | None = None


class UpdateSessionBody(Body, frozen=True):
    """What of a session changes."""

    title: Title | UnsetType = UNSET
    mode: Mode | UnsetType = UNSET
    settings: dict[str, Json] | UnsetType = UNSET


class SelectionBody(Body, frozen=True):
    """The thread that is viewed."""

    thread_id: Id


@routes.add("POST", "/sessions", "write", body=CreateSessionBody, shows=SessionResource, status=201)
async def create_session(call: Call) -> Response:
    """Make a session. In mode `copilot` tools that act on the world ask first."""
    body = await call.body(CreateSessionBody)
    environment = call.app.environments.get(body.environment)
    if environment is None:
        raise UnknownEnvironment(f"There is no environment {body.environment!r}.")
    settings = bounded(body.settings or {}, "settings")
    environment.check(settings)
    command = CreateSession(
        at=call.at, seed=call.seed, user_id=call.user_id, title=body.title, environment=body.environment,
        mode=body.mode, settings=settings,
    )  # fmt: skip
    session = shown_as((await call.submit(command)).reply, SessionResource)
    return call.show(session, 201, {**etag(session.version), "Location": f"{BASE}/sessions/{session.id}"})


@routes.add("GET", "/sessions", "read", query=Paging, shows=list[SessionResource])
async def list_sessions(call: Call) -> Response:
    """The caller's sessions, the one that changed last first."""
    page = await call.find(page_query(SESSION, call.query(Paging), (), (("updated_at", "desc"),)))
    sessions = records_of(page, Session)
    counts = await _counts(call, [session.id for session in sessions])
    return call.show_page([session_resource(session, counts[session.id]) for session in sessions], page)


@routes.add("GET", "/sessions/{session_id}", "read", owns=(SESSION,), shows=SessionResource)
async def get_session(call: Call) -> Response:
    """One session."""
    session = call.own(SESSION)
    counts = await _counts(call, [session.id])
    return call.show(session_resource(session, counts[session.id]), headers=etag(session.version))


@routes.add(
    "PATCH", "/sessions/{session_id}", "write", owns=(SESSION,), body=UpdateSessionBody, shows=SessionResource,
    is_conditional=True,
)  # fmt: skip
async def update_session(call: Call) -> Response:
    """Change what is given; settings are merged."""
    session, body = call.own(SESSION), await call.body(UpdateSessionBody)
    settings = given(body.settings)
    if settings is not None:
        merged = bounded({**session.settings, **settings}, "settings")
        call.app.environments[session.environment].check(merged)
    command = UpdateSession(
        at=call.at, seed=call.seed, session_id=session.id, title=given(body.title), mode=given(body.mode),
        settings=settings, if_version=call.if_version,
    )  # fmt: skip
    changed = shown_as((await call.submit(command)).reply, SessionResource)
    return call.show(changed, headers=etag(changed.version))


@routes.add("DELETE", "/sessions/{session_id}", "write", owns=(SESSION,), status=204, is_conditional=True)
async def delete_session(call: Call) -> Response:
    """Delete a session with everything in it; what runs is cancelled, and its streams end."""
    session = call.own(SESSION)
    check_version(call.if_version, session.version)
    await call.submit(DeleteSession(at=call.at, seed=call.seed, session_id=session.id))
    # The deletion is told in the owner's home log; those who read the session's own hear of it by this ring.
    call.app.bus.ring((session_log(session.id),))
    return call.nothing()


@routes.add("GET", "/sessions/{session_id}/state", "read", owns=(SESSION,), shows=dict[str, object])
async def get_state(call: Call) -> Response:
    """The shared state, as the page shows it and as agents are briefed with it."""
    state, offset, position = await call.app.state(call.principal, call.own(SESSION).id)
    return call.show(state, headers=offset_headers(Snapshot((), offset, position)))


@routes.add("GET", "/sessions/{session_id}/selection", "read", owns=(SESSION,), shows=SelectionResource)
async def get_selection(call: Call) -> Response:
    """Which thread the caller last viewed. Navigation only: it decides nothing."""
    found = (await call.read(Get(SELECTION, f"{call.user_id}/{call.own(SESSION).id}"))).results[0]
    return call.show(SelectionResource(found.thread_id if isinstance(found, Selection) else None))


@routes.add(
    "PUT", "/sessions/{session_id}/selection", "write", owns=(SESSION,), body=SelectionBody, shows=SelectionResource
)
async def select_thread(call: Call) -> Response:
    """Remember which thread the caller views."""
    session, body = call.own(SESSION), await call.body(SelectionBody)
    command = SelectThread(
        at=call.at, seed=call.seed, user_id=call.user_id, session_id=session.id, thread_id=body.thread_id
    )
    return call.show(shown_as((await call.submit(command)).reply, SelectionResource))


@routes.add("GET", "/sessions/{session_id}/agents", "read", owns=(SESSION,), query=Paging, shows=list[WorkingAgent])
async def list_working_agents(call: Call) -> Response:
    """What agents are doing in the session: one entry for each run of its active turns."""
    where = (Where("session_id", "=", call.own(SESSION).id), Where("status", "in", tuple(sorted(ACTIVE))))
    page = await call.find(page_query(TURN, call.query(Paging), where, (("started_at", "asc"),)))
    working = [each for turn in records_of(page, Turn) for each in _working(turn)]
    return call.show_page(working, page)


def _working(turn: Turn) -> list[WorkingAgent]:
    status = turn.status
    if status not in ("running", "waiting", "needs_review"):
        return []
    pid = _pid(turn.node)
    return [WorkingAgent(run.agent, status, pid, turn.started_at, turn.thread_id, turn.id) for run in turn.runs]


def _pid(node: str | None) -> int | None:
    """A node is named host:pid, with more behind it."""
    parts = (node or "").split(":")
    return int(parts[1]) if len(parts) > 1 and parts[1].isdecimal() else None


async def _counts(call: Call, session_ids: list[str]) -> dict[str, SessionCounts]:
    """Count threads that are neither archived nor finished alerts, running turns, and waiting items."""
    asks = [ask for session_id in session_ids for ask in _count_asks(session_id)]
    totals = [page.total or 0 for page in (await call.read(*asks)).results if isinstance(page, Page)]
    each = len(asks) // len(session_ids) if session_ids else 1
    return {
        session_id: SessionCounts(totals[at] + totals[at + 1], totals[at + 2], totals[at + 3])
        for at, session_id in zip(range(0, len(totals), each), session_ids, strict=True)
    }


def _count_asks(session_id: str) -> tuple[Query, ...]:
    here = Where("session_id", "=", session_id)
    current = (here, Where("archived", "=", False))
    conditions = (
        (THREAD, (*current, Where("kind", "!=", "alert"))),
        (THREAD, (*current, Where("kind", "=", "alert"), Where("status", "!=", "idle"))),
        (TURN, (here, Where("status", "=", "running"))),
        (QUEUE_ITEM, (here, Where("open", "=", 1))),
    )
    return tuple(Query(kind, where, limit=1, count=True) for kind, where in conditions)
