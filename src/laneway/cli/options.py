"""Options: what every command takes, said once."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[Path | None, typer.Option("--data", help="The data directory.", show_default=False)]
Url = Annotated[str | None, typer.Option("--url", help="A server elsewhere.", show_default=False)]
Key = Annotated[str | None, typer.Option("--key", help="The API key for it.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Config = Annotated[Path | None, typer.Option("--config", help="The settings file.", show_default=False)]
DatabaseUrl = Annotated[
    str | None, typer.Option("--database-url", help="A Postgres, in place of a SQLite file.", show_default=False)
]
Limit = Annotated[int, typer.Option("--limit", min=1, max=100, help="How many at most.")]
