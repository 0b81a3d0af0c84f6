"""`python -m faults`: run the cases against a deployment of its own and print what held.

--only F03,F12      some faults            --times 20          each so often
--seed 7            the same moments       --minutes 25        stop in time; what was not run is said
--short             those of `make test`   --keep              leave the folder with all logs
"""

import asyncio
import random
import shutil
import sys
import tempfile
import time
import traceback
from argparse import ArgumentParser, Namespace
from dataclasses import dataclass, field
from pathlib import Path

import faults.cases  # noqa: F401  fills the table
from faults.table import CASES, ELSEWHERE, FAULTS, Case
from faults.world import World
from tools.services import end_with_us, missing


@dataclass
class Result:
    held: int = 0
    failed: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


def scratch() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="parley-faults-"))
    folder.chmod(0o755)  # PostgreSQL may run as another user
    return folder


def say(words: str) -> None:
    print(words, flush=True)


async def run_case(world: World, case: Case, seed: int, round_: int) -> str:
    """One round of one case; the words of what did not hold and what the logs say of it, or nothing."""
    rng = random.Random(f"{seed} {case.number} {case.name} {round_}")
    try:
        async with asyncio.timeout(case.within_s + 60):
            await case.run(world, rng)
    except AssertionError as error:
        words = str(error) or "".join(traceback.format_exception(error)[-2:])
        return f"{words}\n{world.errors()}".rstrip()
    except Exception as error:  # noqa: BLE001  whatever goes wrong is what the table is for
        return f"{type(error).__name__}: {error}\n{world.errors()}".rstrip()
    finally:
        await world.forget()
    return ""


async def run(options: Namespace, cases: list[Case]) -> dict[Case, Result]:
    results = {case: Result() for case in cases}
    deadline = time.monotonic() + options.minutes * 60
    for nodes in sorted({case.nodes for case in cases}):
        folder = scratch()
        guard = end_with_us(folder, keeps_files=options.keep)
        say(f"Starting the full profile with {nodes} Cassandra node{'s' if nodes > 1 else ''} in {folder}.")
        world = World(folder, nodes=nodes)
        try:
            await world.begin()
            for case in (case for case in cases if case.nodes == nodes):
                await repeat(world, case, options, results[case], deadline)
        finally:
            await world.end()
            assert guard.stdin is not None
            guard.stdin.close()
            guard.wait()
            if not options.keep:
                shutil.rmtree(folder, ignore_errors=True)
    return results


async def repeat(world: World, case: Case, options: Namespace, result: Result, deadline: float) -> None:
    for round_ in range(options.times or case.times):
        if time.monotonic() > deadline:
            return
        began = time.monotonic()
        wrong = await run_case(world, case, options.seed, round_)
        seconds = time.monotonic() - began
        result.seconds.append(seconds)
        if wrong:
            result.failed.append(wrong)
            say(f"  FAILED {seconds:5.1f} s  {case.name}, round {round_}, seed {options.seed}: {wrong}")
        else:
            result.held += 1
            say(f"  held   {seconds:5.1f} s  {case.name}, round {round_}")


def table(results: dict[Case, Result]) -> int:
    """Print all 48 and what is known of each; the exit code."""
    say("")
    bad = 0
    for number, words in FAULTS.items():
        rows = [(case, result) for case, result in results.items() if case.number == number]
        if not rows:
            known = next((case.name for case in CASES if case.number == number), "")
            where = ELSEWHERE.get(number) or (f"not run now: {known}" if known else "NOT COVERED")
            say(f"F{number:02}  {'':12} {words}: {where}")
        for case, result in rows:
            rounds = result.held + len(result.failed)
            bad += bool(result.failed)
            state = "NOT RUN" if not rounds else f"{result.held} of {rounds} held"
            slowest = f", slowest {max(result.seconds):.1f} s" if result.seconds else ""
            say(f"F{number:02}  {state:12} {words}: {case.run.__name__}{slowest}")
    total = sum(result.held + len(result.failed) for result in results.values())
    failed = sum(len(result.failed) for result in results.values())
    say(f"\n{total} faults were made, {failed} of them did harm.")
    return 1 if bad else 0


def main() -> int:
    parser = ArgumentParser("python -m faults", description="The fault bench.")
    parser.add_argument("--only", default="", help="faults by number, with commas: F03,F12 or 3,12")
    parser.add_argument("--times", type=int, default=0)
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100000)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    if lacking := missing():
        sys.exit("\n".join(lacking.values()))
    wanted = {int(word.strip().upper().removeprefix("F")) for word in options.only.split(",") if word.strip()}
    cases = [case for case in CASES if not wanted or case.number in wanted]
    if options.short:
        cases = [case for case in cases if case.is_short]
    say(f"Seed {options.seed}: python -m faults --seed {options.seed} makes the same moments.")
    return table(asyncio.run(run(options, cases)))


if __name__ == "__main__":
    sys.exit(main())
