"""The overview: the headline figures, the grid of states and categories, what was said last, and the meetings."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Case, Count, Min, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import get_language

from guarantees.clock import Clock
from guarantees.models import LedgerEntry, Participation, PledgeUpdate, State, Summit
from guarantees.names import localised_state_name
from guarantees.queries.counting import ConditionValues, Total, totals
from guarantees.text import fold
from guarantees.vocabulary import COUNTED_RANK, RANKS, Availability, Category, ConditionValue, Status, Unit

_NEEDED = (
    "pledge_id",
    "pledge__slug",
    "state_id",
    "category",
    "status",
    "rank",
    "quantity_min",
    "quantity_max",
    "unit",
    "conditions",
    "conditions_basis",
)


# --- Headline figures


@dataclass(frozen=True, slots=True)
class Headline:
    """The figures by the counting rules: pledges at announced or firmer, and beside them what is never counted.

    ``every`` holds all pledges at announced or firmer, ``troops`` those of the category troops among them; both also
    by availability, always all three, which add up to all.
    """

    every: Total
    by_availability: Mapping[Availability, Total]
    troops: Total
    troops_by_availability: Mapping[Availability, Total]
    signalled: Total
    ruled_out: Total
    ended: Total


def headline(entries: Iterable[Any], conditions: ConditionValues) -> Headline:
    """Count the pledges in force by the counting rules (``queries.counting``)."""
    entries = list(entries)
    counted = [entry for entry in entries if (entry.rank or 0) >= COUNTED_RANK]
    troops = [entry for entry in counted if entry.category == Category.TROOPS]
    return Headline(
        every=_total(counted),
        by_availability=totals(counted, conditions),
        troops=_total(troops),
        troops_by_availability=totals(troops, conditions),
        signalled=_total(entry for entry in entries if entry.status == Status.SIGNALLED),
        ruled_out=_total(entry for entry in entries if entry.status == Status.RULED_OUT),
        ended=_total(entry for entry in entries if entry.rank is None and entry.status != Status.RULED_OUT),
    )


def _total(entries: Iterable[Any]) -> Total:
    total = Total()
    for entry in entries:
        total.add(entry)
    return total


# --- The grid


@dataclass(frozen=True, slots=True)
class Cell:
    """What one state has on record in one category (counting rule 5): the firmest status, and of how many pledges.

    ``quantity`` (minimum, maximum, unit) and ``pledge`` (a slug) are set where the pledge stands alone in its cell:
    what several gave is not one number. ``waits`` tells whether a condition of the firmest pledge is not met.
    """

    category: Category
    status: Status
    count: int
    waits: bool
    quantity: tuple[int | None, int | None, str] | None = None
    pledge: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A state, and its cells in the order of the categories; None where nothing is recorded."""

    state: State
    cells: list[Cell | None]


_OFF_THE_LADDER = {Status.SUSPENDED: 5, Status.WITHDRAWN: -1, Status.LAPSED: -1, Status.RULED_OUT: -2}
"""Where cells beside the ladder stand among rungs (10 to 60) and nothing (0): suspended can be taken up again."""


def firmness(cell: Cell | None) -> int:
    """Return how firm a cell is: the rank of its status, 0 where nothing is recorded, less for what was called off."""
    if cell is None:
        return 0
    return cell.status.rank or _OFF_THE_LADDER[cell.status]


def grid(entries: Iterable[Any], states: Mapping[int, State], conditions: ConditionValues) -> list[Row]:
    """Return a row for each state with anything on record in a category.

    Ordered by troops, then training, air policing and maritime (and then the other categories), the firmest first; then
    by name in the reader's language.
    """
    by_cell: dict[int, dict[str, list[Any]]] = {}
    for entry in entries:
        by_cell.setdefault(entry.state_id, {}).setdefault(entry.category, []).append(entry)
    rows = []
    for state_id, found in by_cell.items():
        cells = [_cell(category, found[category], conditions) if category in found else None for category in Category]
        rows.append(Row(states[state_id], cells))
    return sorted(rows, key=lambda row: ([-firmness(cell) for cell in row.cells], fold(_name(row.state))))


def _cell(category: Category, entries: list[Any], conditions: ConditionValues) -> Cell:
    firmest = max(entries, key=lambda entry: entry.rank or _OFF_THE_LADDER[Status(entry.status)])
    waits = firmest.rank is not None and any(
        conditions.value(code, state_id=firmest.state_id, pledge_id=firmest.pledge_id) != ConditionValue.MET
        for code in firmest.conditions
    )
    alone = len(entries) == 1
    return Cell(
        category=category,
        status=Status(firmest.status),
        count=len(entries),
        waits=waits,
        quantity=(firmest.quantity_min, firmest.quantity_max, firmest.unit) if alone and firmest.unit else None,
        pledge=firmest.pledge__slug if alone else "",
    )


def _name(state: State) -> str:
    return localised_state_name(state.code, state.name, get_language() or "en")


# --- What was said, and where


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is on record as of a clock: updates, the sources they rest on, and the day of the first of them."""

    updates: int
    sources: int
    since: dt.date | None


def extent(clock: Clock) -> Extent:
    """Count the updates as of a clock and their distinct sources, in one query."""
    found = PledgeUpdate.objects.as_of(clock).aggregate(
        updates=Count("pk", distinct=True), sources=Count("sources", distinct=True), since=Min("date")
    )
    return Extent(**found)


def latest_updates(clock: Clock, limit: int) -> list[PledgeUpdate]:
    """Return the updates with the latest dates as of a clock, the newest first, in two queries.

    Of one day the firmest come first, and what stands beside the ladder last.
    """
    rank = Case(*(When(status=status, then=Value(rank)) for status, rank in RANKS.items()), default=Value(0))
    return list(
        PledgeUpdate.objects.as_of(clock)
        .select_related("pledge__state", "summit")
        .prefetch_related("sources")
        .order_by("-date", rank.desc(), "public_id")[:limit]
    )


def last_meetings(clock: Clock, limit: int) -> list[Summit]:
    """Return the meetings that had begun by the day of the clock, the latest first, each with ``listed``.

    ``listed`` is how many states and organisations are on record as having taken part.
    """
    meetings = _meetings(clock).filter(start_date__lte=clock.on)
    return list(meetings.order_by("-start_date", "-end_date", "slug")[:limit])


def next_meetings(clock: Clock, limit: int) -> list[Summit]:
    """Return the meetings on record that begin after the day of the clock, the next one first."""
    return list(_meetings(clock).filter(start_date__gt=clock.on).order_by("start_date", "slug")[:limit])


def _meetings(clock: Clock) -> QuerySet[Summit]:
    taking_part = Participation.objects.known_at(clock).filter(summit=OuterRef("pk")).order_by().values("summit")
    return (
        Summit.objects.visible(clock)
        .select_related("country")
        .annotate(listed=Coalesce(Subquery(taking_part.annotate(number=Count("pk")).values("number")), 0))
    )


# --- All of it

LATEST_UPDATES, LAST_MEETINGS, NEXT_MEETINGS = 6, 7, 3
"""How many of each the overview shows."""


@dataclass(frozen=True, slots=True)
class Overview:
    """Where the record stands as of a clock."""

    headline: Headline
    grid: list[Row]
    extent: Extent
    pledges: int
    states: int
    troops_in_numbers: tuple[int, int | None] | None
    latest: list[PledgeUpdate] = field(default_factory=list)
    last_meetings: list[Summit] = field(default_factory=list)
    next_meetings: list[Summit] = field(default_factory=list)


def overview(clock: Clock) -> Overview:
    """Read the overview as of a clock, in eight queries however much is on record."""
    conditions = ConditionValues.at(clock)
    entries: list[Any] = list(
        LedgerEntry.objects.in_force(clock).order_by("pledge__slug").values_list(*_NEEDED, named=True)
    )
    states = State.objects.in_bulk({entry.state_id for entry in entries})
    figures = headline(entries, conditions)
    soldiers = figures.troops.sums.get(Unit.PERSONNEL)
    return Overview(
        headline=figures,
        grid=grid(entries, states, conditions),
        extent=extent(clock),
        pledges=len(entries),
        states=len(states),
        troops_in_numbers=(soldiers.low, soldiers.high) if soldiers else None,
        latest=latest_updates(clock, LATEST_UPDATES),
        last_meetings=last_meetings(clock, LAST_MEETINGS),
        next_meetings=next_meetings(clock, NEXT_MEETINGS),
    )
