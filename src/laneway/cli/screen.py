"""Screen: a conversation above, what waits and what is being typed below, on any terminal that can scroll a part."""

import asyncio
import codecs
import contextlib
import os
import signal
import sys
import termios
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing, contextmanager
from typing import Protocol

from rich.cells import cell_len

from laneway.cli.line import Act, Entered, Line
from laneway.cli.show import line, plain

PROMPT = "> "
_SAVE, _RESTORE, _CLEAR_LINE = "\x1b7", "\x1b8", "\x1b[2K"


class Face(Protocol):
    """What a conversation is shown on and typed into."""

    @property
    def is_live(self) -> bool:
        """Whether a person sits in front of it."""
        ...

    def write(self, text: str) -> None:
        """Add text to the conversation."""
        ...

    def status(self, text: str) -> None:
        """Say, beside the conversation, how things stand."""
        ...

    def acts(self) -> AsyncGenerator[Entered | Act]:
        """What the person does, in order, until there is no more."""
        ...

    def clear_line(self) -> bool:
        """Forget what is being typed; False when there was nothing."""
        ...


class Screen:
    """A terminal in three parts: a region that scrolls, one line of status, one line of input."""

    is_live = True

    def __init__(self) -> None:
        self._line = Line()
        self._status = ""
        self._rows, self._columns = 24, 80

    def write(self, text: str) -> None:
        self._put(_RESTORE + plain(text).replace("\n", "\r\n") + _SAVE)
        self._draw()

    def status(self, text: str) -> None:
        self._status = line(text)
        self._draw()

    def clear_line(self) -> bool:
        had_text = bool(self._line.text)
        self._line.clear()
        self._draw()
        return had_text

    async def acts(self) -> AsyncGenerator[Entered | Act]:
        decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
        async with aclosing(_arriving(sys.stdin.fileno())) as keys:
            async for pressed in keys:
                for act in self._line.type(decode(pressed)):
                    yield act
                self._draw()

    @contextmanager
    def on_terminal(self) -> Generator[None]:
        """Take the terminal over, and give it back as it was."""
        terminal = sys.stdin.fileno()
        before = termios.tcgetattr(terminal)
        mode = termios.tcgetattr(terminal)
        # Keys come one by one and unseen, and Ctrl-C among them: as a signal it would overtake what was typed before.
        mode[3] &= ~(termios.ICANON | termios.ECHO)
        mode[6][termios.VINTR] = b"\0"
        termios.tcsetattr(terminal, termios.TCSADRAIN, mode)
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGWINCH, self._lay_out)
        self._put("\x1b[?2004h" + "\n" * 2)
        self._lay_out()
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGWINCH)
            self._put(f"\x1b[r\x1b[{self._rows - 1};1H\x1b[J\x1b[?2004l")
            termios.tcsetattr(terminal, termios.TCSADRAIN, before)

    def _lay_out(self) -> None:
        size = os.get_terminal_size(sys.stdout.fileno())
        self._rows, self._columns = max(size.lines, 4), max(size.columns, 20)
        region = self._rows - 2
        self._put(f"\x1b[1;{region}r\x1b[{region};1H{_SAVE}")
        self._draw()

    def _draw(self) -> None:
        status = _fitting(self._status, self._columns)
        shown, before = self._window()
        self._put(
            f"\x1b[{self._rows - 1};1H{_CLEAR_LINE}\x1b[2m{status}\x1b[0m"
            f"\x1b[{self._rows};1H{_CLEAR_LINE}{PROMPT}{shown}\x1b[{self._rows};{before + 1}H"
        )

    def _window(self) -> tuple[str, int]:
        """The part of the line around its cursor that fits, and the cursor's column."""
        text = plain(self._line.text).replace("\n", "⏎").replace("\t", " ")
        room = self._columns - len(PROMPT) - 1
        start = 0
        while cell_len(text[start : self._line.cursor]) > room:
            start += 1
        return _fitting(text[start:], room), len(PROMPT) + cell_len(text[start : self._line.cursor])

    def _put(self, text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()


class Pipe:
    """Where there is no terminal: messages are the lines of the input, the conversation is the output."""

    is_live = False

    def write(self, text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()

    def status(self, text: str) -> None:
        pass

    def clear_line(self) -> bool:
        return False

    async def acts(self) -> AsyncGenerator[Entered | Act]:
        rest = b""
        async with aclosing(_arriving(sys.stdin.fileno())) as chunks:
            async for chunk in chunks:
                *lines, rest = (rest + chunk).split(b"\n")
                for each in lines:
                    if each.strip():
                        yield Entered(each.decode("utf-8", errors="replace"))
        if rest.strip():
            yield Entered(rest.decode("utf-8", errors="replace"))


async def _arriving(file: int) -> AsyncGenerator[bytes]:
    """What arrives on a file descriptor, without a thread that nobody could stop."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    with contextlib.suppress(OSError):  # a terminal that was hung up has no more to say
        while True:
            try:
                loop.add_reader(file, ready.set)
                await ready.wait()
            except PermissionError:
                pass  # a plain file is always ready
            finally:
                loop.remove_reader(file)
            ready.clear()
            if not (chunk := os.read(file, 65_536)):
                return
            yield chunk


def _fitting(text: str, columns: int) -> str:
    while cell_len(text) > columns:
        text = text[:-1]
    return text


@contextmanager
def interrupted(handle: Callable[[], None]) -> Generator[None]:
    """Call `handle` on Ctrl-C instead of ending the program."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, handle)
    try:
        yield
    finally:
        with contextlib.suppress(RuntimeError):
            loop.remove_signal_handler(signal.SIGINT)
