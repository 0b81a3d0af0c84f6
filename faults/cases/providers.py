"""Providers that refuse, break, stall, babble and cannot be reached; each time another model beside stays whole.

The words and parsers are tested in tests/messaging/providers; here it is the whole way, from a worker to two people.
"""

import random
import time

from faults.observer import check
from faults.table import case
from faults.world import QUICK, World, model
from tests.client import Json


async def _ask_beside(world: World, fault: str, tokens: int = 60) -> tuple[Json, float]:
    """Ask a model with that fault and a sound one at once; what became of the faulty answer, and after how long."""
    thread_id, people = await world.room("Ann", "Ben")
    faulty = f"scripted:script?tokens={tokens}&rate=100&seed=7&fault={fault}"
    began = time.monotonic()
    await people[0].send(thread_id, "What is the tide?", models=[faulty, model(QUICK)])
    checked = await check(world, thread_id, people)
    seconds = time.monotonic() - began
    by_model = {m["author"]["id"].partition(":")[0]: m for m in checked.answers()}
    assert by_model["openai"]["state"] == "complete", "another model's fault spread"
    return by_model["scripted"], seconds


def _error(message: Json) -> Json:
    error: Json = message["meta"].get("error") or {}
    return error


@case(23, times=2)
async def refused_for_three_seconds(world: World, rng: random.Random) -> None:
    answer, seconds = await _ask_beside(world, "429:3x1")
    assert answer["state"] == "complete"
    assert 3 <= seconds < 12, f"F23: {seconds:.1f} s"


@case(24, times=1)
async def refused_again_and_again(world: World, rng: random.Random) -> None:
    answer, _ = await _ask_beside(world, "500")
    assert answer["state"] == "failed" and _error(answer)


@case(24, times=1)
async def refused_twice(world: World, rng: random.Random) -> None:
    answer, _ = await _ask_beside(world, "503:0x2")
    assert answer["state"] == "complete"


@case(25, times=2)
async def an_error_inside_the_stream(world: World, rng: random.Random) -> None:
    """The words so far stay, the error is shown, nothing is tried again by itself."""
    answer, _ = await _ask_beside(world, rng.choice(["error@20", "vllm-error@20"]))
    assert answer["state"] == "failed" and answer["body"] and _error(answer)
    assert answer["meta"]["attempt"] == 1


@case(26, times=1)
async def silence(world: World, rng: random.Random) -> None:
    answer, seconds = await _ask_beside(world, "stall@20")
    assert answer["state"] == "failed" and answer["body"]
    assert seconds < 25, f"F26: noticed after {seconds:.1f} s"


@case(26, times=1)
async def signs_of_life_alone(world: World, rng: random.Random) -> None:
    answer, seconds = await _ask_beside(world, "pings@20")
    assert answer["state"] == "failed" and answer["body"]
    assert seconds < 30, f"F26: noticed after {seconds:.1f} s"


@case(27, times=1)
async def a_line_without_end(world: World, rng: random.Random) -> None:
    answer, _ = await _ask_beside(world, "line@20")
    assert answer["state"] == "failed"


@case(27, times=1, within_s=120)
async def words_without_end(world: World, rng: random.Random) -> None:
    answer, _ = await _ask_beside(world, "endless")
    assert answer["state"] in {"failed", "complete"} and len(answer["body"]) <= 1024 * 1024


@case(28, times=1)
async def a_frame_broken_in_its_words(world: World, rng: random.Random) -> None:
    """An answer with a hole in it would look like a whole one: it has broken off, with the words before the hole."""
    answer, _ = await _ask_beside(world, "malformed@20")
    assert answer["state"] == "failed" and answer["body"] and _error(answer)["retryable"]


@case(28, times=1)
async def frames_that_are_none(world: World, rng: random.Random) -> None:
    answer, _ = await _ask_beside(world, "noise@20:3")
    assert answer["state"] == "complete", "F28: three frames without words are passed over"


@case(29, times=2)
async def ends_without_a_finish(world: World, rng: random.Random) -> None:
    answer, _ = await _ask_beside(world, rng.choice(["cut@20", "reset@20"]))
    assert answer["state"] == "failed" and answer["body"], "F29: half an answer passes for a whole one"


@case(30, times=1)
async def cannot_be_reached(world: World, rng: random.Random) -> None:
    """Its port is closed: the answer fails in time; another provider's is whole."""
    thread_id, people = await world.room("Ann", "Ben")
    await world.provider.close()
    world.breaks()
    try:
        began = time.monotonic()
        sound = "scripted:script?tokens=40&rate=60&seed=7"
        await people[0].send(thread_id, "What is the tide?", models=[sound, model(QUICK)])
        checked = await check(world, thread_id, people)
        seconds = time.monotonic() - began
    finally:
        await world.provider.open()
    by_model = {m["author"]["id"].partition(":")[0]: m for m in checked.answers()}
    assert by_model["scripted"]["state"] == "complete" and by_model["openai"]["state"] == "failed"
    assert seconds < 30, f"F30: noticed after {seconds:.1f} s"
