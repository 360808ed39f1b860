"""``/admin/``: for administrators of the desk; people and settings. Facts and the ledger can be looked at, not written.

Rights come from the desk's roles, not from ``is_staff``, and nothing here gives anybody more of them: roles are given
at ``/desk/people/``, groups and their permissions cannot be changed, and no password of anybody else can be set.
"""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.apps import apps
from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext as _

from guarantees.editing import people
from guarantees.editing.errors import Refused
from guarantees.models import FeedKey, StagedImport

HIDDEN = (FeedKey, StagedImport)
"""What nobody looks at: private addresses, and files that were handed in."""


class ViewOnly(admin.ModelAdmin):
    """Rows that may be looked at and not written, by anybody."""

    show_full_result_count = False
    list_per_page = 50

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Everybody who may be on the site sees that there are such rows."""
        return self.admin_site.has_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Everybody who may be on the site sees the rows."""
        return self.admin_site.has_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds a row here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Nobody changes a row here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Nobody deletes a row here."""
        return False


class PersonForm(forms.ModelForm):
    """Name and address of a person; the address is checked against those of others."""

    class Meta:
        model = User
        fields = ("first_name", "last_name", "email")

    by: User

    def clean_email(self) -> str:
        """Write a new address, with what hangs on it; the rest of the row is saved by the admin."""
        email: str = self.cleaned_data["email"]
        if "email" in self.changed_data:
            try:
                people.change_address(by=self.by, person=User.objects.get(pk=self.instance.pk), email=email)
            except Refused as error:
                raise forms.ValidationError(error.message) from error
        return email.strip().lower()


class PersonAdmin(ViewOnly):
    """A person: name and e-mail address can be changed; the role and closing the account are at ``/desk/people/``."""

    form = PersonForm
    list_display = ("username", "email", "is_active", "last_login")
    search_fields = ("username", "email", "first_name", "last_name")
    ordering = ("username",)
    fields = ("username", "first_name", "last_name", "email", "is_active", "groups", "last_login", "date_joined")
    readonly_fields = ("username", "is_active", "groups", "last_login", "date_joined")

    def get_form(
        self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm]:
        """Tell the form who is writing."""
        form = super().get_form(request, obj, change, **kwargs)
        form.by = request.user  # type: ignore[attr-defined]  # PersonForm, where the row may be changed
        return form

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """An administrator changes anybody but those who run the server."""
        is_protected = isinstance(obj, User) and obj.is_superuser and not request.user.is_superuser
        return self.admin_site.has_permission(request) and not is_protected


class AuthenticatorAdmin(ViewOnly):
    """Second factors: removing those of somebody who has lost them. What they hold is shown to nobody."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_select_related = ("user",)
    search_fields = ("user__username",)
    fields = ("user", "type", "created_at", "last_used_at")

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """An administrator removes a factor, but not of those who run the server."""
        is_protected = isinstance(obj, Authenticator) and obj.user.is_superuser and not request.user.is_superuser
        return self.admin_site.has_permission(request) and not is_protected

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Authenticator]:
        """Leave out the factors that the person may not remove: they could be removed as a list."""
        rows = super().get_queryset(request)
        return rows if request.user.is_superuser else rows.filter(user__is_superuser=False)


class SessionAdmin(ViewOnly):
    """Sessions; deleting one signs its person out."""

    list_display = ("user", "created_at", "last_seen_at", "ip", "user_agent")
    list_select_related = ("user",)
    search_fields = ("user__username", "ip")
    fields = ("user", "created_at", "last_seen_at", "ip", "user_agent")

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """An administrator ends sessions."""
        return self.admin_site.has_permission(request)

    def delete_model(self, request: HttpRequest, obj: UserSession) -> None:
        """End the session as well."""
        obj.end()

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[UserSession]) -> None:
        """End each of the sessions as well."""
        for session in queryset:
            session.end()
        messages.info(request, _("Whoever used these sessions is signed out."))


admin.site.register(User, PersonAdmin)
admin.site.register(Group, ViewOnly)
admin.site.register(LogEntry, ViewOnly)
admin.site.register(Authenticator, AuthenticatorAdmin)
admin.site.register(UserSession, SessionAdmin)
for model in apps.get_app_config("guarantees").get_models():
    # The events of the history are shown at the rows that they are about.
    if not hasattr(model, "pgh_tracked_model") and model not in HIDDEN:
        admin.site.register(model, ViewOnly)
