"""Sight: what a principal may see of a kind, as a condition for every query."""

from dataclasses import dataclass
from functools import cache

from laneway.domain.kinds import NAMED
from laneway.domain.record import Kind, Record


@dataclass(frozen=True, slots=True)
class Sight:
    """What a principal may see: its own records that are not deleted, or everybody's; never what is hidden."""

    owner: str | None
    """None: the system, which sees every owner's."""
    erasing: bool
    """Whether anything is hidden: almost always nothing is, and the conditions for it are left out."""

    def condition(self, kind: Kind[Record]) -> str:
        """SQL that follows a WHERE condition of the kind's table; its placeholders take `bindings`."""
        return _condition(kind.name, self.owner is not None, self.erasing)

    @property
    def bindings(self) -> tuple[str, ...]:
        return () if self.owner is None else (self.owner,)


@cache
def _condition(name: str, owned: bool, erasing: bool) -> str:
    kind = NAMED[name]
    parts = ["owner = ?"] if owned else []
    if owned and "deleted" in kind.columns:
        parts.append("deleted = 0")
    if erasing:
        parts += [
            f'("{column}" IS NULL OR "{column}" NOT IN (SELECT id FROM hidden))'
            for column in (kind.thread, kind.session)
            if column is not None
        ]
    return "".join(f" AND {part}" for part in parts)
