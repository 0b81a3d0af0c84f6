"""HTTP: the server, me, projects, members, invitations, the audit log. Each operation is one call to a service or query."""

from typing import Literal
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Field, Router

from chatplatform.kernel.db import in_db
from chatplatform.kernel.http import Body, answers, asker, client_address, no_content, reply
from chatplatform.kernel.limits import hit
from chatplatform.kernel.paging import read_number, write_cursor
from projects import audit, invites, people, queries, services
from projects.models import User
from projects.types import AuditPage, InvitePreview, InviteView, MemberView, MeView, ProjectView, ServerView

router = Router(tags=["projects"])

GivenRole = Literal["admin", "member", "viewer"]


class MeIn(Body):
    name: str | None = Field(None, max_length=400)
    preferences: dict[str, bool | int | str] | None = Field(None, max_length=40)


class ProjectIn(Body):
    name: str = Field(max_length=400)
    about: str = Field("", max_length=2000)


class ProjectChange(Body):
    name: str | None = Field(None, max_length=400)
    about: str | None = Field(None, max_length=2000)
    is_archived: bool | None = None


class TypedName(Body):
    name: str = Field(max_length=400)


class RoleIn(Body):
    role: GivenRole


class PersonIn(Body):
    user_id: UUID


class InviteIn(Body):
    role: GivenRole
    note: str = Field("", max_length=400)
    days: Literal[1, 7, 30] = 7
    max_uses: int = Field(1, ge=1, le=invites.MAX_USES)


class CodeIn(Body):
    code: str = Field(min_length=1, max_length=100)


@router.get("/server", auth=None, openapi_extra=answers(ServerView))
async def server(request: HttpRequest) -> HttpResponse:
    """What a stranger may know: the version, whether anybody is here yet, whether sign-up is open; and who asks."""
    user = request.user
    return reply(await in_db(queries.server_view, queries.me_view(user) if isinstance(user, User) else None))


@router.get("/me", openapi_extra=answers(MeView))
async def me(request: HttpRequest) -> HttpResponse:
    asker(request)
    user = request.user
    assert isinstance(user, User)
    return reply(queries.me_view(user))


@router.patch("/me", openapi_extra=answers(MeView))
async def change_me(request: HttpRequest, body: MeIn) -> HttpResponse:
    """Rename yourself, change preferences. Preferences that are not named stay."""
    user = await in_db(services.change_me, asker(request), name=body.name, preferences_=body.preferences)
    return reply(queries.me_view(user))


# -- projects ------------------------------------------------------------------------------------


@router.get("/projects", openapi_extra=answers(ProjectView, many=True))
async def list_projects(request: HttpRequest, deleted: bool = False) -> HttpResponse:
    """Your projects; with `deleted=true` those you deleted in the last thirty days."""
    return reply(await in_db(queries.my_deleted_projects if deleted else queries.my_projects, asker(request)))


@router.post("/projects", openapi_extra=answers(ProjectView, status=201))
async def create_project(request: HttpRequest, body: ProjectIn) -> HttpResponse:
    user_id = asker(request)
    await in_db(hit, "make", user_id, settings.MAKE_RATE)
    membership = await in_db(services.create_project, user_id, body.name, body.about)
    return reply(queries.project_view(membership), 201)


@router.patch("/projects/{project_id}", openapi_extra=answers(ProjectView))
async def change_project(request: HttpRequest, project_id: UUID, body: ProjectChange) -> HttpResponse:
    membership = await in_db(
        services.change_project,
        asker(request),
        project_id,
        name=body.name,
        about=body.about,
        is_archived=body.is_archived,
    )
    return reply(queries.project_view(membership))


@router.delete("/projects/{project_id}", openapi_extra=answers(None, status=204))
async def delete_project(request: HttpRequest, project_id: UUID, body: TypedName) -> HttpResponse:
    """Its name is typed to be sure; thirty days to bring it back."""
    await in_db(services.delete_project, asker(request), project_id, body.name)
    return no_content()


@router.post("/projects/{project_id}/restore", openapi_extra=answers(ProjectView))
async def restore_project(request: HttpRequest, project_id: UUID) -> HttpResponse:
    return reply(queries.project_view(await in_db(services.restore_project, asker(request), project_id)))


# -- people --------------------------------------------------------------------------------------


@router.get("/projects/{project_id}/members", openapi_extra=answers(MemberView, many=True))
async def members(request: HttpRequest, project_id: UUID) -> HttpResponse:
    return reply(await in_db(queries.members, asker(request), project_id))


@router.patch("/projects/{project_id}/members/{user_id}", openapi_extra=answers(MemberView))
async def change_role(request: HttpRequest, project_id: UUID, user_id: UUID, body: RoleIn) -> HttpResponse:
    return reply(queries.member_view(await in_db(people.change_role, asker(request), project_id, user_id, body.role)))


@router.delete("/projects/{project_id}/members/{user_id}", openapi_extra=answers(None, status=204))
async def remove_member(request: HttpRequest, project_id: UUID, user_id: UUID) -> HttpResponse:
    """Remove somebody, or leave when it is yourself."""
    await in_db(people.remove_member, asker(request), project_id, user_id)
    return no_content()


@router.post("/projects/{project_id}/owner", openapi_extra=answers(None, status=204))
async def hand_on(request: HttpRequest, project_id: UUID, body: PersonIn) -> HttpResponse:
    """Make another member the owner; you become an admin."""
    await in_db(people.hand_on, asker(request), project_id, body.user_id)
    return no_content()


@router.get("/projects/{project_id}/audit", openapi_extra=answers(AuditPage))
async def audit_log(request: HttpRequest, project_id: UUID, cursor: str | None = None, limit: int = 50) -> HttpResponse:
    """Who did what, newest first."""
    before = read_number(cursor)
    items, position = await in_db(audit.audit_page, asker(request), project_id, before, limit)
    return reply(AuditPage(items=items, next_cursor=None if position is None else write_cursor(position)))


# -- invitations ---------------------------------------------------------------------------------


def link_to(request: HttpRequest, code: str) -> str:
    """The address to send. The code is in the fragment, which a browser never sends to anybody."""
    base = settings.PUBLIC_URL.rstrip("/") or request.build_absolute_uri("/").rstrip("/")
    return f"{base}/join#{code}"


@router.get("/projects/{project_id}/invites", openapi_extra=answers(InviteView, many=True))
async def list_invites(request: HttpRequest, project_id: UUID) -> HttpResponse:
    return reply(await in_db(invites.list_invites, asker(request), project_id))


@router.post("/projects/{project_id}/invites", openapi_extra=answers(InviteView, status=201))
async def create_invite(request: HttpRequest, project_id: UUID, body: InviteIn) -> HttpResponse:
    """The answer is the only one that holds the link."""
    user_id = asker(request)
    await in_db(hit, "invite", user_id, settings.INVITE_RATE)
    invite, code = await in_db(
        invites.create_invite, user_id, project_id, body.role, body.note, body.days, body.max_uses
    )
    return reply(invites.invite_view(invite, frozenset({user_id}), link_to(request, code)), 201)


@router.delete("/projects/{project_id}/invites/{invite_id}", openapi_extra=answers(None, status=204))
async def revoke_invite(request: HttpRequest, project_id: UUID, invite_id: UUID) -> HttpResponse:
    await in_db(invites.revoke_invite, asker(request), project_id, invite_id)
    return no_content()


@router.post("/projects/{project_id}/invites/{invite_id}/restore", openapi_extra=answers(InviteView))
async def restore_invite(request: HttpRequest, project_id: UUID, invite_id: UUID) -> HttpResponse:
    """Undo the taking back, within ten minutes."""
    return reply(await in_db(invites.restore_invite, asker(request), project_id, invite_id))


@router.post("/invites/preview", auth=None, openapi_extra=answers(InvitePreview))
async def preview_invite(request: HttpRequest, body: CodeIn) -> HttpResponse:
    """What the holder of a link joins. Needs no sign-in; guesses are limited by address."""
    await in_db(hit, "invite-preview", client_address(request), settings.INVITE_RATE)
    user_id = request.user.pk if request.user.is_authenticated else None
    return reply(await in_db(invites.preview_invite, body.code, user_id))


@router.post("/invites/accept", openapi_extra=answers(ProjectView))
async def accept_invite(request: HttpRequest, body: CodeIn) -> HttpResponse:
    user_id = asker(request)
    await in_db(hit, "invite-accept", user_id, settings.INVITE_RATE)
    return reply(queries.project_view(await in_db(invites.accept_invite, user_id, body.code)))
