"""Cursors lead back to where they were written, and anything else is refused, whatever it is."""

from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatplatform.kernel.errors import Invalid
from chatplatform.kernel.paging import read_number, read_time_and_id, write_cursor


def test_position_comes_back() -> None:
    position = (datetime(2026, 5, 1, 12, 30, 1, 123456, tzinfo=UTC), uuid4())
    assert read_time_and_id(write_cursor(*position)) == position
    assert read_number(write_cursor(17)) == 17
    assert read_time_and_id(None) is None
    assert read_number("") is None


@given(st.text(max_size=60))
def test_invented_cursor_is_refused(text: str) -> None:
    for read in (read_time_and_id, read_number):
        with suppress(Invalid):  # and no other error
            read(text)


@pytest.mark.parametrize(
    "cursor",
    [
        write_cursor("2026-05-01T12:00:00", UUID(int=1)),  # no zone
        write_cursor("yesterday", UUID(int=1)),
        write_cursor("0001-01-01T00:00:00+23:00", UUID(int=1)),  # before the first year in UTC
        write_cursor("9999-12-31T23:59:59-23:00", UUID(int=1)),
        write_cursor("2026-05-01T12:00:00+00:00", "no id"),
        write_cursor(1),
        "W10",
        "%%%",
        "ünicode",
        "W" * 10_000,
    ],
)
def test_broken_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid):
        read_time_and_id(cursor)


@pytest.mark.parametrize("cursor", [write_cursor("x"), write_cursor(2**70), "dHJ1ZQ", write_cursor(1, 2)])
def test_number_that_is_none_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid):
        read_number(cursor)
