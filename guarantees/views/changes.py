"""The public change log: changesets, and what each brought."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from guarantees.forms.parameters import address, one_of, page_of
from guarantees.queries import changes
from guarantees.views.errors import NotRecorded, Suggestion
from guarantees.views.public import ClockRequest, public_page
from guarantees.views.tools import equipped

CHANGESETS_PER_PAGE = 25
ROWS_PER_PAGE = 50


@public_page
def change_list(request: ClockRequest) -> HttpResponse:
    """List the public changesets, the newest first, with what each brought."""
    page = page_of(request.GET, changes.public_changesets(request.clock), CHANGESETS_PER_PAGE)
    contents = changes.contents(page.object_list)
    return render(
        request,
        "changes/list.html",
        {"page": page, "rows": [(changeset, contents[changeset.pk]) for changeset in page.object_list]},
    )


@public_page
def change_detail(request: ClockRequest, pk: int) -> HttpResponse:
    """Show what one public changeset brought, one kind at a time; corrections with what they changed."""
    public = changes.public_changesets(request.clock)
    changeset = public.filter(pk=pk).first()
    if changeset is None:
        raise NotRecorded(
            _("No public changeset has the number %(number)s.") % {"number": pk},
            [Suggestion(near.title, address(request.clock, "change-detail", near.pk)) for near in public[:5]],
        )
    contents = changes.contents([changeset])[changeset.pk]
    present = [kind.code for kind, _number in contents.kinds]
    kind = changes.KINDS[one_of(request.GET, "kind", changes.KINDS, default=present[0] if present else "update")]
    page = page_of(request.GET, changes.rows(changeset, kind), ROWS_PER_PAGE)
    return render(
        request,
        "changes/detail.html",
        {
            "changeset": changeset,
            "is_editable": equipped(request),
            "contents": contents,
            "kind": kind,
            "page": page,
            "rows": [_shown(kind, row) for row in page.object_list],
            "trail": [(_("Changes"), address(request.clock, "change-list"))],
        },
    )


def _shown(kind: changes.Kind, row: Any) -> tuple[Any, list[changes.Difference]]:
    """Return a row as the template draws it, with what it changed where it corrects an earlier fact."""
    if kind.code == "retraction":
        return changes.retracted(row), []
    return row, changes.differences(row.corrects, row) if kind.is_fact and row.corrects else []
