"""Reference: the page docs/reference/cli.md, written from the commands themselves."""

import inspect
from collections.abc import Iterator
from enum import Enum
from typing import Any, cast, get_args

import typer.main
from typer.core import TyperGroup

_HEAD = """# The command line

<!-- Written by `./dev fix` from the docstrings in the code. Change those, not this page. -->

A command speaks to the server that was named with `--url` (or `LANEWAY_URL`, with `LANEWAY_KEY`), else to the server of
the data directory (`--data`, `LANEWAY_DATA`), whose key it finds there, else it works on the data directory itself.
Every command that can takes these: `--data DIR`, `--config FILE`, `--url URL`, `--key KEY`, and `--json`, which prints
JSON for programs. It ends with 0 when all went well, 1 when something failed, 2 when it was asked for
something that cannot be.
"""
_EVERYWHERE = frozenset({"--data", "--config", "--url", "--key", "--json"})


def reference(app: typer.Typer) -> str:
    """Every command with its arguments and options."""
    return _HEAD + "".join(_group(cast("TyperGroup", typer.main.get_command(app)), "laneway"))


def _group(group: TyperGroup, name: str) -> Iterator[str]:
    for command in cast("dict[str, Any]", group.commands).values():
        called = f"{name} {command.name}"
        if isinstance(command, TyperGroup):
            yield from _group(command, called)
        else:
            yield f"\n## `{_usage(command, called)}`\n\n{inspect.cleandoc(command.help or '')}\n"
            rows = "".join(_row(each) for each in command.params if not _EVERYWHERE & {*each.opts})
            yield f"\n| | default | says |\n|---|---|---|\n{rows}" if rows else ""


def _usage(command: Any, called: str) -> str:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    names = [each.name.upper() if each.required else f"[{each.name.upper()}]" for each in arguments]
    return " ".join((called, *names))


def _row(parameter: Any) -> str:
    is_option = parameter.param_type_name == "option"
    named = ", ".join(parameter.opts + parameter.secondary_opts) if is_option else parameter.name.upper()
    default = parameter.show_default if isinstance(parameter.show_default, str) else parameter.default
    shown = default.value if isinstance(default, Enum) else default
    choices = _choices(parameter.type_descriptor.annotation)
    says = " ".join(filter(None, (parameter.help, f"One of {choices}." if choices else "")))
    return f"| `{named}` | {'–' if shown in {None, False, True} else f'`{shown}`'} | {says} |\n"


def _choices(annotation: Any) -> str:
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return ", ".join(f"`{each.value}`" for each in annotation)
    return ", ".join(f"`{each}`" for each in get_args(annotation) if isinstance(each, str))
