"""The counting rules: how pledges become figures. The only module of this folder that others here import."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from django.db.models import Case, CharField, Q, Value, When
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from guarantees.clock import Clock
from guarantees.models import ConditionState
from guarantees.vocabulary import (
    COUNTED_RANK,
    FIRM_RANK,
    IMPLIED_BY,
    Availability,
    ConditionCode,
    ConditionsBasis,
    ConditionValue,
)

COUNTING_RULES: tuple[str | Promise, ...] = (
    _(
        "Headline totals count pledges at announced or firmer. Signalled offers are shown beside them, never counted "
        "with them. Firm means committed or firmer."
    ),
    _(
        "Sums run over distinct pledges in force. Ranges add as ranges: a single number n is n to n; “up to n” is 0 to "
        "n; “at least n” adds n and leaves the upper end of the sum open. The count of pledges without a number "
        "stands beside every sum. Units and currencies are never mixed."
    ),
    _("Collective claims, such as “26 states”, are never added to named pledges; they are reconciled beside them."),
    _("Ruled out, withdrawn, lapsed and suspended are shown, never summed."),
    _(
        "An empty cell does not exist: a cell shows a status (with several pledges, the firmest, and how many), or "
        "“ruled out”, or “none recorded”."
    ),
    _(
        "“From a summit” means the state of things at the end of its last day; “before it”, at the end of the day "
        "before its first."
    ),
)


class InForce(Protocol):
    """What counting needs of a ledger entry (or of anything that looks like one)."""

    pledge_id: int
    state_id: int
    rank: int | None
    quantity_min: int | None
    quantity_max: int | None
    unit: str
    conditions: list[str]
    conditions_basis: str


@dataclass(frozen=True, slots=True)
class Interval:
    """A range of numbers. ``high`` is None where the upper end is open ("at least")."""

    low: int = 0
    high: int | None = 0

    @classmethod
    def given(cls, low: int | None, high: int | None) -> "Interval":
        """Return the interval of a quantity as recorded: no minimum counts from 0, no maximum leaves it open."""
        return cls(low or 0, high)

    def __add__(self, other: "Interval") -> "Interval":
        """Add two intervals; an open end stays open."""
        open_ended = self.high is None or other.high is None
        return Interval(self.low + other.low, None if open_ended else (self.high or 0) + (other.high or 0))


@dataclass
class Total:
    """A number of pledges, the sums of their numbers by unit, and how many gave no number."""

    pledges: int = 0
    firm: int = 0
    without_number: int = 0
    states: set[int] = field(default_factory=set)
    sums: dict[str, Interval] = field(default_factory=dict)

    def add(self, entry: InForce) -> None:
        """Count one pledge in force."""
        self.pledges += 1
        self.firm += (entry.rank or 0) >= FIRM_RANK
        self.states.add(entry.state_id)
        if entry.unit:
            given = Interval.given(entry.quantity_min, entry.quantity_max)
            self.sums[entry.unit] = self.sums.get(entry.unit, Interval()) + given
        else:
            self.without_number += 1


@dataclass(frozen=True, slots=True)
class ConditionValues:
    """Where every condition stands on a day: met for all, for one state, or for one pledge; open otherwise.

    The narrowest statement holds, and among equally narrow ones the latest. A condition is also met where one that
    implies it is (``vocabulary.IMPLIED_BY``).
    """

    for_all: Mapping[str, str] = field(default_factory=dict)
    for_state: Mapping[tuple[int, str], str] = field(default_factory=dict)
    for_pledge: Mapping[tuple[int, str], str] = field(default_factory=dict)

    @classmethod
    def at(cls, clock: Clock) -> "ConditionValues":
        """Read the values as of a clock, in one query."""
        for_all: dict[str, str] = {}
        for_state: dict[tuple[int, str], str] = {}
        for_pledge: dict[tuple[int, str], str] = {}
        for said in ConditionState.objects.as_of(clock).select_related("condition").order_by("date", "pk"):
            if said.pledge_id is not None:
                for_pledge[said.pledge_id, said.condition.code] = said.value
            elif said.state_id is not None:
                for_state[said.state_id, said.condition.code] = said.value
            else:
                for_all[said.condition.code] = said.value
        return cls(for_all, for_state, for_pledge)

    def _said(self, code: str, state_id: int, pledge_id: int) -> str:
        for said in (
            self.for_pledge.get((pledge_id, code)),
            self.for_state.get((state_id, code)),
            self.for_all.get(code),
        ):
            if said is not None:
                return said
        return ConditionValue.OPEN

    def value(self, code: str, *, state_id: int, pledge_id: int) -> ConditionValue:
        """Return where a condition stands for one pledge."""
        implied_by = IMPLIED_BY.get(ConditionCode(code))
        if implied_by is not None and self._said(implied_by, state_id, pledge_id) == ConditionValue.MET:
            return ConditionValue.MET
        return ConditionValue(self._said(code, state_id, pledge_id))

    def met(self, *, state_id: int, pledge_id: int) -> set[str]:
        """Return the conditions that are met for one pledge."""
        return {
            code
            for code in ConditionCode.values
            if self.value(code, state_id=state_id, pledge_id=pledge_id) == ConditionValue.MET
        }


def availability(entry: InForce, conditions: ConditionValues) -> Availability | None:
    """Return whether a pledge in force could start; None below announced, where the question does not arise.

    A pledge whose stated conditions were all lifted waits for nothing: it is available.
    """
    if (entry.rank or 0) < COUNTED_RANK:
        return None
    if entry.conditions_basis == ConditionsBasis.NONE_STATED:
        return Availability.NO_CONDITION_STATED
    if set(entry.conditions) <= conditions.met(state_id=entry.state_id, pledge_id=entry.pledge_id):
        return Availability.AVAILABLE
    return Availability.HELD_BACK


def availability_in_sql(conditions: ConditionValues) -> Case:
    """Return :func:`availability` as an expression over ledger entries, for filters and counts.

    The narrowest scope of which something of its own was said comes first, then all others.
    """
    states = sorted({state_id for state_id, _code in conditions.for_state})
    cases = [
        When(Q(rank__isnull=True) | Q(rank__lt=COUNTED_RANK), then=Value(None)),
        When(conditions_basis=ConditionsBasis.NONE_STATED, then=Value(Availability.NO_CONDITION_STATED)),
    ]
    for pledge_id in sorted({pledge_id for pledge_id, _code in conditions.for_pledge}):
        for state_id in states:
            met = conditions.met(state_id=state_id, pledge_id=pledge_id)
            cases += _ready_or_not(Q(pledge_id=pledge_id, state_id=state_id), met)
        cases += _ready_or_not(Q(pledge_id=pledge_id), conditions.met(state_id=0, pledge_id=pledge_id))
    for state_id in states:
        cases += _ready_or_not(Q(state_id=state_id), conditions.met(state_id=state_id, pledge_id=0))
    anywhere = conditions.met(state_id=0, pledge_id=0)
    cases.append(When(conditions__contained_by=sorted(anywhere), then=Value(Availability.AVAILABLE)))
    return Case(*cases, default=Value(Availability.HELD_BACK), output_field=CharField(null=True))


def _ready_or_not(scope: Q, met: set[str]) -> list[When]:
    return [
        When(scope & Q(conditions__contained_by=sorted(met)), then=Value(Availability.AVAILABLE)),
        When(scope, then=Value(Availability.HELD_BACK)),
    ]


def totals(entries: Iterable[InForce], conditions: ConditionValues) -> dict[Availability, Total]:
    """Return the totals of pledges at announced or firmer by availability: always all three, in this order.

    Entries below announced or off the ladder are passed over (counting rules 1 and 4).
    """
    result = {kind: Total() for kind in Availability}
    for entry in entries:
        kind = availability(entry, conditions)
        if kind is not None:
            result[kind].add(entry)
    return result


def before(first_day: dt.date) -> dt.date:
    """Return the day whose end is "before" a meeting (counting rule 6)."""
    return first_day - dt.timedelta(days=1)
