"""What threads must ask of the area above, which knows models and messages.

`messaging` puts its functions here when the app is ready. All are called inside the transaction of the change.
"""

from collections.abc import Callable
from uuid import UUID


def _accept_all(project_id: UUID, model_ids: list[str]) -> None:
    """Without models there is nothing to check them against."""


def _no_models(project_id: UUID) -> list[str]:
    return []


# Raises Invalid for a model that the project does not offer, and gives each its slot.
check_line_up: Callable[[UUID, list[str]], None] = _accept_all
# The models of a new thread whose maker named none.
default_line_up: Callable[[UUID], list[str]] = _no_models
