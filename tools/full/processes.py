"""Parley's own processes, seen from outside: one that serves, one that lets models speak."""

import http.client
import json
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tools import places
from tools.services import Service

WORKER_READY = b"This worker runs up to"


def clean(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment that says all: without what a test run says of its own settings, and without .env, which was read."""
    return {
        **{name: value for name, value in environment.items() if name != "DJANGO_SETTINGS_MODULE"},
        "PARLEY_ENV_FILE": "",
    }


class Parley(Service):
    """`manage.py GOAL` in an environment of its own."""

    goal = ""
    start_s = 60.0
    stop_s = 60.0  # a worker lets its answers end first

    def __init__(self, name: str, folder: Path, environment: Mapping[str, str], port: int = 0) -> None:
        super().__init__(folder / name, port)
        self.name = name
        self.settings = dict(environment)
        self._begins_at = 0

    @property
    def cwd(self) -> Path:
        return places.ROOT

    def prepare(self) -> None:
        self._begins_at = self.log.stat().st_size if self.log.exists() else 0

    def environment(self) -> Mapping[str, str]:
        return clean({**os.environ, "PYTHONUNBUFFERED": "1", **self.settings})

    def command(self) -> Sequence[str | Path]:
        return [places.PYTHON, "manage.py", self.goal]

    def log_since_start(self) -> bytes:
        with self.log.open("rb") as log:
            log.seek(self._begins_at)
            return log.read()


class Web(Parley):
    """Pages, API and sockets. `url` is what to open."""

    goal = "serve"

    @property
    def url(self) -> str:
        return f"http://{self.address}:{self.port}"

    def command(self) -> Sequence[str | Path]:
        return [*super().command(), "--host", self.address, "--port", str(self.port)]

    def answers(self) -> bool:
        return self.get("/livez")[0] == 200

    def get(self, path: str, timeout_s: float = 5.0) -> tuple[int, Any]:
        """The status and the JSON (or None) of one page; status 0 when nobody answers."""
        connection = http.client.HTTPConnection(self.address, self.port, timeout=timeout_s)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            return 0, None
        finally:
            connection.close()
        try:
            return answer.status, json.loads(body)
        except ValueError:
            return answer.status, None


class Worker(Parley):
    """Runs the turns of models, and nothing else."""

    goal = "worker"
    stop_signal = signal.SIGTERM

    def answers(self) -> bool:
        return WORKER_READY in self.log_since_start()
