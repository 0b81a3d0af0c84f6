"""The promise of `runs.dispatch.base.Dispatcher`, run over every implementation.

The engine is replaced by a recorder, for how turns run is not a dispatcher's concern; the rows are real.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from uuid import UUID

import pytest
from django.conf import settings
from django.db import connection, transaction

from chatplatform.kernel.backends import backend
from chatplatform.kernel.clock import now
from chatplatform.kernel.db import in_db
from chatplatform.kernel.ids import new_id
from messaging.models import OPEN_TURNS, Turn, TurnState
from messaging.relays.base import Relay
from messaging.runs import changes, engine, services
from messaging.runs.dispatch.base import Dispatcher
from messaging.runs.dispatch.local import LocalDispatcher
from messaging.runs.dispatch.queue import GROUP, QueueDispatcher
from messaging.runs.stopping import Stop, Stopped
from messaging.runs.types import Speaker
from messaging.types import Author, Message
from projects.models import User
from threads.models import Branch, Thread

run_turn = engine.run_turn
pytestmark = pytest.mark.django_db(transaction=True)
LATE_S = 10.0  # also for what no offer leads to: a job that is due, a sweep


class ServerAndWorker:
    """A server's dispatcher and a worker's in one process: what one is given, the other runs."""

    runs_own = False

    def __init__(self) -> None:
        from messaging.runs.dispatch.worker import WorkerDispatcher

        self.server: Dispatcher = QueueDispatcher()
        self.worker = WorkerDispatcher()

    def enqueue(self, turn_ids: Sequence[UUID]) -> None:
        self.server.enqueue(turn_ids)

    def dispatch(self, turn_id: UUID) -> None:
        self.server.dispatch(turn_id)

    def cancel(self, turn_id: UUID) -> None:
        self.server.cancel(turn_id)

    def try_now(self, turn_id: UUID) -> None:
        self.server.try_now(turn_id)

    async def start(self) -> None:
        relay: Relay = backend("relay")
        await relay.start()
        await self.worker.start()
        await self.server.start()
        await relay.ready(GROUP)  # what is sent to workers before they listen is heard by nobody

    async def stop(self) -> None:
        await self.server.stop()
        await self.worker.stop()
        await backend("stream_log").stop()
        await backend("relay").stop()


IMPLEMENTATIONS: list[Callable[[], Dispatcher]] = [ServerAndWorker if settings.IS_SHARED else LocalDispatcher]


class Recorder:
    """Stands for the engine: each run lasts until it is let go, stopped or cancelled."""

    def __init__(self) -> None:
        self.runs: list[UUID] = []
        self.stopped: list[UUID] = []
        self.cancelled: list[UUID] = []
        self.threads: set[int] = set()
        self.has_begun = asyncio.Event()
        self.let_go = asyncio.Event()

    async def run_turn(self, turn_id: UUID, stop: Stop, abandoned: object = None) -> None:
        self.runs.append(turn_id)
        self.threads.add(threading.get_ident())
        self.has_begun.set()
        try:
            with stop.guard():
                await self.let_go.wait()
        except asyncio.CancelledError:
            self.cancelled.append(turn_id)
            raise
        except Stopped:
            self.stopped.append(turn_id)


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorder = Recorder()
    monkeypatch.setattr(engine, "run_turn", recorder.run_turn)
    return recorder


@pytest.fixture(params=IMPLEMENTATIONS)
async def dispatcher(
    request: pytest.FixtureRequest, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Dispatcher]:
    monkeypatch.setattr(settings, "WORKER_DRAIN_S", 0)
    dispatcher: Dispatcher = request.param()
    yield dispatcher
    recorder.let_go.set()
    await dispatcher.stop()


@pytest.fixture
def open_turn(thread: Thread, alice: User) -> UUID:
    return make_open_turn(thread, alice)


def make_open_turn(thread: Thread, user: User) -> UUID:
    with transaction.atomic():
        branch = Branch.objects.get(thread=thread)
        branch.head_seq += 1
        branch.save()
        author = Author("person", str(user.id), user.name)
        question = Message(new_id(), thread.id, branch.id, branch.head_seq, 0, author, "?", "complete", now())
        new = services.create_run(thread, branch, question, [Speaker("t:a", "Ada", 1)], "reply", 1, "isolated", user)
    return new.begun[0].turn_id


async def until(holds: Callable[[], bool], within_s: float = LATE_S) -> None:
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.005)


async def test_a_committed_turn_is_run_soon_on_the_servers_loop(dispatcher: Dispatcher, recorder: Recorder) -> None:
    await dispatcher.start()
    turn_id = new_id()
    dispatcher.dispatch(turn_id)
    await until(lambda: recorder.runs == [turn_id])
    assert recorder.threads == {threading.get_ident()}


async def test_dispatching_from_another_thread_wakes_the_loop_at_once(
    dispatcher: Dispatcher, recorder: Recorder
) -> None:
    await dispatcher.start()
    turn_id = new_id()
    caller = threading.Timer(0.1, dispatcher.dispatch, [turn_id])  # when the loop waits for what comes next
    caller.start()  # its end wakes nobody: unwoken, the loop would begin with the turn at the time-out
    await asyncio.wait_for(recorder.has_begun.wait(), LATE_S)
    caller.join()
    assert recorder.threads == {threading.get_ident()}


async def test_a_turn_that_runs_is_left_alone(dispatcher: Dispatcher, recorder: Recorder) -> None:
    await dispatcher.start()
    turn_id, last = new_id(), new_id()
    for _ in range(5):
        dispatcher.dispatch(turn_id)
    await until(lambda: bool(recorder.runs))
    dispatcher.dispatch(last)  # comes after all that was said before
    await until(lambda: last in recorder.runs)
    assert recorder.runs == [turn_id, last]


async def test_a_turn_that_ended_may_be_run_again(dispatcher: Dispatcher, recorder: Recorder) -> None:
    await dispatcher.start()
    recorder.let_go.set()
    turn_id = new_id()
    for count in (1, 2):
        dispatcher.dispatch(turn_id)
        await until(lambda count=count: len(recorder.runs) == count)  # type: ignore[misc]
        await asyncio.sleep(0.01)


async def test_cancelling_stops_a_turn_that_runs(dispatcher: Dispatcher, recorder: Recorder) -> None:
    await dispatcher.start()
    one, other = new_id(), new_id()
    dispatcher.dispatch(one)
    dispatcher.dispatch(other)
    await until(lambda: len(recorder.runs) == 2)
    dispatcher.cancel(one)
    await until(lambda: recorder.stopped == [one])  # there is no slower way: nobody reads these rows


async def test_what_was_cancelled_before_it_began_ends(
    dispatcher: Dispatcher, open_turn: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "run_turn", run_turn)
    await dispatcher.start()
    dispatcher.dispatch(open_turn)
    await in_db(changes.cancel_turn, open_turn, "Bob")
    dispatcher.cancel(open_turn)
    async with asyncio.timeout(LATE_S):
        while (await in_db(Turn.objects.get, pk=open_turn)).state in OPEN_TURNS:
            await asyncio.sleep(0.01)


async def test_starting_takes_over_what_a_dead_process_left(
    dispatcher: Dispatcher, recorder: Recorder, open_turn: UUID
) -> None:
    await dispatcher.start()
    await until(lambda: recorder.runs == [open_turn])


async def test_starting_takes_over_turns_that_nobody_claimed(
    dispatcher: Dispatcher, recorder: Recorder, open_turn: UUID
) -> None:
    unclaimed = {"state": TurnState.PENDING, "attempt": 0, "started_at": None, "held_by": ""}
    await in_db(lambda: Turn.objects.filter(pk=open_turn).update(**unclaimed))
    await dispatcher.start()
    await until(lambda: recorder.runs == [open_turn])


@pytest.mark.parametrize("commits", [False, True])
async def test_what_is_noted_goes_the_way_of_its_transaction(
    dispatcher: Dispatcher, recorder: Recorder, thread: Thread, alice: User, commits: bool
) -> None:
    """Also where a worker of the queue runs in this very process, which swaps what jobs are written with."""
    await dispatcher.start()

    def ask() -> UUID:
        with transaction.atomic():
            turn_id = make_open_turn(thread, alice)
            transaction.set_rollback(not commits)
        return turn_id

    turn_id = await in_db(ask)
    if commits and not dispatcher.runs_own:
        await until(lambda: recorder.runs == [turn_id])
    else:
        await asyncio.sleep(0.1)
        assert recorder.runs == []
    assert await in_db(Turn.objects.filter(pk=turn_id).exists) is commits
    if not dispatcher.runs_own:
        async with asyncio.timeout(LATE_S):
            while await in_db(_jobs):
                assert commits, "a job outlived its transaction"
                await asyncio.sleep(0.05)


def _jobs() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs")
        return int(cursor.fetchone()[0])


async def test_what_has_ended_is_not_run_again(dispatcher: Dispatcher, recorder: Recorder, open_turn: UUID) -> None:
    await in_db(lambda: Turn.objects.filter(pk=open_turn).update(state=TurnState.DONE))
    await dispatcher.start()
    await asyncio.sleep(0.05)
    assert recorder.runs == []


async def test_stopping_takes_nothing_new_and_lets_go_of_what_runs(
    dispatcher: Dispatcher, recorder: Recorder, open_turn: UUID
) -> None:
    await dispatcher.start()
    await until(lambda: recorder.runs == [open_turn])
    await dispatcher.stop()
    assert recorder.cancelled == [open_turn]
    dispatcher.dispatch(new_id())
    await asyncio.sleep(0.05)
    assert recorder.runs == [open_turn]
    assert (await in_db(Turn.objects.get, pk=open_turn)).state in OPEN_TURNS


async def test_trying_now_what_does_not_wait_does_nothing(dispatcher: Dispatcher, recorder: Recorder) -> None:
    await dispatcher.start()
    dispatcher.try_now(new_id())
    await asyncio.sleep(0.02)
    assert recorder.runs == []
