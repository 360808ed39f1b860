"""Who wrote what when: the chain of a fact's corrections, the edits of a draft, the versions of a reference row."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from django.contrib.auth.models import User
from django.db import models
from django.utils.translation import gettext

from guarantees.models import (
    Changeset,
    Condition,
    Group,
    Membership,
    Pledge,
    Publisher,
    Retraction,
    Source,
    State,
    StateAlias,
    Summit,
)
from guarantees.models.base import Fact, SearchTextField
from guarantees.publication import RETRACTED
from guarantees.queries.changes import in_words

REFERENCES: dict[str, type[models.Model]] = {
    "state": State,
    "alias": StateAlias,
    "group": Group,
    "membership": Membership,
    "source": Source,
    "summit": Summit,
    "pledge": Pledge,
    "publisher": Publisher,
    "condition": Condition,
}
"""The kinds of rows that are edited in place, by the names in their addresses."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some words of a text: of both versions (empty mark), taken out (``del``) or put in (``ins``)."""

    mark: str
    text: str


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field that reads differently in two versions, word by word; either side may be empty."""

    label: str
    earlier: list[Part]
    later: list[Part]


def changed_fields(earlier: Mapping[str, str], later: Mapping[str, str]) -> list[FieldChange]:
    """Return the fields that differ, with the words that differ marked."""
    return [
        FieldChange(label, *_marked(earlier.get(label, ""), later.get(label, "")))
        for label in dict.fromkeys([*earlier, *later])
        if earlier.get(label, "") != later.get(label, "")
    ]


def _marked(earlier: str, later: str) -> tuple[list[Part], list[Part]]:
    old, new = earlier.split(), later.split()
    before: list[Part] = []
    after: list[Part] = []
    for tag, i, j, k, m in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if i < j:
            before.append(Part("" if tag == "equal" else "del", " ".join(old[i:j])))
        if k < m:
            after.append(Part("" if tag == "equal" else "ins", " ".join(new[k:m])))
    return before, after


# --- The chain of a fact


@dataclass(frozen=True, slots=True)
class Ended:
    """That a fact was taken off the record without a successor: by which changeset, and why."""

    changeset: Changeset
    reason: str


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a fact: what it changed against the one before, who brought it, when and why."""

    fact: Any
    changes: list[FieldChange]
    is_public: bool
    ended: Ended | None = None

    @property
    def changeset(self) -> Changeset:
        """The changeset that brought it."""
        changeset: Changeset = self.fact.changeset
        return changeset

    @property
    def authors(self) -> list[str]:
        """The names of who wrote it."""
        return [author.username for author in self.changeset.authors.all()]


@dataclass(frozen=True, slots=True)
class Chain:
    """All versions of a fact, the first one first; those that are not public stand last.

    ``edits`` are those of the draft that was asked for.
    """

    versions: list[Version]
    edits: list["Edit"] = field(default_factory=list)


def chain(fact: Fact, joins: Iterable[str], at: dt.datetime) -> Chain:
    """Return the chain of corrections in which a fact stands, also across pledges, as it is at a moment.

    One query for each step of the chain, and six for all versions together.
    """
    model: Any = type(fact)
    first = fact.pk
    while (earlier := model._default_manager.filter(pk=first).values_list("corrects", flat=True).first()) is not None:
        first = earlier
    found, level = [first], [first]
    while level := list(
        model._default_manager.filter(corrects__in=level)
        .exclude(pk__in=found)
        .order_by("pk")
        .values_list("pk", flat=True)
    ):
        found += level
    rows = model._default_manager.filter(pk__in=found).select_related("changeset__reviewer", *joins)
    by_pk = {row.pk: row for row in rows.prefetch_related("sources", "changeset__authors")}
    reference = RETRACTED[model]
    retractions = Retraction.objects.filter(
        changeset__in=Changeset.objects.public(at), **{f"{reference}__in": found}
    ).select_related("changeset")
    ended = {
        getattr(retraction, f"{reference}_id"): Ended(retraction.changeset, retraction.reason)
        for retraction in retractions
    }
    words = {pk: _fact_in_words(row) for pk, row in by_pk.items()}
    versions = []
    for pk in found:
        row = by_pk[pk]
        before = words.get(row.corrects_id or 0)
        versions.append(
            Version(
                row,
                changed_fields(before, words[pk]) if before is not None else [],
                row.known is not None and row.known.lower <= at,
                ended.get(pk),
            )
        )
    versions.sort(key=lambda version: (not version.is_public, found.index(version.fact.pk)))
    return Chain(versions, edits(fact) if fact.known is None else [])


def _fact_in_words(fact: Any) -> dict[str, str]:
    cited = ", ".join(sorted(f"{source.publisher} ({source.public_id})" for source in fact.sources.all()))
    return in_words(fact) | {gettext("Sources"): cited}


# --- Edits and versions, from the history that the database keeps


@dataclass(frozen=True, slots=True)
class Edit:
    """One state of a row: its number, what it changed against the one before, by whom and when.

    ``who`` is empty where the history does not know; ``event`` is what brings the state back.
    """

    event: int
    label: str
    version: int
    changes: list[FieldChange]
    who: str
    when: dt.datetime


def edits(row: Any) -> list[Edit]:
    """Return the states of a row that its history keeps, the first one first, in three queries."""
    events = list(row.events.select_related("pgh_context").order_by("pgh_id"))
    relations = [column.name for column in row._meta.concrete_fields if column.is_relation]
    models.prefetch_related_objects(events, *(name for name in relations if name != "changeset"))
    ids = {event.pgh_context.metadata.get("user") for event in events if event.pgh_context is not None}
    names = dict(User.objects.filter(pk__in=ids - {None}).values_list("pk", "username"))
    result: list[Edit] = []
    before: dict[str, str] | None = None
    for event in events:
        words = _event_in_words(event, row)
        user = event.pgh_context.metadata.get("user") if event.pgh_context is not None else 0
        result.append(
            Edit(
                event.pgh_id,
                event.pgh_label,
                event.version,
                changed_fields(before, words) if before is not None else [],
                names.get(user or 0, ""),
                event.pgh_created_at,
            )
        )
        before = words
    return result


def _event_in_words(event: Any, row: Any) -> dict[str, str]:
    """Return what a kept state says, in the words and the order of its row."""
    own = type(row)()
    for column in row._meta.concrete_fields:
        if isinstance(column, SearchTextField):
            continue
        setattr(own, column.attname, getattr(event, column.attname))
        if column.is_relation and column.name != "changeset":
            setattr(own, column.name, getattr(event, column.name))
    return in_words(own)


def reference_row(kind: str, pk: int) -> Any | None:
    """Return a row that is edited in place, or None."""
    model = REFERENCES.get(kind)
    relations = {"alias": ["state"], "membership": ["group", "state"], "summit": ["country"], "pledge": ["state"]}
    if model is None:
        return None
    return model._default_manager.select_related(*relations.get(kind, [])).filter(pk=pk).first()


def reverting(changeset: Changeset) -> Changeset | None:
    """Return the changeset that undoes another one and has not been given up, the latest first."""
    return Changeset.objects.filter(reverts=changeset).exclude(state="withdrawn").order_by("-pk").first()
