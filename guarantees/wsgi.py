"""The entry point for a web server: `gunicorn guarantees.wsgi`."""

import os

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guarantees.settings")

if not os.environ.get("SECRET_KEY"):
    raise ImproperlyConfigured("SECRET_KEY is not set. Set it to a long random text and keep it secret.")
if not os.environ.get("DATABASE_URL"):
    raise ImproperlyConfigured("DATABASE_URL is not set. Only manage.py starts the embedded PostgreSQL.")

application = get_wsgi_application()
