"""Changing what was said: editing, deleting and restoring messages, and their older texts.

Who may is asked of the rows just before; of two changes at once the first one counts (`edits.py`), so nothing is overwritten
that its writer did not see.
"""

from typing import Any
from uuid import UUID

from django.conf import settings
from msgspec.structs import replace

from chatplatform.kernel import limits
from chatplatform.kernel.backends import backend
from chatplatform.kernel.clock import now
from chatplatform.kernel.db import in_db
from chatplatform.kernel.errors import Conflict, Forbidden
from messaging import access, edits, history, outbox
from messaging.models import Run
from messaging.services import check_body
from messaging.stores.base import MessageStore
from messaging.types import OPEN_STATES, Message, MessageState, Revision
from projects.roles import Permission, may
from threads.access import ThreadAccess


async def edit(user_id: UUID, message_id: UUID, body: str, revision: int) -> Message:
    """Replace the text of your own message. Conflict if it is not at `revision` any more. A repeat changes nothing."""
    check_body(body)
    await in_db(limits.hit, "send", user_id, settings.SEND_RATE)
    message, let_in = await _to_change(user_id, message_id)
    if not _is_own(message, let_in):
        raise Forbidden(f"Only {message.author.name} can change these words.")
    if message.state == "deleted":
        raise Conflict("This message is deleted. Restore it first.", "deleted")
    if body == message.body:
        return message
    if message.revision != revision:
        raise _changed(message)
    return await _replace(message, let_in, body=body)


async def delete(user_id: UUID, message_id: UUID) -> Message:
    """Take a message's words away; its place stays. Your own, what you asked for, or any if you manage threads."""
    message, let_in = await _to_change(user_id, message_id)
    if not await in_db(_may_delete, message, let_in):
        raise Forbidden(f"{message.author.name} can delete this, and the project's admins can.")
    if message.state == "deleted":
        return message
    meta = message.meta
    bare = replace(meta, reasoning="", earlier_attempts=(), text_sha256="", deleted_by=str(user_id))
    return await _replace(message, let_in, body="", state="deleted", meta=bare)


async def restore(user_id: UUID, message_id: UUID) -> Message:
    """Bring a deleted message's last words back: whoever deleted it, and who manages threads."""
    message, let_in = await _to_change(user_id, message_id)
    if message.state != "deleted":
        return message
    last = await _last_words(message, let_in)
    return await _replace(message, let_in, body=last.body, state=last.state, meta=replace(message.meta, deleted_by=""))


async def revisions(user_id: UUID, message_id: UUID) -> list[Revision]:
    """The older texts, oldest first. Of a deleted message only for those who may restore it."""
    message = await history.find(message_id)
    let_in = await access.thread(user_id, message.thread_id, Permission.READ)
    if message.state == "deleted":
        await _last_words(message, let_in)
    return await history.revisions(message_id)


async def _to_change(user_id: UUID, message_id: UUID) -> tuple[Message, ThreadAccess]:
    message = await history.find(message_id)
    let_in = await access.thread_now(user_id, message.thread_id, Permission.WRITE)
    if message.state in OPEN_STATES:
        raise Conflict(f"{message.author.name} is still writing this. Stop it first.", "still_writing")
    return message, let_in


def _is_own(message: Message, let_in: ThreadAccess) -> bool:
    return message.author.kind == "person" and message.author.id == str(let_in.user.id)


def _may_delete(message: Message, let_in: ThreadAccess) -> bool:
    if _is_own(message, let_in) or may(let_in.role, Permission.MANAGE_THREADS):
        return True
    if message.author.kind != "model" or message.run_id is None:
        return False
    return Run.objects.filter(pk=message.run_id, asked_by=let_in.user).exists()


async def _last_words(message: Message, let_in: ThreadAccess) -> Revision:
    kept = await history.revisions(message.id)
    is_theirs = message.meta.deleted_by == str(let_in.user.id) and await in_db(_may_delete, message, let_in)
    if not kept or not (is_theirs or may(let_in.role, Permission.MANAGE_THREADS)):
        raise Forbidden("Whoever deleted this can restore it, and the project's admins can.")
    return kept[-1]


async def _replace(message: Message, let_in: ThreadAccess, **changes: Any) -> Message:
    """Write the next revision and tell the room. Conflict if somebody else was first."""
    await outbox.stored()  # an edit needs the store to have what it changes
    state: MessageState = changes.pop("state", message.state)
    new = replace(message, state=state, revision=message.revision + 1, edited_at=now(), **changes)
    store: MessageStore = backend("message_store")
    if await store.get(message.id) is None:
        await store.put([message])
    made = await edits.make(new, let_in.user.name)
    if made is None:
        raise _changed(message)
    return made


def _changed(message: Message) -> Conflict:
    return Conflict("Somebody changed this message meanwhile. Look at it again.", revision=message.revision)
