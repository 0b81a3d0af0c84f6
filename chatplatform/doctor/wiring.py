"""The settings among themselves: secrets, the address people open, switches that are not for every day."""

import ipaddress
import os
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings

from chatplatform.doctor.finding import Finding, broken, ok, warning
from chatplatform.kernel import same_key

SHORT_SECRET = 32


def secrets() -> Iterator[Finding]:
    has_own = bool(os.environ.get("SECRET_KEY", "").strip())
    if len(settings.SECRET_KEY) < SHORT_SECRET:
        fix = 'Make one: python -c "import secrets; print(secrets.token_urlsafe(48))"; everybody signs in again.'
        yield broken("secret key", f"SECRET_KEY has {len(settings.SECRET_KEY)} characters", fix)
    elif settings.IS_SHARED and not has_own:
        fix = "Give every process the same SECRET_KEY, or let all of them share PARLEY_DATA_DIR."
        yield warning("secret key", f"it lies in {settings.DATA_DIR}, and other hosts make their own", fix)
    else:
        yield ok("secret key", "from the environment" if has_own else f"in {settings.DATA_DIR / 'secret-key'}")
    if settings.FIELD_KEYS == [settings.SECRET_KEY] and settings.IS_SHARED:
        fix = "Set PARLEY_FIELD_KEYS, so that a new SECRET_KEY does not cost the providers' keys."
        yield warning("field keys", "SECRET_KEY encrypts the providers' keys, too", fix)
    else:
        yield ok("field keys", f"{len(settings.FIELD_KEYS)}, the first one writes")


def keys() -> Iterator[Finding]:
    """Whether the processes that run have the keys that this command was given."""
    words, _, fix = same_key.difference().partition(". ")
    if words:
        yield broken("keys", words, fix)


def address() -> Iterator[Finding]:
    """PARLEY_URL, https and the proxy: do they fit each other?"""
    url = settings.PUBLIC_URL
    if not url:
        if settings.IS_BEHIND_PROXY:
            fix = "Set PARLEY_URL to the address people open, like https://chat.example.org."
            yield warning("address", "PARLEY_BEHIND_PROXY is set and PARLEY_URL is not", fix)
        else:
            yield ok("address", "none: for this machine, over http")
        return
    parts = urlsplit(url)
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        yield broken(
            "address", f"PARLEY_URL is {url}", "Leave out what follows the host: Parley lives at the root of a name."
        )
    if parts.scheme == "http" and not _is_this_machine(parts.hostname or ""):
        fix = "Put a proxy with https in front and set PARLEY_URL=https://… and PARLEY_BEHIND_PROXY=1."
        yield warning("address", f"{url} carries passwords in the open", fix)
    elif settings.IS_HTTPS and not settings.IS_BEHIND_PROXY:
        fix = "Set PARLEY_BEHIND_PROXY=1; the proxy must set X-Forwarded-Proto and X-Forwarded-For."
        yield warning("address", f"{url} is https, which a proxy must speak, and no proxy is believed", fix)
    else:
        yield ok("address", url)


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def switches() -> Iterator[Finding]:
    is_public = bool(settings.PUBLIC_URL)
    if settings.DEBUG:
        level = broken if is_public else warning
        yield level("debug", "DEBUG shows everybody who meets an error how this server is made", "Set DEBUG=0.")
    if settings.ARE_TEST_MODELS_ON:
        level = broken if is_public else warning
        yield level("test models", "models that misbehave on demand are on", "Set PARLEY_TEST_MODELS=0.")
    if is_public and settings.IS_SIGN_UP_OPEN:
        fix = "Set PARLEY_SIGN_UP=0 if only invited people are to come."
        yield warning("sign-up", "whoever finds the address may make an account", fix)
    else:
        yield ok("sign-up", "open" if settings.IS_SIGN_UP_OPEN else "by invitation")
    if is_public and settings.ARE_PRIVATE_PROVIDERS_ALLOWED:
        fix = "Set PARLEY_PRIVATE_PROVIDERS=0 unless a provider of yours is there."
        yield warning("providers", "who looks after the server may name addresses inside your network", fix)


def figures() -> Iterator[Finding]:
    is_public = bool(settings.PUBLIC_URL) or settings.IS_BEHIND_PROXY
    if settings.METRICS_TOKEN and len(settings.METRICS_TOKEN) < 16:
        yield warning("metrics", "PARLEY_METRICS_TOKEN can be guessed", "Make it longer: 24 random characters or more.")
    elif is_public and not settings.METRICS_TOKEN:
        yield warning(
            "metrics", "nobody can read /metrics", "Set PARLEY_METRICS_TOKEN to watch this server: docs/operations.md."
        )
    else:
        yield ok("metrics", "for who shows the token" if settings.METRICS_TOKEN else "for this machine")
