"""The request to a model: built from the branch's past, kept by reference, and built again to be looked at."""

import asyncio
import hashlib
from typing import Any
from uuid import UUID

import msgspec

from chatplatform.kernel.backends import backend
from chatplatform.kernel.db import in_db
from chatplatform.kernel.errors import Conflict, NotFound
from messaging import outbox
from messaging.models import Turn
from messaging.providers.base import ChatRequest, ModelInfo, ProviderError
from messaging.providers.catalog import catalog
from messaging.runs import context, live, places
from messaging.runs.history import History
from messaging.runs.render import Prompt, render
from messaging.runs.types import Job, PromptPart, PromptView
from messaging.stores.base import MessageStore
from messaging.types import Message


async def build(job: Job, history: History, model: ModelInfo) -> tuple[ChatRequest, dict[str, Any]]:
    """Choose and render what the model sees: the request, and what it is made of by reference.

    Raises ProviderError when the question does not fit or is gone.
    """
    max_tokens = context.answer_tokens(job, model)
    room = context.budget(model, max_tokens)
    question = await _question(job, history, room)
    while True:
        known = history.pages
        found = {message.id: message for message in history.messages}
        if question is not None:
            found.setdefault(question.id, question)
        visible = context.visible(found.values(), job.speaker.model_id, job.visibility, history.past.choices)
        seen = context.fit(visible, job.prompt_seq, room)
        if seen.left_out or not await history.more(known, room):
            break
    if seen.is_too_long:
        size = max(1, model.context_tokens // 1000)
        words = f"This thread is longer than {model.name} can read ({size}k). Ask a larger model."
        raise ProviderError("context_too_long", words)
    if not seen.messages:
        raise ProviderError("gone", "The question was deleted before it was answered.")
    prompt = render(seen.messages, job, model)
    record = {
        "seen": [[str(m.id), m.variant, m.revision] for m in seen.messages],
        "left_out": seen.left_out,
        "sha256": fingerprint(prompt),
    }
    return ChatRequest(model=model, messages=prompt.messages, max_tokens=max_tokens), record


async def _question(job: Job, history: History, room: int) -> Message | None:
    """The question, also when it lies further back than anybody would read."""
    await history.more(0, room)
    if any(message.id == job.prompt_message_id for message in history.messages):
        return None
    store: MessageStore = backend("message_store")
    return await store.get(job.prompt_message_id)


def fingerprint(prompt: Prompt) -> str:
    """One hash of all that was sent, the system's words included."""
    return hashlib.sha256(msgspec.json.encode([(m.role, m.content) for m in prompt.messages])).hexdigest()


async def prompt_of(turn_id: UUID) -> PromptView:
    """What the turn's model was given, word by word. Conflict: it has not been asked yet."""
    job, record = await in_db(_recorded, turn_id)
    record = record or live.prompt_of(turn_id)
    if not record:
        raise Conflict("This model has not been asked yet.", "not_asked")
    found = await asyncio.gather(*(_as_seen(UUID(id_), revision) for id_, _, revision in record["seen"]))
    model = catalog().get(job.speaker.model_id) or _without_catalog(job)
    prompt = render([message for message in found if message is not None], job, model)
    parts = [
        PromptPart(message.role, message.content, list(sources))
        for message, sources in zip(prompt.messages, prompt.sources, strict=True)
    ]
    is_exact = fingerprint(prompt) == record["sha256"]
    return PromptView(job.speaker.model_id, job.speaker.name, parts, is_exact, record["left_out"])


def _recorded(turn_id: UUID) -> tuple[Job, dict[str, Any]]:
    turn = Turn.objects.select_related("run", "run__thread").filter(pk=turn_id).first()
    if turn is None:
        raise NotFound("There is nothing here for you.")
    return places.job_of(turn, turn.run, places.NO_PAST), turn.prompt


async def _as_seen(message_id: UUID, revision: int) -> Message | None:
    """The message with the text it had at that revision; None when that text is gone."""
    store: MessageStore = backend("message_store")
    message = await store.get(message_id) or await in_db(outbox.find, message_id)
    if message is None or message.state == "deleted":
        return None  # deleted means for everybody, here too
    if message.revision == revision:
        return message
    for old in await store.revisions(message_id):
        if old.revision == revision:
            return msgspec.structs.replace(message, body=old.body, revision=revision)
    return None


def _without_catalog(job: Job) -> ModelInfo:
    speaker = job.speaker
    return ModelInfo(speaker.model_id, "", "", speaker.model_id, speaker.name, "remote")
