"""The files of the data package: their columns, types, keys and references, drawn from the models and the vocabulary.

The one description from which everything else follows: reading, checking, loading, writing, and ``datapackage.json``
(:func:`descriptor`), which describes the files as Frictionless Table Schema.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db import models
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from guarantees.models import (
    FACTS,
    Changeset,
    CollectiveClaim,
    Condition,
    ConditionState,
    Group,
    Membership,
    Participation,
    Pledge,
    PledgeUpdate,
    Position,
    Requirement,
    Source,
    State,
    StateAlias,
    Summit,
    public_ids,
)
from guarantees.text import MAX_PROSE, MAX_WORDING_WORDS
from guarantees.vocabulary import (
    Area,
    Attendance,
    Attribution,
    Bindingness,
    Category,
    Concern,
    ConditionCode,
    ConditionsBasis,
    ConditionValue,
    Instrument,
    QuantityBasis,
    Role,
    SourceKind,
    Stance,
    StateKind,
    Status,
    Subject,
    SummitFormat,
    SummitKind,
    Term,
    Unit,
)

LARGEST_NUMBER = 10**15
"""Beyond this a number of soldiers or euros is a slip of the keyboard."""
SLUG = "[a-z0-9_]+(-[a-z0-9_]+)*"
"""The pattern of an id or slug; underscores stand in ids made from headings."""


FactModel = (
    type[PledgeUpdate]
    | type[Position]
    | type[Participation]
    | type[ConditionState]
    | type[CollectiveClaim]
    | type[Requirement]
)


class Kind(enum.Enum):
    """What a cell may hold."""

    TEXT = "text"
    SLUG = "slug"
    LANGUAGE = "language"
    URL = "url"
    DATE = "date"
    MOMENT = "moment"
    NUMBER = "number"
    LIST = "list"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file, and the field of the model that it fills."""

    name: str
    kind: Kind
    title: str | Promise
    description: str | Promise = ""
    required: bool = False
    longest: int = 100
    largest: int = LARGEST_NUMBER
    smallest: int = 0
    terms: type[Term] | None = None
    refers_to: str | None = None
    """The file whose key the cell, or each element of a list, names."""
    field: str = ""
    """The field of the model; empty where the column fills none of its own."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of the package: what a row of it is, by which columns it is known, and where it is kept."""

    name: str
    description: str | Promise
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    model: type[models.Model] | None = None
    optional: bool = False
    beside: tuple[Column, ...] = ()
    """Columns of the model that another file brings."""

    @property
    def path(self) -> str:
        """The name of the file in the folder."""
        return f"{self.name}.csv"

    @property
    def is_fact(self) -> bool:
        """Whether its rows are facts: dated, sourced, corrected instead of changed."""
        return self.model in FACTS

    @property
    def fact(self) -> FactModel:
        """The model of its facts."""
        assert self.model in FACTS, self.name  # noqa: S101  asked for facts only
        return self.model

    @property
    def header(self) -> tuple[str, ...]:
        """The names of the columns in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Return a column by its name."""
        return next(column for column in (*self.columns, *self.beside) if column.name == name)

    def key_of(self, row: Mapping[str, Any]) -> str:
        """Return the key of a row as one text: its cells joined by slashes, empty ones kept empty."""
        return "/".join("" if row.get(name) is None else str(row[name]) for name in self.key)


SMALL = 32_767
"""The largest number that a small whole number of the database holds."""


def _column(
    model: type[models.Model],
    name: str,
    kind: Kind = Kind.TEXT,
    *,
    field: str = "",
    terms: type[Term] | None = None,
    refers_to: str | None = None,
    required: bool | None = None,
    description: str | Promise = "",
) -> Column:
    """Return the column that fills a field of a model, with the title and the limits of that field."""
    of = model._meta.get_field(field or name)
    assert isinstance(of, models.Field)  # noqa: S101  a mistake in the table below, not in data
    length = of.max_length if isinstance(of.max_length, int) and not of.is_relation else None
    if kind is Kind.LANGUAGE:
        length = None  # Its pattern says it better.
    return Column(
        name=name,
        kind=kind,
        title=of.verbose_name,
        description=description or of.help_text,
        required=not (of.blank or of.null) if required is None else required,
        longest=length or (MAX_PROSE if isinstance(of, models.TextField) else 200),
        largest=SMALL if isinstance(of, models.PositiveSmallIntegerField) else LARGEST_NUMBER,
        terms=terms,
        refers_to=refers_to,
        field=field or name,
    )


def _sources(model: type[models.Model], *, required: bool = True) -> Column:
    return replace(
        _column(model, "sources", Kind.LIST, refers_to="sources", required=required),
        description=_("The sources that it rests on, by their ids."),
        longest=10_000,
    )


_STATES = File(
    "states",
    _("States, and organisations that act like one."),
    (
        _column(State, "code"),
        _column(State, "name"),
        _column(State, "kind", terms=StateKind, required=True),
    ),
    ("code",),
    State,
)
_ALIASES = File(
    "aliases",
    _("Other names under which readers look for a state."),
    (
        _column(StateAlias, "state", refers_to="states"),
        _column(StateAlias, "alias"),
        _column(StateAlias, "language", Kind.LANGUAGE),
    ),
    ("state", "alias"),
    StateAlias,
    optional=True,
)
_GROUPS = File(
    "groups",
    _("Groups of states by which readers filter."),
    (_column(Group, "code"), _column(Group, "name")),
    ("code",),
    Group,
)
_MEMBERSHIPS = File(
    "memberships",
    _("Which states are members of a group."),
    (_column(Membership, "group", refers_to="groups"), _column(Membership, "state", refers_to="states")),
    ("group", "state"),
    Membership,
)
_SOURCES = File(
    "sources",
    _("The published texts that every fact rests on."),
    (
        _column(Source, "id", Kind.SLUG, field="public_id"),
        _column(Source, "url", Kind.URL),
        _column(Source, "publisher"),
        _column(Source, "title"),
        _column(Source, "language", Kind.LANGUAGE),
        _column(Source, "published_on", Kind.DATE),
        _column(Source, "kind", terms=SourceKind),
    ),
    ("id",),
    Source,
)
_SUMMITS = File(
    "summits",
    _("Meetings and calls at which guarantees were discussed."),
    (
        _column(Summit, "slug", Kind.SLUG),
        _column(Summit, "title"),
        _column(Summit, "kind", terms=SummitKind),
        _column(Summit, "start_date", Kind.DATE),
        _column(Summit, "end_date", Kind.DATE),
        _column(Summit, "city"),
        _column(Summit, "country", refers_to="states"),
        _column(Summit, "format", terms=SummitFormat),
        _column(Summit, "reported_participants", Kind.NUMBER),
        _column(Summit, "participants_note"),
        _column(Summit, "summary"),
        _sources(Summit, required=False),
    ),
    ("slug",),
    Summit,
)
_PARTICIPATIONS = File(
    "participations",
    _("Which states took part in a summit, how, and who spoke for them."),
    (
        _column(Participation, "summit", refers_to="summits"),
        _column(Participation, "state", refers_to="states"),
        _column(Participation, "role", terms=Role),
        _column(Participation, "attendance", terms=Attendance),
        _column(Participation, "representative"),
        _column(Participation, "office"),
        _sources(Participation),
    ),
    ("summit", "state"),
    Participation,
)
_CONDITIONS = File(
    "conditions",
    _("The conditions that pledges wait for."),
    (
        _column(Condition, "code", terms=ConditionCode),
        _column(Condition, "name"),
        _column(Condition, "definition"),
    ),
    ("code",),
    Condition,
)
_PLEDGES = File(
    "pledges",
    _("One row for each separate undertaking of a state in a category."),
    (
        _column(Pledge, "slug", Kind.SLUG),
        _column(Pledge, "state", refers_to="states"),
        _column(Pledge, "category", terms=Category),
        _column(Pledge, "title"),
    ),
    ("slug",),
    Pledge,
)
_UPDATES = File(
    "updates",
    _("What was said or done about a pledge on a day; one row for each pledge and day."),
    (
        _column(PledgeUpdate, "pledge", refers_to="pledges"),
        _column(PledgeUpdate, "date", Kind.DATE),
        _column(PledgeUpdate, "summit", refers_to="summits"),
        _column(PledgeUpdate, "status", terms=Status),
        _column(PledgeUpdate, "instrument", terms=Instrument),
        _column(PledgeUpdate, "bindingness", terms=Bindingness),
        _column(PledgeUpdate, "attribution", terms=Attribution),
        _column(PledgeUpdate, "quantity_min", Kind.NUMBER),
        _column(PledgeUpdate, "quantity_max", Kind.NUMBER),
        _column(PledgeUpdate, "unit", terms=Unit),
        _column(PledgeUpdate, "quantity_basis", terms=QuantityBasis),
        _column(PledgeUpdate, "area", terms=Area),
        _column(PledgeUpdate, "conditions", Kind.LIST, terms=ConditionCode),
        _column(PledgeUpdate, "conditions_basis", terms=ConditionsBasis),
        _column(PledgeUpdate, "conditions_lifted", Kind.LIST, terms=ConditionCode),
        _column(PledgeUpdate, "summary"),
        _sources(PledgeUpdate),
    ),
    ("pledge", "date"),
    PledgeUpdate,
    beside=(_column(PledgeUpdate, "wording"), _column(PledgeUpdate, "wording_language", Kind.LANGUAGE)),
)
_POSITIONS = File(
    "positions",
    _("What states say about the guarantees without promising anything."),
    (
        _column(Position, "state", refers_to="states"),
        _column(Position, "date", Kind.DATE),
        _column(Position, "subject", terms=Subject),
        _column(Position, "topic"),
        _column(Position, "summit", refers_to="summits"),
        _column(Position, "stance", terms=Stance),
        _column(Position, "summary"),
        _sources(Position),
    ),
    ("state", "date", "topic"),
    Position,
)
_CONDITION_STATES = File(
    "condition_states",
    _("Where a condition stands from a day on: for all, for one state, or for one pledge."),
    (
        _column(ConditionState, "condition", refers_to="conditions"),
        _column(ConditionState, "state", refers_to="states"),
        _column(ConditionState, "pledge", refers_to="pledges"),
        _column(ConditionState, "date", Kind.DATE),
        _column(ConditionState, "value", terms=ConditionValue),
        _column(ConditionState, "summary"),
        _sources(ConditionState),
    ),
    ("condition", "state", "pledge", "date"),
    ConditionState,
    optional=True,
)
_CLAIMS = File(
    "claims",
    _("That a number of states will do something, without naming them all."),
    (
        _column(CollectiveClaim, "slug", Kind.SLUG),
        _column(CollectiveClaim, "date", Kind.DATE),
        _column(CollectiveClaim, "summit", refers_to="summits"),
        _column(CollectiveClaim, "speaker"),
        _column(CollectiveClaim, "scope"),
        _column(CollectiveClaim, "states_claimed", Kind.NUMBER),
        _column(CollectiveClaim, "category", terms=Category),
        _column(CollectiveClaim, "min_status", terms=Status),
        _column(CollectiveClaim, "summary"),
        _sources(CollectiveClaim),
    ),
    ("slug",),
    CollectiveClaim,
)
_REQUIREMENTS = File(
    "requirements",
    _("Published statements of what is needed, such as the size of a force."),
    (
        _column(Requirement, "slug", Kind.SLUG),
        _column(Requirement, "date", Kind.DATE),
        _column(Requirement, "author"),
        _column(Requirement, "concerns", terms=Concern),
        _column(Requirement, "category", terms=Category),
        _column(Requirement, "unit", terms=Unit),
        _column(Requirement, "quantity_min", Kind.NUMBER),
        _column(Requirement, "quantity_max", Kind.NUMBER),
        _column(Requirement, "summary"),
        _sources(Requirement),
    ),
    ("slug",),
    Requirement,
)

_FILE = Column("file", Kind.TEXT, _("file"), _("The file that the row stands in, without .csv."), required=True)
_KEY = Column("key", Kind.TEXT, _("key"), _("The key of the row: its cells joined by slashes."), True, longest=400)
_NUMBER = Column("id", Kind.NUMBER, _("number"), required=True, largest=1_000_000, smallest=1)

WORDINGS = File(
    "wordings",
    _("Original wording of updates: short quotations with their language."),
    (
        _column(PledgeUpdate, "pledge", refers_to="pledges"),
        _column(PledgeUpdate, "date", Kind.DATE),
        replace(_column(PledgeUpdate, "wording"), required=True),
        replace(_column(PledgeUpdate, "wording_language", Kind.LANGUAGE), name="language", required=True),
    ),
    ("pledge", "date"),
    optional=True,
)
CITATIONS = File(
    "citations",
    _("Where in a source a fact stands, and how credible it is."),
    (
        _FILE,
        _KEY,
        Column("source", Kind.TEXT, _("source"), required=True, refers_to="sources"),
        Column("locator", Kind.TEXT, _("locator"), _("Page, paragraph or minute where it stands."), longest=120),
        Column(
            "credibility",
            Kind.NUMBER,
            _("credibility"),
            _("From 1, confirmed by other sources, to 6, truth cannot be judged."),
            largest=6,
            smallest=1,
        ),
    ),
    ("file", "key", "source"),
    optional=True,
)
CHANGESETS = File(
    "changesets",
    _("The changesets that are public, in the order in which they became so."),
    (
        _NUMBER,
        _column(Changeset, "title"),
        _column(Changeset, "reason", required=False),
        _column(Changeset, "summit", refers_to="summits"),
        Column("public_at", Kind.MOMENT, _("goes public"), required=True),
    ),
    ("id",),
    optional=True,
)
PROVENANCE = File(
    "provenance",
    _("Which changeset brought a row, where it was not the first, and the id of a fact where it is not the usual one."),
    (
        _FILE,
        _KEY,
        Column("id", Kind.SLUG, _("id"), _("The stable public id of a fact."), longest=120),
        replace(_NUMBER, name="changeset", title=_("changeset"), refers_to="changesets"),
    ),
    ("file", "key"),
    optional=True,
)
CORRECTIONS = File(
    "corrections",
    _("Facts that were part of the record and are no longer: what they said, and what ended them."),
    (
        _FILE,
        _KEY,
        Column("id", Kind.SLUG, _("id"), required=True, longest=120),
        Column("corrected_by", Kind.SLUG, _("corrected by"), _("The id of the fact in its place."), longest=120),
        Column("kind", Kind.TEXT, _("kind of correction"), _("corrected, extended or retracted"), required=True),
        replace(_NUMBER, name="changeset", title=_("changeset"), refers_to="changesets"),
        replace(_NUMBER, name="ended_by", title=_("ended by"), refers_to="changesets"),
        Column("known_from", Kind.MOMENT, _("known from"), required=True),
        Column("known_to", Kind.MOMENT, _("known until"), required=True),
        Column("reason", Kind.TEXT, _("reason"), _("Why it was retracted."), longest=MAX_PROSE),
        Column("row", Kind.JSON, _("row"), _("The row as it stood, as a JSON object."), required=True, longest=50_000),
    ),
    ("file", "id"),
    optional=True,
)

FILES: tuple[File, ...] = (
    _STATES,
    _ALIASES,
    _GROUPS,
    _MEMBERSHIPS,
    _SOURCES,
    _SUMMITS,
    _PARTICIPATIONS,
    _CONDITIONS,
    _PLEDGES,
    _UPDATES,
    _POSITIONS,
    _CONDITION_STATES,
    _CLAIMS,
    _REQUIREMENTS,
)
"""The files whose rows are kept as they are, each after the ones that it refers to."""

EXTRAS: tuple[File, ...] = (WORDINGS, CITATIONS, CHANGESETS, PROVENANCE, CORRECTIONS)
"""The files that say more about those rows; written only where there is something to say."""

BY_NAME: dict[str, File] = {file.name: file for file in (*FILES, *EXTRAS)}
FACT_FILES: tuple[File, ...] = tuple(file for file in FILES if file.is_fact)


def stem_of(file: File, row: Mapping[str, Any]) -> str:
    """Return the stem of the public id of a fact from its cells; see ``models.public_ids``."""
    match file.name:
        case "updates":
            return public_ids.update_stem(row["pledge"], row["date"])
        case "positions":
            return public_ids.position_stem(row["state"], row["date"], row["topic"])
        case "participations":
            return public_ids.participation_stem(row["summit"], row["state"])
        case "condition_states":
            return public_ids.condition_state_stem(row["condition"], row["state"] or row["pledge"] or "", row["date"])
    return str(row["slug"])


DESCRIPTOR = "datapackage.json"
"""The description of a package that stands beside its files."""


def _constraints(column: Column) -> dict[str, Any]:
    constraints: dict[str, Any] = {}
    if column.required:
        constraints["required"] = True
    if column.kind is Kind.NUMBER:
        constraints |= {"minimum": column.smallest, "maximum": column.largest}
    elif column.kind is Kind.LIST:
        element = "|".join(column.terms.values) if column.terms else "[^;]+"
        constraints["pattern"] = f"({element})(;({element}))*"
    elif column.terms is not None:
        constraints["enum"] = [str(value) for value in column.terms.values]
    elif column.kind is Kind.SLUG:
        constraints |= {"pattern": SLUG, "maxLength": column.longest}
    elif column.kind is Kind.LANGUAGE:
        constraints["pattern"] = "[a-z]{2,3}"
    elif column.kind is Kind.TEXT:
        constraints["maxLength"] = column.longest
    return constraints


_TYPES = {Kind.DATE: "date", Kind.MOMENT: "datetime", Kind.NUMBER: "integer", Kind.JSON: "object"}


def _meaning(column: Column) -> str:
    """Return the description of a column; of a column with codes, with what each of them means."""
    meanings = [f"{term.value}: {term.definition}" for term in column.terms or () if term.definition]
    parts = [str(column.description), *meanings]
    if column.name == "wording":
        parts.append(f"At most {MAX_WORDING_WORDS} words.")
    return " ".join(part for part in parts if part)


def _field(column: Column) -> dict[str, Any]:
    field: dict[str, Any] = {
        "name": column.name,
        "type": _TYPES.get(column.kind, "string"),
        "title": str(column.title),
    }
    if meaning := _meaning(column):
        field["description"] = meaning
    if constraints := _constraints(column):
        field["constraints"] = constraints
    return field


def _resource(file: File, present: set[str]) -> dict[str, Any]:
    schema: dict[str, Any] = {"fields": [_field(column) for column in file.columns], "missingValues": [""]}
    # A primary key of Table Schema has no empty cells; the key of a condition's state may have them.
    if all(file.column(name).required for name in file.key):
        schema["primaryKey"] = list(file.key)
    references = [
        {
            "fields": [column.name],
            "reference": {"resource": column.refers_to, "fields": list(BY_NAME[column.refers_to].key)},
        }
        for column in file.columns
        if column.refers_to in present and column.kind is not Kind.LIST
    ]
    if references:
        schema["foreignKeys"] = references
    return {
        "name": file.name,
        "path": file.path,
        "profile": "tabular-data-resource",
        "description": str(file.description),
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": schema,
    }


def descriptor(present: set[str], changeset: Mapping[str, str]) -> dict[str, Any]:
    """Return ``datapackage.json`` for the files that are present, by name.

    ``changeset`` (title, reason, published_at) tells as what the rows are published when the package is loaded into
    an empty database. All texts are English, like all data.
    """
    with translation.override("en"):
        return {
            "profile": "tabular-data-package",
            "name": "guarantee-ledger",
            "title": "Guarantee Ledger",
            "description": (
                "Which state has promised what for Ukraine's security guarantees: when, how firmly, on which "
                "conditions, and on what evidence. Lists within a cell are separated by semicolons."
            ),
            "changeset": dict(changeset),
            "resources": [_resource(file, present) for file in (*FILES, *EXTRAS) if file.name in present],
        }
