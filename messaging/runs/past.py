"""A branch's history before a place, as rows tell it. Synchronous; part of a larger unit of work."""

from messaging import outbox
from messaging.runs.types import Past
from messaging.types import Message, Range
from threads import choices
from threads.models import Branch
from threads.queries import branch_path

FIRST_ANSWER = 2


def past_of(branch: Branch, before: int, also: tuple[Message, ...] = ()) -> Past:
    """Read path, room choices and not yet stored messages: what the store cannot know.

    `also`: messages that this transaction accepts, whose outbox rows are yet to be written.
    """
    path = tuple(
        Range(r.branch_id, r.from_seq, before - 1 if r.to_seq is None else min(r.to_seq, before - 1))
        for r in branch_path(branch)
        if r.from_seq < before
    )
    # A first question has nothing before it to choose from.
    found = choices.effective(branch, None, to_seq=before - 1) if before > FIRST_ANSWER else []
    chosen = {(choice.seq, choice.lane): choice.variant for choice in found}
    return Past(path, before, (*outbox.overlay(path), *also), chosen)
