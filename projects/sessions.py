"""Who a session cookie stands for. HTTP and sockets ask here and nowhere else.

A session ends thirty days after sign-in, and after fourteen days in which nobody used it. It also ends with the
password it was made under: Django keeps a keyed hash of that in the session and `get_user` compares it.
"""

from datetime import datetime, timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import cast

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

from chatplatform.kernel.clock import now
from projects.models import User

SEEN = "seen_at"
IDLE = timedelta(days=14)
NOTE_AFTER = timedelta(hours=1)


def open_session(key: str | None) -> SessionBase:
    """The session of this key, not yet read."""
    store = import_module(settings.SESSION_ENGINE).SessionStore
    return cast(SessionBase, store(key))


def session_user(key: str | None) -> User | None:
    """The active person whose live session this is, for a caller without a request (a socket). Two queries."""
    if not key:
        return None
    user = load_user(open_session(key))
    return user if isinstance(user, User) else None


def load_user(session: SessionBase) -> User | AnonymousUser:
    """Read the session and its person; an idle session is ended here."""
    request = cast(HttpRequest, SimpleNamespace(session=session))
    user = get_user(request)
    if not isinstance(user, User):
        return AnonymousUser()
    return user if _note_use(session) else AnonymousUser()


def _note_use(session: SessionBase) -> bool:
    """Remember about hourly that it is used. False: it lay idle too long and is ended now."""
    moment, seen = now(), session.get(SEEN)
    last = datetime.fromisoformat(seen) if isinstance(seen, str) else None
    if last is not None and moment - last > IDLE:
        session.flush()
        return False
    if last is None or moment - last > NOTE_AFTER:
        session[SEEN] = moment.isoformat()
        session.save()
        session.modified = False
        UserSession.objects.filter(session_key=session.session_key).update(last_seen_at=moment)
    return True
