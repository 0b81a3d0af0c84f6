"""What becomes of answers whose worker dies, and the next worker, too: the table of decision 6 as people see it."""

import asyncio

import pytest

from tests.client import Json
from tests.kill import world
from tests.kill.crew import LONG, Crew
from tests.kill.test_workers import answers_of, asked

pytestmark = [pytest.mark.kill, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120)]

SILENT, _, QUICK = world.MODELS
BEGUN_AGAIN_S = 30.0  # a busy machine is not what is tried here


async def speaking(crew: Crew, thread_id: str, *attempts: tuple[int, int], asked: int) -> None:
    """Wait until the answers in these places speak in these attempts, and the silent one was asked so often."""
    assert crew.alice is not None
    room = crew.alice.rooms[thread_id]

    def do_speak() -> bool:
        turns = {place[1]: turn for turn, place in room.place_of.items()}
        return crew.provider.asked.count(SILENT) == asked and all(
            seq in turns and room.attempt.get(turns[seq]) == attempt and len(room.said[turns[seq]]) > 20
            for seq, attempt in attempts
        )

    await crew.alice.until(do_speak, BEGUN_AGAIN_S)


def end_of(answer: Json) -> tuple[str, str, int, int]:
    meta = answer["meta"]
    return (
        answer["author"]["id"].removeprefix("openai:"),
        answer["state"],
        meta["attempt"],
        len(meta.get("earlier_attempts", [])),
    )


async def test_silence_is_begun_again_and_words_are_kept_each_time(crew: Crew) -> None:
    await crew.only("one")
    crew.provider.silent[SILENT] = asyncio.Event()
    silent, quick, long = (f"openai:{name}" for name in (SILENT, QUICK, LONG))
    async with asked(crew, mode="debate", models=[silent, quick], rounds=2) as thread_id:
        await crew.say(thread_id, "And the wind?", mode="debate", models=[long, quick], rounds=2)
        await crew.say(thread_id, "And the moon?", models=[long])
        assert all(kept["ack"] for kept in crew.sent.values())
        await speaking(crew, thread_id, (4, 1), (6, 1), asked=1)
        await crew.kill(crew.workers["one"])
        await crew.only("two")
        await speaking(crew, thread_id, (4, 2), asked=2)
        await crew.kill(crew.workers["two"])
        await crew.only("three")
        crew.provider.silent[SILENT].set()
        await crew.quiet(thread_id)
    answers = answers_of(await crew.check(thread_id))
    assert {answer["seq"]: end_of(answer) for answer in answers[:3]} == {
        2: (SILENT, "complete", 3, 0),
        4: (LONG, "interrupted", 2, 1),
        6: (LONG, "interrupted", 1, 0),
    }
    assert all(answer["meta"]["error"]["retryable"] for answer in answers[1:3])
    assert {answer["meta"]["attempt"] for answer in answers[3:]} == {1}
    others = sorted(answer["author"]["id"].removeprefix("openai:") for answer in answers[3:])
    assert others == sorted([*[QUICK] * 4, SILENT, LONG]), "others go on"
