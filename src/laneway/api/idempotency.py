"""Idempotency: a write that carries an Idempotency-Key may be sent again, and gets its first answer again."""

import re

from laneway.domain.errors import Malformed
from laneway.runtime.submit import Idempotency

_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def idempotency_of(keys: list[str], user_id: str, method: str, path: str, body: bytes) -> Idempotency | None:
    """What the request's key stands for: this user, method, path and body; None when there is no key."""
    if not keys:
        return None
    if len(keys) > 1 or not _KEY.fullmatch(keys[0]):
        raise Malformed("An Idempotency-Key has 1 to 255 visible ASCII characters.")
    return Idempotency("\n".join((user_id, method, path, keys[0])), body)
