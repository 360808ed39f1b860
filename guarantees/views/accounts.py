"""Pages of accounts: django-allauth's views, the routes that are needed, and the page of an invitation.

Left out on purpose: signing up (by invitation only), confirming e-mail addresses (the invitation did), signing in by a
code in an e-mail, other sites' accounts, and the download of recovery codes (they are shown once).
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account import views as account
from allauth.account.utils import perform_login
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from allauth.usersessions import views as sessions
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import path, re_path
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from guarantees.editing import people
from guarantees.editing.errors import Refused
from guarantees.forms.people import AcceptForm
from guarantees.views.desk.shown import focus
from guarantees.vocabulary import DeskRole

View = Callable[..., HttpResponse]


def account_page(view: View) -> View:
    """Make a view of allauth's one of ours: nothing keeps its answer, and a form with errors is a 422."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @never_cache
    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if isinstance(response, TemplateResponse) and request.method == "POST" and response.status_code == 200:
            context = response.context_data or {}
            forms = [context.get("form"), context.get("webauthn_form")]
            if any(form is not None and form.is_bound and form.errors for form in forms):
                response.status_code = 422
        return response

    return page


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@sensitive_post_parameters("password")
def invitation(request: HttpRequest, key: str) -> HttpResponse:
    """Let somebody who was invited choose a user name and a password, and sign them in."""
    try:
        invited = people.invitation_of(key)
    except Refused as error:
        return render(request, "account/invitation.html", {"refused": error.message}, status=410)
    form = AcceptForm(request.POST if request.method == "POST" else None)
    if request.user.is_authenticated:
        form = AcceptForm()
    elif form.is_valid():
        try:
            person = people.accept(key=key, **form.cleaned_data)
        except ValidationError as error:
            form.refuse(error)
        except Refused as error:
            return render(request, "account/invitation.html", {"refused": error.message}, status=410)
        else:
            answer: HttpResponse = perform_login(request, person)
            return answer
    focus(form)
    context = {"form": form, "invitation": invited, "role": DeskRole(invited.role)}
    return render(request, "account/invitation.html", context, status=422 if form.errors else 200)


def _route(address: str, view: View, name: str) -> Any:
    return path(f"accounts/{address}", account_page(view), name=name)


urlpatterns = [
    _route("login/", account.login, "account_login"),
    path("accounts/logout/", never_cache(require_POST(account.logout)), name="account_logout"),
    _route("closed/", account.account_inactive, "account_inactive"),
    _route("confirm/", account.reauthenticate, "account_reauthenticate"),
    _route("password/", account.password_change, "account_change_password"),
    _route("password/set/", account.password_set, "account_set_password"),
    _route("password/forgotten/", account.password_reset, "account_reset_password"),
    _route("password/forgotten/sent/", account.password_reset_done, "account_reset_password_done"),
    re_path(
        r"^accounts/password/new/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)/$",
        account_page(account.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    _route("password/new/done/", account.password_reset_from_key_done, "account_reset_password_from_key_done"),
    path("accounts/invitation/<str:key>/", invitation, name="account_invitation"),
    _route("", mfa.index, "mfa_index"),
    _route("second-factor/", mfa.authenticate, "mfa_authenticate"),
    _route("second-factor/confirm/", mfa.reauthenticate, "mfa_reauthenticate"),
    _route("app/", totp.activate_totp, "mfa_activate_totp"),
    _route("app/remove/", totp.deactivate_totp, "mfa_deactivate_totp"),
    _route("recovery-codes/", recovery.view_recovery_codes, "mfa_view_recovery_codes"),
    _route("recovery-codes/new/", recovery.generate_recovery_codes, "mfa_generate_recovery_codes"),
    _route("passkeys/", webauthn.list_webauthn, "mfa_list_webauthn"),
    _route("passkeys/add/", webauthn.add_webauthn, "mfa_add_webauthn"),
    _route("passkeys/confirm/", webauthn.reauthenticate_webauthn, "mfa_reauthenticate_webauthn"),
    _route("passkeys/login/", webauthn.login_webauthn, "mfa_login_webauthn"),
    _route("passkeys/<int:pk>/remove/", webauthn.remove_webauthn, "mfa_remove_webauthn"),
    _route("passkeys/<int:pk>/rename/", webauthn.edit_webauthn, "mfa_edit_webauthn"),
    _route("sessions/", sessions.list_usersessions, "usersessions_list"),
]
