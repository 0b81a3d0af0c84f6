from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "messaging"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from messaging import line_ups, listeners, variants

        line_ups.connect()
        variants.connect()
        listeners.connect()
