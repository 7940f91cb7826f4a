"""Source: one place that settings come from, a file, the environment or flags, with every key and value checked."""

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast, get_type_hints

import msgspec

from laneway import wire
from laneway.config.settings import AgentSettings, Count, Limits, Secret, Settings, Shares, Summaries
from laneway.domain.errors import LanewayError

CLIENT_VARIABLES = frozenset({"LANEWAY_URL", "LANEWAY_KEY", "LANEWAY_CONFIG"})
"""What tells a command where its server is: no settings."""
_ALIASES = {"data": "data_dir"}
_LATER = frozenset({"channels", "feeds"})
_LATER_KINDS = frozenset({"harness", "acp"})
_AGENT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_SECTIONS: dict[str, type] = {"limits": Limits, "shares": Shares, "summaries": Summaries}


class ConfigError(LanewayError):
    """A setting is unknown or does not fit. The detail names the place and the key."""

    code = "config"
    title = "Bad settings"


@dataclass(frozen=True)
class Source:
    """One place that settings come from: it knows how to name a key there, for an error."""

    name: str
    """A file's path, `--` for flags, empty for the environment."""
    folder: Path
    """What a relative path is relative to."""
    strict: bool = True
    """Not strict: every value is a text, as in the environment."""

    def read(self, tree: Mapping[str, Any], shape: type = Settings, prefix: str = "") -> dict[str, Any]:
        """Check every key and value of a tree against a dataclass."""
        known = get_type_hints(shape, include_extras=True)
        read: dict[str, Any] = {}
        for written, value in tree.items():
            key = _ALIASES.get(written, written) if shape is Settings else written
            if key not in known:
                raise self._unknown(prefix + written, written, known)
            read[key] = self._value(key, value, known[key], prefix)
        return read

    def _value(self, key: str, value: Any, hint: Any, prefix: str) -> Any:
        if prefix == "" and key in _SECTIONS:
            return self.read(self._table(key, value), _SECTIONS[key], f"{key}.")
        if prefix == "" and key == "agents":
            return {name: self._agent(name, value) for name, value in self._table(key, value).items()}
        if hint is int:
            hint = Count
        if not self.strict and "tuple" in str(hint) and isinstance(value, str):
            value = [part.strip() for part in value.split(",") if part.strip()]
        try:
            return wire.convert(value, hint, strict=self.strict, dec_hook=self._decode)
        except msgspec.ValidationError as error:
            raise ConfigError(f"{self._place(prefix + key)}: {error}.") from error

    def _agent(self, name: str, value: Any) -> dict[str, Any]:
        if not _AGENT_NAME.fullmatch(name):
            raise ConfigError(f"{self._place('agents')}: {name!r} is not a name.", "Use letters, digits, - _ and dots.")
        table = self._table(f"agents.{name}", value)
        if table.get("kind") in _LATER_KINDS:
            raise ConfigError(f"{self._place(f'agents.{name}.kind')}: {table['kind']!r} is not available yet.")
        return self.read(table, AgentSettings, f"agents.{name}.")

    def _table(self, key: str, value: Any) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            raise ConfigError(f"{self._place(key)} is a table, not a value.", f"Write [{key}].")
        return cast("Mapping[str, Any]", value)

    def _decode(self, type_: type, value: object) -> object:
        if type_ is Path and isinstance(value, str | Path):
            return self.folder / Path(value).expanduser()
        if type_ is Secret and isinstance(value, str | Secret):
            return value if isinstance(value, Secret) else Secret(value)
        raise msgspec.ValidationError(f"Expected a text, got `{type(value).__name__}`")

    def _unknown(self, name: str, key: str, known: Iterable[str]) -> ConfigError:
        if name.partition(".")[0] in _LATER:
            return ConfigError(f"{self._place(name)} is not available yet.")
        nearest = difflib.get_close_matches(key, known, 1)
        near = self._place(name.removesuffix(key) + nearest[0]) if nearest else ""
        hint = f"Did you mean {near}?" if near else "docs/reference/settings.md lists them all."
        return ConfigError(f"{self._place(name)}: there is no such setting.", hint)

    def _place(self, key: str) -> str:
        if not self.strict:
            return "LANEWAY_" + key.replace(".", "__").upper()
        return f"--{key.replace('_', '-')}" if self.name == "--" else f"{self.name}: {key}"


def toml(path: Path) -> dict[str, Any]:
    """The tree that a settings file holds."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}.", "Check --config.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}.", "The file is TOML: https://toml.io") from error


def variables(environ: Mapping[str, str]) -> dict[str, Any]:
    """`LANEWAY_PORT` is `port`, `LANEWAY_LIMITS__TURNS` is `limits.turns`."""
    tree: dict[str, Any] = {}
    for name, value in environ.items():
        if not name.startswith("LANEWAY_") or name in CLIENT_VARIABLES:
            continue
        *sections, key = name.removeprefix("LANEWAY_").lower().split("__")
        place = tree
        for section in sections:
            place = place.setdefault(section, {})
        place[key] = value
    return tree
