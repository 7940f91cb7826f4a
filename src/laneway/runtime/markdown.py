"""Markdown: a thread as a page for people."""

import json
import re
from collections.abc import Iterator

from laneway.domain.item import Part
from laneway.domain.json import Json
from laneway.domain.parcel import ItemParcel, ThreadParcel


def heading(thread: ThreadParcel) -> str:
    """What stands above the messages."""
    facts = [("Agent", thread.agent_id), ("Created", thread.created_at), ("Tags", ", ".join(thread.tags))]
    told = "".join(f"- {name}: {_line(value)}\n" for name, value in facts if value)
    summary = f"\n{thread.summary}\n" if thread.summary else ""
    return f"# {_line(thread.title or thread.name)}\n\n{told}{summary}"


def message(item: ItemParcel) -> str:
    """One item under its own heading; nothing for what was taken out of the transcript."""
    body = "\n\n".join(_shown(item))
    if item.state == "superseded" or not body:
        return ""
    cut = " (stopped)" if item.state == "interrupted" else ""
    who = item.sender if item.role == "user" else item.agent
    return f"\n## {_line(who or item.role)}{cut}\n\n_{item.created_at or ''}_\n\n{body}\n"


def _shown(item: ItemParcel) -> Iterator[str]:
    for part in item.parts:
        if text := _part(part):
            yield text


def _part(part: Part) -> str:
    match part.type:
        case "text":
            return part.text or ""
        case "reasoning":
            return "\n".join(f"> {line}" for line in (part.text or "").split("\n")) if part.text else ""
        case "code":
            return _fenced(part.text or "", part.language or "")
        case "image" | "file":
            return f"[file {part.attachment_id or 'that is gone'}]"
        case "data":
            return _fenced(_json(part.data), "json")
        case "tool_call":
            return f"Called `{_line(part.name or '')}`:\n\n{_fenced(_json(part.arguments), 'json')}"
        case "tool_result":
            return part.error or _fenced(_json(part.result), "json")


def _fenced(text: str, language: str) -> str:
    """A block of code whose fence is longer than any in it."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{re.sub(r'[^A-Za-z0-9+#_-]', '', language)}\n{text}\n{fence}"


def _json(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)


def _line(text: str) -> str:
    return " ".join(text.split())
