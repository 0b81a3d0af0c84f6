"""Added time to the first token: through the product, minus a direct call of the same provider, in turns.

With 0, 10 and 50 other answers running. Goal: p50 ≤ 10 ms and p95 ≤ 25 ms while nothing else runs.
"""

import asyncio
import time

import httpx

from bench.common import Stage, median, milliseconds, note, print_line, run, stage, until
from bench.swarm import Socket, join

MODEL = "f0r200n3"
BUSY = "f0r50n100000"
PAIRS = 40
RUNNING = (0, 10, 50)


async def direct(client: httpx.AsyncClient, stage: Stage) -> float:
    """Seconds from the request to the first content of a call without us."""
    began = time.monotonic()
    body = {"model": MODEL, "stream": True, "messages": [{"role": "user", "content": "Say something long."}]}
    async with client.stream("POST", f"{stage.provider.url}/chat/completions", json=body) as answer:
        first = 0.0
        async for part in answer.aiter_bytes():
            if not first and b"content" in part:
                first = time.monotonic() - began
    return first


async def through(socket: Socket, stage: Stage) -> float:
    """Seconds from the command to the first delta on the socket."""
    before = set(socket.turns)
    left = await socket.send(stage.places[0], [MODEL])
    await until(lambda: set(socket.turns) - before, 10, "the turn")
    turn = socket.turns[next(iter(set(socket.turns) - before))]
    await until(lambda: turn.finished_at, 10, "the answer")
    return turn.first_at - left


async def measure(
    stage: Stage, running: int, socket: Socket, watcher: Socket, client: httpx.AsyncClient
) -> dict[str, object]:
    while len(watcher.turns) < running:  # they go on until the server stops
        await watcher.send(stage.places[1], [BUSY])
    await until(lambda: sum(1 for turn in watcher.turns.values() if turn.first_at) == running, 30, "the busy answers")
    pairs = []
    for number in range(PAIRS + 1):
        pair = (await direct(client, stage), await through(socket, stage))
        if number:  # the first warms both
            pairs.append(pair)
        await asyncio.sleep(0.05)
    added = [via - plain for plain, via in pairs]
    note(f"{running} running: added {milliseconds(added)}")
    return {
        "running": running,
        "added_ms": milliseconds(added),
        "direct_ms": milliseconds([plain for plain, _ in pairs]),
        "through_ms": milliseconds([via for _, via in pairs]),
        "median_ratio": median([via / plain for plain, via in pairs]),
    }


async def main() -> None:
    async with stage((MODEL, BUSY), people=2, threads=2) as here, httpx.AsyncClient() as client:
        socket = await join(here, here.people[0], here.places[0])
        watcher = await join(here, here.people[1], here.places[1])
        rows = [await measure(here, running, socket, watcher, client) for running in RUNNING]
        goal = {"p50_ms": 10, "p95_ms": 25}
        print_line("ttft", pairs=PAIRS, goal=goal, rows=rows, wrong=socket.wrong + watcher.wrong)


if __name__ == "__main__":
    run(main())
