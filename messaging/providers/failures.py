"""From what a provider says went wrong to a ProviderError: its kind, words for people, and whether it may pass.

The provider's own words are cleaned before they go anywhere: our key taken out, control characters too, and cut.
"""

import email.utils
import re
from collections.abc import Mapping

from chatplatform.kernel.clock import now
from messaging.providers.base import ProviderError
from messaging.providers.wire import ErrorIn
from messaging.types import ErrorKind

MAX_DETAIL = 500
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]+")
# What looks like a credential of anybody: providers like to repeat the key they refuse, often shortened.
_CREDENTIAL = re.compile(
    r"(?i)\bbearer\s+\S+|\b(?:sk|pk|rk|gsk|xai|key|csk)[-_][A-Za-z0-9*._-]{6,}|\bAIza[A-Za-z0-9_*-]{10,}"
    r"|(?<=key provided: )\S+|://[^/\s@]+@"
)
_CONTEXT = re.compile(
    r"(?i)context[ _](?:length|size|window)|maximum context|too many tokens|prompt is too long|exceed_context"
    r"|input is too long|tokens? exceeds?|longer than the model"
)
_POLICY = re.compile(r"(?i)content[ _-]?(?:policy|filter|management)|moderation|flagged|safety")
_QUOTA = re.compile(r"(?i)insufficient[_ ](?:quota|credit|balance|funds)|exceeded your current quota|billing|payment")
_KEY = re.compile(r"(?i)api[ _]key not valid|invalid[ _]api[ _]key|incorrect api key|api key expired")
_NO_MODEL = re.compile(r"(?i)model[_ ]not[_ ]found|no such model|model .{0,200}(?:does not exist|not found|not exist)")

# The words of an error inside the stream, where no HTTP status tells: to the status it would have had.
_WORDS: tuple[tuple[re.Pattern[str], int], ...] = (
    (re.compile(r"(?i)overloaded|capacity|unavailable"), 529),
    (re.compile(r"(?i)rate[_ ]?limit|too many requests|resource_exhausted"), 429),
    (re.compile(r"(?i)authentication|invalid[_ ]api[_ ]key|permission|unauthor"), 401),
    (re.compile(r"(?i)timed? ?out|deadline"), 504),
    (re.compile(r"(?i)invalid_request|bad ?request|invalid_argument"), 400),
    (re.compile(r"(?i)server_error|internal|api_error"), 500),
)


REMEDY = "An admin can put a new one under Settings, Models."


class Failures:
    """Speaks of one provider's failures; knows its key only to take it out."""

    def __init__(self, provider_name: str, key: str = "", remedy: str = REMEDY) -> None:
        self._name = provider_name
        self._key = key
        self._remedy = remedy

    def clean(self, text: str) -> str:
        """The text in one line, without keys, cut."""
        if len(self._key) >= 4:
            text = text.replace(self._key, "…")
        text = _CREDENTIAL.sub("…", _CONTROL.sub(" ", text[: 8 * MAX_DETAIL])).strip()
        return text if len(text) <= MAX_DETAIL else text[: MAX_DETAIL - 1] + "…"

    def of_status(self, status: int, error: ErrorIn, model: str, retry_after_s: float | None = None) -> ProviderError:
        """Say what an HTTP status, with the body's own words, means."""
        said = " ".join(str(part) for part in (error.message, error.type, error.code) if part)
        detail = self.clean(error.message or error.type or f"HTTP {status}")
        kind, message, retryable = self._meaning(status, said, model)
        return ProviderError(
            kind, message, retryable=retryable, retry_after_s=retry_after_s, status=status, detail=detail
        )

    def of_stream(self, error: ErrorIn, model: str) -> ProviderError:
        """Say what an error inside the stream means. Its code is often an HTTP status."""
        said = " ".join(str(part) for part in (error.type, error.code, error.message) if part)
        code = str(error.code or "")
        status = int(code) if re.fullmatch(r"[45][0-9]{2}", code) else 0
        if not status:
            status = next((meant for words, meant in _WORDS if words.search(said)), 500)
        return self.of_status(status, error, model)

    def _meaning(self, status: int, said: str, model: str) -> tuple[ErrorKind, str, bool]:
        return self._by_words(status, said, model) or self._by_status(status, model)

    def _by_words(self, status: int, said: str, model: str) -> tuple[ErrorKind, str, bool] | None:
        """Where one status means several things, the body's words tell which."""
        name = self._name
        if status in {400, 413, 422} and _CONTEXT.search(said):
            return "context_too_long", f"This thread is longer than {model} can read. Ask a larger model.", False
        if status in {400, 403, 422} and _POLICY.search(said):
            return "refused", f"{name} refuses to answer this.", False
        if status == 402 or (status in {403, 429} and _QUOTA.search(said)):
            return "rate_limit", f"{name} says that the account has no credit left.", False
        if status == 400 and _KEY.search(said):
            return self._by_status(401, model)
        if status == 400 and _NO_MODEL.search(said):
            return "gone", f"{name} does not know the model {model}.", False
        return None

    def _by_status(self, status: int, model: str) -> tuple[ErrorKind, str, bool]:
        name = self._name
        if status in {401, 403}:
            return "auth", f"{name} refuses the key. {self._remedy}", False
        if status == 404:
            return "gone", f"{name} does not know the model {model}.", False
        if status == 429:
            return "rate_limit", f"{name} is at its limit for this minute.", True
        if status in {408, 504, 524}:
            return "timeout", f"{name} took too long to answer.", True
        if status >= 500:
            return "overloaded", f"{name} cannot answer right now.", True
        if 300 <= status < 400:
            return "bad_response", f"{name} sends its askers to another address. Enter that address instead.", False
        return "refused", f"{name} refuses the request.", False

    def unreachable(self, error: Exception) -> ProviderError:
        return ProviderError(
            "unreachable", f"{self._name} cannot be reached.", retryable=True,
            detail=self.clean(f"{type(error).__name__}: {error}"),
        )  # fmt: skip

    def broken(self, words: str, detail: str = "", *, retryable: bool = True) -> ProviderError:
        """The answer was none, or broke off."""
        return ProviderError("bad_response", f"{self._name} {words}", retryable=retryable, detail=self.clean(detail))

    def silent(self, seconds: float, detail: str) -> ProviderError:
        return ProviderError(
            "timeout", f"{self._name} has been silent for {seconds:g} s. Stopped.", retryable=True, detail=detail
        )


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds until the provider wants to be asked again: RFC 9110 10.2.3, and `retry-after-ms`."""
    if re.fullmatch(r"[0-9]{1,12}", in_ms := headers.get("retry-after-ms", "").strip()):
        return int(in_ms) / 1000
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}(?:\.[0-9]{1,6})?", value):
        return float(value)
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return max(0.0, (moment - now()).total_seconds())
