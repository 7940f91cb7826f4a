"""Multipart: a file that comes with a request, spooled to disk while it is counted."""

from collections.abc import AsyncGenerator, Sequence

from starlette.datastructures import FormData, Headers
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from laneway.api.call import Call
from laneway.domain.errors import Malformed, TooLarge, UnknownField

MULTIPART = "multipart/form-data"
ENVELOPE_BYTES = 64 * 1024


async def read_form(call: Call, max_bytes: int, setting: str) -> FormData:
    """Read a form of one file and one text, whose owner closes it; raises `TooLarge` past the setting (0: no bound)."""
    call.check_media_type(MULTIPART)
    limit = (max_bytes or 2**62) + ENVELOPE_BYTES
    too_large = TooLarge(f"A file may have {max_bytes} bytes ({setting}).")
    told = call.headers.first("content-length")
    if told.isdecimal() and (len(told) > 18 or int(told) > limit):
        raise too_large
    headers = Headers(raw=call.request.scope["headers"])
    body = _bounded(call, limit, too_large)
    parser = MultiPartParser(headers, body, max_files=1, max_fields=1, max_part_size=1024)
    try:
        return await parser.parse()
    except (MultiPartException, KeyError, UnicodeDecodeError) as error:
        raise Malformed(f"The body is not multipart/form-data as it should be: {error}.") from error
    except ClientDisconnect as gone:
        raise Malformed("The request ended before its body did.") from gone


def check_parts(form: FormData, known: Sequence[str]) -> None:
    """Raise `UnknownField` for a part of another name."""
    for name in form:
        if name not in known:
            raise UnknownField(f"There is no part {name!r} here.")


async def _bounded(call: Call, limit: int, too_large: TooLarge) -> AsyncGenerator[bytes]:
    size = 0
    async for chunk in call.request.stream():
        size += len(chunk)
        if size > limit:
            raise too_large
        yield chunk
