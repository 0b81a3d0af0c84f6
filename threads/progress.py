"""How far a thread has come: its last place, when it was active, its title, and how far each person has read."""

from uuid import UUID

from django.db import transaction

from chatplatform.kernel.clock import now
from chatplatform.kernel.prepared import ID, PreparedUpdate, given
from projects.roles import Permission
from projects.signals import after_commit
from threads import mentions, signals
from threads.access import access_thread, branch_of
from threads.models import Branch, ReadMark, Thread
from threads.queries import branch_path
from threads.titles import title_from
from threads.types import NamedView

_head = PreparedUpdate(lambda: Branch.objects.filter(pk=given("id", ID)), "head_seq")
_active = PreparedUpdate(lambda: Thread.objects.filter(pk=given("id", ID)), "active_at")
_read_further = PreparedUpdate(
    lambda: ReadMark.objects.filter(
        user_id=given("user_id", ID), branch_id=given("branch_id", ID), seq__lt=given("seq")
    ),
    "seq",
    "read_at",
)


def raise_head(branch: Branch, seq: int) -> None:
    """Part of a transaction that holds the branch's row: `seq` is its last place that is taken."""
    branch.head_seq = seq
    _head.run(id=branch.pk, head_seq=seq)


def note_said(thread: Thread, body: str = "") -> None:
    """Part of the transaction that accepts a message: the thread is active now, and its first question names it."""
    thread.active_at = now()
    _active.run(id=thread.pk, active_at=thread.active_at)
    if not thread.title and (title := title_from(body)):
        thread.title = title
        if Thread.objects.filter(pk=thread.pk, title="").update(title=title):  # nobody has named it meanwhile
            after_commit(signals.thread_changed, thread_id=thread.id)


def note_read(user_id: UUID, branch: Branch, seq: int) -> bool:
    """Part of a transaction: raise the read mark to `seq`. False when it was there already."""
    if _read_further.run(user_id=user_id, branch_id=branch.pk, seq=seq, read_at=now()):
        return True
    _, is_new = ReadMark.objects.get_or_create(
        defaults={"seq": seq}, user_id=user_id, thread_id=branch.thread_id, branch_id=branch.pk
    )
    return is_new


@transaction.atomic
def mark_read(user_id: UUID, thread_id: UUID, branch_id: UUID, seq: int, is_back: bool = False) -> None:
    """Note that the person has read up to `seq`. Only `is_back` ("mark as unread") lowers it."""
    access = access_thread(user_id, thread_id, Permission.READ)
    branch = branch_of(access.thread, branch_id)
    seq = max(0, min(seq, branch.head_seq))
    changed = note_read(user_id, branch, seq)
    if is_back and not changed:
        lowered = ReadMark.objects.filter(user_id=user_id, branch=branch, seq__gt=seq)
        changed = bool(lowered.update(seq=seq, read_at=now()))
    changed |= mentions.forget_read(user_id, thread_id, branch_path(branch), seq)
    if changed:
        after_commit(signals.thread_read, user_id=user_id, thread_id=thread_id, branch_id=branch.id)


def read_so_far(user_id: UUID, thread_id: UUID, branch_id: UUID) -> tuple[int, NamedView | None]:
    """How far the person has read the branch, and what names them still in the thread."""
    mark = ReadMark.objects.filter(user_id=user_id, branch_id=branch_id).values_list("seq", flat=True).first()
    return mark or 0, mentions.named_in(user_id, [thread_id]).get(thread_id)
