"""A fork is one row whose path is the parent's cut at the place, plus itself."""

import pytest

from chatplatform.kernel.errors import Conflict, Invalid, NotFound
from projects.models import User
from threads.models import Branch, Thread
from threads.queries import branch_path
from threads.services import cut_path, fork
from threads.types import PathRange

pytestmark = pytest.mark.django_db


@pytest.fixture
def main(thread: Thread) -> Branch:
    assert thread.main_branch is not None
    Branch.objects.filter(pk=thread.main_branch_id).update(head_seq=10)
    thread.main_branch.refresh_from_db()
    return thread.main_branch


def test_fork_inherits_up_to_its_place(alice: User, thread: Thread, main: Branch) -> None:
    branch = fork(alice.id, thread.id, "shorter", main.id, 4, 2)
    assert branch_path(branch) == [PathRange(main.id, 1, 4), PathRange(branch.id, 5, None)]
    assert (branch.head_seq, branch.fork_seq, branch.fork_variant, branch.parent_id) == (4, 4, 2, main.id)
