"""People: simulated users, who post, edit, stop, answer and delete through whichever process they find."""

import asyncio
import itertools
import random
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from laneway.domain.command import CreateTimer, DeleteThread, UpdateThread
from laneway.domain.errors import LanewayError, NotFound
from laneway.domain.instant import later
from laneway.domain.kinds import APPROVAL, THREAD, TURN
from laneway.domain.principal import SYSTEM
from laneway.domain.queue import Delivery
from laneway.domain.session import Mode
from laneway.domain.thread import Thread
from laneway.runtime.submit import Idempotency
from laneway.store import Page, Query, Where
from laneway.testing.owner import Owner, Posted
from tests.prove.harness.http import Cut
from tests.prove.history import History
from tests.prove.simulation.node import Node

T = TypeVar("T")

THREADS = 3
AWAY_S = 0.2
TIMERS_S = 12.0
MODES: tuple[Mode, ...] = ("autonomous", "copilot")
UNFINISHED = ("queued", "running", "waiting", "needs_review", "paused")
TRIES = 40


class Person:
    """One user with a session of each mode."""

    def __init__(self, name: str, history: History, chance: random.Random, find: Callable[[], Node | None]) -> None:
        self.name = name
        self.problems: list[str] = []
        self._history = history
        self._random = chance
        self._find = find
        self._numbers = itertools.count(1)
        self._posted: list[Posted] = []
        self.sessions: list[str] = []
        self.threads: list[str] = []
        self.key = ""
        self.principal = SYSTEM

    async def settle(self, node: Node) -> None:
        """Take a key, and make sessions and threads."""
        self.key = await node.app.credentials.issue_key(self.name)
        proven = await node.app.credentials.resolve_key(self.key)
        assert proven is not None
        self.principal = proven.principal
        for mode in MODES:
            self.sessions.append((await self._sure(lambda owner, mode=mode: owner.session(mode=mode))).id)
        for number in range(THREADS):
            await self._new_thread(self.sessions[number % 2])

    async def act(self) -> None:
        """Do one thing."""
        thread = self._random.choice(self.threads)
        match self._random.randrange(18):
            case 0 | 1:
                await self._once(lambda owner: owner.cancel(thread))
            case 2:
                await self._once(lambda owner: owner.pause(thread))
            case 3 | 4:
                await self._once(lambda owner: owner.resume(thread))
            case 5:
                await self._withdraw()
            case 6:
                await self.answer()
            case 7:
                await self._post(thread, delivery="steer")
            case 8:
                await self._post(thread, delivery="interrupt", discard=self._random.random() < 0.5)
            case 9 if self._random.random() < 0.3:
                await self._delete(thread)
            case 10:
                await self._set_timer()
            case 11:
                await self._edit()
            case 12:
                await self._once(lambda owner: owner.do(_tag(owner, thread, self._random.randrange(3))))
            case _:
                for _ in range(self._random.choice((1, 1, 1, 3))):
                    await self._post(thread)

    # --- one by one ----------------------------------------------------------------------------------------------

    async def _post(self, thread: str, delivery: Delivery = "queue", discard: bool = False) -> None:
        key = f"{self.name}-{next(self._numbers)}"
        sent = self._history.post(key, thread, f"{self._text(key)}\n{key}")
        repeat = Idempotency(f"{self.name} {key}", sent.text.encode())
        for _ in range(self._random.choice((1, TRIES, TRIES, TRIES))):
            try:
                posted = await self._ask(
                    lambda owner: owner.post(
                        thread, sent.text, delivery=delivery, discard=discard, idempotency=repeat
                    )
                )  # fmt: skip
            except Cut:
                sent.fate = "unknown"
            except LanewayError as refused:
                sent.fate, sent.status = "refused", 400
                if refused.code == "internal":
                    self.problems.append(f"I-63: a message was refused as {refused}")
                return
            else:
                sent.fate, sent.item_id = "ok", posted.item_id
                self._posted.append(posted)
                return

    def _text(self, key: str) -> str:
        return self._random.choice(
            (
                "say hello", "stream 5 10", "stream 30 40", "sleep 0.3", "sleep 9", f"effect once {key}",
                "fail on purpose", f'tool note.add {{"text": "{key}", "key": "k"}}',
                f'tool state.put {{"key": "{self._random.randrange(3)}", "value": 1}}', "ask may I", "plain words",
                f"stream 3 20\neffect once {key}\nstream 3 20", "spawn say child", "tool note.add {}",
            )
        )  # fmt: skip

    async def _withdraw(self) -> None:
        if self._posted:
            posted = self._random.choice(self._posted[-6:])
            if await self._once(lambda owner: owner.withdraw(posted)):
                self._history.withdrawn.add(posted.item_id)

    async def _edit(self) -> None:
        if self._posted:
            posted = self._random.choice(self._posted[-6:])
            hold = self._random.choice((None, True, False))
            await self._once(lambda owner: owner.edit(posted, hold=hold, position=self._random.choice((None, 1))))

    async def _delete(self, thread: str) -> None:
        self.threads.remove(thread)
        for _ in range(TRIES):
            try:
                await self._ask(lambda owner: owner.do(DeleteThread(**owner.stamp(), thread_id=thread)))
            except Cut:
                continue
            except NotFound:
                pass  # an attempt before this one deleted it
            self._history.deleted.add(thread)
            break
        await self._new_thread(self._random.choice(self.sessions))

    async def _set_timer(self) -> None:
        session, in_s = self._random.choice(self.sessions), self._random.uniform(0, TIMERS_S)

        def command(owner: Owner) -> CreateTimer:
            at = later(owner.stamp()["at"], in_s)
            return CreateTimer(**owner.stamp(), session_id=session, text="say tick", next_at=at, when_at=at)

        await self._once(lambda owner: owner.do(command(owner)))

    async def _new_thread(self, session: str) -> None:
        self.threads.append((await self._sure(lambda owner: owner.thread(session_id=session))).id)

    async def answer(self) -> None:
        """Approve or reject what waits, and settle what is in doubt: as not to be repeated."""
        for approval in await self._list(Query(APPROVAL, (Where("state", "=", "open"),), limit=20)):
            decision = self._random.choice(("approve", "approve", "reject"))
            await self._once(lambda owner, of=approval, say=decision: owner.answer(of, say))
        for turn in await self._list(Query(TURN, (Where("status", "=", "needs_review"),), limit=20)):
            action = self._random.choice(("skip", "mark_done"))
            await self._once(lambda owner, of=turn, say=action: owner.review(of, say))

    # --- at the end ----------------------------------------------------------------------------------------------

    async def come_to_rest(self) -> list[str]:
        """Lift every pause and answer every question; returns what is not at rest yet."""
        await self.answer()
        busy: list[str] = []
        for thread in await self._list(Query(THREAD, (Where("status", "in", UNFINISHED),), limit=200)):
            assert isinstance(thread, Thread)
            busy.append(f"{thread.id} is {thread.status}")
            if thread.status == "paused":
                await self._once(lambda owner, of=thread: owner.resume(of.id))
            elif thread.status == "queued" and all(header.hold for header in thread.queue):
                busy.pop()
        return busy

    # --- asking --------------------------------------------------------------------------------------------------

    async def _ask(self, what: Callable[[Owner], Coroutine[Any, Any, T]]) -> T:
        node = self._find()
        if node is None:
            await asyncio.sleep(AWAY_S)
            raise Cut("nobody is there")
        return await node.do(what(node.owner(self.principal)))

    async def _once(self, what: Callable[[Owner], Coroutine[Any, Any, object]]) -> bool:
        """Ask once; whether it was acknowledged."""
        try:
            await self._ask(what)
        except (Cut, LanewayError):
            return False
        return True

    async def _sure(self, what: Callable[[Owner], Coroutine[Any, Any, T]]) -> T:
        for _ in range(TRIES):
            try:
                return await self._ask(what)
            except Cut:
                continue
        raise Cut("nobody answers")

    async def _list(self, query: Query) -> list[Any]:
        """Records of this person's; none when nobody answers."""
        node = self._find()
        if node is None:
            return []
        try:
            snapshot = await node.do(node.line.read(self.principal, query))
        except (Cut, LanewayError):
            return []
        page = snapshot.results[0]
        assert isinstance(page, Page)
        return list(page.records)


def _tag(owner: Owner, thread: str, tag: int) -> UpdateThread:
    return UpdateThread(**owner.stamp(), thread_id=thread, changes={"tags": [str(tag)]})
