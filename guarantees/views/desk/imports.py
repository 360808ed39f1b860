"""Imports at the desk: hand in a file or pasted rows, name the columns, look through, and make drafts of the rows."""

import csv
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.text import get_valid_filename
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from guarantees import htmx
from guarantees.clock import BadParameter
from guarantees.datapackage import mapping, preview
from guarantees.datapackage.tables_in import LIMITS
from guarantees.editing import imports as editing
from guarantees.editing.errors import Refused
from guarantees.forms.imports import REFUSED, ColumnsForm, ConfirmForm, HandInForm, KindForm
from guarantees.models import StagedImport
from guarantees.queries import imports as queries
from guarantees.views.desk.access import DeskRequest, desk_page, refusal, sheet_url
from guarantees.views.desk.shown import focus
from guarantees.views.errors import NotRecorded, bad_request
from guarantees.vocabulary import ImportFormat, ImportStage

DETAIL = "desk/import_detail.html"
GROUPS = 50
"""Groups of problems that the page shows; the full list is a file."""
SHOWN = 25
"""New and changed rows that the page shows of each kind."""


@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def imports(request: DeskRequest) -> HttpResponse:
    """Take a file or pasted rows, list what was handed in, and explain what each kind of row knows."""
    if "empty" in request.GET:
        return _empty_table(request, request.GET["empty"])
    form = HandInForm()
    if request.method == "POST":
        form = HandInForm(request.POST, request.FILES, refused=getattr(request, REFUSED, 0))
        if form.is_valid():
            kind = form.cleaned_data["kind"]
            staged = editing.hand_in(by=request.user, handed=form.handed, name=form.name, kind=kind)
            return htmx.redirect(request, reverse("desk-import-detail", args=[staged.pk]))
        focus(form)
    limits = [(_(label), f"{limit:,}") for label, limit in LIMITS]
    context = {
        "form": form,
        "imports": queries.imports(request.user),
        "kinds": mapping.KINDS.values(),
        "limits": limits,
    }
    return render(request, "desk/import.html", context, status=422 if form.errors else 200)


def _empty_table(request: DeskRequest, kind: str) -> HttpResponse:
    if kind not in mapping.KINDS:
        return bad_request(request, BadParameter("empty", kind, ", ".join(mapping.KINDS)))
    return _download(f"{kind}.csv", [mapping.empty_table(kind)])


def _download(name: str, rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """Answer with a table as a file, never shown in the browser; with the mark by which spreadsheets see UTF-8."""
    response = HttpResponse(
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{get_valid_filename(name)}"',
            "X-Content-Type-Options": "nosniff",
        },
    )
    response.write("\ufeff")
    writer = csv.writer(response)
    writer.writerows([_inert(cell) for cell in row] for row in rows)
    return response


def _inert(cell: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def detail(request: DeskRequest, pk: int) -> HttpResponse:
    """Show how far an import is, and do the next thing with it."""
    staged = queries.find(pk)
    if staged is None:
        raise NotRecorded(_("There is no such import; it may have been thrown away."))
    if request.method == "POST":
        deed = DEEDS.get(request.POST.get("deed", ""))
        if deed is None:
            return bad_request(request, BadParameter("deed", request.POST.get("deed", ""), ", ".join(DEEDS)))
        try:
            return deed(request, staged)
        except Refused as error:
            return refusal(request, error, _url(staged))
    if request.GET.get("problems") == "csv":
        return _problems(staged)
    return _page(request, staged)


def _url(staged: StagedImport) -> str:
    return reverse("desk-import-detail", args=[staged.pk])


def _problems(staged: StagedImport) -> HttpResponse:
    header = [_("table"), _("row"), _("column"), _("problem")]
    rows = [[table, row or "", column or "", message] for table, row, column, message in _report(staged)["problems"]]
    return _download(f"problems-{staged.pk}.csv", [header, *rows])


def _report(staged: StagedImport) -> dict[str, Any]:
    report: dict[str, Any] = staged.report
    return {"problems": [], "count": 0} | report


def _context(request: DeskRequest, staged: StagedImport, **more: Any) -> dict[str, Any]:
    """Return what the page shows: the same for the page and for its parts."""
    is_mine = staged.by_id == request.user.pk
    total = editing.rows_in(staged)
    context: dict[str, Any] = {
        "staged": staged,
        "is_mine": is_mine,
        "total": total,
        "left_out": len(staged.mapping.get("left_out", [])),
        "notes": staged.mapping.get("notes", []),
        "is_package": staged.format == ImportFormat.PACKAGE,
    }
    if not context["is_package"] and staged.stage != ImportStage.DRAFTED:
        context["kind_form"] = KindForm(initial={"kind": staged.table})
        if staged.table:
            context["columns_form"] = _columns_form(staged)
    if staged.stage in (ImportStage.CHECKED, ImportStage.DRAFTED):
        context |= _shown_report(_report(staged))
    if staged.stage == ImportStage.CHECKED and is_mine and context["can_confirm"]:
        context["confirm_form"] = _confirm_form(request, staged)
    return context | more


def _columns_form(staged: StagedImport, data: Any = None) -> ColumnsForm:
    table = editing.tables_of(staged)[0]
    columns = staged.mapping["columns"].get(staged.table, [])
    return ColumnsForm(data, kind=staged.table, table=table, columns=columns)


def _confirm_form(request: DeskRequest, staged: StagedImport, data: Any = None) -> ConfirmForm:
    initial = {"seen": staged.report["seen"], "title": _("Import of %(name)s") % {"name": staged.name}}
    needs = staged.report["needs"]
    if len(needs) == 1:
        initial["changeset"] = needs[0]
    form = ConfirmForm(data, open_ones=editing.open_changesets(request.user), initial=initial)
    if not preview.brings_facts(staged.report):
        for name in ("changeset", "title", "reason"):
            form.fields.pop(name, None)
    return form


def _shown_report(report: dict[str, Any]) -> dict[str, Any]:
    groups = preview.grouped(report["problems"])
    tables = [(preview.label_of(name), counts) for name, counts in report["tables"].items()]
    new: dict[str, list[tuple[int, str]]] = {}
    for table, row, key in report["new"]:
        new.setdefault(table, []).append((row, key))
    changed = [
        (
            preview.label_of(table),
            row,
            key,
            fact,
            [(*preview.words(table, c, a), preview.words(table, c, b)[1]) for c, a, b in lines],
        )
        for table, row, key, fact, lines in report["changed"][:SHOWN]
    ]
    return {
        "problem_count": report["count"],
        "groups": groups[:GROUPS],
        "more_groups": max(0, len(groups) - GROUPS),
        "tables": tables,
        "new": [(preview.label_of(table), rows[:SHOWN], report["tables"][table]["new"]) for table, rows in new.items()],
        "changed": changed,
        "changed_count": sum(counts["changed"] for counts in report["tables"].values()),
        "drafted": sum(report["drafted"].values()),
        "unimported": report["unimported_counts"],
        "can_confirm": not report["count"] and not preview.is_nothing(report),
        "is_nothing": not report["count"] and preview.is_nothing(report),
    }


def _page(request: DeskRequest, staged: StagedImport, *, status: int = 200, **more: Any) -> HttpResponse:
    return render(request, DETAIL, _context(request, staged, **more), status=status)


# --- Deeds


def _choose_kind(request: DeskRequest, staged: StagedImport) -> HttpResponse:
    form = KindForm(request.POST)
    if not form.is_valid():
        return _page(request, staged, status=422, kind_form=form)
    editing.choose_kind(by=request.user, staged=staged, kind=form.cleaned_data["kind"])
    return htmx.redirect(request, _url(staged))


def _name_columns(request: DeskRequest, staged: StagedImport) -> HttpResponse:
    if not staged.table:
        raise Refused(_("Say first what the rows are."))
    form = _columns_form(staged, request.POST)
    if not form.is_valid():
        return _page(request, staged, status=422, columns_form=form, is_open=True)
    editing.name_columns(by=request.user, staged=staged, columns=form.columns)
    return htmx.redirect(request, _url(staged))


def _look_on(request: DeskRequest, staged: StagedImport) -> HttpResponse:
    """Look at the next rows; htmx asks again by itself until all are looked at."""
    staged = editing.look_on(by=request.user, staged=staged)
    if not htmx.wants_fragment(request):
        return htmx.redirect(request, _url(staged))
    announce = ""
    if staged.stage == ImportStage.CHECKED:
        count = staged.report["count"]
        announce = ngettext("Looked through: %(count)s problem.", "Looked through: %(count)s problems.", count)
        announce %= {"count": f"{count:,}"}
    context = _context(request, staged, is_swapped=True)
    return htmx.fragment(request, f"{DETAIL}#stage", context, announce=announce)


def _simple(deed: Callable[..., StagedImport]) -> Callable[[DeskRequest, StagedImport], HttpResponse]:
    def respond(request: DeskRequest, staged: StagedImport) -> HttpResponse:
        deed(by=request.user, staged=staged)
        return htmx.redirect(request, _url(staged))

    return respond


def _confirm(request: DeskRequest, staged: StagedImport) -> HttpResponse:
    if staged.stage == ImportStage.CHECKED and "seen" in staged.report:
        form = _confirm_form(request, staged, request.POST)
        if not form.is_valid():
            focus(form)
            return _page(request, staged, status=422, confirm_form=form)
        values = form.cleaned_data
        try:
            staged = editing.confirm(
                by=request.user,
                staged=staged,
                seen=values["seen"],
                changeset=values.get("changeset"),
                title=values.get("title", ""),
                reason=values.get("reason", ""),
            )
        except ValidationError as error:
            form.refuse(error)
            focus(form)
            return _page(request, staged, status=422, confirm_form=form)
        except Refused as error:
            form.add_error(None, " ".join([error.message, *error.problems]))
            return _page(request, staged, status=409, confirm_form=form)
    else:
        staged = editing.confirm(by=request.user, staged=staged, seen="")
    if staged.stage != ImportStage.DRAFTED:
        messages.warning(request, _("The record has changed since. The import is looked through again."))
        return htmx.redirect(request, _url(staged))
    messages.success(request, editing.drafted_in_words(staged))
    return htmx.redirect(request, sheet_url(staged.changeset) if staged.changeset else _url(staged))


def _discard(request: DeskRequest, staged: StagedImport) -> HttpResponse:
    editing.discard(by=request.user, staged=staged)
    messages.success(request, _("The import is thrown away."))
    return htmx.redirect(request, reverse("desk-import"))


DEEDS: dict[str, Callable[[DeskRequest, StagedImport], HttpResponse]] = {
    "kind": _choose_kind,
    "columns": _name_columns,
    "look": _look_on,
    "look-again": _simple(editing.look_again),
    "leave-out": _simple(editing.leave_out),
    "put-back": _simple(editing.put_back),
    "confirm": _confirm,
    "discard": _discard,
}
"""What can be done with an import, by the value of ``deed``."""
