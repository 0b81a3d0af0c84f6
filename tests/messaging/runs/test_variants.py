"""Only what is there can be chosen or branched from."""

import pytest

from chatplatform.kernel.db import in_db
from chatplatform.kernel.errors import Invalid
from messaging.runs import services
from tests.messaging.runs.conftest import Room
from tests.messaging.runs.puppet import Puppets
from threads.services import Origin, choose, create_thread, fork

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def answered(room: Room, puppets: Puppets) -> Room:
    """A question at place 1, two answers at place 2, the second one given twice."""
    for model in ("t:ada", "t:ben"):
        puppets.models[model].will_say("Quarter to eight")
    new = await room.ask("When does it leave?", "t:ada", "t:ben")
    await room.ended(new.run.id)
    puppets.models["t:ben"].will_say("Ten to eight")
    again = await services.again(new.begun[1].turn_id, room.user)
    await room.ended(again.run_id)
    return room


async def choose_at(room: Room, seq: int, lane: int, variant: int) -> None:
    await in_db(choose, room.user.id, room.thread.id, room.main_id, seq, lane, variant, True)


@pytest.mark.parametrize(
    ("seq", "lane", "variant"), [(1, -1, 0), (2, -1, 0), (2, -1, 2), (2, 0, 0), (2, 1, 1), (2, 1, 2)]
)
async def test_an_answer_that_is_there_is_chosen(answered: Room, seq: int, lane: int, variant: int) -> None:
    await choose_at(answered, seq, lane, variant)


@pytest.mark.parametrize(
    ("seq", "lane", "variant"), [(1, -1, 1), (1, 1, 0), (2, -1, 3), (2, 0, 1), (2, 1, 0), (2, 2, 2)]
)
async def test_one_that_is_not_there_is_refused(answered: Room, seq: int, lane: int, variant: int) -> None:
    with pytest.raises(Invalid, match="no such answer") as refused:
        await choose_at(answered, seq, lane, variant)
    assert refused.value.code == "no_such_variant"


async def test_a_branch_or_thread_begins_with_an_answer_that_is_there(answered: Room) -> None:
    room = answered
    for seq, variant in ((1, 1), (2, 3)):
        with pytest.raises(Invalid, match="no such answer"):
            await in_db(fork, room.user.id, room.thread.id, f"at {seq}", room.main_id, seq, variant)
        origin = Origin(room.main_id, seq, variant)
        with pytest.raises(Invalid, match="no such answer"):
            await in_db(create_thread, room.user.id, room.thread.project_id, line_up=[], origin=origin)
    branch = await in_db(fork, room.user.id, room.thread.id, "ten to", room.main_id, 2, 2)
    with pytest.raises(Invalid, match="no such answer"):  # the place is the parent's, and so are its answers
        await in_db(fork, room.user.id, room.thread.id, "further", branch.id, 2, 3)
    assert (await in_db(fork, room.user.id, room.thread.id, "back", branch.id, 2, 1)).fork_variant == 1
