"""A worker is killed in the middle of many answers: how long until each of them speaks again or has ended.

Two workers; the one that has more to do is killed with SIGKILL. Goal: 10 s for every one of its turns.
"""

import asyncio
import time

from bench.common import milliseconds, note, print_line, run, stage
from bench.swarm import join

MODEL = "f0r30n2000"
ANSWERS, ROUNDS = 12, 3
GOAL_S = 10
CAME_BACK_S = 0.3


async def main() -> None:
    async with stage((MODEL,), is_pinned=False, workers=2, threads=ROUNDS) as here:
        taken: list[float] = []
        spared = 0
        for number in range(ROUNDS):
            socket = await join(here, here.people[0], here.places[number])
            for _ in range(ANSWERS):
                await socket.send(here.places[number], [MODEL])
            deadline = time.monotonic() + 20
            while sum(1 for turn in socket.turns.values() if turn.first_at) < ANSWERS:
                assert time.monotonic() < deadline, "not all began"
                await asyncio.sleep(0.05)
            doomed = here.workers[number % 2]
            before = {turn_id: turn.at for turn_id, turn in socket.turns.items()}
            doomed.kill()
            killed_at = time.monotonic()
            await asyncio.sleep(CAME_BACK_S)
            at = {turn_id: turn.at for turn_id, turn in socket.turns.items()}
            await asyncio.sleep(CAME_BACK_S)
            silent = [turn_id for turn_id, turn in socket.turns.items() if turn.at == at[turn_id]]
            spared += len(before) - len(silent)
            while any(not socket.turns[turn_id].finished_at for turn_id in silent):
                assert time.monotonic() < killed_at + 3 * GOAL_S, "not all were taken over"
                await asyncio.sleep(0.02)
            times = [socket.turns[turn_id].finished_at - killed_at for turn_id in silent]
            note(f"round {number}: {len(silent)} of {len(before)} turns taken over: {milliseconds(times)}")
            taken += times
            await asyncio.to_thread(doomed.start)
            for turn_id in set(before) - set(silent):
                assert not socket.turns[turn_id].finished_at, "an answer of the other worker was touched"
        print_line(
            "takeover", goal_s=GOAL_S, rounds=ROUNDS, taken_over=len(taken), spared=spared, taken_ms=milliseconds(taken)
        )


if __name__ == "__main__":
    run(main())
