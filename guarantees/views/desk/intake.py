"""The intake: a meeting's attendance and outcomes on one page, every cell saved by itself."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from guarantees import htmx
from guarantees.clock import now
from guarantees.editing import changesets, facts, references
from guarantees.editing import intake as editing
from guarantees.editing import undo as undoing
from guarantees.editing.errors import Refused, Stale
from guarantees.editing.intake import LineProblem, Unfilled
from guarantees.editing.rows import fingerprint
from guarantees.forms import facts as fact_forms
from guarantees.forms import intake as forms
from guarantees.forms.facts import source_label
from guarantees.forms.sources import SOURCE_FIELDS, SourceForm
from guarantees.forms.sources import add_form as source_form
from guarantees.models import Changeset, LedgerEntry, Participation, Pledge, PledgeUpdate, Source, State, Summit
from guarantees.queries import desk as desk_queries
from guarantees.queries import intake as queries
from guarantees.views.desk import intake_shown as shown
from guarantees.views.desk import words
from guarantees.views.desk.access import DeskRequest, changeset_or_404, desk_page, refusal, sheet_url
from guarantees.views.desk.intake_shown import Cell, Row, page_url
from guarantees.views.desk.offers import announcement, as_sent
from guarantees.views.desk.proposals import proposal_sentence, with_proposals
from guarantees.views.desk.shown import Conflict, Picker, focus
from guarantees.views.errors import NotRecorded
from guarantees.vocabulary import Status

PAGE = "desk/intake.html"


@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def intake(request: DeskRequest, slug: str) -> HttpResponse:
    """Show the intake of a meeting in the changeset that is asked for, or in the person's own; else start one."""
    summit = queries.summit_of(slug, request.present.known)
    if summit is None:
        raise NotRecorded(_("No meeting with the name “%(slug)s” is on record.") % {"slug": slug})
    wanted = request.GET.get("changeset", "")
    if summit.visible_from is None:
        return intake_page(request, changeset_or_404(summit.changeset_id))
    if wanted:
        changeset = get_object_or_404(Changeset, pk=_number(wanted), summit=summit)
        if not changeset.is_open:
            messages.warning(request, _("This changeset is not open for writing."))
            return htmx.redirect(request, sheet_url(changeset))
        return intake_page(request, changeset_or_404(changeset.pk))
    own = queries.open_changesets(summit, request.user)
    if own and request.method != "POST":
        return intake_page(request, changeset_or_404(own[0].pk))
    return _start(request, summit)


def _start(request: DeskRequest, summit: Summit) -> HttpResponse:
    """Offer to start a changeset about a meeting, in place, and start it."""
    initial = {"title": f"Outcomes of {summit.title}"}
    form = forms.StartHereForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        try:
            changeset = changesets.start(by=request.user, summit=summit, **form.cleaned_data)
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, _("The changeset is started."))
            return htmx.redirect(request, page_url(changeset))
    focus(form, "reason")
    context = {"summit": summit, "form": form}
    return render(request, "desk/intake_start.html", context, status=422 if form.errors else 200)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 19 else 0


def intake_page(
    request: DeskRequest, changeset: Changeset, *, status: int = 200, opened: Row | None = None, **given: Any
) -> HttpResponse:
    """Draw the whole page. ``opened`` is a row to show as it is given: with a form or a choice of sources open."""
    if not changeset.is_open:
        return htmx.redirect(request, sheet_url(changeset))
    content = queries.intake(changeset, editing.summit_of(changeset), request.present)
    base = shown.base_url(changeset)

    def as_given(row: Row) -> Row:
        return opened if opened is not None and opened.anchor == row.anchor else row

    attendees = [as_given(shown.attendance_row(changeset, found, base)) for found in content.attendees]
    delegations = [
        (found.state, [as_given(shown.outcome_row(changeset, outcome, base)) for outcome in found.outcomes])
        for found in content.delegations
    ]
    context = {
        "changeset": changeset,
        "summit": content.summit,
        "summit_sources": content.summit_sources,
        "attendees": [row for row in attendees if row.is_draft or row is opened],
        "on_record": [row for row in attendees if not row.is_draft and row is not opened],
        "delegations": delegations,
        "base": base,
        "progress": content.progress,
        "last_source": content.last_source,
        "attend_form": _attend_form(changeset, queries.absent_states(content)),
        "paste_form": forms.PasteForm(auto_id="paste-%s"),
        "paste_columns": list(forms.COLUMNS.values()),
        "max_lines": forms.MAX_LINES,
    }
    return render(request, PAGE, context | given, status=status)


def _attend_form(changeset: Changeset, absent: Iterable[State], data: Any = None) -> forms.AttendForm:
    of_meeting = desk_queries.summit_sources(changeset.summit)
    used = dict.fromkeys([*of_meeting, *desk_queries.used_sources(changeset)])
    return forms.AttendForm(
        data,
        absent=absent,
        used=used,
        language=get_language() or "en",
        initial={"source": queries.last_source(changeset)},
        auto_id="attend-%s",
    )


def _row(request: DeskRequest, pk: int, name: str) -> Row:
    """Return one row, read anew: ``p12`` is that of a pledge, ``a7`` a state's part in the meeting; or answer 404."""
    changeset = changeset_or_404(pk)
    number = _number(name[1:])
    if changeset.summit is not None and name.startswith("p"):
        outcome = queries.outcome(changeset, number, request.present)
        if outcome is not None:
            return shown.outcome_row(changeset, outcome)
    if name.startswith("a"):
        attendee = queries.attendee(changeset, number, request.present)
        if attendee is not None:
            return shown.attendance_row(changeset, attendee)
    raise NotRecorded(_("This row is not there: it is public, or has been deleted."))


def _fragment(
    request: DeskRequest, part: str, target: str, context: dict[str, Any], *, status: int = 200, announce: str = ""
) -> HttpResponse:
    """Answer with a part of the page and say where it belongs: closed cells and rows do not say it themselves."""
    response = htmx.fragment(request, f"{PAGE}#{part}", context, status=status, announce=announce)
    response["HX-Retarget"], response["HX-Reswap"] = f"#{target}", "outerHTML"
    return response


def _apart(request: DeskRequest, part: str, context: dict[str, Any], announce: str) -> HttpResponse:
    """Answer with parts that each say where they belong."""
    response = htmx.fragment(request, f"{PAGE}#{part}", context, announce=announce)
    response["HX-Reswap"] = "none"
    return response


def _gone(request: DeskRequest, changeset: Changeset, anchor: str, announce: str) -> HttpResponse:
    """Answer that a row is no more; the focus goes to what is said of all rows."""
    context = _counts(changeset) | {"gone": anchor, "focus_progress": True}
    return _apart(request, "gone", context, announce)


def _counts(changeset: Changeset) -> dict[str, Any]:
    """Return what is said of all rows, and the sources that are offered for the next ones."""
    return {
        "changeset": changeset,
        "progress": queries.progress(changeset),
        "last_source": queries.last_source(changeset),
        "attend_form": _attend_form(changeset, ()),
        "oob": True,
    }


def _with_progress(row: Row, **more: Any) -> dict[str, Any]:
    return _counts(row.changeset) | {"row": row, "citing": row} | more


# --- Cells


@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def cell(request: DeskRequest, pk: int, row: str, name: str) -> HttpResponse:
    """Show the form of one cell, and save what it sends; the first cell of a pledge that is saved makes its draft."""
    of_row = _row(request, pk, row)
    wanted = of_row.cells.get(name)
    if wanted is None:
        raise NotRecorded(_("There is no such cell."))
    if request.method != "POST":
        if not (of_row.is_editable and of_row.changeset.is_open):
            raise NotRecorded(_("This changeset is not open for writing."))
        if "show" not in request.GET:
            focus(shown.open_form(wanted))
        else:
            wanted.autofocus = request.GET["show"] != "quiet"
        return _cell_answer(request, wanted)
    form = shown.open_form(wanted, request.POST)
    status = 422
    if form.is_valid():
        before = undoing.present(of_row.fact, wanted.cell.fields) if of_row.is_draft else None
        try:
            written = _write(request, of_row, form)
        except ValidationError as error:
            form.refuse(error)
        except Refused as error:
            form.add_error(None, error.message)
            status = 409
        except Stale as stale:
            _show_conflict(wanted, stale, request.POST)
            status = 409
        else:
            return _saved(request, of_row, written, name, before)
    if wanted.form is not None:
        focus(wanted.form)
    return _cell_answer(request, wanted, status=status)


def _write(request: DeskRequest, row: Row, form: Any) -> PledgeUpdate | Participation:
    based_on = {name: form.cleaned_data[name] for name in ("version", "seen")}
    values = fact_forms.cell_values(form)
    if row.is_draft and based_on["version"]:
        edited: PledgeUpdate | Participation = facts.edit(by=request.user, fact=row.fact, values=values, **based_on)
        return edited
    return editing.record(by=request.user, changeset=row.changeset, pledge=row.fact.pledge, values=values, **based_on)


def _cell_answer(request: DeskRequest, cell: Cell, *, status: int = 200) -> HttpResponse:
    if htmx.wants_fragment(request):
        return _fragment(request, "cell", cell.anchor, {"changeset": cell.row.changeset, "cell": cell}, status=status)
    return intake_page(request, cell.row.changeset, status=status, opened=cell.row)


def _saved(request: DeskRequest, row: Row, fact: Any, name: str, before: dict[str, Any] | None) -> HttpResponse:
    is_begun = not row.is_draft
    fresh = _row(request, row.changeset.pk, row.anchor) if is_begun else shown.with_fact(row, fact)
    cell = fresh.cells[name]
    text = _("Saved: %(cell)s, %(fact)s") % {"cell": cell.label, "fact": fact.public_id}
    announce = announcement(text, fact, cell.cell.fields, before, "intake")
    if not htmx.wants_fragment(request):
        messages.success(request, announce)
        return htmx.redirect(request, fresh.back)
    fresh.saved = _time()
    cell.autofocus = "quiet" not in request.POST
    context = {"changeset": row.changeset, "row": fresh, "cell": cell, "oob": True, "is_begun": is_begun}
    if is_begun:
        context |= _with_progress(fresh)
    return _fragment(request, "saved-cell", cell.anchor, context, announce=announce)


def _show_conflict(cell: Cell, stale: Stale, sent: Any) -> None:
    """Show what was typed beside what somebody else saved; the form is now based on the row as it is."""
    current: Any = stale.current
    current.changeset = cell.row.changeset
    typed, row = cell.form, cell.row
    write = words.OF_CELL[row.kind.name, cell.cell.name]
    theirs = write(current)
    for name, value in fact_forms.cell_values(typed).items() if typed is not None else ():
        setattr(row.fact, name, value)
    mine = write(row.fact)
    cell.conflict = Conflict(
        f"{mine.text} {mine.note}".strip(),
        f"{theirs.text} {theirs.note}".strip(),
        stale.who or _("somebody else"),
        stale.when,
    )
    data = sent.copy()
    data["version"] = str(current.version)
    data["seen"] = fingerprint(current, cell.cell.fields)
    shown.open_form(cell, data)


# --- Undo


def anchor_of(fact: PledgeUpdate | Participation) -> str:
    """Return the id of the row in which a draft stands."""
    return f"p{fact.pledge_id}" if isinstance(fact, PledgeUpdate) else f"a{fact.pk}"


def address_of(fact: Any) -> str:
    """Return the address of the row in which a draft stands."""
    return page_url(changeset_or_404(fact.changeset_id), anchor_of(fact))


def undone(request: DeskRequest, fact: Any, written: Any, before: dict[str, Any]) -> HttpResponse:
    """Answer to an undo: the cells as they were, or the row as it was before it said anything."""
    text = _("Undone: %(fact)s") % {"fact": fact.public_id}
    announce = announcement(text, written, before, before, "intake") if written is not None else text
    changeset = changeset_or_404(fact.changeset_id)
    if not htmx.wants_fragment(request):
        messages.success(request, announce)
        return htmx.redirect(request, page_url(changeset, anchor_of(fact)))
    if written is None and queries.pledge_at(changeset, fact.pledge_id, request.present) is None:
        return _gone(request, changeset, anchor_of(fact), announce)
    row = _row(request, changeset.pk, anchor_of(fact))
    if written is None:
        row.end_autofocus = True
        return _apart(request, "row-again", _with_progress(row), announce)
    cells = [cell for cell in row.cells.values() if set(cell.cell.fields).intersection(before)]
    for place, cell in enumerate(cells):
        cell.autofocus, cell.apart = place == 0, True
    return _apart(request, "undone", _with_progress(row, cells=cells), announce)


def undo_conflict(request: DeskRequest, offered: undoing.Offer, stale: Stale) -> HttpResponse:
    """Show what an undo would have put back beside what somebody else saved since, in the cell."""
    fact: Any = offered.fact
    row = _row(request, fact.changeset_id, anchor_of(fact))
    names = set(offered.values or ())
    cell = next(cell for cell in row.cells.values() if names.intersection(cell.cell.fields))
    data = as_sent(offered.values or {})
    data["version"], data["seen"] = str(offered.version), offered.seen
    form = shown.open_form(cell, data)
    form.is_valid()
    _show_conflict(cell, stale, data)
    if cell.form is not None:
        focus(cell.form)
    return _cell_answer(request, cell, status=409)


# --- What is done to a row with one press

DONE = {
    "reaffirmed": gettext_lazy("Reaffirmed: %(row)s"),
    "withdrawn": gettext_lazy("Withdrawn: %(row)s"),
    "ruled-out": gettext_lazy("Ruled out: %(row)s"),
    "no-mention": gettext_lazy("No mention: %(row)s"),
    "mentioned": gettext_lazy("To be recorded: %(row)s"),
    "delete": gettext_lazy("Deleted: %(row)s"),
    "cite-last": gettext_lazy("Source added: %(row)s"),
}
"""The deeds on a row by their names in addresses, and how each is announced."""


@require_POST
@desk_page
def act(request: DeskRequest, pk: int, row: str, deed: str) -> HttpResponse:
    """Do to a row what one of its buttons says."""
    if deed not in DONE:
        raise NotRecorded(_("There is no such button."))
    of_row = _row(request, pk, row)
    text = DONE[deed] % {"row": of_row.about}
    try:
        written = _act(request, of_row, deed)
    except Refused as error:
        return refusal(request, error, of_row.back)
    except ValidationError as error:
        return refusal(request, Refused(" ".join(error.messages)), of_row.back)
    announce = announcement(text, written, (), None, "intake") if written is not None else text
    if of_row.kind is shown.ATTENDANCE and deed == "delete":
        messages.success(request, announce)
        return htmx.redirect(request, page_url(of_row.changeset, "attendance"))
    if not htmx.wants_fragment(request):
        messages.success(request, announce)
        return htmx.redirect(request, of_row.back)
    return _acted(request, of_row, deed, announce)


def _act(request: DeskRequest, row: Row, deed: str) -> PledgeUpdate | None:
    """Do a deed; return the draft that it created, if it created one."""
    by, changeset = request.user, row.changeset
    if deed == "delete" and row.is_draft:
        facts.delete(by=by, fact=row.fact)
        return None
    if deed == "cite-last":
        source = Source.objects.filter(pk=_number(request.POST.get("last", ""))).first()
        if source is None or not row.is_draft:
            raise Refused(_("No source has been cited yet that could be cited here too."))
        facts.cite(by=by, fact=row.fact, source=source)
        return None
    if row.kind is shown.ATTENDANCE:
        raise Refused(_("There is no such button."))
    pledge = row.fact.pledge
    match deed:
        case "no-mention":
            editing.note_no_mention(by=by, changeset=changeset, pledge=pledge)
        case "mentioned":
            editing.take_back_no_mention(by=by, changeset=changeset, pledge=pledge)
        case "reaffirmed" | "withdrawn" | "ruled-out":
            status = editing.status_in_force(pledge) if deed == "reaffirmed" else Status(deed.replace("-", "_")).value
            written = editing.say(by=by, changeset=changeset, pledge=pledge, status=status)
            return None if row.is_draft else written
    return None


def _acted(request: DeskRequest, row: Row, deed: str, announce: str) -> HttpResponse:
    """Answer to a deed with the parts of the row that it altered."""
    changeset = row.changeset
    if deed == "delete" and queries.pledge_at(changeset, row.fact.pledge_id, request.present) is None:
        return _gone(request, changeset, row.anchor, announce)
    fresh = _row(request, changeset.pk, row.anchor)
    if deed == "cite-last":
        fresh.sources_autofocus = True
        return _fragment(request, "cited", f"{fresh.anchor}-picker", _with_progress(fresh), announce=announce)
    fresh.end_autofocus = True
    if fresh.is_draft:
        fresh.saved = _time()
    if deed in ("no-mention", "mentioned"):
        # Every pledge of the category is done, or to be done, with it.
        others = Pledge.objects.filter(state=fresh.fact.pledge.state_id, category=fresh.fact.pledge.category)
        rows = [
            _row(request, changeset.pk, f"p{other}")
            for other in others.exclude(pk=fresh.fact.pledge_id).values_list("pk", flat=True)
            if LedgerEntry.objects.in_force(request.present).filter(pledge=other).exists()
        ]
        context = _with_progress(fresh, other_rows=rows)
        return _fragment(request, "noted", f"{fresh.anchor}-end", context, announce=announce)
    context = _with_progress(fresh, with_counts=True, oob=False)
    return _fragment(request, "row", fresh.anchor, context, announce=announce)


def _time() -> str:
    return f"{now():%H:%M}"


# --- Sources of a row


@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def sources(request: DeskRequest, pk: int, row: str) -> HttpResponse:
    """Show the choice of a source for a row, and cite the one that is picked."""
    of_row = _row(request, pk, row)
    if request.method == "POST":
        source = get_object_or_404(Source, pk=_number(request.POST.get("source", "")))
        return _cite(request, of_row, source)
    if "close" in request.GET:
        of_row.sources_autofocus = True
        return _picker_answer(request, of_row, closed=True)
    query = request.GET.get("q", "")
    of_row.picker = _picker(of_row, query)
    if htmx.wants_fragment(request) and request.htmx.target == f"{of_row.anchor}-found":  # type: ignore[attr-defined]  # by its middleware
        context = {"changeset": of_row.changeset, "citing": of_row, "picker": of_row.picker}
        return htmx.fragment(request, "desk/_sources.html#found", context)
    return _picker_answer(request, of_row)


def _picker(row: Row, query: str = "", form: SourceForm | None = None) -> Picker:
    offered = [source for source in desk_queries.used_sources(row.changeset) if source not in row.sources]
    found = desk_queries.find_sources(query) if form is None else []
    new_form = form or _new_form(row)
    return Picker(query, found, offered, new_form, is_new_open=form is not None)


def _picker_answer(request: DeskRequest, row: Row, *, status: int = 200, closed: bool = False) -> HttpResponse:
    if htmx.wants_fragment(request):
        part = "cited" if closed else "row-picker"
        return _fragment(request, part, f"{row.anchor}-picker", _with_progress(row), status=status)
    return intake_page(request, row.changeset, status=status, opened=row)


@require_POST
@desk_page
def new_source(request: DeskRequest, pk: int, row: str) -> HttpResponse:
    """Add a source by its address (or find it on record) and cite it; ``?propose`` only fills in what it suggests."""
    of_row = _row(request, pk, row)
    form = _new_form(of_row, request.POST)
    present = references.source_at(form.data.get("url", ""))
    data, proposed = with_proposals(form)
    if "propose" in request.GET:
        return _proposal(request, of_row, _new_form(of_row, initial=data.dict()), proposed, present)
    if form.is_valid():
        try:
            return _cite(request, of_row, references.add_source(by=request.user, values=form.cleaned_data))
        except ValidationError as error:
            form.refuse(error)
    elif "url" in form.cleaned_data and present:
        return _cite(request, of_row, present)
    elif any(name in form.errors for name in proposed):
        form = _new_form(of_row, data)
    else:
        proposed = []
    focus(form)
    of_row.picker = _picker(of_row, form=form)
    of_row.picker.proposed = proposal_sentence(form, proposed)
    return _picker_answer(request, of_row, status=422)


def _new_form(row: Row, data: Any = None, **options: Any) -> SourceForm:
    return source_form(data, auto_id=f"{row.anchor}-new-%s", **options)


def _proposal(
    request: DeskRequest, row: Row, form: SourceForm, proposed: list[str], present: Source | None
) -> HttpResponse:
    """Answer with the form for a new source, its empty fields filled with what its address suggests."""
    focus(form, next((name for name in SOURCE_FIELDS if not form[name].value()), "title"))
    row.picker = _picker(row, form=form)
    row.picker.proposed, row.picker.present = proposal_sentence(form, proposed), present
    if not htmx.wants_fragment(request):
        return intake_page(request, row.changeset, opened=row)
    announce = _("This source is on record already.") if present else row.picker.proposed
    context = {"citing": row, "picker": row.picker, "changeset": row.changeset}
    return htmx.fragment(request, "desk/_sources.html#new-form", context, announce=announce)


@require_POST
@desk_page
def remove_source(request: DeskRequest, pk: int, row: str, source_pk: int) -> HttpResponse:
    """Take a source off a row."""
    of_row = _row(request, pk, row)
    source = get_object_or_404(Source, pk=source_pk)
    try:
        facts.uncite(by=request.user, fact=of_row.fact, source=source)
    except Refused as error:
        return refusal(request, error, of_row.back)
    return _cited(request, of_row, _("Removed: %(source)s") % {"source": source_label(source)})


def _cite(request: DeskRequest, row: Row, source: Source) -> HttpResponse:
    if not row.is_draft:
        return refusal(request, Refused(_("Say first what was said; then name the source.")), row.back)
    try:
        facts.cite(by=request.user, fact=row.fact, source=source)
    except Refused as error:
        return refusal(request, error, row.back)
    return _cited(request, row, _("Source added: %(source)s") % {"source": source_label(source)})


def _cited(request: DeskRequest, row: Row, announce: str) -> HttpResponse:
    if not htmx.wants_fragment(request):
        messages.success(request, announce)
        return htmx.redirect(request, row.back)
    fresh = _row(request, row.changeset.pk, row.anchor)
    fresh.sources_autofocus = True
    return _fragment(request, "cited", f"{fresh.anchor}-picker", _with_progress(fresh), announce=announce)


# --- More rows


@require_POST
@desk_page
def attend(request: DeskRequest, pk: int) -> HttpResponse:
    """Record several states' parts in the meeting; their pledges are on the sheet then."""
    changeset = changeset_or_404(pk)
    if changeset.summit is None:
        raise NotRecorded(_("This changeset is about no meeting."))
    content = queries.intake(changeset, changeset.summit, request.present)
    form = _attend_form(changeset, queries.absent_states(content), request.POST)
    status = 422
    if form.is_valid():
        source = form.cleaned_data["source"]
        try:
            added = editing.attend(
                by=request.user,
                changeset=changeset,
                states=form.cleaned_data["states"],
                role=form.cleaned_data["role"],
                attendance=form.cleaned_data["attendance"],
                sources=[source] if source else [],
            )
        except ValidationError as error:
            form.add_error("states", error.messages)
        except Refused as error:
            form.add_error(None, error.message)
            status = 409
        else:
            number = ngettext("%(n)d state added.", "%(n)d states added.", len(added)) % {"n": len(added)}
            messages.success(request, number)
            return htmx.redirect(request, page_url(changeset, "outcomes"))
    return intake_page(request, changeset, status=status, attend_form=form)


@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def add(request: DeskRequest, pk: int, code: str) -> HttpResponse:
    """Open the form for a pledge of a state that is new with the meeting, and add it."""
    changeset = changeset_or_404(pk)
    state = get_object_or_404(State, code=code.upper())
    form: forms.AddCategoryForm | None = None
    status = 200
    if request.method == "POST":
        form = forms.AddCategoryForm(request.POST, auto_id=f"add-{state.slug}-%s")
        status = 422
        if form.is_valid():
            try:
                update = editing.add_pledge(by=request.user, changeset=changeset, state=state, **form.cleaned_data)
            except ValidationError as error:
                form.refuse(error)
            except Refused as error:
                form.add_error(None, error.message)
                status = 409
            else:
                return _added(request, changeset, state, update)
    elif "show" not in request.GET:
        form = forms.AddCategoryForm(auto_id=f"add-{state.slug}-%s")
    if form is not None:
        focus(form)
    if htmx.wants_fragment(request):
        context = {"changeset": changeset, "base": shown.base_url(changeset), "state": state, "add_form": form}
        context["add_autofocus"] = form is None
        return _fragment(request, "add", f"add-{state.slug}", context, status=status)
    return intake_page(request, changeset, status=status, adding=state, add_form=form)


def _added(request: DeskRequest, changeset: Changeset, state: State, update: PledgeUpdate) -> HttpResponse:
    row = _row(request, changeset.pk, anchor_of(update))
    announce = announcement(_("Added: %(fact)s") % {"fact": update.public_id}, update, (), None, "intake")
    if not htmx.wants_fragment(request):
        messages.success(request, announce)
        return htmx.redirect(request, row.back)
    row.cells["status"].autofocus = True
    row.saved = _time()
    context = _with_progress(row, state=state, base=shown.base_url(changeset))
    return _fragment(request, "added", f"add-{state.slug}", context, announce=announce)


@require_POST
@desk_page
def paste(request: DeskRequest, pk: int) -> HttpResponse:
    """Fill rows from lines copied out of a spreadsheet: all of them, or none and a list of what is wrong."""
    changeset = changeset_or_404(pk)
    form = forms.PasteForm(request.POST, auto_id="paste-%s")
    problems: list[LineProblem] = []
    status = 422
    if form.is_valid():
        languages = [code for code, _label in settings.LANGUAGES]
        rows, problems = forms.read_rows(form.cleaned_data["rows"], queries.states_by_any_name(languages))
        if not problems:
            try:
                written = editing.fill(by=request.user, changeset=changeset, rows=rows)
            except Unfilled as error:
                problems = error.problems
            except Refused as error:
                form.add_error(None, error.message)
                status = 409
            else:
                number = ngettext("%(n)d row filled.", "%(n)d rows filled.", len(written)) % {"n": len(written)}
                messages.success(request, number)
                return htmx.redirect(request, page_url(changeset, "outcomes"))
    focus(form)
    named = [(problem, forms.column_label(problem.column)) for problem in problems]
    return intake_page(request, changeset, status=status, paste_form=form, paste_problems=named)
