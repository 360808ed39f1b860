"""Settings, read from the environment. A wrong value stops the start with a hint.

DATABASE_URL   postgresql://user:password@host:port/name, 15 or newer; default: the embedded PostgreSQL
SECRET_KEY     signs sessions; a public server must set it
ALLOWED_HOSTS  host names under which the server answers, separated by commas; default: this machine
DEBUG          1 or 0 (default): developer's error pages and the gallery of components
HTTPS          1 (default unless DEBUG) or 0: cookies and redirects for a server reached by https
TRUST_PROXY    1 or 0 (default): believe X-Forwarded-Proto and X-Forwarded-For of the one proxy in front
REQUIRE_MFA    1 or 0 (default): the desk and the administration open only to accounts with a second factor
EMAIL_URL      where e-mails go: smtp://user:password@host:25, smtp+tls:// (STARTTLS, 587) or smtps:// (TLS, 465);
               default: console, which prints them
EMAIL_FROM     the sender of e-mails; default: Guarantee Ledger <ledger@localhost>
FOUR_EYES      1 (default) or 0: nobody approves a changeset in which they wrote
SITE_URL       the address of the app, for links in e-mails; default: http://localhost:8000
"""

import hashlib
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from guarantees.database import Unusable, connection_settings

BASE_DIR = Path(__file__).resolve().parent.parent


def flag(name: str, default: bool) -> bool:
    """A switch in the environment: 1 or 0; unset or empty means `default`."""
    value = os.environ.get(name, "").strip().lower()
    if value == "":
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name}={value!r} is not understood. Set it to 1 or 0.")


def email_settings(url: str) -> dict[str, Any]:
    """Django's settings for sending e-mails, from one address (see the top of this file)."""
    if url in {"", "console"}:
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    hint = "EMAIL_URL is not understood. Write it as smtp+tls://user:password@host:587, or console."
    ports = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ImproperlyConfigured(hint) from None
    if parts.scheme not in ports or not parts.hostname or parts.path not in {"", "/"} or parts.query:
        raise ImproperlyConfigured(hint)
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": port or ports[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_TIMEOUT": 10,
    }


def newest_version(changelog: Path) -> str:
    """The version of the topmost entry in the changelog, the only place where it is written."""
    found = re.search(r"^## (\d+\.\d+\.\d+)", changelog.read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise ImproperlyConfigured(f"{changelog.name} has no entry of the form '## 1.2.3 – date'.")
    return found[1]


def build_digest(*folders: Path) -> str:
    """A short digest of everything that decides how a page looks; part of every page's ETag."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix in {".py", ".html", ".svg", ".txt", ".css", ".js", ".mo"}:
                digest.update(path.relative_to(folder).as_posix().encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


VERSION = newest_version(BASE_DIR / "CHANGELOG.md")
BUILD = build_digest(BASE_DIR / "guarantees", BASE_DIR / "templates", BASE_DIR / "static")

# The house rule that whoever wrote in a changeset does not approve it.
FOUR_EYES = flag("FOUR_EYES", default=True)

# --- Security

DEBUG = flag("DEBUG", default=False)
HTTPS = flag("HTTPS", default=not DEBUG)
# Django refuses to sign anything with an empty key; guarantees.wsgi says so at once.
SECRET_KEY = os.environ.get("SECRET_KEY", "")
hosts = os.environ.get("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
# Under which address people reach the app: e-mails that no request asked for need it for their links.
SITE_URL = os.environ.get("SITE_URL", "") or "http://localhost:8000"
ALLOWED_HOSTS = [host.strip() for host in hosts.split(",") if host.strip()]

SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]  # a load balancer asks by plain http
TRUST_PROXY = flag("TRUST_PROXY", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUST_PROXY else None
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True  # forms carry the token; no script reads the cookie
CSRF_FAILURE_VIEW = "guarantees.views.errors.csrf_failure"
LANGUAGE_COOKIE_SECURE = HTTPS
X_FRAME_OPTIONS = "DENY"

# A file that is too large is stopped on its way in; the first of these says how large is too large.
FILE_UPLOAD_HANDLERS = [
    "guarantees.forms.imports.CappedUpload",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# One constant policy without nonces, so that pages can be cached and compared byte for byte.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}

# --- Application

ROOT_URLCONF = "guarantees.urls"
WSGI_APPLICATION = "guarantees.wsgi.application"

INSTALLED_APPS = [
    "guarantees",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.sitemaps",
    "guarantees.apps.AdministrationConfig",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "template_partials",
    "pgtrigger",
    "pghistory",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "guarantees.middleware.explain_method_not_allowed",
    "pghistory.middleware.HistoryMiddleware",
]

# The history of a reference row is never altered; it names who changed the row (readers change nothing).
PGHISTORY_APPEND_ONLY = True
PGHISTORY_MIDDLEWARE_METHODS = ("POST",)

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "guarantees.context.page_frame",
            ],
        },
    },
]

# --- Database, cache, sessions

try:
    # manage.py starts the embedded server and sets the address where none is given.
    DATABASES = {"default": connection_settings(os.environ.get("DATABASE_URL", ""))}
except Unusable as problem:
    raise ImproperlyConfigured(str(problem)) from None
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    # Counts of attempts to sign in. They hold for all processes together, so they live in the database.
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "throttle",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    },
    # Keys carry the publication and the build, so nothing is ever purged; each process keeps its own.
    "pages": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "TIMEOUT": 3600,
        "OPTIONS": {"MAX_ENTRIES": 2000},
    },
}

# --- Accounts: by invitation only; sign-in, second factor and sessions are django-allauth's

REQUIRE_MFA = flag("REQUIRE_MFA", default=False)
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "desk"
LOGOUT_REDIRECT_URL = "overview"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
# A session ends 14 days after its last day of use: the desk renews it once a day (views/desk/access.py).
SESSION_COOKIE_AGE = 14 * 24 * 3600
ACCOUNT_ADAPTER = "guarantees.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*"]
# An address is confirmed by the invitation that was sent to it.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "reset_password": "20/m/ip,5/m/key",
    "reset_password_from_key": "20/m/ip",
    "change_password": "5/m/user",
    "reauthenticate": "10/m/user",
}
ACCOUNT_FORMS = {
    "login": "guarantees.forms.people.SignInForm",
    "reauthenticate": "guarantees.forms.people.ConfirmPasswordForm",
    "change_password": "guarantees.forms.people.ChangePasswordForm",
    "set_password": "guarantees.forms.people.SetPasswordForm",
    "reset_password": "guarantees.forms.people.ForgottenPasswordForm",
    "reset_password_from_key": "guarantees.forms.people.NewPasswordForm",
}
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if TRUST_PROXY else 0
MFA_ADAPTER = "guarantees.accounts.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
# Nobody signs up by themselves, so nobody can block an address that is not theirs.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "Guarantee Ledger"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS  # browsers allow passkeys by http on localhost only
MFA_FORMS = {
    "authenticate": "guarantees.forms.people.SecondFactorForm",
    "reauthenticate": "guarantees.forms.people.ConfirmCodeForm",
    "activate_totp": "guarantees.forms.people.ActivateAppForm",
    "login_webauthn": "guarantees.forms.people.PasskeySignInForm",
    "authenticate_webauthn": "guarantees.forms.people.PasskeyFactorForm",
    "reauthenticate_webauthn": "guarantees.forms.people.ConfirmPasskeyForm",
    "add_webauthn": "guarantees.forms.people.AddPasskeyForm",
    "edit_webauthn": "guarantees.forms.people.RenamePasskeyForm",
}

# --- E-mail

globals().update(email_settings(os.environ.get("EMAIL_URL", "").strip()))
DEFAULT_FROM_EMAIL = os.environ.get("EMAIL_FROM", "").strip() or "Guarantee Ledger <ledger@localhost>"
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# Messages live in the session, so that an anonymous reader never gets a cookie.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# --- Languages and time

USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("de", _("German"))]
LOCALE_PATHS = [BASE_DIR / "guarantees" / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"  # "today" is the UTC date everywhere

# --- Static files

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        ),
    },
}

# --- Logging: to the console, where a process manager collects it

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        # A reader's mistyped address is not a fault of the server.
        "django.request": {"level": "ERROR"},
    },
}
