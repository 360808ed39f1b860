"""Forms of the intake: start a changeset about the meeting, tick who came, add a category, paste rows."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guarantees.editing.intake import LineProblem, PastedRow
from guarantees.editing.references import source_at
from guarantees.forms.facts import source_label
from guarantees.forms.fields import RecordForm
from guarantees.models import Source, State
from guarantees.names import localised_state_name
from guarantees.text import fold
from guarantees.vocabulary import Attendance, Category, Role, Status, Term, Unit

MAX_LINES = 500
"""So many rows may be pasted at a time."""
MAX_PASTED = 500_000
"""So many characters may be pasted at a time."""


class StartHereForm(RecordForm):
    """A form that starts a changeset about the meeting whose intake is open."""

    title = forms.CharField(label=gettext_lazy("Title"))
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Why this is recorded; readers of the change log see it."),
    )


class AttendForm(RecordForm):
    """A form that records several states' parts in the meeting at once."""

    states = forms.ModelMultipleChoiceField(
        State.objects.all(), label=gettext_lazy("States and organisations"), widget=forms.CheckboxSelectMultiple
    )
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=Role, initial=Role.PARTICIPANT)
    attendance = forms.ChoiceField(label=gettext_lazy("Attendance"), choices=Attendance, initial=Attendance.IN_PERSON)
    source = forms.ModelChoiceField(
        Source.objects.all(), required=False, label=gettext_lazy("Source"), empty_label=gettext_lazy("none yet")
    )

    def __init__(
        self, *args: Any, absent: Iterable[State], used: Iterable[Source], language: str, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        states: Any = self.fields["states"]
        states.choices = [(state.pk, localised_state_name(state.code, state.name, language)) for state in absent]
        source: Any = self.fields["source"]
        source.choices = [("", source.empty_label), *((one.pk, source_label(one)) for one in used)]


class AddCategoryForm(RecordForm):
    """A form for a pledge that is new with the meeting: what of, how firmly, and what to call it."""

    category = forms.ChoiceField(label=gettext_lazy("Category"), choices=Category)
    status = forms.ChoiceField(
        label=gettext_lazy("Status"),
        choices=[(status.value, status.label) for status in Status if status.rank or status == Status.RULED_OUT],
        initial=Status.ANNOUNCED,
    )
    title = forms.CharField(
        label=gettext_lazy("Title of the new pledge"),
        required=False,
        help_text=gettext_lazy("In a few words; empty: state and category."),
    )


class PasteForm(RecordForm):
    """A form that takes rows copied from a spreadsheet."""

    rows = forms.CharField(
        label=gettext_lazy("Rows from a spreadsheet"),
        widget=forms.Textarea(attrs={"rows": 6, "wrap": "off", "spellcheck": "false"}),
        strip=False,
    )

    def clean_rows(self) -> str:
        """Return the text if it is of a size that is accepted."""
        text: str = self.cleaned_data["rows"]
        lines = len(text.splitlines())
        if lines > MAX_LINES or len(text) > MAX_PASTED:
            raise forms.ValidationError(
                _("These are %(lines)d lines of %(characters)d characters; at most %(most)d of %(long)d are accepted.")
                % {"lines": lines, "characters": len(text), "most": MAX_LINES, "long": MAX_PASTED}
            )
        return text


# --- Pasted rows

COLUMNS: dict[str, str | Promise] = {
    "state": gettext_lazy("State"),
    "category": gettext_lazy("Category"),
    "status": gettext_lazy("Status"),
    "quantity_min": gettext_lazy("At least"),
    "quantity_max": gettext_lazy("At most"),
    "unit": gettext_lazy("Unit"),
    "summary": gettext_lazy("Summary"),
    "source": gettext_lazy("Address of the source"),
}
"""The columns of a pasted row, in their order."""

_NUMBER = re.compile(r"\d+|\d{1,3}([.,' \u00a0\u2009\u202f]\d{3})+")
_LANGUAGES = tuple(code for code, _name in settings.LANGUAGES)


def _called(terms: type[Term]) -> dict[str, str]:
    """Return the codes of a vocabulary by everything they are called: code and label in every language, folded."""
    called: dict[str, str] = {}
    for language in _LANGUAGES:
        with translation.override(language):
            for term in terms:
                for name in (term.value, term.value.replace("_", " "), str(term.label)):
                    called.setdefault(fold(name), term.value)
    return called


def _code(terms: type[Term]) -> Callable[[str], str]:
    called = _called(terms)

    def read(text: str) -> str:
        if (code := called.get(fold(text))) is None:
            accepted = ", ".join(str(term.label) for term in terms)
            raise ValueError(_("“%(value)s” is not known; accepted: %(accepted)s.") % _said(text, accepted=accepted))
        return code

    return read


def _said(text: str, **more: str) -> dict[str, str]:
    return {"value": text[:60]} | more


def _whole_number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise ValueError(_("“%(value)s” is not a whole number, such as 5000 or 5,000.") % _said(text))
    return int(re.sub(r"\D", "", text))


def _state(states: Mapping[str, list[State]]) -> Callable[[str], State]:
    def read(text: str) -> State:
        found = states.get(fold(text), [])
        if not found:
            raise ValueError(
                _("“%(value)s” is no state on record; accepted: its English, German or other names, or its code.")
                % _said(text)
            )
        if len(found) > 1:
            codes = ", ".join(state.code for state in found)
            raise ValueError(_("“%(value)s” can be several states: %(codes)s.") % _said(text, codes=codes))
        return found[0]

    return read


def _source(text: str) -> Source:
    if (source := source_at(text)) is None:
        raise ValueError(
            _("No source on record has the address “%(value)s”: leave it out here and add it to its row.") % _said(text)
        )
    return source


def read_rows(text: str, states: Mapping[str, list[State]]) -> tuple[list[PastedRow], list[LineProblem]]:
    """Read rows copied from a spreadsheet: the columns :data:`COLUMNS`, parted by tabs, later ones may be missing.

    ``states``: all states by everything they are called, folded. Empty lines and a line of headings at the top are
    passed over. Returns the rows and what is wrong, cell by cell; rows with a problem are left out. Reads sources.
    """
    readers: dict[str, Callable[[str], Any]] = {
        "state": _state(states),
        "category": _code(Category),
        "status": _code(Status),
        "quantity_min": _whole_number,
        "quantity_max": _whole_number,
        "unit": _code(Unit),
        "summary": str,
        "source": _source,
    }
    rows: list[PastedRow] = []
    problems: list[LineProblem] = []
    first: dict[tuple[int, str], int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        cells = [cell.strip().strip('"').strip() for cell in line.split("\t")]
        if not any(cells) or (number == 1 and _is_heading(cells)):
            continue
        values, wrong = _read_cells(number, cells, readers)
        if not wrong:
            row = _row(number, values)
            key = (row.state.pk, row.category)
            if key in first:
                again = _("The same state and category stand in line %(line)d already.") % {"line": first[key]}
                wrong.append(LineProblem(number, "category", again))
            first.setdefault(key, number)
            rows.append(row)
        problems += wrong
    return rows, problems


def _is_heading(cells: list[str]) -> bool:
    headings = set()
    for language in _LANGUAGES:
        with translation.override(language):
            headings.add(fold(str(COLUMNS["state"])))
    return fold(cells[0]) in headings


def _read_cells(
    number: int, cells: list[str], readers: Mapping[str, Callable[[str], Any]]
) -> tuple[dict[str, Any], list[LineProblem]]:
    values: dict[str, Any] = {}
    wrong: list[LineProblem] = []
    if len(cells) > len(COLUMNS) and any(cells[len(COLUMNS) :]):
        text = _("This line has %(n)d columns; %(accepted)d are accepted.")
        wrong.append(LineProblem(number, "", text % {"n": len(cells), "accepted": len(COLUMNS)}))
    for name, cell in zip(COLUMNS, cells, strict=False):
        if cell:
            try:
                values[name] = readers[name](cell)
            except ValueError as error:
                wrong.append(LineProblem(number, name, str(error)))
    wrong += [
        LineProblem(number, name, _("This cell is empty."))
        for name in ("state", "category")
        if name not in values and not any(problem.column == name for problem in wrong)
    ]
    return values, wrong


def _row(number: int, values: dict[str, Any]) -> PastedRow:
    named = ("state", "category", "source")
    columns = {name: value for name, value in values.items() if name not in named}
    return PastedRow(number, values["state"], values["category"], columns, values.get("source"))


def column_label(name: str) -> str:
    """Return what a column of a pasted row is called; empty for a problem of the whole line."""
    return str(COLUMNS.get(name, ""))
