"""The SQLite store's schema: it has what the kinds declare, and its indexes serve the questions that are asked."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laneway.domain.frozen import replace
from laneway.domain.kinds import APPROVAL, ITEM, KINDS, LANE, LOGIN, NOTE, QUEUE_ITEM, SESSION, THREAD, TIMER, TURN
from laneway.domain.record import Kind, Record
from laneway.domain.thread import Thread
from laneway.sql.sight import Sight
from laneway.store import Query, Where
from laneway.stores.sqlite.connection import Binding, Connection, Rows
from laneway.stores.sqlite.database import Database
from laneway.stores.sqlite.page import read_page
from laneway.stores.sqlite.table import TABLES
from laneway.testing.store_suite.samples import ME, SES, THR, thread


@pytest.fixture
def connection() -> Iterator[Connection]:
    with Database(None) as database:
        yield database.writer


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_schema_has_the_columns_that_the_kind_declares(connection: Connection, kind: Kind[Record]) -> None:
    table = TABLES[kind.name]

    columns = connection.execute(f"PRAGMA table_info({table.name})").fetchall()

    assert {name for _, name, *_ in columns} == {"row", "id", "owner", *table.columns, "body"}
    assert {name for _, name, _, is_required, *_ in columns if is_required} == {*table.required, "body"}
    assert {column for column in (kind.thread, kind.session) if column} <= {"id", *table.columns}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.unique], ids=lambda kind: kind.name)
def test_the_schema_has_the_unique_indexes_that_the_kind_declares(connection: Connection, kind: Kind[Record]) -> None:
    names = connection.execute(f"SELECT name FROM pragma_index_list('{kind.name}') WHERE [unique]").fetchall()

    kept = {
        tuple(column for (column,) in connection.execute(f"SELECT name FROM pragma_index_info('{name}')"))
        for (name,) in names
    }

    assert set(kind.unique) <= kept


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (Query(THREAD, order=(("active_at", "desc"),)), "thread_activity"),
        (Query(THREAD, (Where("archived", "=", False),), order=(("active_at", "desc"),)), "thread_activity"),
        (Query(THREAD, (Where("session_id", "=", SES),), order=(("active_at", "desc"),)), "thread_session_activity"),
        (Query(THREAD, (Where("session_id", "=", SES),), order=(("title", "asc"),)), "thread_session_title"),
        (Query(THREAD, (Where("kind", "in", ("chat",)),), order=(("created_at", "asc"),)), "thread_age"),
        (Query(THREAD, (Where("status", "=", "idle"),), order=(("title", "asc"),)), "thread_title"),
        (Query(THREAD, (Where("pinned", "=", True),), order=(("unread", "desc"),)), "thread_unread"),
        (Query(THREAD, (Where("status", "=", "running"),), order=(("active_at", "desc"),)), "thread_status"),
        (Query(THREAD, (Where("tags", "has", "a"),), order=(("active_at", "desc"),)), "thread_label_activity"),
        (Query(SESSION, order=(("updated_at", "desc"),)), "session_owner"),
        (Query(ITEM, (Where("thread_id", "=", THR), Where("seq", ">", 3)), order=(("seq", "asc"),)), "item_thread"),
        (Query(ITEM, (Where("thread_id", "=", THR),), order=(("seq", "desc"),)), "item_thread"),
        (Query(TURN, (Where("thread_id", "=", THR),), order=(("number", "desc"),)), "turn_thread"),
        (Query(TIMER, (Where("due_at", "<=", "2026"),), order=(("due_at", "asc"),)), "timer_due"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.kind.name,
)
def test_a_list_is_read_in_the_order_of_an_index(connection: Connection, query: Query, index: str) -> None:
    owner = None if query.kind is TIMER else ME.user_id

    plan = plan_of(connection, lambda watched: read_page(watched, query, Sight(owner, erasing=False)))

    assert f"INDEX {index} " in plan
    assert "TEMP B-TREE" not in plan


def test_active_turns_are_found_by_an_index_however_many_have_ended(connection: Connection) -> None:
    query = Query(TURN, (Where("status", "in", ("running", "waiting")),))

    plan = plan_of(connection, lambda watched: read_page(watched, query, Sight(None, erasing=False)))

    assert "INDEX turn_status " in plan


@pytest.mark.parametrize(
    ("kind", "where", "index"),
    [
        (ITEM, {"thread_id": THR, "open": 1}, "item_open"),
        (ITEM, {"turn_id": "trn_1"}, "item_turn"),
        (QUEUE_ITEM, {"thread_id": THR, "open": 1}, "queue_item_thread"),
        (TURN, {"session_id": SES, "status": "running"}, "turn_status"),
        (APPROVAL, {"thread_id": THR, "state": "open"}, "approval_thread"),
        (LANE, {"thread_id": THR}, "lane_thread"),
        (NOTE, {"session_id": SES, "key": "k"}, "note_session"),
        (LOGIN, {"key_id": "key_1"}, "login_key"),
        (SESSION, {"default_of": ME.user_id}, "session_default"),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else "",
)
def test_what_a_decision_needs_is_found_by_an_index(
    connection: Connection, kind: Kind[Record], where: dict[str, str | int], index: str
) -> None:
    table, sight = TABLES[kind.name], Sight(ME.user_id, erasing=False)

    plan = plan_of(connection, lambda watched: table.some(watched, where, 10, sight))

    assert f"INDEX {index} " in plan


@pytest.mark.parametrize(("kind", "where"), [(QUEUE_ITEM, {"open": 1}), (SESSION, {"deleted": 0})])
def test_what_is_counted_at_each_write_is_counted_in_an_index(
    connection: Connection, kind: Kind[Record], where: dict[str, str | int]
) -> None:
    plan = plan_of(
        connection, lambda watched: TABLES[kind.name].count(watched, where, Sight(ME.user_id, erasing=False))
    )

    assert "COVERING INDEX" in plan


def test_threads_are_not_counted_but_added_up(connection: Connection) -> None:
    where = (Where("archived", "=", False), Where("kind", "in", ("chat", "task")), Where("agent_id", "!=", "guide"))
    total = Query(THREAD, where, order=(("active_at", "desc"),), count=True)
    of_user, of_all = Sight(ME.user_id, erasing=False), Sight(None, erasing=False)

    counted = plan_of(connection, lambda watched: TABLES[THREAD.name].count(watched, {"archived": 0}, of_user))
    paged = plan_of(connection, lambda watched: read_page(watched, total, of_all))

    assert counted == "SEARCH thread_total USING PRIMARY KEY (owner=? AND deleted=? AND archived=?)"
    assert "SCAN thread_total" in paged


SORTED_THREADS = st.builds(
    replace, st.sampled_from([thread(id) for id in ("thr_a", "thr_b", "thr_c")]),
    session_id=st.sampled_from(["ses_1", "ses_2"]), agent_id=st.sampled_from(["guide", "script"]),
    kind=st.sampled_from(["chat", "task"]), archived=st.booleans(), pinned=st.booleans(),
)  # fmt: skip


@given(st.lists(st.tuples(SORTED_THREADS, st.booleans()), max_size=30))
def test_the_totals_of_threads_are_those_of_the_table(steps: list[tuple[Thread, bool]]) -> None:
    columns = "owner, deleted, archived, kind, session_id, agent_id, pinned"
    with Database(None) as database:
        for record, stays in steps:
            TABLES[THREAD.name].put(database.writer, record)
            if not stays:
                TABLES[THREAD.name].drop(database.writer, record.id)
        counted = database.writer.execute(f"SELECT {columns}, count(*) FROM thread GROUP BY {columns}").fetchall()
        kept = database.writer.execute(f"SELECT {columns}, many FROM thread_total").fetchall()

    assert sorted(kept) == sorted(counted)


def test_statistics_are_only_the_ones_that_were_written_by_hand(connection: Connection) -> None:
    """One that was counted on an empty table would have the planner read all of it when it is large."""
    counted = connection.execute("SELECT tbl FROM sqlite_stat1 WHERE idx IS NULL OR stat NOT LIKE '% %'").fetchall()
    ordered = "SELECT name FROM sqlite_schema WHERE type = 'index' OR sql LIKE '%WITHOUT ROWID%'"
    indexes = {name for (name,) in connection.execute(ordered)}
    described = {name for (name,) in connection.execute("SELECT idx FROM sqlite_stat1")}

    # In the very process that made the schema, too.
    (plan,) = connection.execute("EXPLAIN QUERY PLAN DELETE FROM search_text_data WHERE id >= 1 AND id <= 2")

    assert "USING INTEGER PRIMARY KEY" in plan[3]
    assert counted == []
    assert described <= indexes
    assert connection.execute("SELECT tbl FROM sqlite_stat4").fetchall() == []


def plan_of(connection: Connection, work: Callable[[Connection], object]) -> str:
    """How SQLite runs what `work` executes."""
    plans: list[str] = []

    class Explained:
        in_transaction = False
        changes = connection.changes
        set_wal_hook = connection.set_wal_hook
        set_progress_handler = connection.set_progress_handler
        fts5_tokenizer = connection.fts5_tokenizer
        close = connection.close

        def execute(self, sql: str, bindings: Sequence[Binding] | Mapping[str, Binding] = (), /) -> Rows:
            plans.extend(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", bindings))
            return connection.execute(sql, bindings)

    work(Explained())
    return "; ".join(plans)
