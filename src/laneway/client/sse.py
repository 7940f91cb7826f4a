"""Server-Sent Events: a strict parser of the wire format, fed with bytes as they come."""

from dataclasses import dataclass

MAX_FRAME = 16 * 1024 * 1024


class FrameTooLarge(ValueError):
    """The other side sends a frame without an end."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One event as it came: its cursor, its name and its text."""

    id: str
    event: str
    data: str


class FrameReader:
    """Turns bytes into frames. Lines end at CR LF, LF or CR and nowhere else: not at what Unicode calls a line end."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._after_cr = False
        self._first = True
        self._data: list[str] = []
        self._event = ""
        self._id = ""
        self._size = 0

    def feed(self, chunk: bytes) -> list[Frame]:
        """Take the next bytes, cut anywhere; return the frames that they complete."""
        frames: list[Frame] = []
        start = 0
        if self._after_cr and chunk:
            start = 1 if chunk[0] == 0x0A else 0
            self._after_cr = False
        while (end := _line_end(chunk, start)) != -1:
            line = bytes(self._line) + chunk[start:end]
            self._line.clear()
            start = end + 1
            if chunk[end] == 0x0D:
                if start == len(chunk):
                    self._after_cr = True
                elif chunk[start] == 0x0A:
                    start += 1
            if (frame := self._take(line)) is not None:
                frames.append(frame)
        self._line += chunk[start:]
        if self._size + len(self._line) > MAX_FRAME:
            raise FrameTooLarge(f"A frame of the stream has more than {MAX_FRAME} bytes.")
        return frames

    def _take(self, line: bytes) -> Frame | None:
        if self._first:
            self._first = False
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not line:
            return self._complete()
        self._size += len(line)
        name, _, value = line.decode("utf-8", errors="replace").partition(":")
        value = value.removeprefix(" ")
        match name:
            case "data":
                self._data.append(value)
            case "event":
                self._event = value
            case "id" if "\0" not in value:
                self._id = value
            case _:
                pass  # a comment, such as a keep-alive, or a field of a later version
        return None

    def _complete(self) -> Frame | None:
        frame = Frame(self._id, self._event or "message", "\n".join(self._data)) if self._data else None
        self._data.clear()
        self._event = ""
        self._size = 0
        return frame


def _line_end(chunk: bytes, start: int) -> int:
    lf = chunk.find(b"\n", start)
    cr = chunk.find(b"\r", start, lf if lf != -1 else len(chunk))
    return cr if cr != -1 else lf
