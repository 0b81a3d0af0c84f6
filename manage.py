"""Entry point for every command: serve, migrate, and the rest of Django's."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from chatplatform import env_file

if __name__ == "__main__":
    env_file.load()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatplatform.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(str(error))  # a sentence about a setting; where it was read helps nobody
