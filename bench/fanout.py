"""Four models at 50 tokens a second to 200 and 1,000 sockets in one room: what one delivered frame costs.

Three ways to deliver the very same frames at the very same times: the product (whole server: providers,
database and all), bare picows (the floor), and one Channels consumer per socket with `group_send` over the
in-memory layer (the usual way). A fourth delivers the same words as they come from the models, each token in a frame of
its own, over bare picows: what the product saves by telling a room at most thirty times a second shows there.
Goals at 200 sockets: ≤ 2.2 × picows, for a token and for a frame; ≤ 1/6 of one consumer per socket.
`python -m bench.fanout 200` measures that number of sockets alone.
"""

import asyncio
import json
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import cast
from uuid import uuid4

from bench.common import Stage, cpu_s, median, milliseconds, note, pin, print_line, raise_file_limit, run, stage, until
from bench.provider import TOKEN_LENGTH, WORDS, Stream
from bench.replay import connect_all
from bench.swarm import join_many
from messaging.packets import pack_events
from messaging.protocol import encode
from messaging.protocol.events import TurnDelta
from tests.server import ROOT, free_port

TOKENS = 500  # ten seconds
MODELS = tuple(f"f{first}r50n{TOKENS}" for first in (0, 5, 10, 15))
# The usual way is at its end with fifty sockets; at a thousand it would only show the same, slower.
FLOORS = {200: ("picows", "tokens", "consumers"), 1000: ("picows", "tokens")}
PASSES = 3

Schedule = list[tuple[float, str]]  # seconds from the first frame, and the frame


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
    result: dict[str, object] = {
        "frames": frames,
        "cpu_us_per_frame": round(used / frames * 1e6, 2),
        "cpu_us_per_token": round(used / (count * TOKENS * len(MODELS)) * 1e6, 2),
        "cores": round(used / lasted, 3),
        "missing": sum(TOKENS * 5 - turn.at for s in sockets for key, turn in s.turns.items() if key not in before[s]),
        "wrong": sum(socket.wrong for socket in sockets),
        "latency_ms": milliseconds(lateness),
        "frames_as_they_came": _from_start([(came, data.decode()) for came, data in sockets[0].log]),
        "frame_per_token": _from_start(sorted(due for stream in streams.values() for due in _tokens(stream))),
    }
    for socket in sockets:
        socket.close()
    await asyncio.sleep(1)
    return result


def _tokens(stream: Stream) -> Schedule:
    """An answer as frames of one token each, in the product's own form, at the times when the provider says them."""
    thread, turn = uuid4(), uuid4()
    found = []
    for index in range(stream.pace.count):
        event = TurnDelta(turn, 1, index * TOKEN_LENGTH, TOKEN_LENGTH, WORDS[index % len(WORDS)])
        frame = pack_events(thread, "0123456789abcdef", index + 1, index + 1, [encode(event)])
        found.append((stream.due_at(index), frame.data.decode()))
    return found


def _from_start(frames: Schedule) -> Schedule:
    return [(at - frames[0][0], text) for at, text in frames]


def _written(frames: Schedule, folder: Path) -> Path:
    file = folder / "schedule.json"
    file.write_text(json.dumps(frames))
    return file


async def replayed(how: str, frames: Schedule, folder: Path, count: int) -> dict[str, object]:
    """Frames through another server at their times: processor time for each frame that arrived."""
    file = _written(frames, folder)
    expected, length_s = len(frames), frames[-1][0]
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "bench.replay",
        "consumers" if how == "consumers" else "picows",
        str(port),
        str(file),
    ]
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
        arrived = sum(socket.frames for socket in sockets)
        for socket in sockets:
            socket.close()
    finally:
        process.kill()
        await process.wait()
    return {
        "frames": arrived,
        "missing": count * expected - arrived,
        "cpu_us_per_frame": round(used / max(arrived, 1) * 1e6, 2),
    }


async def measure(here: Stage, count: int, folder: Path) -> dict[str, object]:
    rows: dict[str, list[dict[str, object]]] = {how: [] for how in ("ours", *FLOORS[count])}
    for _ in range(PASSES):
        row = await ours(here, count)
        recorded, single = row.pop("frames_as_they_came"), row.pop("frame_per_token")
        rows["ours"].append(row)
        for how in FLOORS[count]:
            frames = cast(Schedule, single if how == "tokens" else recorded)
            rows[how].append(await replayed(how, frames, folder, count))
        note(f"{count} sockets: { ({how: found[-1]['cpu_us_per_frame'] for how, found in rows.items()}) } µs a frame")
        note(f"{count} sockets: {row['cpu_us_per_token']} µs a token, {row['cores']} cores, {row['latency_ms']}")

    def ratio(floor: str, ours: str = "cpu_us_per_frame") -> float:
        pairs = zip(rows["ours"], rows[floor], strict=True)
        return median([float(str(a[ours])) / float(str(b["cpu_us_per_frame"])) for a, b in pairs])

    ratios = {f"ratio_to_{how}": ratio(how) for how in FLOORS[count] if how != "tokens"}
    return {"sockets": count, **ratios, "ratio_of_a_token": ratio("tokens", "cpu_us_per_token"), **rows}


async def main(counts: list[int]) -> None:
    raise_file_limit()
    async with stage(MODELS, people=100) as here:
        with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
            rows = [await measure(here, count, Path(folder)) for count in counts]
    goal = {"ratio_to_picows": 2.2, "ratio_of_a_token": 2.2, "ratio_to_consumers": 0.167}
    print_line("fanout", passes=PASSES, goal=goal, rows=rows)


if __name__ == "__main__":
    run(main([int(count) for count in sys.argv[1:]] or list(FLOORS)))
