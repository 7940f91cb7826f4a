"""The bytes of attachments: they stay while anything names them or may soon do, and go when nothing does."""

import os
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from laneway.runtime.attachments import FRESH_S, Attachments

HOUR_S = 3600


async def stored(files: Attachments, content: bytes = b"canary") -> str:
    async def chunks() -> AsyncIterator[bytes]:
        yield content

    sha256, _ = await files.put(chunks(), 100)
    return sha256


def grow_old(folder: Path, sha256: str) -> None:
    written_at = (folder / sha256).stat().st_mtime - FRESH_S
    os.utime(folder / sha256, (written_at, written_at))


def names(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


async def nothing(sha256s: Sequence[str]) -> set[str]:
    return set()


async def test_bytes_that_nothing_names_go_when_no_upload_can_be_about_to_name_them(tmp_path: Path):
    files = Attachments(tmp_path)
    sha256 = await stored(files)

    is_fresh = await files.collect(nothing)
    kept = names(tmp_path)
    grow_old(tmp_path, sha256)

    assert (is_fresh, kept) == (True, [sha256])
    assert await files.collect(nothing) is False
    assert not names(tmp_path)


async def test_a_machine_whose_clock_is_ahead_leaves_what_another_has_just_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    files = Attachments(tmp_path)
    sha256 = await stored(files)
    ahead = time.time() + HOUR_S
    monkeypatch.setattr(time, "time", lambda: ahead)

    await files.collect(nothing)

    assert files.path(sha256).read_bytes() == b"canary"


async def test_bytes_that_are_stored_again_while_they_are_asked_about_stay(tmp_path: Path):
    files = Attachments(tmp_path)
    grow_old(tmp_path, await stored(files))

    async def stored_again(sha256s: Sequence[str]) -> set[str]:
        await stored(files)
        return set()

    await files.collect(stored_again)

    assert len(names(tmp_path)) == 1
