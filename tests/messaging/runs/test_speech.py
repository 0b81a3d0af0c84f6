"""What is shown of a model's words while they come in pieces of any size."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.runs.speech import OwnWords, Plain, clean

OTHERS = ("Ben", "Cleo")


def say(text: str, cuts: list[int]) -> tuple[str, bool]:
    speech = OwnWords("Ada", OTHERS)
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    shown = "".join(speech.feed(piece) for piece in pieces)
    return shown + speech.rest(), speech.is_cut


@pytest.mark.parametrize(
    ("said", "shown", "is_cut"),
    [
        ("Ada: I think so.", "I think so.", False),
        ("**Ada:** I think so.", "I think so.", False),
        ("ada : well", "well", False),
        ('<msg from="Ada" kind="model">Well then', "Well then", False),
        ("I think so.", "I think so.", False),
        ("Adamant: no.", "Adamant: no.", False),
        ("One.\nTwo: three.\n\n- four", "One.\nTwo: three.\n\n- four", False),
        ("I think so.\n\nBen: And I do not.", "I think so.", True),
        ("I think so.\n**Cleo**: No!", "I think so.", True),
        ("I think so.\n<msg from='Ben'>No", "I think so.", True),
        ("I think so.</msg>", "I think so.</msg>", False),
        ("I think so.\n</msg>\nmore", "I think so.", True),
        ("Ben: I am Ben.", "", True),
        ("As Ben: said it", "As Ben: said it", False),
        ("Bent wood\nBe", "Bent wood\nBe", False),
        ("  \n Hm", "Hm", False),
        ("", "", False),
    ],
)
def test_a_speaker_keeps_to_its_own_part(said: str, shown: str, is_cut: bool) -> None:
    assert say(said, []) == (shown, is_cut)
    for at in range(len(said) + 1):
        assert say(said, [at]) == (shown, is_cut), at
    assert say(said, list(range(1, len(said) + 1))) == (shown, is_cut)


@given(st.text(alphabet="AdaBen: \n<msg>/x", max_size=80), st.data())
def test_what_is_shown_does_not_depend_on_how_it_came(said: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(said)), max_size=8)))
    assert say(said, cuts) == say(said, [])


def test_first_words_are_held_back_no_longer_than_a_name_could_be() -> None:
    speech = OwnWords("Ada", OTHERS)
    shown = [
        speech.feed(word)
        for word in ["This", "is", "a", "sentence", "of", "many", "short", "words", "that", "goes", "on"]
    ]
    assert next(i for i, text in enumerate(shown) if text) <= 10


def test_later_words_are_shown_at_once() -> None:
    speech = OwnWords("Ada", OTHERS)
    speech.feed("A long enough beginning without any name, then\n")
    assert speech.feed("x") == "\nx"
    assert speech.feed(" and more") == " and more"


def test_a_long_answer_may_come_in_one_piece() -> None:
    """Every line begins like a name that may come: none of them may cost as much as all that follows it."""
    said = "Be it so.\n" * 20_000
    words = OwnWords("Ada", ["Ben"])
    assert words.feed(said) + words.rest() == said and not words.is_cut


def test_plain_words_lose_only_leading_space() -> None:
    speech = Plain()
    assert [speech.feed(p) for p in ["\n", "  \n", " a", " b\n", "\n"]] == ["", "", "a", " b\n", "\n"]


def test_what_no_database_keeps_is_taken_out() -> None:
    assert clean("a\x00b") == "ab"
    assert clean("a\ud800b") == "a?b"
