"""Names after an "@" in a text. Pure."""

import re
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

# An "@" inside a word belongs to an address or a handle elsewhere, not to anybody here.
_AT = re.compile(r"(?<![\w@.])@(?=\S)")


# Nobody names more in one message; every further sign would be looked at in the transaction that accepts it.
MOST = 1000


def named(text: str, names: Mapping[str, T]) -> list[T]:
    """Who is named, each once, in the order of the text. The longest name that fits wins; case does not count.

    `names` are in casefold; a name may hold spaces. Only the first `MOST` signs are looked at, each as often as there are names of
    different lengths that begin like it.
    """
    if "@" not in text or not names:
        return []
    folded = text.casefold()
    lengths = _lengths(names)
    found: list[T] = []
    for at in islice(_AT.finditer(folded), MOST):
        start = at.end()
        for length in lengths.get(folded[start], ()):
            who = names.get(folded[start : start + length])
            if who is not None and not _goes_on(folded[start + length : start + length + 1]):
                if who not in found:
                    found.append(who)
                break
    return found


def _lengths(names: Iterable[str]) -> dict[str, list[int]]:
    """How long the names are that begin with a letter, the longest first."""
    lengths: dict[str, set[int]] = {}
    for name in names:
        if name:
            lengths.setdefault(name[0], set()).add(len(name))
    return {first: sorted(found, reverse=True) for first, found in lengths.items()}


def _goes_on(following: str) -> bool:
    """Is the name only the beginning of a longer word?"""
    return following.isalnum() or following == "_"
