"""Which variants a place has, for `threads`, which knows places and no messages. Asked in the transaction of the change.

A person's message stands alone at its place. Every answer has a turn, whose row stays when it is over; so rows
tell it wherever the messages are kept.
"""

from uuid import UUID

from messaging.models import Turn
from threads import hooks


def connect() -> None:
    """Answer what threads ask. Called once, when the app is ready."""
    hooks.has_variant = has


def has(branch_id: UUID, seq: int, variant: int, lane: int) -> bool:
    """Is there this variant in that lane? Lane -1: in any. Part of the caller's transaction."""
    answers = set(Turn.objects.filter(branch_id=branch_id, seq=seq).values_list("variant", "lane"))
    if not answers:
        return variant == 0 and lane <= 0
    return any(found == variant and lane in {-1, its_lane} for found, its_lane in answers)
