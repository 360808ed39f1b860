"""The sheet of a changeset: its rows, and the deeds on the changeset as a whole."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from guarantees import htmx
from guarantees.editing import changesets, facts
from guarantees.editing import undo as undoing
from guarantees.editing.changesets import LEAD
from guarantees.editing.errors import Refused, Stale
from guarantees.editing.rows import fingerprint
from guarantees.forms import facts as fact_forms
from guarantees.forms.changesets import CommentForm, DetailsForm
from guarantees.forms.fields import RecordForm
from guarantees.models import Changeset, Pledge
from guarantees.models.base import Fact
from guarantees.queries import desk as desk_queries
from guarantees.views.desk.access import DeskRequest, changeset_or_404, desk_page, is_reviewer, refusal, sheet_url
from guarantees.views.desk.offers import announcement, as_sent
from guarantees.views.desk.shown import Conflict, ShownRow, ShownSummit, focus, open_form, place_of
from guarantees.views.errors import NotRecorded
from guarantees.vocabulary import Category, ChangesetState

SHEET = "desk/sheet.html"


@require_safe
@desk_page
def sheet(request: DeskRequest, pk: int) -> HttpResponse:
    """Show everything in a changeset."""
    return sheet_page(request, changeset_or_404(pk))


def sheet_page(
    request: DeskRequest, changeset: Changeset, *, status: int = 200, opened: ShownRow | None = None, **given: Any
) -> HttpResponse:
    """Draw the whole sheet. ``opened`` is a row to show as it is given: with a form or a choice of sources open.

    ``given`` overrides parts of the context, such as ``update_form`` for a row that could not be added.
    """
    content = desk_queries.sheet(changeset, request.present)
    context = sheet_context(request, changeset)
    groups = {name: getattr(content, name) for name in fact_forms.KINDS}
    place = place_of(changeset.pk)
    for name, rows in groups.items():
        shown = [ShownRow(row, fact_forms.KINDS[name], context["is_editable"], place) for row in rows]
        if opened is not None:
            shown = [opened if row.anchor == opened.anchor else row for row in shown]
        context[name] = shown
    context |= {
        "others": [*context["conditions"], *context["claims"], *context["requirements"]],
        "rare_kinds": [fact_forms.KINDS[name] for name in fact_forms.RARE],
        "sheet": content,
        "count": content.count,
        "summit": _shown_summit(content, context["is_editable"]),
        "choose_form": fact_forms.ChoosePledgeForm(auto_id="add-updates-%s"),
        "position_form": add_form("positions", changeset, content.used),
        "participation_form": add_form("participations", changeset, content.used),
        "comment_form": CommentForm(auto_id="comment-%s"),
    }
    return render(request, SHEET, context | given, status=status)


def sheet_context(request: DeskRequest, changeset: Changeset) -> dict[str, Any]:
    """Return what every part of the sheet knows."""
    return {
        "changeset": changeset,
        "is_editable": changeset.is_open,
        "is_reviewer": is_reviewer(request),
        "is_waiting": changeset.state == ChangesetState.SUBMITTED,
    }


def _shown_summit(content: desk_queries.Sheet, is_editable: bool) -> ShownSummit | None:
    summit = content.changeset.summit
    if summit is None:
        return None
    return ShownSummit(summit, content.summit_sources, is_editable, content.changeset.pk)


def with_count(request: DeskRequest, changeset: Changeset, **more: Any) -> dict[str, Any]:
    """Return the context of a fragment that also brings the sheet's counts up to date."""
    return sheet_context(request, changeset) | {"count": desk_queries.count(changeset), "oob": True} | more


def with_used(request: DeskRequest, changeset: Changeset, **more: Any) -> dict[str, Any]:
    """Return the context of a fragment that also brings the offered sources of the open forms up to date.

    What was ticked there came along with the request and stays ticked.
    """
    used = desk_queries.used_sources(changeset)
    offering = {
        "position_form": add_form("positions", changeset, used, ticked=request.POST),
        "participation_form": add_form("participations", changeset, used, ticked=request.POST),
    }
    return with_count(request, changeset, **(offering | more))


def kind_or_404(name: str) -> fact_forms.Kind:
    """Return the kind of rows of that name, or answer 404."""
    kind = fact_forms.KINDS.get(name)
    if kind is None:
        raise NotRecorded(_("There is no such kind of row."))
    return kind


def draft_or_404(kind: fact_forms.Kind, pk: int) -> Any:
    """Return a draft of that kind, or answer 404: a published fact has no address at the desk."""
    drafts: models.QuerySet[Any] = kind.model._default_manager.filter(known__isnull=True)
    draft = drafts.select_related("changeset").filter(pk=pk).first()
    if draft is None:
        raise NotRecorded(_("This row is not a draft: it is public, or has been deleted."))
    return draft


def shown_row(request: DeskRequest, kind: fact_forms.Kind, fact: Fact) -> ShownRow:
    """Return one row, read anew."""
    row = desk_queries.row(fact, request.present)
    return ShownRow(row, kind, row.fact.changeset.is_open, place_of(row.fact.changeset_id))


# --- Cells


@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def cell(request: DeskRequest, kind: str, pk: int, name: str) -> HttpResponse:
    """Show the form of one cell of a draft, and save what it sends."""
    of_kind = kind_or_404(kind)
    wanted = of_kind.cell(name)
    if wanted is None:
        raise NotRecorded(_("There is no such cell."))
    fact = draft_or_404(of_kind, pk)
    row = shown_row(request, of_kind, fact)
    shown = row.cells[name]
    if request.method != "POST":
        if not row.is_editable:
            raise NotRecorded(_("This changeset is not open for writing."))
        if "show" in request.GET:
            shown.autofocus = request.GET["show"] != "quiet"
        else:
            focus(open_form(shown))
        return _cell_answer(request, row, name)
    form = open_form(shown, request.POST)
    status = 422
    if form.is_valid():
        before = undoing.present(fact, shown.cell.fields)
        try:
            written = facts.edit(
                by=request.user,
                fact=fact,
                version=form.cleaned_data["version"],
                seen=form.cleaned_data["seen"],
                values=fact_forms.cell_values(form),
            )
        except ValidationError as error:
            form.refuse(error)
        except Refused as error:
            form.add_error(None, error.message)
            status = 409
        except Stale as stale:
            _show_conflict(row, name, stale, request.POST)
            status = 409
        else:
            return _saved(request, of_kind, written, name, before)
    focus(form)
    return _cell_answer(request, row, name, status=status)


def _cell_answer(request: DeskRequest, row: ShownRow, name: str, *, status: int = 200) -> HttpResponse:
    changeset = row.fact.changeset
    if htmx.wants_fragment(request):
        context = sheet_context(request, changeset) | {"row": row, "cell": row.cells[name]}
        return htmx.fragment(request, f"{SHEET}#cell", context, status=status)
    return sheet_page(request, changeset_or_404(changeset.pk), status=status, opened=row)


def _saved(request: DeskRequest, kind: fact_forms.Kind, fact: Fact, name: str, before: dict[str, Any]) -> HttpResponse:
    changeset = changeset_or_404(fact.changeset_id)
    row = shown_row(request, kind, fact)
    text = _("Saved: %(cell)s, %(fact)s") % {"cell": row.cells[name].label, "fact": fact.public_id}
    announce = announcement(text, fact, row.cells[name].cell.fields, before, "sheet")
    if htmx.wants_fragment(request):
        row.cells[name].autofocus = "quiet" not in request.POST
        context = with_count(request, changeset, row=row, cell=row.cells[name])
        return htmx.fragment(request, f"{SHEET}#saved-cell", context, announce=announce)
    messages.success(request, announce)
    return htmx.redirect(request, sheet_url(changeset, row.anchor))


def _show_conflict(row: ShownRow, name: str, stale: Stale, sent: Any) -> None:
    """Show what was typed beside what somebody else saved; the form is now based on the row as it is."""
    shown = row.cells[name]
    typed = shown.form
    assert typed is not None  # noqa: S101  it has just been sent
    current: Any = stale.current
    theirs = _in_words(current, shown.cell)
    for field_name, value in fact_forms.cell_values(typed).items():
        setattr(row.row.fact, field_name, value)
    mine = _in_words(row.row.fact, shown.cell)
    shown.conflict = Conflict(mine, theirs, stale.who or _("somebody else"), stale.when)
    data = sent.copy()
    data["version"] = str(current.version)
    data["seen"] = fingerprint(current, shown.cell.fields)
    open_form(shown, data)


def _in_words(fact: Any, cell: fact_forms.Cell) -> str:
    """Return the value of a cell in words, without markup."""
    words = []
    for name in cell.fields:
        value = getattr(fact, name)
        display = getattr(fact, f"get_{name}_display", None)
        if isinstance(value, list):
            labels = dict(fact._meta.get_field(name).base_field.choices)
            words += [str(labels[code]) for code in value]
        elif value not in (None, ""):
            words.append(str(display() if display else value))
    return ", ".join(words) or _("empty")


# --- Undo (see desk.undo)


def address_of(fact: Any) -> str:
    """Return the address of the row in which a draft stands."""
    kind = fact_forms.kind_of(fact)
    return sheet_url(changeset_or_404(fact.changeset_id), f"{kind.name}-{fact.pk}")


def undone(request: DeskRequest, fact: Fact, written: Fact, before: dict[str, Any]) -> HttpResponse:
    """Answer to an undo: the cells as they were."""
    announce = announcement(_("Undone: %(fact)s") % {"fact": written.public_id}, written, before, before, "sheet")
    if not htmx.wants_fragment(request):
        messages.success(request, announce)
        return htmx.redirect(request, address_of(fact))
    row = shown_row(request, fact_forms.kind_of(written), written)
    cells = [cell for cell in row.cells.values() if set(cell.cell.fields).intersection(before)]
    for place, cell in enumerate(cells):
        cell.autofocus, cell.apart = place == 0, True
    context = with_count(request, changeset_or_404(fact.changeset_id), row=row, cells=cells)
    response = htmx.fragment(request, f"{SHEET}#undone", context, announce=announce)
    response["HX-Reswap"] = "none"
    return response


def undo_conflict(request: DeskRequest, offered: undoing.Offer, stale: Stale) -> HttpResponse:
    """Show what an undo would have put back beside what somebody else saved since, in the cell."""
    row = shown_row(request, fact_forms.kind_of(offered.fact), offered.fact)
    names = set(offered.values or ())
    cell = next(cell for cell in row.cells.values() if names.intersection(cell.cell.fields))
    data = as_sent(offered.values or {})
    data["version"], data["seen"] = str(offered.version), offered.seen
    open_form(cell, data).is_valid()
    _show_conflict(row, cell.cell.name, stale, data)
    if cell.form is not None:
        focus(cell.form)
    response = _cell_answer(request, row, cell.cell.name, status=409)
    response["HX-Retarget"], response["HX-Reswap"] = f"#{cell.anchor}", "outerHTML"
    return response


# --- Rows


def add_form(
    kind: str, changeset: Changeset, used: list[Any], data: Any = None, *, ticked: Any = None
) -> fact_forms.AddForm:
    """Return the form for a new position or attendance; ``ticked``: a request whose ticks of sources stay."""
    initial: dict[str, Any] = {}
    if ticked is not None:
        initial[f"{kind}_sources"] = ticked.getlist(f"{kind}_sources")
    if kind == "positions":
        form_class = fact_forms.position_form_class()
        if changeset.summit is not None:
            initial |= {"summit": changeset.summit, "date": changeset.summit.start_date}
    else:
        form_class = fact_forms.participation_form_class()
    return form_class(data, changeset=changeset, used=used, initial=initial, auto_id=f"add-{kind}-%s")


@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def add(request: DeskRequest, pk: int, kind: str) -> HttpResponse:
    """Add a row: show the form for it (for updates in two steps) and save what it sends."""
    of_kind = kind_or_404(kind)
    changeset = changeset_or_404(pk)
    if not changeset.is_open:
        return refusal(request, Refused(_("This changeset is not open for writing.")), sheet_url(changeset))
    if kind == "updates":
        return _add_update(request, changeset, of_kind)
    if kind in fact_forms.RARE:
        return _add_rare(request, changeset, of_kind)
    if kind == "participations" and changeset.summit is None:
        error = Refused(_("Attendance needs a summit; this changeset is about none."))
        return refusal(request, error, sheet_url(changeset))
    data = request.POST if request.method == "POST" else None
    form = add_form(kind, changeset, desk_queries.used_sources(changeset), data)
    if form.is_valid():
        values = form.fact_values()
        write: Any = facts.add_position
        if kind == "participations":
            write = facts.add_participation
            values["summit"] = changeset.summit
        answer = _try_to_add(request, changeset, of_kind, form, write, values=values)
        if answer is not None:
            return answer
    focus(form)
    return _add_answer(request, changeset, of_kind, form)


def _add_rare(request: DeskRequest, changeset: Changeset, kind: fact_forms.Kind) -> HttpResponse:
    """Add a fact of a kind that few meetings bring, on a page of its own."""
    writes: dict[str, Any] = {
        "conditions": facts.add_condition_state,
        "claims": facts.add_claim,
        "requirements": facts.add_requirement,
    }
    initial: dict[str, Any] = {}
    if changeset.summit is not None:
        initial = {"summit": changeset.summit, "date": changeset.summit.start_date}
    form = fact_forms.rare_form_class(kind)(
        request.POST if request.method == "POST" else None,
        changeset=changeset,
        used=desk_queries.used_sources(changeset),
        initial=initial,
    )
    if form.is_valid():
        values = form.fact_values()
        answer = _try_to_add(request, changeset, kind, form, writes[kind.name], values=values)
        if answer is not None:
            return answer
    focus(form)
    status = 422 if form.errors else 200
    return render(request, "desk/add.html", {"changeset": changeset, "kind": kind, "form": form}, status=status)


def _add_update(request: DeskRequest, changeset: Changeset, kind: fact_forms.Kind) -> HttpResponse:
    """Add an update: first state and category, then the pledge and what was said."""
    chosen = fact_forms.ChoosePledgeForm(
        request.POST if request.method == "POST" else request.GET or None, auto_id="add-updates-%s"
    )
    if not chosen.is_valid():
        focus(chosen)
        return _add_answer(request, changeset, kind, None, choose_form=chosen)
    state, category = chosen.cleaned_data["state"], chosen.cleaned_data["category"]
    pledges = desk_queries.pledges_of(state, category, changeset, request.present)
    form = _update_form(request, changeset, pledges)
    if form.is_valid():
        by_slug = {pledge.slug: pledge for pledge, _entry in pledges}
        answer = _try_to_add(
            request,
            changeset,
            kind,
            form,
            facts.add_update,
            values=form.fact_values(),
            pledge=by_slug.get(form.cleaned_data["pledge"]),
            state=state,
            category=category,
            title=form.cleaned_data["title"],
        )
        if answer is not None:
            return answer
    focus(form, "status" if pledges else "title")
    more = {"chosen": chosen, "state": state, "category": Category(category), "pledges": pledges}
    return _add_answer(request, changeset, kind, form, **more)


def _update_form(
    request: DeskRequest, changeset: Changeset, pledges: list[tuple[Pledge, Any]]
) -> fact_forms.AddUpdateForm:
    initial: dict[str, Any] = {}
    if changeset.summit is not None:
        initial = {"summit": changeset.summit, "date": changeset.summit.start_date}
    if len(pledges) == 1 and pledges[0][1] is not None:
        initial |= {"pledge": pledges[0][0].slug, "status": pledges[0][1].status}
    return fact_forms.update_form_class()(
        request.POST if request.method == "POST" else None,
        pledges=[(pledge.slug, pledge.title) for pledge, _entry in pledges],
        changeset=changeset,
        used=desk_queries.used_sources(changeset),
        initial=initial,
        auto_id="add-updates-%s",
    )


def _try_to_add(
    request: DeskRequest,
    changeset: Changeset,
    kind: fact_forms.Kind,
    form: fact_forms.AddForm,
    write: Any,
    **what: Any,
) -> HttpResponse | None:
    """Write a new row and answer with it; return None if the write refused it, with the reasons in the form."""
    present = set(kind.model._default_manager.filter(changeset=changeset).values_list("pk", flat=True))
    try:
        fact = write(by=request.user, changeset=changeset, sources=form.ticked_sources(), **what)
    except ValidationError as error:
        form.refuse(error)
        return None
    except Refused as error:
        form.add_error(None, error.message)
        return None
    changeset = changeset_or_404(changeset.pk)
    row = shown_row(request, kind, fact)
    if not htmx.wants_fragment(request) or kind.name in fact_forms.RARE:
        messages.success(request, _("Added: %(fact)s") % {"fact": fact.public_id})
        return htmx.redirect(request, sheet_url(changeset, row.anchor))
    fresh: Any = fact_forms.ChoosePledgeForm(auto_id="add-updates-%s")
    if kind.name != "updates":
        fresh = add_form(kind.name, changeset, desk_queries.used_sources(changeset))
    focus(fresh)
    name = "choose_form" if kind.name == "updates" else f"{kind.name[:-1]}_form"
    context = with_used(request, changeset, row=row, is_new=fact.pk not in present, **{name: fresh})
    announce = _("Added: %(fact)s") % {"fact": fact.public_id}
    return htmx.fragment(request, f"{SHEET}#added-{kind.name}", context, announce=announce)


def _add_answer(
    request: DeskRequest,
    changeset: Changeset,
    kind: fact_forms.Kind,
    form: RecordForm | None,
    *,
    choose_form: Any = None,
    **more: Any,
) -> HttpResponse:
    bound = form if form is not None else choose_form
    status = 422 if bound is not None and bound.errors else 200
    given: dict[str, Any] = {f"{kind.name[:-1]}_form": form, **more}
    if choose_form is not None:
        given["choose_form"] = choose_form
    if htmx.wants_fragment(request):
        context = sheet_context(request, changeset) | given
        return htmx.fragment(request, f"{SHEET}#add-{kind.name}", context, status=status)
    return sheet_page(request, changeset, status=status, adding=kind.name, **given)


@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def delete(request: DeskRequest, kind: str, pk: int) -> HttpResponse:
    """Ask whether to delete a draft row (without script; htmx asks in place), and delete it."""
    of_kind = kind_or_404(kind)
    fact = draft_or_404(of_kind, pk)
    changeset = changeset_or_404(fact.changeset_id)
    if request.method != "POST":
        return render(request, "desk/delete.html", {"changeset": changeset, "row": shown_row(request, of_kind, fact)})
    try:
        facts.delete(by=request.user, fact=fact)
    except Refused as error:
        return refusal(request, error, sheet_url(changeset))
    announce = _("Deleted: %(fact)s") % {"fact": fact.public_id}
    if htmx.wants_fragment(request):
        return htmx.fragment(
            request, f"{SHEET}#counts", with_used(request, changeset, focus_count=True), announce=announce
        )
    messages.success(request, announce)
    return htmx.redirect(request, sheet_url(changeset))


# --- The changeset as a whole


@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def details(request: DeskRequest, pk: int) -> HttpResponse:
    """Change title and reason of a changeset."""
    changeset = changeset_or_404(pk)
    names = ("title", "reason")
    initial = {name: getattr(changeset, name) for name in names}
    initial |= {"version": changeset.version, "seen": fingerprint(changeset, names)}
    form = DetailsForm(request.POST if request.method == "POST" else None, initial=initial)
    status, conflict = 200, None
    if request.method == "POST":
        status = 422
    if form.is_valid():
        try:
            changesets.edit(by=request.user, changeset=changeset, **form.cleaned_data)
        except ValidationError as error:
            form.refuse(error)
        except Refused as error:
            form.add_error(None, error.message)
            status = 409
        except Stale as stale:
            current: Any = stale.current
            conflict = Conflict(
                f"{form.cleaned_data['title']}: {form.cleaned_data['reason']}",
                f"{current.title}: {current.reason}",
                stale.who or _("somebody else"),
                stale.when,
            )
            data = request.POST.copy()
            data["version"], data["seen"] = str(current.version), fingerprint(current, names)
            form, status = DetailsForm(data, initial=initial), 409
        else:
            messages.success(request, _("Saved."))
            return htmx.redirect(request, sheet_url(changeset))
    focus(form)
    return render(
        request, "desk/details.html", {"changeset": changeset, "form": form, "conflict": conflict}, status=status
    )


@require_POST
@desk_page
def submit(request: DeskRequest, pk: int) -> HttpResponse:
    """Hand a changeset to the reviewers; what would stand against it is said at once, and does not hold it up."""
    changeset = changeset_or_404(pk)
    try:
        changesets.submit(by=request.user, changeset=changeset)
    except Refused as error:
        return refusal(request, error, sheet_url(changeset))
    messages.success(request, _("Submitted: a reviewer can look at it now."))
    for problem in changesets.examine(changeset, request.present.known + LEAD).problems:
        messages.warning(request, problem.text)
    return htmx.redirect(request, sheet_url(changeset))


@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def withdraw(request: DeskRequest, pk: int) -> HttpResponse:
    """Ask whether to give a changeset up, and do it."""
    changeset = changeset_or_404(pk)
    if request.method != "POST":
        return render(request, "desk/withdraw.html", {"changeset": changeset})
    try:
        changesets.withdraw(by=request.user, changeset=changeset)
    except Refused as error:
        return refusal(request, error, sheet_url(changeset))
    messages.success(request, _("Withdrawn. What is in it stays readable here."))
    return htmx.redirect(request, sheet_url(changeset))


@require_POST
@desk_page
def comment(request: DeskRequest, pk: int) -> HttpResponse:
    """Add a comment to a changeset."""
    changeset = changeset_or_404(pk)
    form = CommentForm(request.POST, auto_id="comment-%s")
    if form.is_valid():
        try:
            changesets.comment(by=request.user, changeset=changeset, text=form.cleaned_data["text"])
        except ValidationError as error:
            form.refuse(error)
        else:
            form = CommentForm(auto_id="comment-%s")
            if not htmx.wants_fragment(request):
                messages.success(request, _("Comment added."))
                return htmx.redirect(request, sheet_url(changeset, "comments"))
    focus(form)
    status = 422 if form.errors else 200
    if htmx.wants_fragment(request):
        context = sheet_context(request, changeset) | {
            "comments": list(changeset.comments.select_related("author")),
            "comment_form": form,
        }
        announce = "" if form.errors else _("Comment added.")
        return htmx.fragment(request, f"{SHEET}#comments", context, status=status, announce=announce)
    return sheet_page(request, changeset, status=status, comment_form=form)
