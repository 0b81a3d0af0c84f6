"""The HTTP API: mounts each area's router and translates refusals. `/api/docs` shows it, `/api/openapi.json` describes it."""

from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.security import django_auth

from chatplatform.kernel import http
from chatplatform.kernel.errors import AppError, Forbidden, Invalid, NotFound, SignedOut


class Api(NinjaAPI):
    def get_openapi_schema(self, **kwargs: Any) -> OpenAPISchema:
        """ninja's document plus the struct types that operations answer with, and how every one of them refuses."""
        schema = super().get_openapi_schema(**kwargs)
        kinds = [*http.documented.values(), http.Problem]
        _, components = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
        schema["components"]["schemas"].update(components)
        for operations in schema["paths"].values():
            for operation in operations.values():
                operation["responses"] = _answers(operation["responses"])
        return schema


def _answers(responses: dict[Any, Any]) -> dict[Any, Any]:
    """What our operations say of themselves, without the 200 that ninja adds to those that answer 201 or 204."""
    own = {status: answer for status, answer in responses.items() if answer["description"] != "OK"}
    ref = {"$ref": "#/components/schemas/Problem"}
    refusal = {"description": "A refusal.", "content": {"application/problem+json": {"schema": ref}}}
    return {**own, "default": refusal}


api = Api(
    title="Parley",
    version=settings.VERSION,
    auth=django_auth,
    openapi_url="/openapi.json",
    docs_url="/docs",
    urls_namespace="api",
)
api.exception_handler(AppError)(http.problem)


@api.exception_handler(AuthenticationError)
def _signed_out(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return http.problem(request, SignedOut("Sign in first."))


@api.exception_handler(HttpError)
def _refused(request: HttpRequest, error: HttpError) -> HttpResponse:
    """ninja's own refusals: a missing CSRF token (403) and a body that is no JSON (400)."""
    if error.status_code == 403:
        return http.problem(request, Forbidden("This page is out of date. Load it again.", "csrf_failed"))
    return http.problem(request, Invalid("The request is not of the expected form."))


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    if any(e["loc"][0] == "path" for e in error.errors):
        # What is no id names nothing, exactly as an id of nothing.
        return http.problem(request, NotFound("There is nothing here for you."))
    fields = [{"field": _field(e["loc"]), "message": e["msg"]} for e in error.errors]
    words = "; ".join(f"{f['field']}: {f['message']}" for f in fields)
    return http.problem(request, Invalid(words or "The request is not of the expected form.", fields=fields))


def _field(location: tuple[Any, ...]) -> str:
    """Where in the request: `("body", "body", "name")` is `name`."""
    return ".".join(str(part) for part in location[2:]) or str(location[-1])


def mount() -> None:
    from messaging.api import router as messaging
    from projects.api import router as projects
    from threads.api import router as threads

    api.add_router("/v1", projects)
    api.add_router("/v1", threads)
    api.add_router("/v1", messaging)


mount()
