"""What people do to turns and runs, with the question who may: the one place for sockets and HTTP alike."""

from uuid import UUID

from django.conf import settings

from chatplatform.kernel import limits
from chatplatform.kernel.db import in_db
from messaging import access, asking
from messaging.runs import services as runs
from messaging.runs.types import Again, PromptView, Speaker
from projects.roles import Permission
from threads.access import ThreadAccess


async def cancel_turn(user_id: UUID, turn_id: UUID) -> None:
    """Stop one answer; what was said stays."""
    let_in = await _to_change(user_id, turn_id)
    await runs.cancel_turn(turn_id, let_in.user.name)


async def cancel_run(user_id: UUID, run_id: UUID) -> None:
    """Stop all answers of a run."""
    thread_id = await runs.thread_of(run_id=run_id)
    let_in = await access.thread_now(user_id, thread_id, Permission.WRITE)
    await runs.cancel_run(run_id, let_in.user.name)


async def again(user_id: UUID, turn_id: UUID, model_id: str | None) -> Again:
    """Ask the same model once more, or another one: a new variant beside the old answer. Raises TooMany, too."""
    await in_db(limits.hit, "send", user_id, settings.SEND_RATE)
    let_in = await _to_change(user_id, turn_id)
    speaker = await in_db(_speaker, let_in.project_id, model_id) if model_id is not None else None
    return await runs.again(turn_id, let_in.user, speaker)


async def try_now(user_id: UUID, turn_id: UUID) -> None:
    """Let a turn that waits to retry go at once."""
    await _to_change(user_id, turn_id)
    await runs.try_now(turn_id)


async def prompt(user_id: UUID, turn_id: UUID) -> PromptView:
    """What the turn's model was given, word by word."""
    await access.thread(user_id, await runs.thread_of(turn_id=turn_id), Permission.READ)
    return await runs.prompt_of(turn_id)


async def _to_change(user_id: UUID, turn_id: UUID) -> ThreadAccess:
    return await access.thread_now(user_id, await runs.thread_of(turn_id=turn_id), Permission.WRITE)


def _speaker(project_id: UUID, model_id: str) -> Speaker:
    return asking.as_speakers(project_id, [model_id])[0]
