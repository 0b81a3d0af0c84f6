"""The one door to a project: who asks, for which project, to do what.

Every service and query begins here (or at `threads/access.py`, which is built on it). What the asker may not
see is NotFound, with the same words as for a thing that does not exist.
"""

from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet

from chatplatform.kernel.errors import AppError, Forbidden, NotFound
from projects.models import Membership, Project, Role, User
from projects.roles import STOPPED_BY_ARCHIVE, Permission, may

M = TypeVar("M", bound=Model)

REFUSALS = {
    Permission.WRITE: "You can read here. Ask {who} to let you write.",
    Permission.MANAGE_THREADS: "Whoever started this thread can change it, and {who} can.",
    Permission.MANAGE_PEOPLE: "Admins look after people here. Ask {who}.",
    Permission.MANAGE_MODELS: "Admins choose the models here. Ask {who}.",
    Permission.MANAGE_PROJECT: "Admins change the project. Ask {who}.",
    Permission.HAND_ON: "Only the owner can do this. Ask {who}.",
}


@dataclass(frozen=True, slots=True)
class Access:
    """A project together with who was let in, and as what."""

    project: Project
    membership: Membership
    role: Role

    @property
    def user(self) -> User:
        return self.membership.user

    @property
    def project_id(self) -> UUID:
        return self.project.id


def nothing() -> NotFound:
    """The one answer for what is gone, never was, or is not yours."""
    return NotFound("There is nothing here for you.")


def one(rows: QuerySet[M]) -> M | None:
    """The row that a unique key names. Unlike `first()` it sorts nothing, which halves the cost of asking."""
    found = list(rows)
    return found[0] if found else None


def access_project(user_id: UUID, project_id: UUID, permission: Permission) -> Access:
    """Let `user_id` into the project, or raise NotFound (may not see it) or Forbidden (may not do this)."""
    membership = one(
        Membership.objects.select_related("project", "user").filter(user_id=user_id, project_id=project_id)
    )
    if membership is None or not membership.user.is_active or membership.project.deleted_at is not None:
        raise nothing()
    if refusal := refused(membership, permission):
        raise refusal
    return Access(membership.project, membership, Role(membership.role))


def refused(membership: Membership, permission: Permission) -> AppError | None:
    """Why this member may not do this, or nothing."""
    if not may(membership.role, permission):
        return forbidden(membership.project_id, permission)
    if membership.project.archived_at is not None and permission in STOPPED_BY_ARCHIVE:
        return Forbidden("This project is archived. An admin can bring it back.", "archived")
    return None


def forbidden(project_id: UUID, permission: Permission) -> Forbidden:
    """A refusal that names somebody who can help."""
    return Forbidden(REFUSALS[permission].format(who=_helper(project_id)), permission=str(permission))


def _helper(project_id: UUID) -> str:
    name = (
        Membership.objects.filter(project_id=project_id, role=Role.OWNER).values_list("user__name", flat=True).first()
    )
    return name or "the owner"
