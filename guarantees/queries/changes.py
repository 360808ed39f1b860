"""The public change log: which changesets went public when, and what each brought."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Count, QuerySet, Value
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from guarantees import wording
from guarantees.clock import Clock
from guarantees.models import (
    Changeset,
    CollectiveClaim,
    ConditionState,
    Participation,
    Pledge,
    PledgeUpdate,
    Position,
    Requirement,
    Retraction,
    State,
    Summit,
)
from guarantees.models.base import Fact
from guarantees.names import localised_state_name


@dataclass(frozen=True, slots=True)
class Kind:
    """Something that a changeset can bring: its code, its name in the plural, and what it reads with each row."""

    code: str
    label: Promise
    model: type[models.Model]
    joins: tuple[str, ...]
    order: tuple[str, ...]

    @property
    def is_fact(self) -> bool:
        """Whether rows of this kind are facts: sourced, and correcting one another."""
        return issubclass(self.model, Fact)


KINDS: dict[str, Kind] = {
    kind.code: kind
    for kind in (
        Kind("update", _("Updates of pledges"), PledgeUpdate, ("pledge__state", "summit"), ("-date", "public_id")),
        Kind("position", _("Positions"), Position, ("state", "summit"), ("-date", "public_id")),
        Kind(
            "participation",
            _("Attendances"),
            Participation,
            ("summit", "state"),
            ("-summit__start_date", "public_id"),
        ),
        Kind(
            "condition-state",
            _("States of conditions"),
            ConditionState,
            ("condition", "state", "pledge"),
            ("-date", "public_id"),
        ),
        Kind("claim", _("Collective claims"), CollectiveClaim, ("summit",), ("-date", "public_id")),
        Kind("requirement", _("Requirements"), Requirement, (), ("-date", "public_id")),
        Kind("retraction", _("Retractions"), Retraction, (), ("pk",)),
        Kind("pledge", _("Pledges"), Pledge, ("state",), ("slug",)),
        Kind("summit", _("Meetings"), Summit, ("country",), ("-start_date", "slug")),
    )
}
"""Every kind of row that a changeset brings, in the order in which the pages list them."""


def public_changesets(clock: Clock) -> QuerySet[Changeset]:
    """Return the changesets that were public at ``clock.known``, the newest first."""
    return Changeset.objects.public(clock.known).select_related("summit")


def last_publication(clock: Clock) -> dt.datetime:
    """Return the last moment up to ``clock.known`` at which something went public: known then is what is known now.

    Without any publication, the moment of the clock itself.
    """
    latest = public_changesets(clock).values_list("goes_public_at", flat=True).first()
    return latest or clock.known


@dataclass(frozen=True, slots=True)
class Contents:
    """How many rows of each kind a changeset brought, and how many of them correct an earlier fact."""

    kinds: list[tuple[Kind, int]]
    corrections: int


def contents(changesets: Iterable[Changeset]) -> dict[int, Contents]:
    """Count what each of the changesets brought, in one query; kinds of which there is nothing are left out."""
    ids = [changeset.pk for changeset in changesets]
    counts: dict[int, Counter[str]] = {pk: Counter() for pk in ids}
    corrections: Counter[int] = Counter()
    first, *others = [_counted(kind, ids) for kind in KINDS.values()]
    for changeset_id, code, number, corrected in first.union(*others, all=True):
        counts[changeset_id][code] = number
        corrections[changeset_id] += corrected
    return {
        pk: Contents([(kind, count[code]) for code, kind in KINDS.items() if count[code]], corrections[pk])
        for pk, count in counts.items()
    }


def _counted(kind: Kind, changesets: Sequence[int]) -> QuerySet[Any, Any]:
    corrected = Count("corrects") if kind.is_fact else Value(0)
    grouped: QuerySet[Any, Any] = (
        kind.model._default_manager.filter(changeset__in=changesets)
        .order_by()
        .values("changeset")
        .annotate(kind=Value(kind.code), number=Count("pk"), corrected=corrected)
        .values_list("changeset", "kind", "number", "corrected")
    )
    return grouped


def rows(changeset: Changeset, kind: Kind) -> QuerySet[Any]:
    """Return what a changeset brought of one kind; facts with their sources and with what they correct."""
    found = kind.model._default_manager.filter(changeset=changeset).select_related(*kind.joins).order_by(*kind.order)
    if kind.is_fact:
        found = found.prefetch_related("sources", "corrects__sources").select_related(
            "corrects", *(f"corrects__{join}" for join in kind.joins)
        )
    if kind.model is Retraction:
        found = found.select_related(
            "update__pledge__state",
            "update__summit",
            "position__state",
            "position__summit",
            "participation__summit",
            "participation__state",
            "condition_state__condition",
            "condition_state__state",
            "condition_state__pledge",
            "claim__summit",
            "requirement",
        )
    return found


# --- What a correction changed


@dataclass(frozen=True, slots=True)
class Retracted:
    """A fact that a changeset ended without a successor: its kind (a code of :data:`KINDS`), and why."""

    kind: str
    fact: Fact
    reason: str


def retracted(retraction: Retraction) -> Retracted:
    """Return what a retraction (read by :func:`rows`) ended."""
    for reference in Retraction.KINDS:
        fact = getattr(retraction, reference)
        if fact is not None:
            return Retracted(reference.replace("_", "-"), fact, retraction.reason)
    raise LookupError(f"retraction {retraction.pk} names no fact")


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that reads differently before and after a correction; an empty text says that it was empty."""

    label: str
    earlier: str
    later: str


_BOOKKEEPING = frozenset(
    {"id", "version", "public_id", "changeset", "corrects", "correction_kind", "known", "search_text", "visible_from"}
)


def differences(earlier: Fact, later: Fact) -> list[Difference]:
    """Return the fields in which a fact differs from the one that it corrects, in words, sources last.

    Both are of one kind, with what they refer to and their sources loaded.
    """
    before, after = in_words(earlier), in_words(later)
    found = [Difference(label, before[label], after[label]) for label in after if before[label] != after[label]]
    old, new = _sources_in_words(earlier), _sources_in_words(later)
    if old != new:
        found.append(Difference(gettext("Sources"), old, new))
    return found


def in_words(row: models.Model) -> dict[str, str]:
    """Return what each column of a row says, by its label, without the bookkeeping; an empty text: it is empty."""
    columns = [column for column in row._meta.concrete_fields if column.name not in _BOOKKEEPING]
    return {label_of(column): value_in_words(row, column) for column in columns}


def label_of(column: models.Field) -> str:
    """Return the name of a column as it stands at the start of a line."""
    name = str(column.verbose_name)
    return name[:1].upper() + name[1:]


def value_in_words(row: models.Model, column: models.Field) -> str:
    """Return what a column of a row says: labels for codes, names for states, days and numbers written out."""
    value = getattr(row, column.name)
    if value is None or value == "" or value == []:
        return ""
    if isinstance(value, State):
        return localised_state_name(value.code, value.name, get_language() or "en")
    if isinstance(value, list):
        labels = dict(column.base_field.flatchoices)  # type: ignore[attr-defined]  # arrays hold codes
        return ", ".join(str(labels[code]) for code in value)
    if column.choices:
        return str(dict(column.flatchoices)[value])
    if isinstance(column, models.DateField):
        return wording.day(value)
    if isinstance(value, int):
        return wording.number(value)
    return str(value)


def _sources_in_words(fact: Any) -> str:
    return ", ".join(f"{source.publisher} ({source.public_id})" for source in fact.sources.all())
