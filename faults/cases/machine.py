"""The machine: clocks, disk, processor, memory, and the power."""

import asyncio
import os
import random
import resource
import subprocess
import sys
import time
from pathlib import Path

from faults.clock import WrongClock
from faults.observer import check
from faults.table import case
from faults.world import LONG, QUICK, STEADY, World, ask, at_some_moment
from tools.services import Postgres


@case(36, times=2, within_s=120)
async def clocks_are_wrong_and_jump(world: World, rng: random.Random) -> None:
    """One web process is ten minutes ahead, one worker ten behind, then both jump: order, holds and edits stand."""
    ahead, behind = WrongClock(world.folder, "ahead", 600), WrongClock(world.folder, "behind", -600)
    await world.change(world.webs[0], **ahead.settings)
    await world.change(world.workers[0], **behind.settings)
    thread_id, people = await world.room("Ann", "Ben")
    world.breaks()
    await ask(people[0], thread_id, LONG, STEADY)
    await people[1].send(thread_id, "Later, by the place", mode="talk")
    await at_some_moment(rng, 0, 1)
    ahead.jump(-300)
    behind.jump(300)
    ack = await people[0].send(thread_id, "First words", mode="talk")
    for n, person in enumerate((people[1], people[0])):
        refused = await person.client.request(
            "PATCH", f"/messages/{ack['message_id']}", {"body": f"Words {n}", "revision": 1}
        )
        assert refused.status_code == (403 if n == 0 else 200), refused.text
    await ask(people[1], thread_id, QUICK)
    # The oracle compares what was said with what is there; this one was changed on purpose.
    people[0].sent = [sent for sent in people[0].sent if sent.command["body"] != "First words"]
    checked = await check(world, thread_id, people)
    assert set(checked.states()) == {"complete"}, "F36: a wrong clock ended an answer"
    assert [m["seq"] for m in checked.messages if m["author"]["kind"] == "person"] == [1, 3, 4, 5]
    assert any(m["body"] == "Words 1" for m in checked.messages), "F36: an edit was lost"


@case(37, times=1, within_s=150, needs_root=True)
async def disk_full(world: World, rng: random.Random) -> None:
    """PostgreSQL cannot write: people are told, nothing acknowledged is lost, and it goes on when there is room again."""
    assert world.deployment.postgres is not None
    data = world.deployment.postgres.data
    thread_id, people = await world.room("Ann", "Ben")
    await people[0].send(thread_id, "Before", mode="talk")
    filler = data / "filler"
    with mounted_small(world.deployment.postgres, world):
        await people[0].send(thread_id, "On the small disk", mode="talk")
        world.breaks()
        await asyncio.to_thread(fill, filler)
        talking = [asyncio.create_task(people[n % 2].send(thread_id, "x" * 200_000, mode="talk")) for n in range(6)]
        await asyncio.sleep(8)
        assert not all(task.done() for task in talking), "F37: the disk was never full"
        filler.unlink()
        await asyncio.gather(*talking)
        checked = await check(world, thread_id, people)
        assert len(checked.messages) == 8


class mounted_small:  # noqa: N801  reads as a verb where it is used
    """The database moved onto a disk of its own with hardly any room, and back."""

    def __init__(self, postgres: Postgres, world: World, megabytes: int = 260) -> None:
        self.postgres, self.world, self.megabytes = postgres, world, megabytes
        self.aside = postgres.data.with_name("data-aside")

    def __enter__(self) -> None:
        data = self.postgres.data
        self.postgres.stop()
        data.rename(self.aside)
        data.mkdir(mode=0o700)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.megabytes}m", "tmpfs", data], check=True)
        subprocess.run(["cp", "-a", f"{self.aside}/.", data], check=True)
        self.postgres.start()

    def __exit__(self, *exc: object) -> None:
        data = self.postgres.data
        self.postgres.stop()
        (data / "filler").unlink(missing_ok=True)
        subprocess.run(["rm", "-rf", self.aside], check=True)
        subprocess.run(["cp", "-a", f"{data}/.", self.aside], check=True)
        subprocess.run(["umount", data], check=True)
        data.rmdir()
        self.aside.rename(data)
        self.postgres.start()


def fill(file: Path) -> None:
    """Write until the disk says that it is full, but for a little."""
    with file.open("wb") as out:
        try:
            while True:
                out.write(b"x" * 65536)
                out.flush()
        except OSError:
            return


@case(38, times=1, within_s=120)
async def no_processor_time(world: World, rng: random.Random) -> None:
    """Everything stands in line for the processor for 20 seconds: late, and whole; nobody is taken for dead."""
    thread_id, people = await world.room("Ann", "Ben")
    world.breaks()
    hogs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2 * (os.cpu_count() or 1))]
    try:
        await ask(people[0], thread_id, LONG, STEADY)
        await asyncio.sleep(10)
        await ask(people[1], thread_id, QUICK)
        await asyncio.sleep(10)
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()
    checked = await check(world, thread_id, people)
    assert set(checked.states()) == {"complete"}, f"F38: {checked.states()}"


@case(40, times=1, within_s=120)
async def out_of_memory(world: World, rng: random.Random) -> None:
    """A worker may have no more memory; it fails or dies, is started again, and its answers end as a dead one's do."""
    thread_id, people = await world.room("Ann", "Ben")
    await ask(people[0], thread_id, LONG, STEADY)
    await world.until_words(people[1], thread_id, 10)
    holder = await world.holder(thread_id)
    assert holder.pid is not None
    size = int(Path(f"/proc/{holder.pid}/statm").read_text().split()[0]) * resource.getpagesize()
    world.breaks()
    resource.prlimit(holder.pid, resource.RLIMIT_AS, (size, size))
    await asyncio.gather(*(ask(people[n % 2], thread_id, QUICK, STEADY) for n in range(4)))
    await asyncio.sleep(3)
    await world.kill(holder)
    await world.start(holder)
    checked = await check(world, thread_id, people)
    assert set(checked.states()) <= {"complete", "interrupted", "failed"}


@case(44, times=3, within_s=150)
async def power_failure(world: World, rng: random.Random) -> None:
    """Every process dies in the same moment; started again, everything acknowledged is there and every answer ends."""
    thread_id, people = await world.room("Ann", "Ben")
    await ask(people[0], thread_id, LONG, QUICK)
    await people[1].send(thread_id, "Before the dark", mode="talk")
    await world.until_words(people[1], thread_id, 10)
    await at_some_moment(rng, 0, 2)
    world.breaks(unsaved_s=2.0)
    await asyncio.to_thread(world.deployment.kill)
    began = time.monotonic()
    await asyncio.to_thread(world.deployment.start)
    started = time.monotonic() - began
    checked = await check(world, thread_id, people)
    assert set(checked.states()) <= {"complete", "interrupted"}
    assert checked.seconds <= 30, f"F44: whole {checked.seconds:.0f} s after a start of {started:.0f} s"
