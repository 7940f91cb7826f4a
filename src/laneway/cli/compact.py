"""compact: folds and prunes now what would otherwise be folded and pruned in its time."""

import asyncio

from laneway.cli import show
from laneway.cli.options import Config, Data, Key, Url
from laneway.cli.reach import Where, is_served, reach


def compact(data: Data = None, url: Url = None, key: Key = None, config: Config = None) -> None:
    """Fold, prune and erase now what is due. The server does it by itself, too, in its time."""
    with show.err.status("compacting"):
        asyncio.run(_compact(Where(data, url, key, config)))


async def _compact(where: Where) -> None:
    if is_served(where):
        async with reach(where) as lane:
            await lane.compact()
        return
    from laneway.cli.straight import compact  # noqa: PLC0415 - only where there is no server to ask

    await compact(where.settings())
