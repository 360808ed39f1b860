"""How django-allauth behaves here: nobody signs up, redirects stay on this site, and every sentence is ours."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guarantees.editing.people import ADMINISTER
from guarantees.editing.rows import WRITE

SAID = {
    "account/messages/password_changed.txt": gettext_lazy("Your password is changed."),
    "account/messages/password_set.txt": gettext_lazy("Your password is set."),
    "mfa/messages/totp_activated.txt": gettext_lazy("The authenticator app is set up."),
    "mfa/messages/totp_deactivated.txt": gettext_lazy("The authenticator app is no longer asked for."),
    "mfa/messages/webauthn_added.txt": gettext_lazy("The passkey is added."),
    "mfa/messages/webauthn_removed.txt": gettext_lazy("The passkey is removed."),
    "mfa/messages/recovery_codes_generated.txt": gettext_lazy("There are new recovery codes; the old ones are void."),
    "usersessions/messages/sessions_logged_out.txt": gettext_lazy("All other sessions are signed out."),
}
"""What a person is told after a deed; other messages of allauth's are not needed."""


class AccountAdapter(DefaultAccountAdapter):
    """Accounts by invitation only."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "account_inactive": gettext_lazy("This account has been closed."),
        "enter_current_password": gettext_lazy("This is not your present password."),
        "incorrect_password": gettext_lazy("This is not your password."),
        "email_password_mismatch": gettext_lazy("No account has this e-mail address and this password."),
        "username_password_mismatch": gettext_lazy("No account has this user name and this password."),
        "too_many_login_attempts": gettext_lazy("Too many attempts. Please wait five minutes."),
        "rate_limited": gettext_lazy("Too many attempts. Please wait a minute."),
        "incorrect_code": gettext_lazy("This code is not right, or no longer."),
        "invalid_password_reset": gettext_lazy("This link has been used, or is too old."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up: an invitation leads to a page of ours."""
        return False

    def is_safe_url(self, url: str | None) -> bool:
        """Whether ``next`` may be followed: to this very site only, whatever other hosts are allowed."""
        request = context.request
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Lead people to what they may use: the desk, the people, or the public pages."""
        user = request.user
        if not user.has_perm(WRITE):
            return reverse("desk-people") if user.has_perm(ADMINISTER) else reverse("overview")
        return reverse("desk")

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Back to the page of the account."""
        return reverse("mfa_index")

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        """Say one of our sentences, or what was given as text."""
        text = message or SAID.get(message_template or "")
        if text:
            super().add_message(request, level, message=str(text), extra_tags=extra_tags)


class MfaAdapter(DefaultMFAAdapter):
    """Second factors: an authenticator app, passkeys, recovery codes."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "cannot_delete_authenticator": gettext_lazy("A second factor is obligatory here. Add a passkey first."),
        "cannot_generate_recovery_codes": gettext_lazy("Recovery codes need an authenticator app or a passkey."),
        "incorrect_code": gettext_lazy("This code is not right, or no longer."),
    }

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Whether a factor may go: not the last one where one is obligatory."""
        others = Authenticator.objects.filter(user=authenticator.user, type__in=FACTORS).exclude(pk=authenticator.pk)
        return not settings.REQUIRE_MFA or bool(others.exists())

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Authenticator.Type) -> str:
        """Propose a name for a new passkey."""
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return _("Passkey %(number)d") % {"number": number}

    def build_totp_svg(self, url: str) -> str:
        """Draw the QR code as SVG that can stand in the page itself; the policy allows no ``data:`` images."""
        svg: str = super().build_totp_svg(url)
        return svg[svg.index("<svg") :]


FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


def has_second_factor(user: User | AnonymousUser) -> bool:
    """Whether a person signs in with more than a password."""
    return bool(Authenticator.objects.filter(user_id=user.pk, type__in=FACTORS).exists())


def lacks_second_factor(user: User | AnonymousUser) -> bool:
    """Whether the house rule ``REQUIRE_MFA`` keeps a person out until they have set up a second factor."""
    return bool(settings.REQUIRE_MFA) and not has_second_factor(user)
