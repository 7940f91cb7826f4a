"""Data directory: what lies in it is its owner's alone, also when somebody else has made it."""

import stat
from pathlib import Path

import structlog

from laneway.domain.errors import Conflict

log = structlog.get_logger(__name__)

OURS = frozenset({"laneway.db", "laneway.lock", "admin.key", "attachments"})


def make_private(folder: Path) -> None:
    """Make the directory, or take it from all but its owner; raises `Conflict` when it is used for other things."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    mode = stat.S_IMODE(folder.stat().st_mode)
    if not mode & 0o077:
        return
    names = {each.name for each in folder.iterdir()}
    if names and not names & OURS:
        raise Conflict(
            f"Others may use {folder} (mode {mode:o}), and what is in it is not Laneway's.",
            f"Choose a directory of its own, or: chmod 700 {folder}",
        )
    try:
        folder.chmod(0o700)
    except PermissionError:
        # A volume that somebody else has mounted. The files are private all the same; `laneway doctor` tells of it.
        log.warning("data directory left open to others", folder=str(folder), mode=f"{mode:o}")
