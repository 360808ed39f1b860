"""Imports: hand in, name the columns, look through, leave rows out, confirm as drafts, throw away.

An import is its owner's to work on; everybody at the desk can read it. Nothing of it is on record before it is
confirmed, and then as drafts of an open changeset, which goes the way of every other.
"""

from collections.abc import Sequence

from django.contrib.auth.models import User
from django.db import IntegrityError, connection, models
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from guarantees import clock
from guarantees.datapackage import mapping, preview
from guarantees.datapackage.staging import MOST_PROBLEMS, Look, Place, write_drafts
from guarantees.datapackage.tables_in import HandedIn, Table
from guarantees.editing import changesets
from guarantees.editing.errors import Forbidden, Refused
from guarantees.editing.rows import NAMES_LOCK, WRITE, allow, deed, hold
from guarantees.models import Changeset, StagedImport
from guarantees.text import tidy
from guarantees.vocabulary import ChangesetState, ImportFormat, ImportStage

CHUNK = 2_500
"""Rows that are looked at in one go, so that a page can tell how far it is."""
HAND_IN_LOCK = 7_005
"""Advisory lock (with the person's number) under which a person hands in one thing at a time."""


@deed
def hand_in(*, by: User, handed: HandedIn, name: str, kind: str = "") -> StagedImport:
    """Keep what was handed in. The same bytes of the same person again give the import that is there.

    ``kind`` (see :data:`mapping.KINDS`) tells what the rows of a single table are; empty: as its header suggests.
    """
    allow(by, WRITE)
    hold(HAND_IN_LOCK, by.pk)
    present = StagedImport.objects.filter(by=by, digest=handed.digest, format=handed.format)
    for staged in present.exclude(stage=ImportStage.DISCARDED).order_by("-pk")[:1]:
        return staged
    is_package = handed.format == ImportFormat.PACKAGE
    kind = kind or ("" if is_package else mapping.recognise(handed.tables[0].header))
    staged = StagedImport(
        by=by,
        created_at=clock.now(),
        name=tidy(name)[-200:],
        format=handed.format,
        table="" if is_package else kind,
        digest=handed.digest,
        rows=[[table.name, table.header, table.rows] for table in handed.tables],
        stage=ImportStage.CHECKING if is_package else ImportStage.READ,
    )
    staged.mapping = {"columns": {}, "left_out": [], "notes": handed.notes}
    if is_package:
        staged.mapping["columns"] = {table.name: table.header for table in handed.tables}
    elif kind:
        staged.mapping["columns"] = {kind: guessed(handed.tables[0], kind)}
    staged.save()
    return staged


def guessed(table: Table, kind: str) -> list[str]:
    """Return the fields that the columns of a table seem to be."""
    if not table.header:
        return [""] * table.width
    found = mapping.guess(kind, table.header)
    return found + [""] * (table.width - len(found))


def tables_of(staged: StagedImport) -> list[Table]:
    """Return the tables of an import; that of a single table is called as the kind of its rows."""
    is_package = staged.format == ImportFormat.PACKAGE
    return [
        Table(name if is_package else staged.table, header, [(number, cells) for number, cells in rows])
        for name, header, rows in staged.rows
    ]


def rows_in(staged: StagedImport) -> int:
    """Return how many rows were handed in."""
    return sum(len(rows) for _name, _header, rows in staged.rows)


def _mine(by: User, pk: int, *stages: ImportStage) -> StagedImport:
    """Lock an import for its owner. Raises Forbidden for others, and Refused unless it is in one of the stages."""
    allow(by, WRITE)
    staged = StagedImport.objects.select_for_update(of=("self",)).get(pk=pk)
    if staged.by_id != by.pk:
        raise Forbidden(_("Only who handed it in works on an import."))
    if stages and staged.stage not in stages:
        raise Refused(
            _("This import is already a draft changeset.")
            if staged.stage == ImportStage.DRAFTED
            else _("This import has moved on meanwhile. Please look at it again.")
        )
    return staged


def _anew(staged: StagedImport) -> StagedImport:
    """Have an import looked through from the first row on."""
    staged.report, staged.progress, staged.stage = {}, 0, ImportStage.CHECKING
    staged.save(update_fields=["table", "mapping", "report", "progress", "stage"])
    return staged


_NOT_DRAFTED = (ImportStage.READ, ImportStage.CHECKING, ImportStage.CHECKED)


@deed
def choose_kind(*, by: User, staged: StagedImport, kind: str) -> StagedImport:
    """Say what the rows of a table are; its columns are guessed anew."""
    staged = _mine(by, staged.pk, *_NOT_DRAFTED)
    if kind not in mapping.KINDS or staged.format == ImportFormat.PACKAGE:
        raise Refused(_("There is no such kind of rows."))
    if kind != staged.table:
        staged.table = kind
        staged.mapping |= {"columns": {kind: guessed(tables_of(staged)[0], kind)}, "left_out": []}
        staged.report, staged.progress, staged.stage = {}, 0, ImportStage.READ
        staged.save(update_fields=["table", "mapping", "report", "progress", "stage"])
    return staged


@deed
def name_columns(*, by: User, staged: StagedImport, columns: Sequence[str]) -> StagedImport:
    """Say which column is which field, and have the rows looked through. Raises Refused for a mapping with mistakes."""
    staged = _mine(by, staged.pk, *_NOT_DRAFTED)
    width = tables_of(staged)[0].width
    if staged.format == ImportFormat.PACKAGE or not staged.table or len(columns) != width:
        raise Refused(_("This import has moved on meanwhile. Please look at it again."))
    if found := mapping.mistakes(staged.table, columns):
        raise Refused(_("The columns cannot be used so."), list(found.values()))
    staged.mapping |= {"columns": {staged.table: list(columns)}, "left_out": []}
    return _anew(staged)


@deed
def look_on(*, by: User, staged: StagedImport) -> StagedImport:
    """Look at the next rows of an import; at its end, compare all of them with the record. Nothing is written to it.

    An import that has been looked through already stays as it is.
    """
    staged = _mine(by, staged.pk)
    if staged.stage != ImportStage.CHECKING:
        return staged
    places = ((table, row) for table, row, _column, _message in staged.report.get("problems", []))
    look = _look(staged, {place for place in places if place[1] is not None})
    total = sum(len(table.rows) for table in look.tables.values())
    if staged.progress < total:
        start = 0
        for table in look.tables.values():
            first, last = staged.progress - start, staged.progress + CHUNK - start
            if first < len(table.rows) and last > 0:
                look.check(table.name, max(first, 0), min(last, len(table.rows)))
            start += len(table.rows)
        staged.progress = min(staged.progress + CHUNK, total)
        report = {}
    else:
        _quicken()
        report = preview.report_of(look.compare())
        staged.stage = ImportStage.CHECKED
    problems = [*staged.report.get("problems", []), *preview.kept_problems(look.problems)]
    count = staged.report.get("count", 0) + look.problems.count
    staged.report = report | {"problems": problems[:MOST_PROBLEMS], "count": count}
    staged.save(update_fields=["report", "progress", "stage"])
    return staged


def _look(staged: StagedImport, unsound: set[Place]) -> Look:
    left_out = {(table, row) for table, row in staged.mapping["left_out"]}
    return Look(
        tables_of(staged),
        staged.mapping["columns"],
        is_package=staged.format == ImportFormat.PACKAGE,
        own=list(open_changesets(staged.by).values_list("pk", flat=True)),
        skip=left_out,
        unsound=unsound,
        now=clock.now(),
    )


def _quicken() -> None:
    """Spare a comparison what never pays for it: triggers that are asked to be ignored, and compiled statements."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pgtrigger.ignore', '{}', true)")
        cursor.execute("SET LOCAL jit = off")


def open_changesets(by: User) -> models.QuerySet[Changeset]:
    """Return the changesets in which a person can still write, the newest first."""
    states = [ChangesetState.DRAFT, ChangesetState.CHANGES_REQUESTED]
    return Changeset.objects.filter(state__in=states, authors=by).order_by("-pk")


@deed
def leave_out(*, by: User, staged: StagedImport) -> StagedImport:
    """Leave out the rows with problems, and look through the others again. Raises Refused if a table is at fault."""
    staged = _mine(by, staged.pk, ImportStage.CHECKED)
    problems = staged.report["problems"]
    if staged.report["count"] > len(problems) or any(row is None for _table, row, _column, _message in problems):
        raise Refused(_("These problems cannot be helped by leaving rows out. Mend the file and hand it in again."))
    places = {(table, row) for table, row, _column, _message in problems}
    places |= {(table, row) for table, row in staged.mapping["left_out"]}
    staged.mapping["left_out"] = sorted([table, row] for table, row in places)
    return _anew(staged)


@deed
def put_back(*, by: User, staged: StagedImport) -> StagedImport:
    """Take the rows in again that were left out, and look through all of them again."""
    staged = _mine(by, staged.pk, ImportStage.CHECKING, ImportStage.CHECKED)
    staged.mapping["left_out"] = []
    return _anew(staged)


@deed
def look_again(*, by: User, staged: StagedImport) -> StagedImport:
    """Look through an import again, because the record or a draft has changed."""
    return _anew(_mine(by, staged.pk, ImportStage.CHECKING, ImportStage.CHECKED))


@deed
def confirm(
    *,
    by: User,
    staged: StagedImport,
    seen: str,
    changeset: Changeset | None = None,
    title: str = "",
    reason: str = "",
) -> StagedImport:
    """Make drafts of the rows: in ``changeset``, or in a new one with ``title`` and ``reason``; all of them or none.

    ``seen`` is the digest of the preview that was looked at. If the record has changed since, nothing is written and
    the import is looked through again (its stage tells). Confirming twice gives the same drafts. New sources alone need
    no changeset. Raises Refused, Forbidden and ValidationError.
    """
    staged = _mine(by, staged.pk)
    if staged.stage == ImportStage.DRAFTED:
        return staged
    if staged.stage != ImportStage.CHECKED:
        raise Refused(_("This import has not been looked through yet."))
    if staged.report["count"]:
        raise Refused(_("There are problems. Mend the file and hand it in again, or leave these rows out."))
    if preview.is_nothing(staged.report):
        raise Refused(_("There is nothing new in it."))
    hold(NAMES_LOCK)
    _quicken()
    look = _look(staged, set())
    comparison = look.compare()
    if look.problems or preview.fingerprint(comparison) != seen or seen != staged.report["seen"]:
        return _anew(staged)
    if not preview.brings_facts(staged.report):
        write_drafts(None)
    else:
        if changeset is None:
            changeset = changesets.start(by=by, title=title, reason=reason)
        else:
            changeset = changesets.writable(by, changeset.pk)
        if elsewhere := comparison.needs - {changeset.pk}:
            titles = Changeset.objects.filter(pk__in=elsewhere).order_by("pk").values_list("title", flat=True)
            message = _("Some rows build on what is drafted in another changeset, so they belong there: %(titles)s.")
            raise Refused(message % {"titles": ", ".join(f"“{title}”" for title in titles)})
        try:
            write_drafts(changeset.pk)
        except IntegrityError as error:
            # Whatever is known to be refused has been checked, but somebody else may have written meanwhile.
            raise Refused(_("Somebody wrote the same meanwhile. Please look through the import again.")) from error
    staged.changeset, staged.stage = changeset, ImportStage.DRAFTED
    staged.save(update_fields=["changeset", "stage"])
    return staged


@deed
def discard(*, by: User, staged: StagedImport) -> None:
    """Throw an import away that has not become drafts. Once is enough."""
    staged = _mine(by, staged.pk, *_NOT_DRAFTED, ImportStage.DISCARDED)
    staged.rows, staged.report, staged.mapping, staged.progress = [], {}, {}, 0
    staged.stage = ImportStage.DISCARDED
    staged.save(update_fields=["rows", "report", "mapping", "progress", "stage"])


def drafted_in_words(staged: StagedImport) -> str:
    """Return a sentence about what an import has become."""
    counts = staged.report["tables"].values()
    rows = sum(table["new"] + table["changed"] for table in counts)
    return ngettext("%(count)s row is drafted.", "%(count)s rows are drafted.", rows) % {"count": f"{rows:,}"}
