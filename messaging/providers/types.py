"""What models and providers look like from outside: the frozen values of the HTTP API."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

ProviderStateName = Literal["ok", "key_refused", "unreachable", "at_limit"]


class ModelView(Struct, frozen=True):
    """A model as one project sees it. `slot` is 0 until its first use there; prices are US dollars per million
    tokens, null where none is known."""

    model_id: str
    name: str
    provider: str
    provider_name: str
    where: Literal["this server", "remote", "scripted"]
    note: str
    is_demo: bool
    slot: int
    context_tokens: int
    price_in: float | None
    price_out: float | None
    is_offered: bool
    state: ProviderStateName
    state_note: str
    state_since: datetime | None = None


class ProviderView(Struct, frozen=True):
    """A provider, for who looks after this server. A key is never part of it.

    `id` is null for those of the environment and the built-in ones, which are not changed here.
    """

    id: UUID | None
    slug: str
    name: str
    base_url: str
    has_key: bool
    key_note: str
    is_editable: bool
    concurrency: int
    model_count: int
    state: ProviderStateName
    state_note: str
    state_since: datetime | None = None
