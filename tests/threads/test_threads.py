"""Threads: starting, naming, archiving, line-ups, private people, the list and what is unread."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.dispatch import Signal
from django.test.utils import CaptureQueriesContext

from chatplatform.kernel.clock import now
from chatplatform.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from projects.access import access_project
from projects.models import Membership, Project, Role, User
from projects.people import remove_member
from projects.roles import Permission
from projects.services import change_project
from projects.signals import access_lost
from tests.plans import detours
from threads import hooks, signals
from threads.access import access_thread, branch_of, members_of
from threads.mentions import note_named
from threads.models import Branch, Mention, Participant, ReadMark, Thread
from threads.participants import set_line_up, set_people
from threads.progress import mark_read, note_read, note_said
from threads.queries import branch_path, projects_with_news, thread_detail, thread_rows
from threads.services import Origin, change_thread, create_thread, fork
from threads.titles import title_from
from threads.types import NamedView, PathRange, ThreadRow

pytestmark = pytest.mark.django_db


def main_of(thread: Thread) -> Branch:
    assert thread.main_branch_id is not None
    return Branch.objects.get(pk=thread.main_branch_id)


def say(thread: Thread, places: int = 1) -> None:
    """As if that many messages had been accepted."""
    branch = main_of(thread)
    branch.head_seq += places
    branch.save()
    note_said(Thread.objects.get(pk=thread.pk))


def rows(user: User, project: Project, **how: Any) -> list[ThreadRow]:
    return thread_rows(user.id, project.id, how.get("archived", False), None, 100)[0]


@pytest.fixture
def private(project: Project, bob: User, dave: User) -> Thread:
    return create_thread(bob.id, project.id, title="Quiet", is_private=True, people=[dave.id], line_up=[])


# -- who gets in ---------------------------------------------------------------------------------


def test_access_takes_two_queries(bob: User, thread: Thread) -> None:
    with CaptureQueriesContext(connection) as queries:
        access = access_thread(bob.id, thread.id, Permission.WRITE)
        assert access.thread.main_branch is not None
        assert (access.project_id, access.role, access.user.name) == (thread.project_id, Role.MEMBER, "Bob")
        assert access.thread.project.name == "Ferryline"
    assert len(queries) == 2
    assert not [step for q in queries for step in detours(q["sql"])]


def test_outsider_and_nobody_learn_the_same(mallory: User, thread: Thread) -> None:
    said = []
    for thread_id in (thread.id, UUID(int=7)):
        with pytest.raises(NotFound) as refusal:
            access_thread(mallory.id, thread_id, Permission.READ)
        said.append((refusal.value.message, refusal.value.code, refusal.value.data))
    assert said[0] == said[1]


def test_private_thread_is_seen_by_its_people_alone(
    alice: User, bob: User, carol: User, dave: User, project: Project, private: Thread
) -> None:
    for person in (bob, dave):
        assert access_thread(person.id, private.id, Permission.READ).thread == private
        assert [r.thread.id for r in rows(person, project)] == [private.id]
    for person in (alice, carol):  # the owner too
        with pytest.raises(NotFound):
            access_thread(person.id, private.id, Permission.READ)
        assert rows(person, project) == []
    assert set(members_of(private)) == {bob.id, dave.id}


def test_everybody_sees_an_open_thread(project: Project, thread: Thread) -> None:
    assert set(members_of(thread)) == set(project.memberships.values_list("user_id", flat=True))


def test_removed_member_sees_nothing_any_more(alice: User, bob: User, project: Project, thread: Thread) -> None:
    remove_member(alice.id, project.id, bob.id)
    with pytest.raises(NotFound):
        access_thread(bob.id, thread.id, Permission.READ)


def test_who_comes_back_is_let_into_private_threads_anew(
    alice: User, dave: User, bob: User, project: Project, private: Thread
) -> None:
    remove_member(alice.id, project.id, dave.id)
    remove_member(alice.id, project.id, bob.id)
    for person in (dave, bob):
        Membership.objects.create(project=project, user=person, role=Role.MEMBER)
    with pytest.raises(NotFound):
        access_thread(dave.id, private.id, Permission.READ)
    assert access_thread(bob.id, private.id, Permission.READ).can_manage  # whoever started it


def test_switched_off_account_gets_in_nowhere(bob: User, thread: Thread) -> None:
    User.objects.filter(pk=bob.pk).update(is_active=False)
    with pytest.raises(NotFound):
        access_thread(bob.id, thread.id, Permission.READ)
    assert bob.id not in members_of(thread)


def test_archived_project_is_read_only(alice: User, bob: User, project: Project, thread: Thread) -> None:
    change_project(alice.id, project.id, is_archived=True)
    assert access_thread(bob.id, thread.id, Permission.READ).can_write is False
    with pytest.raises(Forbidden) as refusal:
        access_thread(bob.id, thread.id, Permission.WRITE)
    assert refusal.value.code == "archived"
    with pytest.raises(Forbidden):
        change_thread(alice.id, thread.id, title="New")
    change_project(alice.id, project.id, is_archived=False)
    assert access_thread(bob.id, thread.id, Permission.WRITE).can_write


def test_branch_of_another_thread_is_nothing(alice: User, project: Project, thread: Thread) -> None:
    other = create_thread(alice.id, project.id, line_up=[])
    assert other.main_branch is not None
    with pytest.raises(NotFound):
        branch_of(thread, other.main_branch.id)


# -- starting ------------------------------------------------------------------------------------


def test_new_thread_has_a_main_branch_and_the_usual_models(
    bob: User, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "default_line_up", lambda project_id: ["demo:one", "demo:two"])
    thread = create_thread(bob.id, project.id)
    detail = thread_detail(access_thread(bob.id, thread.id, Permission.READ))
    assert detail.thread.line_up == ["demo:one", "demo:two"]
    assert detail.thread.title == ""
    (main,) = detail.branches
    assert (main.is_main, main.id, main.head_seq) == (True, detail.thread.main_branch_id, 0)
    assert branch_path(Branch.objects.get(pk=main.id)) == [PathRange(main.id, 1, None)]


def test_viewer_starts_nothing(dave: User, project: Project) -> None:
    with pytest.raises(Forbidden):
        create_thread(dave.id, project.id)


def test_outsiders_are_not_let_into_a_private_thread(bob: User, mallory: User, project: Project) -> None:
    with pytest.raises(Invalid) as refusal:
        create_thread(bob.id, project.id, is_private=True, people=[mallory.id], line_up=[])
    assert refusal.value.code == "not_a_member"
    assert not Thread.objects.exists()


def test_thread_started_from_a_message_begins_with_its_history(bob: User, project: Project, thread: Thread) -> None:
    say(thread, 5)
    main = main_of(thread)
    message_id = UUID(int=5)
    new = create_thread(bob.id, project.id, line_up=[], origin=Origin(main.id, 3, 2, message_id))
    assert new.main_branch is not None
    assert branch_path(new.main_branch) == [PathRange(main.id, 1, 3), PathRange(new.main_branch.id, 4, None)]
    assert (new.main_branch.head_seq, new.main_branch.fork_variant) == (3, 2)
    view = thread_detail(access_thread(bob.id, new.id, Permission.READ)).thread
    assert (view.parent_id, view.parent_message_id) == (thread.id, message_id)


def test_thread_of_a_private_thread_is_private(bob: User, project: Project, private: Thread) -> None:
    say(private, 2)
    assert private.main_branch_id is not None
    origin = Origin(private.main_branch_id, 1, 0)
    with pytest.raises(Invalid) as refusal:
        create_thread(bob.id, project.id, line_up=[], origin=origin)
    assert refusal.value.code == "origin_is_private"
    assert create_thread(bob.id, project.id, is_private=True, line_up=[], origin=origin).is_private


def test_history_is_not_taken_out_of_a_thread_one_cannot_see(alice: User, project: Project, private: Thread) -> None:
    say(private, 2)
    assert private.main_branch_id is not None
    with pytest.raises(NotFound):
        create_thread(alice.id, project.id, is_private=True, line_up=[], origin=Origin(private.main_branch_id, 1, 0))


def test_history_is_not_taken_into_another_project(alice: User, thread: Thread) -> None:
    from projects.services import create_project

    say(thread, 2)
    assert thread.main_branch_id is not None
    other = create_project(alice.id, "Elsewhere").project
    with pytest.raises(NotFound):
        create_thread(alice.id, other.id, line_up=[], origin=Origin(thread.main_branch_id, 1, 0))


# -- changing ------------------------------------------------------------------------------------


def test_thread_is_renamed_by_its_starter_and_by_admins(
    alice: User, bob: User, carol: User, project: Project, thread: Thread
) -> None:
    with pytest.raises(Forbidden):
        change_thread(bob.id, thread.id, title="Mine")
    assert change_thread(carol.id, thread.id, title="  A  title ").thread.title == "A title"
    his = create_thread(bob.id, project.id, line_up=[])
    assert change_thread(bob.id, his.id, title="His").thread.title == "His"
    Membership.objects.filter(user=bob).update(role=Role.VIEWER)
    with pytest.raises(Forbidden):
        change_thread(bob.id, his.id, title="Still his?")


def test_archived_thread_is_read_only_until_it_is_brought_back(alice: User, project: Project, thread: Thread) -> None:
    change_thread(alice.id, thread.id, is_archived=True)
    assert rows(alice, project) == []
    assert [r.thread.id for r in rows(alice, project, archived=True)] == [thread.id]
    with pytest.raises(Forbidden) as refusal:
        access_thread(alice.id, thread.id, Permission.WRITE)
    assert refusal.value.message == "This thread is archived. Bring it back to write in it."
    change_thread(alice.id, thread.id, is_archived=False)
    assert access_thread(alice.id, thread.id, Permission.WRITE).can_write


def test_line_up_keeps_its_order_and_its_bound(bob: User, thread: Thread, settings: Any) -> None:
    settings.MAX_MODELS = 3
    set_line_up(bob.id, thread.id, ["c:3", "a:1", "c:3", "b:2"])
    detail = thread_detail(access_thread(bob.id, thread.id, Permission.READ))
    assert detail.thread.line_up == ["c:3", "a:1", "b:2"]
    with pytest.raises(Invalid):
        set_line_up(bob.id, thread.id, ["a", "b", "c", "d"])
    set_line_up(bob.id, thread.id, [])
    assert thread_detail(access_thread(bob.id, thread.id, Permission.READ)).thread.line_up == []


def test_line_up_takes_only_what_the_project_offers(bob: User, thread: Thread, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(project_id: UUID, model_ids: list[str]) -> None:
        raise Invalid("No such model.", "unknown_model")

    set_line_up(bob.id, thread.id, ["a:1"])
    monkeypatch.setattr(hooks, "check_line_up", refuse)
    with pytest.raises(Invalid):
        set_line_up(bob.id, thread.id, ["b:2"])
    assert list(Participant.objects.filter(thread=thread).values_list("model_id", flat=True)) == ["a:1"]


def test_model_whose_provider_has_gone_does_not_stand_in_the_way(
    bob: User, thread: Thread, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []
    set_line_up(bob.id, thread.id, ["gone:1"])
    monkeypatch.setattr(hooks, "check_line_up", lambda project_id, model_ids: asked.append(model_ids))
    set_line_up(bob.id, thread.id, ["gone:1", "new:2"])
    assert asked == [["new:2"]]


def test_whoever_started_a_private_thread_stays_in_it(bob: User, carol: User, dave: User, private: Thread) -> None:
    set_people(bob.id, private.id, [carol.id])
    assert set(members_of(private)) == {bob.id, carol.id}
    set_people(bob.id, private.id, [])
    assert set(members_of(private)) == {bob.id}


def test_people_of_a_private_thread_take_out_only_themselves(
    bob: User, carol: User, dave: User, private: Thread
) -> None:
    with pytest.raises(Forbidden):
        set_people(dave.id, private.id, [dave.id, carol.id])
    assert set_people(dave.id, private.id, [bob.id]) is None
    assert set(members_of(private)) == {bob.id}


def test_the_last_one_in_a_private_thread_stays_or_lets_somebody_in(
    bob: User, carol: User, dave: User, project: Project, private: Thread
) -> None:
    """Who started it has left the project, though not the thread: dave alone still sees it."""
    remove_member(bob.id, project.id, bob.id)
    with pytest.raises(Conflict) as refusal:
        set_people(dave.id, private.id, [bob.id])
    assert refusal.value.code == "last_one_stays"
    assert set(members_of(private)) == {dave.id}, "nothing was changed"
    Participant.objects.create(thread=private, user=carol)
    assert set_people(dave.id, private.id, [bob.id, carol.id]) is None
    assert set(members_of(private)) == {carol.id}


def test_open_thread_has_no_list_of_people(alice: User, thread: Thread) -> None:
    with pytest.raises(Conflict):
        set_people(alice.id, thread.id, [])
    assert thread_detail(access_thread(alice.id, thread.id, Permission.READ)).people == []


# -- unread --------------------------------------------------------------------------------------


def test_unread_counts_the_places_after_the_mark(alice: User, bob: User, project: Project, thread: Thread) -> None:
    say(thread, 5)
    assert thread.main_branch_id is not None
    assert [r.unread for r in rows(bob, project)] == [5]
    assert projects_with_news(bob.id) == {project.id}
    mark_read(bob.id, thread.id, thread.main_branch_id, 3)
    assert [(r.unread, r.read_seq) for r in rows(bob, project)] == [(2, 3)]
    mark_read(bob.id, thread.id, thread.main_branch_id, 5)
    assert [r.unread for r in rows(bob, project)] == [0]
    assert projects_with_news(bob.id) == set()
    assert [r.unread for r in rows(alice, project)] == [5]


def test_read_mark_falls_only_when_asked_to(bob: User, thread: Thread) -> None:
    say(thread, 5)
    assert thread.main_branch_id is not None
    mark_read(bob.id, thread.id, thread.main_branch_id, 4)
    mark_read(bob.id, thread.id, thread.main_branch_id, 2)  # an older tab
    assert ReadMark.objects.get().seq == 4
    mark_read(bob.id, thread.id, thread.main_branch_id, 2, is_back=True)
    assert ReadMark.objects.get().seq == 2
    mark_read(bob.id, thread.id, thread.main_branch_id, 10**12)
    assert ReadMark.objects.get().seq == 5


def test_what_was_said_before_one_came_is_no_news(project: Project, thread: Thread, mallory: User) -> None:
    say(thread, 5)
    later = now() + timedelta(seconds=1)
    Membership.objects.create(project=project, user=mallory, role=Role.MEMBER, joined_at=later)
    assert [r.unread for r in rows(mallory, project)] == [0]
    assert projects_with_news(mallory.id) == set()


def named(user: User, project: Project) -> list[tuple[int, str, int]]:
    return [(r.named.count, r.named.by, r.named.seq) for r in rows(user, project) if r.named is not None]


def test_who_is_named_is_told_until_they_have_read_it(
    alice: User, bob: User, dave: User, project: Project, thread: Thread, django_assert_num_queries: Any
) -> None:
    say(thread, 5)
    main = main_of(thread)
    with transaction.atomic():
        with django_assert_num_queries(2):  # however many are named
            assert set(note_named([bob.id, dave.id], main, 3, alice.id)) == {bob.id, dave.id}
        assert note_named([bob.id], main, 5, dave.id)[bob.id] == NamedView(2, "Dave", main.id, 5)
    assert named(bob, project) == [(2, "Dave", 5)] and named(dave, project) == [(1, "Alice", 3)]
    assert named(alice, project) == []
    mark_read(bob.id, thread.id, main.id, 3)
    assert named(bob, project) == [(1, "Dave", 5)] and named(dave, project) == [(1, "Alice", 3)]
    mark_read(bob.id, thread.id, main.id, 5)
    assert named(bob, project) == [] and projects_with_news(bob.id) == set()
    mark_read(bob.id, thread.id, main.id, 0, is_back=True)  # unread it is again, but nobody calls
    assert named(bob, project) == []
    assert Mention.objects.count() == 1


def test_writing_further_on_is_having_read_who_named_one(
    alice: User, bob: User, project: Project, thread: Thread
) -> None:
    say(thread, 5)
    with transaction.atomic():
        note_named([bob.id], main_of(thread), 5, alice.id)
        note_read(bob.id, main_of(thread), 6)
    assert named(bob, project) == []


def test_being_named_in_a_branch_is_news_and_reading_a_fork_of_it_is_reading_it(
    alice: User, bob: User, project: Project, thread: Thread
) -> None:
    say(thread, 5)
    main = main_of(thread)
    branch = fork(alice.id, thread.id, "another", main.id, 2, 0)
    Branch.objects.filter(pk=branch.pk).update(head_seq=6)
    mark_read(bob.id, thread.id, main.id, 5)
    with transaction.atomic():
        note_named([bob.id], Branch.objects.get(pk=branch.pk), 4, alice.id)
    assert [(r.unread, r.named and r.named.branch_id) for r in rows(bob, project)] == [(0, branch.id)]
    assert projects_with_news(bob.id) == {project.id}
    mark_read(bob.id, thread.id, main.id, 5)  # it is not in this one
    assert named(bob, project) == [(1, "Alice", 4)]
    further = fork(alice.id, thread.id, "further", branch.id, 4, 0)
    mark_read(bob.id, thread.id, further.id, 3)
    assert named(bob, project) == [(1, "Alice", 4)]
    mark_read(bob.id, thread.id, further.id, 4)
    assert named(bob, project) == [] and projects_with_news(bob.id) == set()


def test_nobody_is_named_where_they_are_not_let_in(alice: User, bob: User, project: Project, private: Thread) -> None:
    with transaction.atomic():
        note_named([alice.id], main_of(private), 1, bob.id)
    assert projects_with_news(alice.id) == set() and rows(alice, project) == []


def test_mark_is_raised_once(bob: User, thread: Thread) -> None:
    branch = main_of(thread)
    assert [note_read(bob.id, branch, seq) for seq in (1, 1, 2)] == [True, False, True]


# -- the list ------------------------------------------------------------------------------------


def test_list_pages_through_every_thread_once(alice: User, project: Project) -> None:
    moment = now()
    for n in range(7):
        thread = create_thread(alice.id, project.id, title=f"Thread {n}", line_up=["a:1"])
        Thread.objects.filter(pk=thread.pk).update(active_at=moment - timedelta(seconds=n // 3))
    seen: list[UUID] = []
    after = None
    while True:
        page, after = thread_rows(alice.id, project.id, False, after, 2)
        seen += [row.thread.id for row in page]
        if after is None:
            break
    expected = Thread.objects.order_by("-active_at", "-id").values_list("id", flat=True)
    assert seen == list(expected)


def test_list_takes_as_many_queries_for_many_as_for_one(alice: User, project: Project) -> None:
    counts = []
    for _ in range(2):
        for _ in range(4):
            create_thread(alice.id, project.id, line_up=["a:1", "b:2"])
        with CaptureQueriesContext(connection) as queries:
            rows(alice, project)
        counts.append(len(queries))
    assert counts == [5, 5]


def test_list_is_read_in_the_order_of_its_index(alice: User, project: Project, thread: Thread) -> None:
    with CaptureQueriesContext(connection) as queries:
        thread_rows(alice.id, project.id, False, (now(), UUID(int=1)), 50)
    page = next(q["sql"] for q in queries if "ORDER BY" in q["sql"] and "threads_thread" in q["sql"])
    assert detours(page) == []


# -- news ----------------------------------------------------------------------------------------


@pytest.fixture
def hear() -> Any:
    heard: list[tuple[Signal, dict[str, Any]]] = []
    connected: list[tuple[Signal, Callable[..., None]]] = []

    def listen(signal: Signal) -> list[tuple[Signal, dict[str, Any]]]:
        def receiver(sender: object, signal: Signal, **news: Any) -> None:
            heard.append((signal, news))

        signal.connect(receiver)
        connected.append((signal, receiver))
        return heard

    yield listen
    for signal, receiver in connected:
        signal.disconnect(receiver)


def test_news_follows_the_commit(
    alice: User, bob: User, private: Thread, hear: Any, django_capture_on_commit_callbacks: Any
) -> None:
    heard = hear(signals.thread_changed)
    hear(access_lost)
    with django_capture_on_commit_callbacks(execute=True):
        change_thread(bob.id, private.id, title="Quieter")
        assert heard == []
    assert heard == [(signals.thread_changed, {"thread_id": private.id})]


def test_taken_out_of_a_private_thread_is_an_access_lost(
    bob: User, dave: User, project: Project, private: Thread, hear: Any, django_capture_on_commit_callbacks: Any
) -> None:
    heard = hear(access_lost)
    with django_capture_on_commit_callbacks(execute=True):
        set_people(bob.id, private.id, [])
    assert heard == [(access_lost, {"user_id": dave.id, "project_id": project.id, "thread_id": private.id})]


# -- titles --------------------------------------------------------------------------------------


def test_first_question_names_the_thread(alice: User, project: Project) -> None:
    thread = create_thread(alice.id, project.id, line_up=[])
    note_said(thread, "How do ferries *sell* seats? And when?")
    note_said(thread, "Another question")
    assert Thread.objects.get(pk=thread.pk).title == "How do ferries sell seats?"


@pytest.mark.parametrize(
    ("body", "title"),
    [
        ("How do ferries sell seats? And when?", "How do ferries sell seats?"),
        ("Sell them early. Then late.", "Sell them early"),
        ("# Plan\n\n- first", "Plan"),
        ("```python\nprint(1)\n```", "print(1)"),
        ("@Claude @GPT what is a berth?", "what is a berth?"),
        ("[Look](https://example.org/x) here", "Look here"),
        ("   \n\n***\n", ""),
        ("a" * 200, "a" * 79 + "…"),
        ("\u202eevil\u202c title", "evil title"),
        ("", ""),
    ],
)
def test_title_from_a_question(body: str, title: str) -> None:
    assert title_from(body) == title


def test_title_of_a_long_question_ends_at_a_word() -> None:
    title = title_from("word " * 60)
    assert len(title) <= 80
    assert title.endswith("word…")


def test_access_of_the_project_names_who_can_help(dave: User, project: Project) -> None:
    with pytest.raises(Forbidden) as refusal:
        access_project(dave.id, project.id, Permission.MANAGE_PEOPLE)
    assert refusal.value.message == "Admins look after people here. Ask Alice."
