"""What the measurements share: the machine, the line they print, a seeded server and its provider.

Times are CLOCK_MONOTONIC seconds, which every process of a machine reads alike. Processor time and
memory are the kernel's own figures for the server process.
"""

import asyncio
import gc
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import uvloop

from bench.provider import PacedProvider
from tests.server import ROOT, Server, Worker
from tools.services import Postgres, Redis, kill_all

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


# -- figures ----------------------------------------------------------------------------------------------


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` of all values do not exceed; 0.0 of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def milliseconds(values: Sequence[float]) -> dict[str, float]:
    """p50, p95, p99 and the worst of some seconds, in milliseconds."""
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    return {name: round(percentile(values, share) * 1000, 2) for name, share in shares.items()}


def median(values: Sequence[float]) -> float:
    return round(statistics.median(values), 3) if values else 0.0


def print_line(name: str, **figures: Any) -> None:
    """The one line of a measurement."""
    packages = ("django", "uvicorn", "uvloop", "picows", "channels")
    machine = {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "load": round(os.getloadavg()[0], 2),
    }
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    line = {"bench": name, **figures, "machine": machine, "commit": commit.stdout.strip()}
    line["versions"] = {package: version(package) for package in packages}
    print(json.dumps(line), flush=True)


def note(words: str) -> None:
    print(f"  {words}", file=sys.stderr, flush=True)


# -- processes ----------------------------------------------------------------------------------------------


def raise_file_limit() -> None:
    """Thousands of sockets need as many open files."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 65536) if most > 0 else 65536, most))


def pin(pid: int, core: int) -> None:
    """Keep a process with all its threads on one core, so that server and swarm do not share one."""
    if (os.cpu_count() or 1) > core:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with suppress(ProcessLookupError):  # a thread that ended meanwhile
                os.sched_setaffinity(int(thread), {core})


def cpu_s(pid: int) -> float:
    """User and system seconds that a process has used so far, without its children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def memory_kib(pid: int) -> dict[str, int]:
    """What a process holds: `rss`, and `pss`, in which a page shared by n processes counts one n-th."""
    found: dict[str, int] = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name in {"Rss", "Pss"}:
            found[name.lower()] = int(rest.split()[0])
    return found


def children(pid: int) -> list[int]:
    found = []
    for thread in os.listdir(f"/proc/{pid}/task"):
        found += [int(child) for child in Path(f"/proc/{pid}/task/{thread}/children").read_text().split()]
    return found


# -- a server with people in it -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """One thread with its main branch."""

    thread_id: str
    branch_id: str


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in: `headers` carry the session for HTTP and for the socket."""

    user_id: str
    headers: dict[str, str]


@dataclass(frozen=True)
class Stage:
    server: Server
    provider: PacedProvider
    project_id: str
    places: list[Place]
    people: list[Person]
    workers: list[Worker] = field(default_factory=list)  # none: the server runs the turns


def seed(data_dir: Path, environment: Mapping[str, str] | None = None, **wanted: int | str) -> dict[str, Any]:
    """Put people, threads and messages straight into the database; see bench/seed.py for what can be wanted."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.seed", json.dumps(wanted)],
        cwd=ROOT,
        env={**os.environ, "PARLEY_DATA_DIR": str(data_dir), "PARLEY_LOCAL_MODEL": "0", **(environment or {})},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


@contextmanager
def servers(folder: Path) -> Iterator[dict[str, str]]:
    """PostgreSQL and Redis of this measurement's own, as the settings name them."""
    postgres, redis = Postgres(folder / "postgres"), Redis(folder / "redis")
    try:
        yield {"DATABASE_URL": postgres.start().url(), "REDIS_URL": redis.start().url()}
    finally:
        kill_all(folder)


@asynccontextmanager
async def stage(
    models: Sequence[str] = ("f0r50n100",), *, is_pinned: bool = True, workers: int = 0, **wanted: int
) -> AsyncIterator[Stage]:
    """A seeded server on one core, and the provider with this process on the other.

    With `workers` the server shares PostgreSQL and Redis with them and runs no turns.
    """
    raise_file_limit()
    folder = Path(tempfile.mkdtemp(prefix="parley-bench-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        shared = stack.enter_context(servers(folder)) if workers else {}
        provider = PacedProvider(models)
        await provider.start()
        environment = {
            **shared,
            "OPENAI_BASE_URL": provider.url,
            "OPENAI_API_KEY": "bench",
            "PARLEY_TEST_MODELS": "0",
            "PARLEY_SCRIPTED_MODELS": "0",
            "PARLEY_PROVIDER_CONCURRENCY": "256",
            "PARLEY_SEND_RATE": "1000000/minute",
            "LOG_LEVEL": "WARNING",
        }
        server = Server(folder, **environment)
        hired = [Worker(folder, f"worker-{number}", **environment) for number in range(workers)]
        try:
            found = await asyncio.to_thread(seed, folder, shared, **wanted)
            for process in (server, *hired):
                await asyncio.to_thread(process.start)
            if is_pinned:
                pin(server.pid, 0)
                pin(os.getpid(), 1)
            people = [
                Person(p["id"], {"Cookie": p["cookie"], "X-CSRFToken": p["csrf"], "Origin": server.url})
                for p in found["people"]
            ]
            gc.collect()
            places = [Place(**place) for place in found["places"]]
            yield Stage(server, provider, found["project_id"], places, people, hired)
        finally:
            for process in (server, *hired):
                if process.process is not None:
                    await asyncio.to_thread(process.stop)
            await provider.stop()


async def until(condition: Any, within_s: float, what: str) -> None:
    """Wait for a condition, or fail saying what never came."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"Waited {within_s:.0f} s for {what}.")
        await asyncio.sleep(0.005)


def run(main: Any) -> None:
    """Run a measurement's coroutine on uvloop."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)
