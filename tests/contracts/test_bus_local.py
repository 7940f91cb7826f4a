"""The local bus: the bus suite within one process."""

from laneway.buses.local import LocalBus
from laneway.testing.bus_suite import BusSuite


class TestLocalBus(BusSuite):
    def make_bus(self) -> LocalBus:
        return LocalBus()
