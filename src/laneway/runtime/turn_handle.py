"""Turn handle: what an agent may do within its turn. Each call is recorded before and after, and never repeated."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

from laneway.agent import AgentFailed, AgentProfile, AttachedFile, Message
from laneway.clock import Clock
from laneway.domain.approval import Approval
from laneway.domain.changes import Changes, One, View
from laneway.domain.command import Recorded
from laneway.domain.decide.sessions import with_state_change
from laneway.domain.errors import TooMany, Unavailable, UnknownAgent
from laneway.domain.ids import Ids
from laneway.domain.item import IN_CONTEXT, Call, Item
from laneway.domain.json import Json, JsonObject, as_object
from laneway.domain.kinds import APPROVAL, ATTACHMENT, ITEM, SESSION, THREAD
from laneway.domain.principal import SYSTEM
from laneway.domain.session import Attachment, Session
from laneway.domain.step import CallTool, LeaveWait, RequestApproval, ReturnCall, StartCall, TakeSteer, TurnStep
from laneway.domain.thread import Thread, child_thread_id
from laneway.domain.turn import Turn
from laneway.engine import Slot
from laneway.runtime.answers import Answers
from laneway.runtime.attachments import Attachments
from laneway.runtime.children import find_end, spawn_step
from laneway.runtime.journal import Journal
from laneway.runtime.toolbox import ASK, SPAWN, Toolbox
from laneway.runtime.tracing import Tracing
from laneway.runtime.turn_record import TurnRecord, clean
from laneway.store import Ask, Get, Page, Query, Snapshot, Store, Where
from laneway.tool import OutsideTool, StoreStep, StoreTool, Tool, ToolFailed, ToolRejected, ToolScope, ToolSpec
from laneway.wire import decode, encode

HISTORY_PAGE = 100


@dataclass(frozen=True)
class TurnServices:
    """What every turn of a process shares."""

    store: Store
    clock: Clock
    toolbox: Toolbox
    attachments: Attachments
    answers: Answers
    tracing: Tracing
    max_calls: int = 200
    """Tool calls of one turn; 0 = no bound."""
    max_output_bytes: int = 1024 * 1024
    """What is stored of one tool's result; 0 = no bound."""


@dataclass(slots=True)
class _Pending:
    """A recorded call on its way to a result."""

    item_id: str
    call: Call
    tool: Tool


class RunningTurn:
    """One attempt's handle: every write it makes goes through the turn's record, under its fence."""

    def __init__(
        self, services: TurnServices, record: TurnRecord, turn: Turn, session: Session, profile: AgentProfile,
        slot: Slot, journal: Journal,
    ) -> None:  # fmt: skip
        self._services = services
        self._record = record
        self._turn = turn
        self._session = session
        self._profile = profile
        self._slot = slot
        self._journal = journal
        self._called = 0
        self._limit: asyncio.Timeout | None = None
        self._steered = [message_of(item) for item in journal.items if item.role == "user"]

    def pause_with(self, limit: asyncio.Timeout) -> None:
        """Let the time that the turn may take stand still while it waits for a person."""
        self._limit = limit

    # --- what was said -------------------------------------------------------------------------------------------

    async def history(self, limit: int | None = None) -> Sequence[Item]:
        newest_first: list[Item] = []
        cursor: str | None = None
        while limit is None or len(newest_first) < limit:
            page = await self._page_of_history(cursor, limit)
            newest_first.extend(record for record in page.records if isinstance(record, Item))
            cursor = page.next_cursor
            if cursor is None:
                break
        return newest_first[:limit][::-1]

    async def _page_of_history(self, cursor: str | None, limit: int | None) -> Page:
        query = Query(
            ITEM,
            (
                Where("thread_id", "=", self._turn.thread_id),
                Where("turn_id", "!=", self._turn.id),
                Where("state", "in", tuple(sorted(IN_CONTEXT))),
                *await self._before_question(),
            ),
            order=(("seq", "desc"),),
            limit=min(limit or HISTORY_PAGE, HISTORY_PAGE),
            cursor=cursor,
        )
        snapshot = await self._read(query)
        page = snapshot.results[0]
        assert isinstance(page, Page)
        return page

    async def _before_question(self) -> tuple[Where, ...]:
        """A question that is asked again stands in an earlier turn: it is the batch, and no part of the history."""
        if not self._turn.again:
            return ()
        question = (await self._read(Get(ITEM, self._turn.again[0]))).results[0]
        return (Where("seq", "<", question.seq),) if isinstance(question, Item) else ()

    async def progress(self) -> Sequence[Item]:
        return [item for item in self._journal.items if item.state in IN_CONTEXT or item.call is not None]

    async def steer(self) -> Sequence[Message]:
        before, self._steered = self._steered, []
        thread = (await self._read(Get(THREAD, self._turn.thread_id))).results[0]
        if isinstance(thread, Thread) and not any(header.delivery == "steer" for header in thread.queue):
            # Nothing waits: no commit is spent on finding that out.
            return before
        answer = await self._record.commit(TakeSteer())
        assert isinstance(answer.reply, Recorded)
        return [*before, *(message_of(item) for item in answer.reply.steered)]

    # --- files ---------------------------------------------------------------------------------------------------

    async def files(self) -> Sequence[AttachedFile]:
        return [AttachedFile(each.id, each.name, each.media_type, each.size) for each in await self._attachments()]

    async def read_file(self, attachment_id: str) -> bytes:
        snapshot = await self._read(Get(ATTACHMENT, attachment_id))
        attachment = snapshot.results[0]
        if not isinstance(attachment, Attachment) or attachment.session_id != self._turn.session_id:
            raise ToolFailed("There is no such file in this session.")
        return await asyncio.to_thread(self._services.attachments.path(attachment.sha256).read_bytes)

    async def _attachments(self) -> list[Attachment]:
        query = Query(
            ATTACHMENT, (Where("session_id", "=", self._turn.session_id),), order=(("created_at", "asc"),), limit=100
        )
        page = (await self._read(query)).results[0]
        assert isinstance(page, Page)
        return [record for record in page.records if isinstance(record, Attachment)]

    # --- tools ---------------------------------------------------------------------------------------------------

    def tools(self) -> Sequence[ToolSpec]:
        return self._services.toolbox.specs(self._session, self._profile)

    async def ask(self, text: str) -> bool:
        try:
            await self.call(ASK, {"text": text})
        except ToolRejected:
            return False
        return True

    async def call(self, name: str, arguments: JsonObject) -> Json:
        with self._services.tracing.tool(name):
            return await self._call(name, arguments)

    async def _call(self, name: str, arguments: JsonObject) -> Json:
        self._record.finish_message()
        self._count_call()
        arguments = as_object(bounded(arguments)) or {}
        journalled = self._journal.find_call(name, arguments)
        if journalled is not None and journalled.call is not None:
            if journalled.call.state in ("returned", "failed", "rejected", "skipped") and journalled.state != "partial":
                return _recorded(journalled.call)
            tool = self._services.toolbox.find(self._session, self._profile, name)
            return await self._go_on(_Pending(journalled.id, journalled.call, tool))
        tool = self._services.toolbox.find(self._session, self._profile, name)
        item = self._record.new_item("tool")
        call = Call(Ids(self._services.clock.seed()).make("call"), name, arguments, tool.spec.effect, "called")
        pending = _Pending(item.id, call, tool)
        if name == SPAWN:
            await self._record.commit(CallTool(item, call))
            return await self._spawn(pending)
        if not isinstance(tool, OutsideTool) and not self._must_ask(tool):
            return await self._call_store_tool(pending, tool, CallTool(item, call))
        if self._must_ask(tool):
            return await self._approve(pending, CallTool(item, call))
        await self._record.commit(CallTool(item, call))
        return await self._perform(pending)

    def _count_call(self) -> None:
        self._called += 1
        limit = self._services.max_calls
        if limit and self._called > limit:
            raise AgentFailed(f"A turn may make {limit} tool calls (turn_steps).", "step_limit")

    def _must_ask(self, tool: Tool) -> bool:
        return tool.spec.asks or (tool.spec.effect == "once" and self._session.mode == "copilot")

    async def _go_on(self, pending: _Pending) -> Json:
        """Take up a call that an earlier attempt began: what was approved is not asked again."""
        if pending.call.name == SPAWN:
            return await self._spawn(pending)
        if pending.call.state == "rejected":
            return await self._reject(pending, pending.call.error)
        asked = pending.call.approval_id if pending.call.state == "called" else None
        if asked is not None and not await self._is_void(asked):
            return await self._wait(pending, asked)
        if pending.call.state == "called" and self._must_ask(pending.tool):
            return await self._approve(pending)
        return await self._perform(pending)

    async def _approve(self, pending: _Pending, *before: TurnStep) -> Json:
        approval_id = Ids(self._services.clock.seed()).make("apr")
        digest = arguments_hash(pending.call.arguments)
        request = RequestApproval(pending.item_id, approval_id, digest)
        await self._record.commit(*before, request)
        return await self._wait(pending, approval_id)

    async def _wait(self, pending: _Pending, approval_id: str) -> Json:
        """Give the slot back, wait for the owner's answer, and take a slot again before going on."""
        self._slot.release()
        left = self._stop_the_clock()
        approval = await self._services.answers.wait(self._turn.id, lambda: self._answered(approval_id))
        await self._slot.regain()
        self._start_the_clock(left)
        await self._record.commit(LeaveWait(f"the approval was {approval.state}"))
        if approval.state != "approved":
            return await self._reject(pending, approval.note)
        return await self._perform(pending)

    async def _spawn(self, pending: _Pending) -> Json:
        """Have the call's child made, if it is not there yet, and wait for its end without holding a slot."""
        child = {"thread_id": child_thread_id(pending.call.call_id)}
        try:
            step = spawn_step(pending.item_id, pending.call, self._turn, self._profile)
            await self._record.commit(step)
        except ToolFailed as failed:
            return await self._fail(pending, failed)
        except (TooMany, UnknownAgent) as refused:
            return await self._fail(pending, ToolFailed(refused.detail))
        if not step.waits:
            await self._return(pending, "returned", child)
            return child
        self._slot.release()
        left = self._stop_the_clock()
        end = await self._services.answers.wait(self._turn.id, lambda: find_end(self._read, pending.call.call_id))
        await self._slot.regain()
        self._start_the_clock(left)
        leave = LeaveWait("the child has ended")
        if end.error is not None:
            return await self._fail(pending, ToolFailed(clean(end.error)), leave)
        result = bounded({**child, "answer": end.answer}, self._services.max_output_bytes)
        await self._record.commit(leave, ReturnCall(pending.item_id, pending.call.effect, result))
        return result

    def _stop_the_clock(self) -> float | None:
        if self._limit is None or (when := self._limit.when()) is None:
            return None
        self._limit.reschedule(None)
        return when - asyncio.get_running_loop().time()

    def _start_the_clock(self, left: float | None) -> None:
        if self._limit is not None and left is not None:
            self._limit.reschedule(asyncio.get_running_loop().time() + left)

    async def _is_void(self, approval_id: str) -> bool:
        """Whether the question was closed with the attempt that asked it: nobody answered, so it is asked again."""
        found = (await self._read(Get(APPROVAL, approval_id))).results[0]
        return not isinstance(found, Approval) or found.state in ("expired", "superseded")

    async def _answered(self, approval_id: str) -> Approval | None:
        found = (await self._read(Get(APPROVAL, approval_id))).results[0]
        if found is None:
            raise ToolRejected("The approval is gone.")
        assert isinstance(found, Approval)
        return None if found.state == "open" else found

    async def _reject(self, pending: _Pending, note: str | None = None) -> Json:
        reason = "rejected by the owner" + (f": {note}" if note else "")
        await self._return(pending, "rejected", error=reason)
        raise ToolRejected(reason)

    # --- performing ----------------------------------------------------------------------------------------------

    async def _perform(self, pending: _Pending) -> Json:
        tool = pending.tool
        if not isinstance(tool, OutsideTool):
            return await self._call_store_tool(pending, tool)
        await self._record.commit(StartCall(pending.item_id))
        try:
            result = await tool.call(self._scope(pending.call), pending.call.arguments)
            try:
                result = bounded(result, self._services.max_output_bytes)
            except (TypeError, ValueError, RecursionError) as odd:
                raise ToolFailed(f"The tool gave a result that is not JSON: {odd}") from odd
        except ToolFailed as failed:
            await self._return(pending, "failed", error=clean(str(failed)))
            raise
        await self._return(pending, "returned", result)
        return result

    async def _return(
        self, pending: _Pending, state: Literal["returned", "failed", "rejected"], result: Json = None,
        error: str | None = None,
    ) -> None:  # fmt: skip
        await self._record.commit(ReturnCall(pending.item_id, pending.call.effect, result, error, state))

    async def _call_store_tool(self, pending: _Pending, tool: StoreTool, *before: TurnStep) -> Json:
        """One commit: the call, what it changes, and its result. It either happened whole, or not at all."""
        scope = self._scope(pending.call)
        try:
            needs = tool.needs(scope, pending.call.arguments)
        except ToolFailed as failed:
            return await self._fail(pending, failed, *before)
        outcome: list[Json] = []

        def beside(view: View) -> tuple[Changes, tuple[TurnStep, ...]]:
            session = view.get(SESSION, self._session.id) or self._session
            step = StoreStep(view, session, scope, pending.call.arguments, self._ids(), self._services.clock.now())
            changes, result = tool.decide(step)
            outcome[:] = [result]
            changes = with_state_change(session, changes, step.at)
            return changes, (ReturnCall(pending.item_id, pending.call.effect, result),)

        session_and_item = (One(SESSION, self._session.id), One(ITEM, pending.item_id))
        try:
            await self._record.commit_beside(before, (*session_and_item, *needs), beside)
        except ToolFailed as failed:
            return await self._fail(pending, failed, *before)
        return outcome[0]

    async def _fail(self, pending: _Pending, failed: ToolFailed, *before: TurnStep) -> Json:
        step = ReturnCall(pending.item_id, pending.call.effect, None, clean(str(failed)), "failed")
        await self._record.commit(*before, step)
        raise failed

    async def _read(self, *asks: Ask) -> Snapshot:
        """Read for the turn. A store that is away is no failure of the agent's: the turn is taken up again."""
        try:
            return await self._services.store.read(SYSTEM, *asks)
        except Unavailable as away:
            self._record.lose(away)
            raise

    def _ids(self) -> Ids:
        return Ids(self._services.clock.seed())

    def _scope(self, call: Call) -> ToolScope:
        turn = self._turn
        return ToolScope(turn.owner, turn.session_id, turn.thread_id, turn.id, call.call_id)


def _recorded(call: Call) -> Json:
    """A result that an earlier attempt recorded, as the call would have given it."""
    if call.state == "rejected":
        raise ToolRejected(call.error or "rejected by the owner")
    if call.error is not None:
        raise ToolFailed(call.error)
    return call.result


def message_of(item: Item) -> Message:
    """A user's item as agents are given it."""
    return Message(item.queue_item_id or item.id, item.sender or "", item.text, item.parts, item.created_at)


def arguments_hash(arguments: JsonObject) -> str:
    """What an approval is bound to: the SHA-256 of the arguments as JSON with sorted keys."""
    return hashlib.sha256(encode({key: arguments[key] for key in sorted(arguments)})).hexdigest()


def bounded(result: Json, max_bytes: int = 0) -> Json:
    """A tool's result as it may be stored: clean text, at most `max_bytes` (0: any), the rest cut with a marker."""
    try:
        body = encode(result)
    except UnicodeEncodeError:
        result = _cleaned(result)
        body = encode(result)
    if max_bytes and len(body) > max_bytes:
        return {"truncated": True, "bytes": len(body), "text": body[:max_bytes].decode("utf-8", "replace")}
    return _cleaned(decode(body, object)) if b"\\u0000" in body else result


def _cleaned(value: Json) -> Json:
    if isinstance(value, str):
        return clean(value)
    if (entries := as_object(value)) is not None:
        return {clean(key): _cleaned(each) for key, each in entries.items()}
    if isinstance(value, Sequence):
        return [_cleaned(each) for each in cast(Sequence[Json], value)]  # a JSON array holds JSON values
    return value
