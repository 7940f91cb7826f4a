"""Ask: puts several questions to the server as one statement, which is one trip and one moment of the database."""

from collections.abc import Callable, Sequence
from functools import lru_cache

from laneway.domain.instant import Instant
from laneway.sql.sight import Sight
from laneway.stores.postgres.connection import Binding, Connection, Row
from laneway.stores.postgres.queries import SQL

Question = tuple[str, tuple[Binding, ...]]
"""A SELECT of a number to sort by, a text, and a body; with its bindings."""


async def ask(connection: Connection, questions: Sequence[Question]) -> list[list[Row]]:
    """The rows that answer each question, by their numbers."""
    text = _together(tuple(text for text, _ in questions))
    answers: list[list[Row]] = [[] for _ in questions]
    for row in await connection.fetch(text, [each for _, bindings in questions for each in bindings]):
        number: int = row[0]
        answers[number].append(row[1:])
    for answer in answers:
        # A union promises no order.
        answer.sort(key=_place)
    return answers


async def ask_as(
    connection: Connection, owner: str | None, questions: Callable[[Sight], Sequence[Question]]
) -> tuple[list[list[Row]], Sight, Instant]:
    """The answers as an owner may see them, what that was, and the server's time.

    That nothing is hidden is almost always so. It is supposed, asked for along with the rest, and put right if need be.
    """
    while True:
        sight = Sight(owner, connection.is_erasing)
        (((is_erasing, now, _),), *answers) = await ask(connection, ((SQL["sight"], ()), *questions(sight)))
        connection.is_erasing = bool(is_erasing)
        if sight.erasing or not is_erasing:
            return answers, sight, now


def _place(row: Row) -> int:
    return row[0]


@lru_cache(maxsize=2000)
def _together(texts: tuple[str, ...]) -> str:
    return " UNION ALL ".join(f"(SELECT {number}, * FROM ({text}) AS q{number})" for number, text in enumerate(texts))
