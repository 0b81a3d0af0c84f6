from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    name = "projects"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from allauth.account.signals import password_changed
        from django.contrib.auth.signals import user_logged_in, user_logged_out

        from projects import accounts

        password_changed.connect(accounts.on_password_changed)
        user_logged_in.connect(accounts.on_signed_in)
        user_logged_out.connect(accounts.on_signed_out)
