"""Moving 1,000,000 messages from SQLite into CQL with the product's own command, killed with -9 a third of the way.

What it takes to copy, to go on, and to compare both by hash. CQL_HOSTS, or a node of Apache Cassandra that is started here.
"""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from bench.common import memory_kib, note, print_line
from bench.store import environment, seeded, servers
from tests.server import ROOT

MESSAGES = int(os.environ.get("BENCH_MESSAGES", "1000000"))


def start(folder: Path, hosts: str) -> "subprocess.Popen[str]":
    words = [sys.executable, "manage.py", "move_messages", "--to", "cql"]
    return subprocess.Popen(
        words, cwd=ROOT, env=environment(folder, hosts, MESSAGES), stdout=subprocess.PIPE, text=True, bufsize=1
    )


def follow(moving: "subprocess.Popen[str]", until: int = sys.maxsize) -> tuple[int, dict[str, float], list[str], int]:
    """What it says, until it has copied so many or ends: the last count, when each step began, its memory."""
    assert moving.stdout is not None
    count, memory, said = 0, 0, []
    began = time.monotonic()
    steps: dict[str, float] = {}
    for line in moving.stdout:
        said.append(line)
        note(line.rstrip())
        memory = max(memory, memory_kib(moving.pid).get("rss", 0)) if moving.poll() is None else memory
        for step in ("Going on", "Beginning", "Caught up", "Comparing", "Both hold"):
            if line.startswith(step):
                steps[step] = time.monotonic() - began
        if "Comparing" not in steps and (found := re.match(r"  ([\d,]+) of about", line)):
            count = int(found[1].replace(",", ""))
        if count >= until:
            break
    return count, steps, said, memory


def main() -> None:
    with servers() as (folder, hosts):
        seeded(folder, MESSAGES)
        moved = folder / str(MESSAGES) / "moved"
        if moved.exists():
            raise RuntimeError(f"The messages in {folder} were moved before. Name another BENCH_FOLDER, or none.")
        first = start(folder, hosts)
        killed_at, _, _, _ = follow(first, MESSAGES // 3)
        os.kill(first.pid, signal.SIGKILL)
        first.communicate()
        second = start(folder, hosts)
        count, steps, said, memory = follow(second)
        if second.wait() != 0:
            raise RuntimeError("".join(said[-5:]))
        moved.touch()
    copying = steps["Caught up"] - steps["Going on"]
    print_line(
        "move",
        messages=MESSAGES,
        killed_at=killed_at,
        copied_per_s=round((count - killed_at) / copying),
        compared_per_s=round(MESSAGES / (steps["Both hold"] - steps["Comparing"])),
        copy_s=round(copying, 1),
        compare_s=round(steps["Both hold"] - steps["Comparing"], 1),
        memory_mib=round(memory / 1024),
        said=said[-2].strip(),
    )


if __name__ == "__main__":
    main()
