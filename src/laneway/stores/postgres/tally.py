"""Tally: how the records of a kind spread over the values of a column, counted, added up and ranked by the database."""

from collections.abc import Sequence

from laneway import wire
from laneway.domain.kinds import THREAD
from laneway.sql.condition import all_of
from laneway.sql.sight import Sight
from laneway.sql.tally import behind, page_of, sorting
from laneway.store import Share, Tally, TallyPage
from laneway.stores.postgres.ask import Question
from laneway.stores.postgres.connection import Row
from laneway.stores.postgres.dialect import DIALECT
from laneway.stores.postgres.table import TABLES

_LISTS = frozenset({(THREAD.name, "tags")})


def tally_questions(tally: Tally, sight: Sight) -> list[Question]:
    """Asks for the shares and one more, each with its figures as a JSON array, and for the total where it is wanted."""
    table = TABLES[tally.kind.name]
    text, bindings = all_of(table, tally.where, sight, DIALECT)
    source, key, many = table.name, table.column(tally.by), "count(*)"
    if (tally.kind.name, tally.by) in _LISTS:
        # Each member counts once a record.
        source += f", json_array_elements_text({key}::json) AS part (value)"
        key, many = 'part.value COLLATE "C"', "count(DISTINCT id)"
    figures = [many, *(f"coalesce(sum({table.column(name)}), 0)::bigint" for name in tally.sums)]
    if tally.spread is not None:
        spread = table.column(tally.spread)
        figures += [f"percentile_disc({rank}) WITHIN GROUP (ORDER BY {spread})" for rank in (0.5, 0.95)]
    after, values = behind(tally, key, many)
    shares = (
        f"SELECT {key} AS key, {many} AS many, json_build_array({', '.join(figures)}) AS figures FROM {source}"
        f" WHERE {text} GROUP BY {key} HAVING {after} ORDER BY {sorting(tally, key, many)} LIMIT ? OFFSET ?"
    )
    place = f"row_number() OVER (ORDER BY {sorting(tally, 'key', 'many')})"
    told = f"{place}, key::text, convert_to(figures::text, 'UTF8')"
    asked = (f"SELECT {told} FROM ({shares}) AS share", (*bindings, *values, tally.limit + 1, tally.offset))
    if not tally.count:
        return [asked]
    return [asked, (f"SELECT count(DISTINCT {key}), NULL::text, NULL::bytea FROM {source} WHERE {text}", bindings)]


def tallied(tally: Tally, rows: Sequence[Row], count: Sequence[Row] | None) -> TallyPage:
    """The page that the answers make."""
    found = [_share(tally, str(key), wire.decode(body, list[int | None])) for _, key, body in rows]
    return page_of(tally, found, None if count is None else int(count[0][0]))


def _share(tally: Tally, key: str, figures: Sequence[int | None]) -> Share:
    count, *rest = figures
    sums = tuple(each or 0 for each in rest[: len(tally.sums)])
    return Share(key, count or 0, sums, *rest[len(tally.sums) :])
