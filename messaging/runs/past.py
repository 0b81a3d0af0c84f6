"""A branch's history before a place, as rows tell it. Synchronous; part of a larger unit of work."""

import msgspec
from django.db.models import Q

from messaging.models import Outbox
from messaging.runs.types import Past
from messaging.types import Message, Range
from threads import choices
from threads.models import Branch
from threads.queries import branch_path

_decode = msgspec.json.Decoder(Message).decode


def past_of(branch: Branch, before: int, also: tuple[Message, ...] = ()) -> Past:
    """This function will read path, room choices and not yet stored messages: what the store cannot know.

    `also`: messages that this transaction accepts, whose outbox rows are yet to be written.
    """
    path = tuple(
        Range(r.branch_id, r.from_seq, before - 1 if r.to_seq is None else min(r.to_seq, before - 1))
        for r in branch_path(branch)
        if r.from_seq < before
    )
    chosen = {(c.seq, c.lane): c.variant for c in choices.effective(branch, None, to_seq=before - 1)}
    return Past(path, before, (*_overlay(path), *also), chosen)


def _overlay(path: tuple[Range, ...]) -> tuple[Message, ...]:
    where = Q(pk__in=[])
    for part in path:
        where |= Q(branch_id=part.branch_id, seq__gte=part.from_seq, seq__lte=part.to_seq)
    rows = Outbox.objects.filter(where, stored_at=None, body__isnull=False).values_list("body", flat=True)
    return tuple(_decode(bytes(body)) for body in rows if body is not None)
