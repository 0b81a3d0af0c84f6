"""HTTP: a project's models, and the server's providers. Each operation is one call to a service or query."""

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Field, Router

from chatplatform.kernel.db import in_db
from chatplatform.kernel.http import Body, answers, asker, no_content, reply
from chatplatform.kernel.limits import hit
from messaging.providers import accounts, offers
from messaging.providers.types import ModelView, ProviderView

router = Router(tags=["models"])


class OfferIn(Body):
    model_id: str = Field(min_length=1, max_length=200)
    is_offered: bool


class ProviderIn(Body):
    """`key` may be left out where the provider needs none."""

    name: str = Field(max_length=400)
    base_url: str = Field(max_length=2000)
    key: str = Field("", max_length=8000)
    concurrency: int = Field(4, ge=1, le=accounts.MAX_CONCURRENCY)


class ProviderChange(Body):
    """What is left out stays. An empty key takes the key away."""

    name: str | None = Field(None, max_length=400)
    base_url: str | None = Field(None, max_length=2000)
    key: str | None = Field(None, max_length=8000)
    concurrency: int | None = Field(None, ge=1, le=accounts.MAX_CONCURRENCY)


@router.get("/projects/{project_id}/models", openapi_extra=answers(ModelView, many=True))
async def list_models(request: HttpRequest, project_id: UUID) -> HttpResponse:
    """The models of a project: for who chooses them all that could be offered, for others those that are, or were used."""
    return reply(await in_db(offers.views, asker(request), project_id))


@router.patch("/projects/{project_id}/models", openapi_extra=answers(ModelView))
async def offer_model(request: HttpRequest, project_id: UUID, body: OfferIn) -> HttpResponse:
    """Offer a model in the project, or withdraw it."""
    return reply(await in_db(offers.offer, asker(request), project_id, body.model_id, body.is_offered))


@router.get("/providers", openapi_extra=answers(ProviderView, many=True))
async def list_providers(request: HttpRequest) -> HttpResponse:
    """Every provider and its state, for who looks after this server. Never a key."""
    return reply(await accounts.listing(asker(request)))


@router.post("/providers", openapi_extra=answers(ProviderView, status=201))
async def add_provider(request: HttpRequest, body: ProviderIn) -> HttpResponse:
    """Add a provider. It is asked for its models once and kept only if it answers."""
    user_id = asker(request)
    await in_db(hit, "provider", user_id, settings.MAKE_RATE)
    return reply(await accounts.add(user_id, **body.model_dump()), 201)


@router.patch("/providers/{provider_id}", openapi_extra=answers(ProviderView))
async def change_provider(request: HttpRequest, provider_id: UUID, body: ProviderChange) -> HttpResponse:
    """Change a provider. A new key or address replaces the old one only after it has answered."""
    user_id = asker(request)
    await in_db(hit, "provider", user_id, settings.MAKE_RATE)
    return reply(await accounts.change(user_id, provider_id, **body.model_dump()))


@router.delete("/providers/{provider_id}", openapi_extra=answers(None, status=204))
async def remove_provider(request: HttpRequest, provider_id: UUID) -> HttpResponse:
    """Forget a provider and its key. Past answers of its models stay."""
    await accounts.remove(asker(request), provider_id)
    return no_content()


@router.post("/providers/{provider_id}/refresh", openapi_extra=answers(ProviderView))
async def refresh_provider(request: HttpRequest, provider_id: UUID) -> HttpResponse:
    """Ask a provider for its models again, now."""
    user_id = asker(request)
    await in_db(hit, "provider", user_id, settings.MAKE_RATE)
    return reply(await accounts.refresh(user_id, provider_id))
