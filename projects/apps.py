from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    name = "projects"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from allauth.account.signals import password_changed
        from django.contrib.auth.signals import user_logged_in, user_logged_out
        from django.db.models.signals import post_save

        from projects import accounts, sessions
        from projects.models import User

        password_changed.connect(accounts.on_password_changed)
        user_logged_in.connect(accounts.on_signed_in)
        user_logged_out.connect(accounts.on_signed_out)
        post_save.connect(sessions.on_user_saved, sender=User)
