"""Reads: the server as a stranger sees it, me, my projects, a project's members."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Case, IntegerField, Value, When

from chatplatform.kernel.clock import now
from projects import preferences
from projects.access import access_project
from projects.models import Membership, Role, User
from projects.roles import RANK, ROLE_PERMISSIONS, STOPPED_BY_ARCHIVE, Permission
from projects.types import MemberView, MeView, ProjectView, ServerView

KEPT_DAYS = 30


def _no_news(user_id: UUID) -> set[UUID]:
    return set()


# Which of a person's projects hold something unread. `threads` puts its answer here when the app is ready.
projects_with_news: Callable[[UUID], set[UUID]] = _no_news


def server_view(me: MeView | None = None) -> ServerView:
    """What anybody may know, and what `me` alone does."""
    has_people = User.objects.exists()
    return ServerView(
        name="Parley",
        version=settings.VERSION,
        has_people=has_people,
        is_sign_up_open=settings.IS_SIGN_UP_OPEN or not has_people,
        me=me,
    )


def me_view(user: User) -> MeView:
    return MeView(
        id=user.id,
        name=user.name,
        email=user.email,
        is_staff=user.is_staff,
        preferences=preferences.read(user.preferences),
    )


def project_view(membership: Membership, has_news: bool = False) -> ProjectView:
    """The project as this member sees it."""
    project, role = membership.project, Role(membership.role)
    permissions = ROLE_PERMISSIONS[role] - (STOPPED_BY_ARCHIVE if project.archived_at else frozenset())
    return ProjectView(
        id=project.id,
        name=project.name,
        about=project.about,
        role=role.value,
        permissions=[p.value for p in Permission if p in permissions],
        created_at=project.created_at,
        archived_at=project.archived_at,
        deleted_at=project.deleted_at,
        has_news=has_news,
    )


def my_projects(user_id: UUID) -> list[ProjectView]:
    """The projects that the person is in, in the order they came into them."""
    rows = Membership.objects.filter(user_id=user_id, project__deleted_at=None)
    news = projects_with_news(user_id)
    ordered = rows.select_related("project").order_by("joined_at", "id")
    return [project_view(row, row.project_id in news) for row in ordered]


def my_deleted_projects(user_id: UUID) -> list[ProjectView]:
    """The projects that the person owned and may still bring back, the last deleted first."""
    rows = Membership.objects.filter(
        user_id=user_id, role=Role.OWNER, project__deleted_at__gt=now() - timedelta(days=KEPT_DAYS)
    )
    return [project_view(row) for row in rows.select_related("project").order_by("-project__deleted_at")]


def members(user_id: UUID, project_id: UUID) -> list[MemberView]:
    """Owner first, then admins, members and viewers, each in the order they came."""
    access_project(user_id, project_id, Permission.READ)
    rank = Case(*(When(role=r, then=Value(-n)) for r, n in RANK.items()), output_field=IntegerField())
    rows = Membership.objects.filter(project_id=project_id, user__is_active=True)
    return [member_view(row) for row in rows.select_related("user").order_by(rank, "joined_at", "id")]


def member_view(membership: Membership) -> MemberView:
    return MemberView(
        user_id=membership.user_id,
        name=membership.user.name,
        role=membership.role,
        joined_at=membership.joined_at,
    )
