"""Users: who may come in. Admins only: whoever is none of them sees themselves at /me."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType
from starlette.responses import Response

from laneway.api.bodies import Body, Name, given
from laneway.api.call import Call, records_of, shown_as
from laneway.api.conditional import etag
from laneway.api.paging import Paging, page_query
from laneway.api.route import BASE, Routes
from laneway.domain.command import CancelTurn, CreateUser, DeleteUser, UpdateUser
from laneway.domain.errors import NotFound
from laneway.domain.ids import Ids
from laneway.domain.kinds import TURN, USER
from laneway.domain.principal import SYSTEM, Role
from laneway.domain.turn import Turn
from laneway.domain.user import User, UserResource, user_resource
from laneway.store import Get, Page, Query, Where

routes = Routes("Users")

TURNS = 1000
"""More turns than one user can have running."""
UserName = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^\S(.*\S)?$")]


class UsersQuery(Paging, frozen=True, kw_only=True):
    """Which users."""

    name: Name | None = None


class CreateUserBody(Body, frozen=True):
    """A new user. Keys for them are made with POST /keys."""

    name: UserName
    role: Role = "member"


class UpdateUserBody(Body, frozen=True):
    """What of a user changes. An inactive one cannot come in, and nothing of theirs runs."""

    name: UserName | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    active: bool | UnsetType = UNSET


@routes.add("GET", "/users", "read", query=UsersQuery, shows=list[UserResource], is_for_admins=True)
async def list_users(call: Call) -> Response:
    """The users of this server, by name."""
    query = call.query(UsersQuery)
    where = [Where("name", "=", query.name)] if query.name is not None else []
    page = (await call.app.store.read(SYSTEM, page_query(USER, query, where, (("name", "asc"),)))).results[0]
    assert isinstance(page, Page)
    await call.record_act("users.read", "users")
    return call.show_page([user_resource(user) for user in records_of(page, User)], page)


@routes.add("POST", "/users", "write", body=CreateUserBody, shows=UserResource, status=201, is_for_admins=True)
async def create_user(call: Call) -> Response:
    """Make a user, who has no key yet."""
    body, seed = await call.body(CreateUserBody), call.seed
    command = CreateUser(
        at=call.at, seed=seed, user_id=Ids(seed).make("usr"), name=body.name, role=body.role, by=call.user_id
    )
    user = shown_as((await call.submit_as_system(command)).reply, UserResource)
    return call.show(user, 201, {**etag(user.version), "Location": f"{BASE}/users/{user.id}"})


@routes.add("GET", "/users/{user_id}", "read", shows=UserResource, is_for_admins=True)
async def get_user(call: Call) -> Response:
    """One user."""
    user = await _user(call)
    await call.record_act("user.read", user.id)
    return call.show(user_resource(user), headers=etag(user.version))


@routes.add(
    "PATCH", "/users/{user_id}", "write", body=UpdateUserBody, shows=UserResource, is_conditional=True,
    is_for_admins=True,
)  # fmt: skip
async def update_user(call: Call) -> Response:
    """Change what is given. Keys and streams follow within a second; somebody who administers always stays."""
    user, body = await _user(call), await call.body(UpdateUserBody)
    command = UpdateUser(
        at=call.at, seed=call.seed, user_id=user.id, by=call.user_id, name=given(body.name), role=given(body.role),
        active=given(body.active), if_version=call.if_version,
    )  # fmt: skip
    changed = shown_as((await call.submit_as_system(command)).reply, UserResource)
    if not changed.active:
        await _end_waiting_turns(call, changed)
    return call.show(changed, headers=etag(changed.version))


@routes.add("DELETE", "/users/{user_id}", "write", status=204, is_conditional=True, is_for_admins=True)
async def delete_user(call: Call) -> Response:
    """Delete a user with their keys, sessions, threads and files; what they wrote in threads of others stays there."""
    user = await _user(call)
    command = DeleteUser(at=call.at, seed=call.seed, user_id=user.id, by=call.user_id, if_version=call.if_version)
    await call.submit_as_system(command)
    return call.nothing()


async def _user(call: Call) -> User:
    user = (await call.app.store.read(SYSTEM, Get(USER, call.path("user_id")))).results[0]
    if not isinstance(user, User):
        raise NotFound
    return user


async def _end_waiting_turns(call: Call, user: UserResource) -> None:
    """Their cancel is on record, so none of them goes on; nobody may run them, so nobody else would end them."""
    where = (Where("owner", "=", user.id), Where("status", "=", "waiting"))
    page = (await call.app.store.read(SYSTEM, Query(TURN, where, limit=TURNS))).results[0]
    for turn in records_of(page, Turn):
        command = CancelTurn(at=call.at, seed=call.seed, thread_id=turn.thread_id, by=call.who.name, turn_id=turn.id)
        await call.app.runtime.submit(SYSTEM, command)
