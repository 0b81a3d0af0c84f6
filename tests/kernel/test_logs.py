"""Every record says what it is about, on one line, and no key and nobody's words ever stand in it."""

import asyncio
import contextvars
import json
import logging
from typing import Any

import pytest
from django.conf import LazySettings

from chatplatform.kernel import logs
from chatplatform.kernel.db import in_db


@pytest.fixture(autouse=True)
def _no_secrets_kept(settings: LazySettings) -> Any:
    logs._secrets.cache_clear()
    yield
    logs._secrets.cache_clear()


def record(words: str, *args: object, error: BaseException | None = None) -> logging.LogRecord:
    exc_info = (type(error), error, error.__traceback__) if error is not None else None
    return logging.LogRecord("messaging.rooms", logging.WARNING, __file__, 1, words, args, exc_info)


def both(words: str, *args: object, error: BaseException | None = None) -> tuple[str, dict[str, str]]:
    made = record(words, *args, error=error)
    return logs.LineFormatter().format(made), json.loads(logs.JsonFormatter().format(made))


def in_context(work: Any) -> Any:
    return contextvars.copy_context().run(work)


def test_a_record_carries_what_its_task_is_about() -> None:
    def work() -> tuple[str, dict[str, str]]:
        logs.bind(connection="c1")
        logs.bind(turn="t1", run="r1")
        return both("The %s broke.", "pump")

    line, said = in_context(work)
    assert line.endswith("WARNING messaging.rooms The pump broke. connection=c1 turn=t1 run=r1")
    assert said | {"at": ""} == {
        "at": "", "level": "WARNING", "logger": "messaging.rooms", "message": "The pump broke.",
        "connection": "c1", "turn": "t1", "run": "r1",
    }  # fmt: skip
    assert logs.about() == {}


async def test_tasks_and_threads_of_the_database_are_about_the_same_and_others_are_not() -> None:
    async def one(turn: str) -> list[dict[str, str]]:
        logs.bind(turn=turn)
        await asyncio.sleep(0)
        inner = asyncio.create_task(asyncio.sleep(0, logs.about()))
        return [logs.about(), await in_db(logs.about), await inner]

    found = list(await asyncio.gather(one("a"), one("b")))
    assert found == [[{"turn": "a"}] * 3, [{"turn": "b"}] * 3]
    assert await in_db(logs.about) == {}  # the thread has forgotten them


async def test_a_task_that_serves_many_is_about_none() -> None:
    async def look() -> dict[str, str]:
        return logs.about()

    async def work() -> dict[str, str]:
        logs.bind(turn="a")
        return await asyncio.get_running_loop().create_task(look(), context=logs.nobody())

    assert await asyncio.create_task(work()) == {}


def test_keys_are_never_in_the_log(settings: LazySettings) -> None:
    settings.SECRET_KEY = "a-secret-of-the-server"
    settings.METRICS_TOKEN = "let-me-count"
    settings.CQL_PASSWORD = "open-sesame"
    settings.PROVIDER_ENVIRONMENT = {"OPENAI_API_KEY": "no-usual-form-of-key", "OPENAI_BASE_URL": "http://box/v1"}
    settings.DATABASE_URL = "postgresql://parley:hunter22@db/parley"
    key_like = "sk-" + "abcdef0123456789" * 2
    error = RuntimeError(f"Bearer {key_like} was refused at redis://user:pass-word-9@host:6379 no-usual-form-of-key")
    for text in both("%s %s", "a-secret-of-the-server let-me-count open-sesame hunter22", key_like, error=error):
        shown = json.dumps(text)
        for secret in ("a-secret", "let-me", "sesame", "hunter22", key_like, "pass-word-9", "no-usual"):
            assert secret not in shown
        assert "http://box/v1" not in shown and logs.HIDDEN in shown


def test_rows_that_a_database_quotes_are_left_out() -> None:
    said = 'null value in column "x"\nDETAIL:  Failing row contains (1, canary (with) brackets,\nand lines, null).'
    other = "duplicate key value\nDETAIL:  Key (email)=(canary@example.org) already exists."
    for words in (said, other):
        for text in both("It failed: %s", words, error=ValueError(words)):
            assert "canary" not in json.dumps(text) and "duplicate" in words + "duplicate"


def test_nobodys_words_make_a_line_or_steer_a_terminal() -> None:
    evil = "x\r\n2026-01-01 CRITICAL forged\x1b[2J\u202e\u2028y\x85"
    try:
        raise ValueError(evil)
    except ValueError as error:
        line, said = both("%s", evil, error=error)
    first, *rest = line.split("\n")
    assert "forged" in first
    assert rest and all(part.startswith("  ") for part in rest)
    assert not set("\r\x1b\u202e\u2028\x85") & set(line)
    assert said["error"].startswith("Traceback")
    assert len(json.dumps(said).splitlines()) == 1
