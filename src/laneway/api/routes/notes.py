"""Notes: texts that the threads of a session share."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType
from starlette.responses import Response

from laneway.api.bodies import Body, Text, given
from laneway.api.call import Call, records_of, shown_as
from laneway.api.conditional import check_version, etag
from laneway.api.paging import Paging, page_query
from laneway.api.resources import NoteResource
from laneway.api.route import Routes
from laneway.domain.command import AddNote, DeleteNote, UpdateNote
from laneway.domain.errors import Invalid
from laneway.domain.kinds import NOTE, SESSION
from laneway.domain.session import Note
from laneway.store import Where

routes = Routes("Notes")

NoteKey = Annotated[str, Meta(min_length=1, max_length=200)]


class AddNoteBody(Body, frozen=True):
    """A new note."""

    text: Text
    prompt: bool = False
    key: NoteKey | None = None


class UpdateNoteBody(Body, frozen=True):
    """What of a note changes."""

    text: Text | UnsetType = UNSET
    prompt: bool | UnsetType = UNSET
    key: NoteKey | UnsetType = UNSET


@routes.add("GET", "/sessions/{session_id}/notes", "read", owns=(SESSION,), query=Paging, shows=list[NoteResource])
async def list_notes(call: Call) -> Response:
    """The session's notes, oldest first."""
    where = (Where("session_id", "=", call.own(SESSION).id),)
    page = await call.find(page_query(NOTE, call.query(Paging), where, (("created_at", "asc"),)))
    return call.show_page([shown_as(note, NoteResource) for note in records_of(page, Note)], page)


@routes.add(
    "POST", "/sessions/{session_id}/notes", "write", owns=(SESSION,), body=AddNoteBody, shows=NoteResource, status=201
)
async def add_note(call: Call) -> Response:
    """Add a note; an equal `key` replaces the note that has it. Agents are told the `prompt` ones."""
    session, body = call.own(SESSION), await call.body(AddNoteBody)
    if not body.text:
        raise Invalid("The note says nothing.")
    command = AddNote(
        at=call.at, seed=call.seed, session_id=session.id, text=body.text, prompt=body.prompt, key=body.key
    )
    note = shown_as((await call.submit(command)).reply, NoteResource)
    return call.show(note, 201, etag(note.version))


@routes.add(
    "PATCH", "/sessions/{session_id}/notes/{note_id}", "write", owns=(SESSION, NOTE), body=UpdateNoteBody,
    shows=NoteResource, is_conditional=True,
)  # fmt: skip
async def update_note(call: Call) -> Response:
    """Change what is given."""
    note, body = call.own(NOTE), await call.body(UpdateNoteBody)
    command = UpdateNote(
        at=call.at, seed=call.seed, session_id=note.session_id, note_id=note.id, text=given(body.text),
        prompt=given(body.prompt), key=given(body.key), if_version=call.if_version,
    )  # fmt: skip
    changed = shown_as((await call.submit(command)).reply, NoteResource)
    return call.show(changed, headers=etag(changed.version))


@routes.add(
    "DELETE", "/sessions/{session_id}/notes/{note_id}", "write", owns=(SESSION, NOTE), status=204, is_conditional=True
)
async def delete_note(call: Call) -> Response:
    """Remove a note."""
    note = call.own(NOTE)
    check_version(call.if_version, note.version)
    await call.submit(DeleteNote(at=call.at, seed=call.seed, session_id=note.session_id, note_id=note.id))
    return call.nothing()
