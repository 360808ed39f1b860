"""Sources at the desk: pick one for a row by search, add one by its address, mend what is known about one."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms.models import model_to_dict
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from guarantees import htmx
from guarantees.editing import citations, facts, references
from guarantees.editing.citations import CITATION_FIELDS
from guarantees.editing.errors import Refused, Stale
from guarantees.editing.rows import fingerprint
from guarantees.forms.facts import source_label
from guarantees.forms.sources import SOURCE_FIELDS, CitationForm, SourceForm, add_form, edit_form
from guarantees.models import Changeset, Source, Summit
from guarantees.queries import desk as desk_queries
from guarantees.views.desk.access import DeskRequest, changeset_or_404, desk_page, refusal, sheet_url
from guarantees.views.desk.proposals import proposal_sentence, with_proposals
from guarantees.views.desk.sheet import (
    SHEET,
    draft_or_404,
    kind_or_404,
    sheet_context,
    sheet_page,
    shown_row,
    with_used,
)
from guarantees.views.desk.shown import Conflict, OpenCitation, Picker, ShownRow, ShownSummit, focus
from guarantees.views.errors import NotRecorded
from guarantees.vocabulary import Credibility

SOURCES = "desk/_sources.html"

Citing = ShownRow | ShownSummit


def _citing(request: DeskRequest, kind: str, pk: int, changeset_pk: str = "") -> tuple[Citing, Changeset]:
    """Return what cites: a draft row, or the summit of a changeset, and the changeset; or answer 404."""
    if kind != "summits":
        of_kind = kind_or_404(kind)
        row = shown_row(request, of_kind, draft_or_404(of_kind, pk))
        return row, changeset_or_404(row.fact.changeset_id)
    summit = get_object_or_404(Summit, pk=pk)
    changeset = summit.changeset
    if changeset_pk.isdecimal():
        changeset = get_object_or_404(Changeset, pk=int(changeset_pk), summit=summit)
    shown = ShownSummit(summit, desk_queries.summit_sources(summit), changeset.is_open, changeset_pk=changeset.pk)
    return shown, changeset_or_404(changeset.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def sources(request: DeskRequest, kind: str, pk: int) -> HttpResponse:
    """Show the choice of a source for a row, and cite the one that is picked."""
    citing, changeset = _citing(request, kind, pk, request.GET.get("changeset", ""))
    if request.method != "POST":
        if "close" in request.GET:
            return _picker_answer(request, citing, changeset)
        query = request.GET.get("q", "")
        citing.picker = Picker(query, desk_queries.find_sources(query), _offered(citing, changeset), _new_form(citing))
        if htmx.wants_fragment(request) and request.htmx.target == f"{citing.anchor}-found":  # type: ignore[attr-defined]  # by its middleware
            context = sheet_context(request, changeset) | {"citing": citing, "picker": citing.picker}
            return htmx.fragment(request, f"{SOURCES}#found", context)
        return _picker_answer(request, citing, changeset)
    source = get_object_or_404(Source, pk=_number(request.POST.get("source", "")))
    return _cite(request, citing, changeset, source)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 19 else 0


def _new_form(citing: Citing, data: Any = None, **options: Any) -> SourceForm:
    return add_form(data, auto_id=f"{citing.anchor}-new-%s", **options)


def _offered(citing: Citing, changeset: Changeset) -> list[Source]:
    return [source for source in desk_queries.used_sources(changeset) if source not in citing.sources]


@require_POST
@desk_page
def new(request: DeskRequest, kind: str, pk: int) -> HttpResponse:
    """Add a source by its address (or find it on record) and cite it.

    With ``?propose`` nothing is written: the form comes back with what its address suggests, in empty fields only. A
    form that lacks what the address suggests comes back the same way, to be confirmed.
    """
    citing, changeset = _citing(request, kind, pk, request.GET.get("changeset", ""))
    form = _new_form(citing, request.POST)
    present = references.source_at(form.data.get("url", ""))
    data, proposed = with_proposals(form)
    if "propose" in request.GET:
        form = _new_form(citing, initial=data.dict())
        return _new_answer(request, citing, changeset, form, proposed, present)
    if form.is_valid():
        try:
            source = references.add_source(by=request.user, values=form.cleaned_data)
        except ValidationError as error:
            form.refuse(error)
        else:
            return _cite(request, citing, changeset, source)
    elif "url" in form.cleaned_data and present:
        # An address is enough where the source is on record already.
        return _cite(request, citing, changeset, present)
    elif any(name in form.errors for name in proposed):
        form = _new_form(citing, data)
        return _new_answer(request, citing, changeset, form, proposed, status=422)
    return _new_answer(request, citing, changeset, form, [], status=422)


def _new_answer(
    request: DeskRequest,
    citing: Citing,
    changeset: Changeset,
    form: SourceForm,
    proposed: list[str],
    present: Source | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    """Show the form for a new source again, and say which of its fields hold proposals."""
    focus(form, next((name for name in SOURCE_FIELDS if not form[name].value()), "title"))
    said = proposal_sentence(form, proposed)
    citing.picker = Picker("", [], _offered(citing, changeset), form, True, said, present)
    if htmx.wants_fragment(request) and "propose" in request.GET:
        context = sheet_context(request, changeset) | {"citing": citing, "picker": citing.picker}
        announce = _("This source is on record already.") if present else said
        return htmx.fragment(request, f"{SOURCES}#new-form", context, announce=announce)
    return _picker_answer(request, citing, changeset, status=status)


@require_POST
@desk_page
def remove(request: DeskRequest, kind: str, pk: int, source_pk: int) -> HttpResponse:
    """Take a source off a row."""
    citing, changeset = _citing(request, kind, pk, request.GET.get("changeset", ""))
    source = get_object_or_404(Source, pk=source_pk)
    try:
        if isinstance(citing, ShownSummit):
            references.uncite_summit(by=request.user, summit=citing.summit, source=source)
        else:
            facts.uncite(by=request.user, fact=citing.fact, source=source)
    except Refused as error:
        return refusal(request, error, sheet_url(changeset, citing.anchor))
    announce = _("Removed: %(source)s") % {"source": source_label(source)}
    return _cited(request, kind, citing, changeset, announce)


def _cite(request: DeskRequest, citing: Citing, changeset: Changeset, source: Source) -> HttpResponse:
    try:
        if isinstance(citing, ShownSummit):
            references.cite_summit(by=request.user, summit=citing.summit, source=source)
        else:
            facts.cite(by=request.user, fact=citing.fact, source=source)
    except Refused as error:
        return refusal(request, error, sheet_url(changeset, citing.anchor))
    announce = _("Source added: %(source)s") % {"source": source_label(source)}
    kind = "summits" if isinstance(citing, ShownSummit) else citing.kind.name
    return _cited(request, kind, citing, changeset, announce)


def _cited(request: DeskRequest, kind: str, citing: Citing, changeset: Changeset, announce: str) -> HttpResponse:
    """Answer with the sources of a row as they now are, the choice closed."""
    if not htmx.wants_fragment(request):
        messages.success(request, announce)
        return htmx.redirect(request, sheet_url(changeset, citing.anchor))
    pk = citing.summit.pk if isinstance(citing, ShownSummit) else citing.fact.pk
    fresh, changeset = _citing(request, kind, pk, str(changeset.pk))
    fresh.sources_autofocus = True
    part = "cited-summit" if isinstance(fresh, ShownSummit) else "cited-row"
    context = with_used(request, changeset, citing=fresh, row=fresh, summit=fresh)
    return htmx.fragment(request, f"{SHEET}#{part}", context, announce=announce)


def _picker_answer(
    request: DeskRequest, citing: Citing, changeset: Changeset, *, status: int = 200, announce: str = ""
) -> HttpResponse:
    is_summit = isinstance(citing, ShownSummit)
    if htmx.wants_fragment(request):
        context = sheet_context(request, changeset) | {"citing": citing, "row": citing, "summit": citing}
        part = "summit-picker" if is_summit else "row-picker"
        return htmx.fragment(request, f"{SOURCES}#{part}", context, status=status, announce=announce)
    if isinstance(citing, ShownSummit):
        return sheet_page(request, changeset, status=status, summit=citing)
    return sheet_page(request, changeset, status=status, opened=citing)


@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def citation(request: DeskRequest, kind: str, pk: int, source_pk: int) -> HttpResponse:
    """Show where in a source a draft's fact stands and how far it can be believed, and save what is sent.

    With ``?propose`` nothing is written: the form comes back with the number that the ticked facts suggest.
    """
    row, changeset = _citing(request, kind, pk)
    cited = None
    if isinstance(row, ShownRow):
        cited = row.fact.citations.select_related("source").filter(source=source_pk).first()
    if cited is None or not isinstance(row, ShownRow):
        raise NotRecorded(_("This row does not cite that source."))
    if request.method != "POST" or "propose" in request.GET:
        row.picker = _open_citation(row, cited, request.POST if request.method == "POST" else None)
        announce = f"{row.picker.proposal.credibility.label}. {row.picker.proposal.reason}"
        return _picker_answer(request, row, changeset, announce=announce if "propose" in request.GET else "")
    form = CitationForm(request.POST, auto_id=f"{row.anchor}-citation-%s")
    if not form.is_valid():
        row.picker = OpenCitation(cited, form, citations.proposed_credibility(**form.facts))
        focus(form)
        return _picker_answer(request, row, changeset, status=422)
    values = {name: form.cleaned_data[name] for name in CITATION_FIELDS}
    try:
        citations.edit_citation(
            by=request.user, fact=row.fact, source=cited.source, seen=form.cleaned_data["seen"], values=values
        )
    except ValidationError as error:
        form.refuse(error)
        row.picker = OpenCitation(cited, form, citations.proposed_credibility(**form.facts))
        return _picker_answer(request, row, changeset, status=422)
    except Refused as error:
        return refusal(request, error, sheet_url(changeset, row.anchor))
    except Stale as stale:
        row.picker = _open_citation(row, stale.current, request.POST)
        mine, theirs = _citation_in_words(values), _citation_in_words(model_to_dict(stale.current))
        row.picker.conflict = Conflict(mine, theirs, stale.who or _("somebody else"), stale.when)
        return _picker_answer(request, row, changeset, status=409)
    announce = _("Saved: %(source)s") % {"source": source_label(cited.source)}
    return _cited(request, kind, row, changeset, announce)


def _citation_in_words(values: Mapping[str, Any]) -> str:
    number = values["credibility"]
    words = [values["locator"], str(Credibility(str(number)).label) if number else ""]
    return " · ".join(word for word in words if word) or _("empty")


def _open_citation(row: ShownRow, cited: Any, data: Any = None) -> OpenCitation:
    """Return the form of a citation, based on it as it is; what was typed stays, and the number is proposed."""
    initial = {name: getattr(cited, name) for name in CITATION_FIELDS}
    if data is not None:
        initial |= {name: data.get(name, "") for name in CitationForm.base_fields}
    initial["seen"] = fingerprint(cited, CITATION_FIELDS)
    form = CitationForm(initial=initial, auto_id=f"{row.anchor}-citation-%s")
    proposal = citations.proposed_credibility(**form.facts)
    if data is not None and not initial["credibility"]:
        form.initial["credibility"] = proposal.credibility.value
    focus(form, "locator")
    return OpenCitation(cited, form, proposal)


@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def source(request: DeskRequest, pk: int) -> HttpResponse:
    """Mend what is known about a source; for everybody and at once, with its history kept."""
    row = get_object_or_404(Source, pk=pk)
    initial = model_to_dict(row, fields=list(SOURCE_FIELDS))
    initial |= {"version": row.version, "seen": fingerprint(row, SOURCE_FIELDS)}
    form = edit_form(request.POST if request.method == "POST" else None, initial=initial)
    back = request.GET.get("back", "")
    status, conflict = 422 if request.method == "POST" else 200, None
    if form.is_valid():
        values = {name: form.cleaned_data[name] for name in SOURCE_FIELDS}
        try:
            references.edit_source(
                by=request.user,
                source=row,
                version=form.cleaned_data["version"],
                seen=form.cleaned_data["seen"],
                values=values,
            )
        except ValidationError as error:
            form.refuse(error)
        except Stale as stale:
            current: Any = stale.current
            conflict = Conflict(
                source_label(Source(**values)), source_label(current), stale.who or _("somebody else"), stale.when
            )
            data = request.POST.copy()
            data["version"], data["seen"] = str(current.version), fingerprint(current, SOURCE_FIELDS)
            form, status = edit_form(data, initial=initial), 409
        else:
            messages.success(request, _("Saved."))
            safe = url_has_allowed_host_and_scheme(back, allowed_hosts=None) and back.startswith("/")
            return htmx.redirect(request, back if safe else request.path)
    focus(form)
    return render(request, "desk/source.html", {"source": row, "form": form, "conflict": conflict}, status=status)
