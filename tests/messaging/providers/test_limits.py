"""A provider's places: first come, first served, positions visible, no place lost to a cancellation."""

import asyncio
import random

import pytest

from messaging.providers.limits import Limiter


class Asker:
    def __init__(self, limiter: Limiter, name: str, entered: list[str]) -> None:
        self.positions: list[int] = []
        self.done = asyncio.Event()
        self._limiter, self._name, self._entered = limiter, name, entered
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        async with self._limiter.slot(self.positions.append):
            self._entered.append(self._name)
            await self.done.wait()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_came_first_goes_first_and_sees_the_line_move() -> None:
    limiter, entered = Limiter(2), []  # type: tuple[Limiter, list[str]]
    a, b, c, d, e = [Asker(limiter, name, entered) for name in "abcde"]
    await settle()
    assert entered == ["a", "b"] and (limiter.running, limiter.waiting) == (2, 3)
    assert (a.positions, c.positions, d.positions, e.positions) == ([], [1], [2], [3])
    b.done.set()
    await settle()
    assert entered == ["a", "b", "c"]
    assert (d.positions, e.positions) == ([2, 1], [3, 2])
    for asker in (a, c, d, e):
        asker.done.set()
    await asyncio.gather(*(asker.task for asker in (a, b, c, d, e)))
    assert entered == list("abcde") and (limiter.running, limiter.waiting) == (0, 0)


async def test_who_gives_up_leaves_no_hole() -> None:
    limiter, entered = Limiter(1), []  # type: tuple[Limiter, list[str]]
    a, b, c = [Asker(limiter, name, entered) for name in "abc"]
    await settle()
    b.task.cancel()
    await settle()
    assert c.positions == [2, 1]
    a.done.set()
    await settle()
    assert entered == ["a", "c"]
    c.done.set()
    await c.task


async def test_a_place_given_to_somebody_leaving_goes_to_the_next() -> None:
    limiter, entered = Limiter(1), []  # type: tuple[Limiter, list[str]]
    a, b, c = [Asker(limiter, name, entered) for name in "abc"]
    await settle()
    a.done.set()
    await asyncio.sleep(0)  # the place is b's now, and b has not woken yet
    b.task.cancel()
    await settle()
    c.done.set()
    await c.task
    assert (limiter.running, limiter.waiting) == (0, 0)


async def test_the_limit_can_change_while_people_wait() -> None:
    limiter, entered = Limiter(1), []  # type: tuple[Limiter, list[str]]
    askers = [Asker(limiter, name, entered) for name in "abcd"]
    await settle()
    limiter.set_limit(3)
    await settle()
    assert entered == ["a", "b", "c"] and limiter.limit == 3
    limiter.set_limit(1)
    askers[0].done.set()
    await settle()
    assert entered == ["a", "b", "c"]
    for asker in askers:
        asker.done.set()
    await asyncio.gather(*(asker.task for asker in askers))
    assert entered == list("abcd")


@pytest.mark.parametrize("seed", range(10))
async def test_no_place_is_ever_lost_or_doubled(seed: int) -> None:
    rng = random.Random(seed)
    limiter = Limiter(3)
    most = 0

    async def ask() -> None:
        nonlocal most
        async with limiter.slot():
            most = max(most, limiter.running)
            await asyncio.sleep(rng.random() / 500)

    tasks = [asyncio.create_task(ask()) for _ in range(60)]
    for task in rng.sample(tasks, 20):
        await asyncio.sleep(rng.random() / 1000)
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert most == 3 and (limiter.running, limiter.waiting) == (0, 0)
