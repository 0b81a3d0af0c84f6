"""The real server, and workers, as processes of their own, for the tests that kill it, watch it in a browser or measure it.

Started on a free loopback port with a data folder of its own; stopped by process id. Nothing here
imports Django: the server is seen only from outside.
"""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parent.parent
NO_SERVERS = dict.fromkeys(("DATABASE_URL", "REDIS_URL", "CQL_HOSTS"), "")  # a process that is told so is embedded


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class _Command:
    """One `manage.py` command that goes on until it is stopped."""

    def __init__(self, data_dir: Path, log: str, environment: dict[str, str]) -> None:
        self.data_dir = data_dir
        self.log = data_dir / log
        self.environment = {
            "PARLEY_ENV_FILE": "",
            "PARLEY_TEST_MODELS": "1",
            "PARLEY_LOCAL_MODEL": "0",
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def _arguments(self) -> list[str]:
        raise NotImplementedError

    def _answers(self) -> bool:
        raise NotImplementedError

    def start(self, within_s: float = 30.0) -> Self:
        """Start and wait until it answers; raises with the end of its log when it does not."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        kept = {k: v for k, v in os.environ.items() if not k.endswith("_API_KEY") and k != "DJANGO_SETTINGS_MODULE"}
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", *self._arguments()],
                cwd=ROOT,
                env={**kept, "PARLEY_DATA_DIR": str(self.data_dir), **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            if self._answers():
                return self
            time.sleep(0.05)
        self.kill()
        raise RuntimeError(f"The {self._arguments()[0]} did not start.\n{self.log.read_text()[-4000:]}")

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def kill(self) -> None:
        """SIGKILL, as a crash would; its children are left to notice by themselves."""
        if self.process is not None:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def stop(self, within_s: float = 10.0) -> int:
        """SIGTERM, and the exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.kill()
            return -signal.SIGKILL


class Server(_Command):
    """One `manage.py serve`. `start` after `kill` is the same server on the same data and port."""

    def __init__(self, data_dir: Path, **environment: str) -> None:
        super().__init__(data_dir, "server.log", environment)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.ws_url = f"ws://127.0.0.1:{self.port}/ws"

    def _arguments(self) -> list[str]:
        return ["serve", "--port", str(self.port)]

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=1)
        try:
            connection.request("GET", "/livez")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


class Worker(_Command):
    """One `manage.py worker`; each start is another one."""

    def __init__(self, data_dir: Path, name: str = "worker", **environment: str) -> None:
        super().__init__(data_dir, f"{name}.log", environment)
        self._read_from = 0

    def _arguments(self) -> list[str]:
        return ["worker"]

    def start(self, within_s: float = 30.0) -> Self:
        self._read_from = self.log.stat().st_size if self.log.exists() else 0
        return super().start(within_s)

    def said(self) -> str:
        """Its log since it was started last."""
        return self.log.read_bytes()[self._read_from :].decode()

    def _answers(self) -> bool:
        return "This worker runs" in self.said()

    def pause(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)
