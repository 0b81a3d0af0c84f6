"""The HTTP API: mounts each area's router and translates refusals. `/api/docs` shows it."""

from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.security import django_auth

from chatplatform.kernel import http
from chatplatform.kernel.errors import AppError, Invalid, SignedOut


class Api(NinjaAPI):
    def get_openapi_schema(self, **kwargs: Any) -> OpenAPISchema:
        """ninja's document plus the struct types that operations answer with."""
        schema = super().get_openapi_schema(**kwargs)
        kinds = list(http.documented.values())
        _, components = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
        schema["components"]["schemas"].update(components)
        return schema


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


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    fields = [{"field": ".".join(str(p) for p in e["loc"][2:]) or str(e["loc"][-1]), "message": e["msg"]} for e in error.errors]
    words = "; ".join(f"{f['field']}: {f['message']}" for f in fields)
    return http.problem(request, Invalid(words or "The request is not of the expected form.", fields=fields))


def mount() -> None:
    from messaging.api import router as messaging
    from projects.api import router as projects
    from threads.api import router as threads

    api.add_router("/v1", projects)
    api.add_router("/v1", threads)
    api.add_router("/v1", messaging)


mount()
