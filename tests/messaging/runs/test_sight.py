"""What models see of each other, end to end: visibility, choices, branches, and a past longer than their window."""

import pytest

from chatplatform.kernel.db import in_db
from messaging.providers.base import ChatMessage
from messaging.runs import services
from messaging.types import Message
from tests.messaging.runs.conftest import Room
from tests.messaging.runs.puppet import Puppet, Puppets
from threads import services as threads

pytestmark = pytest.mark.django_db(transaction=True)


async def answered(room: Room, puppets: Puppets, question: str, **how: str) -> None:
    for name in ("ada", "ben"):
        puppets.models[f"t:{name}"].will_say(f"{name} on {question}")
    await room.ended((await room.ask(question, "t:ada", "t:ben", **how)).run.id)  # type: ignore[arg-type]


def words(messages: list[ChatMessage]) -> list[tuple[str, str]]:
    return [(m.role, m.content) for m in messages if m.role != "system"]


async def test_isolated_models_each_read_their_own_lane(room: Room, puppets: Puppets) -> None:
    await answered(room, puppets, "one")
    await answered(room, puppets, "two", visibility="isolated")
    for name in ("ada", "ben"):
        assert words(puppets.models[f"t:{name}"].requests[1].messages) == [
            ("user", "one"),
            ("assistant", f"{name} on one"),
            ("user", "two"),
        ]


async def test_selected_models_all_read_the_chosen_answer(room: Room, puppets: Puppets) -> None:
    await answered(room, puppets, "one")
    await in_db(threads.choose, room.user.id, room.thread.id, room.main_id, 2, -1, 1, True)
    await answered(room, puppets, "two", visibility="selected")
    ada, ben = (puppets.models[f"t:{name}"].requests[1].messages for name in ("ada", "ben"))
    assert words(ben) == [("user", "one"), ("assistant", "ben on one"), ("user", "two")]
    assert "ben on one" in ada[1].content
    assert "ada on one" not in str(ada)


async def test_shared_models_read_all_answers_with_their_authors(room: Room, puppets: Puppets) -> None:
    await answered(room, puppets, "one")
    await answered(room, puppets, "two", visibility="shared")
    ben = puppets.models["t:ben"].requests[1].messages
    assert [m.role for m in ben] == ["system", "user", "assistant", "user"]
    assert '<msg from="Ada" kind="model"' in ben[1].content
    assert ben[2].content == "ben on one"


async def test_a_branch_goes_on_from_its_own_variant_and_hears_nothing_of_the_other(
    room: Room, puppets: Puppets
) -> None:
    await answered(room, puppets, "one")
    branch = await in_db(threads.fork, room.user.id, room.thread.id, "side", room.main_id, 2, 1)
    await room.say("only on main")
    cleo = puppets.models["t:cleo"]
    cleo.will_say("cleo here")
    await room.ended((await room.ask("and?", "t:cleo", kind="reply", branch=branch)).run.id)
    content = cleo.requests[0].messages[-1].content
    assert "ben on one" in content
    assert "ada on one" not in content
    assert "only on main" not in content


async def _talk(room: Room, puppets: Puppets, rounds: int) -> Puppet:
    ada = puppets.models["t:ada"]
    for i in range(rounds):
        ada.will_say(f"answer {i} " + "word " * 60)
        await room.ended((await room.ask(f"question {i}", "t:ada", kind="reply")).run.id)
    return ada


async def test_a_long_past_is_cut_at_its_old_end_and_said_to_be(room: Room, puppets: Puppets) -> None:
    ada = await _talk(room, puppets, 6)
    ada.info = ada.info.__class__(
        **{f: getattr(ada.info, f) for f in ada.info.__struct_fields__}
        | {"context_tokens": 900, "max_output_tokens": 100}
    )
    ada.will_say("short")
    new = await room.ask("last", "t:ada", kind="reply")
    await room.ended(new.run.id)
    sent = words(ada.requests[-1].messages)
    assert sent[-1] == ("user", "last")
    assert sent[0][0] == "user"
    assert "answer 5" in str(sent)
    assert "answer 0" not in str(sent)
    view = await services.prompt_of((await room.turns(new.run.id))[0].id)
    assert view.left_out > 0
    assert view.is_exact


async def test_a_question_beyond_every_window_is_refused_before_anybody_is_asked(room: Room, puppets: Puppets) -> None:
    new = await room.ask("word " * 9000, "t:ada", kind="reply")
    await room.ended(new.run.id)
    answer = (await room.messages())[1]
    assert answer.meta.error is not None
    assert answer.meta.error.kind == "context_too_long"
    assert answer.meta.error.message == "This thread is longer than Ada can read (8k). Ask a larger model."
    assert not puppets.models["t:ada"].requests


async def test_what_was_seen_stays_exact_after_an_edit_and_is_gone_after_a_deletion(
    room: Room, puppets: Puppets
) -> None:
    import msgspec

    from chatplatform.kernel.backends import backend
    from chatplatform.kernel.clock import now

    puppets.models["t:ada"].will_say("fine")
    new = await room.ask("the first wording", "t:ada", kind="reply")
    await room.ended(new.run.id)
    question: Message = (await room.messages())[0]
    edited = msgspec.structs.replace(question, body="another wording", revision=2, edited_at=now())
    assert await backend("message_store").edit(edited, editor_name="Alice")
    turn = (await room.turns(new.run.id))[0]
    view = await services.prompt_of(turn.id)
    assert view.is_exact
    assert [p.content for p in view.messages] == ["the first wording"]
    gone = msgspec.structs.replace(edited, body="", state="deleted", revision=3)
    assert await backend("message_store").edit(gone, editor_name="Alice")
    view = await services.prompt_of(turn.id)
    assert not view.is_exact
    assert "wording" not in str(view.messages)


async def test_a_past_of_several_pages_is_read_to_its_beginning(room: Room, puppets: Puppets) -> None:
    for i in range(60):
        await room.say(f"word {i}")
    puppets.models["t:ada"].will_say("fine")
    await room.ended((await room.ask("last", "t:ada", kind="reply")).run.id)
    sent = puppets.models["t:ada"].requests[0].messages
    assert sent[0].content.startswith("word 0\n\nword 1\n\n")
    assert sent[0].content.endswith("word 59\n\nlast")
