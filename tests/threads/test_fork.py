"""A fork is one row whose path is the parent's cut at the place, plus itself."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from chatplatform.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from chatplatform.kernel.ids import new_id
from projects.models import Project, User
from threads.models import Branch, Thread
from threads.queries import branch_path
from threads.services import change_branch, create_thread, cut_path, fork
from threads.types import PathRange

pytestmark = pytest.mark.django_db


def grow(branch: Branch | None, head: int) -> Branch:
    assert branch is not None
    Branch.objects.filter(pk=branch.pk).update(head_seq=head)
    branch.refresh_from_db()
    return branch


@pytest.fixture
def main(thread: Thread) -> Branch:
    return grow(thread.main_branch, 10)


def test_fork_inherits_up_to_its_place(alice: User, thread: Thread, main: Branch) -> None:
    branch = fork(alice.id, thread.id, "shorter", main.id, 4, 2)
    assert branch_path(branch) == [PathRange(main.id, 1, 4), PathRange(branch.id, 5, None)]
    assert (branch.head_seq, branch.fork_seq, branch.fork_variant, branch.parent_id) == (4, 4, 2, main.id)


def test_fork_of_a_fork_keeps_absolute_places(alice: User, thread: Thread, main: Branch) -> None:
    first = grow(fork(alice.id, thread.id, "first", main.id, 4, 0), 9)
    second = fork(alice.id, thread.id, "second", first.id, 7, 1)
    assert branch_path(second) == [
        PathRange(main.id, 1, 4),
        PathRange(first.id, 5, 7),
        PathRange(second.id, 8, None),
    ]
    assert second.parent_id == first.id


def test_fork_at_an_inherited_place_hangs_on_who_owns_it(alice: User, thread: Thread, main: Branch) -> None:
    first = grow(fork(alice.id, thread.id, "first", main.id, 4, 0), 9)
    second = fork(alice.id, thread.id, "second", first.id, 3, 1)
    assert branch_path(second) == [PathRange(main.id, 1, 3), PathRange(second.id, 4, None)]
    assert second.parent_id == main.id


def test_fork_of_an_empty_fork_leaves_no_empty_range(alice: User, thread: Thread, main: Branch) -> None:
    first = fork(alice.id, thread.id, "first", main.id, 4, 0)
    second = fork(alice.id, thread.id, "second", first.id, 4, 1)
    assert branch_path(second) == [PathRange(main.id, 1, 4), PathRange(second.id, 5, None)]


def test_fork_writes_one_row_however_long_the_branch(alice: User, thread: Thread, main: Branch) -> None:
    written = []
    for head, name in ((10, "at ten"), (1_000_000, "at a million")):
        grow(main, head)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            fork(alice.id, thread.id, name, main.id, head, 0)
        words = [q["sql"].split()[0] for q in queries]
        written.append(words.count("INSERT"))
        assert "UPDATE" not in words
        assert len(words) <= 8
    assert written == [1, 1]


@given(
    st.lists(st.integers(min_value=1, max_value=5), min_size=1, max_size=8),
    st.integers(min_value=1, max_value=45),
)
def test_cut_path_keeps_exactly_the_places_up_to_the_cut(lengths: list[int], seq: int) -> None:
    first, path = 1, []
    for length in lengths[:-1]:
        path.append(PathRange(new_id(), first, first + length - 1))
        first += length
    path.append(PathRange(new_id(), first, None))

    def places(ranges: list[PathRange]) -> list[tuple[object, int]]:
        return [(r.branch_id, s) for r in ranges for s in range(r.from_seq, (r.to_seq or 60) + 1)]

    cut = cut_path(path, seq)
    assert places(cut) == [(owner, place) for owner, place in places(path) if place <= seq]
    assert all(r.to_seq is not None for r in cut)


@pytest.mark.parametrize(("seq", "variant"), [(0, 0), (11, 0), (3, -1), (3, 5000)])
def test_no_fork_where_nothing_is(alice: User, thread: Thread, main: Branch, seq: int, variant: int) -> None:
    with pytest.raises(Invalid):
        fork(alice.id, thread.id, "nowhere", main.id, seq, variant)


def test_branch_names_are_told_apart(alice: User, bob: User, thread: Thread, main: Branch) -> None:
    fork(alice.id, thread.id, "other", main.id, 3, 0)
    with pytest.raises(Conflict) as refusal:
        fork(bob.id, thread.id, " other ", main.id, 5, 0)
    assert refusal.value.code == "name_taken"
    third = fork(bob.id, thread.id, "third", main.id, 5, 0)
    with pytest.raises(Conflict):
        change_branch(bob.id, third.id, name="other")
    assert change_branch(bob.id, third.id, name="Third").name == "Third"


def test_viewer_does_not_fork(dave: User, thread: Thread, main: Branch) -> None:
    with pytest.raises(Forbidden) as refusal:
        fork(dave.id, thread.id, "mine", main.id, 3, 0)
    assert refusal.value.message == "You can read here. Ask Alice to let you write."


def test_branch_of_another_thread_is_nothing(alice: User, project: Project, thread: Thread, main: Branch) -> None:
    other = create_thread(alice.id, project.id, line_up=[])
    with pytest.raises(NotFound):
        fork(alice.id, other.id, "theirs", main.id, 3, 0)


def test_main_branch_stays(alice: User, thread: Thread, main: Branch) -> None:
    with pytest.raises(Invalid):
        change_branch(alice.id, main.id, is_archived=True)


def test_branch_is_changed_by_who_made_it_and_by_admins(
    alice: User, bob: User, carol: User, thread: Thread, main: Branch
) -> None:
    hers = fork(alice.id, thread.id, "hers", main.id, 3, 0)
    his = fork(bob.id, thread.id, "his", main.id, 3, 0)
    with pytest.raises(Forbidden):
        change_branch(bob.id, hers.id, name="mine")
    assert change_branch(bob.id, his.id, is_archived=True).archived_at is not None
    assert change_branch(carol.id, his.id, is_archived=False).archived_at is None
