"""HTTP: threads, their line-up and people, branches, choices, read marks. Each operation is one unit of work."""

from collections.abc import Callable
from typing import Literal
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Field, Router

from chatplatform.kernel.db import in_db
from chatplatform.kernel.errors import Invalid
from chatplatform.kernel.http import Body, answers, asker, no_content, reply
from chatplatform.kernel.limits import hit
from chatplatform.kernel.paging import read_time_and_id, write_cursor
from projects.roles import Permission
from threads import participants, progress, queries, services
from threads.access import ThreadAccess, access_thread
from threads.types import BranchView, ChoiceView, ThreadDetail, ThreadPage

router = Router(tags=["threads"])

ModelId = str


class ThreadIn(Body):
    """`parent_*`: start it from that message; branch, place and variant are the message's address."""

    title: str = Field("", max_length=1000)
    is_private: bool = False
    people: list[UUID] = Field(default=[], max_length=participants.MAX_PEOPLE)
    line_up: list[ModelId] | None = Field(None, max_length=100)
    parent_message_id: UUID | None = None
    parent_branch_id: UUID | None = None
    parent_seq: int | None = Field(None, ge=1, lt=2**63)
    parent_variant: int = Field(0, ge=0, le=services.MAX_VARIANT)


class ThreadChange(Body):
    title: str | None = Field(None, max_length=1000)
    visibility: Literal["isolated", "selected", "shared"] | None = None
    is_archived: bool | None = None


class LineUpIn(Body):
    models: list[ModelId] = Field(max_length=100)


class PeopleIn(Body):
    user_ids: list[UUID] = Field(max_length=participants.MAX_PEOPLE)


class ReadIn(Body):
    """`is_back`: mark as unread from there on; without it a mark only rises."""

    branch_id: UUID
    seq: int = Field(ge=0, lt=2**63)
    is_back: bool = False


class BranchIn(Body):
    name: str = Field(max_length=400)
    from_branch_id: UUID
    seq: int = Field(ge=1, lt=2**63)
    variant: int = Field(0, ge=0, le=services.MAX_VARIANT)


class BranchChange(Body):
    name: str | None = Field(None, max_length=400)
    is_archived: bool | None = None


class ChoiceIn(Body):
    """`lane` -1 is the whole place. `for` the room, or for me alone."""

    branch_id: UUID
    seq: int = Field(ge=1, lt=2**63)
    lane: int = Field(-1, ge=-1, le=services.MAX_LANE)
    variant: int = Field(ge=0, le=services.MAX_VARIANT)
    whose: Literal["room", "me"] = Field(alias="for")


def _detail(work: Callable[[], ThreadAccess]) -> ThreadDetail:
    """Change something, then read the thread as it stands, in one visit to the database's thread."""
    return queries.thread_detail(work())


@router.get("/projects/{project_id}/threads", openapi_extra=answers(ThreadPage))
async def list_threads(
    request: HttpRequest, project_id: UUID, archived: bool = False, cursor: str | None = None, limit: int = 100
) -> HttpResponse:
    """Newest activity first, with what is unread."""
    after = read_time_and_id(cursor)
    items, position = await in_db(queries.thread_rows, asker(request), project_id, archived, after, limit)
    return reply(ThreadPage(items=items, next_cursor=write_cursor(*position) if position else None))


@router.post("/projects/{project_id}/threads", openapi_extra=answers(ThreadDetail, status=201))
async def create_thread(request: HttpRequest, project_id: UUID, body: ThreadIn) -> HttpResponse:
    """A new thread; from a message on, its history is that message's branch up to there."""
    user_id = asker(request)
    await in_db(hit, "make", user_id, settings.MAKE_RATE)

    def work() -> ThreadAccess:
        thread = services.create_thread(
            user_id,
            project_id,
            title=body.title,
            is_private=body.is_private,
            people=body.people,
            line_up=body.line_up,
            origin=_origin(body),
        )
        return access_thread(user_id, thread.id, Permission.READ)

    return reply(await in_db(_detail, work), 201)


def _origin(body: ThreadIn) -> services.Origin | None:
    if body.parent_branch_id is None and body.parent_seq is None and body.parent_message_id is None:
        return None
    if body.parent_branch_id is None or body.parent_seq is None:
        raise Invalid("Name the message by parent_branch_id and parent_seq.", field="parent_branch_id")
    return services.Origin(body.parent_branch_id, body.parent_seq, body.parent_variant, body.parent_message_id)


@router.get("/threads/{thread_id}", openapi_extra=answers(ThreadDetail))
async def get_thread(request: HttpRequest, thread_id: UUID) -> HttpResponse:
    user_id = asker(request)
    return reply(await in_db(_detail, lambda: access_thread(user_id, thread_id, Permission.READ)))


@router.patch("/threads/{thread_id}", openapi_extra=answers(ThreadDetail))
async def change_thread(request: HttpRequest, thread_id: UUID, body: ThreadChange) -> HttpResponse:
    """Rename, archive or bring back, and set what models see of earlier answers."""
    user_id = asker(request)
    return reply(
        await in_db(
            _detail,
            lambda: services.change_thread(
                user_id, thread_id, title=body.title, visibility=body.visibility, is_archived=body.is_archived
            ),
        )
    )


@router.put("/threads/{thread_id}/line-up", openapi_extra=answers(ThreadDetail))
async def set_line_up(request: HttpRequest, thread_id: UUID, body: LineUpIn) -> HttpResponse:
    """Which models answer from now on, in the order of their lanes."""
    user_id = asker(request)
    return reply(await in_db(_detail, lambda: participants.set_line_up(user_id, thread_id, body.models)))


@router.put("/threads/{thread_id}/people", openapi_extra=answers(ThreadDetail))
async def set_people(request: HttpRequest, thread_id: UUID, body: PeopleIn) -> HttpResponse:
    """Who sees a private thread. Who takes themself out is answered 204: they see it no more."""
    user_id = asker(request)

    def work() -> ThreadDetail | None:
        access = participants.set_people(user_id, thread_id, body.user_ids)
        return None if access is None else queries.thread_detail(access)

    detail = await in_db(work)
    return no_content() if detail is None else reply(detail)


@router.put("/threads/{thread_id}/read", openapi_extra=answers(None, status=204))
async def mark_read(request: HttpRequest, thread_id: UUID, body: ReadIn) -> HttpResponse:
    await in_db(progress.mark_read, asker(request), thread_id, body.branch_id, body.seq, body.is_back)
    return no_content()


@router.post("/threads/{thread_id}/branches", openapi_extra=answers(BranchView, status=201))
async def create_branch(request: HttpRequest, thread_id: UUID, body: BranchIn) -> HttpResponse:
    """Branch off after a place, with one of its variants standing there. No message is copied."""
    user_id = asker(request)
    await in_db(hit, "make", user_id, settings.MAKE_RATE)

    def work() -> BranchView:
        branch = services.fork(user_id, thread_id, body.name, body.from_branch_id, body.seq, body.variant)
        return queries.branch_view(branch)

    return reply(await in_db(work), 201)


@router.patch("/branches/{branch_id}", openapi_extra=answers(BranchView))
async def change_branch(request: HttpRequest, branch_id: UUID, body: BranchChange) -> HttpResponse:
    user_id = asker(request)

    def work() -> BranchView:
        branch = services.change_branch(user_id, branch_id, name=body.name, is_archived=body.is_archived)
        return queries.branch_view(branch)

    return reply(await in_db(work))


@router.post("/threads/{thread_id}/choices", openapi_extra=answers(ChoiceView))
async def choose(request: HttpRequest, thread_id: UUID, body: ChoiceIn) -> HttpResponse:
    """Let a variant stand for its lane or its place, for everybody or for yourself."""
    choice = await in_db(
        services.choose,
        asker(request),
        thread_id,
        body.branch_id,
        body.seq,
        body.lane,
        body.variant,
        body.whose == "room",
    )
    return reply(choice)
