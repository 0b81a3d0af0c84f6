"""Time from starting the process to its first answer, on an empty data folder and on a used one; memory then.

Goal: ≤ 3 s and ≤ 150 MiB. The child process of the local model is counted apart.
"""

import os
import shutil
import tempfile
import time
from pathlib import Path

from bench.common import children, median, memory_kib, note, print_line
from tests.server import Server

STARTS = 5


def start(folder: Path, **environment: str) -> tuple[float, dict[str, float]]:
    """Seconds until it answers, and MiB of the server and of its children two seconds later."""
    server = Server(folder, PARLEY_TEST_MODELS="0", **environment)
    began = time.monotonic()
    server.start(60)
    took = time.monotonic() - began
    time.sleep(2)
    own = memory_kib(server.pid)["rss"] / 1024
    model = sum(memory_kib(child)["rss"] for child in children(server.pid)) / 1024
    server.stop()
    return took, {"server": round(own, 1), "children": round(model, 1)}


def main() -> None:
    rows = []
    for name, environment in (
        ("without the local model", {"PARLEY_LOCAL_MODEL": "0"}),
        ("with it", {"PARLEY_LOCAL_MODEL": "1"}),
    ):
        first, later = [], []
        memory: dict[str, float] = {}
        for _ in range(STARTS):
            folder = Path(tempfile.mkdtemp(prefix="parley-bench-"))
            try:
                first.append(start(folder, **environment)[0])
                took, memory = start(folder, **environment)
                later.append(took)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
        note(f"{name}: first {median(first)} s, later {median(later)} s, {memory} MiB")
        rows.append({"start": name, "first_s": median(first), "later_s": median(later), "rss_mib": memory})
    print_line("startup", starts=STARTS, goal={"s": 3, "rss_mib": 150}, cores=os.cpu_count(), rows=rows)


if __name__ == "__main__":
    main()
