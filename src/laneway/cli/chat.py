"""chat: a conversation with an agent: the answer comes as it is said, and more can be typed meanwhile."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import AbstractContextManager, aclosing, nullcontext
from typing import Annotated

import typer

from laneway.cli.chat_view import ChatView
from laneway.cli.line import Act, Entered
from laneway.cli.options import Config, Data, Key, Url
from laneway.cli.reach import Where, reach
from laneway.cli.screen import Pipe, Screen, interrupted
from laneway.client.lane import Lane
from laneway.domain.approval import ApprovalDecision
from laneway.domain.errors import Gone, Internal, LanewayError
from laneway.domain.turn import ReviewAction

HELP = "/stop /queue /resume /clear /yes /no /retry /skip /done /quit; anything else is sent. Alt-Enter breaks a line."


def chat(
    thread: Annotated[str | None, typer.Argument(help="The thread to go on with; a new one without it.")] = None,
    agent: Annotated[str | None, typer.Option("--agent", help="Who answers in a new thread.")] = None,
    data: Data = None,
    url: Url = None,
    key: Key = None,
    config: Config = None,
) -> None:
    """Talk with an agent. Ctrl-C stops its turn, not the server; pressed twice when nothing runs, it leaves."""
    asyncio.run(_chat(Where(data, url, key, config), thread, agent))


async def _chat(where: Where, thread_id: str | None, agent: str | None) -> None:
    on_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    async with reach(where) as lane:
        if thread_id is not None:
            await lane.get_thread(thread_id)
        face = Screen() if on_terminal else Pipe()
        shown: AbstractContextManager[None] = face.on_terminal() if isinstance(face, Screen) else nullcontext()
        chat = Chat(lane, ChatView(face), agent)
        with shown, interrupted(chat.interrupt):
            await chat.talk(thread_id)


class Chat:
    """One person at one thread: what is typed goes out, what happens is shown."""

    def __init__(self, lane: Lane, view: ChatView, agent: str | None) -> None:
        self._lane = lane
        self._view = view
        self._agent = agent
        self._thread_id: str | None = None
        self._sent: list[str] = []
        self._asked: asyncio.Queue[str] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._left = asyncio.Event()
        self._news = asyncio.Event()
        self._wants_to_leave = False
        self._lost: LanewayError | None = None

    async def talk(self, thread_id: str | None) -> None:
        """Until the person leaves; where the input simply ends, until all that was sent has been answered."""
        self._view.tell_help(HELP)
        try:
            if thread_id is not None:
                await self._enter(thread_id)
            self._begin(self._work())
            self._begin(self._read())
            await self._left.wait()
        finally:
            tasks = tuple(self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if self._lost is not None:
            raise self._lost

    def interrupt(self) -> None:
        """Ctrl-C: stop the turn; when none runs, forget the line; when there is none, leave at the second time."""
        if self._view.running is not None:
            self._view.tell_status("stopping")
            self._begin(self._try(self._stop()))
        elif self._view.face.clear_line():
            self._wants_to_leave = False
        elif self._wants_to_leave:
            self._left.set()
        else:
            self._wants_to_leave = True
            self._view.tell_status("Ctrl-C again leaves")

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        """Run something beside the conversation; `talk` ends it."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._lost = error if isinstance(error, LanewayError) else Internal(f"{type(error).__name__}: {error}")
            self._left.set()

    async def _enter(self, thread_id: str) -> None:
        """Show what was said so far, and from there on follow what happens."""
        lane = self._lane
        thread = await lane.get_thread(thread_id)
        items = await lane.latest_messages(thread_id, limit=20)
        asked = [each for each in await lane.list_approvals(limit=100) if each.thread_id == thread_id]
        self._view.begin(items, await lane.queue(thread_id), thread, asked)
        self._thread_id = thread_id
        self._begin(self._follow(thread_id, items.offset or 0))

    async def _follow(self, thread_id: str, after: int) -> None:
        async with aclosing(self._lane.events(thread_id, after=after)) as events:
            async for event in events:
                self._view.show(event)
                self._news.set()
        raise Gone("The thread was deleted.")

    async def _read(self) -> None:
        async with aclosing(self._view.face.acts()) as acts:
            async for act in acts:
                match act:
                    case Entered(text):
                        self._wants_to_leave = False
                        self._asked.put_nowait(text.strip())
                    case Act.INTERRUPT:
                        self.interrupt()
                    case Act.LEAVE:
                        break
        if not self._view.face.is_live:
            await self._asked.join()
            await self._all_answered()
        self._left.set()

    async def _work(self) -> None:
        """Do what was asked for, in order; Ctrl-C need not wait for it."""
        while True:
            await self._try(self._take(await self._asked.get()))
            self._asked.task_done()

    async def _all_answered(self) -> None:
        while self._view.running is not None or not self._view.taken.issuperset(self._sent):
            self._news.clear()
            await self._news.wait()

    async def _take(self, text: str) -> None:
        if not text.startswith("/"):
            await self._send(text)
        elif (act := self._commands().get(text)) is None:
            self._view.tell_help(HELP)
        elif text in {"/help", "/quit"} or self._thread_id is not None:
            await act()

    async def _send(self, text: str) -> None:
        if self._thread_id is None:
            await self._enter((await self._lane.create_thread(self._agent)).id)
        posted = await self._lane.post(self._thread_id or "", text)
        self._sent.append(posted.item_id)

    async def _try(self, work: Awaitable[None]) -> None:
        """Do what the person asked for; a refusal is an answer, and the conversation goes on."""
        try:
            await work
        except LanewayError as refused:
            self._view.tell(" ".join(filter(None, (refused.detail, refused.hint))))

    # --- what can be asked for -----------------------------------------------------------------------------------

    def _commands(self) -> Mapping[str, Callable[[], Awaitable[None]]]:
        return {
            "/stop": self._stop,
            "/queue": self._queue,
            "/resume": self._resume,
            "/clear": self._clear,
            "/yes": lambda: self._answer("approve"),
            "/no": lambda: self._answer("reject"),
            "/retry": lambda: self._review("retry"),
            "/skip": lambda: self._review("skip"),
            "/done": lambda: self._review("mark_done"),
            "/quit": self._quit,
        }

    async def _stop(self) -> None:
        await self._lane.cancel(self._thread_id or "")

    async def _queue(self) -> None:
        for item in (await self._lane.queue(self._thread_id or "")).items:
            self._view.tell(f"{item.position}. {item.text}{' (held)' if item.hold else ''}")

    async def _resume(self) -> None:
        await self._lane.resume(self._thread_id or "")

    async def _clear(self) -> None:
        await self._lane.clear(self._thread_id or "")

    async def _answer(self, decision: ApprovalDecision) -> None:
        if self._view.approval is None:
            self._view.tell("nothing asks for an answer")
        else:
            await self._lane.resolve_approval(self._view.approval, decision)

    async def _review(self, action: ReviewAction) -> None:
        if self._view.running is None:
            self._view.tell("no turn needs a review")
        else:
            await self._lane.review(self._view.running, action)

    async def _quit(self) -> None:
        self._left.set()
