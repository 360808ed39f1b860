"""The counting rules, on hand-worked cases and against the rules read literally."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from guarantees.clock import Clock
from guarantees.models import LedgerEntry, Pledge
from guarantees.queries import counting
from guarantees.queries.counting import ConditionValues, Interval, Total, availability, totals
from guarantees.vocabulary import Availability, ConditionCode
from tests.factories import (
    ConditionFactory,
    ConditionStateFactory,
    PledgeFactory,
    StateFactory,
    UpdateFactory,
    day,
    moment,
    publish,
)

AVAILABLE, HELD_BACK, SILENT = Availability


@dataclass
class Entry:
    """A pledge in force, as far as counting looks at it."""

    rank: int | None = 20
    conditions: list[str] = field(default_factory=list)
    conditions_basis: str = "none_stated"
    quantity_min: int | None = None
    quantity_max: int | None = None
    unit: str = ""
    pledge_id: int = 1
    state_id: int = 1


def waiting(*codes: str, **fields: Any) -> Entry:
    return Entry(conditions=list(codes), conditions_basis="stated", **fields)


# --- ranges


@pytest.mark.parametrize(
    ("low", "high", "interval"),
    [(5, 5, Interval(5, 5)), (None, 5000, Interval(0, 5000)), (100, None, Interval(100, None)), (2, 4, Interval(2, 4))],
)
def test_a_quantity_counts_as_a_range(low: int | None, high: int | None, interval: Interval):
    assert Interval.given(low, high) == interval


def test_an_open_end_stays_open():
    assert Interval(100, None) + Interval(0, 5000) == Interval(100, None)
    assert Interval(0, 5000) + Interval(5, 5) == Interval(5, 5005)


intervals = st.builds(Interval, st.integers(0, 10**9), st.none() | st.integers(10**9, 10**10))


@given(intervals, intervals, intervals)
def test_adding_is_associative_commutative_and_has_a_zero(a: Interval, b: Interval, c: Interval):
    assert a + b == b + a
    assert (a + b) + c == a + (b + c)
    assert a + Interval() == a


@given(st.integers(0, 99), st.integers(0, 99), st.integers(0, 99), st.integers(0, 99))
def test_whatever_the_true_numbers_are_their_sum_lies_in_the_sum_of_the_ranges(a: int, b: int, c: int, d: int):
    one, other = Interval(min(a, b), max(a, b)), Interval(min(c, d), max(c, d))
    both = one + other
    for x in (one.low, one.high):
        for y in (other.low, other.high):
            assert both.low <= (x or 0) + (y or 0) <= (both.high or 0)


# --- availability


def test_below_announced_and_off_the_ladder_the_question_does_not_arise():
    assert availability(Entry(rank=10, conditions_basis="unconditional"), ConditionValues()) is None
    assert availability(Entry(rank=None), ConditionValues()) is None


def test_silence_is_not_readiness():
    assert availability(Entry(), ConditionValues()) == SILENT


def test_unconditional_is_available():
    assert availability(Entry(conditions_basis="unconditional"), ConditionValues()) == AVAILABLE


def test_conditions_that_were_all_lifted_hold_nothing_back():
    assert availability(waiting(), ConditionValues()) == AVAILABLE


def test_every_condition_must_be_met():
    pledge = waiting("ceasefire", "us_backstop")
    assert availability(pledge, ConditionValues()) == HELD_BACK
    assert availability(pledge, ConditionValues({"ceasefire": "met"})) == HELD_BACK
    assert availability(pledge, ConditionValues({"ceasefire": "met", "us_backstop": "failed"})) == HELD_BACK
    assert availability(pledge, ConditionValues({"ceasefire": "met", "us_backstop": "met"})) == AVAILABLE


def test_a_peace_agreement_met_means_a_ceasefire_met_but_not_the_reverse():
    assert availability(waiting("ceasefire"), ConditionValues({"peace_agreement": "met"})) == AVAILABLE
    assert availability(waiting("peace_agreement"), ConditionValues({"ceasefire": "met"})) == HELD_BACK


def test_the_narrowest_statement_holds():
    values = ConditionValues(
        for_all={"parliamentary_approval": "met"},
        for_state={(1, "parliamentary_approval"): "open"},
        for_pledge={(7, "parliamentary_approval"): "met"},
    )
    pledge = waiting("parliamentary_approval")
    assert availability(pledge, values) == HELD_BACK
    pledge.pledge_id = 7
    assert availability(pledge, values) == AVAILABLE
    pledge.state_id, pledge.pledge_id = 2, 8
    assert availability(pledge, values) == AVAILABLE


@pytest.mark.django_db
def test_condition_values_are_read_as_of_the_clock():
    condition = ConditionFactory(code="ceasefire")
    pledge = PledgeFactory()
    earlier = ConditionStateFactory(condition=condition, date=day("2026-01-01"), value="met")
    later = ConditionStateFactory(condition=condition, date=day("2026-02-01"), value="failed")
    own = ConditionStateFactory(condition=condition, date=day("2026-01-01"), value="open", state=pledge.state)
    single = ConditionStateFactory(condition=condition, date=day("2026-01-01"), value="met", pledge=pledge)
    for fact in (earlier, later, own, single):
        publish(fact.changeset, at=moment("2026-02-02"))
    known = moment("2026-02-02")
    assert ConditionValues.at(Clock(day("2025-12-31"), known)) == ConditionValues()
    assert ConditionValues.at(Clock(day("2026-01-15"), known)) == ConditionValues(
        {"ceasefire": "met"}, {(pledge.state_id, "ceasefire"): "open"}, {(pledge.pk, "ceasefire"): "met"}
    )
    assert ConditionValues.at(Clock(day("2026-02-01"), known)).for_all == {"ceasefire": "failed"}
    assert ConditionValues.at(Clock(day("2026-02-01"), moment("2026-02-01"))) == ConditionValues()


# --- totals


def test_totals_on_a_hand_worked_case():
    people = {"unit": "personnel"}
    entries = [
        waiting("ceasefire", quantity_max=5000, rank=30, pledge_id=1, state_id=1, **people),
        waiting("ceasefire", quantity_min=500, quantity_max=700, pledge_id=2, state_id=2, **people),
        waiting("us_backstop", quantity_min=100, pledge_id=3, state_id=2, **people),
        waiting("ceasefire", pledge_id=4, state_id=3),
        Entry(quantity_min=2, quantity_max=2, unit="ships", rank=50, pledge_id=5, state_id=3),
        Entry(rank=10, quantity_min=9999, quantity_max=9999, pledge_id=6, **people),
        Entry(rank=None, quantity_min=9999, quantity_max=9999, pledge_id=7, **people),
    ]
    assert totals(entries, ConditionValues()) == {
        AVAILABLE: Total(),
        HELD_BACK: Total(4, 1, 1, {1, 2, 3}, {"personnel": Interval(600, None)}),
        SILENT: Total(1, 1, 0, {3}, {"ships": Interval(2, 2)}),
    }


def test_before_a_meeting_is_the_end_of_the_day_before():
    assert counting.before(day("2025-03-01")) == day("2025-02-28")


entries_in_force = st.lists(
    st.builds(
        Entry,
        rank=st.sampled_from([None, 10, 20, 30, 50]),
        conditions=st.lists(st.sampled_from(ConditionCode.values), unique=True, max_size=3),
        conditions_basis=st.sampled_from(["stated", "unconditional", "none_stated"]),
        quantity_min=st.none() | st.integers(0, 50),
        quantity_max=st.none() | st.integers(50, 99),
        unit=st.sampled_from(["", "personnel", "ships"]),
        state_id=st.integers(1, 4),
    ),
    max_size=12,
)
conditions_met = st.dictionaries(
    st.sampled_from(ConditionCode.values), st.sampled_from(["met", "open", "failed"]), max_size=5
)


@given(entries_in_force, conditions_met)
def test_the_three_add_up_to_all_and_every_pledge_is_in_one(entries: list[Entry], met: dict[str, str]):
    values = ConditionValues(met)
    counted = [entry for entry in entries if (entry.rank or 0) >= 20]
    result = totals(entries, values)
    assert list(result) == [AVAILABLE, HELD_BACK, SILENT]
    assert sum(total.pledges for total in result.values()) == len(counted)
    assert sum(total.firm for total in result.values()) == sum((entry.rank or 0) >= 30 for entry in counted)
    for kind, total in result.items():
        mine = [entry for entry in counted if availability(entry, values) == kind]
        for unit in ("personnel", "ships"):
            given_numbers = [entry for entry in mine if entry.unit == unit]
            low = sum(entry.quantity_min or 0 for entry in given_numbers)
            highs = [entry.quantity_max for entry in given_numbers]
            high = None if None in highs else sum(number or 0 for number in highs)
            assert total.sums.get(unit, Interval()) == Interval(low, high)
        assert total.without_number == sum(entry.unit == "" for entry in mine)


@given(entries_in_force, conditions_met, st.sampled_from(ConditionCode.values))
def test_meeting_one_more_condition_never_holds_a_pledge_back(entries: list[Entry], met: dict[str, str], more: str):
    before, after = totals(entries, ConditionValues(met)), totals(entries, ConditionValues(met | {more: "met"}))
    assert after[AVAILABLE].pledges >= before[AVAILABLE].pledges
    assert after[SILENT] == before[SILENT]


values = st.sampled_from(["met", "open", "failed"])
scopes = st.dictionaries(
    st.tuples(st.integers(0, 2), st.sampled_from(["ceasefire", "peace_agreement", "us_backstop"])), values, max_size=4
)


class AvailabilityInSql(TestCase):
    """``availability_in_sql`` gives for every entry what ``availability`` gives."""

    @classmethod
    def setUpTestData(cls) -> None:
        for number in range(3):
            state = StateFactory(code=f"QX{chr(65 + number)}")
            for status, conditions, basis in (
                ("announced", ["ceasefire"], "stated"),
                ("committed", ["peace_agreement", "us_backstop"], "stated"),
                ("announced", [], "none_stated"),
                ("under_way", [], "unconditional"),
                ("signalled", ["ceasefire"], "stated"),
                ("ruled_out", [], "none_stated"),
            ):
                update = UpdateFactory(
                    pledge__state=state, status=status, conditions=conditions, conditions_basis=basis
                )
                publish(update.changeset, at=moment("2025-09-05"))

    @given(st.dictionaries(st.sampled_from(["ceasefire", "peace_agreement", "us_backstop"]), values), scopes, scopes)
    def test_agrees_with_python(self, for_all: dict, for_state: dict, for_pledge: dict) -> None:
        states = sorted(set(Pledge.objects.values_list("state", flat=True)))
        pledges = sorted(Pledge.objects.values_list("pk", flat=True))
        said = ConditionValues(
            for_all,
            {(states[number], code): value for (number, code), value in for_state.items()},
            {(pledges[number * 6 + number], code): value for (number, code), value in for_pledge.items()},
        )
        entries = LedgerEntry.objects.annotate(sql=counting.availability_in_sql(said))
        assert [(entry.pledge_id, entry.sql) for entry in entries.order_by("pledge")] == [
            (entry.pledge_id, availability(entry, said)) for entry in LedgerEntry.objects.order_by("pledge")
        ]
