"""What the HTTP API has in common: struct answers, problems, and how both reach the OpenAPI document.

Answers are msgspec structs, the same values as on the socket; requests are ninja schemas. A refusal
is an RFC 9457 problem: `{"type", "title", "status", "code", "detail", …data}`.
"""

from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse

from chatplatform.kernel.errors import AppError

_encode = msgspec.json.Encoder(decimal_format="number").encode
documented: dict[str, Any] = {}  # struct types that some operation answers with, by name


def reply(value: Any, status: int = 200) -> HttpResponse:
    """A JSON answer of a struct, or of a list of structs."""
    return HttpResponse(_encode(value), status=status, content_type="application/json")


def no_content() -> HttpResponse:
    return HttpResponse(status=204)


def answers(kind: Any, *, status: int = 200, many: bool = False) -> dict[str, Any]:
    """For `openapi_extra`: this operation answers with `kind`, or a list of it."""
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
