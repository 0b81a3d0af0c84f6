"""Who a session cookie stands for. HTTP and sockets ask here and nowhere else.

A session ends thirty days after sign-in, and after fourteen days in which nobody used it. It also ends with the
password it was made under: Django keeps a keyed hash of that in the session and `get_user` compares it.
"""

from datetime import datetime, timedelta
from functools import partial
from importlib import import_module
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase, UpdateError
from django.db import DEFAULT_DB_ALIAS, transaction
from django.http import HttpRequest

from chatplatform.kernel.clock import now
from projects import session_store
from projects.models import User

SEEN = "seen_at"
IDLE = timedelta(days=14)
RECALLED = ("id", "email", "name", "is_staff", "is_superuser", "is_active", "preferences")
NOTE_AFTER = timedelta(hours=1)


def open_session(key: str | None) -> SessionBase:
    """The session of this key, not yet read."""
    store = import_module(settings.SESSION_ENGINE).SessionStore
    return cast(SessionBase, store(key))


def session_user(key: str | None) -> User | None:
    """The active person whose live session this is, for a caller without a request (a socket). Asks the rows."""
    if not key:
        return None
    user = load_user(open_session(key))
    return user if isinstance(user, User) else None


def recall_user(session: SessionBase) -> User | AnonymousUser:
    """As `load_user`, by what some process read less than half a minute ago, if one did: no query then.

    The person's password is not among it; Django reads it from the row when somebody asks.
    """
    key = session.session_key
    kept = session_store.recall(key) if key else None
    if kept is not None:
        session._session_cache = kept["session"]  # type: ignore[attr-defined]  # what reading the row would set
        user = _person(kept["user"])
        return user if _note_use(session) else AnonymousUser()
    found = load_user(session)
    if isinstance(found, User) and key:
        person = {field: getattr(found, field) for field in RECALLED}
        session_store.remember(key, {"session": dict(session.items()), "user": person})
    return found


def _person(kept: dict[str, Any]) -> User:
    """As the row would be read without the fields that are not kept."""
    values = kept | {"id": UUID(kept["id"])}
    names = [field.attname for field in User._meta.concrete_fields if field.attname in values]
    return User.from_db(DEFAULT_DB_ALIAS, names, [values[name] for name in names])


def on_user_saved(instance: User, **_: object) -> None:
    """What is remembered of a person who changed is not so any more."""
    keys = list(UserSession.objects.filter(user_id=instance.pk).values_list("session_key", flat=True))
    if keys:
        transaction.on_commit(partial(session_store.forget, keys))


def load_user(session: SessionBase) -> User | AnonymousUser:
    """Read the session and its person; an idle session is ended here. Two queries."""
    request = cast(HttpRequest, SimpleNamespace(session=session))
    user = get_user(request)
    if not isinstance(user, User):
        return AnonymousUser()
    return user if _note_use(session) else AnonymousUser()


def _note_use(session: SessionBase) -> bool:
    """Remember about hourly that it is used. False: it lay idle too long and is ended now, or somebody has ended it."""
    moment, seen = now(), session.get(SEEN)
    last = datetime.fromisoformat(seen) if isinstance(seen, str) else None
    if last is not None and moment - last > IDLE:
        session.flush()
        return False
    if last is None or moment - last > NOTE_AFTER:
        session[SEEN] = moment.isoformat()
        try:
            session.save()
        except UpdateError:  # somebody has ended it since it was read
            session.flush()
            return False
        session.modified = False
        UserSession.objects.filter(session_key=session.session_key).update(last_seen_at=moment)
    return True
