"""Generate: writes the reference pages from the code that they describe, or checks that they still agree.

usage: python docs/reference/generate.py [--check]
"""

import sys
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from inspect import getdoc, getsourcelines, isclass
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from laneway import config
from laneway.api import create_api
from laneway.app import App
from laneway.cli.main import app
from laneway.cli.reference import reference
from laneway.domain import event

HERE = Path(__file__).resolve().parent
WRITTEN_BY = "<!-- Written by `./dev fix` from the docstrings in the code. Change those, not this page. -->"
JSON_NAMES = {str: "string", int: "integer", float: "number", bool: "boolean", object: "any", types.NoneType: "null"}


def main(arguments: list[str]) -> int:
    stale = [name for name, page in PAGES.items() if read(HERE / name) != page()]
    if "--check" in arguments:
        for name in stale:
            print(f"docs/reference/{name} does not match the code: run ./dev fix")
        return 1 if stale else 0
    for name in stale:
        (HERE / name).write_text(PAGES[name](), encoding="utf-8")
        print(f"wrote docs/reference/{name}")
    return 0


def read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def events_page() -> str:
    lines = [
        "# Events",
        "",
        WRITTEN_BY,
        "",
        "Each event is one JSON object: its numbers (`offset` in the log, `seq` in the thread where it has one), its",
        "`type`, the ids of what it happened to, `at` (RFC 3339, UTC), and the fields below under `data`. The scope",
        "says where it is told: in its *thread*, in its *session* without a thread, or in the *user*'s home log.",
    ]
    for group, members in groupby(event_types(), key=lambda cls: cls.type.split(".")[0]):
        lines += ["", f"## {group}", "", "| type | scope | data | says |", "|---|---|---|---|"]
        lines += [f"| `{cls.type}` | {cls.scope} | {data(cls)} | {prose(cls)} |" for cls in members]
    lines += ["", "## Shapes", "", "What a field above holds when it is more than one value."]
    for shape in shapes():
        lines += ["", f"### {shape.__name__}", "", prose(shape), "", "| field | value |", "|---|---|"]
        lines += [f"| `{name}` | {json_type(hint)} |" for name, hint in hints(shape).items()]
    return "\n".join(lines) + "\n"


def event_types() -> list[type[event.EventData]]:
    """Every event type, module by module, in the order in which each tells them."""
    found = (value for value in vars(event).values() if isclass(value) and issubclass(value, event.EventData))
    types = (cls for cls in found if isinstance(getattr(cls, "type", None), str))
    return sorted(types, key=lambda cls: (cls.__module__, getsourcelines(cls)[1]))


def shapes() -> list[type]:
    """Every dataclass that an event carries, once, in the order in which a reader meets it."""
    found: dict[type, None] = {}
    waiting: list[type] = list(event_types())
    while waiting:
        for hint in hints(waiting.pop(0)).values():
            new = [cls for cls in dataclasses_in(hint) if cls not in found]
            found.update(dict.fromkeys(new))
            waiting += new
    return list(found)


def dataclasses_in(hint: Any) -> Iterator[type]:
    if isclass(hint) and is_dataclass(hint):
        yield hint
    for argument in get_args(hint):
        yield from dataclasses_in(argument)


def hints(cls: Any) -> dict[str, Any]:
    known = get_type_hints(cls)
    return {field.name: known[field.name] for field in fields(cls)}


def data(cls: type) -> str:
    return "<br>".join(f"`{name}`: {json_type(hint)}" for name, hint in hints(cls).items()) or "–"


def json_type(hint: Any) -> str:
    """A Python type in the words of JSON: what a reader of the stream finds there."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return " or ".join(f'`"{value}"`' for value in arguments)
    if origin in {Union, types.UnionType}:
        return " or ".join(json_type(argument) for argument in arguments)
    if isclass(origin) and issubclass(origin, Mapping):
        return "object" if arguments[1:] in {(object,), (Any,)} else f"object of {json_type(arguments[1])}"
    if isclass(origin) and issubclass(origin, Sequence):
        return f"list of {json_type(arguments[0])}"
    if isclass(hint) and is_dataclass(hint):
        return f"[{hint.__name__}](#{hint.__name__.lower()})"
    return JSON_NAMES.get(hint, "any")


def prose(cls: type) -> str:
    return " ".join((getdoc(cls) or "").split()).replace("|", "\\|")


def metrics_page() -> str:
    server = create_api(App(config.load(environ={}, flags={"database": ":memory:"})))
    lines = [
        "# Metrics",
        "",
        WRITTEN_BY,
        "",
        "`GET /metrics` shows them to Prometheus; it needs a key. What a process counts begins at 0 with it; what says",
        "*of all nodes* is read from the store, and every process on one database shows the same. A scrape reads a few",
        "indexes, up to a bound, however much is stored. [How to run it](../how-to/deploy.md#what-to-watch) says which",
        "of them tell early that something is wrong.",
        "",
        "| metric | type | says |",
        "|---|---|---|",
    ]
    for family in sorted(server.state.metrics.registry.collect(), key=lambda family: family.name):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        lines.append(f"| `{name}` | {family.type} | {family.documentation} |")
    return "\n".join(lines) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "events.md": events_page,
    "settings.md": config.reference,
    "metrics.md": metrics_page,
    "cli.md": lambda: reference(app),
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
