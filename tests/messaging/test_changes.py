"""Editing, deleting and restoring: who may, what stays, what everybody sees."""

import asyncio
import contextlib
from typing import Any

import pytest

from chatplatform.kernel.db import in_db
from chatplatform.kernel.errors import AppError, Conflict, Forbidden, NotFound
from chatplatform.kernel.ids import new_id
from messaging import access, actions, changing, history, outbox, services
from messaging.models import Run
from messaging.protocol.commands import Send
from projects.models import Membership, Project, User
from projects.people import remove_member
from projects.roles import Permission
from tests.messaging.conftest import Live
from tests.messaging.voice import Voice
from threads.models import Thread


async def said(thread: Thread, user: User, body: str = "frist") -> Any:
    sent = await services.send(user.id, Send("", new_id(), thread.id, body, mode="talk"))
    return await history.find(sent.message_id)


async def test_an_edit_is_seen_by_all_and_the_old_text_stays(
    live: Live, thread: Thread, alice: User, bob: User
) -> None:
    one, two = await live.tabs(thread, alice, bob)
    message = await said(thread, alice)
    edited = await one.call("PATCH", f"/messages/{message.id}", {"body": "first", "revision": 1})
    assert (edited["body"], edited["revision"]) == ("first", 2)
    for client in (one, two):
        await client.until(lambda client=client: client.rooms[str(thread.id)].view()[0][3] == "first")
    (old,) = await two.call("GET", f"/messages/{message.id}/revisions")
    assert (old["body"], old["editor_name"]) == ("frist", "Alice")
    (late,) = await live.tabs(thread, bob)
    assert late.rooms[str(thread.id)].view()[0][3] == "first"


@pytest.mark.parametrize("is_stored", [True, False], ids=["stored", "on its way"])
async def test_an_edit_works_wherever_the_message_is(
    live: Live, thread: Thread, alice: User, is_stored: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not is_stored:
        # As if the process had died before it stored anything.
        monkeypatch.setattr(outbox, "_store", lambda messages: asyncio.sleep(0))
    message = await said(thread, alice)
    await outbox.stored()
    await changing.edit(alice.id, message.id, "first", 1)
    assert [m.body for m in (await history.page(alice.id, thread.id)).messages] == ["first"]
    monkeypatch.undo()
    await outbox.sweep(0)
    assert [m.body for m in (await history.page(alice.id, thread.id)).messages] == ["first"]


async def test_of_two_edits_at_once_one_is_a_conflict(live: Live, thread: Thread, alice: User) -> None:
    message = await said(thread, alice)
    results = await asyncio.gather(
        changing.edit(alice.id, message.id, "left", 1),
        changing.edit(alice.id, message.id, "right", 1),
        return_exceptions=True,
    )
    assert sorted(type(r).__name__ for r in results) == ["Conflict", "Message"]


async def test_an_edit_without_a_change_is_none(live: Live, thread: Thread, alice: User) -> None:
    message = await said(thread, alice)
    assert (await changing.edit(alice.id, message.id, message.body, 1)).revision == 1


async def test_an_edit_that_is_sent_again_is_answered_as_the_first_time(
    live: Live, thread: Thread, alice: User
) -> None:
    """The answer was lost on the way: whoever asks again must not be told that somebody else was quicker."""
    message = await said(thread, alice)
    edited = [await changing.edit(alice.id, message.id, "first", 1) for _ in range(2)]
    assert [(m.body, m.revision) for m in edited] == [("first", 2)] * 2
    assert len(await history.revisions(message.id)) == 1


async def test_changes_are_counted_with_what_is_said_by_whatever_way(
    live: Live, thread: Thread, alice: User, settings: Any
) -> None:
    settings.SEND_RATE = "2/minute"
    message = await said(thread, alice)
    (client,) = await live.tabs(thread, alice)
    assert (await client.say("edit", message_id=str(message.id), body="first", revision=1))["type"] == "ack"
    refused = await client.say("edit", message_id=str(message.id), body="fast", revision=2)
    assert (refused["code"], refused["retry_after_s"] > 0) == ("too_many", True)
    answer = await client.request("PATCH", f"/messages/{message.id}", {"body": "fast", "revision": 2})
    assert answer.status_code == 429


async def test_nobody_edits_others_words_not_even_the_owner(live: Live, thread: Thread, alice: User, bob: User) -> None:
    message = await said(thread, bob)
    with pytest.raises(Forbidden, match="Only Bob"):
        await changing.edit(alice.id, message.id, "mine now", 1)


async def test_delete_takes_the_words_and_keeps_the_place(live: Live, thread: Thread, alice: User, bob: User) -> None:
    one, two = await live.tabs(thread, alice, bob)
    message = await said(thread, bob, "secret")
    await two.call("DELETE", f"/messages/{message.id}")
    await one.until(lambda: one.rooms[str(thread.id)].view()[0][2] == "deleted")
    assert one.rooms[str(thread.id)].view()[0][3] == ""
    page = await one.request("GET", f"/threads/{thread.id}/messages")
    assert "secret" not in page.text
    assert (await two.call("DELETE", f"/messages/{message.id}"))["state"] == "deleted"


async def test_a_deleted_text_is_shown_only_to_who_may_restore_it(
    live: Live, thread: Thread, alice: User, bob: User, dave: User
) -> None:
    message = await said(thread, bob, "secret")
    await changing.delete(bob.id, message.id)
    for user in (alice, bob):
        assert [r.body for r in await changing.revisions(user.id, message.id)] == ["secret"]
    with pytest.raises(Forbidden):
        await changing.revisions(dave.id, message.id)


@pytest.mark.parametrize(("who", "may"), [("alice", True), ("carol", True), ("bob", True), ("dave", False)])
async def test_who_may_delete_a_members_message(
    live: Live, thread: Thread, alice: User, carol: User, bob: User, dave: User, who: str, may: bool
) -> None:
    message = await said(thread, bob)
    user = {"alice": alice, "carol": carol, "bob": bob, "dave": dave}[who]
    with contextlib.nullcontext() if may else pytest.raises(Forbidden):
        await changing.delete(user.id, message.id)
    assert ((await history.find(message.id)).state == "deleted") is may


async def test_an_admins_deletion_is_not_undone_by_its_author(
    live: Live, thread: Thread, carol: User, bob: User, alice: User
) -> None:
    message = await said(thread, bob, "words")
    await changing.delete(carol.id, message.id)
    with pytest.raises(Forbidden):
        await changing.restore(bob.id, message.id)
    await in_db(
        User.objects.filter(pk=bob.pk).update, name=carol.name
    )  # whoever calls themself like the admin is not the admin
    for get_back in (changing.restore, changing.revisions):
        with pytest.raises(Forbidden):
            await get_back(bob.id, message.id)
    restored = await changing.restore(alice.id, message.id)
    assert (restored.body, restored.state, restored.revision) == ("words", "complete", 3)
    assert restored.meta.deleted_by == ""


async def test_who_deleted_and_has_another_name_now_may_still_restore(live: Live, thread: Thread, bob: User) -> None:
    message = await said(thread, bob, "words")
    await changing.delete(bob.id, message.id)
    await in_db(User.objects.filter(pk=bob.pk).update, name="Robert")
    assert (await changing.restore(bob.id, message.id)).body == "words"


async def test_restored_words_come_back_to_everybody(live: Live, thread: Thread, alice: User, bob: User) -> None:
    (one,) = await live.tabs(thread, alice)
    message = await said(thread, bob, "words")
    await changing.delete(bob.id, message.id)
    await changing.restore(bob.id, message.id)
    await one.until(lambda: one.rooms[str(thread.id)].view() == [(1, 0, "complete", "words")])


async def test_an_answer_is_deleted_by_who_asked_but_edited_by_nobody(
    live: Live, thread: Thread, alice: User, bob: User, dave: User
) -> None:
    voice = await Voice.begin(thread)
    await voice.say("words of a model")
    with pytest.raises(Conflict, match="still writing"):
        await changing.delete(alice.id, voice.place.id)
    answer = await voice.finish()
    with pytest.raises(Forbidden, match="Voice"):
        await changing.edit(alice.id, answer.id, "better", 1)
    with pytest.raises(Forbidden):
        await changing.delete(bob.id, answer.id)
    await in_db(Run.objects.filter(pk=voice.turn.run_id).update, asked_by=bob)
    assert (await changing.delete(bob.id, answer.id)).body == ""
    assert (await changing.restore(bob.id, answer.id)).body == "words of a model"


async def test_what_was_thought_goes_with_the_answer(live: Live, thread: Thread, alice: User) -> None:
    voice = await Voice.begin(thread)
    await voice.say("half ")
    await voice.start_again()
    await voice.say("whole")
    answer = await voice.finish()
    deleted = await changing.delete(alice.id, answer.id)
    assert (deleted.meta.reasoning, deleted.meta.earlier_attempts, deleted.meta.text_sha256) == ("", (), "")


async def test_who_left_changes_nothing_any_more(
    live: Live, thread: Thread, project: Project, alice: User, bob: User
) -> None:
    message = await said(thread, bob)
    await in_db(remove_member, alice.id, project.id, bob.id)
    for change in (
        changing.edit(bob.id, message.id, "x", 1),
        changing.delete(bob.id, message.id),
        changing.restore(bob.id, message.id),
        changing.revisions(bob.id, message.id),
    ):
        with pytest.raises(AppError) as refused:
            await change
        assert refused.value.code == "not_found"


async def test_no_change_rests_on_what_was_known_a_moment_ago(
    live: Live, thread: Thread, alice: User, bob: User
) -> None:
    """As if the word of it had been lost: bob's answers about access are still kept when he is no member any more."""
    message = await said(thread, bob)
    voice = await Voice.begin(thread)
    await access.thread(bob.id, thread.id, Permission.WRITE)
    await in_db(Membership.objects.filter(user=bob).delete)
    await access.thread(bob.id, thread.id, Permission.WRITE)  # that is what is kept
    for change in (
        changing.edit(bob.id, message.id, "x", 1),
        changing.delete(bob.id, message.id),
        changing.restore(bob.id, message.id),
        actions.cancel_turn(bob.id, voice.turn.id),
        actions.cancel_run(bob.id, voice.turn.run_id),
        actions.again(bob.id, voice.turn.id, None),
        actions.try_now(bob.id, voice.turn.id),
    ):
        with pytest.raises(NotFound):
            await change
