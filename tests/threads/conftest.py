"""Threads by themselves: the area above, which knows models, lets every model and every variant in and proposes none."""

import pytest

from threads import hooks


@pytest.fixture(autouse=True)
def _any_model_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "check_line_up", lambda project_id, model_ids: None)
    monkeypatch.setattr(hooks, "default_line_up", lambda project_id: [])
    monkeypatch.setattr(hooks, "has_variant", lambda branch_id, seq, variant, lane: True)
