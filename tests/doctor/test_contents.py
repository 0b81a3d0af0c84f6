"""What the doctor finds in rows and among the providers; and a look that fails."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from chatplatform import doctor
from chatplatform.doctor import models, rows
from chatplatform.doctor.finding import Finding
from chatplatform.kernel.clock import now
from messaging.models import Outbox, Worker
from tests.attacks.evil import EvilProvider
from tests.doctor.findings import levels, words


@pytest.mark.django_db
def test_workers_alive_alone_old_and_none(settings: LazySettings) -> None:
    settings.IS_SHARED = False
    assert levels(rows.workers()) == {"workers": ["ok"]}
    settings.IS_SHARED = True
    assert levels(rows.workers()) == {"workers": ["broken"]}
    fields = {"host": "box", "most": 8, "running": 2, "started_at": now(), "seen_at": now(), "is_leaving": False}
    Worker.objects.create(name="a", version=settings.VERSION, **fields)
    assert levels(rows.workers()) == {"workers": ["ok", "warning"]}
    Worker.objects.create(name="b", version="0.0.1", **fields)
    assert "2 alive, with room for 12" in words(rows.workers())
    assert "0.0.1" in words(rows.workers())
    Worker.objects.update(seen_at=now() - timedelta(minutes=5))
    assert levels(rows.workers()) == {"workers": ["broken"]}


@pytest.mark.django_db
def test_messages_that_wait(thread: Any) -> None:
    assert levels(rows.outbox()) == {"outbox": ["ok"]}
    from chatplatform.kernel.ids import new_id

    waiting = Outbox.objects.create(
        message_id=new_id(),
        author_key="x",
        client_id=new_id(),
        thread_id=thread.id,
        branch_id=new_id(),
        seq=1,
        body=b"x",
    )
    for age_s, level in ((1, "ok"), (60, "warning"), (600, "broken")):
        Outbox.objects.filter(pk=waiting.pk).update(created_at=now() - timedelta(seconds=age_s))
        assert levels(rows.outbox()) == {"outbox": [level]}
    Outbox.objects.filter(pk=waiting.pk).update(set_aside_at=now())
    assert levels(rows.outbox()) == {"set aside": ["broken"], "outbox": ["ok"]}
    assert "1 accepted messages or changes cannot be read" in words(rows.outbox())


@pytest.fixture(autouse=True)
def _fresh_catalog() -> Any:
    from messaging.providers import catalog

    catalog.reset()
    yield
    catalog.reset()


def look_at_models(**how: Any) -> list[Finding]:
    return list(models.look(is_database_there=False, **{"tries": False, **how}))


def test_a_local_models_file_that_is_missing(settings: LazySettings, tmp_path: Path) -> None:
    assert "ok local model: off" in words(look_at_models())
    settings.IS_LOCAL_MODEL_ON, settings.LOCAL_MODEL_FILE = True, str(tmp_path / "none.gguf")
    assert "warning local model:" in words(look_at_models())


def test_providers_are_asked_only_when_that_is_wanted(settings: LazySettings) -> None:
    assert "warning providers: none besides" in words(look_at_models())
    key = "sk-" + "provider0123456789" * 2
    with EvilProvider() as provider:
        settings.PROVIDER_ENVIRONMENT = {"OPENAI_API_KEY": key, "OPENAI_BASE_URL": provider.url}
        assert "`doctor --providers` asks them" in words(look_at_models())
        assert provider.requests == []
        assert "offers 3 models" in words(look_at_models(tries=True))
        assert provider.requests
    said = words(look_at_models(tries=True))  # it is gone
    assert "broken provider openai:" in said and key not in said
    settings.PROVIDER_ENVIRONMENT = {"OPENAI_API_KEY": "has a space"}
    assert "broken providers: OPENAI_API_KEY" in words(look_at_models())


def test_a_look_that_fails_is_a_finding_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> Iterator[Finding]:
        yield Finding("fails", "ok", str(1 // len(levels([]))))

    (finding,) = doctor._safely(fails)
    assert (finding.level, finding.name) == ("broken", "fails") and "ZeroDivisionError" in finding.words
