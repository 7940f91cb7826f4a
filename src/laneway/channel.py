"""Channel: the contract of an outside place of conversation: verify what comes in, parse it, send what goes out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from laneway.domain.item import Part


@dataclass(frozen=True, slots=True)
class Conversation:
    """An outside conversation: unique within its channel and account."""

    channel: str
    account_id: str
    conversation_id: str
    parent_conversation_id: str | None = None


@dataclass(frozen=True, slots=True)
class ChannelCapabilities:
    """What a channel can do."""

    name: str
    placements: tuple[Literal["current", "child"], ...] = ("current",)
    idempotent: bool = False
    max_chars: int = 2000


@dataclass(frozen=True, slots=True)
class Inbound:
    """A verified message from outside; `message_id` is the provider's, inside the signed bytes."""

    message_id: str
    conversation: Conversation
    sender: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Outbound:
    """One chunk of a delivery. `token` is equal in every repeat of the chunk."""

    token: str
    conversation: Conversation
    text: str


SendOutcome = Literal["accepted", "not_accepted", "ambiguous", "deleted", "archived", "refused"]


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one send. `ambiguous`: the request went out and no answer came."""

    outcome: SendOutcome
    message_id: str | None = None
    retry_after_s: float | None = None


class Channel(Protocol):
    """One kind of outside place. It decides nothing about destinations."""

    def capabilities(self) -> ChannelCapabilities:
        """What it can do, as configured."""
        ...

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        """Raise `Unauthorized` unless the body is signed, fresh and ours. Reads nothing of the body before."""
        ...

    def parse(self, body: bytes) -> Sequence[Inbound]:
        """Read a verified body; raises `Invalid`."""
        ...

    async def send(self, outbound: Outbound) -> Sent:
        """Send one chunk. Every ending is a value, never an exception, so that the caller records it."""
        ...

    async def close(self) -> None:
        """Release connections. Safe to call twice."""
        ...
