"""Which models a project offers, and the slot (hue and glyph) that each keeps there. Synchronous.

Until somebody chooses, a project offers the built-in models and the first few of each provider. Slots go 1 to 8
in the order of first use and never change; the ninth model and later ones share the last.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import transaction

from chatplatform.kernel.errors import NotFound
from chatplatform.kernel.prepared import ID, PreparedQuery, given
from messaging.models import ProjectModel
from messaging.providers.base import ModelInfo
from messaging.providers.catalog import Catalog, catalog
from messaging.providers.signals import models_changed
from messaging.providers.types import ModelView
from projects.access import access_project
from projects.audit import note
from projects.models import Project
from projects.roles import Permission, may
from projects.signals import after_commit

OFFERED_AT_FIRST = 12
LAST_SLOT = 9  # stone, with its letter in place of a shape: all that come after the eighth

_of_project = PreparedQuery(lambda: ProjectModel.objects.filter(project_id=given("project_id", ID)))


def offered(project_id: UUID) -> list[tuple[ModelInfo, ProjectModel]]:
    """List the models that the project offers, in the catalog's order. A row of slot 0 is not saved."""
    known = _catalog()
    rows = _rows(project_id)
    at_first = _at_first(known)
    found = [(model, _row(project_id, model.id, rows, at_first)) for model in known.all()]
    found += [(model, rows[model.id]) for model in on_demand(rows).values()]
    return [(model, row) for model, row in found if row.is_offered]


def on_demand(model_ids: Iterable[str]) -> dict[str, ModelInfo]:
    """Of these, the models that are in no list but are there when they are named: test models, where they are on."""
    known = _catalog()
    listed = {model.id for model in known.all()}
    found = {model_id: known.get(model_id) for model_id in model_ids if model_id not in listed}
    return {model_id: model for model_id, model in found.items() if model is not None}


def ensure_slots(project_id: UUID, model_ids: Sequence[str]) -> dict[str, int]:
    """Give each model its slot in the project, at its first use. Part of the caller's transaction."""
    rows = _rows(project_id, model_ids)
    if any(model_id not in rows or not rows[model_id].slot for model_id in model_ids):
        with transaction.atomic():
            _give_slots(project_id, model_ids)
        rows = _rows(project_id, model_ids)
    return {model_id: rows[model_id].slot for model_id in model_ids}


def _give_slots(project_id: UUID, model_ids: Sequence[str]) -> None:
    Project.objects.select_for_update(no_key=True).only("pk").get(pk=project_id)  # two first uses at once get two slots
    rows = _rows(project_id)
    at_first = _at_first(_catalog())
    taken = sum(1 for row in rows.values() if row.slot)
    for model_id in dict.fromkeys(model_ids):
        row = _row(project_id, model_id, rows, at_first | set(model_ids))
        if not row.slot:
            taken += 1
            row.slot = min(taken, LAST_SLOT)
            row.save()


def views(user_id: UUID, project_id: UUID) -> list[ModelView]:
    """List the project's models: all for who may choose them, for others those offered or used."""
    access = access_project(user_id, project_id, Permission.READ)
    known = _catalog()
    rows, at_first = _rows(project_id), _at_first(known)
    found = [(model, _row(project_id, model.id, rows, at_first)) for model in known.all()]
    found += [(model, rows[model.id]) for model in on_demand(rows).values()]
    if not may(access.role, Permission.MANAGE_MODELS):
        found = [(model, row) for model, row in found if row.is_offered or row.slot]
    return [_view(known, model, row) for model, row in found]


@transaction.atomic
def offer(user_id: UUID, project_id: UUID, model_id: str, is_offered: bool) -> ModelView:
    """Offer a model in the project, or take it out of its pickers; past answers stay."""
    access = access_project(user_id, project_id, Permission.MANAGE_MODELS)
    known = _catalog()
    model = known.get(model_id)
    if model is None:
        raise NotFound("There is no such model here.", "unknown_model")
    Project.objects.select_for_update(no_key=True).only("pk").get(pk=project_id)
    row = _row(project_id, model_id, _rows(project_id, [model_id]), _at_first(known))
    if row.is_offered != is_offered or row._state.adding:
        row.is_offered = is_offered
        row.save()
        note(
            access.user,
            access.project,
            "model.offered" if is_offered else "model.withdrawn",
            model.name,
            model_id=model_id,
        )
        after_commit(models_changed, project_id=project_id)
    return _view(known, model, row)


def _catalog() -> Catalog:
    known = catalog()
    known.ensure_accounts()
    return known


def _rows(project_id: UUID, model_ids: Sequence[str] | None = None) -> dict[str, ProjectModel]:
    found = _of_project.rows(project_id=project_id)
    return {row.model_id: row for row in found if model_ids is None or row.model_id in model_ids}


def _row(project_id: UUID, model_id: str, rows: dict[str, ProjectModel], at_first: set[str]) -> ProjectModel:
    """The model's row, or an unsaved one that says how it is without anybody's choice."""
    known = rows.get(model_id)
    return known or ProjectModel(project_id=project_id, model_id=model_id, slot=0, is_offered=model_id in at_first)


def _at_first(known: Catalog) -> set[str]:
    """What is offered as long as nobody chose: what the models file names, the built-in ones, then of each provider in
    turn its first, its second and so on, up to twelve."""
    chosen = dict.fromkeys(known.first_choices())
    by_provider: dict[str, list[str]] = {}
    for model in known.all():
        if model.where == "remote":
            by_provider.setdefault(model.provider, []).append(model.id)
        else:
            chosen.setdefault(model.id)
    place = 0
    while len(chosen) < OFFERED_AT_FIRST and any(place < len(ids) for ids in by_provider.values()):
        for ids in by_provider.values():
            if place < len(ids) and len(chosen) < OFFERED_AT_FIRST:
                chosen.setdefault(ids[place])
        place += 1
    return set(chosen)


def _view(known: Catalog, model: ModelInfo, row: ProjectModel) -> ModelView:
    state = known.serving(model.id).health.look()
    return ModelView(
        model_id=model.id,
        name=model.name,
        provider=model.provider,
        provider_name=model.provider_name,
        where=model.where,
        note=model.note,
        is_demo=model.is_demo,
        slot=row.slot,
        context_tokens=model.context_tokens,
        price_in=model.price_in,
        price_out=model.price_out,
        is_offered=row.is_offered,
        state=state.name,
        state_note=state.note,
        state_since=state.since,
    )
