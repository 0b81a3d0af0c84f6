"""Which models a message asks, and who is named in it. Part of the transaction that accepts the message."""

from collections.abc import Sequence
from uuid import UUID

from chatplatform.kernel.errors import Invalid
from messaging.mentions import named
from messaging.protocol.commands import Send
from messaging.providers import offers
from messaging.providers.base import ModelInfo
from messaging.runs.types import Speaker
from projects.models import Membership
from threads.models import Participant, Thread

Offer = tuple[ModelInfo, int]  # and its slot in the project; 0 before its first use


def speakers(command: Send, thread: Thread) -> list[Speaker]:
    """The models that answer, in the order of their lanes; none for talk. Raises Invalid."""
    if command.mode == "talk":
        return []
    offered = _offered(thread.project_id)
    if command.models is not None:
        wanted = list(dict.fromkeys(command.models))
        if not wanted:
            raise Invalid("Choose a model, or say it to people only.", "no_models")
    else:
        wanted = named(command.body, _names(offered)) or _line_up(thread, offered)
    return _speakers(thread.project_id, wanted, offered)


def as_speakers(project_id: UUID, model_ids: Sequence[str]) -> list[Speaker]:
    """These models as the project knows them now. Raises Invalid for one that it does not offer."""
    return _speakers(project_id, model_ids, _offered(project_id))


def all_offered(project_id: UUID) -> dict[str, ModelInfo]:
    return {info.id: info for info, _ in offers.offered(project_id)}


def _offered(project_id: UUID) -> dict[str, Offer]:
    return {info.id: (info, row.slot) for info, row in offers.offered(project_id)}


def _speakers(project_id: UUID, wanted: Sequence[str], offered: dict[str, Offer]) -> list[Speaker]:
    found = {model_id: (info, 0) for model_id, info in offers.on_demand(wanted).items()} | offered
    if missing := [model_id for model_id in wanted if model_id not in found]:
        raise Invalid(f"This project does not offer {_listed(missing)}.", "model_not_offered", models=missing)
    new = [model_id for model_id in wanted if not found[model_id][1]]
    slots = offers.ensure_slots(project_id, new) if new else {}
    return [Speaker(model_id, found[model_id][0].name, slots.get(model_id, found[model_id][1])) for model_id in wanted]


def _line_up(thread: Thread, offered: dict[str, Offer]) -> list[str]:
    line_up = Participant.objects.filter(thread=thread, user=None).order_by("position", "id")
    wanted = [model_id for model_id in line_up.values_list("model_id", flat=True) if model_id in offered]
    if not wanted:
        raise Invalid("No model is here to answer. Add one, or say it to people only.", "no_models")
    return wanted


def _names(offered: dict[str, Offer]) -> dict[str, str]:
    """How each model may be called: by its name, by its whole id, and by the provider's own name for it."""
    names: dict[str, str] = {}
    for info, _ in offered.values():
        for name in (info.name, info.id, info.model):
            names.setdefault(name.casefold(), info.id)
    return names


def _listed(model_ids: Sequence[str]) -> str:
    return ", ".join(model_id[:80] for model_id in model_ids[:3])


def people_named(body: str, thread: Thread, by: UUID) -> list[UUID]:
    """Members who are named in the text, the writer left out."""
    if "@" not in body:
        return []
    members = Membership.objects.filter(project_id=thread.project_id, user__is_active=True).exclude(user_id=by)
    names = {name.casefold(): user_id for user_id, name in members.values_list("user_id", "user__name")}
    return named(body, names)
