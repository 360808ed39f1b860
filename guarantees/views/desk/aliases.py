"""The other names of a state at the desk: for everybody and at once, with their history kept."""

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
from guarantees.editing import aliases as editing
from guarantees.editing.errors import Refused, Stale
from guarantees.editing.rows import fingerprint
from guarantees.forms.fields import RecordForm
from guarantees.forms.merges import ALIAS_FIELDS, add_alias_form, edit_alias_form
from guarantees.models import State, StateAlias
from guarantees.queries import aliases as queries
from guarantees.views.desk.access import DeskRequest, desk_page, refusal
from guarantees.views.desk.shown import Conflict, focus


def _state(code: str) -> State:
    return get_object_or_404(State, code=code.upper())


def _address(state: State) -> str:
    return reverse("desk-aliases", args=[state.slug])


@require_safe
@desk_page
def aliases(request: DeskRequest, code: str) -> HttpResponse:
    """List the aliases of a state, and what each collides with."""
    return _page(request, _state(code), add_alias_form(auto_id="alias-%s"))


def _page(request: DeskRequest, state: State, form: RecordForm, *, status: int = 200, **more: Any) -> HttpResponse:
    context = {"state": state, "rows": queries.aliases(state), "form": form} | more
    return render(request, "desk/aliases.html", context, status=status)


@require_POST
@desk_page
def add(request: DeskRequest, code: str) -> HttpResponse:
    """Add an alias."""
    state = _state(code)
    form = add_alias_form(request.POST, auto_id="alias-%s")
    if form.is_valid():
        try:
            alias = editing.add_alias(by=request.user, state=state, values=form.cleaned_data)
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Added: %(fact)s") % {"fact": alias})
            return htmx.redirect(request, _address(state))
    focus(form)
    return _page(request, state, form, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def edit(request: DeskRequest, code: str, pk: int) -> HttpResponse:
    """Rename an alias, or move it to another state."""
    state = _state(code)
    alias = get_object_or_404(StateAlias, pk=pk, state=state)
    initial = model_to_dict(alias, fields=list(ALIAS_FIELDS))
    initial |= {"version": alias.version, "seen": fingerprint(alias, ALIAS_FIELDS)}
    form = edit_alias_form(request.POST if request.method == "POST" else None, initial=initial)
    status, conflict = 422 if request.method == "POST" else 200, None
    if form.is_valid():
        values = {name: form.cleaned_data[name] for name in ALIAS_FIELDS}
        version, seen = form.cleaned_data["version"], form.cleaned_data["seen"]
        try:
            written = editing.edit_alias(by=request.user, alias=alias, version=version, seen=seen, values=values)
        except ValidationError as error:
            form.refuse(error)
        except Refused as error:
            return refusal(request, error, _address(state))
        except Stale as stale:
            current: Any = stale.current
            conflict = Conflict(
                f"{values['alias']} · {values['state']}",
                f"{current.alias} · {current.state}",
                stale.who or _("somebody else"),
                stale.when,
            )
            data = request.POST.copy()
            data["version"], data["seen"] = str(current.version), fingerprint(current, ALIAS_FIELDS)
            form, status = edit_alias_form(data, initial=initial), 409
        else:
            messages.success(request, _("Saved: %(name)s") % {"name": written})
            return htmx.redirect(request, _address(written.state))
    focus(form)
    context = {"state": state, "alias": alias, "form": form, "conflict": conflict}
    return render(request, "desk/aliases.html", context, status=status)


@require_POST
@desk_page
def remove(request: DeskRequest, code: str, pk: int) -> HttpResponse:
    """Remove an alias, unless somebody changed it after the page was drawn."""
    state = _state(code)
    alias = StateAlias.objects.filter(pk=pk, state=state).first()
    version = request.POST.get("version", "")
    if alias is not None:
        try:
            number = int(version) if version.isdecimal() and len(version) < 9 else 0
            editing.remove_alias(by=request.user, alias=alias, version=number)
        except Stale as stale:
            sentence = _("“%(alias)s” was changed while you were looking at it. It is still there.")
            return refusal(request, Refused(sentence % {"alias": stale.current}), _address(state))
        messages.success(request, _("Removed: %(source)s") % {"source": alias})
    return htmx.redirect(request, _address(state))
