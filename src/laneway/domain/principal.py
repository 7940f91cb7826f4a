"""Principal: who asks. Every call of a store takes one; only a credential resolver, or the system itself, makes one."""

from dataclasses import dataclass
from typing import Literal

Role = Literal["owner", "member", "admin"]
Scope = Literal["full", "read"]


@dataclass(frozen=True, slots=True)
class Principal:
    """A proven user. `system` principals see every owner's records; they are never made from a request."""

    user_id: str
    role: Role = "owner"
    scope: Scope = "full"
    key_id: str | None = None
    system: bool = False


SYSTEM = Principal(user_id="", system=True)
"""The engine, the timers and the sweepers. Records that belong to no user are owned by the empty string."""
