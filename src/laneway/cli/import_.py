"""import: conversations from a file, or from a folder of another program."""

import asyncio
import io
import zipfile
from collections import Counter
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from laneway.cli import show
from laneway.cli.options import AsJson, Config, Data, Key, Url
from laneway.cli.reach import Where, reach
from laneway.client.lane import Lane
from laneway.client.resources import ImportResource
from laneway.domain.errors import LanewayError
from laneway.domain.parcel import ImportFormat

TOLD = 20
"""How many of the things left out are shown one by one."""


def import_(
    file: Annotated[Path, typer.Argument(help="A file, or a folder such as .kd.", exists=True)],
    format: Annotated[
        ImportFormat | None, typer.Option("--format", help="What wrote it; recognised from the content without it.")
    ] = None,
    as_json: AsJson = False,
    data: Data = None,
    url: Url = None,
    key: Key = None,
    config: Config = None,
) -> None:
    """Make threads of the conversations in a file. The same file again makes nothing."""
    content = _zipped(file) if file.is_dir() else file.read_bytes()

    async def imported() -> ImportResource:
        async with reach(Where(data, url, key, config), runs=False) as lane:
            return await _watched(lane, content, format)

    made = asyncio.run(imported())
    if as_json:
        show.as_json(made)
        return
    if format is None:
        show.note(f"the format is {made.format}, by its content")
    counts = made.imported
    told = [_counted(counts.sessions, "session"), _counted(counts.threads, "thread"), _counted(counts.items, "item")]
    show.say(", ".join([*told, *([_counted(counts.lanes, "lane")] if counts.lanes else [])]))
    _tell_skipped(made)


async def _watched(lane: Lane, content: bytes, format: ImportFormat | None) -> ImportResource:
    """Import, and show what the server tells of it meanwhile."""
    columns = (TextColumn("importing"), BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=show.err, transient=True) as progress:
        bar = progress.add_task("", total=None)
        watching = asyncio.get_running_loop().create_task(_watch(lane, progress, bar))
        try:
            return await lane.import_file(content, format)
        finally:
            watching.cancel()
            await asyncio.wait({watching})


async def _watch(lane: Lane, progress: Progress, bar: TaskID) -> None:
    told: Counter[str] = Counter()
    # Whoever may not read events, or misses some, still gets the import.
    with suppress(LanewayError):
        async with aclosing(lane.events()) as events:
            async for event in events:
                told[event.type] += 1
                threads, items = told["thread.created"], told["item.completed"]
                progress.update(bar, description=f"{threads:,} threads, {items:,} items")


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _tell_skipped(made: ImportResource) -> None:
    if not made.skipped:
        return
    show.table(("left out", "because"), [(each.path, each.reason) for each in made.skipped[:TOLD]])
    if len(made.skipped) > TOLD:
        show.note(f"and {len(made.skipped) - TOLD} more; --json shows them all")


def _zipped(folder: Path) -> bytes:
    """A folder as the zip that the server takes, under the folder's own name; links are not followed."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                archive.write(path, f"{folder.resolve().name}/{path.relative_to(folder).as_posix()}")
    return out.getvalue()
