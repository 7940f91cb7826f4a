"""Show: how results and mistakes look on a terminal, and as JSON for programs."""

import re
import sys
from collections.abc import Iterable, Sequence
from typing import NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from laneway import wire
from laneway.client.resources import Page
from laneway.domain.errors import LanewayError

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def plain(text: str) -> str:
    """Text from outside as it may go to a terminal: nothing in it can move the cursor or hide what follows."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def line(text: str) -> str:
    """The same on one line."""
    return " ".join(plain(text).split())


def say(text: str) -> None:
    """Print text from outside: made safe for a terminal, unchanged for a file or a pipe."""
    sys.stdout.write((plain(text) if sys.stdout.isatty() else text) + "\n")
    sys.stdout.flush()


def as_json(value: object) -> None:
    """Print one JSON value on one line."""
    sys.stdout.write(wire.escape_to_ascii(wire.encode(value)).decode() + "\n")
    sys.stdout.flush()


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under headings; a long cell is folded, never cut."""
    shown = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        shown.add_row(*(escape(line(str(cell if cell is not None else ""))) for cell in row))
    out.print(shown)


def note(text: str) -> None:
    """Tell a person something beside the result."""
    err.print(escape(text), style="dim")


def note_next(page: Page[object]) -> None:
    """Tell where a list goes on, if it does."""
    if page.next_cursor is not None:
        of = f" of {page.total}" if page.total is not None else ""
        note(f"{len(page)}{of}; --cursor {page.next_cursor} shows the next")


def tell(error: LanewayError) -> None:
    """One line that says what happened, and one that says what to do."""
    err.print(f"[red]laneway:[/] {escape(line(error.detail))}", soft_wrap=True)
    if error.hint:
        err.print(f"  {escape(line(error.hint))}", style="dim", soft_wrap=True)


def fail(error: LanewayError, code: int) -> NoReturn:
    """The same, and the end of the command."""
    tell(error)
    raise typer.Exit(code)
