"""Providers' accounts as rows: read whole for the catalog, and what the catalog notes on them. Synchronous."""

import logging
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db import transaction
from msgspec import Struct

from chatplatform.kernel.errors import Unavailable
from messaging.models import ProviderAccount
from messaging.providers import keys
from messaging.providers.wire import ModelIn

log = logging.getLogger(__name__)


class Account(Struct, frozen=True):
    """One account with its key readable. Lives in memory alone and shows no key when it is printed."""

    id: UUID
    slug: str
    name: str
    base_url: str
    key: str
    concurrency: int
    entries: tuple[ModelIn, ...]
    key_set_by: str
    key_set_at: datetime | None
    is_key_unreadable: bool = False

    def __repr__(self) -> str:
        return f"Account({self.slug!r}, {self.base_url!r})"

    @property
    def ways(self) -> tuple[object, ...]:
        """What makes another client necessary when it changes."""
        return self.name, self.base_url, self.key


def load() -> list[Account]:
    """Read all accounts, oldest first, and renew keys that an older field key encrypted."""
    return [_account(row) for row in ProviderAccount.objects.order_by("created_at", "id")]


def _account(row: ProviderAccount) -> Account:
    key, is_unreadable = "", False
    if row.key_encrypted:
        kept = bytes(row.key_encrypted)
        try:
            key = keys.decrypt(kept, row.id)
            if (renewed := keys.rotated(kept, row.id)) is not None:
                ProviderAccount.objects.filter(pk=row.id, key_encrypted=kept).update(key_encrypted=renewed)
        except Unavailable:
            is_unreadable = True
            log.warning("provider=%s its key cannot be read: SECRET_KEY or PARLEY_FIELD_KEYS changed.", row.slug)
    return Account(
        row.id, row.slug, row.name, row.base_url, key, row.concurrency, _entries(row.models_listed),
        row.key_set_by, row.key_set_at, is_unreadable,
    )  # fmt: skip


def _entries(listed: Any) -> tuple[ModelIn, ...]:
    try:
        return tuple(msgspec.convert(listed, list[ModelIn]))
    except msgspec.ValidationError:
        return ()  # from another version of the product; the next list replaces it


def listed(entries: list[ModelIn]) -> Any:
    """A provider's list as it is kept."""
    return [{k: v for k, v in msgspec.to_builtins(entry).items() if v is not None} for entry in entries]


@transaction.atomic
def keep_list(account_id: UUID, entries: list[ModelIn]) -> None:
    ProviderAccount.objects.filter(pk=account_id).update(models_listed=listed(entries))


@transaction.atomic
def mark_refused(account_id: UUID, at: datetime | None) -> None:
    """Note since when the provider turns the key down; null: it does not."""
    rows = ProviderAccount.objects.filter(pk=account_id)
    if at is None:
        rows.exclude(refused_at=None).update(refused_at=None)
    else:
        rows.filter(refused_at=None).update(refused_at=at)
