"""Turn record: writes what one attempt of a turn does, in order, under its fence, in as few commits as it may."""

import asyncio
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from laneway.agent import AgentFailed, Digest, digest_part
from laneway.domain.changes import Changes, Decision, Need, View
from laneway.domain.command import RecordTurn
from laneway.domain.decide import decide, needs_of
from laneway.domain.errors import NotFound, StaleFence, Unavailable
from laneway.domain.event import Delta, ItemDelta
from laneway.domain.frozen import replace
from laneway.domain.ids import Ids
from laneway.domain.item import Item, ItemState, Part
from laneway.domain.principal import SYSTEM
from laneway.domain.step import (
    CompleteItem,
    Consume,
    EndTurn,
    KeepResumePoint,
    ReleaseTurn,
    StartItem,
    TurnStep,
    UseResumePoint,
)
from laneway.domain.thread import Usage
from laneway.domain.turn import Turn
from laneway.runtime.counters import STALE_WRITES
from laneway.runtime.drift import check_delta
from laneway.runtime.journal import Journal
from laneway.runtime.submit import Answer, Runtime
from laneway.store import Store

Beside = Callable[[View], tuple[Changes, tuple[TurnStep, ...]]]


MAX_SAID = 8 * 1024 * 1024
"""Characters that one attempt of a turn may say. An agent that says more is broken, and nobody reads it."""
LOOP_TURNS = 4
"""Turns of the event loop before a text is told: an answer that is complete by then goes out once, with the end."""


@dataclass(slots=True)
class _Open:
    """The message that is being said, in the pieces that were told, and in those that were not told yet."""

    item: Item
    told: list[str] = field(default_factory=list[str])
    untold: list[str] = field(default_factory=list[str])
    position: int = 0
    """How many characters were told."""

    @property
    def text(self) -> str:
        return "".join((*self.told, *self.untold))

    def tell(self) -> tuple[int, str]:
        """The text that counts as told from now on, and the position where it begins."""
        position, text = self.position, "".join(self.untold)
        self.told.append(text)
        self.untold.clear()
        self.position += len(text)
        return position, text


class TurnRecord:
    """The one way from a running agent to the store. Bound to one turn and fence; nobody passes ids in."""

    def __init__(
        self, runtime: Runtime, store: Store, turn: Turn, agent: str, journal: Journal, flush_s: float
    ) -> None:
        self._runtime = runtime
        self._store = store
        self._turn = turn
        self._agent = agent
        self._journal = journal
        self._said = 0
        self._flush_s = flush_s
        self._steps: list[TurnStep] = []
        self._open: _Open | None = None
        self._commits = asyncio.Lock()
        self._flushing: asyncio.Task[None] | None = None
        self._told_at: float | None = None
        self._lost: Exception | None = None
        self._is_held = False
        self._is_telling = False

    @property
    def has_said(self) -> bool:
        """Whether the agent has said anything."""
        return self._said > 0

    # --- what is said --------------------------------------------------------------------------------------------

    def say(self, text: str, reasoning: bool = False) -> None:
        """Add text to the message in progress, or begin one; it is told within `flush_s`, the first of it at once."""
        self.check_not_lost()
        self._count(text)
        if not text:
            return
        if not reasoning and self._journal.swallows_text():
            return
        text = clean(text)
        kind = "reasoning" if reasoning else "text"
        if self._open is not None and self._open.item.parts[0].type != kind:
            self.finish_message()
        if self._open is None:
            item = replace(self.new_item("assistant"), parts=(Part(kind, text=""),))
            self._open = _Open(item)
            self._steps.append(StartItem(item))
        self._open.untold.append(text)
        self._flush_soon()

    def _count(self, text: str) -> None:
        self._said += len(text)
        if self._said > MAX_SAID:
            raise AgentFailed(f"A turn may say {MAX_SAID} characters.", "output_limit")

    def finish_message(self, state: ItemState = "complete") -> None:
        """End the message in progress; a tool call, a change to reasoning, or the turn's end does."""
        self._journal.end_message()
        if self._open is None:
            return
        item, text, told = self._open.item, self._open.text, self._open.position
        part = replace(item.parts[0], text=text)
        spoken = text if part.type == "text" else ""
        self._steps.append(CompleteItem(item.id, (part,), spoken, state, told))
        self._open = None

    def digest(self, digest: Digest) -> None:
        """Put the notice of a digest into the transcript."""
        self.finish_message()
        item = replace(self.new_item("system"), parts=(Part("text", text=""),))
        text = clean(digest.text)
        parts = (Part("text", text=text), digest_part(digest))
        self._steps += [StartItem(item), CompleteItem(item.id, parts, text, "complete")]

    def consume(self, usage: Usage) -> None:
        """Add to the turn's usage with the next commit."""
        self._steps.append(Consume(usage))

    def keep_resume_point(self, step: KeepResumePoint | UseResumePoint) -> None:
        """Keep the backend's resume id, or that it was used, with the next commit."""
        self._steps.append(step)

    def new_item(self, role: Literal["assistant", "tool", "system"]) -> Item:
        """A new, empty, unfinished item of this turn."""
        turn = self._turn
        return Item(
            Ids(self._runtime.clock.seed()).make("itm"), turn.owner, turn.session_id, turn.thread_id, turn.id,
            role, self._agent, (), "", "partial", self._runtime.clock.now(),
            attempt=turn.attempt,
        )  # fmt: skip

    # --- commits -------------------------------------------------------------------------------------------------

    async def commit(self, *steps: TurnStep) -> Answer:
        """Record everything said so far and these steps, durably, in one commit."""
        return await self._commit(steps, (), None)

    async def commit_beside(self, steps: tuple[TurnStep, ...], needs: tuple[Need, ...], beside: Beside) -> Answer:
        """The same, with somebody else's changes in the same commit: a store tool's effect with its result.

        `beside` sees the view, and returns its changes and the steps that follow from them.
        """
        return await self._commit(steps, needs, beside)

    async def _commit(self, steps: tuple[TurnStep, ...], needs: tuple[Need, ...], beside: Beside | None) -> Answer:
        self.check_not_lost()
        async with self._commits:
            said, self._steps = tuple(self._steps), []
            command = self._command((*said, *steps))

            def decision(view: View) -> Decision:
                if beside is None:
                    return decide(view, command, self._runtime.rules)
                changes, following = beside(view)
                whole = dataclasses.replace(command, steps=(*command.steps, *following))
                made = decide(view, whole, self._runtime.rules)
                return Decision(made.changes.plus(changes), made.reply)

            try:
                return await self._runtime.submit_decision(SYSTEM, (*needs_of(command), *needs), decision)
            except (StaleFence, NotFound, Unavailable) as lost:
                if isinstance(lost, StaleFence):
                    STALE_WRITES.inc()
                # From here on this attempt has no say: the turn is another's, gone, or waits for the store to return.
                self._lost = lost
                raise

    def _command(self, steps: tuple[TurnStep, ...]) -> RecordTurn:
        turn, clock = self._turn, self._runtime.clock
        return RecordTurn(
            at=clock.now(), seed=clock.seed(), thread_id=turn.thread_id, turn_id=turn.id, fence=turn.fence, steps=steps
        )

    async def end(self, end: EndTurn) -> None:
        """End the message in progress and the turn, in one commit."""
        await self._stop_flushing()
        self.finish_message("complete" if end.outcome == "completed" else "interrupted")
        await self.commit(end)

    async def release(self) -> None:
        """Leave the turn free to be taken up. What was not recorded yet is dropped: the next attempt says it again."""
        await self._stop_flushing()
        self._steps.clear()
        await self.commit(ReleaseTurn())

    # --- deltas --------------------------------------------------------------------------------------------------

    def _flush_soon(self) -> None:
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self._flush_when_due(), name=f"deltas of {self._turn.id}")

    async def _flush_when_due(self) -> None:
        clock = self._runtime.clock
        try:
            # What is said while a piece is on its way to the store is told next, even if no further word follows.
            while self._open is not None and self._open.untold and not self._is_held:
                if self._told_at is not None:
                    await clock.sleep(self._told_at + self._flush_s - clock.monotonic())
                for _ in range(LOOP_TURNS):
                    await asyncio.sleep(0)
                if not self._is_held:
                    self._is_telling = True
                    await self._flush()
                    self._is_telling = False
                    self._told_at = clock.monotonic()
        except Exception as lost:  # noqa: BLE001 - whatever stops the deltas stops the turn at its next word
            self._lost = lost
        finally:
            self._is_telling = False

    async def _flush(self) -> None:
        """Tell what has been said since the last time: the item's start first, where that is not recorded yet."""
        if self._steps:
            await self.commit()
        async with self._commits:
            said = self._open
            if said is None or not said.untold or self._steps:
                return
            position, text = said.tell()
            delta = self._delta(said.item.id, position, text)
            check_delta(delta, self._turn)
            if await self._store.append((delta,)):
                STALE_WRITES.inc()
                raise StaleFence("The turn has ended, or another attempt runs it.")
        self._runtime.ring_log(self._turn.session_id, self._turn.owner)

    def _delta(self, item_id: str, position: int, text: str) -> Delta:
        turn = self._turn
        return Delta(
            turn.thread_id, turn.session_id, turn.owner, turn.id, turn.fence, self._agent,
            ItemDelta(item_id, 0, position, text), self._runtime.clock.now(),
        )  # fmt: skip

    async def _stop_flushing(self) -> None:
        self._is_held = True
        flushing, self._flushing = self._flushing, None
        if flushing is not None and not flushing.done():
            # What is on its way to the store arrives: text that counts as told has been told.
            if not self._is_telling:
                flushing.cancel()
            await asyncio.wait({flushing})

    def hold(self) -> None:
        """Tell nothing more for now: the agent is done, and what is left goes with the turn's end in one commit."""
        self._is_held = True

    async def close(self) -> None:
        """Leave no task behind. An agent that was left behind itself learns with its next word that nobody listens."""
        await self._stop_flushing()
        if self._lost is None:
            self._lost = StaleFence("The turn has ended.")

    def lose(self, reason: Exception) -> None:
        """End this attempt's say: whatever it still does is not recorded, and the turn waits to be taken up."""
        self._lost = self._lost or reason

    def check_not_lost(self) -> None:
        """Raise what ended this attempt's say, if anything did."""
        if self._lost is not None:
            raise self._lost


def clean(text: str) -> str:
    """Text from a model or tool as it may be stored: NUL and lone surrogates become U+FFFD."""
    if "\x00" in text:
        text = text.replace("\x00", "\ufffd")
    try:
        text.encode()
    except UnicodeEncodeError:
        # Two halves that were cut apart become the one character that they are.
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
