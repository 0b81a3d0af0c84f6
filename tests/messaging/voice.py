"""A model's turn played by a test: the rows and events that the engine would write, word by word."""

import hashlib
from datetime import timedelta

import msgspec
from django.db import transaction

from chatplatform.kernel.clock import now
from chatplatform.kernel.db import in_db
from chatplatform.kernel.ids import new_id
from messaging import outbox, rooms
from messaging.models import Run, Turn
from messaging.protocol.events import MessageCreated, RunChanged, TurnDelta, TurnReset, TurnStarted
from messaging.protocol.views import RunView
from messaging.runs import views
from messaging.types import Attempt, Message
from threads.models import Branch, Thread


class Voice:
    def __init__(self, turn: Turn, place: Message) -> None:
        self.turn, self.place = turn, place
        self.attempt = 1
        self.text = ""

    @classmethod
    async def begin(cls, thread: Thread, *, variant: int = 0, seq: int | None = None, starts: bool = True) -> "Voice":
        """Take a place at the branch's end (or beside what is at `seq`), and begin to speak."""
        turn, place = await in_db(_rows, thread, variant, seq)
        voice = cls(turn, place)
        await rooms.publish(thread.id, MessageCreated(place))
        if starts:
            await rooms.publish(thread.id, TurnStarted(turn.id, place.id, 1, now()))
        return voice

    async def say(self, text: str) -> None:
        at = len(self.text)
        self.text += text
        await rooms.publish(self.turn.thread_id, TurnDelta(self.turn.id, self.attempt, at, len(text), text))

    async def save(self) -> None:
        """Keep the words so far in the row, as happens about once a second."""
        await in_db(Turn.objects.filter(pk=self.turn.pk).update, partial=self.text)

    async def start_again(self) -> None:
        earlier = Attempt(self.attempt, self.text, "interrupted", now())
        self.attempt += 1
        self.text = ""
        await in_db(Turn.objects.filter(pk=self.turn.pk).update, attempt=self.attempt, partial="")
        await rooms.publish(self.turn.thread_id, TurnReset(self.turn.id, self.attempt, earlier))

    async def finish(self) -> Message:
        meta = msgspec.structs.replace(
            self.place.meta, attempt=self.attempt, text_sha256=hashlib.sha256(self.text.encode()).hexdigest()
        )
        message = msgspec.structs.replace(self.place, body=self.text, state="complete", meta=meta)
        run = await in_db(_settle, self.turn, message)
        await outbox.deliver(message)
        await rooms.publish(message.thread_id, RunChanged(run))
        return message


@transaction.atomic
def _rows(thread: Thread, variant: int, seq: int | None) -> tuple[Turn, Message]:
    branch = Branch.objects.select_for_update().get(thread=thread, name="main")
    if seq is None:
        branch.head_seq = seq = branch.head_seq + 1
        branch.save(update_fields=["head_seq"])
    run = Run.objects.create(
        thread=thread,
        branch=branch,
        kind="reply",
        spec={"models": [{"id": "test:voice", "name": "Voice", "slot": 1}], "rounds": 1, "visibility": "isolated"},
        prompt_seq=max(1, seq - 1),
        prompt_message_id=new_id(),
        asked_by_name="Alice",
    )
    turn = Turn.objects.create(
        run=run, key="a", thread=thread, branch=branch, seq=seq, variant=variant, lane=variant, slot=1,
        model_id="test:voice", model_name="Voice", state="streaming", attempt=1,
        started_at=now() + timedelta(days=1),  # on a slow machine too, no sweep takes it for a dead process's
    )  # fmt: skip
    return turn, views.turn_message(turn, run)


@transaction.atomic
def _settle(turn: Turn, message: Message) -> RunView:
    Turn.objects.filter(pk=turn.pk).update(state="done", partial="", ended_at=now())
    Run.objects.filter(pk=turn.run_id).update(state="done", ended_at=now())
    outbox.add(message, "turn", turn.id)
    return views.run_view(Run.objects.get(pk=turn.run_id), list(Turn.objects.filter(run=turn.run_id)))
