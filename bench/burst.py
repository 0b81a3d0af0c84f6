"""Fifty people ask within one second: each in a thread of their own, then all in one thread.

First token from the command to the first delta, as each sees it. Goal: p95 ≤ 150 ms.
"""

import asyncio
import random
import time

from bench.common import Place, Stage, milliseconds, note, print_line, run, stage, until
from bench.swarm import Socket, join

PEOPLE = 50
MODEL = "f0r50n50"
ROUNDS = 3


async def ask(socket: Socket, place: Place, wait_s: float) -> float:
    """Seconds to the first token of this person's own question."""
    await asyncio.sleep(wait_s)
    asked_at = time.monotonic()
    before = set(socket.turns)
    await socket.send(place, [MODEL])
    await until(
        lambda: any(turn.first_at for key, turn in socket.turns.items() if key not in before), 30, "a first token"
    )
    first = min(turn.first_at for key, turn in socket.turns.items() if key not in before and turn.first_at)
    return first - asked_at


async def burst(stage: Stage, places: list[Place], within_s: float) -> list[float]:
    found: list[float] = []
    for number in range(ROUNDS):
        sockets = [await join(stage, person, place) for person, place in zip(stage.people, places, strict=True)]
        chance = random.Random(number)
        waits = [chance.uniform(0, within_s) for _ in sockets]
        found += await asyncio.gather(*(ask(*one) for one in zip(sockets, places, waits, strict=True)))
        await until(
            lambda sockets=sockets: all(t.finished_at for s in sockets for t in s.turns.values()), 30, "the answers"
        )
        if wrong := sum(socket.wrong for socket in sockets):
            raise RuntimeError(f"{wrong} frames out of order")
        for socket in sockets:
            socket.close()
    return found


async def main() -> None:
    async with stage((MODEL,), people=PEOPLE, threads=PEOPLE) as here:
        rows = []
        for name, within_s in (("within one second", 1.0), ("at once", 0.0)):
            found = await burst(here, here.places, within_s)
            note(f"{name}: {milliseconds(found)}")
            rows.append({"asked": name, "first_token_ms": milliseconds(found)})
        print_line("burst", people=PEOPLE, rounds=ROUNDS, goal={"p95_ms": 150}, rows=rows)


if __name__ == "__main__":
    run(main())
