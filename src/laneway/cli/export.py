"""export: a session as a file."""

import asyncio
import os
from contextlib import aclosing
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Annotated

import typer
from rich.progress import DownloadColumn, Progress, SpinnerColumn, TextColumn

from laneway.cli import show
from laneway.cli.options import Config, Data, Key, Url
from laneway.cli.reach import Where, reach
from laneway.client.lane import Lane


def export(
    session: Annotated[str, typer.Argument(help="The session.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The file to write; named after the session without it.")
    ] = None,
    data: Data = None,
    url: Url = None,
    key: Key = None,
    config: Config = None,
) -> None:
    """Write a session into a zip: JSON lines, a Markdown page a thread, and its files."""
    path = out or Path(f"{session}.zip")

    async def exported() -> None:
        async with reach(Where(data, url, key, config), runs=False) as lane:
            await _write(lane, session, path)

    asyncio.run(exported())
    show.note(f"{path} has {path.stat().st_size:,} bytes; laneway import makes the session of it elsewhere")


async def _write(lane: Lane, session: str, path: Path) -> None:
    """Write beside the file and put it in its place when it is whole: nobody finds half of one."""
    columns = (SpinnerColumn(), TextColumn("exporting"), DownloadColumn())
    with NamedTemporaryFile(dir=path.parent, prefix=".export-", delete=False) as file:
        try:
            with Progress(*columns, console=show.err, transient=True) as progress:
                written = progress.add_task("", total=None)
                async with aclosing(lane.export_session(session)) as chunks:
                    async for chunk in chunks:
                        file.write(chunk)
                        progress.advance(written, len(chunk))
            file.close()
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise
