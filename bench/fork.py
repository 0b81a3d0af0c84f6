"""A new branch at the last message of a thread of 10 and of 1,000,000 messages, over HTTP.

One server for each size, asked in turns. Goal: p95 ≤ 15 ms, and at a million ≤ 1.1 × the time at ten (medians).
"""

import time
from contextlib import AsyncExitStack

import httpx

from bench.common import Place, milliseconds, note, percentile, print_line, run, stage

SIZES = (10, 1_000_000)
CALLS = 60


async def fork(client: httpx.AsyncClient, place: Place, size: int, number: int) -> float:
    body = {"name": f"branch {number}", "from_branch_id": place.branch_id, "seq": size, "variant": 0}
    began = time.monotonic()
    answer = await client.post(f"/api/v1/threads/{place.thread_id}/branches", json=body)
    took = time.monotonic() - began
    answer.raise_for_status()
    return took


async def main() -> None:
    found: dict[int, list[float]] = {size: [] for size in SIZES}
    async with AsyncExitStack() as stack:
        heres = {size: await stack.enter_async_context(stage(messages=size)) for size in SIZES}
        clients = {
            size: await stack.enter_async_context(httpx.AsyncClient(base_url=h.server.url, headers=h.people[0].headers))
            for size, h in heres.items()
        }
        for number in range(CALLS + 5):
            for size in SIZES:
                took = await fork(clients[size], heres[size].places[0], size, number)
                if number >= 5:
                    found[size].append(took)
    for size in SIZES:
        note(f"{size}: {milliseconds(found[size])}")
    least, most = (found[size] for size in SIZES)
    rows = [{"messages": size, "ms": milliseconds(values)} for size, values in found.items()]
    ratios = {
        name: round(percentile(most, share) / percentile(least, share), 2)
        for name, share in (("p50", 0.5), ("p95", 0.95))
    }
    print_line("fork", calls=CALLS, goal={"p95_ms": 15, "ratio": 1.1}, ratio=ratios, rows=rows)


if __name__ == "__main__":
    run(main())
