"""The part of allauth's headless interface that this product uses, at allauth's own addresses.

Only these: the others send mail, or change what we do not offer (a telephone, other addresses, sign-in by code).
"""

from allauth.headless.account import views as account
from allauth.headless.base.views import ConfigView
from allauth.headless.constants import Client
from allauth.headless.usersessions.views import SessionsView
from django.urls import path

urlpatterns = [
    path("browser/v1/config", ConfigView.as_api_view(client=Client.BROWSER)),
    path("browser/v1/auth/session", account.SessionView.as_api_view(client=Client.BROWSER)),
    path("browser/v1/auth/login", account.LoginView.as_api_view(client=Client.BROWSER)),
    path("browser/v1/auth/signup", account.SignupView.as_api_view(client=Client.BROWSER)),
    path("browser/v1/auth/sessions", SessionsView.as_api_view(client=Client.BROWSER)),
    path("browser/v1/account/password/change", account.ChangePasswordView.as_api_view(client=Client.BROWSER)),
]
