"""Main: the command `laneway` and its commands."""

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from laneway.cli import key, show
from laneway.cli.analytics import analytics
from laneway.cli.ask import ask
from laneway.cli.backup import backup
from laneway.cli.chat import chat
from laneway.cli.compact import compact
from laneway.cli.doctor import doctor
from laneway.cli.export import export
from laneway.cli.import_ import import_
from laneway.cli.queue import queue
from laneway.cli.serve import serve
from laneway.cli.tags import tags
from laneway.cli.tail import tail
from laneway.cli.templates import templates
from laneway.cli.threads import threads
from laneway.cli.users import users
from laneway.cli.worker import worker
from laneway.domain.errors import LanewayError


class CommandLine(typer.Typer):
    """Ends a command that fails in an expected way with what happened and what to do, never with a traceback."""

    def __call__(self, *arguments: object, **options: object) -> object:
        try:
            return super().__call__(*arguments, **options)
        except LanewayError as error:
            show.tell(error)
            sys.exit(1)


app = CommandLine(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Runs many agent conversations at once and keeps each one in its own lane.",
)


def _show_version(is_wanted: bool) -> None:
    if is_wanted:
        show.say(version("laneway"))
        raise typer.Exit


@app.callback()
def laneway(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """What stands before every command."""


for command in (
    serve, worker, chat, ask, threads, tags, templates, analytics, tail, queue, users, export, backup, compact, doctor,
):  # fmt: skip
    app.command()(command)
app.command("import")(import_)
app.add_typer(key.app, name="key")
