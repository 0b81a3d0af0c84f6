"""Of two changes at the same moment each writes only its own: what the other wrote meanwhile stays."""

from collections.abc import Callable

import pytest

from chatplatform.kernel import text
from projects.models import Project, User
from threads.models import Branch, Thread
from threads.progress import note_said
from threads.services import change_branch, change_thread, create_thread, fork

pytestmark = pytest.mark.django_db


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Let something happen after a change has read its row and before it writes it: while it looks at the new name."""

    def let(happen: Callable[[], object]) -> None:
        name = text.name

        def slow(*words: object) -> str:
            happen()
            return name(*words)  # type: ignore[arg-type]

        monkeypatch.setattr(text, "name", slow)

    return let


def test_messages_accepted_while_a_branch_is_renamed_keep_their_places(
    alice: User, thread: Thread, meanwhile: Callable[[Callable[[], object]], None]
) -> None:
    main = thread.main_branch
    assert main is not None
    Branch.objects.filter(pk=main.pk).update(head_seq=3)
    branch = fork(alice.id, thread.id, "aside", main.id, 3, 0)
    meanwhile(lambda: Branch.objects.filter(pk=branch.pk).update(head_seq=7))
    change_branch(alice.id, branch.id, name="elsewhere")
    branch.refresh_from_db()
    assert (branch.name, branch.head_seq) == ("elsewhere", 7)


def test_thread_archived_while_it_is_renamed_stays_archived(
    alice: User, thread: Thread, meanwhile: Callable[[Callable[[], object]], None]
) -> None:
    meanwhile(lambda: Thread.objects.filter(pk=thread.pk).update(archived_at=thread.created_at))
    change_thread(alice.id, thread.id, title="Winter timetable")
    thread.refresh_from_db()
    assert (thread.title, thread.archived_at) == ("Winter timetable", thread.created_at)


def test_first_question_does_not_name_a_thread_that_was_named_meanwhile(alice: User, project: Project) -> None:
    thread = create_thread(alice.id, project.id, line_up=[])
    as_read_before = Thread.objects.get(pk=thread.pk)
    change_thread(alice.id, thread.id, title="Berths")
    note_said(as_read_before, "How many berths are there?")
    thread.refresh_from_db()
    assert thread.title == "Berths"
