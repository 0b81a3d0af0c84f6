"""The admin site, for whoever looks after the server: people and projects. Nobody else learns that it exists.

It shows no message, thread or key, and signs nobody in: one door for passwords is enough to guard.
"""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from projects.accounts import end_all_sessions
from projects.models import AuditEntry, Project, User
from projects.services import tell_changed

if TYPE_CHECKING:  # generic for the type checker alone
    UserPages = admin.ModelAdmin[User]
    ProjectPages = admin.ModelAdmin[Project]
    AuditPages = admin.ModelAdmin[AuditEntry]
else:
    UserPages = ProjectPages = AuditPages = admin.ModelAdmin


@admin.register(User)
class UserAdmin(UserPages):
    list_display = ("email", "name", "is_active", "is_staff", "created_at")
    search_fields = ("email", "name")
    list_filter = ("is_active", "is_staff")
    fields = ("email", "name", "is_active", "is_staff", "is_superuser", "created_at", "last_login")
    readonly_fields = ("created_at", "last_login")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # people sign up

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False  # what they wrote keeps their name; switch the account off instead

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not obj.is_active:
            end_all_sessions(obj.pk)


@admin.register(Project)
class ProjectAdmin(ProjectPages):
    list_display = ("name", "created_by", "created_at", "archived_at", "deleted_at")
    search_fields = ("name",)
    fields = ("name", "about", "created_by", "created_at", "archived_at", "deleted_at")
    readonly_fields = ("created_by", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Project | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Project, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        tell_changed(obj)


@admin.register(AuditEntry)
class AuditAdmin(AuditPages):
    list_display = ("at", "actor", "project", "action", "subject")
    list_select_related = ("actor", "project")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False


def _to_the_page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """Sign-in happens on the page, behind its limits."""
    return HttpResponseRedirect("/")


admin.site.unregister(Group)
admin.site.site_header = admin.site.site_title = "Parley"
admin.site.login = _to_the_page  # type: ignore[method-assign]
