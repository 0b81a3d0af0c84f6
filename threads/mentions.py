"""Who is named in what they have not read yet, kept until they have.

A mention counts while its reader's mark in the branch of the message is below it. Its row goes when they tell that they
have read that far, in that branch or in one that inherits the place. While the message is deleted it names nobody.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from threads.models import Branch, Mention, ReadMark
from threads.types import NamedView, PathRange


def note_named(people: Iterable[UUID], branch: Branch, seq: int, by: UUID) -> None:
    """Part of the transaction that accepts the message at `seq`: keep whom it names."""
    rows = [Mention(user_id=person, thread_id=branch.thread_id, branch=branch, seq=seq, by_id=by) for person in people]
    if rows:
        Mention.objects.bulk_create(rows)


def forget_read(user_id: UUID, thread_id: UUID, path: Iterable[PathRange], seq: int) -> bool:
    """Part of a transaction: they have read a branch of this path up to `seq`. False when nothing there named them."""
    passed = Q()
    for owner, first, last in path:
        passed |= Q(branch_id=owner, seq__gte=first, seq__lte=seq if last is None else min(last, seq))
    gone, _ = Mention.objects.filter(passed, user_id=user_id, thread_id=thread_id).delete()
    return bool(gone)


def withdraw(branch_id: UUID, seq: int, *, is_deleted: bool) -> list[UUID]:
    """Part of a transaction: the message was deleted, or restored. Whom it names no more, or again."""
    rows = Mention.objects.filter(branch_id=branch_id, seq=seq, is_withdrawn=not is_deleted)
    people = list(rows.values_list("user_id", flat=True))
    if people:
        rows.update(is_withdrawn=is_deleted)
    return people


def unread_mentions(user_id: UUID) -> QuerySet[Mention]:
    read = ReadMark.objects.filter(
        user=OuterRef("user"), thread=OuterRef("thread"), branch=OuterRef("branch"), seq__gte=OuterRef("seq")
    )
    return Mention.objects.filter(~Exists(read), user_id=user_id, is_withdrawn=False)


def named_in(user_id: UUID, thread_ids: Iterable[UUID]) -> dict[UUID, NamedView]:
    """The threads among these that name the person in what they have not read: how often, and where last."""
    mentions = unread_mentions(user_id).filter(thread__in=list(thread_ids))
    found: dict[UUID, NamedView] = {}
    for _, key, by, branch_id, seq in sorted(mentions.values_list("pk", "thread_id", "by__name", "branch_id", "seq")):
        before = found.get(key)
        found[key] = NamedView(before.count + 1 if before else 1, by or "", branch_id, seq)
    return found
