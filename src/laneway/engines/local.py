"""The local engine: this process runs whatever is ready; there is no other."""

from laneway.domain.node import Living
from laneway.engine import Places, ReadyThread, RunTurn


class LocalEngine:
    """Everything that is dispatched waits for a place here."""

    def __init__(self, places: Places) -> None:
        self._places = places

    async def start(self, run_turn: RunTurn) -> None:
        await self._places.open(run_turn)

    async def stop(self, drain_s: float) -> None:
        await self._places.close(drain_s)

    def dispatch(self, ready: ReadyThread) -> None:
        self._places.let_in(ready)

    async def requeue(self, nodes: Living) -> None:
        """Nothing to do: what was dispatched in a process that died is found by the sweep over the store."""
