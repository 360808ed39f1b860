"""Forms for accounts: sign in, passwords, second factors; and for those who invite people."""

import struct
from typing import Any

from allauth.account import forms as account_forms
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp_forms
from allauth.mfa.webauthn import forms as webauthn_forms
from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy

from guarantees.forms.fields import RecordForm
from guarantees.vocabulary import DeskRole

GOOD_PASSWORD = gettext_lazy(
    "At least 12 characters, and not a common one. Three or four words that do not belong together do well."
)


def _plain(form: forms.Form) -> None:
    """Take away the placeholders, which repeat the label, and the helps of allauth's, which hold markup."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)
        field.help_text = ""


class SignInForm(account_forms.LoginForm):
    """Sign in with a user name or an e-mail address, and a password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self)
        self.fields["login"].label = gettext_lazy("User name or e-mail address")
        self.fields["login"].widget.attrs |= {"autocomplete": "username webauthn", "autofocus": True}
        self.fields["password"].label = gettext_lazy("Password")


class ConfirmPasswordForm(account_forms.ReauthenticateForm):
    """Confirm with the password before something delicate."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self)
        self.fields["password"].label = gettext_lazy("Password")


class ChangePasswordForm(account_forms.ChangePasswordForm):
    """Change the password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self)
        del self.fields["password2"]
        self.fields["oldpassword"].label = gettext_lazy("Present password")
        _new_password(self)


class SetPasswordForm(account_forms.SetPasswordForm):
    """Set a password where there is none."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self)
        del self.fields["password2"]
        _new_password(self)


class NewPasswordForm(account_forms.ResetPasswordKeyForm):
    """Choose a new password after following the link in an e-mail."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self)
        del self.fields["password2"]
        _new_password(self)


def _new_password(form: forms.Form) -> None:
    form.fields["password1"].label = gettext_lazy("New password")
    form.fields["password1"].help_text = GOOD_PASSWORD


class ForgottenPasswordForm(account_forms.ResetPasswordForm):
    """Ask for a link to a new password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self)
        self.fields["email"].label = gettext_lazy("E-mail address")


def _code(form: forms.Form) -> None:
    _plain(form)
    form.fields["code"].label = gettext_lazy("Code")
    form.fields["code"].widget.attrs |= {"inputmode": "numeric", "autofocus": True, "spellcheck": "false"}


class SecondFactorForm(mfa_forms.AuthenticateForm):
    """The code of an authenticator app, or a recovery code, after the password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _code(self)


class ConfirmCodeForm(mfa_forms.ReauthenticateForm):
    """Confirm with a code before something delicate."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _code(self)


class ActivateAppForm(totp_forms.ActivateTOTPForm):
    """Prove that the authenticator app shows the right code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _code(self)
        self.fields["code"].label = gettext_lazy("Code that the app shows")


MALFORMED = (KeyError, IndexError, TypeError, ValueError, AttributeError, struct.error)
"""What reading an answer that no browser made may raise: the library trusts that its parts are there."""


def _not_a_passkey() -> forms.ValidationError:
    return forms.ValidationError(gettext_lazy("The browser's answer cannot be read. Please try again."))


class PasskeySignInForm(webauthn_forms.LoginWebAuthnForm):
    """Sign in with a passkey alone."""

    def clean_credential(self) -> Authenticator:
        """Refuse what is no answer of a browser."""
        try:
            return super().clean_credential()
        except MALFORMED as error:
            raise _not_a_passkey() from error


class PasskeyFactorForm(webauthn_forms.AuthenticateWebAuthnForm):
    """A passkey after the password."""

    def clean_credential(self) -> Authenticator:
        """Refuse what is no answer of a browser."""
        try:
            return super().clean_credential()
        except MALFORMED as error:
            raise _not_a_passkey() from error


class ConfirmPasskeyForm(webauthn_forms.ReauthenticateWebAuthnForm):
    """Confirm with a passkey before something delicate."""

    def clean_credential(self) -> Authenticator:
        """Refuse what is no answer of a browser."""
        try:
            return super().clean_credential()
        except MALFORMED as error:
            raise _not_a_passkey() from error


class AddPasskeyForm(webauthn_forms.AddWebAuthnForm):
    """Name a passkey; the browser adds the key itself."""

    def clean(self) -> dict[str, Any]:
        """Refuse what is no answer of a browser."""
        try:
            values: dict[str, Any] = super().clean()
        except MALFORMED as error:
            raise _not_a_passkey() from error
        return values

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self)
        self.fields["name"].label = gettext_lazy("Name")
        self.fields["name"].validators.append(MaxLengthValidator(100))
        self.fields["name"].help_text = gettext_lazy("So that you know it again, such as “Office laptop”.")
        if "passwordless" in self.fields:
            self.fields["passwordless"].label = gettext_lazy(
                "Sign in with this key alone, without user name and password"
            )


class RenamePasskeyForm(webauthn_forms.EditWebAuthnForm):
    """Give a passkey another name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self)
        self.fields["name"].label = gettext_lazy("Name")
        self.fields["name"].validators.append(MaxLengthValidator(100))


class RoleField(forms.TypedChoiceField):
    """A choice of one role of the desk."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=DeskRole.choices, label=gettext_lazy("Role"), **options)


class InviteForm(RecordForm):
    """Invite somebody by e-mail."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    role = RoleField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].widget.attrs.pop("maxlength", None)


class RoleForm(RecordForm):
    """Give a person a role."""

    role = RoleField()


class AcceptForm(RecordForm):
    """Choose user name and password of the account that an invitation offers."""

    username = forms.CharField(
        label=gettext_lazy("User name"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True}),
        help_text=gettext_lazy("Everybody at the desk sees it. Letters, digits and the signs . + - _"),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=GOOD_PASSWORD,
    )
