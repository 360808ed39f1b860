"""Publishers at the desk: how far each can be relied on, and why."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from guarantees import htmx
from guarantees.editing import publishers as editing
from guarantees.editing.errors import Refused, Stale
from guarantees.editing.publishers import RATED_BY
from guarantees.editing.rows import fingerprint
from guarantees.forms.sources import RatingForm
from guarantees.queries import publishers as queries
from guarantees.views.desk.access import DeskRequest, desk_page
from guarantees.views.desk.shown import Conflict, focus
from guarantees.views.errors import NotRecorded
from guarantees.vocabulary import Reliability


@require_safe
@desk_page
def publisher_list(request: DeskRequest) -> HttpResponse:
    """List the publishers that sources name, unrated ones first."""
    rows = queries.publishers()
    unrated = sum(row.rating is None for row in rows)
    return render(request, "desk/publishers.html", {"rows": rows, "unrated": unrated, "letters": list(Reliability)})


@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def publisher(request: DeskRequest, name: str) -> HttpResponse:
    """Rate a publisher by a letter, with a reason; for everybody and at once, with its history kept."""
    row = queries.publisher(name)
    if row is None:
        raise NotRecorded(_("No source on record is published by “%(name)s”.") % {"name": name})
    initial: dict[str, Any] = {"version": 0, "seen": ""}
    if row.rating is not None:
        initial = {column: getattr(row.rating, column) for column in RATED_BY}
        initial |= {"version": row.rating.version, "seen": fingerprint(row.rating, RATED_BY)}
    form = RatingForm(request.POST if request.method == "POST" else None, initial=initial)
    status, conflict = 422 if request.method == "POST" else 200, None
    if form.is_valid():
        try:
            editing.rate(by=request.user, name=name, **form.cleaned_data)
        except ValidationError as error:
            form.refuse(error)
        except Refused as error:
            form.add_error(None, error.message)
            status = 409
        except Stale as stale:
            current: Any = stale.current
            mine = _in_words(form.cleaned_data["reliability"], form.cleaned_data["reason"])
            theirs = _in_words(current.reliability, current.reason)
            conflict = Conflict(mine, theirs, stale.who or _("somebody else"), stale.when)
            data = request.POST.copy()
            data["version"], data["seen"] = str(current.version), fingerprint(current, RATED_BY)
            form, status = RatingForm(data, initial=initial), 409
        else:
            messages.success(request, _("Saved: %(name)s") % {"name": name})
            return htmx.redirect(request, reverse("desk-publishers"))
    focus(form)
    return render(request, "desk/publisher.html", {"row": row, "form": form, "conflict": conflict}, status=status)


def _in_words(reliability: str, reason: str) -> str:
    return f"{reliability} · {reason}"
