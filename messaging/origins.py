"""May this page open a socket? Only one of our own: cookies go along whoever opens it, so the origin decides.

Exact: scheme, host and port. A missing origin is no browser of ours; a host we do not go by is somebody
else's name for this machine (DNS rebinding).
"""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

_DEFAULT_PORTS = {"http": 80, "https": 443}

Origin = tuple[str, str, int]


def is_own(scope: dict[str, Any]) -> bool:
    """Does the handshake come from a page of this server?"""
    headers = _headers(scope)
    origin = _parse(headers.get("origin", ""))
    if origin is None:
        return False
    if settings.PUBLIC_URL and origin == _parse(settings.PUBLIC_URL):
        return True
    host = headers.get("host", "")
    domain, _ = split_domain_port(host)
    if not domain or not validate_host(domain, settings.ALLOWED_HOSTS):
        return False
    return origin == _parse(f"{_scheme(scope, headers)}://{host}")


def _headers(scope: dict[str, Any]) -> dict[str, str]:
    """Of a name that was sent twice nothing is believed."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        key = name.decode("latin-1").lower()
        found[key] = "" if key in found else value.decode("latin-1")
    return found


def _scheme(scope: dict[str, Any], headers: dict[str, str]) -> str:
    if settings.IS_BEHIND_PROXY and headers.get("x-forwarded-proto") in _DEFAULT_PORTS:
        return headers["x-forwarded-proto"]
    return "https" if scope.get("scheme") == "wss" else "http"


def _parse(text: str) -> Origin | None:
    """Scheme, host and port; None for anything that is not just an origin."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or parts.username is not None:
        return None
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        return None
    return parts.scheme, parts.hostname.lower().rstrip("."), port or _DEFAULT_PORTS[parts.scheme]
