"""What models cost and how much they read, from genai-prices' data in the package: nothing is fetched.

Imported on first need, in a thread: it takes 0.1 to 0.2 s and 16 MiB (measured), which a server with built-in models
alone never pays.
"""

import logging
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from msgspec import Struct

log = logging.getLogger(__name__)


class Figures(Struct, frozen=True):
    """US dollars per million tokens, and the context window; null: not known."""

    price_in: float | None = None
    price_out: float | None = None
    context_tokens: int | None = None


UNKNOWN = Figures()


@lru_cache(maxsize=1)
def _snapshot() -> Any:
    from genai_prices.data_snapshot import get_snapshot

    return get_snapshot()


def warm() -> None:
    """Import the data, so that later look-ups are quick. Blocks; meant for a thread."""
    _snapshot()


@lru_cache(maxsize=4096)
def figures(provider: str, model: str) -> Figures:
    """Look a model up under the provider's id in genai-prices. Blocks at its first call."""
    try:
        _, found = _snapshot().find_provider_model(model, None, provider, None)
    except LookupError:
        return UNKNOWN
    prices = found.get_prices(datetime.now(UTC))
    return Figures(_dollars(prices, "input_mtok"), _dollars(prices, "output_mtok"), found.context_window)


def _dollars(prices: Any, field: str) -> float | None:
    price = getattr(prices, field, None)
    if price is None:
        return None
    base = price if isinstance(price, Decimal | int | float) else price.base  # tiers begin with the base price
    return float(base)
