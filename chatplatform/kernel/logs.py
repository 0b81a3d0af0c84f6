"""What a line of the log says besides its words: the ids of what it is about, and never a key.

`bind(turn=…)` names what the current task is about from now on; every record it makes carries that, in threads of the
database too. Lines are for people, JSON is for programs; both keep one record on one line that nobody's words can forge.
"""

import json
import logging
import re
from contextvars import Context, ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

_about: ContextVar[dict[str, str] | None] = ContextVar("log_about", default=None)

HIDDEN = "[hidden]"
LEAST_SECRET = 6  # shorter ones would hide ordinary words
# What looks like a key whoever it belongs to; and rows that PostgreSQL quotes in its errors, with words of people in them.
_KEY_LIKE = re.compile(
    r"\b(?:sk|gsk|xai|key|AIza)[-_][A-Za-z0-9_\-]{16,}|(?<=[Bb]earer )\S{8,}|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"
)
_ROWS = re.compile(
    r"(Failing row contains|Key \([^)]*\)=)\s*\(.*?\)(?= already exists| is not present|\.?\s*(?:\n\n|\Z))", re.DOTALL
)
# Everything that moves a terminal's cursor or turns text around.
_STEERING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def bind(**ids: object) -> None:
    """From here on, records of this task and of the tasks it makes are about these, too."""
    _about.set({**(_about.get() or {}), **{name: str(value) for name, value in ids.items()}})


def about() -> dict[str, str]:
    return dict(_about.get() or {})


def carry_into(context: Context) -> None:
    """Let work in that context be about the same. (It is otherwise empty: asgiref refuses a copied one.)"""
    if (ids := _about.get()) is not None:
        context.run(_about.set, ids)


def nobody() -> Context:
    """A context for a task that serves many and is about none of them."""
    return Context()


@lru_cache(maxsize=1)
def _secrets() -> tuple[str, ...]:
    """Everything in the settings that must not be read by whoever reads the log, the longest first."""
    named: list[Any] = [settings.SECRET_KEY, *settings.FIELD_KEYS, settings.METRICS_TOKEN, settings.CQL_PASSWORD]
    named += [value for name, value in settings.PROVIDER_ENVIRONMENT.items() if name.endswith("_KEY")]
    named += [urlsplit(url).password for url in (settings.DATABASE_URL, settings.REDIS_URL) if url]
    return tuple(
        sorted({str(value) for value in named if value and len(str(value)) >= LEAST_SECRET}, key=len, reverse=True)
    )


def harmless(text: str) -> str:
    """The text without keys, without rows of the database, and without signs that steer a terminal."""
    for secret in _secrets():
        text = text.replace(secret, HIDDEN)
    text = _ROWS.sub(rf"\1 ({HIDDEN})", _KEY_LIKE.sub(HIDDEN, text))
    return _STEERING.sub(
        lambda sign: f"\\x{ord(sign[0]):02x}" if ord(sign[0]) < 256 else f"\\u{ord(sign[0]):04x}", text
    )


class LineFormatter(logging.Formatter):
    """`2026-11-20 14:32:10,123 WARNING messaging.rooms words turn=… run=…`, a traceback indented below it."""

    def format(self, record: logging.LogRecord) -> str:
        ids = "".join(f" {name}={value}" for name, value in about().items())
        words = harmless(record.getMessage()).replace("\n", "\\n")
        line = f"{self.formatTime(record)} {record.levelname} {record.name} {words}{harmless(ids)}"
        if trace := _trace(self, record):
            line += "\n" + "\n".join("  " + part for part in harmless(trace).splitlines())
        return line


class JsonFormatter(logging.Formatter):
    """One object a record: `at`, `level`, `logger`, `message`, the ids, and `error` with the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, str] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": harmless(record.getMessage()),
            **{name: harmless(value) for name, value in about().items()},
        }
        if trace := _trace(self, record):
            said["error"] = harmless(trace)
        return json.dumps(said, ensure_ascii=False)


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    if record.exc_info and record.exc_info[0] is not None:
        return formatter.formatException(record.exc_info)
    return ""
