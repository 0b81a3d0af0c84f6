"""Invitations by link: 128 random bits, of which only the SHA-256 is kept.

The code travels in the fragment of the page's address, so it reaches no log and no Referer. A link is judged anew
whenever it is used: it may have run out, been used up or taken back, and whoever made it must still be allowed to.
"""

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F

from chatplatform.kernel import text
from chatplatform.kernel.clock import now
from chatplatform.kernel.errors import Conflict, Invalid, NotFound
from projects.access import access_project, nothing
from projects.audit import note
from projects.models import Invite, Membership, Project, Role, User
from projects.roles import GIVEN_ROLES, RANK, Permission, may
from projects.signals import after_commit, members_changed
from projects.types import InvitePreview, InviteView

DAYS = (1, 7, 30)
MAX_USES = 100
UNDO_MINUTES = 10


def code_hash(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()


@transaction.atomic
def create_invite(
    user_id: UUID, project_id: UUID, role: str, note_: str = "", days: int = 7, max_uses: int = 1
) -> tuple[Invite, str]:
    """A new invitation and its code, which nobody can read again."""
    access = access_project(user_id, project_id, Permission.MANAGE_PEOPLE)
    if role not in GIVEN_ROLES:
        raise Invalid("An invitation gives the role of admin, member or viewer.", "unknown_role", field="role")
    if days not in DAYS:
        raise Invalid("An invitation works for 1, 7 or 30 days.", field="days")
    if not 1 <= max_uses <= MAX_USES:
        raise Invalid(f"An invitation works for 1 to {MAX_USES} people.", field="max_uses")
    code = secrets.token_urlsafe(16)
    invite = Invite.objects.create(
        project=access.project,
        code_hash=code_hash(code),
        role=role,
        note=text.short(note_, 80, "note"),
        created_by=access.user,
        expires_at=now() + timedelta(days=days),
        max_uses=max_uses,
    )
    note(access.user, access.project, "invite.created", invite.note, role=role, days=days, max_uses=max_uses)
    return invite, code


def list_invites(user_id: UUID, project_id: UUID) -> list[InviteView]:
    """The project's invitations, the newest first; ended ones for a month more."""
    access_project(user_id, project_id, Permission.MANAGE_PEOPLE)
    rows = Invite.objects.filter(project_id=project_id, expires_at__gt=now() - timedelta(days=30))
    may_invite = inviters(project_id)
    return [invite_view(row, may_invite) for row in rows.select_related("created_by").order_by("-created_at")]


@transaction.atomic
def revoke_invite(user_id: UUID, project_id: UUID, invite_id: UUID) -> None:
    """Take it back: it works no more. Those who joined stay."""
    access = access_project(user_id, project_id, Permission.MANAGE_PEOPLE)
    invite = _invite(project_id, invite_id)
    if invite.revoked_at is None:
        Invite.objects.filter(pk=invite.pk).update(revoked_at=now(), revoked_by=access.user)
        note(access.user, access.project, "invite.revoked", invite.note, role=invite.role)


@transaction.atomic
def restore_invite(user_id: UUID, project_id: UUID, invite_id: UUID) -> InviteView:
    """Undo the taking back, for ten minutes after it."""
    access = access_project(user_id, project_id, Permission.MANAGE_PEOPLE)
    invite = _invite(project_id, invite_id)
    if invite.revoked_at is not None:
        if invite.revoked_at < now() - timedelta(minutes=UNDO_MINUTES):
            raise Conflict("It was taken back too long ago. Make another.", "too_late")
        Invite.objects.filter(pk=invite.pk).update(revoked_at=None, revoked_by=None)
        note(access.user, access.project, "invite.restored", invite.note, role=invite.role)
    return invite_view(_invite(project_id, invite_id), inviters(project_id))


def _invite(project_id: UUID, invite_id: UUID) -> Invite:
    invite = Invite.objects.select_related("created_by").filter(pk=invite_id, project_id=project_id).first()
    if invite is None:
        raise nothing()
    return invite


# -- the holder of a link ------------------------------------------------------------------------


def find_invite(code: str) -> Invite:
    """The invitation of this code, ended or not. A code that never was one says nothing about anything."""
    found = Invite.objects.select_related("project", "created_by", "revoked_by")
    invite = found.filter(code_hash=code_hash(code), project__deleted_at=None).first()
    if invite is None:
        raise NotFound("This link opens nothing. Check that all of it was copied.", "invite_unknown")
    return invite


def preview_invite(code: str, user_id: UUID | None) -> InvitePreview:
    """What the holder is told before joining."""
    invite = find_invite(code)
    state, reason = standing(invite, inviters(invite.project_id))
    members = Membership.objects.filter(project=invite.project)
    is_member = user_id is not None and members.filter(user_id=user_id).exists()
    return InvitePreview(
        state=state,
        reason=reason,
        project_name=invite.project.name,
        project_about=invite.project.about,
        invited_by=invite.created_by.name,
        role=invite.role,
        expires_at=invite.expires_at,
        member_count=members.filter(user__is_active=True).count(),
        is_member=is_member,
        project_id=invite.project_id if is_member else None,
    )


@transaction.atomic
def accept_invite(user_id: UUID, code: str) -> Membership:
    """Join, once per use of the link. It never lowers a role, and a member who gains nothing uses nothing up."""
    invite = find_invite(code)
    list(Project.objects.select_for_update(no_key=True).filter(pk=invite.project_id).values_list("pk"))
    member = (
        Membership.objects.select_related("project", "user").filter(project=invite.project, user_id=user_id).first()
    )
    if member is not None and RANK[Role(member.role)] >= RANK[Role(invite.role)]:
        return member
    _use(find_invite(code))
    if member is None:
        member = _join(invite, User.objects.get(pk=user_id))
    else:
        note(member.user, invite.project, "member.role_changed", member.user.name, old=member.role, new=invite.role)
        member.role = invite.role
        member.save(update_fields=["role"])
    after_commit(members_changed, project_id=invite.project_id, user_id=user_id)
    return member


def _join(invite: Invite, user: User) -> Membership:
    note(user, invite.project, "member.joined", user.name, role=invite.role, invited_by=invite.created_by.name)
    return Membership.objects.create(project=invite.project, user=user, role=invite.role)


def check_invite(code: str) -> None:
    """Refuse with the reason unless this code works at this moment."""
    invite = find_invite(code)
    state, reason = standing(invite, inviters(invite.project_id))
    if state != "open":
        raise _ended(invite, state, reason)


def _ended(invite: Invite, state: str, reason: str) -> Conflict:
    who = f"An admin of {invite.project.name}" if state == "revoked" else f"{invite.created_by.name}, who made it,"
    return Conflict(f"{reason} {who} can make another.", "invite_ended", state=state)


def _use(invite: Invite) -> None:
    """Count one use, or refuse with the reason. The update itself decides who gets the last one."""
    may_invite = inviters(invite.project_id)
    if standing(invite, may_invite)[0] == "open":
        usable = Invite.objects.filter(
            pk=invite.pk, used_count__lt=F("max_uses"), revoked_at=None, expires_at__gt=now()
        )
        if usable.update(used_count=F("used_count") + 1):
            return
        invite.refresh_from_db()
    state, reason = standing(invite, may_invite)
    raise _ended(invite, state, reason)


# -- what it is worth now ------------------------------------------------------------------------


def inviters(project_id: UUID) -> frozenset[UUID]:
    """Who may invite people into the project at this moment."""
    roles = [role for role in Role if may(role, Permission.MANAGE_PEOPLE)]
    rows = Membership.objects.filter(project_id=project_id, role__in=roles, user__is_active=True)
    return frozenset(rows.values_list("user_id", flat=True))


def standing(invite: Invite, may_invite: frozenset[UUID]) -> tuple[str, str]:
    """Its state (open, revoked, used_up or expired) and, of an ended one, the reason in one sentence.

    One whose maker may no longer invite counts as revoked.
    """
    if invite.revoked_at is not None:
        return "revoked", f"{invite.revoked_by.name if invite.revoked_by else 'An admin'} took it back."
    if invite.created_by_id not in may_invite:
        return "revoked", f"{invite.created_by.name} no longer invites people here."
    if invite.used_count >= invite.max_uses:
        return "used_up", _used_up(invite.max_uses)
    if invite.expires_at <= now():
        return "expired", f"It worked until {invite.expires_at.day} {invite.expires_at:%B}."
    return "open", ""


def _used_up(uses: int) -> str:
    if uses == 1:
        return "It worked for one person, and one came."
    return f"It worked for {_count(uses)} people, and {_count(uses)} came."


def _count(number: int) -> str:
    small = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    return small[number] if number < len(small) else str(number)


def invite_view(invite: Invite, may_invite: frozenset[UUID], link: str | None = None) -> InviteView:
    return InviteView(
        id=invite.id,
        role=invite.role,
        note=invite.note,
        created_by=invite.created_by.name,
        created_at=invite.created_at,
        expires_at=invite.expires_at,
        max_uses=invite.max_uses,
        used_count=invite.used_count,
        state=standing(invite, may_invite)[0],
        link=link,
    )
