import pytest
from hypothesis import given
from hypothesis import strategies as st

from laneway.cli.line import Act, Entered, Line


def entered(*keys: str) -> list[str]:
    line = Line()
    return [act.text for each in keys for act in line.type(each) if isinstance(act, Entered)]


@pytest.mark.parametrize(
    ("keys", "texts"),
    [
        ("hello\r", ["hello"]),
        ("one\rtwo\r", ["one", "two"]),
        ("   \r", []),
        ("helo\x1b[Dl\r", ["hello"]),
        ("hellp\x7fo\r", ["hello"]),
        ("xhello\x01\x1b[3~\r", ["hello"]),
        ("world\x1b[Hhello \x1b[F!\r", ["hello world!"]),
        ("wrong\x15right\r", ["right"]),
        ("one two\x17three\r", ["one three"]),
        ("two\x1b\rlines\r", ["two\nlines"]),
        ("first\r\x1b[A!\r", ["first", "first!"]),
        ("first\r\x1b[A\x1b[Bnew\r", ["first", "new"]),
        ("\x1b[200~a\r\nb\rc\x1b[201~\r", ["a\nb\nc"]),
        ("tab\x07\x1b[15~\x1bx\r", ["tab"]),
        ("gr\u00fc\u00df\U0001f600\r", ["gr\u00fc\u00df\U0001f600"]),
    ],
)
def test_keys_become_messages(keys: str, texts: list[str]):
    assert entered(keys) == texts


@given(
    st.lists(st.sampled_from(["a", "\x1b[D", "\x1b[A", "\x7f", "\x1b[3~", "\x1b[200~x\ry\x1b[201~", "\r"])), st.data()
)
def test_it_does_not_matter_how_the_terminal_cuts_what_it_sends(keys: list[str], data: st.DataObject):
    whole = "".join(keys) + "\r"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=6)))

    pieces = [whole[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(whole)], strict=True)]

    assert entered(*pieces) == entered(whole)


def test_ctrl_d_leaves_only_an_empty_line():
    line = Line()

    assert list(line.type("x\x04")) == []
    assert list(line.type("\x7f\x04")) == [Act.LEAVE]


def test_what_is_asked_for_is_done_before_the_next_key_counts():
    line = Line()
    entered: list[str] = []

    for act in line.type("half\x03whole\r"):
        if isinstance(act, Entered):
            entered.append(act.text)
        else:
            line.clear()

    assert entered == ["whole"]
