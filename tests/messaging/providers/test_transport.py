"""What a client to a provider costs besides the talking."""

import sys
from typing import Any

import pytest
from httpcore import _synchronization

from messaging.providers import transport


class Finder:
    """Counts how often a module is searched for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def find_spec(self, name: str, *_: Any) -> None:
        self.asked.append(name)


def test_taking_a_lock_searches_for_no_module(monkeypatch: pytest.MonkeyPatch) -> None:
    assert transport.IDLE_CONNECTIONS
    finder = Finder()
    monkeypatch.setattr(sys, "meta_path", [finder, *sys.meta_path])
    for _ in range(3):
        assert _synchronization.current_async_library() == "asyncio"
    assert finder.asked == []
