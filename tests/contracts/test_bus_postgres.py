"""The Postgres bus: the bus suite over a real server, and what a network and a pooler do to it."""

import asyncio

import pytest

from laneway.buses.local import LocalBus
from laneway.buses.postgres import PostgresBus
from laneway.domain.errors import Conflict, Unavailable
from laneway.runtime.system_clock import SystemClock
from laneway.testing.bus_suite import GUARD_S, BusSuite, Ears
from tests.contracts.pooler import Pooler
from tests.postgres import run


def make_bus(url: str) -> PostgresBus:
    return PostgresBus(LocalBus(), url, SystemClock())


class TestPostgresBus(BusSuite):
    reaches_others = True

    @pytest.fixture(autouse=True)
    def place(self, database_url: str) -> None:
        self.url = database_url

    def make_bus(self) -> PostgresBus:
        return make_bus(self.url)


async def test_buses_of_two_schemas_hear_nothing_of_each_other(server_url: str, database_url: str):
    here, there = make_bus(database_url), make_bus(server_url)
    await here.start()
    await there.start()
    ears = Ears(there)

    here.ring(["a"])
    there.ring(["b"])
    await ears.have_heard("b")
    await here.stop()
    await there.stop()

    assert ears.topics == {"b"}


async def test_a_bus_whose_connection_is_cut_connects_again(database_url: str):
    one, other = make_bus(database_url), make_bus(database_url)
    await one.start()
    await other.start()
    ears = Ears(other)

    await cut(database_url)
    async with asyncio.timeout(GUARD_S):
        while "again" not in ears.topics:
            one.ring(["again"])
            await run(database_url, lambda connection: connection.fetch("SELECT 1"))
    await one.stop()
    await other.stop()


async def cut(url: str) -> None:
    """Cut every bus's connection to this schema."""
    own = "datname = current_database() AND application_name = 'laneway bus'"
    text = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {own}"
    await run(url, lambda connection: connection.fetch(text))


async def test_a_database_that_is_not_there_is_unavailable():
    with pytest.raises(Unavailable):
        await make_bus("postgresql://nobody@127.0.0.1:1/none").start()


async def test_a_pooler_is_refused_with_the_reason(database_url: str):
    async with Pooler(database_url) as pooler:
        with pytest.raises(Conflict, match="pooler"):
            await make_bus(pooler.url).start()
