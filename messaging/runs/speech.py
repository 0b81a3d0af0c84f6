"""What a model says, made fit to be shown as it streams. Pure state machines: text in, text out.

`Plain` drops leading space and what no database keeps. `OwnWords` also keeps a speaker in a
conversation to its own part: small models write "Ada:" before their words and then go on as the others.
"""

import re
from collections.abc import Iterable
from typing import Protocol

HOLD = 40  # characters held back at the start until it is clear that they are no name
HOLD_TAG = 120  # the same for a mark, which holds a name
_NAMED = re.compile(r"[:\n][*_\s]*[^*_\s]")  # the first words after what may have been a name
_ORNAMENT = re.compile(r"[ \t\r\n*_>]*")  # what may stand before a line's first word
_TAG = re.compile(r"<msg\b[^>]*>\s*", re.IGNORECASE)


class Speech(Protocol):
    is_cut: bool  # it began to speak as somebody else: nothing more is wanted

    def feed(self, text: str) -> str:
        """What of the words so far can be shown now and was not yet."""

    def rest(self) -> str:
        """What was held back, when the model has ended."""


def clean(text: str) -> str:
    """Without NUL, which PostgreSQL refuses, and lone surrogates, which UTF-8 has no place for."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


class Plain:
    is_cut = False

    def __init__(self) -> None:
        self._has_begun = False

    def feed(self, text: str) -> str:
        text = clean(text)
        if not self._has_begun:
            text = text.lstrip()
            self._has_begun = bool(text)
        return text

    def rest(self) -> str:
        return ""


class OwnWords:
    """Shown as it comes, but for the start of a line that may yet become another's name or a tag."""

    def __init__(self, own: str, others: Iterable[str]) -> None:
        self.is_cut = False
        self._plain = Plain()
        self._own = re.compile(rf"[*_]*{re.escape(own)}[*_]*\s*:[*_]*\s*", re.IGNORECASE)
        names = [name.lower() for name in others if name]
        self._marks = (*(f"{n}:" for n in names), *(f"{n}**:" for n in names), "<msg", "</msg")
        self._longest = max(map(len, self._marks))
        self._has_begun = False
        self._is_line_start = False
        self._held = ""

    def feed(self, text: str) -> str:
        if self.is_cut:
            return ""
        self._held += self._plain.feed(text)
        if not self._has_begun:
            self._begin(is_last=False)
        return self._release(is_last=False) if self._has_begun else ""

    def rest(self) -> str:
        if not self._has_begun:
            self._begin(is_last=True)
        return self._release(is_last=True)

    def _begin(self, *, is_last: bool) -> None:
        """Drop the mark and the name in front, once it is sure which characters they are; how the words
        were cut into pieces must make no difference, so only as much is looked at as decides."""
        if self._held.startswith("<"):
            if ">" not in self._held and len(self._held) < HOLD_TAG and not is_last:
                return
            tag = _TAG.match(self._held, 0, HOLD_TAG)
            if tag is not None and tag.end() == len(self._held) and not is_last:
                return
            self._held = self._held[tag.end() :] if tag else self._held
        named = _NAMED.search(self._held)
        decided = min(named.end() if named else HOLD, HOLD)
        if len(self._held) < decided and not is_last:
            return
        self._has_begun = self._is_line_start = True
        if name := self._own.match(self._held, 0, decided):
            self._held = self._held[name.end() :]

    def _release(self, *, is_last: bool) -> str:
        shown: list[str] = []
        held, at = self._held, 0
        while at < len(held) and not self.is_cut:
            if not self._is_line_start:
                end = held.find("\n", at)
                shown.append(held[at:] if end < 0 else held[at:end])
                # The line's end stays with the start of the next, so that nothing dangles when that is cut.
                at, self._is_line_start = (len(held), False) if end < 0 else (end, True)
                continue
            ornament = _ORNAMENT.match(held, at)
            assert ornament is not None  # it matches nothing, too
            begin = ornament.end()
            line = held[begin : begin + self._longest].lower()
            if line.startswith(self._marks):
                self.is_cut = True
            elif not is_last and any(mark.startswith(line) for mark in self._marks):
                break
            else:
                shown.append(held[at : begin + 1])
                at, self._is_line_start = begin + 1, False
        self._held = held[at:]
        return "".join(shown)
