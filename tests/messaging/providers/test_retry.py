"""When to ask again: a table. When to leave a provider alone: its breaker."""

import pytest

from messaging.providers.base import ProviderError
from messaging.providers.retry import BREAKER_OPEN_S, Breaker, wait_s
from messaging.types import ErrorKind


def error(kind: ErrorKind, retry_after_s: float | None = None, retryable: bool = True) -> ProviderError:
    return ProviderError(kind, "words", retryable=retryable, retry_after_s=retry_after_s)


@pytest.mark.parametrize(
    ("failure", "tries", "wanted"),
    [
        (error("rate_limit", 7), 1, 7),
        (error("rate_limit", 30), 2, 30),
        (error("rate_limit", 31), 1, None),
        (error("overloaded", 2), 2, 2),
        (error("overloaded", 0), 1, 0),
        (error("overloaded"), 1, 0.5),
        (error("overloaded"), 2, 1.0),
        (error("overloaded"), 3, None),
        (error("unreachable"), 1, 0.5),
        (error("bad_response"), 1, 0.5),
        (error("timeout"), 1, None),
        (error("rate_limit", retryable=False), 1, None),
        (error("auth"), 1, None),
        (error("context_too_long"), 1, None),
        (error("refused"), 1, None),
        (error("gone"), 1, None),
    ],
)
def test_a_failure_before_the_first_word_waits_or_gives_up(
    failure: ProviderError, tries: int, wanted: float | None
) -> None:
    assert wait_s(failure, tries, rng=lambda: 0.5) == wanted


def test_nothing_is_tried_again_once_somebody_may_have_read_words() -> None:
    assert wait_s(error("overloaded", 1), 1, saw_text=True) is None


def test_jitter_is_full() -> None:
    assert {wait_s(error("overloaded"), 1, rng=lambda v=v: v) for v in (0.0, 1.0)} == {0.0, 1.0}  # type: ignore[misc]


def test_five_failures_within_thirty_seconds_open_the_breaker() -> None:
    breaker = Breaker()
    for at in range(4):
        breaker.failed(at)
    assert breaker.closed_in_s(4) == 0
    breaker.failed(4)
    assert breaker.closed_in_s(5) == BREAKER_OPEN_S - 1


def test_failures_far_apart_do_not_open_it() -> None:
    breaker = Breaker()
    for at in range(0, 100, 10):
        breaker.failed(at)
    assert not breaker.is_open


def test_one_request_tries_after_the_rest_and_decides() -> None:
    breaker = Breaker()
    for _ in range(5):
        breaker.failed(0)
    assert breaker.closed_in_s(BREAKER_OPEN_S) == 0  # the trial
    assert breaker.closed_in_s(BREAKER_OPEN_S) > 0  # the others wait for it
    breaker.failed(BREAKER_OPEN_S + 1)
    assert breaker.closed_in_s(BREAKER_OPEN_S + 2) == BREAKER_OPEN_S - 1
    assert breaker.closed_in_s(2 * BREAKER_OPEN_S + 1) == 0
    breaker.succeeded()
    assert breaker.closed_in_s(2 * BREAKER_OPEN_S + 1) == 0 and not breaker.is_open
