"""Turns: what runs and ran in a thread, what waits for its turn, and what waits for a person."""

from laneway.client.connection import Connection, given, route
from laneway.client.resources import Cancelled, Page
from laneway.client.threads import Message, written
from laneway.domain.approval import ApprovalDecision, ApprovalResource, ApprovalState
from laneway.domain.json import Json
from laneway.domain.queue import Delivery, QueueItemResource, QueueResource, Receipt
from laneway.domain.turn import ReviewAction, TurnResource


class Queues:
    """The part of a `Lane` that is about the queues of threads."""

    _connection: Connection

    async def queue(self, thread_id: str) -> QueueResource:
        """What waits, in order, and what the next turn would take of it."""
        return await self._connection.get(route("threads", thread_id, "queue"), QueueResource)

    async def edit_queue_item(
        self,
        thread_id: str,
        item_id: str,
        *,
        message: Message | None = None,
        hold: bool | None = None,
        position: int | None = None,
        delivery: Delivery | None = None,
        if_version: int | None = None,
    ) -> QueueItemResource:
        """Change a waiting item. Raises `AlreadyTaken` when a turn has taken it: it is edited or taken, never both."""
        body: dict[str, Json] = given(hold=hold, position=position, delivery=delivery)
        if message is not None:
            body |= written(message)
        path = route("threads", thread_id, "queue", item_id)
        return await self._connection.write("PATCH", path, QueueItemResource, body, if_version=if_version)

    async def withdraw(self, thread_id: str, item_id: str, *, if_version: int | None = None) -> None:
        """Take a waiting item back. Raises `AlreadyTaken` when a turn has taken it."""
        await self._connection.delete(route("threads", thread_id, "queue", item_id), if_version=if_version)

    async def pause(self, thread_id: str) -> QueueResource:
        """Start no further turn in this thread."""
        return await self._connection.write("POST", route("threads", thread_id, "queue", "pause"), QueueResource)

    async def resume(self, thread_id: str) -> QueueResource:
        """Let turns start again."""
        return await self._connection.write("POST", route("threads", thread_id, "queue", "resume"), QueueResource)

    async def clear(self, thread_id: str) -> QueueResource:
        """Withdraw everything that waits."""
        return await self._connection.write("POST", route("threads", thread_id, "queue", "clear"), QueueResource)

    async def receipt(self, item_id: str) -> Receipt:
        """What became of an accepted message; to be asked for as long as its thread exists."""
        return await self._connection.get(route("queue-items", item_id), Receipt)


class Turns:
    """The part of a `Lane` that is about turns and approvals."""

    _connection: Connection

    async def list_turns(self, thread_id: str, *, limit: int = 20, cursor: str | None = None) -> Page[TurnResource]:
        """The turns of a thread."""
        query = {"limit": limit, "cursor": cursor}
        return await self._connection.get_page(route("threads", thread_id, "turns"), TurnResource, query)

    async def get_turn(self, turn_id: str) -> TurnResource:
        """One turn."""
        return await self._connection.get(route("turns", turn_id), TurnResource)

    async def cancel(self, thread_id: str) -> Cancelled:
        """Stop what the thread runs, if anything; what it had said is kept, and what waits is paused."""
        return await self._connection.write("POST", route("threads", thread_id, "cancel"), Cancelled)

    async def cancel_turn(self, turn_id: str) -> Cancelled:
        """Stop this turn, and no later one."""
        return await self._connection.write("POST", route("turns", turn_id, "cancel"), Cancelled)

    async def review(self, turn_id: str, action: ReviewAction) -> TurnResource:
        """Say what becomes of a call that may or may not have happened."""
        return await self._connection.write("POST", route("turns", turn_id, "review"), TurnResource, {"action": action})

    async def retry(self, thread_id: str, turn_id: str) -> TurnResource:
        """Open the thread's last turn again: the same batch, another attempt."""
        path = route("threads", thread_id, "turns", turn_id, "retry")
        return await self._connection.write("POST", path, TurnResource, {})

    async def list_approvals(
        self, *, session_id: str | None = None, state: ApprovalState | None = "open", limit: int = 20
    ) -> Page[ApprovalResource]:
        """The questions that wait for an answer (or, with another `state`, did)."""
        query = {"session_id": session_id, "state": state, "limit": limit}
        return await self._connection.get_page("/approvals", ApprovalResource, query)

    async def resolve_approval(
        self, approval: ApprovalResource, decision: ApprovalDecision, *, note: str | None = None
    ) -> ApprovalResource:
        """Answer a question about a call, bound to exactly the arguments that were shown."""
        body = given(decision=decision, arguments_hash=approval.arguments_hash, note=note)
        return await self._connection.write("POST", route("approvals", approval.id), ApprovalResource, body)
