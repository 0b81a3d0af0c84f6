"""Counting what people do: the window moves, keys do not mix, and the refusal says when to come back."""

import threading
from collections.abc import Iterator

import pytest

from chatplatform.kernel import limits
from chatplatform.kernel.errors import TooMany


@pytest.fixture(autouse=True)
def _nothing_counted() -> Iterator[None]:
    limits.reset()
    yield
    limits.reset()


def test_refusal_says_when_to_come_back() -> None:
    for left in (2, 1, 0):
        limits.hit("make", "alice", "3/minute")
        assert limits.left("make", "alice", "3/minute") == left
    with pytest.raises(TooMany) as refusal:
        limits.hit("make", "alice", "3/minute")
    assert 59 <= refusal.value.data["retry_after_s"] <= 60
    assert refusal.value.message == "That was a lot at once. Try again in 60 s."


def test_people_and_purposes_do_not_mix() -> None:
    limits.hit("make", "alice", "1/minute")
    limits.hit("make", "bob", "1/minute")
    limits.hit("send", "alice", "1/minute")
    with pytest.raises(TooMany):
        limits.hit("make", "alice", "1/minute")


def test_window_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    at = time.time()
    monkeypatch.setattr(time, "time", lambda: at)
    limits.hit("make", "alice", "1/minute")
    at += 61
    limits.hit("make", "alice", "1/minute")


def test_cleared_key_begins_anew() -> None:
    limits.hit("make", "alice", "1/minute")
    limits.clear("make", "alice", "1/minute")
    limits.hit("make", "alice", "1/minute")


def test_many_at_once_are_all_counted() -> None:
    passed: list[int] = []

    def try_often() -> None:
        for _ in range(10):
            try:
                limits.hit("make", "alice", "20/minute")
            except TooMany:
                continue
            passed.append(1)

    threads = [threading.Thread(target=try_often) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(passed) == 20


@pytest.mark.parametrize(("rate", "words"), [("1/second", "1 s"), ("1/hour", "60 minutes"), ("1/day", "24 hours")])
def test_waiting_time_is_spoken_in_fitting_units(rate: str, words: str) -> None:
    limits.hit("make", "alice", rate)
    with pytest.raises(TooMany) as refusal:
        limits.hit("make", "alice", rate)
    assert refusal.value.message.endswith(f" in {words}.")
