"""What the tests of people and projects share."""

from collections.abc import Iterator

import pytest

from chatplatform.kernel import limits


@pytest.fixture
def no_limits_yet() -> Iterator[None]:
    """Nobody has tried anything before."""
    limits.reset()
    yield
    limits.reset()
