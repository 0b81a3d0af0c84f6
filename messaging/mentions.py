"""Names after an "@" in a text. Pure."""

import re
from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")

# An "@" inside a word belongs to an address or a handle elsewhere, not to anybody here.
_AT = re.compile(r"(?<![\w@.])@(?=\S)")


def named(text: str, names: Mapping[str, T]) -> list[T]:
    """Who is named, each once, in the order of the text. The longest name that fits wins; case does not count.

    `names` are in casefold; a name may hold spaces.
    """
    if "@" not in text or not names:
        return []
    folded = text.casefold()
    longest_first = sorted((name for name in names if name), key=len, reverse=True)
    found: list[T] = []
    for at in _AT.finditer(folded):
        rest = folded[at.end() :]
        for name in longest_first:
            if rest.startswith(name) and not _goes_on(rest[len(name) :]):
                if names[name] not in found:
                    found.append(names[name])
                break
    return found


def _goes_on(rest: str) -> bool:
    """Is the name only the beginning of a longer word?"""
    return bool(rest) and (rest[0].isalnum() or rest[0] == "_")
