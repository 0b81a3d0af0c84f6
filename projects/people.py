"""Who is in a project, and as what: roles, handing on, removing, leaving.

Every change begins by locking the project's row, so that two admins who act at once are served one after the other
and each is judged by the role they still have.
"""

from uuid import UUID

from django.db import transaction

from chatplatform.kernel.errors import Conflict, Forbidden, Invalid
from projects.access import Access, access_project, nothing
from projects.audit import note
from projects.models import Membership, Project, Role
from projects.roles import GIVEN_ROLES, Permission
from projects.signals import access_lost, after_commit, members_changed, membership_ended


def _enter(user_id: UUID, project_id: UUID, permission: Permission) -> Access:
    list(Project.objects.select_for_update(no_key=True).filter(pk=project_id).values_list("pk"))
    return access_project(user_id, project_id, permission)


def _member(project: Project, user_id: UUID) -> Membership:
    membership = Membership.objects.select_related("user").filter(project=project, user_id=user_id).first()
    if membership is None:
        raise nothing()
    return membership


@transaction.atomic
def change_role(user_id: UUID, project_id: UUID, member_id: UUID, role: str) -> Membership:
    """Make a member an admin, member or viewer; it takes hold at once. The owner's role changes by handing on."""
    access = _enter(user_id, project_id, Permission.MANAGE_PEOPLE)
    if role not in GIVEN_ROLES:
        raise Invalid("A role is admin, member or viewer.", "unknown_role", field="role")
    member = _member(access.project, member_id)
    if member.role == Role.OWNER:
        raise Forbidden("The owner stays the owner until the project is handed on.", "owner_stays")
    if member.role != role:
        note(access.user, access.project, "member.role_changed", member.user.name, old=member.role, new=role)
        member.role = role
        member.save(update_fields=["role"])
        after_commit(members_changed, project_id=project_id, user_id=member_id)
    return member


@transaction.atomic
def hand_on(user_id: UUID, project_id: UUID, member_id: UUID) -> None:
    """Make another member the owner; the one who was becomes an admin."""
    access = _enter(user_id, project_id, Permission.HAND_ON)
    if member_id == user_id:
        raise Conflict("You look after this project already.", "already_owner")
    heir = _member(access.project, member_id)
    if not heir.user.is_active:
        raise nothing()
    # In this order: the database allows one owner at a time.
    Membership.objects.filter(pk=access.membership.pk).update(role=Role.ADMIN)
    Membership.objects.filter(pk=heir.pk).update(role=Role.OWNER)
    note(access.user, access.project, "project.handed_on", heir.user.name)
    for changed in (user_id, member_id):
        after_commit(members_changed, project_id=project_id, user_id=changed)


@transaction.atomic
def remove_member(user_id: UUID, project_id: UUID, member_id: UUID) -> None:
    """Take somebody out, or leave. They lose every thread at once; what they wrote stays."""
    leaves = member_id == user_id
    access = _enter(user_id, project_id, Permission.READ if leaves else Permission.MANAGE_PEOPLE)
    member = access.membership if leaves else _member(access.project, member_id)
    if member.role == Role.OWNER:
        words = "Hand the project on first, then you can leave." if leaves else "The owner cannot be removed."
        raise Forbidden(words, "owner_stays")
    note(access.user, access.project, "member.left" if leaves else "member.removed", member.user.name)
    member.delete()
    membership_ended.send(sender=None, user_id=member_id, project_id=project_id)
    after_commit(access_lost, user_id=member_id, project_id=project_id, thread_id=None)
    after_commit(members_changed, project_id=project_id, user_id=member_id)
