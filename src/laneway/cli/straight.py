"""Straight: what is done on a data directory itself, by whoever holds it, while no server runs on it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from laneway.app import App
from laneway.config import Settings
from laneway.runtime.audit import AuditReport, check_audit
from laneway.runtime.data_dir import make_private
from laneway.runtime.logs import Redactor, use_logging


@asynccontextmanager
async def opened(settings: Settings) -> AsyncGenerator[App]:
    """An app whose store is open, and of which nothing else runs."""
    use_logging(Redactor(settings.secrets()))  # the command's output is for what it was asked
    app = App(settings)
    make_private(app.data_dir)
    try:
        await app.store.open()
        yield app
    finally:
        await app.stop()


async def issue_key(settings: Settings, user: str | None, name: str) -> str:
    """Make a key for a user, who is made when missing."""
    async with opened(settings) as app:
        await app.credentials.ensure_admin_key(app.data_dir)
        return await app.credentials.issue_key(user, name)


async def compact(settings: Settings) -> None:
    """Erase what was deleted, and prune what is past its time."""
    async with opened(settings) as app:
        await app.upkeep.tidy()
        await app.upkeep.prune()


async def check(settings: Settings) -> AuditReport:
    """Open the store (that takes the lock, checks the schema, rolls back what a crash left); follow the audit log."""
    async with opened(settings) as app:
        return await check_audit(app.store)


def availability(settings: Settings) -> dict[str, str | None]:
    """Why each agent cannot run; None when it can."""
    return {name: agent.availability() for name, agent in App(settings).agents.items()}
