"""Which variant stands where: inherited along the path, pinned at the fork, overruled in the branch."""

import pytest

from chatplatform.kernel.errors import Forbidden, Invalid
from projects.models import User
from threads.choices import effective
from threads.models import Branch, Choice, Thread
from threads.services import choose, fork
from threads.types import ChoiceView

pytestmark = pytest.mark.django_db


@pytest.fixture
def main(thread: Thread) -> Branch:
    assert thread.main_branch is not None
    Branch.objects.filter(pk=thread.main_branch.pk).update(head_seq=10)
    thread.main_branch.refresh_from_db()
    return thread.main_branch


def stands(branch: Branch, user: User | None = None) -> dict[tuple[int, int, bool], int]:
    return {(c.seq, c.lane, c.is_own): c.variant for c in effective(branch, user.id if user else None)}


def test_choice_for_the_room_is_everybodys(alice: User, bob: User, thread: Thread, main: Branch) -> None:
    view = choose(alice.id, thread.id, main.id, 2, -1, 1, for_room=True)
    assert view == ChoiceView(branch_id=main.id, seq=2, lane=-1, variant=1)
    choose(bob.id, thread.id, main.id, 2, -1, 3, for_room=True)
    assert stands(main, alice) == {(2, -1, False): 3}
    assert Choice.objects.count() == 1


def test_own_choice_is_nobody_elses(alice: User, dave: User, thread: Thread, main: Branch) -> None:
    choose(dave.id, thread.id, main.id, 2, 0, 1, for_room=False)
    assert stands(main, alice) == {}
    assert stands(main) == {}
    assert stands(main, dave) == {(2, 0, True): 1}


def test_viewer_chooses_for_themself_alone(dave: User, thread: Thread, main: Branch) -> None:
    with pytest.raises(Forbidden):
        choose(dave.id, thread.id, main.id, 2, 0, 1, for_room=True)


def test_fork_pins_its_variant_and_inherits_the_rest(alice: User, thread: Thread, main: Branch) -> None:
    choose(alice.id, thread.id, main.id, 2, -1, 1, for_room=True)
    choose(alice.id, thread.id, main.id, 4, -1, 1, for_room=True)
    choose(alice.id, thread.id, main.id, 6, -1, 1, for_room=True)
    choose(alice.id, thread.id, main.id, 4, -1, 0, for_room=False)
    branch = fork(alice.id, thread.id, "other", main.id, 4, 2)
    assert stands(branch, alice) == {(2, -1, False): 1, (4, -1, False): 2}
    assert stands(main, alice)[(4, -1, False)] == 1


def test_choice_in_the_fork_stays_in_the_fork(alice: User, thread: Thread, main: Branch) -> None:
    choose(alice.id, thread.id, main.id, 2, -1, 1, for_room=True)
    branch = fork(alice.id, thread.id, "other", main.id, 4, 2)
    choose(alice.id, thread.id, branch.id, 2, -1, 5, for_room=True)
    assert stands(branch)[(2, -1, False)] == 5
    assert stands(main)[(2, -1, False)] == 1


def test_a_page_of_choices_is_bounded(alice: User, thread: Thread, main: Branch) -> None:
    for seq in (2, 4, 6):
        choose(alice.id, thread.id, main.id, seq, -1, 1, for_room=True)
    assert [c.seq for c in effective(main, None, 3, 5)] == [4]


@pytest.mark.parametrize(("seq", "lane", "variant"), [(0, 0, 0), (11, 0, 0), (2, -2, 0), (2, 0, -1)])
def test_no_choice_where_nothing_is(
    alice: User, thread: Thread, main: Branch, seq: int, lane: int, variant: int
) -> None:
    with pytest.raises(Invalid):
        choose(alice.id, thread.id, main.id, seq, lane, variant, for_room=True)
