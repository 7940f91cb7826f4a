"""Queries: the hand-written SQL of queries.sql, by name."""

import re
from pathlib import Path

_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


def _load(path: Path) -> dict[str, str]:
    _, *parts = _NAME.split(path.read_text(encoding="utf-8"))
    return {name: text.strip().removesuffix(";") for name, text in zip(parts[::2], parts[1::2], strict=True)}


SQL = _load(Path(__file__).with_name("queries.sql"))
