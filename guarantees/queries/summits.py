"""Meetings: which there were, who took part, and what each did to the pledges."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, ExtractYear
from django.utils.translation import get_language, gettext
from psycopg.types.range import DateRange

from guarantees import wording
from guarantees.clock import Clock
from guarantees.models import CollectiveClaim, LedgerEntry, Participation, PledgeUpdate, Position, Source, State, Summit
from guarantees.names import localised_state_name
from guarantees.queries.counting import before
from guarantees.text import fold
from guarantees.vocabulary import (
    NEEDS_EARLIER_RUNG,
    RANKS,
    Area,
    Attendance,
    Bindingness,
    Category,
    ConditionCode,
    ConditionsBasis,
    Instrument,
    Outcome,
    QuantityBasis,
    Role,
    StateKind,
    Status,
)

SUSPENDED_HEIGHT = 5
"""A suspended pledge can be taken up again: it stands below every rung, and above one that was called off."""


# --- What a meeting did to a pledge


def height(status: Status) -> int:
    """Return how high a status stands for comparison: its rank; suspended below every rung; called off at 0."""
    if status is Status.SUSPENDED:
        return SUSPENDED_HEIGHT
    return RANKS.get(status, 0)


def outcome(earlier: Status | None, later: Status) -> Outcome:
    """Return what a meeting did to a pledge, from its status before the first day and at the end of the last.

    The rule (counting rule 6 names the two days): a refusal at the meeting is *ruled out*, whether new or repeated. A
    pledge that did not exist before, or an offer after a refusal, is *made*, a signalled one too; if it was given and
    called off at the same meeting, it is *weakened*. Otherwise the heights decide: *firmed up*, *weakened*, or at the
    same height *reaffirmed*. Withdrawn and lapsed stand at the same height, and suspended between them and signalled.
    """
    if later is Status.RULED_OUT:
        return Outcome.RULED_OUT
    if earlier is None or earlier is Status.RULED_OUT:
        return Outcome.WEAKENED if later in NEEDS_EARLIER_RUNG else Outcome.MADE
    if height(later) > height(earlier):
        return Outcome.FIRMED_UP
    if height(later) < height(earlier):
        return Outcome.WEAKENED
    return Outcome.REAFFIRMED


@dataclass(frozen=True, slots=True)
class Change:
    """A term in words: what it is called, how it read before the meeting (empty if that need not be told), how now."""

    term: str
    earlier: str
    later: str


def changed_terms(earlier: LedgerEntry, later: LedgerEntry) -> list[Change]:
    """Return how the terms in force, but for the status, differ before and after: of conditions what came and went."""
    pairs = (
        (gettext("Quantity"), _quantity_in_words(earlier), _quantity_in_words(later)),
        (gettext("Area"), str(Area(earlier.area).label), str(Area(later.area).label)),
    )
    found = [Change(term, old, new) for term, old, new in pairs if old != new]
    came = [code for code in later.conditions if code not in earlier.conditions]
    went = [code for code in earlier.conditions if code not in later.conditions]
    if came:
        term = gettext("Now also waits for") if earlier.conditions else gettext("Now waits for")
        found.append(Change(term, "", _conditions_in_words(came)))
    if went:
        found.append(Change(gettext("No longer waits for"), "", _conditions_in_words(went)))
    if later.conditions_basis != earlier.conditions_basis and not later.conditions:
        found.append(Change(gettext("Conditions"), "", str(ConditionsBasis(later.conditions_basis).label)))
    old, new = _instrument_in_words(earlier), _instrument_in_words(later)
    if old != new:
        found.append(Change(gettext("Rests on"), old, new))
    return found


def first_terms(entry: LedgerEntry) -> list[Change]:
    """Return the terms of a pledge that is new, as far as something was said about them."""
    found = []
    if entry.unit:
        found.append(Change(gettext("Quantity"), "", _quantity_in_words(entry)))
    if entry.area != Area.UNSPECIFIED:
        found.append(Change(gettext("Area"), "", str(Area(entry.area).label)))
    if entry.conditions:
        found.append(Change(gettext("Waits for"), "", _conditions_in_words(entry.conditions)))
    elif entry.conditions_basis != ConditionsBasis.NONE_STATED:
        found.append(Change(gettext("Conditions"), "", str(ConditionsBasis(entry.conditions_basis).label)))
    if entry.instrument != Instrument.NOT_STATED:
        found.append(Change(gettext("Rests on"), "", _instrument_in_words(entry)))
    return found


def _quantity_in_words(entry: LedgerEntry) -> str:
    text = wording.quantity(entry.quantity_min, entry.quantity_max, entry.unit)
    if not entry.quantity_basis:
        return text
    basis = str(QuantityBasis(entry.quantity_basis).label).lower()
    return gettext("%(quantity)s (%(basis)s)") % {"quantity": text, "basis": basis}


def _conditions_in_words(codes: Iterable[str]) -> str:
    return ", ".join(str(ConditionCode(code).label) for code in codes)


def _instrument_in_words(entry: LedgerEntry) -> str:
    instrument = str(Instrument(entry.instrument).label)
    if entry.bindingness == Bindingness.NOT_STATED:
        return instrument
    bindingness = str(Bindingness(entry.bindingness).label).lower()
    return gettext("%(instrument)s, %(bindingness)s") % {"instrument": instrument, "bindingness": bindingness}


@dataclass(frozen=True, slots=True)
class PledgeOutcome:
    """What a meeting did to one pledge: the terms before and after, and the updates made there.

    ``terms`` are those of a pledge that is new, or the changes of one that was there before; a refusal has none.
    """

    kind: Outcome
    earlier: LedgerEntry | None
    later: LedgerEntry
    updates: list[PledgeUpdate]
    terms: list[Change]

    @property
    def again(self) -> bool:
        """Whether a refusal had been given before the meeting too."""
        return self.kind is Outcome.RULED_OUT and self.earlier is not None and self.earlier.status == self.later.status


def pledge_outcome(
    first_day: dt.date, last_day: dt.date, updates: Sequence[PledgeUpdate], entries: Iterable[LedgerEntry]
) -> PledgeOutcome:
    """Return what a meeting of these days did to one pledge.

    ``updates`` are those made there (at least one), ``entries`` the terms of the pledge in force around those days, as
    known at one moment. An update that belongs to the meeting but is dated outside its days moves the day that is
    compared, so that it is never counted as having been there before.
    """
    day_before = before(min(first_day, *(update.date for update in updates)))
    day_after = max(last_day, *(update.date for update in updates))
    earlier = later = None
    for entry in entries:
        if _contains(entry.effective, day_before):
            earlier = entry
        if _contains(entry.effective, day_after):
            later = entry
    if later is None:
        raise LookupError(f"the ledger holds no terms for {updates[0].public_id} on {day_after}")
    kind = outcome(Status(earlier.status) if earlier else None, Status(later.status))
    if kind is Outcome.RULED_OUT:
        terms = []
    elif earlier is None or kind is Outcome.MADE:
        terms = first_terms(later)
    else:
        terms = changed_terms(earlier, later)
    return PledgeOutcome(kind, earlier, later, list(updates), terms)


def _contains(days: DateRange, day: dt.date) -> bool:
    return (days.lower is None or days.lower <= day) and (days.upper is None or day < days.upper)


def outcomes(summit: Summit, clock: Clock) -> dict[Outcome, list[PledgeOutcome]]:
    """Return what a meeting did to the pledges, in groups in the order of the vocabulary; groups may be empty.

    Read as of the clock: of a meeting still going on, as far as it had come at the end of ``clock.on``.
    """
    updates = list(
        PledgeUpdate.objects.as_of(clock)
        .filter(summit=summit)
        .select_related("pledge__state")
        .prefetch_related("sources")
        .order_by("date", "pk")
    )
    by_pledge: dict[int, list[PledgeUpdate]] = {}
    for update in updates:
        by_pledge.setdefault(update.pledge_id, []).append(update)
    groups: dict[Outcome, list[PledgeOutcome]] = {kind: [] for kind in Outcome}
    if not updates:
        return groups
    last_day = min(summit.end_date, clock.on)
    window = DateRange(
        before(min(summit.start_date, *(update.date for update in updates))),
        max(last_day, *(update.date for update in updates)),
        "[]",
    )
    entries: dict[int, list[LedgerEntry]] = {}
    for entry in LedgerEntry.objects.filter(
        pledge__in=by_pledge, known__contains=clock.known, effective__overlap=window
    ):
        entries.setdefault(entry.pledge_id, []).append(entry)
    for pledge_id, made in by_pledge.items():
        result = pledge_outcome(summit.start_date, last_day, made, entries.get(pledge_id, ()))
        groups[result.kind].append(result)
    order = list(Category)
    for group in groups.values():
        group.sort(
            key=lambda result: (
                order.index(Category(result.later.category)),
                _sorted_name(result.updates[0].pledge.state),
                result.updates[0].pledge.slug,
            )
        )
    return groups


def _sorted_name(state: State) -> str:
    return fold(localised_state_name(state.code, state.name, get_language() or "en"))


# --- Who took part


@dataclass(frozen=True, slots=True)
class Attendee:
    """One state at a meeting."""

    participation: Participation
    state: State

    @property
    def role(self) -> Role:
        """In what role it took part."""
        return Role(self.participation.role)


@dataclass(frozen=True, slots=True)
class Attendees:
    """Who took part in a meeting, as far as it is on record."""

    listed: list[Attendee]

    def came(self) -> list[tuple[Attendance, list[Attendee]]]:
        """Return those who came in person, remotely, and in a way not known; groups without anybody are left out."""
        groups = (
            (how, [attendee for attendee in self.listed if attendee.participation.attendance == how])
            for how in Attendance
        )
        return [(how, group) for how, group in groups if group]

    def in_role(self, role: Role) -> list[Attendee]:
        """Return those in a role."""
        return [attendee for attendee in self.listed if attendee.role is role]

    @property
    def hosts(self) -> list[Attendee]:
        """Those who received the meeting."""
        return self.in_role(Role.HOST)

    @property
    def co_chairs(self) -> list[Attendee]:
        """Those who led it with the host."""
        return self.in_role(Role.CO_CHAIR)

    @property
    def states(self) -> int:
        """The number of states listed."""
        return sum(attendee.state.kind == StateKind.STATE for attendee in self.listed)

    @property
    def organisations(self) -> int:
        """The number of organisations listed."""
        return len(self.listed) - self.states


def attendees(summit: Summit, clock: Clock) -> Attendees:
    """Return who took part: the host first, then the co-chairs, then by name in the reader's language."""
    rows = Participation.objects.as_of(clock).filter(summit=summit).select_related("state").prefetch_related("sources")
    order = {Role.HOST: 0, Role.CO_CHAIR: 1}
    listed = [Attendee(row, row.state) for row in rows]
    listed.sort(key=lambda attendee: (order.get(attendee.role, 2), _sorted_name(attendee.state)))
    return Attendees(listed)


# --- Meetings


@dataclass(frozen=True, slots=True)
class SummitFilter:
    """What a list of meetings is narrowed to; empty means everything."""

    kinds: Sequence[str] = ()
    formats: Sequence[str] = ()
    years: Sequence[int] = ()


def visible_summits(clock: Clock) -> QuerySet[Summit]:
    """Return the meetings that a reader at this clock can see, with the number of states listed as ``listed``.

    Newest first. Also those after ``clock.on``: that they are to take place was known.
    """
    listed = (
        Participation.objects.as_of(clock)
        .filter(summit=OuterRef("pk"))
        .order_by()
        .values("summit")
        .annotate(number=Count("pk"))
        .values("number")
    )
    return (
        Summit.objects.visible(clock)
        .select_related("country")
        .annotate(listed=Coalesce(Subquery(listed), 0))
        .order_by("-start_date", "-end_date", "slug")
    )


def filtered(summits: QuerySet[Summit], wanted: SummitFilter) -> QuerySet[Summit]:
    """Return the meetings that a filter lets through."""
    if wanted.kinds:
        summits = summits.filter(kind__in=wanted.kinds)
    if wanted.formats:
        summits = summits.filter(format__in=wanted.formats)
    if wanted.years:
        summits = summits.filter(start_date__year__in=wanted.years)
    return summits


def years(clock: Clock) -> list[int]:
    """Return the years in which visible meetings began, the latest first."""
    found = Summit.objects.visible(clock).annotate(year=ExtractYear("start_date")).values_list("year", flat=True)
    return sorted(set(found.order_by()), reverse=True)


def with_update_counts(summits: Sequence[Summit], clock: Clock) -> list[tuple[Summit, int]]:
    """Return each of the meetings with the number of pledges updated there, as of the clock; one query."""
    rows = (
        PledgeUpdate.objects.as_of(clock)
        .filter(summit__in=[summit.pk for summit in summits])
        .order_by()
        .values_list("summit")
        .annotate(number=Count("pledge", distinct=True))
    )
    numbers: dict[int, int] = dict(rows)
    return [(summit, numbers.get(summit.pk, 0)) for summit in summits]


def visible_names(clock: Clock) -> list[tuple[str, str]]:
    """Return slug and title of every visible meeting: what a mistyped address is compared with."""
    return list(Summit.objects.visible(clock).order_by("-start_date", "slug").values_list("slug", "title"))


@dataclass(frozen=True, slots=True)
class SummitRecord:
    """Everything on record about one meeting, as of a clock."""

    summit: Summit
    is_later: bool
    attendees: Attendees
    outcomes: dict[Outcome, list[PledgeOutcome]]
    positions: list[Position]
    claims: list[CollectiveClaim]
    own_sources: list[Source]

    @property
    def groups(self) -> list[tuple[Outcome, list[PledgeOutcome]]]:
        """The groups of outcomes that hold something."""
        return [(kind, results) for kind, results in self.outcomes.items() if results]

    @property
    def facts(self) -> list[Participation | PledgeUpdate | Position | CollectiveClaim]:
        """All facts that are told of the meeting."""
        return [
            *(attendee.participation for attendee in self.attendees.listed),
            *(update for group in self.outcomes.values() for result in group for update in result.updates),
            *self.positions,
            *self.claims,
        ]

    @property
    def sources(self) -> list[Source]:
        """All sources of the meeting and of what is told of it, each once, in the order of their ids."""
        cited = {source.pk: source for source in self.own_sources}
        for fact in self.facts:
            cited |= {source.pk: source for source in fact.sources.all()}
        return sorted(cited.values(), key=lambda source: source.public_id)


def record(summit: Summit, clock: Clock) -> SummitRecord:
    """Read everything on record about a visible meeting."""
    positions = (
        Position.objects.as_of(clock)
        .filter(summit=summit)
        .select_related("state")
        .prefetch_related("sources")
        .order_by("date", "pk")
    )
    claims = (
        CollectiveClaim.objects.as_of(clock).filter(summit=summit).prefetch_related("sources").order_by("date", "slug")
    )
    return SummitRecord(
        summit=summit,
        is_later=summit.start_date > clock.on,
        attendees=attendees(summit, clock),
        outcomes=outcomes(summit, clock),
        positions=sorted(positions, key=lambda position: (_sorted_name(position.state), position.date, position.pk)),
        claims=list(claims),
        own_sources=list(Source.objects.visible(clock).filter(summits=summit)),
    )
