"""Corrections and retractions, made where a reader sees the fact."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms.models import model_to_dict
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from guarantees import htmx, publication
from guarantees.editing import corrections, facts, references
from guarantees.editing.changesets import MODELS
from guarantees.editing.errors import Refused
from guarantees.forms.corrections import CorrectionForm, RetractionForm, correction_form
from guarantees.forms.facts import BY_FACT_KIND, Kind
from guarantees.forms.sources import SourceForm, add_form
from guarantees.models import Changeset, Participation, PledgeUpdate, Retraction
from guarantees.queries import changes
from guarantees.queries import corrections as correction_queries
from guarantees.queries import desk as desk_queries
from guarantees.views.desk.access import DeskRequest, changeset_or_404, desk_page, refusal, sheet_url
from guarantees.views.desk.sheet import SHEET, with_count
from guarantees.views.desk.shown import focus
from guarantees.views.errors import NotRecorded
from guarantees.vocabulary import ChangesetState

CORRECT = "desk/correct.html"
RETRACT = "desk/retract.html"


def fact_or_404(request: DeskRequest, kind: str, pk: int) -> Any:
    """Return a fact that is or was public, with everything that its pages name, or answer 404."""
    model = MODELS.get(kind)
    if model is None:
        raise NotRecorded(_("There is no such kind of fact."))
    joins = changes.KINDS[kind.replace("_", "-")].joins
    known = model._default_manager.filter(pk=pk, known__startswith__lte=request.present.known)
    fact = known.select_related("changeset", *joins).prefetch_related("sources").first()
    if fact is None:
        raise NotRecorded(_("No public fact has this number."))
    return fact


def public_url(fact: Any) -> str:
    """Return the address of the public page on which a fact stands."""
    match fact:
        case PledgeUpdate():
            return f"{reverse('pledge-detail', args=[fact.pledge.slug])}#{fact.public_id}"
        case Participation():
            return f"{reverse('summit-detail', args=[fact.summit.slug])}#attendance"
    if getattr(fact, "pledge", None):
        return reverse("pledge-detail", args=[fact.pledge.slug])
    if getattr(fact, "state", None):
        return f"{reverse('state-detail', args=[fact.state.slug])}#positions"
    if getattr(fact, "summit", None):
        return f"{reverse('summit-detail', args=[fact.summit.slug])}#claims"
    return reverse("desk-fact", args=[correction_queries.kind_of(fact).value, fact.pk])


def _columns(kind: Kind, wanted: str) -> tuple[str, ...]:
    """Return the columns to correct: all, or those that stand in one cell with the one that is wanted."""
    for cell in kind.cells:
        if wanted and (wanted == cell.name or wanted in cell.fields):
            return cell.fields
    return kind.columns


@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def correct(request: DeskRequest, kind: str, pk: int) -> HttpResponse:
    """Show the form that corrects a public fact in place, and draft (or publish) the correction."""
    fact = fact_or_404(request, kind, pk)
    if request.method != "POST" and "show" in request.GET:
        return _tools(request, fact, kind)
    of_kind = BY_FACT_KIND[kind]
    current = publication.newest(fact, request.present.known)
    columns = _columns(of_kind, request.GET.get("field", ""))
    form = _correction_form(request, of_kind, columns, fact)
    source_form = add_form(request.POST if request.method == "POST" else None, prefix="source", auto_id="new-%s")
    status = 200
    if request.method == "POST":
        status = 422
        new_source = _new_source(source_form)
        if current is None or current.pk != fact.pk:
            status = 409
        elif form.is_valid() and (new_source is not None or not source_form.data.get("source-url", "").strip()):
            try:
                draft = corrections.correct(
                    by=request.user,
                    fact=fact,
                    values=form.fact_values(),
                    sources=form.cleaned_data["sources"],
                    new_source=new_source,
                    reason=form.cleaned_data["reason"],
                    changeset=form.cleaned_data["changeset"],
                    kind=form.correction_kind(),
                )
            except ValidationError as error:
                _refuse(form, source_form, error)
            except Refused as error:
                form.add_error(None, [error.message, *error.problems])
                status = 409
            else:
                return _corrected(request, fact, kind, draft.changeset)
    focus(form)
    context = {
        "fact": fact,
        "kind": of_kind,
        "tools": _tools_of(fact, request),
        "form": form,
        "source_form": source_form,
        "at_once": corrections.at_once(request.user),
        "action": request.get_full_path(),
        "back": public_url(fact),
        **_overtaken(request, fact, current, kind),
    }
    if htmx.wants_fragment(request):
        return htmx.fragment(request, f"{CORRECT}#form", context, status=status)
    return render(request, CORRECT, context, status=status)


def _correction_form(request: DeskRequest, kind: Kind, columns: tuple[str, ...], fact: Any) -> CorrectionForm:
    offered = correction_queries.open_changesets(request.user)
    present = list(fact.sources.all())
    initial = model_to_dict(fact, fields=list(columns))
    initial["sources"] = [source.pk for source in present]
    if len(offered) == 1 and not corrections.at_once(request.user):
        initial["changeset"] = offered[0]
    return correction_form(
        kind,
        columns,
        request.POST if request.method == "POST" else None,
        initial=initial,
        changeset=fact.changeset,
        present=present,
        offered=offered,
        auto_id=f"correct-{fact.pk}-%s",
    )


def _new_source(form: SourceForm) -> dict[str, Any] | None:
    """Return the source that is to be added: by its address alone where that is on record; None if there is none."""
    address = form.data.get("source-url", "").strip()
    if not address:
        form.errors.clear()
        return None
    present = references.source_at(address)
    if present is not None:
        form.errors.clear()
        return {"url": present.url}
    return form.cleaned_data if form.is_valid() else None


def _refuse(form: CorrectionForm, source_form: SourceForm, error: ValidationError) -> None:
    """Show what a write refused beside the field that it names, be it of the fact or of the new source."""
    if hasattr(error, "error_dict") and set(error.error_dict) & set(source_form.fields) - set(form.fields):
        source_form.refuse(error)
    else:
        form.refuse(error)


def _overtaken(request: DeskRequest, fact: Any, current: Any, kind: str) -> dict[str, Any]:
    """Return what stands in the record instead of a fact, beside it, if it has been corrected meanwhile."""
    if current is not None and current.pk == fact.pk:
        return {}
    if current is None:
        return {"is_gone": True}
    newer = fact_or_404(request, kind, current.pk)
    address = reverse("desk-correct", args=[kind, newer.pk])
    query = request.GET.urlencode()
    return {
        "newer": newer,
        "newer_url": f"{address}?{query}" if query else address,
        "newer_differences": changes.differences(fact, newer),
    }


def _corrected(request: DeskRequest, fact: Any, kind: str, changeset: Changeset) -> HttpResponse:
    changeset.refresh_from_db()
    if changeset.state == ChangesetState.APPROVED:
        announce = _("Approved: the page shows it in two seconds.")
    else:
        announce = _("Drafted in “%(title)s”. The page shows it once it is approved.") % {"title": changeset.title}
    if htmx.wants_fragment(request):
        return _tools(request, fact, kind, announce)
    messages.success(request, announce)
    return htmx.redirect(request, public_url(fact))


def _tools_of(fact: Any, request: DeskRequest) -> Any:
    correction_queries.equip([fact], request.present.known)
    return fact.tools


def _tools(request: DeskRequest, fact: Any, kind: str, announce: str = "") -> HttpResponse:
    """Answer with what stands beside a fact for editors; without script, go back to its page."""
    if not htmx.wants_fragment(request):
        return htmx.redirect(request, public_url(fact))
    context = {"tools": _tools_of(fact, request), "focused": True}
    return htmx.fragment(request, "desk/_tools.html", context, announce=announce)


@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def retract(request: DeskRequest, kind: str, pk: int) -> HttpResponse:
    """Ask for the reason why a public fact is taken off the record, and draft (or publish) the retraction."""
    fact = fact_or_404(request, kind, pk)
    current = publication.newest(fact, request.present.known)
    form = RetractionForm(
        request.POST if request.method == "POST" else None,
        offered=correction_queries.open_changesets(request.user),
        auto_id=f"retract-{fact.pk}-%s",
    )
    status = 200
    if request.method == "POST":
        status = 422
        if current is None or current.pk != fact.pk:
            status = 409
        elif form.is_valid():
            try:
                retraction = corrections.retract(
                    by=request.user,
                    fact=fact,
                    reason=form.cleaned_data["reason"],
                    changeset=form.cleaned_data["changeset"],
                )
            except ValidationError as error:
                form.refuse(error)
            except Refused as error:
                form.add_error(None, [error.message, *error.problems])
                status = 409
            else:
                return _corrected(request, fact, kind, retraction.changeset)
    focus(form)
    context = {
        "fact": fact,
        "kind": BY_FACT_KIND[kind],
        "tools": _tools_of(fact, request),
        "form": form,
        "at_once": corrections.at_once(request.user),
        "action": request.get_full_path(),
        "back": public_url(fact),
        **_overtaken(request, fact, current, kind),
    }
    if htmx.wants_fragment(request):
        return htmx.fragment(request, f"{RETRACT}#form", context, status=status)
    return render(request, RETRACT, context, status=status)


@require_POST
@desk_page
def unretract(request: DeskRequest, pk: int) -> HttpResponse:
    """Take a retraction out of an open changeset."""
    retraction = get_object_or_404(Retraction, pk=pk)
    changeset = changeset_or_404(retraction.changeset_id)
    try:
        facts.unretract(by=request.user, retraction=retraction)
    except Refused as error:
        return refusal(request, error, sheet_url(changeset))
    announce = _("Taken out: %(fact)s stays on record.") % {"fact": retraction.fact.public_id}
    if htmx.wants_fragment(request):
        context = with_count(request, changeset, retractions=desk_queries.retractions(changeset), focus_count=True)
        return htmx.fragment(request, f"{SHEET}#unretracted", context, announce=announce)
    messages.success(request, announce)
    return htmx.redirect(request, sheet_url(changeset))
