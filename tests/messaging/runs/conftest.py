"""A thread in which models are asked: real rows, store, stream and dispatcher; the models are puppets."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction

from chatplatform.kernel.backends import backend
from chatplatform.kernel.clock import now
from chatplatform.kernel.db import in_db
from chatplatform.kernel.ids import new_id
from messaging import outbox, rooms
from messaging.models import Run, Turn
from messaging.protocol.events import AnyEvent, TurnDelta, TurnFinished, decode_event
from messaging.relays.base import Relay
from messaging.runs import prompts, services, speaking
from messaging.runs.dispatch.local import LocalDispatcher
from messaging.runs.types import NewRun, Speaker
from messaging.types import Author, Cursor, Message, Meta
from projects.models import User
from tests.messaging.runs.puppet import Puppets
from threads.models import Branch, Thread


@pytest.fixture
def puppets(monkeypatch: pytest.MonkeyPatch) -> Puppets:
    puppets = Puppets()
    for module in (speaking, prompts):
        monkeypatch.setattr(module, "catalog", lambda: puppets)
    return puppets


class Room:
    """One thread seen from its people's side: they ask, wait and look at what came."""

    def __init__(self, thread: Thread, user: User) -> None:
        self.thread, self.user = thread, user
        self.cursor = Cursor("", 0)

    @property
    def main_id(self) -> UUID:
        assert self.thread.main_branch_id is not None
        return self.thread.main_branch_id

    def speaker(self, model_id: str) -> Speaker:
        name = model_id.partition(":")[2].capitalize()
        return Speaker(model_id, name, 1 + ["t:ada", "t:ben", "t:cleo"].index(model_id))

    async def listen(self) -> None:
        self.cursor = await rooms.top(self.thread.id)

    async def say(self, body: str, name: str = "", branch: Branch | None = None) -> Message:
        """A person's words, without asking anybody."""
        message, _ = await in_db(self._accept, body, [], "", 2, "isolated", name, branch)
        await outbox.deliver(message)
        return message

    async def ask(
        self,
        body: str,
        *models: str,
        kind: str = "fan_out",
        rounds: int = 2,
        visibility: str = "isolated",
        branch: Branch | None = None,
    ) -> NewRun:
        speakers = [self.speaker(model) for model in models]
        message, new = await in_db(self._accept, body, speakers, kind, rounds, visibility, "", branch)
        assert new is not None
        services.begin(new)
        await outbox.deliver(message)
        await services.started(new)
        return new

    def _accept(
        self,
        body: str,
        speakers: list[Speaker],
        kind: str,
        rounds: int,
        visibility: str,
        name: str,
        branch: Branch | None,
    ) -> tuple[Message, NewRun | None]:
        with transaction.atomic():
            at = Branch.objects.select_for_update().get(pk=branch.pk if branch else self.main_id)
            at.head_seq += 1
            at.save(update_fields=["head_seq"])
            author = Author("person", str(self.user.id) + name, name or self.user.name)
            message = Message(
                new_id(), self.thread.id, at.id, at.head_seq, 0, author, body, "complete", now(), meta=Meta()
            )
            new = None
            if speakers:
                thread = Thread.objects.get(pk=self.thread.pk)
                new = services.create_run(thread, at, message, speakers, kind, rounds, visibility, self.user)
            outbox.add(message, str(self.user.id), new_id(), new.run.id if new else None)
        return message, new

    async def events(self) -> list[AnyEvent]:
        """All events since `listen`."""
        await rooms.flush(self.thread.id)
        found = await rooms.read_after(self.thread.id, self.cursor)
        assert found is not None
        return [decode_event(data) for data in found.events]

    async def messages(self, branch_id: UUID | None = None) -> list[Message]:
        """What the store holds in the end, by place."""
        await outbox.stored()
        branch = await in_db(Branch.objects.get, pk=branch_id or self.main_id)
        from threads.queries import branch_path

        return list(await backend("message_store").page(branch_path(branch), limit=200))

    async def run(self, run_id: UUID) -> Run:
        return await in_db(Run.objects.get, pk=run_id)

    async def turns(self, run_id: UUID) -> list[Turn]:
        return await in_db(lambda: list(Turn.objects.filter(run_id=run_id).order_by("created_at", "lane")))

    async def ended(self, run_id: UUID, within_s: float = 5.0) -> Run:
        """The run once it is over."""
        async with asyncio.timeout(within_s):
            while (run := await self.run(run_id)).ended_at is None:
                await asyncio.sleep(0.01)
        await settled()
        return run

    async def until(self, holds: Callable[[], Any], within_s: float = 5.0) -> None:
        async with asyncio.timeout(within_s):
            while not holds():
                await asyncio.sleep(0.005)

    async def heard(self, text: str, within_s: float = 5.0) -> None:
        """Wait until the room heard these words, whoever said them."""
        async with asyncio.timeout(within_s):
            while text not in said(await self.events()):
                await asyncio.sleep(0.005)


def said(events: list[AnyEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TurnDelta))


def finished(events: list[AnyEvent]) -> list[TurnFinished]:
    return [event for event in events if isinstance(event, TurnFinished)]


async def settled() -> None:
    """Until no turn runs here any more."""
    dispatcher: LocalDispatcher = backend("dispatcher")
    async with asyncio.timeout(5):
        while dispatcher.is_busy:
            await asyncio.sleep(0.005)


@pytest.fixture
async def room(thread: Thread, alice: User, puppets: Puppets) -> AsyncIterator[Room]:
    relay: Relay = backend("relay")
    dispatcher: LocalDispatcher = backend("dispatcher")
    await relay.start()
    await dispatcher.start()
    room = Room(thread, alice)
    await room.listen()
    yield room
    await dispatcher.stop()
    await outbox.stored()


@pytest.fixture(autouse=True)
def _fresh_rooms() -> Iterator[None]:
    yield
    rooms.reset()
