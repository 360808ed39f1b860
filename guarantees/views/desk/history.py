"""History at the desk: the chain of a fact, the versions of a reference row, and what undoes a changeset."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms.models import model_to_dict
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from guarantees import htmx
from guarantees.editing import history as histories
from guarantees.editing import references, reversal
from guarantees.editing.changesets import MODELS
from guarantees.editing.errors import Refused, Stale
from guarantees.editing.rows import fingerprint
from guarantees.forms.fields import RecordForm
from guarantees.forms.history import PLEDGE_FIELDS, RestoreForm, RevertForm, pledge_form
from guarantees.forms.summits import SUMMIT_FIELDS
from guarantees.forms.summits import edit_form as summit_form
from guarantees.models import Pledge, Summit
from guarantees.queries import changes
from guarantees.queries import history as history_queries
from guarantees.views.desk.access import DeskRequest, changeset_or_404, desk_page, refusal, sheet_url
from guarantees.views.desk.corrections import public_url
from guarantees.views.desk.shown import Conflict, focus
from guarantees.views.errors import NotRecorded


@require_safe
@desk_page
def fact(request: DeskRequest, kind: str, pk: int) -> HttpResponse:
    """Show all versions of a fact: who wrote each, who reviewed it, why, on which sources, and what it changed."""
    model = MODELS.get(kind)
    if model is None:
        raise NotRecorded(_("There is no such kind of fact."))
    joins = changes.KINDS[kind.replace("_", "-")].joins
    found: Any = model._default_manager.select_related("changeset", *joins).filter(pk=pk).first()
    if found is None:
        raise NotRecorded(_("No fact has this number."))
    is_public = found.known is not None and found.known.lower <= request.present.known
    context = {
        "fact": found,
        "chain": history_queries.chain(found, joins, request.present.known),
        "back": public_url(found) if is_public else sheet_url(found.changeset),
    }
    return render(request, "desk/fact.html", context)


def _row_or_404(kind: str, pk: int) -> Any:
    row = history_queries.reference_row(kind, pk)
    if row is None:
        raise NotRecorded(_("There is no such row."))
    return row


@require_safe
@desk_page
def versions(request: DeskRequest, kind: str, pk: int) -> HttpResponse:
    """Show the versions of a row that is edited in place, each with what it changed, and the way to bring it back."""
    row = _row_or_404(kind, pk)
    edits = history_queries.edits(row)
    context = {
        "row": row,
        "kind": kind,
        "edits": [(edit, edit.version != row.version) for edit in reversed(edits)],
        "can_restore": bool(histories.restorable(row)),
        "back": _public_page(row),
    }
    return render(request, "desk/versions.html", context)


def _public_page(row: Any) -> str:
    """Return the address of the page that shows a row, or the desk where none does."""
    match row._meta.model_name:
        case "summit" if row.visible_from is not None:
            return reverse("summit-detail", args=[row.slug])
        case "pledge" if row.visible_from is not None:
            return reverse("pledge-detail", args=[row.slug])
        case "source":
            return reverse("desk-source", args=[row.pk])
        case "state":
            return reverse("state-detail", args=[row.slug])
        case "statealias" | "membership":
            return reverse("state-detail", args=[row.state.slug])
        case "condition":
            return reverse("methodology")
    return reverse("desk")


@require_POST
@desk_page
def restore(request: DeskRequest, kind: str, pk: int) -> HttpResponse:
    """Bring back an earlier version of a row, as a new version of it."""
    row = _row_or_404(kind, pk)
    back = reverse("desk-versions", args=[kind, pk])
    form = RestoreForm(request.POST)
    if not form.is_valid():
        return refusal(request, Refused(_("This row has no such version.")), back)
    try:
        histories.restore(
            by=request.user, row=row, event=form.cleaned_data["event"], version=form.cleaned_data["version"]
        )
    except Refused as error:
        return refusal(request, error, back)
    except ValidationError as error:
        return refusal(request, Refused(_("It cannot be brought back:"), error.messages), back)
    except Stale as stale:
        who = stale.who or _("somebody else")
        return refusal(
            request, Refused(_("%(who)s changed this row meanwhile. Please look again.") % {"who": who}), back
        )
    messages.success(request, _("Brought back. The version before it stays in the list."))
    return htmx.redirect(request, back)


# --- Rows edited in place on their public pages


@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def pledge(request: DeskRequest, slug: str) -> HttpResponse:
    """Change the title of a pledge, for everybody and at once, with its history kept."""
    row = get_object_or_404(Pledge, slug=slug)

    def write(values: dict[str, Any], version: int, seen: str) -> None:
        references.edit_pledge(by=request.user, pledge=row, version=version, seen=seen, title=values["title"])

    return _edit(request, row, "pledge", PLEDGE_FIELDS, pledge_form, write)


@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def summit(request: DeskRequest, slug: str) -> HttpResponse:
    """Change the description of a summit from its public page, for everybody and at once, with its history kept."""
    row = get_object_or_404(Summit, slug=slug)

    def write(values: dict[str, Any], version: int, seen: str) -> None:
        references.edit_summit(by=request.user, summit=row, version=version, seen=seen, values=values)

    return _edit(request, row, "summit", SUMMIT_FIELDS, summit_form, write)


def _edit(
    request: DeskRequest,
    row: Any,
    kind: str,
    names: tuple[str, ...],
    make_form: Callable[..., RecordForm],
    write: Callable[[dict[str, Any], int, str], None],
) -> HttpResponse:
    """Show the form over some fields of a row, and write what it sends with the optimistic lock."""
    back = _public_page(row) if row.visible_from is not None else sheet_url(row.changeset)
    initial = model_to_dict(row, fields=list(names))
    initial |= {"version": row.version, "seen": fingerprint(row, names)}
    form = make_form(request.POST if request.method == "POST" else None, initial=initial)
    status, conflict = 422 if request.method == "POST" else 200, None
    if form.is_valid():
        values = {name: form.cleaned_data[name] for name in names}
        try:
            write(values, form.cleaned_data["version"], form.cleaned_data["seen"])
        except ValidationError as error:
            form.refuse(error)
        except Refused as error:
            form.add_error(None, error.message)
            status = 409
        except Stale as stale:
            current: Any = stale.current
            theirs = " · ".join(changes.value_in_words(current, current._meta.get_field(name)) for name in names)
            for name, value in values.items():
                setattr(row, name, value)
            mine = " · ".join(changes.value_in_words(row, row._meta.get_field(name)) for name in names)
            conflict = Conflict(mine, theirs, stale.who or _("somebody else"), stale.when)
            data = request.POST.copy()
            data["version"], data["seen"] = str(current.version), fingerprint(current, names)
            form, status = make_form(data, initial=initial), 409
        else:
            messages.success(request, _("Saved."))
            return htmx.redirect(request, back)
    focus(form)
    context = {"row": row, "kind": kind, "form": form, "conflict": conflict, "back": back}
    return render(request, "desk/reference.html", context, status=status)


# --- Revert


@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def revert(request: DeskRequest, pk: int) -> HttpResponse:
    """Ask why a public changeset is to be undone, and draft the changeset that undoes it."""
    changeset = changeset_or_404(pk)
    form = RevertForm(request.POST if request.method == "POST" else None)
    status = 422 if request.method == "POST" else 200
    if form.is_valid():
        try:
            outcome = reversal.revert(by=request.user, changeset=changeset, reason=form.cleaned_data["reason"])
        except ValidationError as error:
            form.refuse(error)
        except Refused as error:
            form.add_error(None, [error.message, *error.problems])
            status = 409
        else:
            messages.success(request, _("Drafted: submit it, and a reviewer can make it public."))
            if outcome.left_out:
                messages.warning(
                    request,
                    _("Left as they are, because they changed since: %(facts)s.")
                    % {"facts": ", ".join(outcome.left_out)},
                )
            return htmx.redirect(request, sheet_url(outcome.changeset))
    focus(form)
    context = {"changeset": changeset, "form": form, "present": history_queries.reverting(changeset)}
    return render(request, "desk/revert.html", context, status=status)
