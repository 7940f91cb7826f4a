"""Transfer: sessions taken out as a zip, and conversations taken in from one."""

import asyncio
import hashlib
import re
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Annotated

from msgspec import Meta
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response, StreamingResponse

from laneway.api.bodies import Body
from laneway.api.call import Call
from laneway.api.multipart import MULTIPART, check_parts, read_form
from laneway.api.resources import ImportResource
from laneway.api.route import Routes
from laneway.api.routes.attachments import content_disposition
from laneway.api.strict_json import fit
from laneway.domain.changes import Changes, Decision
from laneway.domain.errors import IdempotencyConflict, Invalid, TooLarge
from laneway.domain.json import JsonObject
from laneway.domain.kinds import IDEMPOTENCY, SESSION
from laneway.domain.parcel import ImportFormat
from laneway.domain.user import IdempotentReply
from laneway.runtime.submit import Idempotency
from laneway.store import Get

routes = Routes("Import and export")

ZIP = "application/zip"
CHUNK = 256 * 1024


class ImportUpload(Body, frozen=True):
    """The parts of an import."""

    file: Annotated[str, Meta(extra_json_schema={"format": "binary"})]
    format: ImportFormat | None = None
    """Without it the format is recognised from the content."""


@routes.add("GET", "/sessions/{session_id}/export", "read", owns=(SESSION,), shows=bytes, shows_media_type=ZIP)
async def export_session(call: Call) -> Response:
    """All of a session in a zip: JSON lines for programs, a Markdown page a thread for people, and its files."""
    session = call.own(SESSION)
    chunks = await call.app.exports.of(call.principal, session.id)
    await call.record_act("session.exported", session.id)
    name = re.sub(r"[^a-z0-9]+", "-", session.title.lower()).strip("-")[:60] or "session"
    headers = {"Content-Disposition": content_disposition(f"laneway-{name}.zip"), "Cache-Control": "no-store"}
    return StreamingResponse(chunks, headers=headers, media_type=ZIP)


@routes.add("POST", "/import", "write", body=ImportUpload, body_media_type=MULTIPART, shows=ImportResource)
async def import_file(call: Call) -> Response:
    """Make threads of the conversations in a file. The same file again makes nothing."""
    limits = call.app.settings.limits
    form = await read_form(call, limits.import_bytes, "import_bytes")
    try:
        file, format_ = _parts(form)
        with NamedTemporaryFile(dir=call.app.data_dir, prefix="import-") as copy:
            digest = await asyncio.to_thread(_copied, file.file, copy, limits.import_bytes)
            once = call.idempotency("\n".join((format_ or "", digest)).encode())
            if (first := await _answered(call, once)) is not None:
                return call.show(first)
            imported = await call.app.imports.take_in(call.principal, Path(copy.name), format_)
    finally:
        await form.close()
    reply = imported.reply()
    if once is not None:
        # The import is many commits; its answer is remembered by one more.
        await call.app.runtime.submit_decision(call.principal, (), lambda _: Decision(Changes(), reply), once)
    return call.show(reply)


def _parts(form: FormData) -> tuple[UploadFile, ImportFormat | None]:
    check_parts(form, ("file", "format"))
    file, format_ = form.get("file"), form.get("format")
    if not isinstance(file, UploadFile) or isinstance(format_, UploadFile):
        raise Invalid("An import has the part `file`, a file, and may have `format`, a text.")
    return file, fit({"file": "", "format": format_}, ImportUpload).format


def _copied(source: IO[bytes], copy: IO[bytes], max_bytes: int) -> str:
    """Copy what was spooled into a file with a name, which a zip is read from; returns its hash."""
    digest = hashlib.sha256()
    while chunk := source.read(CHUNK):
        digest.update(chunk)
        copy.write(chunk)
        if max_bytes and copy.tell() > max_bytes:
            raise TooLarge(f"A file to import may have {max_bytes} bytes (import_bytes).")
    copy.flush()
    return digest.hexdigest()


async def _answered(call: Call, once: Idempotency | None) -> JsonObject | None:
    """The first answer to a request that is sent again."""
    if once is None:
        return None
    earlier = (await call.read(Get(IDEMPOTENCY, once.record_id))).results[0]
    if not isinstance(earlier, IdempotentReply):
        return None
    if earlier.body_sha256 != once.body_sha256:
        raise IdempotencyConflict(
            "This Idempotency-Key was used for a request with another body.", "Take a new key for a new request."
        )
    return fit(earlier.reply, dict[str, object])
