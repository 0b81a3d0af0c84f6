"""The page itself, one built index.html for every address a person may open; and refusals outside the API's views."""

import sys
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from chatplatform.kernel.errors import AppError, Forbidden, Invalid, NotFound, Unavailable
from chatplatform.kernel.http import problem
from chatplatform.kernel.lost import is_away

MISSING = """<!doctype html><meta charset="utf-8"><title>Parley</title>
<p>The page is not built yet. Run <code>make build</code>, then load this again."""


class Broken(AppError):
    """A defect of ours. The words go out, the traceback goes to the log."""

    status, default_code, retryable = 500, "broken", True


@lru_cache(maxsize=1)
def _built(stamp: int) -> bytes:
    return (settings.FRONTEND_DIST / "index.html").read_bytes()


@require_safe
@ensure_csrf_cookie
async def index(request: HttpRequest) -> HttpResponse:
    """The application, for every address that is no file and no API."""
    file = settings.FRONTEND_DIST / "index.html"
    if not file.exists():
        return HttpResponse(MISSING, status=503)
    response = HttpResponse(_built(file.stat().st_mtime_ns))
    response["Cache-Control"] = "no-cache"
    return response


# -- what Django answers when no view did --------------------------------------------------------


def csrf_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    return problem(request, Forbidden("This page is out of date. Load it again.", "csrf_failed"))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problem(request, Invalid("The request is not of the expected form."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problem(request, NotFound("There is nothing here for you."))


def broken(request: HttpRequest) -> HttpResponse:
    """Whatever no view answered for; a refusal, such as a database that is away, is one here, too."""
    error = sys.exc_info()[1]
    if isinstance(error, AppError):
        return problem(request, error)
    if error is not None and is_away(error):  # met outside `in_db`
        return problem(
            request, Unavailable("The database does not answer. It goes again by itself.", retry_after_s=1.0)
        )
    return problem(request, Broken("This did not work, and the server's log says why. Try it once more."))
