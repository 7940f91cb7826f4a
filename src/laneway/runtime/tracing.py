"""Tracing: where a request, a message, a turn and a tool call begin and end, for whoever wants to follow them."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from laneway.domain.queue import QueueItem
from laneway.domain.turn import Turn

RawHeaders = Sequence[tuple[bytes, bytes]]


class Tracing(Protocol):
    """Is told of each step, by names and ids alone: no text of a user's, no arguments, no results."""

    def request(self, method: str, headers: RawHeaders) -> AbstractContextManager["Answered"]:
        """A request, from its admission to the end of its answer; goes on with the caller's trace."""
        ...

    def accepted(self, item: QueueItem) -> None:
        """A message was recorded, on behalf of the present request or tool call."""
        ...

    def turn(self, turn: Turn, item_ids: Iterable[str]) -> AbstractContextManager[None]:
        """One attempt of a turn on these queue items."""
        ...

    def tool(self, name: str) -> AbstractContextManager[None]:
        """A tool call of the present turn."""
        ...

    def close(self) -> None:
        """Send what has not been sent, and stop."""
        ...


class Answered(Protocol):
    """A request that is being answered."""

    def is_answered(self, route: str, status: int) -> None:
        """Say which route answered, and how."""
        ...


class Untraced:
    """Follows nothing, and costs next to nothing."""

    def request(self, method: str, headers: RawHeaders) -> AbstractContextManager[Answered]:
        return nullcontext(_NOWHERE)

    def accepted(self, item: QueueItem) -> None:
        """Nobody wants to know."""

    def turn(self, turn: Turn, item_ids: Iterable[str]) -> AbstractContextManager[None]:
        return nullcontext()

    def tool(self, name: str) -> AbstractContextManager[None]:
        return nullcontext()

    def close(self) -> None:
        """There is nothing to send."""


class _Nowhere:
    def is_answered(self, route: str, status: int) -> None:
        """Nobody wants to know."""


_NOWHERE = _Nowhere()
