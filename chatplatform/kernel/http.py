"""What the HTTP API has in common: struct answers, problems, and how both reach the OpenAPI document.

Answers are msgspec structs, the same values as on the socket; requests are ninja schemas. A refusal
is an RFC 9457 problem: `{"type", "title", "status", "code", "detail", …data}`.
"""

import ipaddress
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Schema
from pydantic import ConfigDict

from chatplatform.kernel.errors import AppError, SignedOut

_encode = msgspec.json.Encoder(decimal_format="number").encode
documented: dict[str, Any] = {}  # struct types that some operation answers with, by name


class Problem(msgspec.Struct, frozen=True):
    """Why something was refused: `code` for programs, `detail` for people. What may be tried again has `retry_after_s`."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    retry_after_s: float | None = None


class Body(Schema):
    """What a request may carry: the named fields and no others."""

    model_config = ConfigDict(extra="forbid")


def asker(request: HttpRequest) -> UUID:
    """Who is signed in; SignedOut when nobody is. The middleware has loaded them already, so this asks no database."""
    if not request.user.is_authenticated:
        raise SignedOut("Sign in first.")
    return request.user.pk


def client_address(request: HttpRequest) -> str:
    """Where the request comes from: the key of limits on strangers. An IPv6 network counts as one."""
    return address_of(request.META.get("REMOTE_ADDR", ""), request.META.get("HTTP_X_FORWARDED_FOR", ""))


def address_of(peer: str, forwarded: str) -> str:
    """The peer's address, or what our own proxy says it is; the last hop alone can be believed."""
    if settings.IS_BEHIND_PROXY and forwarded:
        peer = forwarded.rsplit(",", 1)[-1].strip()
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False).network_address)
    return str(address)


def reply(value: Any, status: int = 200) -> HttpResponse:
    """A JSON answer of a struct, or of a list of structs."""
    return HttpResponse(_encode(value), status=status, content_type="application/json")


def no_content() -> HttpResponse:
    return HttpResponse(status=204)


def answers(kind: Any, *, status: int = 200, many: bool = False) -> dict[str, Any]:
    """For `openapi_extra`: this operation answers with `kind`, a list of it, or (None) nothing."""
    if kind is None:
        return {"responses": {status: {"description": "Done; nothing to say."}}}
    documented[kind.__name__] = kind
    ref: dict[str, Any] = {"$ref": f"#/components/schemas/{kind.__name__}"}
    schema = {"type": "array", "items": ref} if many else ref
    return {"responses": {status: {"description": "", "content": {"application/json": {"schema": schema}}}}}


def problem(request: HttpRequest, error: AppError) -> HttpResponse:
    """The one translation of a refusal into HTTP."""
    body = {
        "type": "about:blank",
        "title": type(error).__name__,
        "status": error.status,
        "code": error.code,
        "detail": error.message,
        **error.data,
    }
    response = HttpResponse(_encode(body), status=error.status, content_type="application/problem+json")
    if (wait := error.data.get("retry_after_s")) is not None:
        response["Retry-After"] = str(int(wait) + 1)
    return response
