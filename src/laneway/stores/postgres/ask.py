"""Ask: puts several questions to the server as one statement, which is one trip and one moment of the database."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from laneway.domain.instant import Instant
from laneway.stores.postgres.connection import Binding, Connection, Row
from laneway.stores.postgres.queries import SQL

Question = tuple[str, tuple[Binding, ...]]
"""A SELECT of a number to sort by, a text, and a body; with its bindings."""


@dataclass(frozen=True, slots=True)
class Alike:
    """A question that commands ask again and again: all of one form are asked as one, however many they are.

    So the statement depends on the forms alone, and the server has prepared it already. Each is answered by a subquery
    of its own: it goes by an index, as it would alone. A text that the planner could pull up ends with LIMIT or OFFSET.
    """

    text: str
    """What `Question` has, with the names `place`, `text` and `body`."""
    types: tuple[str, ...]
    row: tuple[Binding, ...]
    """The bindings, and their types."""


async def ask(connection: Connection, questions: Sequence[Question | Alike]) -> list[list[Row]]:
    """The rows that answer each question, by their numbers."""
    single: list[tuple[int, Question]] = []
    forms: dict[tuple[str, tuple[str, ...]], dict[tuple[Binding, ...], int]] = {}
    # Many commands look at the same session: who asks what was asked already gets the same answer.
    places: list[int] = []
    for number, question in enumerate(questions):
        if isinstance(question, Alike):
            places.append(forms.setdefault((question.text, question.types), {}).setdefault(question.row, number))
        else:
            single.append((number, question))
            places.append(number)
    order = tuple(sorted(forms))
    text = _together(tuple((number, text) for number, (text, _) in single), order)
    bindings: list[Binding] = [each for _, (_, bindings) in single for each in bindings]
    for form in order:
        bindings += _columns(forms[form])
    answers: list[list[Row]] = [[] for _ in questions]
    for row in await connection.fetch(text, bindings):
        number: int = row[0]
        answers[number].append(row[1:])
    for answer in answers:
        # A union promises no order.
        answer.sort(key=_place)
    return [answers[place] for place in places]


def _columns(rows: dict[tuple[Binding, ...], int]) -> list[Binding]:
    """The columns of the table of questions, the numbers first."""
    return [list(rows.values()), *(list(column) for column in zip(*rows, strict=True))]


async def ask_as(
    connection: Connection, questions: Callable[[bool], Sequence[Question | Alike]]
) -> tuple[list[list[Row]], bool, Instant]:
    """The answers, with whether anything is hidden, as the questions were told, and the server's time.

    That nothing is hidden is almost always so. It is supposed, asked for along with the rest, and put right if need be.
    """
    while True:
        erasing = connection.is_erasing
        (((told, now, _),), *answers) = await ask(connection, ((SQL["sight"], ()), *questions(erasing)))
        connection.schema_version, is_erasing = divmod(told, 2)
        connection.is_erasing = bool(is_erasing)
        if erasing or not is_erasing:
            return answers, erasing, now


def _place(row: Row) -> int:
    return row[0]


@lru_cache(maxsize=2000)
def _together(single: tuple[tuple[int, str], ...], forms: tuple[tuple[str, tuple[str, ...]], ...]) -> str:
    parts = [f"(SELECT {number}::bigint, * FROM ({text}) AS q{number})" for number, text in single]
    return " UNION ALL ".join([*parts, *(_asking(text, types) for text, types in forms)])


def _asking(text: str, types: Sequence[str]) -> str:
    """The questions of one form as rows of a table, each beside what is found for it."""
    first, *rest = text.split("?")
    found = first + "".join(f"asked.p{place}{part}" for place, part in enumerate(rest, start=1))
    arrays = ", ".join(f"?::{type_}[]" for type_ in ("bigint", *types))
    columns = "".join(f", p{place}" for place in range(1, len(types) + 1))
    return (
        f"(SELECT asked.number, found.place, found.text, found.body FROM unnest({arrays}) AS asked (number{columns})"
        f" CROSS JOIN LATERAL ({found}) AS found)"
    )
