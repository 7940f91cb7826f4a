"""Library: the texts that the guide looks into: Laneway's own pages, and the session's files, indexed once each."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from importlib.resources import files as resources

from laneway.agent import AttachedFile, TurnHandle
from laneway.agents.guide.passages import split
from laneway.agents.guide.ranking import Indexed
from laneway.domain.errors import LanewayError
from laneway.tool import ToolFailed

READ_BYTES = 2 * 1024 * 1024
"""How much of a file is indexed; what comes after it is not found."""
CACHED_BYTES = 64 * 1024 * 1024
"""How much indexed text is kept; the least recently used goes first."""
AT_ONCE_BYTES = 8 * 1024
"""Texts up to this size are indexed at once; larger ones on a thread, where they hold up nobody."""

_NO_TEXT = ("image/", "audio/", "video/", "font/", "model/")
_ARCHIVES = frozenset({"application/pdf", "application/zip", "application/gzip", "application/x-tar"})


class Library:
    """Indexes files by their id, whose content never changes, and forgets those that were not used for long."""

    def __init__(self) -> None:
        self.pages = _own_pages()
        self._cached: OrderedDict[str, tuple[Indexed | None, int]] = OrderedDict()
        self._held = 0

    async def indexed(self, handle: TurnHandle) -> tuple[list[Indexed], list[str]]:
        """The session's files that can be read, and the names of those that cannot."""
        readable: list[Indexed] = []
        unreadable: list[str] = []
        for file in await handle.files():
            found = await self._of(file, handle)
            if found is None:
                unreadable.append(_plain(file.name))
            else:
                readable.append(found)
        return readable, unreadable

    async def _of(self, file: AttachedFile, handle: TurnHandle) -> Indexed | None:
        if file.media_type.startswith(_NO_TEXT) or file.media_type in _ARCHIVES:
            return None
        if file.id in self._cached:
            self._cached.move_to_end(file.id)
            return self._cached[file.id][0]
        try:
            body = (await handle.read_file(file.id))[:READ_BYTES]
        except (LanewayError, ToolFailed):
            return None  # deleted since it was listed
        name = _plain(file.name)
        found = _index(name, body) if len(body) <= AT_ONCE_BYTES else await asyncio.to_thread(_index, name, body)
        self._keep(file.id, found, len(body))
        return found

    def _keep(self, id_: str, found: Indexed | None, size: int) -> None:
        self._held += size - self._cached.pop(id_, (None, 0))[1]
        self._cached[id_] = (found, size)
        while self._held > CACHED_BYTES and len(self._cached) > 1:
            _, (_, freed) = self._cached.popitem(last=False)
            self._held -= freed


def _index(name: str, body: bytes) -> Indexed | None:
    """Index a file; None when it is no text."""
    text = _decoded(body)
    return None if text is None else Indexed(name, split(text))


def _decoded(body: bytes) -> str | None:
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", "replace")
    if b"\0" in body[:8192]:
        return None
    return body.decode("utf-8-sig", "replace")


def _own_pages() -> Sequence[Indexed]:
    folder = resources("laneway.agents.guide") / "docs"
    pages = sorted((page for page in folder.iterdir() if page.name.endswith(".md")), key=lambda page: page.name)
    return [Indexed(page.name, split(page.read_text(encoding="utf-8"))) for page in pages]


def _plain(name: str) -> str:
    """A file's name as it may stand in a line of Markdown."""
    return " ".join("".join(each if each.isprintable() else " " for each in name).replace("`", "'").split())
