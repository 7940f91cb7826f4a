"""What tests of import and export have in common: uploads, and what they have made."""

import io
import zipfile
from collections.abc import Mapping
from typing import Any

from tests.api.harness import Answer, Caller

NOTHING = {"sessions": 0, "threads": 0, "items": 0, "lanes": 0}


async def import_(caller: Caller, content: bytes, format: str | None = "laneway", **headers: str) -> Answer:
    data = {} if format is None else {"format": format}
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return await caller.send("POST", "/import", files={"file": ("it", content)}, data=data, headers=headers)


async def export(caller: Caller, session_id: str) -> bytes:
    answer = await caller.get(f"/sessions/{session_id}/export")
    assert answer.status == 200, answer.content
    return answer.content


def unzipped(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(files: Mapping[str, bytes | str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return out.getvalue()


async def threads_of(caller: Caller) -> dict[str, Any]:
    """All of the caller's threads, by their titles; an equal title is numbered."""
    found: dict[str, Any] = {}
    for session in (await caller.get("/sessions", limit=100)).json:
        listed = await caller.get("/threads", session_id=session["id"], limit=100, sort="created_at")
        archived = await caller.get("/threads", session_id=session["id"], limit=100, archived="true")
        threads = {each["id"]: each for each in (*listed.json, *archived.json)}
        for thread in threads.values():
            title = thread["title"]
            number = 1 + sum(each["title"] == title for each in found.values())
            found[title if number == 1 else f"{title} {number}"] = thread
    return found


async def said(caller: Caller, thread: Any) -> list[tuple[str, str | None, str]]:
    """Role, agent or sender, and text of what is in a thread."""
    items = (await caller.get(f"/threads/{thread['id']}/messages", limit=100)).json
    return [(item["role"], item["agent"] or item.get("sender"), item["text"]) for item in items]
