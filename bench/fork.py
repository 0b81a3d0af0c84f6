"""A new branch at the last message of a thread of 10 and of 1,000,000 messages, over HTTP.

Goal: p95 ≤ 15 ms, and at a million ≤ 1.1 × the time at ten (medians).
"""

import time

import httpx

from bench.common import milliseconds, note, percentile, print_line, run, stage

SIZES = (10, 1_000_000)
CALLS = 60


async def measure(size: int) -> list[float]:
    found = []
    async with (
        stage(messages=size) as here,
        httpx.AsyncClient(base_url=here.server.url, headers=here.people[0].headers) as client,
    ):
        place = here.places[0]
        for number in range(CALLS + 5):
            body = {"name": f"branch {number}", "from_branch_id": place.branch_id, "seq": size, "variant": 0}
            began = time.monotonic()
            answer = await client.post(f"/api/v1/threads/{place.thread_id}/branches", json=body)
            took = time.monotonic() - began
            answer.raise_for_status()
            if number >= 5:
                found.append(took)
    return found


async def main() -> None:
    found = {}
    for size in SIZES:
        found[size] = await measure(size)
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
