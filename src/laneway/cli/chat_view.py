"""Chat view: turns the events of one thread into what a person reads, and keeps what a command has to know of it."""

from dataclasses import dataclass, field

from laneway.cli.screen import Face
from laneway.cli.show import line
from laneway.client.resources import Page
from laneway.client.stream import Event
from laneway.domain.approval import ApprovalResource
from laneway.domain.event import (
    ApprovalExpired,
    ApprovalRequested,
    ApprovalResolved,
    ItemCompleted,
    ItemDelta,
    ItemStarted,
    QueueItemAdded,
    QueueItemConsumed,
    QueueItemRejected,
    QueueItemUpdated,
    QueueItemWithdrawn,
    QueuePaused,
    QueueResumed,
    ToolCalled,
    ToolReturned,
    TurnCancelled,
    TurnCompleted,
    TurnFailed,
    TurnInterrupted,
    TurnNeedsReview,
    TurnResumed,
    TurnStarted,
    TurnSuperseded,
    TurnWaiting,
)
from laneway.domain.item import ItemResource
from laneway.domain.queue import QueueResource
from laneway.domain.thread import ThreadResource


@dataclass
class ChatView:
    """One thread as it stands, shown on a face. Fed with every event of the thread, in order."""

    face: Face
    running: str | None = None
    """The id of the turn that runs or waits."""
    doing: str = ""
    waiting: dict[str, str] = field(default_factory=dict[str, str])
    """What waits in the queue: id → text."""
    paused: str | None = None
    approval: ApprovalResource | None = None
    taken: set[str] = field(default_factory=set[str])
    """The messages that no longer wait, for who waits until theirs was taken."""
    _streaming: str | None = None
    _at_line_start: bool = True

    def begin(
        self, items: Page[ItemResource], queue: QueueResource, thread: ThreadResource, asked: list[ApprovalResource]
    ) -> None:
        """Show what was said before, and how things stand."""
        for item in items:
            self._whole(item)
        self.waiting = {item.id: item.text for item in queue.items}
        self.paused = (queue.reason or "") if queue.paused else None
        self.running = thread.active_turn_id
        self.doing = " ".join(filter(None, (thread.status, thread.status_reason))) if self.running else ""
        for approval in asked:
            self._ask(approval)
        self.tell_status()

    def show(self, event: Event) -> None:
        """Take an event in."""
        match event.data:
            case ItemDelta(item_id=item_id, text=text):
                self._stream(item_id, text)
            case ItemStarted() | ItemCompleted() | ToolCalled() | ToolReturned():
                self._show_item(event)
            case TurnStarted() | TurnResumed() | TurnWaiting() | TurnNeedsReview():
                self._show_turn(event)
            case TurnCompleted() | TurnFailed() | TurnCancelled() | TurnInterrupted() | TurnSuperseded():
                self._show_end(event)
            case ApprovalRequested() | ApprovalResolved() | ApprovalExpired():
                self._show_approval(event)
            case _:
                self._show_queue(event)
        self.tell_status()

    def tell_status(self, extra: str = "") -> None:
        """Say how things stand: what runs, what waits, and what the person can do about it."""
        parts = [self.doing, extra]
        if self.waiting:
            texts = " · ".join(line(text)[:40] for text in self.waiting.values())
            parts.append(f"{len(self.waiting)} waiting: {texts}")
        if self.paused is not None:
            parts.append(f"paused ({self.paused or 'by the owner'}): /resume")
        self.face.status("   ".join(part for part in parts if part))

    def tell_help(self, text: str) -> None:
        """Say what can be typed, to a person; a program that reads along has no use for it."""
        if self.face.is_live:
            self.tell(text)

    def tell(self, text: str) -> None:
        """Write a line that is not part of the conversation."""
        self._end_line()
        self._write(f"[{text}]\n")

    def _show_item(self, event: Event) -> None:
        match event.data:
            case ItemStarted(item=item) if item.parts and item.parts[0].get("type") == "reasoning":
                self.doing = "thinking"
            case ItemStarted(item=item) if item.role == "assistant":
                self.doing = "answering"
            case ItemCompleted(item=item) if item.id == self._streaming:
                self._streaming = None
                self._end_line()
            case ItemCompleted(item=item):
                self._whole(item)
            case ToolCalled(name=name):
                self.tell(f"{name} …")
            case ToolReturned(name=name, error=error) if error is not None:
                self.tell(f"{name}: {line(error)}")
            case _:
                pass

    def _show_turn(self, event: Event) -> None:
        self.running = event.turn_id
        match event.data:
            case TurnWaiting(reason=reason):
                self.doing = f"waiting: {reason}"
            case TurnNeedsReview(reason=reason):
                self.doing = "needs a review"
                self.tell(f"{reason}. /retry, /skip or /done")
            case TurnResumed(reason=reason):
                self.doing = "running"
                self.tell(f"taken up again: {reason}")
            case _:
                self.doing = "running"

    def _show_end(self, event: Event) -> None:
        self._streaming = None
        self._end_line()
        self.running, self.doing, self.approval = None, "", None
        match event.data:
            case TurnFailed(error=error):
                self.tell(f"failed: {line(error.get('message', ''))}")
            case TurnCancelled() | TurnInterrupted() | TurnSuperseded():
                self.tell("stopped")
            case _:
                pass

    def _show_approval(self, event: Event) -> None:
        match event.data:
            case ApprovalRequested(approval=approval):
                self._ask(approval)
            case _:
                self.approval = None

    def _ask(self, approval: ApprovalResource) -> None:
        self.approval = approval
        asked = approval.arguments.get("text") or f"{approval.tool} {dict(approval.arguments)}"
        self.tell(f"{line(str(asked))}  /yes or /no")

    def _show_queue(self, event: Event) -> None:
        match event.data:
            case QueueItemAdded(item=item) | QueueItemUpdated(item=item):
                self.waiting[item.id] = item.text
            case QueueItemConsumed(item_id=item_id):
                self._taken(item_id)
            case QueueItemWithdrawn(item_id=item_id):
                self._taken(item_id)
            case QueueItemRejected(item_id=item_id, reason=reason):
                self._taken(item_id)
                self.tell(f"a message was rejected: {reason}")
            case QueuePaused(reason=reason):
                self.paused = reason
            case QueueResumed():
                self.paused = None
            case _:
                pass

    def _taken(self, item_id: str) -> None:
        self.waiting.pop(item_id, None)
        self.taken.add(item_id)

    def _stream(self, item_id: str, text: str) -> None:
        if self.doing == "thinking":
            return
        if item_id != self._streaming:
            self._end_line()
            self._streaming = item_id
        self._write(text)

    def _whole(self, item: ItemResource) -> None:
        """An item that was not seen while it was being said."""
        if item.role == "user":
            self._end_line()
            self._write(f"> {item.text}\n")
        elif item.role == "assistant" and item.text:
            self._end_line()
            self._write(item.text)
            if item.state == "partial":
                self._streaming = item.id
            else:
                self._end_line()

    def _end_line(self) -> None:
        if not self._at_line_start:
            self._write("\n")

    def _write(self, text: str) -> None:
        if text:
            self.face.write(text)
            self._at_line_start = text.endswith("\n")
