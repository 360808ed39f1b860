"""The overview: figures by the counting rules, the grid, what was said last, and the meetings."""

from typing import Any

import pytest
from django.utils import translation
from pytest_django import DjangoAssertNumQueries

from guarantees.clock import Clock
from guarantees.models import Changeset, LedgerEntry, State
from guarantees.queries import overview as queries
from guarantees.queries.counting import Interval
from guarantees.queries.overview import Cell, Extent, overview
from guarantees.vocabulary import Availability, Category, Status
from tests.factories import (
    ChangesetFactory,
    ConditionFactory,
    ConditionStateFactory,
    ParticipationFactory,
    PledgeFactory,
    SourceFactory,
    StateFactory,
    SummitFactory,
    UpdateFactory,
    day,
    moment,
    publish,
)

PUBLISHED = moment("2026-01-01")
PRESENT = Clock(day("2026-11-24"), moment("2026-11-24"))
ON_RECORD = Clock(day("2026-02-28"), moment("2026-11-03"))
"""A day of the bundled record, as known after its publication."""
AVAILABLE, HELD_BACK, SILENT = Availability


def update(changeset: Changeset, state: State, category: str = "troops", **fields: Any) -> None:
    """A draft update of a new pledge of a state."""
    slug = f"{state.slug}-{category}-{PledgeFactory._meta.model.objects.count()}"
    pledge = PledgeFactory(changeset=changeset, state=state, category=category, slug=slug)
    UpdateFactory(changeset=changeset, pledge=pledge, **fields)


WAITING = {"conditions": ["ceasefire"], "conditions_basis": "stated"}
UP_TO_500 = {"quantity_max": 500, "unit": "personnel", "quantity_basis": "stated"}


# --- Headline figures


@pytest.mark.django_db
def test_figures_follow_the_counting_rules_and_the_three_add_up_to_all():
    changeset = ChangesetFactory()
    alpha, bravo = StateFactory(name="Alpha"), StateFactory(name="Bravo")
    update(changeset, alpha, status="committed", **WAITING, **UP_TO_500)
    update(changeset, alpha, status="announced", conditions_basis="unconditional")
    update(changeset, bravo, status="announced")
    update(changeset, bravo, "training", status="under_way")
    update(changeset, bravo, "maritime", status="signalled", **WAITING)
    update(changeset, bravo, "command", status="ruled_out")
    publish(changeset, PUBLISHED)

    found = overview(PRESENT)
    figures = found.headline

    assert {kind: total.pledges for kind, total in figures.by_availability.items()} == {
        AVAILABLE: 1,
        HELD_BACK: 1,
        SILENT: 2,
    }
    assert (figures.every.pledges, figures.every.firm, len(figures.every.states)) == (4, 2, 2)
    assert (figures.troops.pledges, figures.troops.without_number) == (3, 2)
    assert found.troops_in_numbers == (0, 500)
    assert {kind: total.pledges for kind, total in figures.troops_by_availability.items()} == {
        AVAILABLE: 1,
        HELD_BACK: 1,
        SILENT: 1,
    }
    assert figures.troops_by_availability[HELD_BACK].sums == {"personnel": Interval(0, 500)}
    assert (figures.signalled.pledges, figures.ruled_out.pledges, figures.ended.pledges) == (1, 1, 0)
    assert (found.pledges, found.states) == (6, 2)


@pytest.mark.django_db
def test_a_pledge_that_was_called_off_is_shown_and_not_counted():
    changeset = ChangesetFactory()
    pledge = PledgeFactory(changeset=changeset)
    UpdateFactory(changeset=changeset, pledge=pledge, date=day("2025-03-01"), status="committed")
    UpdateFactory(changeset=changeset, pledge=pledge, date=day("2025-09-04"), status="withdrawn")
    publish(changeset, PUBLISHED)
    figures = overview(PRESENT).headline
    assert (figures.every.pledges, figures.ruled_out.pledges, figures.ended.pledges) == (0, 0, 1)
    figures = overview(Clock(day("2025-09-03"), PRESENT.known)).headline
    assert (figures.every.pledges, figures.ended.pledges) == (1, 0)


@pytest.mark.django_db
def test_a_condition_that_is_met_frees_the_pledge():
    changeset = ChangesetFactory()
    update(changeset, StateFactory(), status="committed", **WAITING)
    ConditionStateFactory(changeset=changeset, condition=ConditionFactory(code="ceasefire"), date=day("2026-02-01"))
    publish(changeset, PUBLISHED)
    before, after = Clock(day("2026-01-31"), PRESENT.known), Clock(day("2026-02-01"), PRESENT.known)
    assert [overview(clock).headline.by_availability[AVAILABLE].pledges for clock in (before, after)] == [0, 1]
    assert [overview(clock).grid[0].cells[0].waits for clock in (before, after)] == [True, False]


@pytest.mark.django_db
def test_the_record_of_february_2026_in_figures(record: Changeset):
    found = overview(ON_RECORD)
    figures = found.headline
    counted = LedgerEntry.objects.in_force(ON_RECORD).filter(rank__gte=20)
    assert figures.every.pledges == counted.count() == 48
    assert figures.every.firm == counted.filter(rank__gte=30).count() == 22
    assert {kind: total.pledges for kind, total in figures.by_availability.items()} == {
        AVAILABLE: 0,
        HELD_BACK: 18,
        SILENT: 30,
    }
    # France and the United Kingdom up to 5,000 each, Estonia 50 to 250.
    assert found.troops_in_numbers == (50, 10_250)
    assert (figures.troops.pledges, figures.troops.without_number) == (3, 0)
    assert (figures.signalled.pledges, figures.ruled_out.pledges, figures.ended.pledges) == (67, 13, 2)
    assert (found.pledges, found.states) == (130, 37)
    assert found.extent == Extent(updates=301, sources=359, since=day("2025-02-12"))


# --- The grid


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (None, 0),
        (Cell(Category.TROOPS, Status.COMMITTED, 1, False), 30),
        (Cell(Category.TROOPS, Status.SUSPENDED, 1, False), 5),
        (Cell(Category.TROOPS, Status.WITHDRAWN, 1, False), -1),
        (Cell(Category.TROOPS, Status.RULED_OUT, 1, False), -2),
    ],
)
def test_a_refusal_is_less_firm_than_nothing(cell: Cell | None, expected: int):
    assert queries.firmness(cell) == expected


@pytest.mark.django_db
def test_states_are_ordered_by_the_core_categories_the_firmest_first_then_by_name():
    changeset = ChangesetFactory()
    for name, category, status in (
        ("Golf", "command", "delivered"),
        ("Foxtrot", "troops", "ruled_out"),
        ("Echo", "training", "under_way"),
        ("Delta", "troops", "signalled"),
        ("Charlie", "troops", "signalled"),
        ("Bravo", "troops", "announced"),
    ):
        update(changeset, StateFactory(name=name), category, status=status)
    update(changeset, State.objects.get(name="Delta"), "maritime", status="announced")
    publish(changeset, PUBLISHED)
    rows = overview(PRESENT).grid
    assert [row.state.name for row in rows] == ["Bravo", "Delta", "Charlie", "Echo", "Golf", "Foxtrot"]


@pytest.mark.django_db
def test_a_cell_shows_the_firmest_pledge_and_how_many_there_are():
    changeset, state = ChangesetFactory(), StateFactory()
    update(changeset, state, "equipment", status="ruled_out")
    update(changeset, state, "equipment", status="committed", **UP_TO_500)
    update(changeset, state, "equipment", status="signalled", **WAITING)
    update(changeset, state, "command", status="announced", **WAITING, **UP_TO_500)
    publish(changeset, PUBLISHED)
    (row,) = overview(PRESENT).grid
    command = LedgerEntry.objects.in_force(PRESENT).select_related("pledge").get(category="command")
    assert row.cells == [
        None,
        None,
        None,
        None,
        Cell(Category.EQUIPMENT, Status.COMMITTED, 3, waits=False),
        None,
        None,
        None,
        Cell(Category.COMMAND, Status.ANNOUNCED, 1, True, (None, 500, "personnel"), command.pledge.slug),
    ]


@pytest.mark.django_db
def test_rows_of_equal_firmness_go_by_name_in_the_language_of_the_reader():
    changeset = ChangesetFactory()
    for code, name in (("HUN", "Hungary"), ("AUT", "Austria"), ("HRV", "Croatia")):
        update(changeset, StateFactory(code=code, name=name))
    publish(changeset, PUBLISHED)
    assert [row.state.code for row in overview(PRESENT).grid] == ["AUT", "HRV", "HUN"]
    with translation.override("de"):  # Kroatien, Österreich, Ungarn
        assert [row.state.code for row in overview(PRESENT).grid] == ["HRV", "AUT", "HUN"]


# --- What was said, and where


@pytest.mark.django_db
def test_the_latest_updates_come_first_and_of_one_day_the_firmest():
    changeset = ChangesetFactory()
    for slug, date, status in (
        ("a", "2025-09-04", "signalled"),
        ("b", "2025-09-04", "committed"),
        ("c", "2025-09-05", "ruled_out"),
        ("d", "2025-09-04", "ruled_out"),
        ("e", "2025-09-04", "signalled"),
    ):
        UpdateFactory(changeset=changeset, pledge__slug=slug, public_id=slug, date=day(date), status=status)
    publish(changeset, PUBLISHED)
    assert [said.public_id for said in queries.latest_updates(PRESENT, 4)] == ["c", "b", "a", "e"]
    assert [said.public_id for said in queries.latest_updates(Clock(day("2025-09-04"), PRESENT.known), 1)] == ["b"]


@pytest.mark.django_db
def test_meetings_are_the_last_ones_up_to_the_day_and_the_next_ones_after_it():
    changeset = ChangesetFactory()
    for name in ("2025-09-03", "2025-09-04", "2025-09-05", "2025-09-06"):
        SummitFactory(changeset=changeset, slug=f"on-{name}", start_date=day(name))
    ParticipationFactory(changeset=changeset, summit__slug="listed", summit__start_date=day("2025-09-02"))
    hidden = SummitFactory(slug="hidden", start_date=day("2025-09-04"))
    publish(changeset, PUBLISHED)
    publish(hidden.changeset, moment("2027-01-01"))

    clock = Clock(day("2025-09-04"), PRESENT.known)
    last, following = queries.last_meetings(clock, 3), queries.next_meetings(clock, 3)
    assert [(summit.slug, summit.listed) for summit in last] == [
        ("on-2025-09-04", 0),
        ("on-2025-09-03", 0),
        ("listed", 1),
    ]
    assert [summit.slug for summit in following] == ["on-2025-09-05", "on-2025-09-06"]
    assert queries.next_meetings(PRESENT, 3) == []


@pytest.mark.django_db
def test_sources_are_counted_once():
    changeset, source = ChangesetFactory(), SourceFactory()
    UpdateFactory(changeset=changeset, date=day("2025-09-04"), cited=[source, SourceFactory()])
    UpdateFactory(changeset=changeset, date=day("2025-09-03"), cited=[source])
    publish(changeset, PUBLISHED)
    assert queries.extent(PRESENT) == Extent(updates=2, sources=2, since=day("2025-09-03"))
    assert queries.extent(Clock(day("2025-09-02"), PRESENT.known)) == Extent(updates=0, sources=0, since=None)


@pytest.mark.django_db
@pytest.mark.parametrize("number", [1, 3])
def test_the_overview_takes_eight_queries(django_assert_num_queries: DjangoAssertNumQueries, number: int):
    changeset = ChangesetFactory()
    for _each in range(number):
        UpdateFactory(changeset=changeset, pledge=PledgeFactory(changeset=changeset, state=StateFactory()))
    publish(changeset, PUBLISHED)
    with django_assert_num_queries(8):
        found = overview(PRESENT)
    assert len(found.grid) == number
