"""Who is named after an "@"."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.mentions import MOST, named

NAMES = {"ada": 1, "ada lovelace": 2, "gpt-5.1": 3, "openai:gpt-5.1": 3, "zürich": 4, "smollm2 calm": 5}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@Ada what is it?", [1]),
        ("@ada lovelace: what?", [2]),
        ("@Ada Lovelacer", [1]),
        ("(@ADA), then @zürich!", [1, 4]),
        ("@gpt-5.1 and @openai:gpt-5.1", [3]),
        ("@gpt-5.10", []),
        ("@SmolLM2 calm go", [5]),
        ("mail@ada.example and ada@ada", []),
        ("@adam", []),
        ("@ ada", []),
        ("@@ada", []),
        ("@Ada @Ada", [1]),
        ("nobody", []),
        ("", []),
    ],
)
def test_names_are_found_whole_and_longest_first(text: str, found: list[int]) -> None:
    assert named(text, NAMES) == found


@given(st.text(alphabet="@ada lovec-.é\n", max_size=60))
def test_any_text_is_read_and_names_nobody_twice(text: str) -> None:
    found = named(text, NAMES)
    assert len(found) == len(set(found))
    assert "@" in text or not found


def test_nobody_is_named_where_nobody_is() -> None:
    assert named("@ada", {}) == []
    assert named("@", {"": 1}) == []


class Counting(dict[str, int]):
    """Names that count how often one of them is looked up."""

    looked_up = 0

    def get(self, key: str, default: object = None) -> int | None:  # type: ignore[override]
        self.looked_up += 1
        return super().get(key)


@pytest.mark.parametrize("body", ["(@" * 130_000, "(@mo" * 65_000, "(@model number " * 17_000])
def test_a_text_full_of_signs_is_looked_at_within_bounds(body: str) -> None:
    """It is read in the transaction that accepts the message, beside which nobody else's may wait."""
    names = Counting({f"model number {number}": number for number in range(1200)})
    assert named(body, names) == []
    assert names.looked_up <= 4 * MOST  # the names are of four lengths
