"""Both message stores alone: putting a message, and a page of fifty, at 10,000 and at 1,000,000 messages.

SQLite, and one node of Apache Cassandra (CQL_HOSTS, or started here). Filling takes some minutes; BENCH_FOLDER names a folder
that keeps what was filled for the next time.
"""

import asyncio
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from bench.common import milliseconds, note, print_line, seed
from tests.server import ROOT

SIZES = (10_000, 1_000_000)
CALLS = 100
LIMIT = 50
BATCH = 2000


@contextmanager
def servers() -> Iterator[tuple[Path, str]]:
    """A folder, and the address of a CQL server that keeps its data as long as the folder is kept."""
    kept = os.environ.get("BENCH_FOLDER", "")
    folder = Path(kept or tempfile.mkdtemp(prefix="parley-bench-"))
    node = None
    try:
        hosts = os.environ.get("CQL_HOSTS", "")
        if not hosts:
            from tools.services import Cassandra

            node = Cassandra(folder / "cassandra").start()
            hosts = node.host
        yield folder, hosts
    finally:
        if node is not None:
            node.stop()
        if not kept:
            shutil.rmtree(folder, ignore_errors=True)


def environment(folder: Path, hosts: str, size: int) -> dict[str, str]:
    """Of a process that works on that many messages: a database and a keyspace of their own."""
    named = {"CQL_HOSTS": hosts, "CQL_KEYSPACE": f"parley_bench_{size}", "CQL_REPLICATION": "1", "LOG_LEVEL": "WARNING"}
    return {**os.environ, **named, "PARLEY_DATA_DIR": str(folder / str(size)), "PARLEY_LOCAL_MODEL": "0"}


def seeded(folder: Path, size: int) -> dict[str, Any]:
    """That many messages in a database of their own, and where they are."""
    data = folder / str(size)
    if not (data / "places.json").exists():
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(parents=True)
        note(f"Seeding {size:,} messages.")
        (data / "places.json").write_text(json.dumps(seed(data, messages=size)["places"][0]))
    result: dict[str, Any] = json.loads((data / "places.json").read_text())
    return result


def fill(folder: Path, hosts: str, size: int) -> dict[str, Any]:
    """The same messages in both stores, and where they are."""
    places = seeded(folder, size)
    moved = folder / str(size) / "moved"
    if not moved.exists():
        note(f"Moving {size:,} messages.")
        words = [sys.executable, "manage.py", "move_messages", "--to", "cql", "--no-verify"]
        subprocess.run(words, cwd=ROOT, env=environment(folder, hosts, size), check=True, stdout=sys.stderr)
        moved.touch()
    return places


@asynccontextmanager
async def both() -> AsyncIterator[dict[str, Any]]:
    from messaging.stores.cql.store import CqlMessageStore
    from messaging.stores.orm import OrmMessageStore

    cql = CqlMessageStore()
    yield {"orm": OrmMessageStore(), "cql": cql}
    await cql.close()


async def measure(size: int, thread_id: str, branch_id: str) -> list[dict[str, Any]]:
    from uuid import UUID

    from bench.seed import BODY
    from chatplatform.kernel.clock import now
    from chatplatform.kernel.ids import new_id
    from messaging.types import Author, Message, Range

    branch, thread = UUID(branch_id), UUID(thread_id)
    author = Author("person", str(new_id()), "Person 0")
    chance = random.Random(1)

    def message(seq: int) -> Message:
        return Message(new_id(), thread, branch, seq, 0, author, f"{seq}. {BODY}", "complete", now())

    async def timed(work: Any) -> float:
        began = time.monotonic()
        await work
        return time.monotonic() - began

    rows = []
    async with both() as stores:
        for name, store in stores.items():
            head = (await store.page([Range(branch, 1)], limit=1))[0].seq
            places: dict[str, Callable[[], int | None]] = {
                "newest": lambda: None,
                "middle": lambda: chance.randint(LIMIT + 1, size),
                "oldest": lambda: LIMIT + 1,
            }
            for page, before in places.items():
                took = [
                    await timed(store.page([Range(branch, 1)], before=before(), limit=LIMIT)) for _ in range(CALLS + 10)
                ]
                rows.append({"store": name, "messages": size, "what": f"page, {page}", "ms": milliseconds(took[10:])})
            took = [await timed(store.put([message(head + n)])) for n in range(1, CALLS + 1)]
            rows.append({"store": name, "messages": size, "what": "put one", "ms": milliseconds(took)})
            many = [message(head + CALLS + n) for n in range(1, BATCH + 1)]
            parts = [many[start : start + 100] for start in range(0, BATCH, 100)]
            seconds = await timed(asyncio.gather(*(store.put(part) for part in parts)))
            rows.append({"store": name, "messages": size, "what": "put many", "per_s": round(BATCH / seconds)})
    return rows


def main() -> None:
    rows: list[dict[str, Any]] = []
    with servers() as (folder, hosts):
        for size in SIZES:
            places = fill(folder, hosts, size)
            done = subprocess.run(
                [sys.executable, "-m", "bench.store", str(size), places["thread_id"], places["branch_id"]],
                cwd=ROOT,
                env=environment(folder, hosts, size),
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
            rows += json.loads(done.stdout.splitlines()[-1])
    for row in rows:
        note(f"{row['store']} {row['messages']:>9,} {row['what']:<13} {row.get('ms') or row.get('per_s')}")
    small = {(row["store"], row["what"]): row for row in rows if row["messages"] == SIZES[0]}
    for row in rows:
        if "ms" in row:
            row["p50_ratio"] = round(row["ms"]["p50"] / small[row["store"], row["what"]]["ms"]["p50"], 2)
    print_line("store", calls=CALLS, goal={"p50_ratio of pages": 1.3}, rows=rows)


def _measure_here() -> None:
    import django
    import uvloop

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatplatform.settings")
    django.setup()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(measure(int(sys.argv[1]), *sys.argv[2:]))))


if __name__ == "__main__":
    _measure_here() if len(sys.argv) > 1 else main()
