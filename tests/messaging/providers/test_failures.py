"""What providers say went wrong, in their many dialects, comes out as one kind and plain words."""

from datetime import UTC, datetime

import pytest

from messaging.providers.failures import Failures, retry_after_s
from messaging.providers.wire import read_error

SAID = [
    (400, b'{"error":{"message":"This model\'s maximum context length is 8192 tokens.","code":"context_length_exceeded"}}', "context_too_long"),
    (400, b'{"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error"}}', "context_too_long"),
    (413, b'{"message":"Prompt is too long"}', "context_too_long"),
    (400, b'[{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT"}}]', "auth"),
    (401, b'{"detail":"Unauthorized"}', "auth"),
    (403, b'{"error":{"message":"Country not supported"}}', "auth"),
    (403, b'{"error":{"message":"Your input was flagged by moderation"}}', "refused"),
    (402, b'{"error":{"message":"Insufficient credits"}}', "rate_limit"),
    (429, b'{"error":{"message":"You exceeded your current quota","code":"insufficient_quota"}}', "rate_limit"),
    (429, b'{"error":{"message":"Rate limit reached for gpt-5.1"}}', "rate_limit"),
    (404, b'{"error":"model \'x\' not found"}', "gone"),
    (400, b'{"error":{"message":"The model `x` does not exist"}}', "gone"),
    (422, b'{"detail":[{"msg":"field required","loc":["body"]}]}', "refused"),
    (500, b"<html>boom</html>", "overloaded"),
    (520, b"", "overloaded"),
    (408, b"", "timeout"),
    (307, b"", "bad_response"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "kind"), SAID)
def test_a_status_and_its_words_have_one_kind(status: int, body: bytes, kind: str) -> None:
    assert Failures("Harbour").of_status(status, read_error(body), "Skipper").kind == kind


def test_who_can_mend_a_refused_key_is_said() -> None:
    refusal = read_error(b'{"detail":"Unauthorized"}')
    assert "Settings, Models" in Failures("Harbour").of_status(401, refusal, "Skipper").message
    elsewhere = Failures("Harbour", "k", "It comes from the environment: X_API_KEY.")
    assert elsewhere.of_status(401, refusal, "Skipper").message.endswith(
        "the key. It comes from the environment: X_API_KEY."
    )


def test_used_up_credit_is_not_tried_again() -> None:
    error = Failures("Harbour").of_status(429, read_error(SAID[8][1]), "Skipper")
    assert not error.retryable and "no credit left" in error.message


STREAMED = [
    (b'{"error":{"message":"Overloaded","type":"overloaded_error"}}', "overloaded"),
    (b'{"error":{"code":429,"message":"Rate limited upstream"}}', "rate_limit"),
    (b'{"error":{"message":"boom","type":"server_error","code":null}}', "overloaded"),
    (b'{"error":{"message":"bad key","code":"invalid_api_key"}}', "auth"),
    (b'{"object":"error","message":"This model\'s maximum context length is 4096","type":"BadRequestError","code":400}', "context_too_long"),
    (b'{"error":{"code":502,"message":"Provider returned error"}}', "overloaded"),
    (b'{"error":{"message":"deadline exceeded"}}', "timeout"),
    (b'{"error":"something odd"}', "overloaded"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "kind"), STREAMED)
def test_an_error_inside_the_stream_has_the_kind_of_its_status(body: bytes, kind: str) -> None:
    assert Failures("Harbour").of_stream(read_error(body), "Skipper").kind == kind


KEY = "hk_live/abc.DEF-123"


@pytest.mark.parametrize(
    "text",
    [
        f"Incorrect API key provided: {KEY}.",
        f"https://user:{KEY}@host refused",
        f"Authorization: Bearer {KEY}",
        f"\x1b[31m{KEY}\x00\u202e",
    ],
)
def test_our_key_is_taken_out(text: str) -> None:
    said = Failures("Harbour", KEY).clean(text)
    assert KEY not in said and "abc.DEF" not in said and said.isprintable()


@pytest.mark.parametrize(
    "other", ["sk-proj-abcdefghijkl", "AIzaSyA1234567890abcdef", "gsk_abcdefghijklm", "sk-ab***********wxyz"]
)
def test_anybodys_key_is_taken_out(other: str) -> None:
    assert other not in Failures("Harbour").clean(f"The key {other} was refused")


def test_long_words_are_cut() -> None:
    assert len(Failures("Harbour").clean("x" * 10**6)) == 500


def test_retry_after_is_read_in_its_forms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("messaging.providers.failures.now", lambda: datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC))
    assert retry_after_s({"retry-after": "7"}) == 7
    assert retry_after_s({"retry-after": "1.5"}) == 1.5
    assert retry_after_s({"retry-after-ms": "250", "retry-after": "9"}) == 0.25
    assert retry_after_s({"retry-after": "Sat, 21 Nov 2026 12:00:20 GMT"}) == 20
    assert retry_after_s({"retry-after": "Sat, 21 Nov 2026 11:00:20 GMT"}) == 0
    for odd in ("", "soon", "-3", "1e9", "NaN", "²"):
        assert retry_after_s({"retry-after": odd}) is None
        assert retry_after_s({"retry-after-ms": odd}) is None
