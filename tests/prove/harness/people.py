"""People: users and their keys, made straight in a data directory before any server runs on it."""

from collections.abc import Mapping, Sequence
from typing import Any

from laneway.app import App
from laneway.config import load
from laneway.runtime.logs import Redactor, use_logging


async def issue_keys(place: Mapping[str, Any], names: Sequence[str]) -> dict[str, str]:
    """A key for each user, who is made when missing."""
    settings = load(environ={}, flags={**place, "script_agent": True})
    use_logging(Redactor(settings.secrets()))
    app = App(settings)
    await app.store.open()
    try:
        return {name: await app.credentials.issue_key(name) for name in names}
    finally:
        await app.store.close()
