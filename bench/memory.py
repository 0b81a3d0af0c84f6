"""Memory of the server process with 0, 500 and 1,000 idle sockets that have joined one room.

Goal: ≤ 40 KiB for each idle socket, ≤ 150 MiB for the process with none.
"""

import asyncio

from bench.common import memory_kib, note, print_line, run, stage
from bench.swarm import Socket, join_many

COUNTS = (0, 500, 1000)


async def main() -> None:
    async with stage(people=100) as here:
        sockets = await join_many(here, 100, here.places[0])  # what is loaded on first use is not a socket's
        for socket in sockets:
            socket.close()
        await asyncio.sleep(2)
        rows = []
        held: list[Socket] = []
        for count in COUNTS:
            held += await join_many(here, count - len(held), here.places[0])
            await asyncio.sleep(2)
            found = memory_kib(here.server.pid)
            note(f"{count} sockets: {found}")
            rows.append({"sockets": count, "rss_mib": round(found["rss"] / 1024, 1), "pss_kib": found["pss"]})
        base = rows[0]["pss_kib"]
        for row in rows[1:]:
            row["kib_per_socket"] = round((row["pss_kib"] - base) / row["sockets"], 1)
        if any(socket.is_closed for socket in held):
            raise RuntimeError("Some sockets were closed: the figures would flatter.")
        print_line("memory", goal={"kib_per_socket": 40, "rss_mib": 150}, rows=rows)


if __name__ == "__main__":
    run(main())
