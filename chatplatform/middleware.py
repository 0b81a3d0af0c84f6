"""What every HTTP request passes before a view sees it: headers, refusals, and who is asking.

Django's own middleware takes a thread for each of its steps when the server is asynchronous, also for steps that only
set a header. Those that touch no disk and no network run here in place (`InPlace`), and the one that must ask the
database (`SessionAndUser`) does so in a single visit. Under a synchronous handler (the test client) all behave as
Django's.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from asgiref.sync import iscoroutinefunction
from csp.middleware import CSPMiddleware
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.security import SecurityMiddleware
from django.utils.deprecation import MiddlewareMixin

from chatplatform.kernel.db import in_db
from chatplatform.kernel.errors import AppError, Forbidden, Invalid
from chatplatform.kernel.http import problem
from projects.sessions import open_session, recall_user

SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}
JSON_ONLY = ("/api/", "/_allauth/")
HEALTH = ("/livez", "/readyz")  # asked by address, by who looks after processes; they tell nobody anything
HEADERS = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
}


class WrongKind(Invalid):
    status, default_code = 415, "wrong_content_type"


class TooLarge(Invalid):
    status, default_code = 413, "too_large"


class WrongHost(Invalid):
    status, default_code = 400, "wrong_host"


class InPlace(MiddlewareMixin):
    """Runs its two steps without leaving the event loop. For middleware that asks nobody."""

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        before: Callable[[HttpRequest], HttpResponseBase | None] | None = getattr(self, "process_request", None)
        after: Callable[[HttpRequest, Any], HttpResponseBase] | None = getattr(self, "process_response", None)
        response = before(request) if before else None
        if response is None:
            response = await self.get_response(request)  # type: ignore[misc]  # asynchronous here, by async_mode
        assert response is not None
        return after(request, response) if after else response


class Security(InPlace, SecurityMiddleware):
    pass


class Policy(InPlace, CSPMiddleware):
    pass


class Messages(InPlace, MessageMiddleware):
    pass


class NoFrames(InPlace, XFrameOptionsMiddleware):
    pass


class Csrf(InPlace, CsrfViewMiddleware):
    """Django wraps `process_view` in a thread unless it is a coroutine function; it only compares strings."""

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        super().__init__(get_response)
        if iscoroutinefunction(get_response):
            check = self.process_view

            async def process_view(*args: Any) -> HttpResponseBase | None:
                return check(*args)

            self.process_view = process_view  # type: ignore[assignment]


class Guard(InPlace):
    """Refuses what no page of ours would send, before anything is read or looked up."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        try:
            _check(request)
        except AppError as refusal:
            return problem(request, refusal)
        return None

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if request.path.startswith(JSON_ONLY):
            # Answers hold what one person may see: no proxy or browser keeps them.
            response.headers.setdefault("Cache-Control", "no-store")
        if isinstance(response, HttpResponse):
            response.headers.setdefault("Content-Length", str(len(response.content)))
        return response


def _check(request: HttpRequest) -> None:
    try:
        if request.path not in HEALTH:
            request.get_host()  # a name that is not ours: DNS rebinding, or a link with somebody else's host in it
    except DisallowedHost as error:
        raise WrongHost("This server does not go by that name. PARLEY_URL or ALLOWED_HOSTS names it.") from error
    if request.method in SAFE:
        return
    # Sent by every current browser and beyond a page's reach; the CSRF token stands behind it for older ones.
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        raise Forbidden("This came from another site.", "cross_site")
    length = request.headers.get("Content-Length", "")
    if length.isdigit() and int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise too_large()
    if request.path.startswith(JSON_ONLY) and _has_body(request) and request.content_type != "application/json":
        raise WrongKind("Send JSON, with Content-Type: application/json.")


def too_large() -> TooLarge:
    return TooLarge(f"That is more than {settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1024} KiB, the most at once.")


def _has_body(request: HttpRequest) -> bool:
    return request.headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in request.headers


class SessionAndUser(SessionMiddleware, AuthenticationMiddleware):
    """The session and its person, loaded before the view in one visit to the database's thread."""

    def process_request(self, request: HttpRequest) -> None:
        self._begin(request)
        if request.COOKIES.get(settings.SESSION_COOKIE_NAME):
            self._load(request)

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        self._begin(request)
        if request.COOKIES.get(settings.SESSION_COOKIE_NAME):
            await in_db(self._load, request)
        answer: Awaitable[HttpResponse] = self.get_response(request)  # type: ignore[assignment]  # by async_mode
        response = await answer
        if self._has_work(request):
            return await in_db(self.process_response, request, response)
        return self.process_response(request, response)

    def _begin(self, request: HttpRequest) -> None:
        request.session = open_session(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
        request.user = AnonymousUser()
        request.auser = partial(_auser, request)

    def _load(self, request: HttpRequest) -> None:
        request.user = recall_user(request.session)

    def _has_work(self, request: HttpRequest) -> bool:
        # Only the cache of a session that was read answers this without the database.
        return bool(request.session.modified)


async def _auser(request: HttpRequest) -> Any:
    return request.user
