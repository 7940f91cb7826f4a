"""Line: the text that somebody is typing, edited key by key. Knows nothing of terminals but what their keys send."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto


class Act(Enum):
    """What a key asks for that is more than editing."""

    LEAVE = auto()
    INTERRUPT = auto()


@dataclass(frozen=True, slots=True)
class Entered:
    """A whole message."""

    text: str


_KEY = re.compile(
    r"\x1b\[200~(?P<pasted>.*?)\x1b\[201~"  # bracketed paste: a line break in it does not send
    r"|(?P<code>\x1b\[[0-9;]*[A-Za-z~]|\x1bO[A-Za-z]|\x1b[\r\n]|\x1b.)"
    r"|(?P<plain>[^\x1b])",
    re.DOTALL,
)
_UNFINISHED = re.compile(r"\x1b(\[[0-9;]*)?$|\x1bO$|\x1b\[200~(?!.*\x1b\[201~)", re.DOTALL)
_LEFT, _RIGHT, _UP, _DOWN = "\x1b[D", "\x1b[C", "\x1b[A", "\x1b[B"
_HOME, _END, _DELETE = ("\x1b[H", "\x1b[1~", "\x01"), ("\x1b[F", "\x1b[4~", "\x05"), "\x1b[3~"
_NEW_LINE = ("\x1b\r", "\x1b\n")


class Line:
    """One input line with a cursor and a history. Enter sends, Alt-Enter breaks the line."""

    def __init__(self) -> None:
        self.text = ""
        self.cursor = 0
        self._history: list[str] = []
        self._place = 0
        self._rest = ""

    def type(self, keys: str) -> Iterator[Entered | Act]:
        """Take what the terminal sent, cut anywhere; yield what was entered or asked for before the next key counts."""
        keys = self._rest + keys
        unfinished = _UNFINISHED.search(keys)
        end = unfinished.start() if unfinished else len(keys)
        self._rest = keys[end:]
        for match in _KEY.finditer(keys, 0, end):
            if (pasted := match["pasted"]) is not None:
                self._insert(pasted.replace("\r\n", "\n").replace("\r", "\n"))
            elif (act := self._press(match["code"] or match["plain"])) is not None:
                yield act

    def clear(self) -> None:
        """Forget what was typed."""
        self.text, self.cursor = "", 0
        self._place = len(self._history)

    def _press(self, key: str) -> Entered | Act | None:
        match key:
            case "\r" | "\n":
                return self._enter()
            case "\x03":
                return Act.INTERRUPT
            case "\x04":
                return Act.LEAVE if not self.text else None
            case "\x7f" | "\b":
                self._erase(self.cursor - 1)
            case "\x15":
                self.text, self.cursor = self.text[self.cursor :], 0
            case "\x17":
                before = self.text[: self.cursor].rstrip()
                start = before.rfind(" ") + 1
                self.text, self.cursor = self.text[:start] + self.text[self.cursor :], start
            case _ if key in _NEW_LINE:
                self._insert("\n")
            case _ if key == _DELETE:
                self._erase(self.cursor)
            case _:
                self._move_or_insert(key)
        return None

    def _move_or_insert(self, key: str) -> None:
        if key == _LEFT:
            self.cursor = max(0, self.cursor - 1)
        elif key == _RIGHT:
            self.cursor = min(len(self.text), self.cursor + 1)
        elif key in _HOME:
            self.cursor = 0
        elif key in _END:
            self.cursor = len(self.text)
        elif key in {_UP, _DOWN}:
            self._recall(-1 if key == _UP else 1)
        elif key.isprintable():
            self._insert(key)

    def _enter(self) -> Entered | None:
        text = self.text
        if text.strip():
            self._history.append(text)
        self.clear()
        return Entered(text) if text.strip() else None

    def _insert(self, text: str) -> None:
        self.text = self.text[: self.cursor] + text + self.text[self.cursor :]
        self.cursor += len(text)

    def _erase(self, place: int) -> None:
        if 0 <= place < len(self.text):
            self.text = self.text[:place] + self.text[place + 1 :]
            self.cursor = place

    def _recall(self, step: int) -> None:
        self._place = min(max(0, self._place + step), len(self._history))
        self.text = self._history[self._place] if self._place < len(self._history) else ""
        self.cursor = len(self.text)
