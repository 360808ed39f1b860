"""The application's settings with what tests want: quick passwords, plain http, no collected static files."""

import os

os.environ.setdefault("SECRET_KEY", "only-for-tests")
os.environ.setdefault("HTTPS", "0")

from guarantees.settings import *  # noqa: F403 - the environment comes first
from guarantees.settings import DATABASES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
if "TEST_DATABASE" in os.environ:
    DATABASES["default"]["TEST"] = {"NAME": os.environ["TEST_DATABASE"]}
# Static files are served from where they stand.
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
