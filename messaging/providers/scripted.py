"""What the scripted models say: a pure function of the model's name and the prompt. Nobody thinks here.

Two demo speakers for trying the product out (`ada`, `ben`), and `script?…`, the test double, whose length, pace and
faults are in its name: `script?tokens=400&rate=50&seed=7&fault=stall@120`. See docs/scripted.md.
"""

import hashlib
import random
import re
from collections.abc import Sequence
from urllib.parse import parse_qsl

from msgspec import Struct

from messaging.providers import demo
from messaging.providers.base import ChatMessage

MAX_TOKENS = 100_000
_FAULT = re.compile(r"(?P<kind>[a-z0-9-]+)(?:@(?P<at>[0-9]+))?(?::(?P<value>[0-9.]+))?(?:x(?P<times>[0-9]+))?")
# Answered instead of a stream, with this HTTP status.
STATUS_FAULTS = {
    "401",
    "402",
    "403",
    "404",
    "429",
    "500",
    "502",
    "503",
    "504",
    "529",
    "context",
    "redirect",
    "no-usage-option",
}
STREAM_FAULTS = {
    "error", "vllm-error", "stall", "pings", "cut", "reset", "malformed", "noise", "line", "endless", "separators", "no-usage",
    "slow", "no-headers", "two-choices", "nulls", "after", "html", "cumulative",
}  # fmt: skip


class Fault(Struct, frozen=True):
    """`kind[@at][:value][xtimes]`: after `at` tokens; `value` in seconds or pieces; only the first `times` requests."""

    kind: str
    at: int = 0
    value: float | None = None
    times: int | None = None


class Script(Struct, frozen=True):
    """How one scripted model speaks: tokens in all, tokens a second, seconds before the first, faults."""

    speaker: str
    seed: int
    tokens: int | None = None
    rate: float = 40.0
    first_s: float = 0.0
    name: str = ""
    thoughts: int = 0  # tokens of reasoning before the answer
    faults: tuple[Fault, ...] = ()

    def fault(self, kind: str) -> Fault | None:
        return next((fault for fault in self.faults if fault.kind == kind), None)


class UnknownScriptError(ValueError):
    """The name is none of a scripted model; the words say what is wrong with it."""


def read_name(model: str) -> Script:
    """Read a scripted model's name. Raises UnknownScriptError."""
    speaker, _, query = model.partition("?")
    if speaker in demo.SPEAKERS and not query:
        return Script(speaker, demo.SPEAKERS[speaker].seed, rate=demo.SPEAKERS[speaker].rate, first_s=0.25)
    if speaker != "script":
        raise UnknownScriptError(f"There is no scripted model {speaker!r}.")
    given = dict(parse_qsl(query, keep_blank_values=True))
    try:
        tokens, rate = int(given.pop("tokens", 120)), float(given.pop("rate", 50))
        script = Script(
            "script",
            seed=int(given.pop("seed", 1)),
            tokens=min(tokens, MAX_TOKENS),
            rate=rate,
            first_s=float(given.pop("first", 0)),
            name=given.pop("name", ""),
            thoughts=int(given.pop("thoughts", 0)),
            faults=tuple(_read_fault(text) for text in given.pop("fault", "").split(",") if text),
        )
    except ValueError as error:
        raise UnknownScriptError(f"{model!r}: {error}") from error
    if given or tokens < 0 or rate <= 0:
        raise UnknownScriptError(f"{model!r}: unknown {', '.join(given) or 'value'}.")
    return script


def _read_fault(text: str) -> Fault:
    found = _FAULT.fullmatch(text)
    if found is None or found["kind"] not in STATUS_FAULTS | STREAM_FAULTS:
        raise ValueError(f"no fault {text!r}")
    return Fault(
        found["kind"],
        int(found["at"] or 0),
        float(found["value"]) if found["value"] else None,
        int(found["times"]) if found["times"] else None,
    )


def answer(script: Script, messages: Sequence[ChatMessage]) -> list[str]:
    """Give the whole answer as tokens: the same for the same name and prompt, everywhere."""
    rng = random.Random(f"{script.seed}/{fingerprint(messages)}")  # noqa: S311 - play, not secrecy
    if script.speaker != "script":
        return split(demo.speak(demo.SPEAKERS[script.speaker], messages, rng))
    tokens = _prose(rng, script.tokens or 0)
    if script.fault("separators"):
        tokens = [token + _SEPARATORS[place % 3] if place % 5 == 2 else token for place, token in enumerate(tokens)]
    return tokens


def expected_text(model: str, messages: Sequence[ChatMessage]) -> str:
    """Tell what a scripted model answers when nothing goes wrong: for tests that compare."""
    return "".join(answer(read_name(model), messages))


def fingerprint(messages: Sequence[ChatMessage]) -> str:
    said = "\x1e".join(f"{message.role}\x1f{message.content}" for message in messages)
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def split(text: str) -> list[str]:
    """A text in pieces about as long as a model's tokens: a word and the space after it, long words halved."""
    pieces: list[str] = []
    for word in re.findall(r"\S+\s*|\s+", text):
        pieces += [word[:7], word[7:]] if len(word) > 12 else [word]
    return pieces


_SEPARATORS = ("\u2028", "\u0085", "\u2029")
_PROSE = (
    "the ferry leaves at low water and comes back with the tide while a lamp on the pier counts boats that nobody "
    "wrote down because every table of times is a promise made by people who have seen the weather before and still "
    "plan for wind from the west so we read it twice and keep one copy dry under glass"
)
_WORDS = _PROSE.split()


def _prose(rng: random.Random, count: int) -> list[str]:
    """Exactly `count` tokens of quiet nonsense in sentences, paragraphs and now and then a list."""
    tokens: list[str] = []
    left_in_sentence = 0
    while len(tokens) < count:
        word = rng.choice(_WORDS)
        if left_in_sentence == 0:
            left_in_sentence = rng.randint(6, 16)
            word = word.capitalize()
            if tokens and rng.random() < 0.25:
                tokens[-1] = tokens[-1].rstrip() + "\n\n"
                word = rng.choice(("- ", "- ", "> ", "**Note** ", "")) + word
        left_in_sentence -= 1
        tokens.append(f"{word}. " if left_in_sentence == 0 else f"{word} ")
    if tokens:
        tokens[-1] = tokens[-1].rstrip(". ") + "."
    return tokens
