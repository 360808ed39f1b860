"""Which column of a table that was handed in is which field: what each kind of row knows, guesses, and mistakes.

The fields of a kind are the columns of its file in the data package (``schema``); rows of updates may describe the new
pledge that they belong to, and every row the new source that it rests on.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from django.conf import settings
from django.db import models
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guarantees.datapackage.schema import BY_NAME, Column, File
from guarantees.datapackage.tables_in import Table, letter
from guarantees.text import fold

SAMPLES = 3
"""Values of each column that the page shows."""
SAMPLE_LENGTH = 60
"""Characters of such a value."""
ENOUGH = 2
"""Columns that must be recognised before a kind of row is."""


@dataclass(frozen=True, slots=True)
class Field:
    """Something that a column can hold: a column of the file, or something about the pledge or source beside it."""

    name: str
    column: Column
    label: str | Promise
    required: bool

    @property
    def help(self) -> str:
        """What it holds, and if it has codes, which."""
        codes = ", ".join(self.column.terms.values) if self.column.terms else ""
        return " ".join(part for part in (str(self.column.description), codes) if part)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of row that can be handed in as a table of its own."""

    name: str
    label: str | Promise
    file: File
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field | None:
        """Return a field by its name."""
        return next((field for field in self.fields if field.name == name), None)


DESCRIBED = ("publisher", "title", "language", "published_on", "kind")
"""What a row can say about a new source that it rests on."""
INFERRED = {"conditions_basis"}
"""Columns that follow from others where nothing is said: conditions that are listed were stated."""


def default_of(file: File, column: Column) -> str:
    """Return what a column says where no column of the table is mapped to it: the default of the model, or nothing.

    Who spoke has a default in forms, where somebody sees it; a table has to say it.
    """
    if file.model is None or column.name == "attribution" or not column.field:
        return ""
    field = file.model._meta.get_field(column.field)
    if isinstance(field, models.Field) and field.has_default() and isinstance(field.default, str):
        return str(field.default)
    return ""


def _fields(file: File) -> tuple[Field, ...]:
    found = []
    for column in (*file.columns, *file.beside):
        needed = column.required and not default_of(file, column) and column.name not in INFERRED
        # The pledge of an update may be told by its state, category and title instead.
        needed = needed and (file.name, column.name) not in (("updates", "pledge"), ("sources", "id"))
        found.append(Field(column.name, column, column.title, needed))
    if file.name == "updates":
        for name in ("state", "category", "title"):
            column = replace(BY_NAME["pledges"].column(name), required=False)
            found.append(Field(name, column, _OF_PLEDGE[name], False))
    if file.name != "sources":
        for name in DESCRIBED:
            column = replace(BY_NAME["sources"].column(name), required=False)
            found.append(Field(f"source_{name}", column, _OF_SOURCE[name], False))
    return tuple(found)


_OF_PLEDGE: dict[str, str | Promise] = {
    "state": gettext_lazy("state (of a new pledge)"),
    "category": gettext_lazy("category (of a new pledge)"),
    "title": gettext_lazy("title (of a new pledge)"),
}
_OF_SOURCE: dict[str, str | Promise] = {
    "publisher": gettext_lazy("publisher (of a new source)"),
    "title": gettext_lazy("headline (of a new source)"),
    "language": gettext_lazy("language (of a new source)"),
    "published_on": gettext_lazy("published (of a new source)"),
    "kind": gettext_lazy("kind (of a new source)"),
}


def _kind(name: str, label: str | Promise) -> Kind:
    return Kind(name, label, BY_NAME[name], _fields(BY_NAME[name]))


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        _kind("updates", gettext_lazy("Updates, with their pledges")),
        _kind("positions", gettext_lazy("Positions")),
        _kind("participations", gettext_lazy("Attendance")),
        _kind("condition_states", gettext_lazy("States of conditions")),
        _kind("claims", gettext_lazy("Collective claims")),
        _kind("requirements", gettext_lazy("Requirements")),
        _kind("sources", gettext_lazy("Sources")),
    )
}
"""The kinds of rows that can be handed in, each as one table."""

_SYNONYMS: dict[str, tuple[str, ...]] = {
    "pledge": ("pledge slug", "pledge id", "zusage"),
    "state": ("country", "country code", "land", "staat", "iso", "iso code"),
    "date": ("day", "said on", "datum", "tag"),
    "summit": ("meeting", "summit slug", "gipfel", "treffen"),
    "sources": ("source", "source id", "source url", "url", "link", "quelle", "quellen"),
    "quantity_min": ("minimum", "min", "from", "mindestens", "von"),
    "quantity_max": ("maximum", "max", "to", "höchstens", "bis"),
    "summary": ("what was said", "text", "zusammenfassung"),
    "wording": ("quote", "quotation", "zitat", "wortlaut"),
    "attribution": ("speaker", "gesagt von"),
    "category": ("kategorie", "kind of contribution"),
    "title": ("pledge title", "titel"),
    "url": ("link", "web address", "adresse"),
    "published_on": ("date", "datum"),
    "source_publisher": ("publisher", "herausgeber"),
    "source_title": ("headline", "schlagzeile"),
    "source_language": ("language",),
    "source_published_on": ("published", "published on", "veröffentlicht"),
    "source_kind": ("kind of source",),
}
"""Other names under which spreadsheets carry a field; a name that is a field's own comes first."""


def _plain(text: str) -> str:
    """Return a name as it is compared: folded, with single spaces in the place of signs."""
    return " ".join(re.sub(r"[^\w]|_", " ", fold(text)).split())


@cache
def _names(kind: str) -> dict[str, str]:
    """Return the field that each name stands for: our names first, then labels in every language, then synonyms."""
    known: dict[str, str] = {}
    fields = KINDS[kind].fields
    for field in fields:
        known.setdefault(_plain(field.name), field.name)
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            for field in fields:
                known.setdefault(_plain(str(field.column.title)), field.name)
                known.setdefault(_plain(str(field.label)), field.name)
    for field in fields:
        for synonym in _SYNONYMS.get(field.name, ()):
            known.setdefault(_plain(synonym), field.name)
    return known


def guess(kind: str, header: Sequence[str]) -> list[str]:
    """Return for each column of a header the field that its name suggests, each field once; "" for the others."""
    names, given = _names(kind), set()
    found = []
    for name in header:
        field = names.get(_plain(name), "")
        found.append("" if field in given else field)
        given.add(field)
    return found


def recognise(header: Sequence[str]) -> str:
    """Return the kind of row whose fields a header names best; "" where that is not clear."""
    scores = []
    for kind in KINDS.values():
        found = set(guess(kind.name, header)) - {""}
        own = {name for name in found if not name.startswith("source_")}
        missing = {field.name for field in kind.fields if field.required} - found
        scores.append((len(own) - 2 * len(missing), len(own), kind.name))
    best, second = sorted(scores, reverse=True)[:2]
    return best[2] if best[1] >= ENOUGH and best[:1] > second[:1] else ""


def mistakes(kind: str, columns: Sequence[str]) -> dict[str, str]:
    """Return what is wrong with a mapping, by field: doubled, missing, unknown. Empty if it can be used."""
    fields = {field.name: field for field in KINDS[kind].fields}
    found: dict[str, str] = {}
    for name in dict.fromkeys(columns):
        if not name:
            continue
        if name not in fields:
            found[name] = _("There is no such field.")
        elif columns.count(name) > 1:
            found[name] = _("Two columns are mapped to it.")
    for field in fields.values():
        if field.required and field.name not in columns:
            found[field.name] = _("No column is mapped to it, but it is needed.")
    if kind == "updates" and "pledge" not in columns and not {"state", "category"} <= set(columns):
        found["pledge"] = _("Map the pledge, or the state and the category by which it is found.")
    return found


def samples(table: Table) -> list[list[str]]:
    """Return for each column the first values that it holds, each once, shortened."""
    found: list[list[str]] = [[] for _place in range(table.width)]
    for _number, cells in table.rows:
        for place, text in enumerate(cells[: table.width]):
            value = " ".join(text.split())
            value = value if len(value) <= SAMPLE_LENGTH else f"{value[:SAMPLE_LENGTH]}…"
            if value and len(found[place]) < SAMPLES and value not in found[place]:
                found[place].append(value)
    return found


def name_of_column(table: Table, place: int) -> str:
    """Return how a column is called: by its header, or by its letter where it has none."""
    name = table.header[place] if place < len(table.header) else ""
    return name or _("column %(letter)s") % {"letter": letter(place)}


def cells_of(columns: Sequence[str], cells: Sequence[str]) -> Mapping[str, str]:
    """Return the texts of a row by field."""
    return {name: text.strip() for name, text in zip(columns, cells, strict=False) if name}


def empty_table(kind: str) -> tuple[str, ...]:
    """Return the header of an empty table of a kind, with every field in order."""
    return tuple(field.name for field in KINDS[kind].fields)
