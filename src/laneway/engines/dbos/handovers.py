"""Hand-overs: ready threads in DBOS's queue, each under an id of its own. Every call blocks: call it from a thread."""

from collections.abc import Awaitable, Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSConfig, EnqueueOptions
from dbos import error as dbos_error
from sqlalchemy import exc as sa_error

from laneway.domain.errors import Unavailable
from laneway.engine import ReadyThread
from laneway.engines.dbos.address import libpq_address, quiet_logs

QUEUE = "turns"
WORKFLOW = "turn"
VERSION = "1"
"""Which processes may share hand-overs: all that take what `_Arguments` says. It is not the version of the program."""
POLL_S = 0.1
AT_ONCE = 16
"""Hand-overs that wait in one process for a place at most: a process that is full takes no more of them."""
CONNECTIONS = 4
PAGE = 500

_Arguments = tuple[str, str, str, str, str]
"""Thread, session, owner, lane group, and the node that handed it over."""

Take = Callable[["HandOver"], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class HandOver:
    """A ready thread that some node could not give a place."""

    ready: ReadyThread
    node: str


class HandOvers:
    """DBOS in this process. There is one DBOS a process, so there can be only one of these that is open.

    An id is `thread/number`: DBOS never runs an id again that it has run, so each hand-over of a thread has the next
    number, which a small table keeps. DBOS's partitions are threads: of several hand-overs of one thread, one at a
    time is taken.
    """

    def __init__(self, url: str, node: str, take: Take) -> None:
        self._url = url
        self._node = node
        self._take = take
        self._database: sa.Engine | None = None
        self._client: DBOSClient | None = None

    def open(self) -> None:
        """Make the tables where they are missing, and begin to take what is handed over."""
        if self._database is not None:
            return
        database = sa.create_engine(libpq_address(self._url), pool_size=CONNECTIONS, max_overflow=0, pool_pre_ping=True)
        with _told(), _disposed_if_it_fails(database):
            with database.begin() as connection:
                connection.execute(_ONE_AT_A_TIME)
                connection.execute(_MAKE_NUMBERS)
                schema = f"{connection.execute(_SCHEMA).scalar_one()}_dbos"
                # Made under the lock: of several processes that start, one migrates.
                self._launch(database, schema)
            self._client = DBOSClient(
                system_database_engine=database, dbos_system_schema=schema, application_name="laneway", lazy=True,
                retry_connection_errors=False,
            )  # fmt: skip
            self._database = database

    def _launch(self, database: sa.Engine, schema: str) -> None:
        quiet_logs()
        DBOS(
            config=DBOSConfig(
                name="laneway", system_database_engine=database, dbos_system_schema=schema,
                application_version=VERSION, executor_id=self._node, use_listen_notify=False, log_level="WARNING",
            )
        )  # fmt: skip

        async def turn(*handed: str) -> None:
            thread_id, session_id, owner, lane_group, node = handed
            await self._take(HandOver(ReadyThread(thread_id, session_id, owner, lane_group), node))

        DBOS.workflow(name=WORKFLOW)(turn)
        DBOS.launch()
        DBOS.register_queue(
            QUEUE, partition_concurrency=1, worker_concurrency=AT_ONCE, polling_interval_sec=POLL_S,
            on_conflict="always_update",
        )  # fmt: skip

    def close(self) -> None:
        """Take nothing more. What was taken and not begun is found by the sweep. Safe to call twice."""
        database, self._database = self._database, None
        if database is not None:
            # Without a moment's patience it closes the loop under a hand-over that its queue takes at this moment.
            DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=1)
            database.dispose()

    def offer(self, threads: Sequence[ReadyThread]) -> None:
        """Hand threads over, all in one transaction, but for those that are handed over already."""
        with _told(), self._open.begin() as connection:
            ids = [each.thread_id for each in threads]
            numbers = {id: int(number) for id, number in connection.execute(_NUMBERS, {"ids": ids})}
            last = [_id(thread_id, number) for thread_id, number in numbers.items()]
            waiting = set(self._unfinished(workflow_ids=last)) if last else set[str]()
            free = [each for each in threads if _id(each.thread_id, numbers.get(each.thread_id, 0)) not in waiting]
            if not free:
                return
            raised = {id: int(number) for id, number in connection.execute(_RAISE, _raising(free, numbers))}
            for each in free:
                # Somebody else was faster where the number did not rise.
                if each.thread_id in raised:
                    self._enqueue(connection, each, raised[each.thread_id])

    def _enqueue(self, connection: sa.Connection, ready: ReadyThread, number: int) -> None:
        options: EnqueueOptions = {
            "workflow_name": WORKFLOW, "queue_name": QUEUE, "workflow_id": _id(ready.thread_id, number),
            "queue_partition_key": ready.thread_id, "app_version": VERSION,
        }  # fmt: skip
        handed: _Arguments = (ready.thread_id, ready.session_id, ready.owner, ready.lane_group, self._node)
        self._dbos.enqueue_in_transaction(connection, options, *handed)

    def offer_again(self, living: frozenset[str]) -> None:
        """Put back into the queue what nodes took that do not live."""
        with _told():
            taken = self._dbos.list_workflows(
                queue_name=QUEUE, status="PENDING", load_input=False, load_output=False, limit=PAGE
            )
            left = [each.workflow_id for each in taken if each.executor_id not in living]
            if left:
                self._dbos.resume_workflows(left, queue_name=QUEUE)

    def forget(self, after_s: float) -> None:
        """Delete hand-overs that were finished so long ago, and the numbers of threads that have none left."""
        before = (datetime.now(UTC) - timedelta(seconds=after_s)).isoformat()
        with _told():
            finished = self._dbos.list_workflows(
                queue_name=QUEUE, status=["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"],
                completed_before=before, load_input=False, load_output=False, limit=PAGE,
            )  # fmt: skip
            ids = [each.workflow_id for each in finished]
            if not ids:
                return
            self._dbos.delete_workflows(ids)
            with self._open.begin() as connection:
                threads = [id.rpartition("/")[0] for id in ids]
                connection.execute(_DROP_NUMBERS, {"ids": threads, "last": ids})

    def _unfinished(self, workflow_ids: list[str]) -> Iterable[str]:
        found = self._dbos.list_workflows(
            workflow_ids=workflow_ids, status=["ENQUEUED", "PENDING"], load_input=False, load_output=False
        )
        return (each.workflow_id for each in found)

    @property
    def _dbos(self) -> DBOSClient:
        """For questions: unlike DBOS itself it gives up when the database is away, and tells so."""
        if self._client is None:
            raise Unavailable("The engine does not run.")
        return self._client

    @property
    def _open(self) -> sa.Engine:
        if self._database is None:
            raise Unavailable("The engine does not run.")
        return self._database


def _id(thread_id: str, number: int) -> str:
    return f"{thread_id}/{number}"


def _raising(threads: Sequence[ReadyThread], numbers: dict[str, int]) -> dict[str, list[str] | list[int]]:
    ids = sorted(each.thread_id for each in threads)  # in one order, so that two processes never wait in a ring
    return {"ids": ids, "seen": [numbers.get(id, 0) for id in ids]}


@contextmanager
def _disposed_if_it_fails(database: sa.Engine) -> Generator[None]:
    try:
        yield
    except BaseException:
        DBOS.destroy(destroy_registry=True)
        database.dispose()
        raise


@contextmanager
def _told() -> Generator[None]:
    """Whatever the database or DBOS cannot do is a hint that is lost."""
    try:
        yield
    except (sa_error.SQLAlchemyError, dbos_error.DBOSException, OSError) as error:
        raise Unavailable(f"The engine's queue did not answer: {error}.") from error


_ONE_AT_A_TIME = sa.text("SELECT pg_advisory_xact_lock(hashtextextended('laneway engine', 0))")
_SCHEMA = sa.text("SELECT current_schema()")
_MAKE_NUMBERS = sa.text("CREATE TABLE IF NOT EXISTS dispatch (thread_id TEXT PRIMARY KEY, number BIGINT NOT NULL)")
_NUMBERS = sa.text("SELECT thread_id, number FROM dispatch WHERE thread_id = ANY (:ids)")
_RAISE = sa.text("""
INSERT INTO dispatch AS kept (thread_id, number)
SELECT thread_id, seen + 1 FROM unnest(CAST(:ids AS text[]), CAST(:seen AS bigint[])) AS free (thread_id, seen)
ON CONFLICT (thread_id) DO UPDATE SET number = excluded.number WHERE kept.number = excluded.number - 1
RETURNING thread_id, number
""")
_DROP_NUMBERS = sa.text("""
DELETE FROM dispatch WHERE thread_id = ANY (:ids) AND thread_id || '/' || number = ANY (:last)
""")
