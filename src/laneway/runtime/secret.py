"""Secret: a random text that is told once: or again, to whoever sends the same request with the same credential.

Of a link's token and of a key only the hash is kept. So that a request with an Idempotency-Key gets its first answer
again all the same, its secret is made of the credential that came with it and of a note that is remembered beside the
first answer, for as long as that. Neither of them alone says anything about it.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import replace

from laneway.domain.errors import IdempotencyConflict
from laneway.runtime.submit import Idempotency


def new_secret(once: Idempotency | None) -> tuple[str, Idempotency | None]:
    """A secret of 256 bits, and what the request's Idempotency-Key stands for, with the note of it."""
    if once is None:
        return secrets.token_urlsafe(32), None
    salt = secrets.token_urlsafe(32)
    return _made(once, "secret", salt), replace(once, note=f"{salt}.{_made(once, 'check', salt)}")


def same_secret(once: Idempotency | None, note: str) -> str:
    """The secret that an equal request was told; raises `IdempotencyConflict` for another credential."""
    salt, _, check = note.partition(".")
    if once is None or not hmac.compare_digest(_made(once, "check", salt), check):
        raise IdempotencyConflict(
            "This Idempotency-Key was used with another key or login, and what was made is told to nobody else.",
            "Take a new key for a new request.",
        )
    return _made(once, "secret", salt)


def _made(once: Idempotency, purpose: str, salt: str) -> str:
    made = hmac.new(once.credential.encode("utf-8", "surrogatepass"), f"{purpose} {salt}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(made.digest()).rstrip(b"=").decode()
