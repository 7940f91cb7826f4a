"""tail: the event stream, as it happens."""

import asyncio
from contextlib import aclosing
from typing import Annotated

import typer

from laneway import wire
from laneway.cli import show
from laneway.cli.options import AsJson, Config, Data, Key, Url
from laneway.cli.reach import Where, is_served, reach
from laneway.client.stream import Event


def tail(
    thread: Annotated[str | None, typer.Argument(help="The thread whose events are wanted.")] = None,
    session: Annotated[str | None, typer.Option("--session", help="All threads of a session.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that the user has.")] = False,
    after: Annotated[str | None, typer.Option("--after", help="Begin after this cursor; 0: at the beginning.")] = None,
    follow: Annotated[bool, typer.Option(help="Go on with what happens next.")] = True,
    as_json: AsJson = False,
    data: Data = None,
    url: Url = None,
    key: Key = None,
    config: Config = None,
) -> None:
    """Print events as they happen. With --json: one a line, byte for byte as the server sends them."""
    if [thread is not None, session is not None, everything].count(True) != 1:
        raise typer.BadParameter("Name one: a THREAD, --session ID, or --all.")

    where = Where(data, url, key, config)

    async def told() -> None:
        # Without a server nothing more happens, and waiting for it would keep a server from starting.
        lasting = follow and is_served(where)
        async with (
            reach(where, runs=False) as lane,
            aclosing(lane.events(thread, session_id=session, after=after, follow=lasting)) as events,
        ):
            async for event in events:
                show.say(event.raw) if as_json else _print(event)

    asyncio.run(told())


def _print(event: Event) -> None:
    at, ids = event.at[11:19], event.thread_id or event.session_id or ""
    data = wire.encode(event.data).decode()
    shown = show.line(data)
    show.out.print(f"{event.id:>6} {at} {ids[:12]:12} {event.type:22} {shown}", markup=False, soft_wrap=True)
