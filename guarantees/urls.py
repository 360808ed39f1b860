"""Every address of the app. English without prefix, German under /de/."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import path

from guarantees.views import (
    accounts,
    changes,
    crawlers,
    gallery,
    methodology,
    overview,
    pledges,
    search,
    sources,
    states,
    summits,
)
from guarantees.views.desk import aliases as desk_aliases
from guarantees.views.desk import corrections as desk_corrections
from guarantees.views.desk import duplicates as desk_duplicates
from guarantees.views.desk import history as desk_history
from guarantees.views.desk import home as desk_home
from guarantees.views.desk import imports as desk_imports
from guarantees.views.desk import intake as desk_intake
from guarantees.views.desk import kept as desk_kept
from guarantees.views.desk import merges as desk_merges
from guarantees.views.desk import notices as desk_notices
from guarantees.views.desk import people as desk_people
from guarantees.views.desk import publishers as desk_publishers
from guarantees.views.desk import queues as desk_queues
from guarantees.views.desk import review as desk_review
from guarantees.views.desk import sheet as desk_sheet
from guarantees.views.desk import sources as desk_sources
from guarantees.views.desk import summits as desk_summits
from guarantees.views.desk import undo as desk_undo
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
        path("", overview.overview, name="overview"),
        path("search/", search.search, name="search"),
        path("pledges/", pledges.pledge_list, name="pledge-list"),
        path("pledges/<slug:slug>/", pledges.pledge_detail, name="pledge-detail"),
        path("states/", states.state_list, name="state-list"),
        path("states/<slug:code>/", states.state_detail, name="state-detail"),
        path("summits/", summits.summit_list, name="summit-list"),
        path("summits/<slug:slug>/", summits.summit_detail, name="summit-detail"),
        path("sources/", sources.source_list, name="source-list"),
        path("sources/<slug:public_id>/", sources.source_detail, name="source-detail"),
        path("changes/", changes.change_list, name="change-list"),
        path("changes/<int:pk>/", changes.change_detail, name="change-detail"),
        path("methodology/", methodology.methodology, name="methodology"),
        *accounts.urlpatterns,
        path("admin/", admin.site.urls),
        path("desk/", desk_home.desk, name="desk"),
        path("desk/start/", desk_home.start, name="desk-start"),
        path("desk/import/", desk_imports.imports, name="desk-import"),
        path("desk/import/<int:pk>/", desk_imports.detail, name="desk-import-detail"),
        path("desk/notices/", desk_notices.notices, name="desk-notices"),
        path("desk/feed/<slug:key>/", desk_notices.feed, name="desk-feed"),
        path("desk/queues/<slug:name>/", desk_queues.queue, name="desk-queue"),
        path("desk/changesets/<int:pk>/", desk_sheet.sheet, name="desk-sheet"),
        path("desk/changesets/<int:pk>/details/", desk_sheet.details, name="desk-details"),
        path("desk/changesets/<int:pk>/add/<slug:kind>/", desk_sheet.add, name="desk-add"),
        path("desk/changesets/<int:pk>/submit/", desk_sheet.submit, name="desk-submit"),
        path("desk/changesets/<int:pk>/withdraw/", desk_sheet.withdraw, name="desk-withdraw"),
        path("desk/changesets/<int:pk>/comment/", desk_sheet.comment, name="desk-comment"),
        path("desk/changesets/<int:pk>/summit/", desk_summits.edit, name="desk-summit"),
        path("desk/changesets/<int:pk>/summit/new/", desk_summits.add, name="desk-summit-add"),
        path("desk/changesets/<int:pk>/review/", desk_review.review, name="desk-review"),
        path("desk/changesets/<int:pk>/approve/", desk_review.approve, name="desk-approve"),
        path("desk/changesets/<int:pk>/request-changes/", desk_review.request_changes, name="desk-request-changes"),
        path("desk/changesets/<int:pk>/call-back/", desk_review.call_back, name="desk-call-back"),
        path("desk/changesets/<int:pk>/move/", desk_review.move, name="desk-move"),
        path("desk/changesets/<int:pk>/rebase/", desk_review.rebase_onto, name="desk-rebase"),
        path(
            "desk/changesets/<int:pk>/facts/<slug:kind>/<int:fact_pk>/comment/",
            desk_review.comment,
            name="desk-fact-comment",
        ),
        path("desk/changesets/<int:pk>/revert/", desk_history.revert, name="desk-revert"),
        path("desk/facts/<slug:kind>/<int:pk>/correct/", desk_corrections.correct, name="desk-correct"),
        path("desk/facts/<slug:kind>/<int:pk>/retract/", desk_corrections.retract, name="desk-retract"),
        path("desk/facts/<slug:kind>/<int:pk>/history/", desk_history.fact, name="desk-fact"),
        path("desk/versions/<slug:kind>/<int:pk>/", desk_history.versions, name="desk-versions"),
        path("desk/versions/<slug:kind>/<int:pk>/restore/", desk_history.restore, name="desk-restore"),
        path("desk/pledges/<slug:slug>/", desk_history.pledge, name="desk-pledge"),
        path("desk/summits/<slug:slug>/edit/", desk_history.summit, name="desk-summit-edit"),
        path("desk/retractions/<int:pk>/remove/", desk_corrections.unretract, name="desk-unretract"),
        path("desk/rows/<slug:kind>/<int:pk>/delete/", desk_sheet.delete, name="desk-delete"),
        path("desk/rows/<slug:kind>/<int:pk>/sources/", desk_sources.sources, name="desk-sources"),
        path("desk/rows/<slug:kind>/<int:pk>/sources/new/", desk_sources.new, name="desk-source-new"),
        path(
            "desk/rows/<slug:kind>/<int:pk>/sources/<int:source_pk>/remove/",
            desk_sources.remove,
            name="desk-source-remove",
        ),
        path(
            "desk/rows/<slug:kind>/<int:pk>/sources/<int:source_pk>/",
            desk_sources.citation,
            name="desk-citation",
        ),
        path("desk/rows/<slug:kind>/<int:pk>/cells/<slug:name>/", desk_sheet.cell, name="desk-cell"),
        path("desk/kept/<slug:key>/", desk_kept.kept, name="desk-kept"),
        path("desk/people/", desk_people.people, name="desk-people"),
        path("desk/people/invite/", desk_people.invite, name="desk-invite"),
        path("desk/people/<int:pk>/role/", desk_people.role, name="desk-role"),
        path("desk/people/<int:pk>/close/", desk_people.close, name="desk-close-account"),
        path("desk/people/<int:pk>/reopen/", desk_people.reopen, name="desk-reopen-account"),
        path("desk/people/invitations/<int:pk>/send/", desk_people.send, name="desk-invitation-send"),
        path("desk/people/invitations/<int:pk>/withdraw/", desk_people.withdraw, name="desk-invitation-withdraw"),
        path("desk/sources/<int:pk>/", desk_sources.source, name="desk-source"),
        path("desk/undo/", desk_undo.undo, name="desk-undo"),
        path("desk/summits/<slug:slug>/record/", desk_intake.intake, name="desk-intake"),
        path("desk/changesets/<int:pk>/record/attendance/", desk_intake.attend, name="desk-intake-attendance"),
        path("desk/changesets/<int:pk>/record/paste/", desk_intake.paste, name="desk-intake-paste"),
        path("desk/changesets/<int:pk>/record/add/<slug:code>/", desk_intake.add, name="desk-intake-add"),
        path("desk/changesets/<int:pk>/record/<slug:row>/sources/", desk_intake.sources, name="desk-intake-sources"),
        path(
            "desk/changesets/<int:pk>/record/<slug:row>/sources/new/",
            desk_intake.new_source,
            name="desk-intake-source-new",
        ),
        path(
            "desk/changesets/<int:pk>/record/<slug:row>/sources/<int:source_pk>/remove/",
            desk_intake.remove_source,
            name="desk-intake-source-remove",
        ),
        path(
            "desk/changesets/<int:pk>/record/<slug:row>/cells/<slug:name>/",
            desk_intake.cell,
            name="desk-intake-cell",
        ),
        path("desk/changesets/<int:pk>/record/<slug:row>/<slug:deed>/", desk_intake.act, name="desk-intake-act"),
        path("desk/states/<slug:code>/", desk_aliases.aliases, name="desk-aliases"),
        path("desk/states/<slug:code>/add/", desk_aliases.add, name="desk-alias-add"),
        path("desk/states/<slug:code>/<int:pk>/", desk_aliases.edit, name="desk-alias"),
        path("desk/states/<slug:code>/<int:pk>/remove/", desk_aliases.remove, name="desk-alias-remove"),
        path("desk/changesets/<int:pk>/duplicates/", desk_duplicates.duplicates, name="desk-duplicates"),
        path("desk/merge/sources/", desk_merges.merge_sources, name="desk-merge-sources"),
        path("desk/merge/pledges/", desk_merges.merge_pledges, name="desk-merge-pledges"),
        path("desk/publishers/", desk_publishers.publisher_list, name="desk-publishers"),
        path("desk/publishers/<path:name>/", desk_publishers.publisher, name="desk-publisher"),
        prefix_default_language=False,
    ),
]

if settings.DEBUG:
    urlpatterns += i18n_patterns(
        path("gallery/", gallery.gallery, name="gallery"),
        prefix_default_language=False,
    )
