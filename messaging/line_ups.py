"""What threads ask of the area that knows models: whether a line-up can be, and what a new thread begins with."""

from uuid import UUID

from messaging import asking
from messaging.providers import offers
from messaging.providers.base import ModelInfo
from messaging.providers.catalog import catalog
from threads import hooks
from threads.models import Participant, Thread

BEGINS_WITH = 3  # side by side on a laptop's screen


def connect() -> None:
    """Answer what threads ask. Called once, when the app is ready."""
    hooks.check_line_up = check
    hooks.default_line_up = default


def check(project_id: UUID, model_ids: list[str]) -> None:
    """Raise Invalid for a model that the project does not offer; give each its slot."""
    asking.as_speakers(project_id, model_ids)


def default(project_id: UUID) -> list[str]:
    """The models a new thread begins with, each with its slot: its room shows them before anything is asked."""
    chosen = _chosen(project_id)
    offers.ensure_slots(project_id, chosen)
    return chosen


def _chosen(project_id: UUID) -> list[str]:
    """The models of the project's newest open thread, as far as they are offered.

    In the first one: those that the models file names, else the best there are.
    """
    offered = asking.all_offered(project_id)
    newest = Thread.objects.filter(project_id=project_id, is_private=False).order_by("-created_at", "-id").first()
    if newest is not None:
        rows = Participant.objects.filter(thread=newest, user=None).order_by("position", "id")
        before = list(rows.values_list("model_id", flat=True))
        still = [model_id for model_id in before if model_id in offered]
        if still or not before:
            return still
    if named := [model_id for model_id in catalog().first_choices() if model_id in offered]:
        return named[:BEGINS_WITH]
    best = sorted(offered.values(), key=_rank)
    return [info.id for info in best if _rank(info) == _rank(best[0])][:BEGINS_WITH]


def _rank(info: ModelInfo) -> int:
    """Models that somebody brought a key or an address for, then the built-in one, then the scripted ones."""
    if info.where == "scripted":
        return 2
    return 1 if info.is_demo else 0
