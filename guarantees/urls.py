"""Every address of the app. English without prefix, German under /de/."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.urls import path

from guarantees.views import changes, crawlers, gallery, methodology, sources, states, summits
from guarantees.views.healthz import healthz

handler400 = "guarantees.views.errors.bad_request"
handler403 = "guarantees.views.errors.permission_denied"
handler404 = "guarantees.views.errors.page_not_found"
handler500 = "guarantees.views.errors.server_error"

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("robots.txt", crawlers.robots, name="robots"),
    path("sitemap.xml", crawlers.sitemap, name="sitemap"),
    *i18n_patterns(
        path("states/", states.state_list, name="state-list"),
        path("states/<slug:code>/", states.state_detail, name="state-detail"),
        path("summits/", summits.summit_list, name="summit-list"),
        path("summits/<slug:slug>/", summits.summit_detail, name="summit-detail"),
        path("sources/", sources.source_list, name="source-list"),
        path("sources/<slug:public_id>/", sources.source_detail, name="source-detail"),
        path("changes/", changes.change_list, name="change-list"),
        path("changes/<int:pk>/", changes.change_detail, name="change-detail"),
        path("methodology/", methodology.methodology, name="methodology"),
        prefix_default_language=False,
    ),
]

if settings.DEBUG:
    urlpatterns += i18n_patterns(
        path("gallery/", gallery.gallery, name="gallery"),
        prefix_default_language=False,
    )
