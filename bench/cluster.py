"""The same rooms over two web processes, a worker, PostgreSQL and Redis: what a token costs then, and its first one's delay.

Side by side with one embedded server on the same core in the same minutes: four models at 50 tokens a second to 200 and to
1,000 sockets, and 20 first tokens. Goals: all processes together at most 1.3 × one; 1,000 viewers in at most half a core, p99 under 80 ms.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import psycopg

from bench.common import (
    Person,
    Place,
    Stage,
    cpu_s,
    milliseconds,
    note,
    pin,
    print_line,
    raise_file_limit,
    run,
    stage,
    until,
)
from bench.provider import PacedProvider
from bench.swarm import Socket, join, join_many
from bench.ttft import MODEL, direct, through
from tests.server import ROOT
from tools.full import Deployment
from tools.services import end_with_us
from tools.services.process import descendants

TOKENS = 250  # five seconds
MODELS = tuple(f"f{first}r50n{TOKENS}" for first in (0, 5, 10, 15))
COUNTS = (200, 1000)
PAIRS = 20


class Door:
    """One web process of several, as a stage knows a server."""

    def __init__(self, url: str, pid: int) -> None:
        self.url, self.pid = url, pid
        self.ws_url = f"{url.replace('http', 'ws', 1)}/ws"


@asynccontextmanager
async def shared_stages(
    models: Sequence[str], people: int
) -> AsyncIterator[tuple[list[Stage], dict[str, list[int]], str]]:
    """A stage for each web process, the process ids of every part, and the database; all on one core."""
    folder = _new_folder()
    guard = end_with_us(folder)  # ends them even if this measurement is killed
    provider = PacedProvider(models)
    await provider.start()
    settings = {
        "SECRET_KEY": "a key for measurements, known to everybody",
        "OPENAI_BASE_URL": provider.url,
        "OPENAI_API_KEY": "bench",
        "PARLEY_LOCAL_MODEL": "0",
        "PARLEY_SCRIPTED_MODELS": "0",
        "PARLEY_PROVIDER_CONCURRENCY": "256",
        "PARLEY_SEND_RATE": "1000000/minute",
        "LOG_LEVEL": "WARNING",
    }
    deployment = Deployment(folder, webs=2, workers=1, nodes=0, settings=settings)
    try:
        await asyncio.to_thread(deployment.start)
        found = await asyncio.to_thread(_seed, deployment.settings, people)
        pids = {process.name: _family(process.pid) for process in (*deployment.processes, *deployment.servers)}
        for pid in {pid for family in pids.values() for pid in family}:
            pin(pid, 0)
        pin(os.getpid(), 1)
        stages = []
        for web in deployment.webs:
            door: Any = Door(web.url, web.pid or 0)
            cast = [
                Person(p["id"], {"Cookie": p["cookie"], "X-CSRFToken": p["csrf"], "Origin": web.url})
                for p in found["people"]
            ]
            stages.append(
                Stage(door, provider, found["project_id"], [Place(**place) for place in found["places"]], cast)
            )
        yield stages, pids, deployment.settings["DATABASE_URL"]
    finally:
        await asyncio.to_thread(deployment.kill)
        await provider.stop()
        await asyncio.to_thread(guard.communicate)


def _new_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="parley-bench-"))
    folder.chmod(0o755)  # PostgreSQL may run as another user
    return folder


def _seed(settings: dict[str, str], people: int) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.seed", json.dumps({"people": people, "threads": 2})],
        cwd=ROOT,
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def _family(pid: int | None) -> list[int]:
    return [pid, *descendants(pid)] if pid else []


async def watched(stages: list[Stage], pids: dict[str, list[int]], count: int) -> dict[str, object]:
    """One question to four models with `count` watchers, the same number at each process."""
    sockets: list[Socket] = []
    for each in stages:
        sockets += await join_many(each, count // len(stages), each.places[0])
    provider = stages[0].provider
    before = {socket: set(socket.turns) for socket in sockets}
    frames = sum(socket.frames for socket in sockets)
    used = {name: sum(map(cpu_s, family)) for name, family in pids.items()}
    began = time.monotonic()
    provider.streams.clear()
    await sockets[1].send(stages[0].places[0], MODELS)
    await until(lambda: all(len(s.turns) - len(before[s]) == len(MODELS) for s in sockets), 30, "the turns")
    await until(lambda: all(t.finished_at for s in sockets for t in s.turns.values()), 60, "the last delta everywhere")
    lasted = time.monotonic() - began
    spent = {name: sum(map(cpu_s, family)) - used[name] for name, family in pids.items()}
    frames = sum(socket.frames for socket in sockets) - frames
    streams = {stream.model: stream for stream in provider.streams}
    heard = [turn for s in sockets if s.is_recorded for key, turn in s.turns.items() if key not in before[s]]
    result = {
        "cpu_us_per_token": round(sum(spent.values()) / (count * TOKENS * len(MODELS)) * 1e6, 2),
        "cores": {name: round(value / lasted, 3) for name, value in spent.items()},
        "frames": frames,
        "missing": sum(TOKENS * 5 - turn.at for s in sockets for key, turn in s.turns.items() if key not in before[s]),
        "wrong": sum(socket.wrong for socket in sockets),
        "latency_ms": milliseconds([late for turn in heard for late in turn.latencies(streams[turn.model])]),
    }
    for socket in sockets:
        socket.close()
    await asyncio.sleep(0.5)
    return result


async def first_tokens(stage: Stage, client: httpx.AsyncClient) -> list[float]:
    """Seconds that the product adds to the first token of a direct call."""
    socket = await join(stage, stage.people[0], stage.places[1])
    here = replace(stage, places=[stage.places[1]])
    added = []
    for number in range(PAIRS + 1):
        pair = (await direct(client, here), await through(socket, here))
        if number:  # the first warms both
            added.append(pair[1] - pair[0])
        await asyncio.sleep(0.03)
    socket.close()
    return added


async def hop(here: Stage, there: Stage, count: int = 20) -> list[float]:
    """Seconds from "somebody types" at one door to the event at the other: nothing of it touches a database."""
    place = here.places[1]
    typists = [await join(here, person, place) for person in here.people[1 : count + 1]]
    watcher = await join(there, there.people[0], place)
    took: list[float] = []
    for is_warm in (False, True):
        await asyncio.sleep(1.2)  # one may say so once a second
        for typist in typists:
            watcher.log = []
            began = time.monotonic()
            typist.say({"type": "typing", "thread_id": place.thread_id})
            await until(lambda: watcher.log, 5, "the event")
            if is_warm:
                took.append(watcher.log[0][0] - began)
    for socket in (*typists, watcher):
        socket.close()
    return took


def commit_ms(url: str) -> dict[str, float]:
    """What PostgreSQL takes to make one row durable on this disk: to tell whether a late first token waits for that."""
    took = []
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create table bench_commit (n int)")
        for number in range(40):
            began = time.monotonic()
            connection.execute("insert into bench_commit values (%s)", [number])
            took.append(time.monotonic() - began)
        connection.execute("drop table bench_commit")
    return milliseconds(took)


async def main() -> None:
    raise_file_limit()
    models = (*MODELS, MODEL)
    rows: list[dict[str, object]] = []
    async with (
        stage(models, people=100, threads=2) as one,
        shared_stages(models, 100) as (two, pids, database),
        httpx.AsyncClient() as client,
    ):
        alone = {"server": [one.server.pid]}
        for count in map(int, sys.argv[1:] or COUNTS):
            embedded, shared = await watched([one], alone, count), await watched(two, pids, count)
            ratio = float(str(shared["cpu_us_per_token"])) / float(str(embedded["cpu_us_per_token"]))
            note(f"{count} sockets: {shared['cpu_us_per_token']} µs a token, {ratio:.2f} × one process")
            rows.append({"sockets": count, "ratio": round(ratio, 2), "embedded": embedded, "shared": shared})
        added = {
            "embedded": milliseconds(await first_tokens(one, client)),
            "shared": milliseconds(await first_tokens(two[0], client)),
        }
        hops = {"embedded": milliseconds(await hop(one, one)), "shared": milliseconds(await hop(two[0], two[1]))}
        commits = await asyncio.to_thread(commit_ms, database)
    print_line(
        "cluster",
        goal={"ratio": 1.3, "cores": 0.5, "p99_ms": 80},
        rows=rows,
        first_token_added_ms=added,
        hop_ms=hops,
        commit_ms=commits,
    )


if __name__ == "__main__":
    run(main())
