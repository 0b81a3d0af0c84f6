"""Changes of messages on their way to the store: whose comes first is decided here, in the database, once for all processes.

A change is accepted by a row whose constraint lets one change take a revision; then it is stored, told to the room, and the
row is cleared. Every step may be repeated, and the outbox's sweeper does so for what a crash, or a store that
was away, has left. So a change that was accepted is made, though perhaps later.
"""

import logging
from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from chatplatform.kernel.backends import backend
from chatplatform.kernel.clock import now
from chatplatform.kernel.db import in_db, in_db_later
from chatplatform.kernel.errors import Unavailable
from chatplatform.kernel.finishing import to_the_end
from messaging import failpoints, news, rooms, set_aside
from messaging.models import Edit
from messaging.protocol.events import AnyEvent, MessageDeleted, MessageEdited
from messaging.stores.base import MessageStore
from messaging.types import Message
from threads import mentions

log = logging.getLogger(__name__)

LEFT_BEHIND_S = 5.0
KEPT = timedelta(days=7)
BATCH = 100


@to_the_end
async def make(message: Message, editor_name: str) -> Message | None:
    """Make `message`, with its revision raised by one, what the store keeps and the room sees; None if another change
    took that revision. The same change by the same person again is made once and answered as the first time.

    Raises Unavailable when the store or the room cannot be reached: the change is kept then, and made later.
    """
    accepted = await in_db(_accept, message, editor_name)
    if accepted is None:
        return None
    failpoints.reach("after_edit_accept")
    try:
        return accepted if await _carry_out(accepted, editor_name) else None
    except Unavailable as error:
        raise Unavailable(
            "Your change is kept, but cannot be made just now. It is made by itself in a while."
        ) from error


def _accept(message: Message, editor_name: str) -> Message | None:
    """The change as it was first accepted; None if another one was."""
    row = Edit(
        message_id=message.id, revision=message.revision, editor_name=editor_name, body=set_aside.encode(message)
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        first = Edit.objects.filter(message_id=message.id, revision=message.revision).first()
        accepted = set_aside.read(first.body) if first is not None and first.editor_name == editor_name else None
        if accepted is None:
            return None
        return accepted if (accepted.body, accepted.state) == (message.body, message.state) else None
    return message


async def _carry_out(message: Message, editor_name: str) -> bool:
    """Store it and tell the room; False, and it is forgotten, if the store keeps another change in its place."""
    store: MessageStore = backend("message_store")
    is_made = await store.edit(message, editor_name=editor_name)
    if is_made:
        failpoints.reach("after_edit_store")
        event: AnyEvent = MessageDeleted(message, editor_name) if message.state == "deleted" else MessageEdited(message)
        await rooms.publish(message.thread_id, event)
    for person in await in_db_later(_clear, message, is_made):
        news.read_changed(person, message)
    return is_made


@transaction.atomic
def _clear(message: Message, is_made: bool) -> list[UUID]:
    """Whom the message names no more, or again."""
    changes = Edit.objects.filter(message_id=message.id)
    changes.filter(revision=message.revision).update(body=None, stored_at=now())
    if not is_made or message.author.kind != "person" or changes.filter(revision__gt=message.revision).exists():
        return []  # a later change, which is accepted, says whether it does
    return mentions.withdraw(message.branch_id, message.seq, is_deleted=message.state == "deleted")


# -- left behind ----------------------------------------------------------------------------------------


async def sweep(older_than_s: float = LEFT_BEHIND_S) -> int:
    """Make the changes that were accepted and left behind, oldest first; how many."""
    left = await in_db_later(_left_behind, older_than_s)
    for message, editor_name in left:
        if not await _carry_out(message, editor_name):
            log.info("A change of message %s came too late: a later one is kept.", message.id)
    return len(left)


def _left_behind(older_than_s: float) -> list[tuple[Message, str]]:
    limit = now() - timedelta(seconds=older_than_s)
    left = Edit.objects.filter(stored_at=None, set_aside_at=None, created_at__lte=limit, body__isnull=False)
    rows = list(left.order_by("created_at", "revision")[:BATCH])
    messages = set_aside.read_all(((row.pk, row.body) for row in rows), Edit.objects.all())
    return [(messages[row.pk], row.editor_name) for row in rows if row.pk in messages]


def prune() -> int:
    """Forget the changes that were made more than seven days ago; how many."""
    count, _ = Edit.objects.filter(stored_at__isnull=False, created_at__lt=now() - KEPT).delete()
    return count
