"""Attachments: files of a session, streamed to disk, and given back as nothing but files."""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Annotated
from urllib.parse import quote

from msgspec import Meta
from starlette.datastructures import FormData, UploadFile
from starlette.responses import FileResponse, Response

from laneway.api.bodies import Body
from laneway.api.call import Call, records_of, shown_as
from laneway.api.multipart import MULTIPART, check_parts, read_form
from laneway.api.paging import Paging, page_query
from laneway.api.resources import AttachmentResource
from laneway.api.route import BASE, Routes
from laneway.api.security_headers import FILE_POLICY
from laneway.api.strict_json import check_text
from laneway.domain.command import AddAttachment, DeleteAttachment
from laneway.domain.errors import Invalid, NotFound, TooLarge
from laneway.domain.kinds import ATTACHMENT, SESSION
from laneway.domain.session import Attachment, Session
from laneway.store import Get, Query, Where

routes = Routes("Attachments")

CHUNK = 64 * 1024
NAME_LENGTH = 255
UNKNOWN_TYPE = "application/octet-stream"
SERVED = frozenset({
    "application/json", "application/pdf", "application/zip", "audio/mpeg", "audio/ogg", "audio/wav", "image/gif",
    "image/jpeg", "image/png", "image/webp", "text/csv", "text/markdown", "text/plain", "video/mp4", "video/webm",
})  # fmt: skip
"""The media types that are told to a browser; any other file is only bytes. None of them can run a script."""

_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,60}")
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")


class Upload(Body, frozen=True):
    """The parts of an upload."""

    file: Annotated[str, Meta(extra_json_schema={"format": "binary"})]
    session_id: str | None = None


@routes.add(
    "POST", "/attachments", "write", body=Upload, body_media_type=MULTIPART, shows=AttachmentResource, status=201,
    refuses=(404,),
)  # fmt: skip
async def add_attachment(call: Call) -> Response:
    """Add a file to a session (the default one, when none is named)."""
    form = await read_form(call, call.app.settings.limits.attachment_bytes, "attachment_bytes")
    try:
        file, session_id = _parts(form)
        session = await _default_session(call) if session_id is None else await _session(call, session_id)
        limit = call.app.settings.limits.attachment_bytes or 2**62
        await _check_quota(call)
        sha256, size = await call.app.attachments.put(_chunks(file), limit)
        name = check_text(file.filename or "")[:NAME_LENGTH]
        command = AddAttachment(
            at=call.at, seed=call.seed, user_id=call.user_id, session_id=session.id if session else None, name=name,
            media_type=_media_type(file.content_type), size=size, sha256=sha256,
        )  # fmt: skip
        answer = await call.submit(command, body="\n".join((session_id or "", name, sha256)).encode())
    finally:
        await form.close()
    made = shown_as(answer.reply, AttachmentResource)
    return call.show(made, 201, {"Location": f"{BASE}/attachments/{made.id}"})


@routes.add(
    "GET", "/sessions/{session_id}/attachments", "read", owns=(SESSION,), query=Paging, shows=list[AttachmentResource]
)
async def list_attachments(call: Call) -> Response:
    """The session's files, oldest first."""
    where = (Where("session_id", "=", call.own(SESSION).id),)
    page = await call.find(page_query(ATTACHMENT, call.query(Paging), where, (("created_at", "asc"),)))
    return call.show_page([shown_as(each, AttachmentResource) for each in records_of(page, Attachment)], page)


@routes.add(
    "GET", "/attachments/{attachment_id}", "read", owns=(ATTACHMENT,), shows=bytes, shows_media_type=UNKNOWN_TYPE,
    grants="view",
)  # fmt: skip
async def get_attachment(call: Call) -> Response:
    """A file's bytes, to be saved and never shown as a page. A thread that is shared shares the files it shows."""
    return bytes_of(call, call.own(ATTACHMENT))


def bytes_of(call: Call, attachment: Attachment, headers: Mapping[str, str] | None = None) -> Response:
    """The answer that is a file, for whoever may have it."""
    headers = {
        **(headers or {}),
        "Content-Security-Policy": FILE_POLICY,
        "Content-Disposition": content_disposition(attachment.name),
        "Cache-Control": "private, no-store",
    }
    media_type = attachment.media_type if attachment.media_type in SERVED else UNKNOWN_TYPE
    return FileResponse(call.app.attachments.path(attachment.sha256), headers=headers, media_type=media_type)


@routes.add("DELETE", "/attachments/{attachment_id}", "write", owns=(ATTACHMENT,), status=204)
async def delete_attachment(call: Call) -> Response:
    """Remove a file."""
    await call.submit(DeleteAttachment(at=call.at, seed=call.seed, attachment=call.own(ATTACHMENT)))
    return call.nothing()


def content_disposition(name: str) -> str:
    """RFC 6266: a plain name for everybody, and the real one, percent-encoded, for whoever can read it."""
    plain = _NOT_PLAIN.sub("_", name).strip("._")[:100] or "file"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='') or plain}"


def _parts(form: FormData) -> tuple[UploadFile, str | None]:
    check_parts(form, ("file", "session_id"))
    file, session_id = form.get("file"), form.get("session_id")
    if not isinstance(file, UploadFile) or isinstance(session_id, UploadFile):
        raise Invalid("An upload has the part `file`, a file, and may have `session_id`, a text.")
    return file, session_id


async def _session(call: Call, session_id: str) -> Session:
    session = (await call.read(Get(SESSION, check_text(session_id)))).results[0]
    if not isinstance(session, Session):
        raise NotFound
    return session


async def _default_session(call: Call) -> Session | None:
    """The default session, so that its bound holds for it as for every other; None while it has not been made."""
    page = await call.find(Query(SESSION, (Where("default_of", "=", call.user_id),), limit=1))
    return next(iter(records_of(page, Session)), None)


async def _chunks(file: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await file.read(CHUNK):
        yield chunk


async def _check_quota(call: Call) -> None:
    """Raise `TooLarge` when the user's files have reached their bound; few files cannot have."""
    limits = call.app.settings.limits
    quota = limits.attachment_bytes_per_user
    query = Query(ATTACHMENT, (Where("owner", "=", call.user_id),), limit=1000, count=True)
    page = await call.find(query)
    if not quota or (page.total or 0) * limits.attachment_bytes < quota:
        return
    size = sum(each.size for each in records_of(page, Attachment))
    while page.next_cursor is not None:
        page = await call.find(replace(query, cursor=page.next_cursor, count=False))
        size += sum(each.size for each in records_of(page, Attachment))
    if size >= quota:
        raise TooLarge(f"A user's files may have {quota} bytes together (attachment_bytes_per_user).")


def _media_type(told: str | None) -> str:
    media_type = (told or "").partition(";")[0].strip().lower()
    return media_type if _TYPE.fullmatch(media_type) else UNKNOWN_TYPE
