"""How many statements a message costs: each is a round trip, and the first word waits for all of them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chatplatform.kernel.ids import new_id
from messaging import services
from messaging.protocol.commands import Send
from messaging.providers import offers
from messaging.runs import endings
from messaging.runs.types import Ending, Step
from projects.models import User
from threads.models import Thread

pytestmark = pytest.mark.django_db(transaction=True)

# Begin and commit are among them. Who may write here: 2. What the project offers. The run, its turns, the branch's head.
# The past: choices, and what is not stored yet. The outbox, the thread's activity, the read mark.
ACCEPT = 13
SETTLE = 6  # the run, its turns; the turn's end, the outbox
SETTLE_LAST = SETTLE + 1  # and the end of the run


def ask(user: User, thread: Thread, count: int) -> tuple[Step, CaptureQueriesContext]:
    models = [info.id for info, _ in offers.offered(thread.project_id)][:count]
    assert len(models) == count
    command = Send(id="1", client_id=new_id(), thread_id=thread.id, body="When does it leave?", models=models)
    with CaptureQueriesContext(connection) as asked:
        accepted = services._accept(user.id, command)
    assert accepted.run is not None and len(accepted.run.begun) == count
    return accepted.run, asked


def told(asked: CaptureQueriesContext) -> str:
    return "\n".join(query["sql"][:120] for query in asked.captured_queries)


def test_a_question_is_accepted_in_few_statements(alice: User, thread: Thread) -> None:
    ask(alice, thread, 2)  # the first one also gives the models their slots and makes the read mark
    _, two = ask(alice, thread, 2)
    most = ACCEPT + connection.features.has_select_for_update  # the branch, whose row is held
    assert len(two) <= most, told(two)
    _, one = ask(alice, thread, 1)
    assert len(one) == len(two), f"another model costs another statement:\n{told(two)}"


def test_an_answer_is_settled_in_few_statements(alice: User, thread: Thread) -> None:
    run, _ = ask(alice, thread, 2)
    for begun, most in zip(run.begun, (SETTLE, SETTLE_LAST), strict=True):
        assert begun.job is not None
        ending = Ending("complete", "At 07:40.", prompt={"seen": []})
        with CaptureQueriesContext(connection) as asked:
            assert endings.settle(begun.job, ending) is not None
        assert len(asked) <= most, told(asked)
