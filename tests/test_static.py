"""Built files: what may be kept for good, and what is asked for again."""

import pytest

from chatplatform.static import StaticFiles


@pytest.mark.parametrize(
    ("url", "is_kept"),
    [
        ("/static/assets/index-C6oFwrsH.js", True),
        ("/static/assets/room-page-B7RKTCNi.css", True),
        ("/static/assets/newsreader-latin-opsz-normal-s-izfB6B.woff2", True),
        ("/static/theme.js", False),  # the same name in every version
        ("/static/icon.svg", False),
        ("/static/admin/css/base.css", False),
        ("/", False),
    ],
)
def test_only_names_with_a_hash_are_kept_for_good(url: str, is_kept: bool) -> None:
    files = StaticFiles.__new__(StaticFiles)
    assert files.immutable_file_test("", url) is is_kept
