"""Short texts that people give to things: names, titles, notes.

They stand in lists, mails and logs beside trusted words, so they are one line, in one normal form, without
characters that are invisible or that turn the direction of what follows (Unicode TR 36, 3.2).
"""

import unicodedata

from chatplatform.kernel.errors import Invalid

_JOINERS = {"\u200c", "\u200d"}  # Persian, Indic scripts and emoji need them


def one_line(text: str) -> str:
    """The text in NFC on one line: runs of space become one, control and format characters go."""
    kept = (
        c if c in _JOINERS or unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} else _space(c)
        for c in unicodedata.normalize("NFC", text)
    )
    return " ".join("".join(kept).split())


def _space(character: str) -> str:
    return " " if character.isspace() or unicodedata.category(character) in {"Zl", "Zp"} else ""


def name(text: str, limit: int, what: str = "name") -> str:
    """A name that says something, at most `limit` characters; Invalid otherwise."""
    clean = one_line(text)
    if not any(c.isprintable() and c not in _JOINERS for c in clean):
        raise Invalid(f"Give it a {what}.", "name_missing", field=what)
    return short(clean, limit, what)


def short(text: str, limit: int, what: str) -> str:
    """A text that may be empty, at most `limit` characters; Invalid otherwise."""
    clean = one_line(text)
    if len(clean) > limit:
        raise Invalid(f"The {what} has {len(clean)} characters; {limit} is the most.", "too_long", field=what)
    return clean
