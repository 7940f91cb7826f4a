"""analytics: what turns were, took and cost."""

import asyncio
from enum import StrEnum
from typing import Annotated

import typer

from laneway.cli import show
from laneway.cli.options import AsJson, Config, Data, Key, Url
from laneway.cli.reach import Where, reach
from laneway.client.resources import Analytics, AnalyticsRow


class By(StrEnum):
    """What a row stands for."""

    day = "day"
    agent = "agent"
    thread = "thread"


def analytics(
    by: Annotated[By, typer.Option("--by", help="What a row stands for.")] = By.day,
    session: Annotated[str | None, typer.Option("--session", help="Of this session only.")] = None,
    since: Annotated[str | None, typer.Option("--since", help="Begun from this time on; else 30 days ago.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Begun before this time (RFC 3339).")] = None,
    as_json: AsJson = False,
    data: Data = None,
    url: Url = None,
    key: Key = None,
    config: Config = None,
) -> None:
    """Show turns, messages, tokens, cost, durations and failures by day, agent or thread."""

    async def asked() -> Analytics:
        async with reach(Where(data, url, key, config), runs=False) as lane:
            return await lane.analytics(by=by.value, session_id=session, since=since, until=until)

    found = asyncio.run(asked())
    if as_json:
        show.as_json(found)
        return
    columns = (by.value, "turns", "failed", "messages", "in", "out", "USD", "p50 s", "p95 s")
    show.table(columns, map(_row, found.rows))
    show.note(f"turns that began from {found.from_} to {found.to}")


def _row(row: AnalyticsRow) -> tuple[object, ...]:
    return (
        row.key, row.turns, row.failures, row.messages, row.input_tokens, row.output_tokens, f"{row.cost_usd:.4f}",
        row.duration_p50_s, row.duration_p95_s,
    )  # fmt: skip
