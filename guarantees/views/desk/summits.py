"""Summits at the desk: describe a new one, change the description of one."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms.models import model_to_dict
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from guarantees import htmx
from guarantees.editing import references
from guarantees.editing.errors import Refused, Stale
from guarantees.editing.rows import fingerprint
from guarantees.forms.summits import SUMMIT_FIELDS, add_form, edit_form
from guarantees.views.desk.access import DeskRequest, changeset_or_404, desk_page, sheet_url
from guarantees.views.desk.shown import Conflict, focus
from guarantees.views.errors import NotRecorded


@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def add(request: DeskRequest, pk: int) -> HttpResponse:
    """Describe the new summit that a changeset is about."""
    changeset = changeset_or_404(pk)
    form = add_form(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            references.add_summit(by=request.user, changeset=changeset, values=form.cleaned_data)
        except ValidationError as error:
            form.refuse(error)
        except Refused as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, _("The summit is drafted. Record who came and what came of it."))
            return htmx.redirect(request, sheet_url(changeset))
    focus(form)
    context = {"changeset": changeset, "form": form}
    return render(request, "desk/summit.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def edit(request: DeskRequest, pk: int) -> HttpResponse:
    """Change the description of the summit that a changeset is about."""
    changeset = changeset_or_404(pk)
    summit = changeset.summit
    if summit is None:
        raise NotRecorded(_("This changeset is about no summit."))
    initial = model_to_dict(summit, fields=list(SUMMIT_FIELDS))
    initial |= {"version": summit.version, "seen": fingerprint(summit, SUMMIT_FIELDS)}
    form = edit_form(request.POST if request.method == "POST" else None, initial=initial)
    status, conflict = 422 if request.method == "POST" else 200, None
    if form.is_valid():
        try:
            references.edit_summit(
                by=request.user,
                summit=summit,
                version=form.cleaned_data["version"],
                seen=form.cleaned_data["seen"],
                values={name: form.cleaned_data[name] for name in SUMMIT_FIELDS},
            )
        except ValidationError as error:
            form.refuse(error)
        except Refused as error:
            form.add_error(None, error.message)
            status = 409
        except Stale as stale:
            current: Any = stale.current
            conflict = Conflict(
                _in_words(form.cleaned_data), _in_words(vars(current)), stale.who or _("somebody else"), stale.when
            )
            data = request.POST.copy()
            data["version"], data["seen"] = str(current.version), fingerprint(current, SUMMIT_FIELDS)
            form, status = edit_form(data, initial=initial), 409
        else:
            messages.success(request, _("Saved."))
            return htmx.redirect(request, sheet_url(changeset))
    focus(form)
    context = {"changeset": changeset, "summit": summit, "form": form, "conflict": conflict}
    return render(request, "desk/summit.html", context, status=status)


def _in_words(values: Any) -> str:
    """Return the fields of a summit that people tell apart, in one line."""
    names = ("title", "start_date", "end_date", "city", "reported_participants", "participants_note", "summary")
    return " · ".join(str(values[name]) for name in names if values.get(name) not in (None, ""))
