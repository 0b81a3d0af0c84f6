"""The frontend's types are the server's types."""

import pytest

from chatplatform.management.commands.export_schema import wanted
from chatplatform.typescript import declarations


@pytest.mark.parametrize("index", [0, 1], ids=["types", "examples"])
def test_what_is_made_from_the_types_is_up_to_date(index: int) -> None:
    file, text = list(wanted())[index]
    assert file.read_text() == text, "Run: python manage.py export_schema"


def test_a_field_that_is_always_sent_is_not_optional() -> None:
    text = declarations()
    assert "  archived_at: string | null\n" in text
    assert "  meta: Meta\n" in text


def test_a_field_left_out_at_its_default_is_optional_and_names_it() -> None:
    assert "  is_duplicate?: boolean // false\n" in declarations()
