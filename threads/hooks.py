"""What threads must ask of the area above, which knows models and messages.

`messaging` puts its functions here when the app is ready. All are called inside the transaction of the change.
"""

from collections.abc import Callable
from uuid import UUID


def _accept_all(project_id: UUID, model_ids: list[str]) -> None:
    """Without models there is nothing to check them against."""


def _no_models(project_id: UUID) -> list[str]:
    return []


def _any_variant(branch_id: UUID, seq: int, variant: int, lane: int) -> bool:
    return True


# Raises Invalid for a model that the project does not offer, and gives each its slot.
check_line_up: Callable[[UUID, list[str]], None] = _accept_all
# The models of a new thread whose maker named none.
default_line_up: Callable[[UUID], list[str]] = _no_models
# Is there this variant at a place of the branch that owns it? In that lane; lane -1: in any.
has_variant: Callable[[UUID, int, int, int], bool] = _any_variant
