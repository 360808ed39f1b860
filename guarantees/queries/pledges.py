"""Pledges: the table of what is in force, and the whole story of one pledge."""

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db import connection
from django.db.models import BigIntegerField, Case, CharField, F, Field, Func, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Collate, Lower
from django.utils.translation import get_language

from guarantees.clock import Clock
from guarantees.models import Group, LedgerEntry, Pledge, PledgeMerge, PledgeUpdate, State, StateAlias, Summit
from guarantees.models.merges import merged_rows
from guarantees.names import localised_state_name
from guarantees.queries.counting import ConditionValues, availability, availability_in_sql
from guarantees.text import fold
from guarantees.vocabulary import (
    Availability,
    Category,
    ConditionValue,
    Status,
    Unit,
)

MAX_WORDS = 12
"""So many words of a text are looked for; more would only make the table slow."""
SHORTEST_BEGINNING = 3
"""Letters from which on a word also stands for longer ones: who asks for the UK does not mean Ukraine."""
COMPARED_SLUGS = 1_000
"""So many slugs are compared with one that is not on record: a mistyped address must not cost seconds."""

_WORD = re.compile(r"\w+")

# --- The table


@dataclass(frozen=True, slots=True)
class PledgeFilters:
    """What the table is narrowed to. Values of one filter are alternatives; the filters all apply.

    Codes as the record writes them (``FRA``, ``troops``); ``summits`` are slugs of meetings at which a pledge was
    spoken about; every word of ``text`` must occur in the pledge, in what was said about it, or in its state's name.
    """

    states: Sequence[str] = ()
    categories: Sequence[str] = ()
    statuses: Sequence[str] = ()
    summits: Sequence[str] = ()
    areas: Sequence[str] = ()
    conditions: Sequence[str] = ()
    groups: Sequence[str] = ()
    availabilities: Sequence[str] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class PledgeRow:
    """A pledge with its terms in force: what it waits for, and whether it could start."""

    entry: LedgerEntry
    conditions: list[tuple[str, ConditionValue]]
    availability: Availability | None


SORTS = ("state", "category", "-status", "status", "-said", "said", "-quantity", "quantity")
"""The orders of the table; a minus sign puts the firmest, latest or greatest first."""


def state_name(state: State) -> str:
    """Return the name of a state in the reader's language."""
    return localised_state_name(state.code, state.name, get_language() or "en")


def states_by_name() -> list[State]:
    """Return all states and organisations in the order of their names in the reader's language."""
    return sorted(State.objects.all(), key=lambda state: fold(state_name(state)))


def filtered(clock: Clock, filters: PledgeFilters, conditions: ConditionValues) -> QuerySet[LedgerEntry]:
    """Return the entries in force that the filters let through, unordered."""
    entries = LedgerEntry.objects.in_force(clock)
    for lookup, values in (
        ("state__code__in", filters.states),
        ("category__in", filters.categories),
        ("status__in", filters.statuses),
        ("area__in", filters.areas),
        ("conditions__overlap", filters.conditions),
    ):
        if values:
            entries = entries.filter(**{lookup: list(values)})
    if filters.groups:
        members = State.objects.filter(memberships__group__code__in=filters.groups)
        entries = entries.filter(state__in=members.values("pk"))
    if filters.summits:
        spoken = PledgeUpdate.objects.as_of(clock).filter(summit__slug__in=filters.summits)
        entries = entries.filter(pledge__in=spoken.values("pledge"))
    if filters.availabilities:
        entries = entries.alias(availability=availability_in_sql(conditions)).filter(
            availability__in=filters.availabilities
        )
    if words := _meaningful(filters.text):
        names = _names()
        for word in words:
            entries = entries.filter(_mentions(word, names, clock))
    return entries


def _meaningful(text: str) -> list[str]:
    """Return the words of a text that full text looks at: not those that English text always has (the, of …)."""
    words = list(dict.fromkeys(_WORD.findall(fold(text))))[:MAX_WORDS]
    if not words:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT word FROM unnest(%s::text[]) WITH ORDINALITY AS words (word, place)"
            " WHERE numnode(to_tsquery('english', word || ':*')) > 0 ORDER BY place",
            [words],
        )
        return [word for (word,) in cursor.fetchall()]


def _mentions(word: str, names: Mapping[int, str], clock: Clock) -> Q:
    """Return the condition that a word, or the beginning of one, occurs in a pledge, its updates or its state."""
    is_beginning = len(word) >= SHORTEST_BEGINNING
    sought = f" {word}" if is_beginning else f" {word} "
    vector = SearchVector("search_text", config="english")
    query = SearchQuery(f"{word}:*" if is_beginning else word, search_type="raw", config="english")
    pledges = Pledge.objects.visible(clock).alias(vector=vector).filter(vector=query)
    updates = PledgeUpdate.objects.as_of(clock).alias(vector=vector).filter(vector=query)
    return (
        Q(pledge__in=pledges.values("pk"))
        | Q(pledge__in=updates.values("pledge"))
        | Q(state__in=[state_id for state_id, called in names.items() if sought in called])
    )


def _names() -> dict[int, str]:
    """Return for every state all words of its code, its names and its aliases, folded, with a space around each."""
    names = {state.pk: [state.code, state.name, state_name(state)] for state in State.objects.all()}
    for state_id, alias in StateAlias.objects.values_list("state_id", "alias"):
        names[state_id].append(alias)
    words = {state_id: _WORD.findall(fold(" ".join(called))) for state_id, called in names.items()}
    return {state_id: f" {' '.join(called)} " for state_id, called in words.items()}


def ordered(entries: QuerySet[LedgerEntry], sort: str) -> QuerySet[LedgerEntry]:
    """Return the entries in one of the :data:`SORTS`; equal ones by state, category and slug, always the same way."""
    by_state = _place("state_id", [state.pk for state in states_by_name()], BigIntegerField())
    by_category = _place("category", Category.values, CharField(max_length=20))
    by_unit = _place("unit", Unit.values, CharField(max_length=10))
    number = Coalesce("quantity_max", "quantity_min")
    orders: dict[str, list[Any]] = {
        "state": [],
        "category": [by_category],
        "-status": [F("rank").desc(nulls_last=True)],
        "status": [F("rank").asc(nulls_first=True)],
        "-said": [F("status_said_on").desc()],
        "said": [F("status_said_on").asc()],
        "-quantity": [by_unit, number.desc(nulls_last=True)],
        "quantity": [by_unit, number.asc(nulls_last=True)],
    }
    return entries.order_by(*orders[sort], by_state, by_category, Collate("pledge__slug", "C"))


def _place(name: str, values: Sequence[int] | Sequence[str], kind: Field) -> Coalesce:
    """Return the place of a column's value in a list; values that are not in it come last."""
    listed = Value(list(values), output_field=ArrayField(kind))
    place = Func(listed, F(name), function="array_position", output_field=IntegerField())
    return Coalesce(place, Value(len(values) + 1))


def rows(ids: Sequence[int], conditions: ConditionValues) -> list[PledgeRow]:
    """Return entries as rows of the table, in the order of their ids, in one query.

    Ids, because sorting a large ledger with all its columns takes twice the time.
    """
    found = LedgerEntry.objects.select_related("pledge", "state").in_bulk(ids)
    return [
        PledgeRow(
            entry,
            [
                (code, conditions.value(code, state_id=entry.state_id, pledge_id=entry.pledge_id))
                for code in entry.conditions
            ],
            availability(entry, conditions),
        )
        for entry in (found[pk] for pk in ids)
    ]


def groups() -> list[Group]:
    """Return the groups by which pledges are filtered."""
    return list(Group.objects.order_by("code"))


def summits_spoken_at(clock: Clock) -> list[Summit]:
    """Return the meetings at which pledges were spoken about, as of a clock; the newest first."""
    spoken = PledgeUpdate.objects.as_of(clock).filter(summit__isnull=False)
    summits = Summit.objects.visible(clock).filter(pk__in=spoken.values("summit")).only("slug", "title")
    return list(summits.order_by("-start_date", "slug"))


def nearest_slugs(slug: str, clock: Clock, limit: int = 5) -> list[Pledge]:
    """Return the visible pledges whose slugs come nearest to one that is not on record; the nearest first.

    Compared are at most :data:`COMPARED_SLUGS`, first those that begin with the same part (the code of a state).
    """
    slug = slug.lower()
    elsewhere = Case(When(slug__startswith=slug.split("-")[0], then=Value(0)), default=Value(1))
    visible = Pledge.objects.visible(clock).exclude(pk__in=merged_rows(PledgeMerge, clock))
    compared = visible.order_by(elsewhere, "slug").values_list("slug", flat=True)[:COMPARED_SLUGS]
    nearest = get_close_matches(slug, compared, n=limit, cutoff=0.5)
    pledges = visible.select_related("state").in_bulk(nearest, field_name="slug")
    return [pledges[near] for near in nearest]


# --- One pledge


@dataclass(frozen=True, slots=True)
class Term:
    """A term in force, with the update that set it and the day on which it was last said.

    ``code`` is a code of the vocabulary, or empty for the quantity. ``set_by`` is None for what nobody ever said.
    """

    name: str
    code: str
    set_by: PledgeUpdate | None
    said_on: dt.date | None


@dataclass(frozen=True, slots=True)
class ConditionTerm:
    """A condition in force, where it stands, who set it and when it was last said."""

    code: str
    value: ConditionValue
    set_by: PledgeUpdate
    said_on: dt.date

    @property
    def marks(self) -> list[tuple[str, ConditionValue]]:
        """The condition in the form in which conditions are shown."""
        return [(self.code, self.value)]


@dataclass(frozen=True, slots=True)
class StatusSpan:
    """A status in force from a day on, until another one came; ``end`` is excluded, None while it lasts."""

    status: Status
    start: dt.date
    end: dt.date | None


@dataclass(frozen=True, slots=True)
class Statement:
    """An update in the history, and what it replaced: the versions known before, the latest first."""

    update: PledgeUpdate
    replaced: list[PledgeUpdate] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PledgeRecord:
    """Everything on record about a pledge, as of a clock. ``entry`` is None before anything was in force.

    ``retracted`` are updates that the record held once and holds no more, without a successor under this pledge.
    """

    pledge: Pledge
    entry: LedgerEntry | None
    availability: Availability | None
    status: Term | None
    instrument: Term | None
    quantity: Term | None
    area: Term | None
    conditions: list[ConditionTerm]
    conditions_set_by: PledgeUpdate | None
    spans: list[StatusSpan]
    history: list[Statement]
    retracted: list[PledgeUpdate]
    first_day: dt.date | None


def visible_pledge(slug: str, clock: Clock) -> Pledge | None:
    """Return the pledge with that slug, or None if it does not exist for the reader."""
    return Pledge.objects.visible(clock).select_related("state").filter(slug=slug).first()


def record(pledge: Pledge, clock: Clock) -> PledgeRecord:
    """Return everything on record about a pledge, as of a clock, in six queries."""
    entries = list(LedgerEntry.objects.filter(pledge=pledge, known__contains=clock.known).order_by(Lower("effective")))
    entry = next((entry for entry in entries if clock.on in entry.effective), None)
    ever_known = list(
        PledgeUpdate.objects.filter(pledge=pledge)
        .filter(known__startswith__lte=clock.known)
        .select_related("summit", "pledge")
        .prefetch_related("sources")
        .order_by("date", "pk")
    )
    current = [update for update in ever_known if _is_known(update, clock)]
    by_id = {update.pk: update for update in ever_known}
    dated = [update for update in current if update.date <= clock.on]
    chains = {update.pk: _chain(update, by_id) for update in current}
    replaced = {earlier.pk for chain in chains.values() for earlier in chain}
    conditions = ConditionValues.at(clock)
    return PledgeRecord(
        pledge=pledge,
        entry=entry,
        availability=availability(entry, conditions) if entry else None,
        **_terms(entry, by_id),
        conditions=_conditions(entry, by_id, conditions),
        conditions_set_by=by_id.get(entry.basis_set_by_id or 0) if entry else None,
        spans=_spans(entries, clock.on),
        history=[Statement(update, chains[update.pk]) for update in reversed(dated)],
        retracted=[
            update
            for update in ever_known
            if not _is_known(update, clock) and update.pk not in replaced and update.date <= clock.on
        ],
        first_day=current[0].date if current else None,
    )


def _is_known(update: PledgeUpdate, clock: Clock) -> bool:
    return update.known is not None and clock.known in update.known


def _chain(update: PledgeUpdate, by_id: dict[int, PledgeUpdate]) -> list[PledgeUpdate]:
    """Return what an update replaced under this pledge, the latest version first."""
    chain = []
    earlier = by_id.get(update.corrects_id or 0)
    while earlier is not None:
        chain.append(earlier)
        earlier = by_id.get(earlier.corrects_id or 0)
    return chain


def _terms(entry: LedgerEntry | None, by_id: dict[int, PledgeUpdate]) -> dict[str, Term | None]:
    if entry is None:
        return dict.fromkeys(("status", "instrument", "quantity", "area"))
    set_by = by_id[entry.status_set_by_id]
    return {
        "status": Term("status", entry.status, set_by, entry.status_said_on),
        "instrument": Term("instrument", entry.instrument, set_by, set_by.date),
        "quantity": Term("quantity", entry.unit, by_id.get(entry.quantity_set_by_id or 0), entry.quantity_said_on),
        "area": Term("area", entry.area, by_id.get(entry.area_set_by_id or 0), entry.area_said_on),
    }


def _conditions(
    entry: LedgerEntry | None, by_id: dict[int, PledgeUpdate], conditions: ConditionValues
) -> list[ConditionTerm]:
    if entry is None:
        return []
    parallel = zip(entry.conditions, entry.condition_set_by, entry.condition_said_on, strict=True)
    return [
        ConditionTerm(
            code,
            conditions.value(code, state_id=entry.state_id, pledge_id=entry.pledge_id),
            by_id[set_by],
            said_on,
        )
        for code, set_by, said_on in parallel
    ]


def _spans(entries: Iterable[LedgerEntry], on: dt.date) -> list[StatusSpan]:
    """Return the unbroken runs of a status up to a day, as they were in force."""
    spans: list[StatusSpan] = []
    for entry in entries:
        start, end = entry.effective.lower, entry.effective.upper
        if start > on:
            break
        if spans and spans[-1].status == entry.status:
            spans[-1] = StatusSpan(spans[-1].status, spans[-1].start, end)
        else:
            spans.append(StatusSpan(Status(entry.status), start, end))
    return spans
