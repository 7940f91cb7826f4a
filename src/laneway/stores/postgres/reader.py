"""Reader: answers every ask of a read from one snapshot, which is that of one statement."""

from collections.abc import Iterator, Sequence
from typing import assert_never

from laneway.domain.principal import Principal
from laneway.log import position_of
from laneway.sql.sight import Sight
from laneway.store import Ask, Fold, Get, Query, Snapshot, Tally
from laneway.stores.postgres.ask import Alike, Question, ask_as
from laneway.stores.postgres.connection import Connection, Row
from laneway.stores.postgres.fold import folded, folding
from laneway.stores.postgres.page import page_of, page_questions
from laneway.stores.postgres.queries import SQL
from laneway.stores.postgres.table import TABLES
from laneway.stores.postgres.tally import tallied, tally_questions


async def answer(connection: Connection, principal: Principal, asks: Sequence[Ask], log: str | None) -> Snapshot:
    """Answer every ask, with the log's offset, as of one moment of the database."""
    owner = principal.owner
    answers, erasing, _ = await ask_as(connection, lambda erasing: _questions(asks, log, Sight(owner, erasing)))
    sight = Sight(owner, erasing)
    place, *rest = answers
    offset = rest.pop(0) if log is not None else []
    rows = iter(rest)
    results = tuple(_result(each, rows, sight) for each in asks)
    return Snapshot(results, int(offset[0][0]) if offset else 0, position_of(int(place[0][0])))


def _questions(asks: Sequence[Ask], log: str | None, sight: Sight) -> list[Question | Alike]:
    questions: list[Question | Alike] = [(SQL["newest_row"], ())]
    if log is not None:
        questions.append((SQL["tail"], (log,)))
    for each in asks:
        questions += _questions_of(each, sight)
    return questions


def _questions_of(ask: Ask, sight: Sight) -> Sequence[Question | Alike]:
    match ask:
        case Get(kind, id):
            return [TABLES[kind.name].get(id, sight)]
        case Query():
            return page_questions(ask, sight)
        case Tally():
            return tally_questions(ask, sight)
        case Fold(thread_id):
            return [folding(thread_id, sight)]
        case _:
            assert_never(ask)


def _result(ask: Ask, answers: Iterator[Sequence[Row]], sight: Sight) -> object:
    rows = next(answers)
    match ask:
        case Get(kind):
            return TABLES[kind.name].decode(rows[0][2], sight) if rows else None
        case Query():
            return page_of(ask, rows, next(answers) if ask.count else None, sight)
        case Tally():
            return tallied(ask, rows, next(answers) if ask.count else None)
        case Fold():
            return folded(rows)
        case _:
            assert_never(ask)
