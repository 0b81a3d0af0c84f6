"""Four models at 50 tokens a second to 200 and 1,000 sockets in one room: what one delivered frame costs.

Three ways to deliver the very same frames at the very same times: the product (whole server: providers,
database and all), bare picows (the floor), and one Channels consumer per socket with `group_send` over the
in-memory layer (the usual way). Goals at 200 sockets: ≤ 2.2 × picows, ≤ 1/6 of one consumer per socket.
"""

import asyncio
import json
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from bench.common import Stage, cpu_s, median, milliseconds, note, pin, print_line, raise_file_limit, run, stage, until
from bench.replay import connect_all
from bench.swarm import join_many
from tests.server import ROOT, free_port

TOKENS = 500  # ten seconds
MODELS = tuple(f"f{first}r50n{TOKENS}" for first in (0, 5, 10, 15))
# The usual way is at its end with fifty sockets; at a thousand it would only show the same, slower.
FLOORS = {200: ("picows", "consumers"), 1000: ("picows",)}
PASSES = 3


async def ours(here: Stage, count: int) -> dict[str, object]:
    """One question to four models with `count` watchers; also the frames that one of them got."""
    sockets = await join_many(here, count, here.places[0])
    sockets[0].log = []
    before = {socket: set(socket.turns) for socket in sockets}
    frames, used, began = sum(s.frames for s in sockets), cpu_s(here.server.pid), time.monotonic()
    here.provider.streams.clear()
    await sockets[1].send(here.places[0], MODELS)
    await until(lambda: all(len(s.turns) - len(before[s]) == 4 for s in sockets), 30, "the turns")
    await until(lambda: all(t.finished_at for s in sockets for t in s.turns.values()), 60, "the last delta everywhere")
    used, lasted = cpu_s(here.server.pid) - used, time.monotonic() - began
    frames = sum(s.frames for s in sockets) - frames
    streams = {stream.model: stream for stream in here.provider.streams}
    heard = [turn for s in sockets if s.is_recorded for key, turn in s.turns.items() if key not in before[s]]
    lateness = [late for turn in heard for late in turn.latencies(streams[turn.model])]
    result = {
        "frames": frames,
        "cpu_us_per_frame": round(used / frames * 1e6, 2),
        "cpu_us_per_token": round(used / (count * TOKENS * len(MODELS)) * 1e6, 2),
        "cores": round(used / lasted, 3),
        "missing": sum(TOKENS * 5 - turn.at for s in sockets for key, turn in s.turns.items() if key not in before[s]),
        "wrong": sum(socket.wrong for socket in sockets),
        "latency_ms": milliseconds(lateness),
        "log": sockets[0].log,
    }
    for socket in sockets:
        socket.close()
    await asyncio.sleep(1)
    return result


async def replayed(how: str, schedule: Path, expected: int, count: int, length_s: float) -> dict[str, object]:
    """The recorded frames through another server: processor time for each frame that arrived."""
    port = free_port()
    command = [sys.executable, "-m", "bench.replay", how, str(port), str(schedule)]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=asyncio.subprocess.PIPE)
    assert process.stdin is not None
    try:
        sockets = await connect_all(port, count)
        pin(process.pid, 0)
        used = cpu_s(process.pid)
        process.stdin.write(b"go\n")
        with suppress(TimeoutError):  # what has not come by then counts as missing
            await until(lambda: all(s.frames >= expected for s in sockets), 2 * length_s, "the frames")
        used = cpu_s(process.pid) - used
        frames = sum(socket.frames for socket in sockets)
        for socket in sockets:
            socket.close()
    finally:
        process.kill()
        await process.wait()
    return {
        "frames": frames,
        "missing": count * expected - frames,
        "cpu_us_per_frame": round(used / max(frames, 1) * 1e6, 2),
    }


async def measure(here: Stage, count: int, folder: Path) -> dict[str, object]:
    rows: dict[str, list[dict[str, object]]] = {how: [] for how in ("ours", *FLOORS[count])}
    for _ in range(PASSES):
        row = await ours(here, count)
        log = row.pop("log")
        assert isinstance(log, list)
        began = log[0][0]
        schedule = folder / "schedule.json"
        schedule.write_text(json.dumps([(came - began, data.decode()) for came, data in log]))
        rows["ours"].append(row)
        length_s = log[-1][0] - began
        for how in FLOORS[count]:
            rows[how].append(await replayed(how, schedule, len(log), count, length_s))
        note(f"{count} sockets: { ({how: found[-1]['cpu_us_per_frame'] for how, found in rows.items()}) } µs a frame")

    def ratio(floor: str) -> float:
        pairs = zip(rows["ours"], rows[floor], strict=True)
        return median([float(str(a["cpu_us_per_frame"])) / float(str(b["cpu_us_per_frame"])) for a, b in pairs])

    return {"sockets": count, **{f"ratio_to_{how}": ratio(how) for how in FLOORS[count]}, **rows}


async def main() -> None:
    raise_file_limit()
    async with stage(MODELS, people=100) as here:
        with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
            rows = [await measure(here, count, Path(folder)) for count in FLOORS]
    print_line("fanout", passes=PASSES, goal={"ratio_to_picows": 2.2, "ratio_to_consumers": 0.167}, rows=rows)


if __name__ == "__main__":
    run(main())
