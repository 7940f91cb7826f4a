"""Idempotency: a write that carries an Idempotency-Key may be sent again, and gets its first answer again."""

import re

from laneway.domain.errors import Malformed
from laneway.runtime.submit import Idempotency

_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def idempotency_of(
    keys: list[str], by: str, method: str, path: str, body: bytes, credential: str
) -> Idempotency | None:
    """What the request's key stands for: who sent it, method, path and body; None when there is no key."""
    if not keys:
        return None
    if len(keys) > 1 or not _KEY.fullmatch(keys[0]):
        raise Malformed("An Idempotency-Key has 1 to 255 visible ASCII characters.")
    return Idempotency("\n".join((by, method, path, keys[0])), body, credential)
