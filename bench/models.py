"""N models at once against the slowest of them alone: 1, 2, 4 and 8, from the command to the last `finished`.

Goal: ≤ 1.03 × the slowest alone + 50 ms.
"""

from bench.common import Stage, median, note, print_line, run, stage, until
from bench.swarm import Socket, join

# The slowest is first: 150 tokens at 50 a second after a quarter second. The others are quicker.
SLOWEST = "f250r50n150"
OTHERS = tuple(
    f"f{first}r{rate}n150" for first, rate in ((20, 80), (50, 60), (100, 70), (150, 55), (200, 90), (30, 65), (60, 75))
)
COUNTS = (1, 2, 4, 8)
PAIRS = 3


async def duration(socket: Socket, stage: Stage, models: list[str]) -> float:
    before = set(socket.turns)
    left = await socket.send(stage.places[0], models)
    await until(lambda: len(set(socket.turns) - before) == len(models), 10, "the turns")
    turns = [turn for key, turn in socket.turns.items() if key not in before]
    await until(lambda: all(turn.finished_at for turn in turns), 60, "the answers")
    return max(turn.finished_at for turn in turns) - left


async def main() -> None:
    async with stage((SLOWEST, *OTHERS)) as here:
        socket = await join(here, here.people[0], here.places[0])
        await duration(socket, here, [SLOWEST])  # warms the connections
        rows = []
        for count in COUNTS:
            pairs = []
            for _ in range(PAIRS):
                alone = await duration(socket, here, [SLOWEST])
                pairs.append((alone, await duration(socket, here, [SLOWEST, *OTHERS][:count])))
            ratio = median([many / alone for alone, many in pairs])
            over_ms = median([(many - alone) * 1000 for alone, many in pairs])
            is_met = all(many <= 1.03 * alone + 0.05 for alone, many in pairs)
            note(f"{count} models: {ratio} × the slowest alone, {over_ms} ms longer")
            rows.append({"models": count, "median_ratio": ratio, "median_longer_ms": over_ms, "is_goal_met": is_met})
        print_line("models", pairs=PAIRS, goal="1.03 x slowest alone + 50 ms", rows=rows, wrong=socket.wrong)


if __name__ == "__main__":
    run(main())
