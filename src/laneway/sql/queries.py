"""Queries: hand-written SQL, by name."""

import re
from pathlib import Path

_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


def load_queries(path: Path) -> dict[str, str]:
    """The statements of a file in which each stands under a comment with its name."""
    _, *parts = _NAME.split(path.read_text(encoding="utf-8"))
    return {name: text.strip().removesuffix(";") for name, text in zip(parts[::2], parts[1::2], strict=True)}
