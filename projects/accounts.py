"""What we add to django-allauth's headless sign-up and sign-in."""

from allauth.account.adapter import DefaultAccountAdapter
from django import forms
from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2idHasher(Argon2PasswordHasher):
    """argon2id with 46 MiB, one pass, one lane: OWASP Password Storage Cheat Sheet, first row."""

    time_cost = 1
    memory_cost = 47104
    parallelism = 1


class SignUpForm(forms.Form):
    name = forms.CharField(max_length=80)

    def signup(self, request, user) -> None:
        user.name = self.cleaned_data["name"]
        user.save(update_fields=["name"])


class AccountAdapter(DefaultAccountAdapter):
    pass
