"""Hand-overs: ready threads in DBOS's queues, one for each node. Every call blocks: call it from a thread."""

import threading
import time
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSConfig, EnqueueOptions
from dbos import error as dbos_error
from sqlalchemy import exc as sa_error

from laneway.domain.errors import Conflict, Unavailable
from laneway.engine import ReadyThread
from laneway.engines.dbos.address import libpq_address, quiet_logs

QUEUE = "turns "
"""How the name of a node's queue begins."""
WORKFLOW = "turn"
VERSION = "1"
"""Which processes may share hand-overs: all that take what `_Arguments` says. It is not the version of the program."""
POLL_S = 0.1
CONNECTIONS = 4
TRY_S = 0.05
PAGE = 500

Take = Callable[[ReadyThread], Awaitable[None]]

_ONLY = threading.Lock()
"""Held by the one whose DBOS this process's is."""


class HandOvers:
    """DBOS in this process. There is one DBOS a process, so there can be only one of these that is open.

    An id is `thread/number`: DBOS never runs an id again that it has run, so each hand-over of a thread has the next
    number, which a small table keeps. DBOS's partitions are threads: of several hand-overs of one thread, one at a
    time is taken. A node takes from its own queue only: from a common one a process without a place would take what
    another has one for.
    """

    def __init__(self, url: str, node: str, take: Take) -> None:
        self._url = url
        self._node = node
        self._take = take
        self._database: sa.Engine | None = None
        self._client: DBOSClient | None = None

    def open(self) -> None:
        """Make the tables where they are missing, and begin to take what is handed over.

        Raises `Conflict` while another one of this process is open: what DBOS knows would be mixed up with its own.
        """
        if self._database is not None:
            return
        if not _ONLY.acquire(blocking=False):
            raise Conflict(
                "Another Laneway of this process is open on a Postgres, and DBOS can be there once only.",
                "Close that one first, or use another process.",
            )
        try:
            self._open_alone()
        except BaseException:
            _ONLY.release()
            raise

    def _open_alone(self) -> None:
        database = sa.create_engine(libpq_address(self._url), pool_size=CONNECTIONS, max_overflow=0, pool_pre_ping=True)
        with _told(), _disposed_if_it_fails(database):
            with _one_at_a_time(database) as connection:
                connection.execute(_MAKE_NUMBERS)
                schema = f"{connection.execute(_SCHEMA).scalar_one()}_dbos"
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
            await self._take(ReadyThread(*handed))

        DBOS.workflow(name=WORKFLOW)(turn)
        DBOS.listen_queues([_queue(self._node)])
        DBOS.launch()
        DBOS.register_queue(_queue(self._node), partition_concurrency=1, polling_interval_sec=POLL_S)

    def close(self) -> None:
        """Take nothing more. What was taken and not begun is found by the sweep. Safe to call twice."""
        database, self._database = self._database, None
        if database is not None:
            # Without a moment's patience it closes the loop under a hand-over that its queue takes at this moment.
            try:
                DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=1)
                database.dispose()
            finally:
                _ONLY.release()

    def offer(self, offers: Sequence[tuple[ReadyThread, str]]) -> None:
        """Hand threads over to nodes, all in one transaction, but for those that are handed over already."""
        with _told(), self._open.begin() as connection:
            ids = [ready.thread_id for ready, _ in offers]
            numbers = {id: int(number) for id, number in connection.execute(_NUMBERS, {"ids": ids})}
            last = [_id(thread_id, number) for thread_id, number in numbers.items()]
            waiting = set(self._unfinished(workflow_ids=last)) if last else set[str]()
            free = [id for id in ids if _id(id, numbers.get(id, 0)) not in waiting]
            if not free:
                return
            raised = {id: int(number) for id, number in connection.execute(_RAISE, _raising(free, numbers))}
            for ready, node in offers:
                # Somebody else was faster where the number did not rise.
                if ready.thread_id in raised:
                    self._enqueue(connection, ready, raised[ready.thread_id], node)

    def _enqueue(self, connection: sa.Connection, ready: ReadyThread, number: int, node: str) -> None:
        options: EnqueueOptions = {
            "workflow_name": WORKFLOW, "queue_name": _queue(node), "workflow_id": _id(ready.thread_id, number),
            "queue_partition_key": ready.thread_id, "app_version": VERSION,
        }  # fmt: skip
        handed = (ready.thread_id, ready.session_id, ready.owner, ready.lane_group)
        self._dbos.enqueue_in_transaction(connection, options, *handed)

    def inherit(self, living: frozenset[str]) -> None:
        """Take over the queues of nodes that do not live: what they did not finish, and what they never took."""
        with _told():
            queues = {each.name for each in self._dbos.list_queues() if each.name.startswith(QUEUE)}
            for queue in queues - {_queue(node) for node in living}:
                left = self._unfinished(queue_name=queue)
                if left:
                    self._dbos.resume_workflows(left, queue_name=_queue(self._node))
                if len(left) < PAGE:
                    self._dbos.delete_queue(queue)

    def forget(self, after_s: float) -> None:
        """Delete hand-overs that were finished so long ago, and the numbers of threads that have none left."""
        before = (datetime.now(UTC) - timedelta(seconds=after_s)).isoformat()
        with _told():
            finished = self._dbos.list_workflows(
                name=WORKFLOW, status=["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"],
                completed_before=before, load_input=False, load_output=False, limit=PAGE,
            )  # fmt: skip
            ids = [each.workflow_id for each in finished]
            if not ids:
                return
            self._dbos.delete_workflows(ids)
            with self._open.begin() as connection:
                threads = [id.rpartition("/")[0] for id in ids]
                connection.execute(_DROP_NUMBERS, {"ids": threads, "last": ids})

    def _unfinished(self, workflow_ids: list[str] | None = None, queue_name: str | None = None) -> list[str]:
        found = self._dbos.list_workflows(
            workflow_ids=workflow_ids, queue_name=queue_name, status=["ENQUEUED", "PENDING"], limit=PAGE,
            load_input=False, load_output=False,
        )  # fmt: skip
        return [each.workflow_id for each in found]

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


def _queue(node: str) -> str:
    return f"{QUEUE}{node}"


def _raising(thread_ids: Sequence[str], numbers: dict[str, int]) -> dict[str, list[str] | list[int]]:
    ids = sorted(thread_ids)  # in one order, so that two processes never wait in a ring
    return {"ids": ids, "seen": [numbers.get(id, 0) for id in ids]}


@contextmanager
def _one_at_a_time(database: sa.Engine) -> Generator[sa.Connection]:
    """Let one process at a time make the tables.

    The lock is tried again and again: DBOS makes indexes concurrently, which wait for every statement that runs, so a
    statement that waited for the lock and the holder of the lock would wait for each other.
    """
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while not connection.execute(_TRY_LOCK).scalar_one():
            time.sleep(TRY_S)
        try:
            yield connection
        finally:
            connection.execute(_UNLOCK)


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


_TRY_LOCK = sa.text("SELECT pg_try_advisory_lock(hashtextextended('laneway engine', 0))")
_UNLOCK = sa.text("SELECT pg_advisory_unlock(hashtextextended('laneway engine', 0))")
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
