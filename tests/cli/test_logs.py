import io
import json
import logging
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO, TypeVar

import pytest
import structlog

from laneway.runtime.logs import Redactor, use_logging, write_json

log = structlog.get_logger("test")
Stream = TypeVar("Stream", bound=TextIO)


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    with logging_to(io.StringIO()) as out:
        yield out


@contextmanager
def logging_to(out: Stream) -> Generator[Stream]:
    root = logging.getLogger()
    handlers, level, hook = root.handlers[:], root.level, threading.excepthook
    write_json(Redactor(["hush-hush"]), out)
    try:
        yield out
    finally:
        structlog.reset_defaults()
        root.handlers[:], root.level, threading.excepthook = handlers, level, hook


@pytest.mark.parametrize("text", ["a\nb", "a\r\n{}", "\x1b[31mred", "a\u2028b\u0085c", "\x00", "%s {} ${jndi:x}"])
def test_a_text_cannot_start_a_record_of_its_own(lines: io.StringIO, text: str):
    log.info("said", text=text)

    written = lines.getvalue()

    assert written.count("\n") == 1
    assert written.isascii()
    assert all(character.isprintable() for character in written.rstrip("\n"))
    assert json.loads(written)["text"] == text


def test_a_thread_that_ends_with_an_exception_is_one_record(lines: io.StringIO):
    def fail() -> None:
        raise RuntimeError("hush-hush\nand more")

    thread = threading.Thread(target=fail, name="of-a-library")
    thread.start()
    thread.join()

    (record,) = map(json.loads, lines.getvalue().splitlines())
    assert (record["event"], record["thread"]) == ("thread ended", "of-a-library")
    assert "RuntimeError: [hidden]" in record["exception"]


@pytest.mark.parametrize(
    "text",
    [
        "the key is hush-hush, is it not",
        "Authorization: Bearer abcdefgh12345678",
        "sk-proj-abcdefghijklmnop",
        "https://example.test/?token=abcdefgh&x=1",
    ],
)
def test_no_secret_reaches_a_record(lines: io.StringIO, text: str):
    log.info("said", text=text, nested={"list": [text], text: 1})
    logging.getLogger("library").warning("%s", text)

    written = lines.getvalue()

    assert written.count("[hidden]") == 4
    assert not any(secret in written for secret in ("hush-hush", "abcdefgh"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk here that is always full")
def test_a_log_that_cannot_be_written_stops_nobody():
    reached = False

    with suppress(OSError), open("/dev/full", "w") as full, logging_to(full):
        log.info("said")
        logging.getLogger("library").warning("said")
        reached = True

    assert reached


def test_an_exception_is_one_line_without_local_variables(lines: io.StringIO):
    try:
        password = "p" * 12
        raise ValueError(f"refused hush-hush {len(password)}")
    except ValueError:
        log.exception("broke")

    record = json.loads(lines.getvalue())

    assert "ValueError: refused [hidden] 12" in record["exception"]
    assert "pppp" not in lines.getvalue()


def test_an_embedded_program_keeps_its_own_logging(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
):
    structlog.reset_defaults()
    use_logging(Redactor(["hush-hush"]))

    with caplog.at_level(logging.WARNING):
        log.warning("said", text="hush-hush")
    structlog.reset_defaults()

    assert "said" in caplog.text
    assert "hush-hush" not in caplog.text
    assert capsys.readouterr().out == ""
