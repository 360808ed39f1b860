"""Rows and cells of the sheet as its templates draw them, open or closed."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.forms.models import model_to_dict
from django.urls import reverse
from django.utils.functional import Promise

from guarantees.editing.citations import Proposal
from guarantees.editing.rows import fingerprint
from guarantees.forms import facts as fact_forms
from guarantees.forms.fields import RecordForm
from guarantees.forms.sources import CitationForm, SourceForm
from guarantees.models import Source, Summit
from guarantees.queries.desk import Row


@dataclass(frozen=True)
class Conflict:
    """Somebody else saved a cell first: what stands there now, in words, who wrote it and when."""

    yours: str
    theirs: str
    who: str
    when: dt.datetime | None


@dataclass
class ShownCell:
    """A cell of a row: as text with a button, or with its form open."""

    row: "ShownRow"
    cell: fact_forms.Cell
    form: RecordForm | None = None
    conflict: Conflict | None = None
    autofocus: bool = False

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
        return reverse("desk-cell", args=[self.row.kind.name, self.row.fact.pk, self.cell.name])

    @property
    def template(self) -> str:
        """The part of a template that writes the value."""
        return f"desk/_values.html#{self.row.kind.name}-{self.cell.name}"


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


@dataclass
class ShownRow:
    """A row of the sheet."""

    row: Row
    kind: fact_forms.Kind
    is_editable: bool
    cells: dict[str, ShownCell] = field(default_factory=dict)
    picker: Picker | OpenCitation | None = None
    problems: list[str] = field(default_factory=list)
    sources_autofocus: bool = False

    def __post_init__(self) -> None:
        self.is_editable = self.is_editable and self.row.is_draft
        self.cells = {cell.name: ShownCell(self, cell) for cell in self.kind.cells}

    @property
    def fact(self) -> Any:
        """The fact that the row shows."""
        return self.row.fact

    @property
    def anchor(self) -> str:
        """The id of the row on the page."""
        return f"{self.kind.name}-{self.fact.pk}"

    @property
    def state(self) -> Any:
        """The state that the row is about, or None."""
        return self.fact.pledge.state if self.kind.name == "updates" else getattr(self.fact, "state", None)

    @property
    def first_cells(self) -> list[ShownCell]:
        """The cells of the first line of a row of a rare kind: those before the summary."""
        names = list(self.cells)
        return [self.cells[name] for name in names[: names.index("summary")]]

    @property
    def last_cells(self) -> list[ShownCell]:
        """The cells that stand after the summary."""
        names = list(self.cells)
        return [self.cells[name] for name in names[names.index("summary") + 1 :]]

    @property
    def mark(self) -> str:
        """How the row stands, for its last cell."""
        return "draft" if self.row.sources else "unsourced"

    @property
    def delete_url(self) -> str:
        """The address that asks whether to delete the row, and deletes it."""
        return reverse("desk-delete", args=[self.kind.name, self.fact.pk])

    @property
    def sources_url(self) -> str:
        """The address of the choice of sources for the row."""
        return reverse("desk-sources", args=[self.kind.name, self.fact.pk])

    @property
    def new_source_url(self) -> str:
        """The address that takes a new source for the row."""
        return reverse("desk-source-new", args=[self.kind.name, self.fact.pk])

    @property
    def sources(self) -> list[Source]:
        """The sources of the row."""
        return self.row.sources


@dataclass
class ShownSummit:
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
