"""A page of fifty messages over HTTP in threads of 100, 10,000 and 1,000,000: newest, middle and oldest.

Goal: p95 at a million ≤ 1.3 × p95 at a hundred. The same server answers for one size after the other,
in an interleaved order of places; the messages are loaded straight into the store.
"""

import random
import time

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


async def measure(size: int) -> dict[str, list[float]]:
    chance = random.Random(size)
    found: dict[str, list[float]] = {"newest": [], "middle": [], "oldest": []}
    async with (
        stage(messages=size) as here,
        httpx.AsyncClient(base_url=here.server.url, headers=here.people[0].headers) as client,
    ):
        for number in range(CALLS + 5):
            # Another middle each time, so that no page is read twice from a warm cache.
            middle = chance.randint(LIMIT + 1, size)
            for name, before in (("newest", None), ("middle", middle), ("oldest", LIMIT + 1)):
                took = await page(client, here, before)
                if number >= 5:
                    found[name].append(took)
    return found


async def main() -> None:
    found = {}
    for size in SIZES:
        found[size] = await measure(size)
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
