"""Fixtures: a database for a whole file of tests, since processes take their time to start."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest

from tests.cluster.stage import Cluster, cluster
from tests.postgres import schema


@pytest.fixture(scope="module")
def processes(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster that the tests of a file share. Each of them starts what it needs, and leaves nothing half dead."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        url = runner.run(stack.enter_async_context(schema(server_url)))
        with cluster(url, tmp_path_factory.mktemp("cluster")) as made:
            yield made
        runner.run(stack.aclose())


@pytest.fixture(autouse=True)
def no_node_is_left(processes: Cluster) -> Iterator[None]:
    """What a test starts ends with it, also if it fails: a node that stayed would take part in the next test."""
    first = len(processes.nodes)
    yield
    processes.end(first)
