"""Which variant stands where, along a branch's whole path.

A branch inherits the choices of the ranges it is made of; its own fork pins the variant it was made from; what is
chosen in the branch itself, also at an inherited place, wins. Nothing is copied at a fork.
"""

from collections import defaultdict
from functools import lru_cache
from uuid import UUID

from django.db.models import Q, QuerySet

from chatplatform.kernel.prepared import ID, NO_END, PreparedQuery, given
from threads.models import Branch, Choice
from threads.queries import branch_path
from threads.types import ChoiceView

Place = tuple[int, int]  # seq, lane


def effective(branch: Branch, user_id: UUID | None, from_seq: int = 1, to_seq: int | None = None) -> list[ChoiceView]:
    """The choices that hold in the branch for places `from_seq` to `to_seq`: the room's, then the person's own.

    At most two queries, one for a branch without ancestors. Several may name one place: lane -1 for the whole, others for single lanes.
    """
    path = branch_path(branch)
    rows = _rows([entry.branch_id for entry in path], user_id, from_seq, to_seq)
    ancestors = [entry.branch_id for entry in path if entry.branch_id != branch.pk]
    forked = Branch.objects.filter(pk__in=ancestors, fork_seq__gt=0) if ancestors else ()
    pins = {b.id: b for b in (*forked, *([branch] if branch.fork_seq else []))}
    room: dict[Place, int] = {}
    own: dict[Place, int] = {}
    for entry in path:
        if (pin := pins.get(entry.branch_id)) is not None:
            own = {place: variant for place, variant in own.items() if place[0] != pin.fork_seq}
            room[(pin.fork_seq, -1)] = pin.fork_variant
        for row in rows[entry.branch_id]:
            if entry.to_seq is None or row.seq <= entry.to_seq:
                (room if row.user_id is None else own)[(row.seq, row.lane)] = row.variant
    return [*_views(branch.id, room, from_seq, to_seq, False), *_views(branch.id, own, from_seq, to_seq, True)]


def of_room(branch_id: UUID, seq: int, lane: int) -> ChoiceView | None:
    """The room's choice that was made in this branch for this lane or, lane -1, this place."""
    rows = Choice.objects.filter(branch_id=branch_id, seq=seq, lane=lane, user=None)
    variant = rows.values_list("variant", flat=True).first()
    return None if variant is None else ChoiceView(branch_id, seq, lane, variant)


def _rows(branch_ids: list[UUID], user_id: UUID | None, from_seq: int, to_seq: int | None) -> dict[UUID, list[Choice]]:
    branches = {f"branch{number}": branch_id for number, branch_id in enumerate(branch_ids)}
    last = NO_END if to_seq is None else to_seq
    found: dict[UUID, list[Choice]] = defaultdict(list)
    query = _chosen(len(branch_ids), has_own=user_id is not None)
    for row in query.rows(**branches, from_seq=from_seq, to_seq=last, user_id=user_id):
        found[row.branch_id].append(row)
    return found


@lru_cache(maxsize=64)
def _chosen(branches: int, *, has_own: bool) -> PreparedQuery[Choice]:
    def build() -> "QuerySet[Choice, Choice]":
        which = Q()
        for number in range(branches):
            which |= Q(branch_id=given(f"branch{number}", ID))
        whose = Q(user=None) | Q(user_id=given("user_id", ID)) if has_own else Q(user=None)
        return Choice.objects.filter(which, whose, seq__gte=given("from_seq"), seq__lte=given("to_seq"))

    return PreparedQuery(build)


def _views(
    branch_id: UUID, choices: dict[Place, int], from_seq: int, to_seq: int | None, is_own: bool
) -> list[ChoiceView]:
    return [
        ChoiceView(branch_id=branch_id, seq=seq, lane=lane, variant=variant, is_own=is_own)
        for (seq, lane), variant in sorted(choices.items())
        if seq >= from_seq and (to_seq is None or seq <= to_seq)
    ]
