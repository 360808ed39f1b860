"""Rows and cells of the intake as its template draws them, every word of a closed cell written beforehand."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.forms.models import model_to_dict
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from guarantees import wording
from guarantees.editing import intake as editing
from guarantees.editing.rows import fingerprint
from guarantees.forms import facts as fact_forms
from guarantees.forms.fields import RecordForm
from guarantees.models import Changeset, LedgerEntry, Source
from guarantees.queries import intake as queries
from guarantees.views.desk import closed, words
from guarantees.views.desk.shown import Conflict, Drawn, Picker
from guarantees.vocabulary import Category, ConditionsBasis, Status

UPDATES, ATTENDANCE = fact_forms.KINDS["updates"], fact_forms.KINDS["participations"]
FIRST_LINE = ("status", "quantity", "conditions")
SECOND_LINE = ("date", "basis", "summary")


@dataclass(slots=True)
class Cell(Drawn):
    """A cell of a row: as words in a button, or with its form open."""

    row: "Row"
    cell: fact_forms.Cell
    anchor: str
    url: str
    said: words.Words
    form: RecordForm | None = None
    conflict: Conflict | None = None
    autofocus: bool = False
    apart: bool = False

    @property
    def label(self) -> str | Promise:
        """What the cell holds."""
        return self.cell.label

    @property
    def columns(self) -> int:
        """How many columns of the table it takes."""
        return 3 if self.cell.name == "summary" else 1

    @property
    def closed(self) -> SafeString:
        """The cell while its form is not open."""
        return closed.cell(
            self.anchor,
            self.said,
            address=self.url if self.row.is_editable else "",
            called=closed.called(self.row.kind.name, self.cell.name, self.row.about_escaped),
            columns=self.columns,
            autofocus=self.autofocus,
            apart=self.apart,
        )


@dataclass(slots=True)
class Now(Drawn):
    """What is in force of a pledge, in words."""

    status: str
    status_label: str
    terms: str
    conditions: str


@dataclass(slots=True)
class Row(Drawn):
    """A row of the intake: a pledge, or a state's part in the meeting."""

    changeset: Changeset
    kind: fact_forms.Kind
    anchor: str
    url: str
    fact: Any
    state: str
    heading: str
    about: str
    sources: list[Source]
    is_draft: bool
    title: str = ""
    now: Now | None = None
    is_noted: bool = False
    recorded: str = ""
    may_reaffirm: bool = False
    may_withdraw: bool = False
    cells: dict[str, Cell] = field(default_factory=dict)
    picker: Picker | None = None
    sources_autofocus: bool = False
    saved: str = ""
    end_autofocus: bool = False

    @property
    def is_editable(self) -> bool:
        """Whether its cells open."""
        return not self.recorded

    @property
    def is_unsourced(self) -> bool:
        """Whether it says something and names no source yet."""
        return self.is_draft and not self.sources

    @property
    def about_escaped(self) -> SafeString:
        """The row's name, escaped once for all its cells."""
        return escape(self.about)

    @property
    def cited(self) -> SafeString:
        """The sources in a few words each."""
        return closed.cited(self.sources)

    @property
    def first_line(self) -> list[Cell]:
        """The cells beside what is in force."""
        return [self.cells[name] for name in FIRST_LINE]

    @property
    def second_line(self) -> list[Cell]:
        """The cells that are there once the row says something."""
        return [self.cells[name] for name in SECOND_LINE] if self.is_draft else []

    @property
    def all_cells(self) -> list[Cell]:
        """The cells of a state's part in the meeting."""
        return list(self.cells.values())

    @property
    def sources_url(self) -> str:
        """The address of the choice of sources for the row."""
        return f"{self.url}sources/"

    @property
    def new_source_url(self) -> str:
        """The address that takes a new source for the row."""
        return f"{self.url}sources/new/"

    @property
    def back(self) -> str:
        """The address of the row on its page."""
        return page_url(self.changeset, self.anchor)


def page_url(changeset: Changeset, anchor: str = "") -> str:
    """Return the address of a changeset's intake, at one of its rows if ``anchor`` names it."""
    summit = editing.summit_of(changeset)
    address = f"{reverse('desk-intake', args=[summit.slug])}?changeset={changeset.pk}"
    return f"{address}#{anchor}" if anchor else address


def base_url(changeset: Changeset) -> str:
    """Return the beginning of the addresses of a changeset's rows: asked for once a page, not for each cell."""
    return reverse("desk-intake-attendance", args=[changeset.pk]).removesuffix("attendance/")


def outcome_row(changeset: Changeset, outcome: queries.Outcome, base: str = "") -> Row:
    """Return a pledge's row. ``base``: the beginning of the addresses of all rows, if the caller has it."""
    pledge, entry, draft = outcome.pledge, outcome.entry, outcome.draft
    was = entry.status if entry else ""
    fact = draft or editing.blank(changeset, pledge, was, was)
    anchor = f"p{pledge.pk}"
    state, category = words.state_name(pledge.state), words.term_label(Category, pledge.category)
    row = Row(
        changeset=changeset,
        kind=UPDATES,
        anchor=anchor,
        url=f"{base or base_url(changeset)}{anchor}/",
        fact=fact,
        state=state,
        heading=category,
        about=f"{state}, {category}",
        sources=outcome.sources,
        is_draft=draft is not None,
        title=pledge.title,
        now=_now(entry) if entry else None,
        is_noted=outcome.noted,
        recorded=outcome.recorded.public_id if outcome.recorded is not None and draft is None else "",
    )
    if draft is None:
        row.may_reaffirm = not editing.against(was, was)
        row.may_withdraw = not editing.against(Status.WITHDRAWN.value, was) and was != Status.WITHDRAWN
    _add_cells(row, (*FIRST_LINE, *(SECOND_LINE if row.is_draft else ())))
    return row


def attendance_row(changeset: Changeset, attendee: queries.Attendee, base: str = "") -> Row:
    """Return the row of a state's part in the meeting."""
    fact = attendee.participation
    anchor = f"a{fact.pk}"
    state = words.state_name(attendee.state)
    row = Row(
        changeset=changeset,
        kind=ATTENDANCE,
        anchor=anchor,
        url=f"{base or base_url(changeset)}{anchor}/",
        fact=fact,
        state=state,
        heading="",
        about=state,
        sources=attendee.sources,
        is_draft=fact.known is None,
        recorded="" if fact.known is None else fact.public_id,
    )
    _add_cells(row, tuple(cell.name for cell in ATTENDANCE.cells))
    return row


def with_fact(row: Row, fact: Any) -> Row:
    """Return a draft's row with the draft as it has just been written; nothing is read but its own columns."""
    old = row.fact
    for name in ("changeset", "pledge", "state", "summit"):
        if getattr(old, f"{name}_id", None) is not None and getattr(fact, f"{name}_id", None) == getattr(
            old, f"{name}_id"
        ):
            setattr(fact, name, getattr(old, name))
    row.fact = fact
    _add_cells(row, tuple(row.cells))
    return row


@cache
def _cell(kind: str, name: str) -> fact_forms.Cell:
    """Return the cell of a kind by its name."""
    cell = fact_forms.KINDS[kind].cell(name)
    assert cell is not None  # noqa: S101  the names are constants of this module
    return cell


def _add_cells(row: Row, names: Iterable[str]) -> None:
    kind = row.kind.name
    for name in names:
        row.cells[name] = Cell(
            row=row,
            cell=_cell(kind, name),
            anchor=f"{row.anchor}-{name}",
            url=f"{row.url}cells/{name}/",
            said=words.OF_CELL[kind, name](row.fact),
        )


def _now(entry: LedgerEntry) -> Now:
    terms = wording.quantity(entry.quantity_min, entry.quantity_max, entry.unit, short=True) if entry.unit else ""
    waits = words.conditions(entry.conditions)
    if not waits and entry.conditions_basis == ConditionsBasis.UNCONDITIONAL:
        waits = str(ConditionsBasis.UNCONDITIONAL.label)
    return Now(entry.status, words.term_label(Status, entry.status), terms, waits)


@cache
def _form_class(kind: str, name: str, _language: str | None) -> type[RecordForm]:
    """Return the class of the form for a cell; some of its words are looked up when it is made."""
    of_kind = fact_forms.KINDS[kind]
    cell = of_kind.cell(name)
    assert cell is not None  # noqa: S101  called for cells of the kind only
    form = fact_forms.cell_form(of_kind, cell)
    # A row without a draft has no version yet.
    form.base_fields["version"].min_value = 0  # type: ignore[attr-defined]  # an IntegerField
    form.base_fields["version"].validators = []
    return form


def open_form(shown: Cell, data: Any = None) -> RecordForm:
    """Put the form of a cell into it, built from the row as it is (or from what was sent), and return it."""
    fact, names = shown.row.fact, shown.cell.fields
    initial = model_to_dict(fact, fields=list(names))
    initial |= {"version": fact.version if fact.pk else 0, "seen": fingerprint(fact, names)}
    shown.form = _form_class(shown.row.kind.name, shown.cell.name, get_language())(
        data,
        initial=initial,
        changeset=shown.row.changeset,  # type: ignore[call-arg]  # every form of a cell is a FactForm
        auto_id=f"{shown.anchor}-%s",
    )
    return shown.form
