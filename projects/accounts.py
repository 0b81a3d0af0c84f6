"""What we add to django-allauth's headless sign-up and sign-in: the first account, invitations, limits, words.

Refusals are problems as everywhere, and carry allauth's `errors` list too, so that a client of either kind reads them.
"""

import hashlib
from typing import Any, NoReturn
from uuid import UUID

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession
from django import forms
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest

from chatplatform.kernel import limits, text
from chatplatform.kernel.errors import AppError, Conflict, Forbidden, SignedOut, TooMany
from chatplatform.kernel.http import client_address, problem
from projects import invites, services
from projects.audit import note
from projects.models import FirstAccount, User
from projects.signals import after_commit, first_project_made, session_moved, signed_out

# Guessing: by one address at one account, by one address at many, by many at one.
PAIR_RATE, ADDRESS_RATE, ACCOUNT_RATE = "5/minute", "30/minute", "60/minute"
SIGN_UP_RATE = "20/hour"
FIRST_PROJECT = "Home"
CLOSED = "Accounts are made by invitation here. Ask somebody for a link."
TAKEN = "Somebody here has this email already. Sign in instead."


def refuse(request: HttpRequest, error: AppError) -> NoReturn:
    """Answer with this refusal, from however deep inside allauth."""
    listed = [{"message": error.message, "code": error.code}]
    error.data = {**error.data, "errors": listed}
    raise ImmediateHttpResponse(problem(request, error))


def is_open() -> bool:
    """May a stranger make an account without an invitation? The very first one always may."""
    return settings.IS_SIGN_UP_OPEN or not User.objects.exists()


class SignUpForm(forms.Form):
    """The fields of sign-up besides email and password. allauth builds its own form upon this one."""

    name = forms.CharField(max_length=400)
    invite = forms.CharField(max_length=100, required=False)

    def clean_name(self) -> str:
        try:
            return text.name(self.cleaned_data["name"], services.MAX_NAME)
        except AppError as error:
            raise ValidationError(error.message, error.code) from error

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        request = context.request
        _limited(request, "sign-up", client_address(request), SIGN_UP_RATE)
        code = cleaned.get("invite", "")
        if not code and not is_open():
            refuse(request, Forbidden(CLOSED, "sign_up_closed"))
        if code:
            try:
                invites.check_invite(code)
            except AppError as error:
                refuse(request, error)
        return cleaned

    def signup(self, request: HttpRequest, user: User) -> None:
        """Nothing more: `AccountAdapter.save_user` made the account whole in one transaction."""


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {  # noqa: RUF012  # allauth declares it so
        **DefaultAccountAdapter.error_messages,
        "email_taken": TAKEN,
        "enter_current_password": "That is not the password you have now.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        # The form has judged whoever asks to sign up; this is asked also to describe the server to strangers.
        return True if request.method == "POST" else is_open()

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> AbstractBaseUser:
        """Make the account, its standing and its first place in one transaction, after the password is hashed."""
        assert isinstance(user, User)
        super().save_user(request, user, form, commit=False)
        user.name = form.cleaned_data["name"]
        try:
            with transaction.atomic():
                _make_account(user, form.cleaned_data.get("invite", ""))
        except IntegrityError as error:
            if User.objects.filter(email__iexact=user.email).exists():  # two sign-ups at once
                refuse(request, Conflict(TAKEN, "email_taken"))
            raise error
        except AppError as error:
            refuse(request, error)
        return user

    def get_client_ip(self, request: HttpRequest) -> str:
        address = client_address(request)
        return "0.0.0.0" if address == "unknown" else address  # noqa: S104  # a value for a column, not a bind

    def set_password(self, user: AbstractBaseUser, password: str) -> None:
        # A session gets a new key with a new password; its open sockets are known by the old one.
        context.request.old_session_key = context.request.session.session_key
        super().set_password(user, password)

    # -- guessing ----------------------------------------------------------------------------

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the try before it is made, so that many at once are counted too."""
        email = _account_key(credentials)
        address = client_address(request)
        _limited(request, "sign-in-address", address, ADDRESS_RATE)
        _limited(request, "sign-in-account", email, ACCOUNT_RATE)
        _limited(request, "sign-in", (email, address), PAIR_RATE)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        user: AbstractBaseUser | None = super().authenticate(request, **credentials)
        if user is not None and not user.is_active:
            self.authentication_failed(request, **credentials)  # the same words as for a wrong password
        limits.clear("sign-in", (_account_key(credentials), client_address(request)), PAIR_RATE)
        return user

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """One message for a wrong email and a wrong password, with the tries that are left."""
        left = limits.left("sign-in", (_account_key(credentials), client_address(request)), PAIR_RATE)
        words = f"Email and password do not go together. {_tries(left)}"
        refuse(request, SignedOut(words, "wrong_password", tries_left=left))


def _tries(left: int) -> str:
    if left == 0:
        return "Now a minute’s rest."
    count = ["", "One more try", "Two more tries", "Three more tries", "Four more tries"][min(left, 4)]
    return f"{count}, then a minute’s rest."


def _account_key(credentials: dict[str, Any]) -> str:
    """Which account is tried, without keeping the address itself in the limiter's memory."""
    return hashlib.sha256(str(credentials.get("email", "")).strip().lower().encode()).hexdigest()[:32]


def _limited(request: HttpRequest, scope: str, key: object, rate: str) -> None:
    try:
        limits.hit(scope, key, rate)
    except TooMany as error:
        refuse(request, error)


# -- making an account ---------------------------------------------------------------------------


def _make_account(user: User, invite: str) -> None:
    """Inside a transaction: the user's row, the first account's rights and project, the invitation's use."""
    user.is_staff = user.is_superuser = False
    user.save(force_insert=True)
    note(user, None, "account.created", user.name)
    if _is_first(user):
        user.is_staff = user.is_superuser = True
        user.save(update_fields=["is_staff", "is_superuser"])
        membership = services.create_project(user.id, FIRST_PROJECT)
        first_project_made.send(sender=None, user_id=user.id, project_id=membership.project_id)
    elif not invite and not settings.IS_SIGN_UP_OPEN:  # somebody else was first since the form was judged
        raise Forbidden(CLOSED, "sign_up_closed")
    if invite:
        invites.accept_invite(user.id, invite)


def _is_first(user: User) -> bool:
    """Whether this is the first account of the server. Of several at once one is told so: the row's fixed key decides."""
    if User.objects.exclude(pk=user.pk).exists():
        return False
    try:
        with transaction.atomic():
            FirstAccount.objects.create(user=user)
    except IntegrityError:
        return False
    return True


# -- the end of sessions --------------------------------------------------------------------------


class SessionsAdapter(DefaultUserSessionsAdapter):
    def end_sessions(self, sessions: Any) -> None:
        """Sign out elsewhere: the cookie is worthless and the open sockets of it close."""
        ended = [(session.user_id, session.session_key) for session in sessions]
        super().end_sessions(sessions)
        for user_id, key in ended:
            after_commit(signed_out, user_id=user_id, session_key=key)


def end_other_sessions(user: User, kept_keys: set[str]) -> None:
    """After a new password: every session but these ends."""
    others = UserSession.objects.filter(user=user).exclude(session_key__in=kept_keys)
    SessionsAdapter().end_sessions(list(others))


def end_all_sessions(user_id: UUID) -> None:
    """After somebody was shut out of the server."""
    for session in UserSession.objects.filter(user_id=user_id):
        session.end()
    after_commit(signed_out, user_id=user_id, session_key=None)


def on_signed_out(sender: object, request: HttpRequest, user: object, **_: object) -> None:
    """Django's own signal, sent before the session is emptied: by our sign-out and by the admin site's."""
    if isinstance(user, User):
        key = request.session.session_key
        UserSession.objects.filter(session_key=key).delete()
        after_commit(signed_out, user_id=user.pk, session_key=key)


def on_password_changed(sender: object, request: HttpRequest, user: User, **_: object) -> None:
    note(user, None, "password.changed", user.name)
    new, old = request.session.session_key or "", getattr(request, "old_session_key", None) or ""
    UserSession.objects.filter(session_key=old).exclude(session_key=new).delete()
    end_other_sessions(user, {new})
    after_commit(session_moved, user_id=user.pk, old_key=old, new_key=new)


def on_signed_in(sender: object, request: HttpRequest, user: User, **_: object) -> None:
    """However often it is used, a session ends this long after sign-in."""
    request.session.set_expiry(settings.SESSION_COOKIE_AGE)
