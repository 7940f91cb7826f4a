"""Page: one page of a kind, by keyset: a cursor holds the last record's place in the order, not a count."""

from collections.abc import Sequence

from laneway.sql.condition import all_of
from laneway.sql.cursor import decode_cursor, encode_cursor
from laneway.sql.order import behind, order_of
from laneway.sql.sight import Sight
from laneway.store import Page, Query
from laneway.stores.postgres.ask import Question
from laneway.stores.postgres.connection import Row
from laneway.stores.postgres.dialect import DIALECT
from laneway.stores.postgres.table import TABLES, Table


def page_questions(query: Query, sight: Sight) -> list[Question]:
    """Asks for a page and one record more, and for the total where it is wanted."""
    table = TABLES[query.kind.name]
    order = order_of(query)
    text, bindings = all_of(table, query.where, sight, DIALECT)
    questions: list[Question] = []
    if query.count:
        questions.append((f"SELECT count(*), NULL::text, NULL::bytea FROM {table.name} WHERE {text}", bindings))
    if query.cursor is not None:
        after, values = behind(table, order, decode_cursor(query.cursor, query, table))
        text, bindings = f"{text} AND {after}", (*bindings, *values)
    sorting = ", ".join(_sorting(table, name, descends) for name, descends in order)
    page = f"SELECT body FROM {table.name} WHERE {text} ORDER BY {sorting} LIMIT ? OFFSET ?"
    text = f"SELECT row_number() OVER (), NULL::text, body FROM ({page}) AS page"
    return [(text, (*bindings, query.limit + 1, query.offset)), *questions]


def page_of(query: Query, rows: Sequence[Row], count: Sequence[Row] | None, sight: Sight) -> Page:
    """The page that the answers make."""
    table = TABLES[query.kind.name]
    records = tuple(table.decode(body, sight) for _, _, body in rows[: query.limit])
    more = len(rows) > query.limit and bool(records)
    next_cursor = encode_cursor(query, table, records[-1]) if more else None
    return Page(records, next_cursor, None if count is None else int(count[0][0]))


def _sorting(table: Table, name: str, descends: bool) -> str:
    # Where there is no NULL, the clause about it would only keep an index from being used.
    nulls = "" if name in table.required else " NULLS LAST" if descends else " NULLS FIRST"
    return f"{table.column(name)} {'DESC' if descends else 'ASC'}{nulls}"
