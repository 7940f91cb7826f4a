"""Admin key: the file `admin.key` of a data directory, which only its owner can read."""

import asyncio
import os
import secrets
from pathlib import Path

NAME = "admin.key"


async def read_admin_key(data_dir: Path) -> str | None:
    """The key in the file; None when there is no file."""
    return await asyncio.to_thread(_read, data_dir / NAME)


async def write_admin_key(data_dir: Path, key: str) -> None:
    """Write the file, whole or not at all, as 0600."""
    await asyncio.to_thread(_write, data_dir, key)


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        return None


def _write(data_dir: Path, key: str) -> None:
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = data_dir / f".{NAME}.{secrets.token_hex(4)}"
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with open(file, "w", encoding="ascii") as written:
        written.write(key + "\n")
    draft.replace(data_dir / NAME)
