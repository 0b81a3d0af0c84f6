"""One line of the doctor's: what was looked at, how it stands, and what to do about it."""

from typing import Literal, NamedTuple

from chatplatform.kernel import logs

Level = Literal["ok", "warning", "broken"]


class Finding(NamedTuple):
    """`fix` is one sentence that says what to do; empty where nothing is to be done."""

    name: str
    level: Level
    words: str
    fix: str = ""


def ok(name: str, words: str) -> Finding:
    return Finding(name, "ok", logs.harmless(words))


def warning(name: str, words: str, fix: str) -> Finding:
    return Finding(name, "warning", logs.harmless(words), fix)


def broken(name: str, words: str, fix: str) -> Finding:
    return Finding(name, "broken", logs.harmless(words).replace("\n", " "), fix)


def clock(name: str, difference_s: float) -> Finding:
    """How far another host's clock is from ours. Order never depends on it; times that people read do."""
    if abs(difference_s) > 2:
        words = f"its clock differs from this host's by {difference_s:+.1f} s"
        return warning(name, words, "Let both hosts set their clocks by NTP (chrony or systemd-timesyncd).")
    return ok(name, f"its clock agrees with this host's within {max(0.1, abs(difference_s)):.1f} s")
