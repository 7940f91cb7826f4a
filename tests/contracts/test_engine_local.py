"""The local engine: the engine suite within one process."""

from laneway.engine import Places
from laneway.engines.local import LocalEngine
from laneway.testing.engine_suite import EngineSuite


class TestLocalEngine(EngineSuite):
    def make_engine(self, places: Places) -> LocalEngine:
        return LocalEngine(places)
