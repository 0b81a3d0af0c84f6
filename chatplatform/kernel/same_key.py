"""Do all processes of this server have the same keys? Synchronous.

With two SECRET_KEYs each would sign the other's people out; with other PARLEY_FIELD_KEYS one cannot read the provider's key
that another wrote. Living processes keep prints of theirs in the cache they share; who comes with others is refused. When
all have stopped they are forgotten, so SECRET_KEY is changed by stopping all processes and starting them with the new one.
"""

import hmac

from django.conf import settings
from django.core.cache import caches
from django.core.exceptions import ImproperlyConfigured

RENEW_S = 10
_KEPT_S = 4 * RENEW_S
_SECRET, _FIELDS = "secret-key", "field-keys"


def check() -> None:
    """Raises ImproperlyConfigured when a living process has other keys. Nobody to compare with is fine."""
    caches["default"].add(_SECRET, _secret(), _KEPT_S)
    caches["default"].add(_FIELDS, _fields(), _KEPT_S)
    if words := difference():
        raise ImproperlyConfigured(words)


def difference() -> str:
    """What to do about other keys in a living process; empty when they agree. Changes nothing."""
    if caches["default"].get(_SECRET, _secret()) != _secret():
        return (
            "Another process of this Parley runs with another SECRET_KEY. Put the same SECRET_KEY into the environment of "
            f"every process (or let them share PARLEY_DATA_DIR). To change it, stop all processes, wait {_KEPT_S} seconds, and "
            "start them with the new one."
        )
    ours, theirs = _fields().split(), caches["default"].get(_FIELDS, _fields()).split()
    if ours[0] not in theirs or theirs[0] not in ours:
        return (
            "Another process of this Parley runs with other PARLEY_FIELD_KEYS, and one could not read the providers' keys that "
            "the other writes. Give every process the same. To change them one by one, first put the new key second everywhere, "
            "then first."
        )
    return ""


def renew() -> None:
    """Every `RENEW_S` seconds, while this process lives."""
    caches["default"].set_many({_SECRET: _secret(), _FIELDS: _fields()}, _KEPT_S)


def _secret() -> str:
    return _print(settings.SECRET_KEY)


def _fields() -> str:
    """The first one writes, the others only read."""
    return " ".join(_print(key) for key in settings.FIELD_KEYS)


def _print(key: str) -> str:
    return hmac.digest(key.encode(), b"which key is this", "sha256").hex()[:16]
