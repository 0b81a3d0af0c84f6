"""A page of fifty messages over HTTP in threads of 100, 10,000 and 1,000,000: newest, middle and oldest.

Goal: p95 at a million ≤ 1.3 × p95 at a hundred. One server for each size,
asked in turns; the messages are loaded straight into the store.
"""

import random
import time
from contextlib import AsyncExitStack

import httpx

from bench.common import Stage, milliseconds, note, percentile, print_line, run, stage

SIZES = (100, 10_000, 1_000_000)
CALLS = 60
LIMIT = 50


async def page(client: httpx.AsyncClient, stage: Stage, before: int | None) -> float:
    place = stage.places[0]
    params: dict[str, str | int] = {"branch_id": place.branch_id, "limit": LIMIT}
    if before is not None:
        params["before"] = before
    began = time.monotonic()
    answer = await client.get(f"/api/v1/threads/{place.thread_id}/messages", params=params)
    took = time.monotonic() - began
    answer.raise_for_status()
    if len(answer.json()["messages"]) != LIMIT:
        raise RuntimeError(f"A page of {len(answer.json()['messages'])} messages.")
    return took


async def main() -> None:
    found: dict[int, dict[str, list[float]]] = {size: {"newest": [], "middle": [], "oldest": []} for size in SIZES}
    chance = random.Random(1)
    async with AsyncExitStack() as stack:
        heres = {size: await stack.enter_async_context(stage(messages=size)) for size in SIZES}
        clients = {
            size: await stack.enter_async_context(httpx.AsyncClient(base_url=h.server.url, headers=h.people[0].headers))
            for size, h in heres.items()
        }
        for number in range(CALLS + 5):
            for name in ("newest", "middle", "oldest"):
                for size in SIZES:
                    # Another middle each time, so that no page is read twice from a warm cache.
                    before = {"newest": None, "middle": chance.randint(LIMIT + 1, size), "oldest": LIMIT + 1}[name]
                    took = await page(clients[size], heres[size], before)
                    if number >= 5:
                        found[size][name].append(took)
    for size in SIZES:
        note(f"{size}: { ({name: milliseconds(values) for name, values in found[size].items()}) }")
    smallest = found[SIZES[0]]
    rows = [
        {
            "messages": size,
            "page": name,
            "ms": milliseconds(values),
            "p50_ratio": round(percentile(values, 0.5) / percentile(smallest[name], 0.5), 2),
            "p95_ratio": round(percentile(values, 0.95) / percentile(smallest[name], 0.95), 2),
        }
        for size, places in found.items()
        for name, values in places.items()
    ]
    print_line("history", calls=CALLS, goal={"p95_ratio": 1.3}, rows=rows)


if __name__ == "__main__":
    run(main())
