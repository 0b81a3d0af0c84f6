"""The frontend's types are the server's types."""

from chatplatform.management.commands.export_schema import FILE
from chatplatform.typescript import declarations


def test_generated_types_are_up_to_date() -> None:
    assert FILE.read_text() == declarations(), "Run: python manage.py export_schema"


def test_a_field_that_is_always_sent_is_not_optional() -> None:
    text = declarations()
    assert "  archived_at: string | null\n" in text
    assert "  meta: Meta\n" in text


def test_a_field_left_out_at_its_default_is_optional_and_names_it() -> None:
    assert "  is_duplicate?: boolean // false\n" in declarations()
