"""Shared page: a shared transcript for browsers, as plain text in plain HTML. Nothing in it is markup of a model's."""

from collections.abc import Sequence
from html import escape

from laneway.domain.item import Item, Part
from laneway.domain.thread import Thread

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<meta name="referrer" content="no-referrer">
<title>{title} · Laneway</title>
</head>
<body>
<main>
<h1>{title}</h1>
{items}
{rest}
</main>
</body>
</html>
"""


def page_of(thread: Thread, items: Sequence[Item], is_cut: bool) -> str:
    """The page. Every text of a person or model is escaped, none of it is a link, an image or a style."""
    rest = "<p>The rest is too long for this page.</p>" if is_cut else ""
    return _PAGE.format(title=escape(thread.title), items="\n".join(map(_item, items)), rest=rest)


def _item(item: Item) -> str:
    who = "Question" if item.role == "user" else escape(item.agent or item.role)
    parts = "".join(_part(part) for part in item.parts)
    return f"<article>\n<h2>{who}</h2>\n<p><time>{escape(item.created_at)}</time></p>\n{parts}\n</article>"


def _part(part: Part) -> str:
    match part.type:
        case "text" | "code":
            return f"<pre>{escape(part.text or '')}</pre>"
        case "image" | "file":
            return f"<p>({part.type})</p>"
        case "tool_call":
            return f"<pre>{escape(part.name or '')} {escape(str(part.arguments or ''))}</pre>"
        case "tool_result":
            return f"<pre>{escape(str(part.result if part.error is None else part.error))}</pre>"
        case "data" | "reasoning":
            return ""
