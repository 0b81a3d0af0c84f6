"""The audit log: who did what to what, written in the transaction of the change itself."""

from uuid import UUID

from projects.access import access_project
from projects.models import AuditEntry, Project, User
from projects.roles import Permission
from projects.types import AuditView

MAX_PAGE = 200


def note(actor: User | None, project: Project | None, action: str, subject: str = "", **data: str | int | bool) -> None:
    """Write one entry. `action` is noun.happened; `subject` says of whom or what, readable by itself."""
    AuditEntry.objects.create(actor=actor, project=project, action=action, subject=subject[:80], data=data)


def audit_page(user_id: UUID, project_id: UUID, before: int | None, limit: int) -> tuple[list[AuditView], int | None]:
    """The project's entries, newest first, and the position to go on from (null: the end)."""
    access_project(user_id, project_id, Permission.MANAGE_PEOPLE)
    rows = AuditEntry.objects.filter(project_id=project_id).select_related("actor").order_by("-id")
    if before is not None:
        rows = rows.filter(id__lt=before)
    size = max(1, min(limit, MAX_PAGE))
    page = list(rows[: size + 1])
    views = [
        AuditView(
            at=entry.at, actor=entry.actor.name if entry.actor else "", action=entry.action,
            subject=entry.subject, data=entry.data,
        )
        for entry in page[:size]
    ]  # fmt: skip
    return views, (page[size - 1].id if len(page) > size else None)
