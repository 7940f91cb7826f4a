"""The Postgres store behind a real PgBouncer in transaction mode."""

from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest

from laneway.domain.errors import Conflict
from laneway.store import StoreOptions
from laneway.stores.postgres import PostgresStore
from laneway.testing.clock import FakeClock
from tests.contracts.postgres_suite import PostgresSuite
from tests.pooler import KEEPING, NEEDS_POOLER, database, keeps_statements, pooled

pytestmark = [pytest.mark.anyio, *NEEDS_POOLER]


@pytest.fixture(scope="module")
def pooler_url(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """The address of a pooler that keeps statements."""
    if not keeps_statements():
        pytest.skip("this PgBouncer is too old for that")
    with pooled(server_url, tmp_path_factory.mktemp("pooler"), KEEPING) as url:
        yield url


class TestPooled(PostgresSuite):
    @pytest.fixture(autouse=True)
    async def place(self, server_url: str, pooler_url: str) -> AsyncGenerator[None]:
        async with database(server_url, pooler_url) as pooled:
            self.url = pooled.url
            yield


async def test_a_pooler_that_forgets_statements_is_refused_by_name(server_url: str, tmp_path: Path):
    with (
        pooled(server_url, tmp_path, *(["max_prepared_statements = 0"] if keeps_statements() else [])) as url,
        pytest.raises(Conflict, match="pooler"),
    ):
        await PostgresStore(url, FakeClock(), StoreOptions()).open()
