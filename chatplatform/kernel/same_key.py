"""Do all processes of this server have one SECRET_KEY? With two, each would sign the other's people out. Synchronous.

Living processes keep a print of it in the cache they share; who comes with another one is refused. When all have
stopped it is forgotten, so a key is changed by stopping all processes and starting them with the new one.
"""

import hmac

from django.conf import settings
from django.core.cache import caches
from django.core.exceptions import ImproperlyConfigured

RENEW_S = 10
_KEPT_S = 4 * RENEW_S
_NAME = "secret-key"


def check() -> None:
    """Raises ImproperlyConfigured when a living process has another key. Nobody to compare with is fine."""
    cache, ours = caches["default"], _print()
    if not cache.add(_NAME, ours, _KEPT_S) and cache.get(_NAME, ours) != ours:
        raise ImproperlyConfigured(
            "Another process of this Parley runs with another SECRET_KEY. Put the same SECRET_KEY into the environment of "
            "every process (or let them share PARLEY_DATA_DIR). To change it, stop all processes first."
        )


def renew() -> None:
    """Every `RENEW_S` seconds, while this process lives."""
    caches["default"].set(_NAME, _print(), _KEPT_S)


def _print() -> str:
    return hmac.digest(settings.SECRET_KEY.encode(), b"which key is this", "sha256").hex()[:16]
