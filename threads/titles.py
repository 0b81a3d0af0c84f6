"""A thread's first title, taken from its first question."""

import re

from chatplatform.kernel.text import one_line

LONGEST = 80
_MARKS = re.compile(r"^[\s>#*\-+]+|[*_`~]+|!?\[([^\]]*)\]\([^)]*\)")
_FENCE = re.compile(r"^\s*(```|~~~)")
_ADDRESS = re.compile(r"^(@\S+\s+)+")


def title_from(body: str) -> str:
    """The first sentence of the first line with words, without markup, at most 80 characters; "" when there is none."""
    for line in body[:4000].splitlines():
        if _FENCE.match(line):
            continue
        words = _ADDRESS.sub("", one_line(_MARKS.sub(lambda m: m.group(1) or "", line)))
        if any(c.isalnum() for c in words):
            return _shortened(words)
    return ""


def _shortened(words: str) -> str:
    sentence = re.split(r"(?<=[.!?。！？])\s", words, maxsplit=1)[0]
    if len(sentence) <= LONGEST:
        return sentence.rstrip(".。:")
    cut = sentence[: LONGEST - 1]
    at = cut.rfind(" ")
    return (cut[:at] if at > LONGEST // 2 else cut).rstrip(" ,;:.-") + "…"
