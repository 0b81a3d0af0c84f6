"""Give somebody who forgot it a new password. Ends their sessions everywhere, as a new password does."""

from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from projects.accounts import end_all_sessions
from projects.audit import note
from projects.models import User


class Command(BaseCommand):
    help = "Set a new password for an account, and sign it out everywhere."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email__iexact=options["email"]).first()
        if user is None:
            raise CommandError(f"Nobody here has the email {options['email']}.")
        password = getpass(f"New password for {user.name}: ")
        if getpass("The same again: ") != password:
            raise CommandError("The two are not the same. Nothing was changed.")
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        with transaction.atomic():
            user.set_password(password)
            user.save(update_fields=["password"])
            note(None, None, "password.changed", user.name)
            end_all_sessions(user.pk)
        self.stdout.write(f"Done. {user.name} is signed out everywhere and can sign in with the new one.")
