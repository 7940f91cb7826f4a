"""People: the users of a server, their keys, and the log of what was done. Most of it is for admins."""

from laneway.client.connection import Connection, given, route
from laneway.client.resources import AuditResource, CreatedKey, KeyResource, Me, Page, UserResource
from laneway.domain.instant import Instant
from laneway.domain.principal import Role, Scope


class People:
    """The part of a `Lane` that is about users and keys."""

    _connection: Connection

    async def me(self) -> Me:
        """The user whose key this is."""
        return await self._connection.get("/me", Me)

    async def list_keys(self, *, limit: int = 20, cursor: str | None = None) -> Page[KeyResource]:
        """The user's API keys."""
        return await self._connection.get_page("/keys", KeyResource, {"limit": limit, "cursor": cursor})

    async def create_key(
        self, *, name: str | None = None, user: str | None = None, scope: Scope | None = None
    ) -> CreatedKey:
        """Make a key; it is told once, here. `user` names another user, which only an admin may do."""
        return await self._connection.write("POST", "/keys", CreatedKey, given(name=name, user=user, scope=scope))

    async def revoke_key(self, key_id: str) -> None:
        """End a key; its streams close within a second."""
        await self._connection.delete(route("keys", key_id))

    async def list_users(
        self, *, name: str | None = None, limit: int = 20, cursor: str | None = None
    ) -> Page[UserResource]:
        """The users of the server, by name. This and what follows is for admins."""
        query = {"name": name, "limit": limit, "cursor": cursor}
        return await self._connection.get_page("/users", UserResource, query)

    async def get_user(self, user_id: str) -> UserResource:
        """One user."""
        return await self._connection.get(route("users", user_id), UserResource)

    async def create_user(self, name: str, *, role: Role = "member") -> UserResource:
        """Make a user, who has no key yet."""
        return await self._connection.write("POST", "/users", UserResource, {"name": name, "role": role})

    async def update_user(
        self,
        user_id: str,
        *,
        name: str | None = None,
        role: Role | None = None,
        active: bool | None = None,
        if_version: int | None = None,
    ) -> UserResource:
        """Change what is given. An inactive user cannot come in, and nothing of theirs runs."""
        body = given(name=name, role=role, active=active)
        path = route("users", user_id)
        return await self._connection.write("PATCH", path, UserResource, body, if_version=if_version)

    async def delete_user(self, user_id: str) -> None:
        """Delete a user with all that is theirs."""
        await self._connection.delete(route("users", user_id))

    async def audit(
        self,
        *,
        act: str | None = None,
        user_id: str | None = None,
        subject: str | None = None,
        since: Instant | None = None,
        until: Instant | None = None,
        limit: int = 20,
        cursor: str | None = None,
    ) -> Page[AuditResource]:
        """The audit log, newest first."""
        query = {
            "act": act, "user_id": user_id, "subject": subject, "from": since, "to": until, "limit": limit,
            "cursor": cursor,
        }  # fmt: skip
        return await self._connection.get_page("/audit", AuditResource, query)
