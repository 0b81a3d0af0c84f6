"""HTTP: messages and runs, the twins of the socket's commands and what the socket has not."""

from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Field, Header, Query, Router

from chatplatform.kernel.errors import Invalid
from chatplatform.kernel.http import Body, answers, asker, no_content, reply
from chatplatform.kernel.ids import new_id
from messaging import access, actions, changing, history, services
from messaging.protocol.commands import Send
from messaging.protocol.views import MessagesPage
from messaging.providers.api import router as models
from messaging.runs.types import Again, PromptView
from messaging.types import Message, Revision, Sent
from projects.roles import Permission

router = Router(tags=["messages"])
router.add_router("", models)


Place = Annotated[int | None, Query(ge=0, lt=2**63)]  # no database has numbers beyond


class MessageIn(Body):
    """`models` null: those named with "@" in the text, else the thread's line-up. `rounds`: of a debate."""

    body: str
    branch_id: UUID | None = None
    mode: Literal["ask", "talk", "debate"] = "ask"
    models: list[str] | None = Field(None, max_length=100)
    visibility: Literal["isolated", "selected", "shared"] | None = None
    rounds: int = Field(2, ge=1, le=1000)
    reply_to: int | None = Field(None, ge=1, lt=2**63)


class MessageChange(Body):
    """`revision` is the one the editor saw; another one in the meantime is a conflict."""

    body: str
    revision: int = Field(ge=1, lt=2**31)


class AgainIn(Body):
    """Without a model: the same one."""

    model_id: str | None = Field(None, max_length=200)


@router.get("/threads/{thread_id}/messages", openapi_extra=answers(MessagesPage))
async def list_messages(
    request: HttpRequest,
    thread_id: UUID,
    branch_id: UUID | None = None,
    before: Place = None,
    after: Place = None,
    limit: int = history.SNAPSHOT_PLACES,
) -> HttpResponse:
    """Places with all their variants, oldest first: the newest, those before a place, or those after one."""
    user_id = asker(request)
    return reply(await history.page(user_id, thread_id, branch_id, before=before, after=after, limit=limit))


@router.post("/threads/{thread_id}/messages", openapi_extra=answers(Sent, status=201))
async def send_message(
    request: HttpRequest,
    thread_id: UUID,
    body: MessageIn,
    idempotency_key: Annotated[str, Header("", alias="Idempotency-Key")],
) -> HttpResponse:
    """Say something and ask models. With an `Idempotency-Key` (a UUID) a repeat is answered as the first one was."""
    command = Send(id="", client_id=_client_id(idempotency_key), thread_id=thread_id, **body.model_dump())
    return reply(await services.send(asker(request), command), 201)


def _client_id(key: str) -> UUID:
    if not key:
        return new_id()
    try:
        return UUID(key)
    except ValueError as error:
        raise Invalid("The Idempotency-Key is not a UUID.", field="Idempotency-Key") from error


@router.get("/messages/{message_id}", openapi_extra=answers(Message))
async def get_message(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """One message as it is now; an answer that is being written with its words as far as they are saved."""
    user_id = asker(request)
    message = await history.find(message_id)
    await access.thread(user_id, message.thread_id, Permission.READ)
    return reply(message)


@router.patch("/messages/{message_id}", openapi_extra=answers(Message))
async def edit_message(request: HttpRequest, message_id: UUID, body: MessageChange) -> HttpResponse:
    """Replace the text of your own message; the old one stays as a revision."""
    return reply(await changing.edit(asker(request), message_id, body.body, body.revision))


@router.delete("/messages/{message_id}", openapi_extra=answers(Message))
async def delete_message(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """Take a message's words away; its place stays."""
    return reply(await changing.delete(asker(request), message_id))


@router.post("/messages/{message_id}/restore", openapi_extra=answers(Message))
async def restore_message(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """Bring a deleted message back."""
    return reply(await changing.restore(asker(request), message_id))


@router.get("/messages/{message_id}/revisions", openapi_extra=answers(Revision, many=True))
async def list_revisions(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """The superseded texts, oldest first."""
    return reply(await changing.revisions(asker(request), message_id))


@router.post("/turns/{turn_id}/cancel", openapi_extra=answers(None, status=204), tags=["runs"])
async def cancel_turn(request: HttpRequest, turn_id: UUID) -> HttpResponse:
    """Stop one answer; what was said stays."""
    await actions.cancel_turn(asker(request), turn_id)
    return no_content()


@router.post("/turns/{turn_id}/again", openapi_extra=answers(Again, status=201), tags=["runs"])
async def ask_again(request: HttpRequest, turn_id: UUID, body: AgainIn) -> HttpResponse:
    """Regenerate, retry, or ask another model: a new sibling of the answer."""
    return reply(await actions.again(asker(request), turn_id, body.model_id), 201)


@router.post("/turns/{turn_id}/try-now", openapi_extra=answers(None, status=204), tags=["runs"])
async def try_now(request: HttpRequest, turn_id: UUID) -> HttpResponse:
    """Let a turn that waits to retry go at once."""
    await actions.try_now(asker(request), turn_id)
    return no_content()


@router.get("/turns/{turn_id}/prompt", openapi_extra=answers(PromptView), tags=["runs"])
async def see_prompt(request: HttpRequest, turn_id: UUID) -> HttpResponse:
    """What did this model see? Word by word, with the messages each part was made from."""
    return reply(await actions.prompt(asker(request), turn_id))


@router.post("/runs/{run_id}/cancel", openapi_extra=answers(None, status=204), tags=["runs"])
async def cancel_run(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Stop all answers of a run."""
    await actions.cancel_run(asker(request), run_id)
    return no_content()
