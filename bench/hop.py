"""What the way web → worker → web costs the first token: the full profile against embedded, in the same minutes.

Both through the product minus a direct call of the same provider. Goal: the full profile within 25 ms of embedded.
Messages are kept in PostgreSQL in the full one.
"""

import asyncio
from contextlib import AsyncExitStack

import httpx

from bench.common import milliseconds, note, percentile, print_line, run, stage
from bench.swarm import join
from bench.ttft import MODEL, direct, through

ROUNDS, PAIRS = 4, 15
GOAL_MS = 25


async def main() -> None:
    async with AsyncExitStack() as stack:
        added: dict[str, list[float]] = {"embedded": [], "full": []}
        tabs, client = {}, await stack.enter_async_context(httpx.AsyncClient())
        for name, workers in (("embedded", 0), ("full", 2)):
            here = await stack.enter_async_context(stage((MODEL,), is_pinned=False, workers=workers))
            tabs[name] = (here, await join(here, here.people[0], here.places[0]))
        for number in range(ROUNDS + 1):
            for name, (here, socket) in tabs.items():
                pairs = []
                for _ in range(PAIRS if number else 3):
                    pairs.append((await direct(client, here), await through(socket, here)))
                    await asyncio.sleep(0.05)
                if number:  # the first round warms both
                    added[name] += [via - plain for plain, via in pairs]
        for name, values in added.items():
            note(f"{name}: added {milliseconds(values)}")
        hop = {
            f"p{int(share * 100)}": round(
                (percentile(added["full"], share) - percentile(added["embedded"], share)) * 1000, 2
            )
            for share in (0.5, 0.95)
        }
        print_line(
            "hop",
            pairs=ROUNDS * PAIRS,
            goal={"p50_ms": GOAL_MS, "p95_ms": GOAL_MS},
            added_ms={name: milliseconds(values) for name, values in added.items()},
            hop_ms=hop,
            wrong=sum(socket.wrong for _, socket in tabs.values()),
        )


if __name__ == "__main__":
    run(main())
