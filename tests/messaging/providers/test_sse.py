"""The splitter gives the same events however the bytes are cut, and never keeps more than it should."""

import itertools
import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messaging.providers.base import Finished, ProviderError, ReasoningDelta, TextDelta
from messaging.providers.failures import Failures
from messaging.providers.reading import Reader
from messaging.providers.sse import MAX_LINE_BYTES, SseError, SseEvent, SseSplitter

GOLDEN = Path(__file__).parent / "golden"
EXPECTED = json.loads((GOLDEN / "expected.json").read_text())
NAMES = sorted(EXPECTED)


def events_of(*chunks: bytes) -> list[SseEvent]:
    splitter = SseSplitter()
    return [event for chunk in chunks for event in splitter.feed(chunk)]


def feed_all(splitter: SseSplitter, pieces: Iterable[bytes]) -> None:
    for piece in pieces:
        list(splitter.feed(piece))


def read(events: list[SseEvent]) -> tuple[str, str, Finished]:
    reader = Reader(Failures("Harbour"), "Skipper")
    heard = [e for event in events for e in reader.take(event)]
    text = "".join(e.text for e in heard if isinstance(e, TextDelta))
    thoughts = "".join(e.text for e in heard if isinstance(e, ReasoningDelta))
    return text, thoughts, reader.end()


def test_every_golden_stream_has_its_expectation() -> None:
    assert [file.stem for file in sorted(GOLDEN.glob("*.sse"))] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_golden_stream_reads_as_expected(name: str) -> None:
    text, thoughts, finished = read(events_of((GOLDEN / f"{name}.sse").read_bytes()))
    wanted = EXPECTED[name]
    usage = finished.usage
    counts = None if usage is None else [usage.tokens_in, usage.tokens_out, usage.tokens_cached]
    assert (text, thoughts, finished.reason, counts) == (
        wanted["text"], wanted["thoughts"], wanted["reason"], wanted["usage"],
    )  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_cut_at_any_byte_changes_nothing(name: str) -> None:
    whole = (GOLDEN / f"{name}.sse").read_bytes()
    wanted = events_of(whole)
    assert wanted
    for cut in range(len(whole) + 1):
        assert events_of(whole[:cut], whole[cut:]) == wanted, cut


@pytest.mark.parametrize("name", NAMES)
def test_byte_by_byte_changes_nothing(name: str) -> None:
    whole = (GOLDEN / f"{name}.sse").read_bytes()
    assert events_of(*(whole[i : i + 1] for i in range(len(whole)))) == events_of(whole)


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_any_cuts_of_any_golden_stream_change_nothing(data: st.DataObject) -> None:
    whole = (GOLDEN / f"{data.draw(st.sampled_from(NAMES))}.sse").read_bytes()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=30)))
    edges = [0, *cuts, len(whole)]
    chunks = [whole[a:b] for a, b in itertools.pairwise(edges)]
    assert events_of(*chunks) == events_of(whole)


_PIECES = st.sampled_from(
    [
        b"data: ",
        b"data:",
        b"event: error",
        b":",
        b"\n",
        b"\r",
        b"\r\n",
        b"x",
        b"\xe2\x80\xa8",
        b"\xef\xbb\xbf",
        b"\xff",
        b"id",
    ]
)


@given(st.lists(_PIECES, max_size=40), st.lists(st.integers(0, 120), max_size=12))
@settings(max_examples=400, deadline=None)
def test_any_bytes_split_alike_whole_and_cut(pieces: list[bytes], cuts: list[int]) -> None:
    whole = b"".join(pieces)
    edges = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    assert events_of(*(whole[a:b] for a, b in itertools.pairwise(edges))) == events_of(whole)


@given(st.binary(max_size=300))
def test_the_reader_raises_nothing_but_provider_errors(data: bytes) -> None:
    with suppress(ProviderError):
        read(events_of(b"data: " + data + b"\n\n"))


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_lines_end_with_lf_cr_and_crlf_alone(end: bytes) -> None:
    stream = end.join([b"data: a\xe2\x80\xa8b\xc2\x85c\x0bd", b"data: e", b"", b""])
    assert [event.data for event in events_of(stream)] == [b"a\xe2\x80\xa8b\xc2\x85c\x0bd\ne"]


def test_comments_and_empty_events_say_nothing() -> None:
    splitter = SseSplitter()
    assert not list(splitter.feed(b": ping\n\n:\n\nevent: x\n\n"))
    assert splitter.comments == 2


def test_an_event_that_the_end_cut_off_is_dropped() -> None:
    assert events_of(b"data: whole\n\ndata: half\n") == [SseEvent("message", b"whole")]


def test_an_endless_line_is_an_error_and_not_memory() -> None:
    splitter = SseSplitter()
    pieces = itertools.repeat(b"x" * 65536, 100)
    with pytest.raises(SseError):
        feed_all(splitter, pieces)
    assert len(splitter._line) <= MAX_LINE_BYTES


def test_an_endless_event_is_an_error() -> None:
    splitter = SseSplitter()
    lines = itertools.repeat(b"data: " + b"x" * 1000 + b"\n", 2 * MAX_LINE_BYTES // 1000)
    with pytest.raises(SseError):
        feed_all(splitter, lines)


TEXT = b'{"choices":[{"index":0,"delta":{"content":"words"}}]}'
STOP = b'{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}'


def answer_of(*frames: bytes) -> str:
    return read([SseEvent("message", frame) for frame in frames])[0]


@pytest.mark.parametrize(
    "frame",
    [
        TEXT[:-9],
        b'{"choices":[{"delta":{"content":7}}]}',
        b'{"choices":"words"}',
        b'{"choices":[{"delta":{"content":"\xff"}}]}',
    ],
)
def test_a_frame_that_may_have_held_words_breaks_the_answer(frame: bytes) -> None:
    """Left out, it would be a hole that nobody sees."""
    with pytest.raises(ProviderError, match="part of the answer that cannot be read") as raised:
        answer_of(TEXT, frame, TEXT, STOP)
    assert (raised.value.kind, raised.value.retryable) == ("bad_response", True)
    assert answer_of(TEXT, STOP, frame) == "words", "after the finish nothing can be missing"


@pytest.mark.parametrize(
    "frame", [b"ping", b"[]", b"7", b'{"choices":[],"usage":"many"}', b'{"usage":{"prompt_tokens":1.5}}']
)
def test_a_frame_that_held_no_words_is_passed_over(frame: bytes) -> None:
    assert answer_of(TEXT, frame, TEXT, STOP) == "wordswords"
    with pytest.raises(ProviderError, match="in a form that cannot be read"):
        answer_of(TEXT, *[frame] * 6, STOP)
