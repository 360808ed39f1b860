"""Rows and cells of the sheet as its templates draw them, open or closed."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.forms.models import model_to_dict
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import escape
from django.utils.safestring import SafeString

from guarantees import wording
from guarantees.editing.citations import Proposal
from guarantees.editing.rows import fingerprint
from guarantees.forms import facts as fact_forms
from guarantees.forms.fields import RecordForm
from guarantees.forms.sources import CitationForm, SourceForm
from guarantees.models import Source, Summit
from guarantees.queries.desk import Row
from guarantees.views.desk import closed, words
from guarantees.vocabulary import Category, ConditionCode, Status


@dataclass(frozen=True)
class Conflict:
    """Somebody else saved a cell first: what stands there now, in words, who wrote it and when."""

    yours: str
    theirs: str
    who: str
    when: dt.datetime | None


class Drawn:
    """Something whose parts a template draws. Django asks for an item first: a miss costs more than the answer."""

    __slots__ = ()

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a changeset's sheet and its rows are found: asked for once a page, not for each cell."""

    sheet: str
    rows: str
    sources: str

    def source_page(self, pk: int) -> str:
        """The address at which a source is mended, with the way back to the sheet."""
        return f"{self.sources}{pk}/?back={self.sheet}"


def place_of(changeset_pk: int) -> Place:
    """Return where the sheet of a changeset is found."""
    return Place(
        sheet=reverse("desk-sheet", args=[changeset_pk]),
        rows=reverse("desk-delete", args=["updates", 0]).removesuffix("updates/0/delete/"),
        sources=reverse("desk-source", args=[0]).removesuffix("0/"),
    )


@dataclass(slots=True)
class ShownCell(Drawn):
    """A cell of a row: as text with a button, or with its form open."""

    row: "ShownRow"
    cell: fact_forms.Cell
    form: RecordForm | None = None
    conflict: Conflict | None = None
    autofocus: bool = False
    apart: bool = False

    @property
    def anchor(self) -> str:
        """The id of the cell on the page."""
        return f"{self.row.anchor}-{self.cell.name}"

    @property
    def label(self) -> str | Promise:
        """What the cell holds."""
        return self.cell.label

    @property
    def url(self) -> str:
        """The address that shows the form and takes what it sends."""
        return f"{self.row.url}cells/{self.cell.name}/"

    @property
    def columns(self) -> int:
        """How many columns of the table it takes."""
        if self.cell.name != "summary":
            return 1
        return 2 if self.row.kind.name == "updates" else 5

    @property
    def closed(self) -> SafeString:
        """The cell while its form is not open."""
        row, url = self.row, self.url
        return closed.cell(
            self.anchor,
            words.OF_CELL[row.kind.name, self.cell.name](row.fact),
            address=url if row.is_editable else "",
            called=closed.called(row.kind.name, self.cell.name, row.about),
            columns=self.columns,
            attributes=SafeString(f' hx-get="{url}" hx-target="closest td" hx-swap="outerHTML"'),
            autofocus=self.autofocus,
            apart=self.apart,
        )


@dataclass(frozen=True, slots=True)
class InForce(Drawn):
    """What is in force of an update's pledge, in words."""

    status: str
    label: str
    terms: str
    conditions: list[str]


@dataclass
class Picker:
    """The open choice of a source: what was looked for, what was found, and the form for a new one."""

    query: str
    found: list[Source]
    used: list[Source]
    form: SourceForm
    is_new_open: bool = False
    proposed: str = ""
    present: Source | None = None


@dataclass
class OpenCitation:
    """The open form of one citation, with the number that the ticked facts suggest and why."""

    citation: Any
    form: CitationForm
    proposal: Proposal
    conflict: Conflict | None = None

    @property
    def url(self) -> str:
        """The address that takes the form."""
        fact = self.citation.fact
        return reverse("desk-citation", args=[fact_forms.kind_of(fact).name, fact.pk, self.citation.source_id])


SECOND_LINES = {"updates": ("date", "basis", "area", "summary", "wording"), "positions": ("summary",)}
"""The cells on the second line of a row, by its kind; the rare kinds have the summary and what follows it there."""


@dataclass(slots=True)
class ShownRow(Drawn):
    """A row of the sheet. ``place``: where its sheet is, if the caller has it."""

    row: Row
    kind: fact_forms.Kind
    is_editable: bool
    place: Place
    cells: dict[str, ShownCell] = field(default_factory=dict)
    picker: Picker | OpenCitation | None = None
    problems: list[str] = field(default_factory=list)
    sources_autofocus: bool = False
    fact: Any = field(init=False)
    anchor: str = field(init=False)
    url: str = field(init=False)
    about: SafeString = field(init=False)

    # A row belongs to a changeset, which its fact names: addresses need not.
    changeset_pk = None

    def __post_init__(self) -> None:
        self.fact = self.row.fact
        self.anchor = f"{self.kind.name}-{self.fact.pk}"
        self.url = f"{self.place.rows}{self.kind.name}/{self.fact.pk}/"
        self.about = escape(self.state_name or self.kind.fact_kind.label)
        self.is_editable = self.is_editable and self.row.is_draft
        self.cells = {cell.name: ShownCell(self, cell) for cell in self.kind.cells}

    @property
    def state(self) -> Any:
        """The state that the row is about, or None."""
        return self.fact.pledge.state if self.kind.name == "updates" else getattr(self.fact, "state", None)

    @property
    def state_name(self) -> str:
        """Its name in the reader's language, or nothing."""
        state = self.state
        return words.state_name(state) if state is not None else ""

    @property
    def category(self) -> str:
        """The category of an update's pledge, in words."""
        return words.term_label(Category, self.fact.pledge.category)

    @property
    def in_force(self) -> InForce | None:
        """What is in force of an update's pledge, or None."""
        entry: Any = self.row.now
        if entry is None:
            return None
        terms = wording.quantity(entry.quantity_min, entry.quantity_max, entry.unit, short=True) if entry.unit else ""
        waits = [words.term_label(ConditionCode, code) for code in entry.conditions]
        return InForce(entry.status, words.term_label(Status, entry.status), terms, waits)

    @property
    def second_names(self) -> tuple[str, ...]:
        """The names of the cells on the second line."""
        names = tuple(self.cells)
        if "summary" not in names:
            return ()
        return SECOND_LINES.get(self.kind.name, names[names.index("summary") :])

    @property
    def first_line(self) -> list[ShownCell]:
        """The cells of the first line."""
        second = self.second_names
        return [cell for name, cell in self.cells.items() if name not in second]

    @property
    def second_line(self) -> list[ShownCell]:
        """The cells of the second line."""
        return [self.cells[name] for name in self.second_names]

    @property
    def mark(self) -> str:
        """How the row stands, for its last cell."""
        return "draft" if self.row.sources else "unsourced"

    @property
    def end(self) -> SafeString:
        """How the row stands, and the button that deletes it."""
        return closed.row_end(self)

    @property
    def source_list(self) -> SafeString:
        """The sources of the row, with their buttons."""
        return closed.source_list(self)

    @property
    def delete_url(self) -> str:
        """The address that asks whether to delete the row, and deletes it."""
        return f"{self.url}delete/"

    @property
    def sources_url(self) -> str:
        """The address of the choice of sources for the row."""
        return f"{self.url}sources/"

    @property
    def new_source_url(self) -> str:
        """The address that takes a new source for the row."""
        return f"{self.url}sources/new/"

    @property
    def sources(self) -> list[Source]:
        """The sources of the row."""
        return self.row.sources

    @property
    def cited(self) -> list[tuple[Source, Any]]:
        """The sources of the row, each with its citation."""
        return [(citation.source, citation) for citation in self.fact.cited]


@dataclass
class ShownSummit(Drawn):
    """The summit of a changeset as a card, with its sources."""

    summit: Summit
    sources: list[Source]
    is_editable: bool
    changeset_pk: int
    picker: Picker | None = None
    sources_autofocus: bool = False

    @property
    def anchor(self) -> str:
        """The id of the card on the page."""
        return f"summits-{self.summit.pk}"

    @property
    def place(self) -> Place:
        """Where the sheet is."""
        return place_of(self.changeset_pk)

    @property
    def cited(self) -> list[tuple[Source, None]]:
        """The sources; a meeting's citations say nothing more."""
        return [(source, None) for source in self.sources]

    @property
    def source_list(self) -> SafeString:
        """The sources of the meeting, with their buttons."""
        return closed.source_list(self)

    @property
    def sources_url(self) -> str:
        """The address of the choice of sources for the summit."""
        return reverse("desk-sources", args=["summits", self.summit.pk])

    @property
    def new_source_url(self) -> str:
        """The address that takes a new source for the summit."""
        return reverse("desk-source-new", args=["summits", self.summit.pk])


def open_form(shown: ShownCell, data: Any = None) -> RecordForm:
    """Put the form of a cell into it, built from the row as it is (or from what was sent), and return it."""
    fact, cell = shown.row.fact, shown.cell
    initial = model_to_dict(fact, fields=list(cell.fields))
    initial |= {"version": fact.version, "seen": fingerprint(fact, cell.fields)}
    form_class = fact_forms.cell_form(shown.row.kind, cell)
    shown.form = form_class(
        data,
        initial=initial,
        changeset=fact.changeset,  # type: ignore[call-arg]  # every form of a cell is a FactForm
        auto_id=f"{shown.anchor}-%s",
    )
    return shown.form


def focus(form: forms.Form, first: str = "") -> None:
    """Put the focus on the first field that has an error, or on ``first``, or on the first field that is shown."""
    shown = [field for field in form if not field.is_hidden]
    wanted = [bound for bound in shown if bound.errors] + [bound for bound in shown if bound.name == first] + shown
    for bound in wanted:
        if not isinstance(bound.field.widget, forms.CheckboxSelectMultiple | forms.RadioSelect):
            bound.field.widget.attrs["autofocus"] = True
            return
