"""Providers that who looks after this server adds in the browser: tried once before they are kept.

A new key or address replaces the old one only after it has answered. Keys are encrypted at rest, never shown again.
"""

import re
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from chatplatform.kernel import text
from chatplatform.kernel.db import in_db
from chatplatform.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from chatplatform.kernel.ids import new_id
from messaging.models import ProviderAccount
from messaging.providers import building, keys, rows
from messaging.providers.addresses import AddressRefused
from messaging.providers.base import ProviderError
from messaging.providers.catalog import catalog
from messaging.providers.config import is_key
from messaging.providers.openai import OpenAiProvider
from messaging.providers.registry import BUILT_IN, BY_SLUG
from messaging.providers.serving import Serving
from messaging.providers.types import ProviderView
from messaging.providers.wire import ModelIn
from projects.audit import note
from projects.models import User

MAX_CONCURRENCY = 256
MAX_NAME = 80


async def listing(user_id: UUID) -> list[ProviderView]:
    """List every provider with its state, for who looks after this server."""
    await in_db(_staff, user_id)
    return [_view(serving) for serving in catalog().providers()]


async def add(user_id: UUID, *, name: str, base_url: str, key: str = "", concurrency: int = 4) -> ProviderView:
    """Keep a new provider once it has answered. Raises Invalid (it did not), Conflict, Forbidden."""
    user = await in_db(_staff, user_id)
    name, key = text.name(name, MAX_NAME), _key(key)
    slug = await in_db(_free_slug, name)
    entries, base_url = await _try(slug, name, base_url, key)
    row = ProviderAccount(id=new_id(), slug=slug, name=name, base_url=base_url, concurrency=concurrency)
    _set_key(row, key, user)
    row.models_listed = rows.listed(entries)
    await in_db(_keep_new, row, user)
    return await _reloaded(row.id)


async def change(
    user_id: UUID,
    account_id: UUID,
    *,
    name: str | None = None,
    base_url: str | None = None,
    key: str | None = None,
    concurrency: int | None = None,
) -> ProviderView:
    """Change what is given. A new key or address is tried first; until it answers the old one stays.

    An empty key takes the key away. A new address needs the key again: the old one was not meant for another place.
    """
    user = await in_db(_staff, user_id)
    row = await in_db(_account, account_id)
    fields: dict[str, Any] = {}
    if name is not None:
        fields["name"] = text.name(name, MAX_NAME)
    if concurrency is not None:
        fields["concurrency"] = concurrency
    if base_url is not None and base_url.strip().rstrip("/") == row.base_url:
        base_url = None
    if base_url is not None and key is None and row.key_encrypted:
        raise Invalid("Put the key in again: the one that is kept was given for another address.", "key_needed")
    if base_url is not None or key is not None:
        tried_key = _key(key) if key is not None else ""
        entries, fields["base_url"] = await _try(row.slug, row.name, base_url or row.base_url, tried_key)
        fields["models_listed"] = rows.listed(entries)
        if key is not None:
            fresh = ProviderAccount(id=row.id)
            _set_key(fresh, tried_key, user)
            kept = ("key_encrypted", "key_set_by", "key_set_at", "refused_at")
            fields |= {field: getattr(fresh, field) for field in kept}
    if fields:
        await in_db(_keep_changes, row, fields, user, key is not None)
    return await _reloaded(account_id)


async def remove(user_id: UUID, account_id: UUID) -> None:
    """Forget a provider and its key; its models leave every picker, their past answers stay."""
    user = await in_db(_staff, user_id)
    await in_db(_delete, account_id, user)
    await catalog().reload()


async def refresh(user_id: UUID, account_id: UUID) -> ProviderView:
    """Ask the provider for its models now; how that went is in the view's state."""
    await in_db(_staff, user_id)
    await in_db(_account, account_id)
    await catalog().reload()
    serving = _serving(account_id)
    try:
        await catalog().refresh(serving)
    except ProviderError as error:
        raise _refusal(error) from error
    return _view(serving)


async def _try(slug: str, name: str, base_url: str, key: str) -> tuple[list[ModelIn], str]:
    """One question to the provider: its models. Also gives the address in its one spelling."""
    try:
        endpoint = building.endpoint_of(slug, name, base_url.strip(), key)
    except AddressRefused as refused:
        raise Invalid(refused.message, "address_refused", field="base_url") from refused
    provider = OpenAiProvider(endpoint)
    try:
        return await provider.list_entries(), endpoint.origin.url
    except ProviderError as error:
        raise _refusal(error) from error
    finally:
        await provider.close()


def _refusal(error: ProviderError) -> Invalid:
    if isinstance(error, AddressRefused):
        return Invalid(error.message, "address_refused", field="base_url")
    if error.kind == "auth":
        return Invalid(error.message.partition(".")[0] + ".", "key_refused", field="key", detail_text=error.detail)
    words = error.message
    if error.kind == "gone":
        words = "There is no list of models at this address. It often ends in /v1."
    return Invalid(words, f"provider_{error.kind}", field="base_url", detail_text=error.detail)


# -- rows: synchronous ------------------------------------------------------------------------------


def _staff(user_id: UUID) -> User:
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None or not user.is_staff:
        raise Forbidden("Providers are for who looks after this server.")
    return user


def _account(account_id: UUID) -> ProviderAccount:
    row = ProviderAccount.objects.filter(pk=account_id).first()
    if row is None:
        raise NotFound("There is no such provider here.")
    return row


def _free_slug(name: str) -> str:
    """The left part of the models' ids: from the name, never one that is taken."""
    base = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:32] or "provider"
    taken = BUILT_IN | set(BY_SLUG) | set(ProviderAccount.objects.values_list("slug", flat=True))
    return next(slug for slug in (base, *(f"{base}-{n}" for n in range(2, 10_000))) if slug not in taken)


@transaction.atomic
def _keep_new(row: ProviderAccount, user: User) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict("A provider of this name was just added. Load the page again.") from error
    note(user, None, "provider.added", row.name, slug=row.slug, base_url=row.base_url)


@transaction.atomic
def _keep_changes(tried: ProviderAccount, fields: dict[str, Any], user: User, is_key_new: bool) -> None:
    """A key is kept for the address at which it was tried, whatever somebody else has changed meanwhile."""
    if not ProviderAccount.objects.filter(pk=tried.pk, base_url=tried.base_url).update(**fields):
        _account(tried.pk)
        raise Conflict("Somebody has just given this provider another address. Look at it again.")
    row = _account(tried.pk)
    action = "provider.key_changed" if is_key_new else "provider.changed"
    note(user, None, action, row.name, slug=row.slug, base_url=row.base_url)


@transaction.atomic
def _delete(account_id: UUID, user: User) -> None:
    row = _account(account_id)
    note(user, None, "provider.removed", row.name, slug=row.slug)
    row.delete()


def _set_key(row: ProviderAccount, key: str, user: User) -> None:
    row.key_encrypted = keys.encrypt(key, row.id) if key else None
    row.key_set_by = user.name if key else ""
    row.key_set_at = timezone.now() if key else None
    row.refused_at = None


def _key(given: str) -> str:
    key = given.strip()
    if key and not is_key(key):
        raise Invalid(
            "A key has no spaces and no signs beyond ASCII. Check what was copied.", "invalid_key", field="key"
        )
    return key


# -- views --------------------------------------------------------------------------------------------


async def _reloaded(account_id: UUID) -> ProviderView:
    await catalog().reload()
    return _view(_serving(account_id))


def _serving(account_id: UUID) -> Serving:
    for serving in catalog().providers():
        if serving.account_id == account_id:
            return serving
    raise Unavailable("The provider was kept and is not in use yet. Load the page again.")


def _view(serving: Serving) -> ProviderView:
    state = serving.health.look()
    return ProviderView(
        id=serving.account_id,
        slug=serving.slug,
        name=serving.name,
        base_url=serving.base_url,
        has_key=serving.has_key,
        key_note=serving.key_note,
        is_editable=serving.account_id is not None,
        concurrency=serving.limiter.limit,
        model_count=len(serving.models),
        state=state.name,
        state_note=state.note,
        state_since=state.since,
    )
