"""Changes to projects and to oneself. Each function is one transaction with its audit entry; news follows the commit."""

from datetime import timedelta
from uuid import UUID

from django.db import transaction

from chatplatform.kernel import text
from chatplatform.kernel.clock import now
from chatplatform.kernel.errors import Invalid
from projects import preferences
from projects.access import access_project, nothing
from projects.audit import note
from projects.models import Membership, Project, Role, User
from projects.queries import KEPT_DAYS
from projects.roles import Permission
from projects.signals import access_lost, after_commit, members_changed, project_changed

MAX_NAME, MAX_ABOUT = 80, 400


@transaction.atomic
def change_me(
    user_id: UUID, *, name: str | None = None, preferences_: dict[str, preferences.Preference] | None = None
) -> User:
    """Rename oneself; change some preferences, leaving the others."""
    user = User.objects.select_for_update(no_key=True).get(pk=user_id)
    if name is not None:
        user.name = text.name(name, MAX_NAME)
    if preferences_:
        user.preferences = preferences.merged(user.preferences, preferences_)
    user.save(update_fields=["name", "preferences"])
    if name is not None:
        for project_id in Membership.objects.filter(user=user).values_list("project_id", flat=True):
            after_commit(members_changed, project_id=project_id, user_id=user.id)
    return user


@transaction.atomic
def create_project(user_id: UUID, name: str, about: str = "") -> Membership:
    """A new project whose owner is whoever made it."""
    user = User.objects.get(pk=user_id)
    project = Project.objects.create(
        name=text.name(name, MAX_NAME), about=text.short(about, MAX_ABOUT, "description"), created_by=user
    )
    membership = Membership.objects.create(project=project, user=user, role=Role.OWNER)
    note(user, project, "project.created", project.name)
    after_commit(members_changed, project_id=project.id, user_id=user.id)
    return membership


@transaction.atomic
def change_project(
    user_id: UUID,
    project_id: UUID,
    *,
    name: str | None = None,
    about: str | None = None,
    is_archived: bool | None = None,
) -> Membership:
    """Rename, describe, archive or bring back from the archive."""
    access = access_project(user_id, project_id, Permission.MANAGE_PROJECT)
    project = access.project
    changed = []  # and nothing else is written: another admin may change the rest meanwhile
    if name is not None and (new := text.name(name, MAX_NAME)) != project.name:
        note(access.user, project, "project.renamed", project.name, to=new)
        project.name = new
        changed.append("name")
    if about is not None and (new := text.short(about, MAX_ABOUT, "description")) != project.about:
        note(access.user, project, "project.described", project.name)
        project.about = new
        changed.append("about")
    if is_archived is not None and is_archived != (project.archived_at is not None):
        note(access.user, project, "project.archived" if is_archived else "project.reopened", project.name)
        project.archived_at = now() if is_archived else None
        changed.append("archived_at")
    project.save(update_fields=changed)
    tell_changed(project)
    return access.membership


@transaction.atomic
def delete_project(user_id: UUID, project_id: UUID, typed_name: str) -> None:
    """Take it from everybody's sight; its owner can bring it back for thirty days. Asks for the name, typed."""
    access = access_project(user_id, project_id, Permission.HAND_ON)
    project = access.project
    if text.one_line(typed_name) != project.name:
        raise Invalid("That is not the name of this project.", "name_differs", field="name")
    project.deleted_at = now()
    project.save(update_fields=["deleted_at"])
    note(access.user, project, "project.deleted", project.name)
    tell_changed(project)


def tell_changed(project: Project) -> None:
    """Part of a transaction: its people hear, after the commit, that it is another one now, or is there no more."""
    after_commit(project_changed, project_id=project.id)
    if project.deleted_at is not None:
        for lost in project.memberships.values_list("user_id", flat=True):
            after_commit(access_lost, user_id=lost, project_id=project.id, thread_id=None)


@transaction.atomic
def restore_project(user_id: UUID, project_id: UUID) -> Membership:
    """Bring back a deleted project with everybody who was in it."""
    membership = (
        Membership.objects.select_related("project", "user")
        .filter(user_id=user_id, project_id=project_id, role=Role.OWNER)
        .first()
    )
    oldest = now() - timedelta(days=KEPT_DAYS)
    if membership is None or membership.project.deleted_at is None or membership.project.deleted_at < oldest:
        raise nothing()
    project = membership.project
    project.deleted_at = None
    project.save(update_fields=["deleted_at"])
    note(membership.user, project, "project.restored", project.name)
    for back in project.memberships.values_list("user_id", flat=True):
        after_commit(members_changed, project_id=project.id, user_id=back)
    return membership
