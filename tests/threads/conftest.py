"""Threads by themselves: the area above, which knows models, lets every model and every variant in and proposes none."""

from collections.abc import Callable
from typing import Any

import pytest
from django.dispatch import Signal

from projects.models import Project, User
from threads import hooks
from threads.models import Thread
from threads.services import create_thread


@pytest.fixture(autouse=True)
def _any_model_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "check_line_up", lambda project_id, model_ids: None)
    monkeypatch.setattr(hooks, "default_line_up", lambda project_id: [])
    monkeypatch.setattr(hooks, "has_variant", lambda branch_id, seq, variant, lane: True)


@pytest.fixture
def private(project: Project, bob: User, dave: User) -> Thread:
    return create_thread(bob.id, project.id, title="Quiet", is_private=True, people=[dave.id], line_up=[])


@pytest.fixture
def hear() -> Any:
    heard: list[tuple[Signal, dict[str, Any]]] = []
    connected: list[tuple[Signal, Callable[..., None]]] = []

    def listen(signal: Signal) -> list[tuple[Signal, dict[str, Any]]]:
        def receiver(sender: object, signal: Signal, **news: Any) -> None:
            heard.append((signal, news))

        signal.connect(receiver)
        connected.append((signal, receiver))
        return heard

    yield listen
    for signal, receiver in connected:
        signal.disconnect(receiver)
