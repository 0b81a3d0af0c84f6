"""HTTP to Django, sockets to messaging; the live side starts and stops with the server's lifespan."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatplatform.settings")
django_application = get_asgi_application()

application = django_application
