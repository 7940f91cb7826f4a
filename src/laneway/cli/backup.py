"""backup: a copy of everything on one machine, beside a running server, from which another one can start."""

import os
import shutil
from pathlib import Path
from typing import Annotated

import typer

from laneway.cli import show
from laneway.cli.options import Config, Data
from laneway.cli.reach import Where
from laneway.config import Settings
from laneway.domain.errors import Conflict, NotFound

ATTACHMENTS = "attachments"


def backup(
    folder: Annotated[Path, typer.Argument(help="A new folder, which becomes a data directory.", show_default=False)],
    data: Data = None,
    config: Config = None,
) -> None:
    """Copy the database and the attachments into a new folder, while the server runs or not. Leaves out keys."""
    _copy(Where(data=data, config=config).settings(), folder)
    show.say(f"Copied to {folder}. To start from it: laneway serve --data {folder}")


def _copy(settings: Settings, folder: Path) -> None:
    from laneway.deployment import copy_database  # noqa: PLC0415 - a command that is a client never needs it

    if settings.database_url is not None:
        raise Conflict("The data is in Postgres.", "Use pg_basebackup or pg_dump; docs/how-to/deploy.md says how.")
    database = Path(settings.database_path)
    if not database.exists():
        raise NotFound(f"There is no database at {database}.")
    if folder.exists():
        raise Conflict(f"{folder} is there already.", "Name a new folder for each backup.")
    folder.mkdir(mode=0o700, parents=True)
    # The database first: a file that goes meanwhile was deleted, one that comes is named by nothing that was copied.
    copy_database(database, folder / "laneway.db")
    _copy_files(settings.data_dir / ATTACHMENTS, folder / ATTACHMENTS)


def _copy_files(source: Path, target: Path) -> None:
    target.mkdir(mode=0o700)
    for path in sorted(source.glob("[0-9a-f]*")):
        try:
            with path.open("rb") as read, open(target / path.name, "xb", opener=_private) as write:
                shutil.copyfileobj(read, write)
        except FileNotFoundError:
            continue  # deleted a moment ago


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
