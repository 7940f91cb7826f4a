"""Page: docs/reference/settings.md, made from the docstrings of the settings."""

import ast
import inspect
from collections.abc import Collection, Iterator
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

from laneway.config.settings import AgentSettings, Limits, Settings, Shares, Summaries

_REFERENCE = """# Settings

<!-- Written by `./dev fix` from the docstrings in the code. Change those, not this page. -->

From the settings file (`--config FILE`, `LANEWAY_CONFIG`, or `laneway.toml` in the folder that the command is started
in), overridden by the environment (`LANEWAY_PORT=8421`, `LANEWAY_LIMITS__TURNS=8`; lists are separated by commas),
overridden by flags. An unknown setting is an error. Relative paths in the file start at the file's folder.
"""


def reference() -> str:
    """The page docs/reference/settings.md."""
    sections = (
        ("The server", "", Settings, ("limits", "shares", "summaries", "agents")),
        ("Limits: `[limits]`", "limits.", Limits, ()),
        ("Shares: `[shares]`", "shares.", Shares, ()),
        ("Summaries: `[summaries]`", "summaries.", Summaries, ()),
        ("Agents: `[agents.NAME]`", "agents.NAME.", AgentSettings, ()),
    )
    pages = [_REFERENCE]
    for title, prefix, shape, without in sections:
        rows = "".join(_rows(shape, prefix, without))
        pages.append(f"\n## {title}\n\n{inspect.getdoc(shape)}\n\n| setting | default | says |\n|---|---|---|\n{rows}")
    return "".join(pages)


def _rows(shape: type, prefix: str, without: Collection[str]) -> Iterator[str]:
    told = {name: text for each in reversed(shape.__mro__[:-1]) for name, text in _told(each)}
    for each in fields(cast("Any", shape)):
        if each.name not in without:
            says = told.get(each.name, each.name.replace("_", " ").capitalize() + ".")
            yield f"| `{prefix}{each.name}` | {_shown(each.default)} | {says} |\n"


def _shown(default: object) -> str:
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default}`" if isinstance(default, int | float | Path) or (default and isinstance(default, str)) else "–"


def _told(shape: type) -> Iterator[tuple[str, str]]:
    """The text below each field of a dataclass, which Python itself does not keep."""
    body = cast("ast.ClassDef", ast.parse(inspect.getsource(shape)).body[0]).body
    for statement, text in pairwise(body):
        if isinstance(statement, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            yield ast.unparse(statement.target), " ".join(str(text.value.value).split())
