"""The site behind ``/admin/``; apart from :mod:`guarantees.admin`, since Django makes it before anything registers."""

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guarantees.accounts import lacks_second_factor
from guarantees.editing.people import ADMINISTER


class Administration(AdminSite):
    """The site of the administrators; signing in and out is the app's own, with its throttle and second factor."""

    site_header = gettext_lazy("Guarantee Ledger")
    site_title = gettext_lazy("Guarantee Ledger")
    index_title = gettext_lazy("Administration")

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether a person may be here: an administrator, with a second factor where one is obligatory."""
        user = request.user
        return user.is_active and user.has_perm(ADMINISTER) and not lacks_second_factor(user)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead to the sign-in page; tell who is signed in that this is not for them."""
        if not request.user.is_authenticated:
            target = request.GET.get("next", "")
            index = reverse("admin:index")
            return redirect_to_login(target if target.startswith(index) else index)
        if not request.user.has_perm(ADMINISTER):
            raise PermissionDenied(_("This page is for administrators."))
        if lacks_second_factor(request.user):
            return redirect("mfa_index")
        return redirect("admin:index")

    def logout(  # type: ignore[override]  # a redirect instead of a page of the admin's
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the page of the account, where the button for it is."""
        return redirect("mfa_index")

    def password_change(  # type: ignore[override]  # a redirect instead of a page of the admin's
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the app's own page."""
        return redirect("account_change_password")

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Take what :mod:`guarantees.admin` registers, and nothing that other packages propose for their tables."""
        if admin_class is not None and admin_class.__module__ == "guarantees.admin":
            super().register(model_or_iterable, admin_class, **options)
