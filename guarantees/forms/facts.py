"""Forms for draft facts: whole rows to add, and single cells to edit in place."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guarantees.forms.fields import PledgeField, RecordForm, StateField, record_form, summits_for
from guarantees.models import (
    Changeset,
    CollectiveClaim,
    ConditionState,
    FactModel,
    Participation,
    Pledge,
    PledgeUpdate,
    Position,
    Requirement,
    Source,
    State,
    Summit,
)
from guarantees.models.base import Fact
from guarantees.vocabulary import Category, FactKind


@dataclass(frozen=True)
class Cell:
    """A cell of the sheet: the columns that are edited together."""

    name: str
    label: str | Promise
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Kind:
    """A kind of row of the sheet: how addresses name it, its cells in their order."""

    name: str
    fact_kind: FactKind
    model: FactModel
    cells: tuple[Cell, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that people write, in the order of the cells."""
        return tuple(name for cell in self.cells for name in cell.fields)

    def cell(self, name: str) -> Cell | None:
        """Return the cell of that name, or None."""
        return next((cell for cell in self.cells if cell.name == name), None)


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "updates",
            FactKind.UPDATE,
            PledgeUpdate,
            (
                Cell("status", gettext_lazy("Status"), ("status",)),
                Cell(
                    "quantity",
                    gettext_lazy("Quantity"),
                    ("quantity_min", "quantity_max", "unit", "quantity_basis"),
                ),
                Cell(
                    "conditions",
                    gettext_lazy("Conditions"),
                    ("conditions_basis", "conditions", "conditions_lifted"),
                ),
                Cell("date", gettext_lazy("Date"), ("date", "summit")),
                Cell("basis", gettext_lazy("Said by, instrument"), ("attribution", "instrument", "bindingness")),
                Cell("area", gettext_lazy("Area"), ("area",)),
                Cell("summary", gettext_lazy("Summary"), ("summary",)),
                Cell("wording", gettext_lazy("Original wording"), ("wording", "wording_language")),
            ),
        ),
        Kind(
            "positions",
            FactKind.POSITION,
            Position,
            (
                Cell("stance", gettext_lazy("Stance"), ("stance",)),
                Cell("subject", gettext_lazy("Subject"), ("subject", "topic")),
                Cell("date", gettext_lazy("Date"), ("date", "summit")),
                Cell("summary", gettext_lazy("Summary"), ("summary",)),
            ),
        ),
        Kind(
            "participations",
            FactKind.PARTICIPATION,
            Participation,
            (
                Cell("role", gettext_lazy("Role"), ("role",)),
                Cell("attendance", gettext_lazy("Attendance"), ("attendance",)),
                Cell("representative", gettext_lazy("Who spoke"), ("representative", "office")),
            ),
        ),
        Kind(
            "conditions",
            FactKind.CONDITION_STATE,
            ConditionState,
            (
                Cell("condition", gettext_lazy("Condition, and for whom"), ("condition", "state", "pledge")),
                Cell("value", gettext_lazy("Where it stands"), ("value",)),
                Cell("date", gettext_lazy("Date"), ("date",)),
                Cell("summary", gettext_lazy("Summary"), ("summary",)),
            ),
        ),
        Kind(
            "claims",
            FactKind.CLAIM,
            CollectiveClaim,
            (
                Cell("scope", gettext_lazy("What the states are said to do"), ("scope",)),
                Cell("claimed", gettext_lazy("States claimed"), ("states_claimed",)),
                Cell("date", gettext_lazy("Date"), ("date", "summit")),
                Cell("speaker", gettext_lazy("Speaker"), ("speaker",)),
                Cell("summary", gettext_lazy("Summary"), ("summary",)),
                Cell("compared", gettext_lazy("Compared with"), ("category", "min_status")),
            ),
        ),
        Kind(
            "requirements",
            FactKind.REQUIREMENT,
            Requirement,
            (
                Cell("concerns", gettext_lazy("Whose forces, what for"), ("concerns", "category")),
                Cell("quantity", gettext_lazy("Quantity"), ("quantity_min", "quantity_max", "unit")),
                Cell("date", gettext_lazy("Date"), ("date",)),
                Cell("author", gettext_lazy("Author"), ("author",)),
                Cell("summary", gettext_lazy("Summary"), ("summary",)),
            ),
        ),
    )
}
"""The kinds of rows that the sheet knows, by the names in its addresses."""


BY_FACT_KIND: dict[str, Kind] = {kind.fact_kind.value: kind for kind in KINDS.values()}
"""The same by the names of the kinds of facts (``FactKind``)."""


def kind_of(fact: Fact) -> Kind:
    """Return the kind of a fact."""
    return {kind.model: kind for kind in KINDS.values()}[type(fact)]  # type: ignore[index]  # every fact has a kind


class FactForm(RecordForm):
    """A form over columns of a fact of one changeset."""

    def __init__(self, *args: Any, changeset: Changeset, **options: Any) -> None:
        super().__init__(*args, **options)
        if "summit" in self.fields:
            summits = Summit.objects.filter(summits_for(changeset.pk))
            self.fields["summit"].queryset = summits  # type: ignore[attr-defined]  # a SummitField
        if "pledge" in self.fields and isinstance(self.fields["pledge"], PledgeField):
            self.fields["pledge"].queryset = Pledge.objects.filter(
                Q(visible_from__isnull=False) | Q(changeset=changeset.pk)
            )


def cell_form(kind: Kind, cell: Cell) -> type[RecordForm]:
    """Return the class of the form for a cell; it also carries on which state of the row it was built."""
    form = record_form(kind.model, cell.fields, FactForm)
    fields = {
        "version": forms.IntegerField(min_value=1, widget=forms.HiddenInput),
        "seen": forms.CharField(max_length=16, widget=forms.HiddenInput, required=False),
    }
    return type(form.__name__, (form,), fields)


def cell_values(form: RecordForm) -> dict[str, Any]:
    """Return what a valid cell form says, without the state of the row that it carries."""
    return {name: _stored(value) for name, value in form.cleaned_data.items() if name not in ("version", "seen")}


def _stored(value: Any) -> Any:
    """Return a form's value as the column holds it: the codes of a list in their order, no number as None."""
    return sorted(value) if isinstance(value, list) else value


class ChoosePledgeForm(forms.Form):
    """The first step of a new row: whose pledge, and of which category."""

    state = StateField(State.objects.all(), label=gettext_lazy("State or organisation"))
    category = forms.ChoiceField(choices=[("", "—"), *Category.choices], label=gettext_lazy("Category"))


NEW_PLEDGE = "new"
"""The choice that makes a new pledge instead of adding to one that exists."""

UPDATE_FIELDS = (
    "date",
    "summit",
    "status",
    "quantity_min",
    "quantity_max",
    "unit",
    "quantity_basis",
    "conditions_basis",
    "conditions",
    "conditions_lifted",
    "attribution",
    "instrument",
    "bindingness",
    "area",
    "summary",
    "wording",
    "wording_language",
)


class AddForm(FactForm):
    """A form for a new row, with the sources that were used before in the changeset to tick.

    Their field is named after the kind of row, so that the ticks of one form on the page can travel with another.
    """

    kind = ""
    apart: tuple[str, ...] = ()
    """Fields that are no columns of the new row."""

    def __init__(self, *args: Any, changeset: Changeset, used: list[Source], **options: Any) -> None:
        super().__init__(*args, changeset=changeset, **options)
        if used:
            field = forms.ModelMultipleChoiceField(
                Source.objects.all(),
                required=False,
                widget=forms.CheckboxSelectMultiple,
                label=_("Sources used before"),
                help_text=_("Others can be added to the row afterwards."),
            )
            field.choices = [(source.pk, source_label(source)) for source in used]
            self.fields[f"{self.kind}_sources"] = field

    def fact_values(self) -> dict[str, Any]:
        """Return the columns of the new row."""
        others = (f"{self.kind}_sources", *self.apart)
        return {name: _stored(value) for name, value in self.cleaned_data.items() if name not in others}

    def ticked_sources(self) -> list[Source]:
        """Return the sources that were ticked."""
        return list(self.cleaned_data.get(f"{self.kind}_sources") or [])


def source_label(source: Source) -> str:
    """Return a source in a few words: publisher, day, headline as far as they are known."""
    parts = [source.publisher, source.published_on.isoformat() if source.published_on else "", source.title]
    return " · ".join(part for part in parts if part)


class AddUpdateForm(AddForm):
    """A form for a new update: to a pledge of the state and category chosen before, or to a new one."""

    kind = "updates"
    apart = ("pledge", "title")

    pledge = forms.ChoiceField(label=gettext_lazy("Pledge"), widget=forms.RadioSelect)
    title = forms.CharField(
        label=gettext_lazy("Title of the new pledge"),
        required=False,
        help_text=gettext_lazy("In a few words, such as “French troops for a reassurance force”."),
    )

    def __init__(self, *args: Any, pledges: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        choices = [*pledges, (NEW_PLEDGE, _("A new pledge"))]
        self.fields["pledge"].choices = choices  # type: ignore[attr-defined]  # a ChoiceField
        if not pledges:
            self.fields["pledge"].widget = forms.HiddenInput()
            self.initial["pledge"] = NEW_PLEDGE
        self.order_fields(["pledge", "title", *UPDATE_FIELDS, "updates_sources"])

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        title = values.get("title", "").strip()
        if values.get("pledge") == NEW_PLEDGE and not title:
            self.add_error("title", _("A new pledge needs a title."))
        elif values.get("pledge") not in (None, NEW_PLEDGE) and title:
            # Passing it over would lose what was typed, and record the update under another pledge than was meant.
            self.add_error("title", _("This title belongs to a new pledge: choose “A new pledge”, or take it out."))
        return values


class AddPositionForm(AddForm):
    """A form for a new position."""

    kind = "positions"


class AddParticipationForm(AddForm):
    """A form for a state's part in the changeset's summit."""

    kind = "participations"


class AddConditionForm(AddForm):
    """A form for where a condition stands."""

    kind = "conditions"


class AddClaimForm(AddForm):
    """A form for a collective claim."""

    kind = "claims"


class AddRequirementForm(AddForm):
    """A form for a requirement."""

    kind = "requirements"


RARE: dict[str, type[AddForm]] = {form.kind: form for form in (AddConditionForm, AddClaimForm, AddRequirementForm)}
"""The forms of the kinds of facts that few meetings bring; each is a page of its own."""


def rare_form_class(kind: Kind) -> type[AddForm]:
    """Return the class of the form for a new fact of one of the kinds of :data:`RARE`."""
    return record_form(kind.model, kind.columns, RARE[kind.name])  # type: ignore[return-value]  # base is kept


def update_form_class() -> type[AddUpdateForm]:
    """Return the class of the form for a new update."""
    return record_form(PledgeUpdate, UPDATE_FIELDS, AddUpdateForm)  # type: ignore[return-value]  # base is kept


def position_form_class() -> type[AddForm]:
    """Return the class of the form for a new position."""
    names = ("state", "stance", "subject", "topic", "date", "summit", "summary")
    return record_form(Position, names, AddPositionForm)  # type: ignore[return-value]  # base is kept


def participation_form_class() -> type[AddForm]:
    """Return the class of the form for a state's part in the changeset's summit."""
    names = ("state", "role", "attendance", "representative", "office")
    return record_form(Participation, names, AddParticipationForm)  # type: ignore[return-value]  # base is kept
