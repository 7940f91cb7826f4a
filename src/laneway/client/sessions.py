"""Sessions: shared environments, and what their threads share: state, notes, values, files, timers."""

from laneway.client.connection import Connection, given, route
from laneway.client.resources import (
    AttachmentResource,
    NoteResource,
    Page,
    SelectionResource,
    ValueResource,
    WorkingAgent,
)
from laneway.domain.alert import FiringResource, MissedPolicy, TimerResource, TimerState
from laneway.domain.instant import Instant
from laneway.domain.json import Json, JsonObject
from laneway.domain.session import Mode, SessionResource


class Sessions:
    """The part of a `Lane` that is about sessions."""

    _connection: Connection

    async def create_session(
        self,
        title: str | None = None,
        *,
        environment: str = "plain",
        mode: Mode = "copilot",
        settings: JsonObject | None = None,
    ) -> SessionResource:
        """Make a session. In mode `copilot` tools that act on the world ask first; `autonomous` ones do not."""
        body = given(title=title, environment=environment, mode=mode, settings=settings)
        return await self._connection.write("POST", "/sessions", SessionResource, body)

    async def list_sessions(self, *, limit: int = 20, cursor: str | None = None) -> Page[SessionResource]:
        """The user's sessions."""
        return await self._connection.get_page("/sessions", SessionResource, {"limit": limit, "cursor": cursor})

    async def get_session(self, session_id: str) -> SessionResource:
        """One session."""
        return await self._connection.get(route("sessions", session_id), SessionResource)

    async def update_session(
        self,
        session_id: str,
        *,
        title: str | None = None,
        mode: Mode | None = None,
        settings: JsonObject | None = None,
        if_version: int | None = None,
    ) -> SessionResource:
        """Change what is given."""
        body = given(title=title, mode=mode, settings=settings)
        path = route("sessions", session_id)
        return await self._connection.write("PATCH", path, SessionResource, body, if_version=if_version)

    async def delete_session(self, session_id: str) -> None:
        """Delete a session with everything in it; what runs is cancelled."""
        await self._connection.delete(route("sessions", session_id))

    async def state(self, session_id: str) -> JsonObject:
        """The shared state, as the page shows it and as agents are briefed with it; `version` is among its keys."""
        return await self._connection.get(route("sessions", session_id, "state"), dict[str, Json])

    async def session_agents(self, session_id: str) -> Page[WorkingAgent]:
        """What the agents are doing in a session."""
        return await self._connection.get_page(route("sessions", session_id, "agents"), WorkingAgent)

    async def selection(self, session_id: str) -> SelectionResource:
        """Which thread the user last viewed. Navigation only."""
        return await self._connection.get(route("sessions", session_id, "selection"), SelectionResource)

    async def select(self, session_id: str, thread_id: str) -> SelectionResource:
        """Remember which thread the user views. It changes nothing else, anywhere."""
        path = route("sessions", session_id, "selection")
        return await self._connection.write("PUT", path, SelectionResource, {"thread_id": thread_id})


class Notes:
    """The part of a `Lane` that is about a session's notes and values."""

    _connection: Connection

    async def list_notes(self, session_id: str, *, limit: int = 20, cursor: str | None = None) -> Page[NoteResource]:
        """The notes of a session, oldest first."""
        query = {"limit": limit, "cursor": cursor}
        return await self._connection.get_page(route("sessions", session_id, "notes"), NoteResource, query)

    async def add_note(
        self, session_id: str, text: str, *, prompt: bool | None = None, key: str | None = None
    ) -> NoteResource:
        """Add a note; a `prompt` note is told to every agent, an equal `key` replaces the note that has it."""
        body = given(text=text, prompt=prompt, key=key)
        return await self._connection.write("POST", route("sessions", session_id, "notes"), NoteResource, body)

    async def update_note(
        self,
        session_id: str,
        note_id: str,
        *,
        text: str | None = None,
        prompt: bool | None = None,
        if_version: int | None = None,
    ) -> NoteResource:
        """Change what is given."""
        body = given(text=text, prompt=prompt)
        path = route("sessions", session_id, "notes", note_id)
        return await self._connection.write("PATCH", path, NoteResource, body, if_version=if_version)

    async def delete_note(self, session_id: str, note_id: str) -> None:
        """Remove a note."""
        await self._connection.delete(route("sessions", session_id, "notes", note_id))

    async def get_value(self, session_id: str, key: str) -> ValueResource:
        """One key of the environment `plain`."""
        return await self._connection.get(route("sessions", session_id, "keys", key), ValueResource)

    async def put_value(
        self, session_id: str, key: str, value: Json, *, if_version: int | None = None
    ) -> ValueResource:
        """Set a key; `if_version=0`: only when it is not there yet."""
        path = route("sessions", session_id, "keys", key)
        return await self._connection.write("PUT", path, ValueResource, {"value": value}, if_version=if_version)

    async def delete_value(self, session_id: str, key: str, *, if_version: int | None = None) -> None:
        """Remove a key."""
        await self._connection.delete(route("sessions", session_id, "keys", key), if_version=if_version)


class Files:
    """The part of a `Lane` that is about attachments."""

    _connection: Connection

    async def upload(
        self,
        name: str,
        content: bytes,
        *,
        media_type: str = "application/octet-stream",
        session_id: str | None = None,
    ) -> AttachmentResource:
        """Add a file to a session (the default one, when none is named)."""
        fields = {} if session_id is None else {"session_id": session_id}
        return await self._connection.upload("/attachments", AttachmentResource, (name, content, media_type), fields)

    async def list_attachments(
        self, session_id: str, *, limit: int = 20, cursor: str | None = None
    ) -> Page[AttachmentResource]:
        """The files of a session."""
        query = {"limit": limit, "cursor": cursor}
        return await self._connection.get_page(route("sessions", session_id, "attachments"), AttachmentResource, query)

    async def download(self, attachment_id: str) -> bytes:
        """A file's bytes."""
        return (await self._connection.request("GET", route("attachments", attachment_id))).content

    async def delete_attachment(self, attachment_id: str) -> None:
        """Remove a file."""
        await self._connection.delete(route("attachments", attachment_id))


class Timers:
    """The part of a `Lane` that is about timers and the alerts that they raise."""

    _connection: Connection

    async def create_timer(
        self,
        session_id: str,
        text: str,
        *,
        at: Instant | None = None,
        every: int | None = None,
        cron: str | None = None,
        timezone: str | None = None,
        agent_id: str | None = None,
        missed: MissedPolicy | None = None,
    ) -> TimerResource:
        """Raise an alert at a time, every so many seconds, or by a cron line in a timezone: exactly one of them."""
        body = given(
            text=text, at=at, every=every, cron=cron, timezone=timezone, agent_id=agent_id,
            missed=missed,
        )  # fmt: skip
        return await self._connection.write("POST", route("sessions", session_id, "timers"), TimerResource, body)

    async def list_timers(self, session_id: str, *, limit: int = 20, cursor: str | None = None) -> Page[TimerResource]:
        """The timers of a session."""
        query = {"limit": limit, "cursor": cursor}
        return await self._connection.get_page(route("sessions", session_id, "timers"), TimerResource, query)

    async def get_timer(self, session_id: str, timer_id: str) -> TimerResource:
        """One timer."""
        return await self._connection.get(route("sessions", session_id, "timers", timer_id), TimerResource)

    async def update_timer(
        self,
        session_id: str,
        timer_id: str,
        *,
        text: str | None = None,
        state: TimerState | None = None,
        at: Instant | None = None,
        every: int | None = None,
        if_version: int | None = None,
    ) -> TimerResource:
        """Change what is given; once this has returned it does not fire under its old definition."""
        body = given(text=text, state=state, at=at, every=every)
        path = route("sessions", session_id, "timers", timer_id)
        return await self._connection.write("PATCH", path, TimerResource, body, if_version=if_version)

    async def delete_timer(self, session_id: str, timer_id: str) -> None:
        """Remove a timer; it fires no more."""
        await self._connection.delete(route("sessions", session_id, "timers", timer_id))

    async def alerts(self, session_id: str, *, limit: int = 20, cursor: str | None = None) -> Page[FiringResource]:
        """What the session's sources have raised."""
        query = {"limit": limit, "cursor": cursor}
        return await self._connection.get_page(route("sessions", session_id, "alerts"), FiringResource, query)
