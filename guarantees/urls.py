"""Every address of the app. English without prefix, German under /de/."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.urls import path

from guarantees.views import gallery
from guarantees.views.healthz import healthz

handler400 = "guarantees.views.errors.bad_request"
handler403 = "guarantees.views.errors.permission_denied"
handler404 = "guarantees.views.errors.page_not_found"
handler500 = "guarantees.views.errors.server_error"

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    *i18n_patterns(
        prefix_default_language=False,
    ),
]

if settings.DEBUG:
    urlpatterns += i18n_patterns(
        path("gallery/", gallery.gallery, name="gallery"),
        prefix_default_language=False,
    )
