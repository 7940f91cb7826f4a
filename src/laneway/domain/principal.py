"""Principal: who asks. Every call of a store takes one; only a credential resolver, or the system itself, makes one."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Role = Literal["owner", "member", "admin"]
Scope = Literal["full", "read"]

RANK: Mapping[Role, int] = MappingProxyType({"member": 0, "admin": 1, "owner": 1})
"""A key may have at most the role of its user, and of the key that makes it."""
ADMINISTRATORS: tuple[Role, ...] = ("admin", "owner")
"""The roles that manage users and read the audit log. The owner is the first user, and may do what an admin may."""


def lesser(one: Role, other: Role) -> Role:
    """The role that allows less."""
    return min(one, other, key=RANK.__getitem__)


@dataclass(frozen=True, slots=True)
class Principal:
    """A proven user. `system` principals see every owner's records; of requests, only an admin's are given one."""

    user_id: str
    role: Role = "owner"
    scope: Scope = "full"
    key_id: str | None = None
    system: bool = False

    @property
    def owner(self) -> str | None:
        """Whose records it sees; None: everybody's."""
        return None if self.system else self.user_id


SYSTEM = Principal(user_id="", system=True)
"""The engine, the timers and the sweepers. Records that belong to no user are owned by the empty string."""
