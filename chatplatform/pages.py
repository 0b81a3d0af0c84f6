"""The page itself: one built index.html for every address a person may open."""

from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

MISSING = """<!doctype html><meta charset="utf-8"><title>Parley</title>
<p>The page is not built yet. Run <code>make build</code>, then load this again."""


@lru_cache(maxsize=1)
def _built(stamp: int) -> bytes:
    return (settings.FRONTEND_DIST / "index.html").read_bytes()


@require_safe
@ensure_csrf_cookie
def index(request: HttpRequest) -> HttpResponse:
    file = settings.FRONTEND_DIST / "index.html"
    if not file.exists():
        return HttpResponse(MISSING, status=503)
    response = HttpResponse(_built(file.stat().st_mtime_ns))
    response["Cache-Control"] = "no-cache"
    return response


@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """The process answers; it asks nothing else of anybody."""
    return HttpResponse("ok", content_type="text/plain")
