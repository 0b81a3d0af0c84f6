"""What threads do when people or projects change: receivers that run inside the change's own transaction."""

from uuid import UUID

from projects import queries as projects
from projects import signals
from threads.models import Participant
from threads.queries import projects_with_news
from threads.services import create_thread


def _on_first_project(sender: object, user_id: UUID, project_id: UUID, **_: object) -> None:
    """Somebody new to everything lands in a thread, not before an empty list."""
    create_thread(user_id, project_id)


def _on_membership_ended(sender: object, user_id: UUID, project_id: UUID, **_: object) -> None:
    """Who comes back later is let into private threads anew; but a thread stays its starter's."""
    seats = Participant.objects.filter(user_id=user_id, thread__project_id=project_id)
    seats.exclude(thread__created_by_id=user_id).delete()


def connect() -> None:
    """Attach the receivers. Called once, when the app is ready."""
    signals.first_project_made.connect(_on_first_project)
    signals.membership_ended.connect(_on_membership_ended)
    projects.projects_with_news = projects_with_news
