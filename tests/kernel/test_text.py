"""Names are one honest line."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatplatform.kernel.errors import Invalid
from chatplatform.kernel.text import name, one_line, short


@pytest.mark.parametrize(
    ("given_text", "kept"),
    [
        ("  Timetable \n\t for  May ", "Timetable for May"),
        ("a\u202eb\u2066c\u200bd\ufeff", "abcd"),
        ("\x1b[31mred", "[31mred"),
        ("e\u0301", "é"),
        ("नमस्\u200dते", "नमस्\u200dते"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("two\u2028lines", "two lines"),
    ],
)
def test_one_line(given_text: str, kept: str) -> None:
    assert one_line(given_text) == kept


@given(st.text(max_size=200))
def test_no_text_makes_a_second_line_or_hides_a_character(text: str) -> None:
    clean = one_line(text)
    assert clean == one_line(clean) == clean.strip()
    assert len(clean.splitlines()) <= 1
    assert not [c for c in clean if unicodedata.category(c) in {"Cc", "Cs"} or "\u202a" <= c <= "\u202e"]


@pytest.mark.parametrize("text", ["", " ", "\u200b", "\u200d\u200d", "\u202e"])
def test_name_of_nothing_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        name(text, 80)


def test_length_counts_what_is_left() -> None:
    assert short("\u200b" * 500 + "x" * 80, 80, "name") == "x" * 80
    with pytest.raises(Invalid) as refusal:
        short("x" * 81, 80, "title")
    assert refusal.value.message == "The title has 81 characters; 80 is the most."
