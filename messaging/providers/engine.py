"""Keeps the local model's child process alive: started beside the server, started again when it dies."""

import asyncio
import contextlib
import json
import logging
import os
import secrets
import sys
from collections import deque
from pathlib import Path

from msgspec import Struct, field

from chatplatform.kernel.clock import monotonic
from messaging.providers.base import ProviderError

log = logging.getLogger(__name__)

CHILD = Path(__file__).with_name("local_child.py")  # run with -P: its neighbours are named like the standard library
START_LIMIT_S = 120.0
FIRST_BACKOFF_S = 0.5
MAX_BACKOFF_S = 30.0
STEADY_AFTER_S = 60.0  # who lived that long starts again without delay
# What a child needs of our environment; keys of providers are not among it.
_PASSED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "SYSTEMROOT")


def spare_cores() -> int:
    """All but one, at most four. The engine's threads wait for each other busily: with as many as there are cores,
    one that anything else holds up costs all of them their time."""
    return max(1, min(4, (os.cpu_count() or 2) - 1))


class Load(Struct, frozen=True):
    """What the child is to load. `parallel` answers at once share `context` tokens evenly."""

    file: Path
    parallel: int = 4
    context: int = 8192
    threads: int = field(default_factory=spare_cores)

    @property
    def window(self) -> int:
        return self.context // self.parallel


class Engine:
    """`start()` returns at once; `address()` waits until the model answers."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.key = secrets.token_urlsafe(24)  # other users of this machine are not to use it
        self.pid: int | None = None
        self.starts = 0
        self._task: asyncio.Task[None] | None = None
        self._ready: asyncio.Future[str] | None = None
        self._last_words: deque[str] = deque(maxlen=12)

    def start(self) -> None:
        """Keep a child running from now on. A second call changes nothing."""
        if self._task is None or self._task.done() or self._task.get_loop() is not asyncio.get_running_loop():
            self._ready = asyncio.get_running_loop().create_future()
            self._task = asyncio.get_running_loop().create_task(self._keep(), name="local model")

    async def stop(self) -> None:
        task, self._task = self._task, None
        if task is not None and task.get_loop() is asyncio.get_running_loop():
            task.cancel()
            await asyncio.wait({task})

    async def address(self, within_s: float) -> str:
        """Wait for the model to be loaded. Raises ProviderError (unreachable)."""
        self.start()
        assert self._ready is not None
        try:
            async with asyncio.timeout(within_s):
                return await asyncio.shield(self._ready)
        except TimeoutError as error:
            raise ProviderError("unreachable", "The local model is still starting.", retryable=True) from error

    @property
    def is_ready(self) -> bool:
        return self._ready is not None and self._ready.done()

    async def _keep(self) -> None:
        backoff_s = FIRST_BACKOFF_S
        while True:
            began = monotonic()
            code = await self._live_once()
            if monotonic() - began > STEADY_AFTER_S:
                backoff_s = FIRST_BACKOFF_S
            log.warning(
                "provider=local the model's process ended (%s); again in %.1f s. %s",
                code, backoff_s, " | ".join(self._last_words),
            )  # fmt: skip
            await asyncio.sleep(backoff_s)
            backoff_s = min(MAX_BACKOFF_S, backoff_s * 2)

    async def _live_once(self) -> int | str:
        """One life of the child; its exit code, or why it never lived."""
        self.starts += 1
        self._last_words.clear()
        environment = {name: os.environ[name] for name in _PASSED if name in os.environ}
        try:
            child = await asyncio.create_subprocess_exec(
                sys.executable, "-P", str(CHILD), env=environment, stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            )  # fmt: skip
        except OSError as error:
            return str(error)
        self.pid = child.pid
        talk = asyncio.ensure_future(self._overhear(child))
        try:
            await self._greet(child)
            return await child.wait()
        except (TimeoutError, OSError, ValueError) as error:
            return f"{type(error).__name__}: {error}"
        finally:
            self._renew()
            self.pid = None
            if child.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    child.kill()
                await child.wait()
            talk.cancel()

    async def _greet(self, child: asyncio.subprocess.Process) -> None:
        """Tell the child what to load, and wait for its address."""
        assert child.stdin and child.stdout and self._ready
        began = monotonic()
        load = self.load
        wanted = {
            "model": str(load.file), "key": self.key, "parallel": load.parallel,
            "context": load.context, "threads": load.threads,
        }  # fmt: skip
        child.stdin.write(json.dumps(wanted).encode() + b"\n")
        await child.stdin.drain()
        async with asyncio.timeout(START_LIMIT_S):
            said = await child.stdout.readline()
        address = json.loads(said or b'{"address": ""}')["address"]
        if not address:
            raise ValueError("it said nothing")
        self._ready.set_result(address + "/v1")
        log.info("provider=local %s answers after %.1f s (process %d).", load.file.name, monotonic() - began, child.pid)

    def _renew(self) -> None:
        """Who asks from now on waits for the next child."""
        if self._ready is None or self._ready.done():
            self._ready = asyncio.get_running_loop().create_future()

    async def _overhear(self, child: asyncio.subprocess.Process) -> None:
        """Read on, so that the child is never stopped by a full pipe; keep the last lines for the log."""
        assert child.stderr
        while chunk := await child.stderr.read(65536):
            self._last_words.extend(chunk.decode("utf-8", "replace").splitlines()[-3:])
