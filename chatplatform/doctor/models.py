"""Who answers: the local model's file, and the providers; asked for their models only when that is wanted."""

import asyncio
from collections.abc import Iterator

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from chatplatform.doctor.finding import Finding, broken, ok, warning
from messaging.providers import catalog
from messaging.providers.base import Provider, ProviderError

ANSWER_S = 20.0


def look(*, is_database_there: bool, tries: bool) -> Iterator[Finding]:
    yield from _local()
    try:
        yield from asyncio.run(_providers(is_database_there=is_database_there, tries=tries))
    except ImproperlyConfigured as error:
        yield broken("providers", str(error), "Mend that setting.")


def _local() -> Iterator[Finding]:
    if not settings.IS_LOCAL_MODEL_ON:
        yield ok("local model", "off")
        return
    missing = catalog.local_missing()
    if missing:
        words, _, fix = missing.partition(": ")
        yield warning("local model", words, f"{fix or 'Name a file that is there.'} Or set PARLEY_LOCAL_MODEL=0.")
    else:
        yield ok("local model", "its engine and its file are here")


async def _providers(*, is_database_there: bool, tries: bool) -> list[Finding]:
    try:
        if is_database_there:
            await catalog.catalog().reload()
        named = [serving for serving in catalog.catalog().providers() if serving.source != "built in"]
        if not named:
            fix = "Set a key such as OPENAI_API_KEY, or add a provider in the browser: Settings, Models."
            return [warning("providers", "none besides the built-in models", fix)]
        if not tries:
            return [ok("providers", f"{', '.join(s.name for s in named)}; `doctor --providers` asks them")]
        return list(await asyncio.gather(*(_ask(s.slug, s.name, s.key_note, s) for s in named)))
    finally:
        await catalog.close()


async def _ask(slug: str, name: str, key_note: str, provider: Provider) -> Finding:
    try:
        async with asyncio.timeout(ANSWER_S):
            models = await provider.list_models()
    except ProviderError as error:
        words = f"{name}: {error.message} {error.detail}".strip()
        return broken(f"provider {slug}", words, f"Look at its key ({key_note}) and its address.")
    except TimeoutError:
        words = f"{name} does not answer within {ANSWER_S:.0f} s"
        return broken(f"provider {slug}", words, "Look at its address and at the network.")
    return ok(f"provider {slug}", f"{name} offers {len(models)} models")
