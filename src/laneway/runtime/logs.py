"""Logs: one JSON record a line, without secrets. Text from outside can neither start a record nor fake one."""

import logging
import re
import sys
import threading
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from contextlib import suppress
from typing import Any, TextIO, cast

import structlog
from structlog.typing import Processor

HIDDEN = "[hidden]"
SHORTEST = 6
"""A shorter text would hide half of every record without protecting anything."""

_CREDENTIALS = re.compile(
    r"(?P<before>\b(?:bearer|basic)\s+)[\w.~+/=-]{8,}"  # Authorization headers
    r"|\b(?:sk|pk|lw|lwk|xox[abp]|gh[pousr])[-_][\w-]{16,}"  # keys that say what they are, ours included
    r"|(?P<named>\b(?:api_?key|token|secret|password)[\"']?\s*[=:]\s*[\"']?)[^\s\"'&,}]{6,}",
    re.IGNORECASE,
)


class Redactor:
    """Takes every registered secret, and whatever looks like a credential, out of texts."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: set[str] = set()
        for secret in secrets:
            self.register(secret)

    def register(self, secret: str) -> None:
        """Hide this text wherever it turns up from now on."""
        if len(secret) >= SHORTEST:
            self._secrets.add(secret)

    def clean(self, text: str) -> str:
        """The text without secrets."""
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, HIDDEN)
        return _CREDENTIALS.sub(_hide, text)

    def __call__(self, logger: object, method: str, record: MutableMapping[str, Any]) -> Mapping[str, Any]:
        """Clean a record, keys and nested values too: this is a processor of structlog."""
        return cast("Mapping[str, Any]", self._cleaned(record))

    def _cleaned(self, value: object) -> object:
        match value:
            case str():
                return self.clean(value)
            case None | bool() | int() | float():
                return value
            case Mapping():
                pairs = cast("Mapping[object, object]", value)
                return {self.clean(str(key)): self._cleaned(each) for key, each in pairs.items()}
            case list() | tuple() | set() | frozenset():
                return [self._cleaned(each) for each in cast("Sequence[object]", value)]
            case _:
                return self.clean(repr(value))


def write_json(redactor: Redactor, stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send every record of this process, those of libraries too, to `stream` (stderr): one JSON object a line."""
    # It is what the two loggers use of a file, and no more.
    out = cast("TextIO", _Unhindered(stream or sys.stderr))
    to_text: list[Processor] = [redactor, structlog.processors.JSONRenderer(sort_keys=False)]
    structlog.configure(
        processors=[*_facts(), *to_text],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *to_text],
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *_facts()],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(level, logging.WARNING), force=True)
    threading.excepthook = _tell_of_thread


def _tell_of_thread(ended: threading.ExceptHookArgs) -> None:
    """A thread of a library's that ends with an exception is a record, not lines of their own."""
    fault = ended.exc_value or ended.exc_type()
    structlog.get_logger(__name__).error("thread ended", thread=getattr(ended.thread, "name", None), exc_info=fault)


class _Unhindered:
    """A stream that takes everything. What it cannot write is lost: the work that a record tells of has been done, and
    a full disk under the log must not make it look as if it had not."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


def use_logging(redactor: Redactor) -> None:
    """Hand records to the host program's `logging`, unless it has set up structlog: a library prints nothing."""
    if structlog.is_configured():
        return
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.format_exc_info,
            redactor,
            structlog.processors.KeyValueRenderer(key_order=["event"]),
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _facts() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        # As text: the structured form carries local variables, and with them whatever they hold.
        structlog.processors.format_exc_info,
    ]


def _hide(match: re.Match[str]) -> str:
    return (match["before"] or match["named"] or "") + HIDDEN
