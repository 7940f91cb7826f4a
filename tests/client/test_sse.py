import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laneway.client import sse
from laneway.client.sse import Frame, FrameReader, FrameTooLarge

TRICKY = st.text(st.sampled_from("\r\n\u2028\u2029\u0085\v\f\x1c\x00:a é😀"), max_size=20)


@given(st.lists(TRICKY, max_size=6), st.sampled_from(["\n", "\r", "\r\n"]), st.data())
def test_a_stream_cut_anywhere_gives_the_frames_that_were_sent(texts: list[str], end: str, data: st.DataObject):
    # One JSON object on one line, as the server sends it: what separates lines for Unicode does not here.
    sent = [Frame(str(number), "said", json.dumps(text, ensure_ascii=False)) for number, text in enumerate(texts, 1)]
    lines = [f"id: {each.id}{end}event: {each.event}{end}data: {each.data}{end}{end}" for each in sent]
    whole = "".join(lines).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=8)))
    reader = FrameReader()

    read = [
        frame
        for start, stop in zip([0, *cuts], [*cuts, len(whole)], strict=True)
        for frame in reader.feed(whole[start:stop])
    ]

    assert read == sent


@pytest.mark.parametrize(
    ("wire", "frames"),
    [
        (b": keep-alive\n\n", []),
        (b"data\n\n", [Frame("", "message", "")]),
        (b"data: a\ndata: b\n\n", [Frame("", "message", "a\nb")]),
        (b"id: 7\ndata: a\n\ndata: b\n\n", [Frame("7", "message", "a"), Frame("7", "message", "b")]),
        (b"id: 7\n\ndata: a\n\n", [Frame("7", "message", "a")]),
        (b"id: 7\x00\ndata: a\n\n", [Frame("", "message", "a")]),
        (b"event: x\n\ndata: a\n\n", [Frame("", "message", "a")]),
        (b"\xef\xbb\xbfdata:a\n\n", [Frame("", "message", "a")]),
        (b"data:  two\n\n", [Frame("", "message", " two")]),
        (b"retry: 10\nnonsense: x\ndata: a\n\n", [Frame("", "message", "a")]),
        (b"data: unfinished\n", []),
    ],
)
def test_a_frame_is_read_as_the_standard_says(wire: bytes, frames: list[Frame]):
    assert FrameReader().feed(wire) == frames


def test_a_frame_without_end_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sse, "MAX_FRAME", 100)
    reader = FrameReader()
    for _ in range(11):
        reader.feed(b"data: 123\n")

    with pytest.raises(FrameTooLarge):
        reader.feed(b"data: 123")
