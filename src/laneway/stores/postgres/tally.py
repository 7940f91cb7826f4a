"""Tally: how the records of a kind spread over the values of a column, counted, added up and ranked by the database."""

from collections.abc import Sequence

from laneway import wire
from laneway.domain.kinds import THREAD
from laneway.sql.condition import all_of
from laneway.sql.sight import Sight
from laneway.store import Share, Tally
from laneway.stores.postgres.ask import Question
from laneway.stores.postgres.connection import Row
from laneway.stores.postgres.dialect import DIALECT
from laneway.stores.postgres.table import TABLES

_LISTS = frozenset({(THREAD.name, "tags")})


def tallying(tally: Tally, sight: Sight) -> Question:
    """Asks for the shares, each with its figures as a JSON array."""
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
    shares = (
        f"SELECT {key} AS key, {many} AS many, json_build_array({', '.join(figures)}) AS figures FROM {source}"
        f" WHERE {text} GROUP BY {key} ORDER BY {many} DESC, {key} LIMIT ?"
    )
    told = "row_number() OVER (ORDER BY many DESC, key), key::text, convert_to(figures::text, 'UTF8')"
    return f"SELECT {told} FROM ({shares}) AS share", (*bindings, tally.limit)


def tallied(tally: Tally, rows: Sequence[Row]) -> tuple[Share, ...]:
    """The shares that the answer makes."""
    return tuple(_share(tally, str(key), wire.decode(body, list[int | None])) for _, key, body in rows)


def _share(tally: Tally, key: str, figures: Sequence[int | None]) -> Share:
    count, *rest = figures
    sums = tuple(each or 0 for each in rest[: len(tally.sums)])
    return Share(key, count or 0, sums, *rest[len(tally.sums) :])
