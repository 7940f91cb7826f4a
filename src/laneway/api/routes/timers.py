"""Timers and the alerts that they raise."""

from typing import Literal

from msgspec import UNSET, UnsetType
from starlette.responses import Response

from laneway.api.bodies import Body, Name, Text
from laneway.api.call import Call, records_of, shown_as
from laneway.api.conditional import check_version, etag
from laneway.api.paging import Paging, page_query
from laneway.api.route import Routes
from laneway.domain.alert import (
    Firing,
    FiringResource,
    MissedPolicy,
    Timer,
    TimerResource,
    firing_resource,
    timer_resource,
)
from laneway.domain.command import DeleteTimer
from laneway.domain.errors import Invalid
from laneway.domain.json import Json
from laneway.domain.kinds import FIRING, SESSION, TIMER
from laneway.store import Where

routes = Routes("Timers")


class CreateTimerBody(Body, frozen=True):
    """A new timer: exactly one of `at`, `every` (seconds) and `cron` (five fields, in `timezone`)."""

    text: Text
    at: Name | None = None
    every: int | None = None
    cron: Name | None = None
    timezone: Name | None = None
    agent_id: Name | None = None
    missed: MissedPolicy = "once"


class UpdateTimerBody(Body, frozen=True):
    """What of a timer changes."""

    text: Text | UnsetType = UNSET
    at: Name | UnsetType = UNSET
    every: int | UnsetType = UNSET
    cron: Name | UnsetType = UNSET
    timezone: Name | UnsetType = UNSET
    agent_id: Name | UnsetType | None = UNSET
    missed: MissedPolicy | UnsetType = UNSET
    state: Literal["active", "paused"] | UnsetType = UNSET


@routes.add("GET", "/sessions/{session_id}/timers", "read", owns=(SESSION,), query=Paging, shows=list[TimerResource])
async def list_timers(call: Call) -> Response:
    """The session's timers, oldest first."""
    where = (Where("session_id", "=", call.own(SESSION).id),)
    page = await call.find(page_query(TIMER, call.query(Paging), where, (("created_at", "asc"),)))
    return call.show_page([timer_resource(timer) for timer in records_of(page, Timer)], page)


@routes.add(
    "POST", "/sessions/{session_id}/timers", "write", owns=(SESSION,), body=CreateTimerBody, shows=TimerResource,
    status=201,
)  # fmt: skip
async def create_timer(call: Call) -> Response:
    """Set a timer: it raises an alert at a time, every so many seconds, or by cron."""
    session, body = call.own(SESSION), await call.body(CreateTimerBody)
    if not body.text:
        raise Invalid("The timer's text says nothing.")
    answer = await call.app.timers.create(
        call.principal, session.id, text=body.text, at=body.at, every=body.every, cron=body.cron,
        timezone=body.timezone, agent_id=body.agent_id, missed=body.missed, idempotency=call.idempotency(),
    )  # fmt: skip
    timer = shown_as(answer.reply, TimerResource)
    return call.show(timer, 201, etag(timer.version))


@routes.add("GET", "/sessions/{session_id}/timers/{timer_id}", "read", owns=(SESSION, TIMER), shows=TimerResource)
async def get_timer(call: Call) -> Response:
    """One timer."""
    timer = call.own(TIMER)
    return call.show(timer_resource(timer), headers=etag(timer.version))


@routes.add(
    "PATCH", "/sessions/{session_id}/timers/{timer_id}", "write", owns=(SESSION, TIMER), body=UpdateTimerBody,
    shows=TimerResource, is_conditional=True,
)  # fmt: skip
async def update_timer(call: Call) -> Response:
    """Change what is given; from the answer on it does not fire under its old definition."""
    timer, body = call.own(TIMER), await call.body(UpdateTimerBody)
    answer = await call.app.timers.update(
        call.principal, timer.session_id, timer.id, changes=_changes(body),
        state=None if isinstance(body.state, UnsetType) else body.state, if_version=call.if_version,
        idempotency=call.idempotency(),
    )  # fmt: skip
    changed = shown_as(answer.reply, TimerResource)
    return call.show(changed, headers=etag(changed.version))


def _changes(body: UpdateTimerBody) -> dict[str, Json]:
    names = [name for name in body.__struct_fields__ if name != "state"]
    return {name: value for name in names if not isinstance(value := getattr(body, name), UnsetType)}


@routes.add(
    "DELETE", "/sessions/{session_id}/timers/{timer_id}", "write", owns=(SESSION, TIMER), status=204,
    is_conditional=True,
)  # fmt: skip
async def delete_timer(call: Call) -> Response:
    """Remove a timer; it fires no more."""
    timer = call.own(TIMER)
    check_version(call.if_version, timer.version)
    await call.submit(DeleteTimer(at=call.at, seed=call.seed, session_id=timer.session_id, timer_id=timer.id))
    return call.nothing()


@routes.add("GET", "/sessions/{session_id}/alerts", "read", owns=(SESSION,), query=Paging, shows=list[FiringResource])
async def list_alerts(call: Call) -> Response:
    """What the session's sources have raised, newest first."""
    where = (Where("session_id", "=", call.own(SESSION).id),)
    page = await call.find(page_query(FIRING, call.query(Paging), where, (("at", "desc"),)))
    return call.show_page([firing_resource(firing) for firing in records_of(page, Firing)], page)
