import io
import sys

import pytest

from laneway.cli import show
from laneway.domain.errors import Busy


@pytest.mark.parametrize("text", ["\x1b[2J", "\x1b]0;title\x07", "a\rb", "\x9b1m", "\u202eabc", "\u2066x", "\x00"])
def test_text_from_outside_cannot_command_the_terminal(text: str):
    shown = show.plain(text)

    assert not any(character in shown for character in "\x1b\x07\r\x9b\u202e\u2066\x00")


def test_text_keeps_its_lines_and_letters():
    assert show.plain("one\n\ttwo é 😀") == "one\n\ttwo é 😀"


def test_text_for_a_file_is_not_changed(monkeypatch: pytest.MonkeyPatch):
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)

    show.say("\x1b[2J")

    assert out.getvalue() == "\x1b[2J\n"


def test_json_is_one_ascii_line(capsys: pytest.CaptureFixture[str]):
    show.as_json({"text": "a\u2028b\né"})

    assert capsys.readouterr().out == '{"text":"a\\u2028b\\n\\u00e9"}\n'


def test_an_error_says_what_and_what_to_do(capsys: pytest.CaptureFixture[str]):
    show.tell(Busy("The thread [red]runs\na turn.", "Stop it [bold]first."))

    told = capsys.readouterr().err
    assert told == "laneway: The thread [red]runs a turn.\n  Stop it [bold]first.\n"
