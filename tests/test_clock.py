"""The two clocks as they are read from a request."""

import datetime as dt

import pytest
import time_machine

from guarantees import clock
from guarantees.clock import BadParameter, Clock, canonical, clock_of
from tests.factories import day, moment

NOW = moment("2026-03-01T12:00:00")


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOW, tick=False):
        yield


def test_without_parameters_it_is_today_as_known_now():
    assert clock_of({}) == Clock(day("2026-03-01"), NOW)
    assert clock_of({"on": " ", "known": ""}) == Clock.present()
    assert clock_of({}).is_present
    assert clock_of({}).query == {}


def test_today_is_the_utc_date():
    with time_machine.travel(dt.datetime(2026, 3, 2, 1, tzinfo=dt.timezone(dt.timedelta(hours=5))), tick=False):
        assert clock.today() == day("2026-03-01")


def test_both_hands_can_be_set_and_travel_in_links():
    read = clock_of({"on": "2025-09-04", "known": "2026-02-26T18:00:00+02:00"})
    assert read == Clock(day("2025-09-04"), moment("2026-02-26T16:00:00"), True, True)
    assert read.query == {"on": "2025-09-04", "known": "2026-02-26T16:00:00Z"}
    assert not read.is_present
    assert clock_of(read.query) == read


def test_a_day_ahead_is_accepted():
    assert clock_of({"on": "2027-01-01"}).on == day("2027-01-01")


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("2026-02-26", "2026-02-26T00:00:00Z"),
        ("2026-02-26T18:00:00Z", "2026-02-26T18:00:00Z"),
        ("2026-02-26T18:00:00", "2026-02-26T18:00:00Z"),
        ("2026-02-26T18:00", "2026-02-26T18:00:00Z"),
        ("2026-02-26T18:00:00 02:00", "2026-02-26T16:00:00Z"),
        ("2026-02-26T18:00:00 14:00", "2026-02-26T04:00:00Z"),
        ("2026-02-26T18:00:00.250000Z", "2026-02-26T18:00:00.25Z"),
    ],
)
def test_a_moment_may_be_written_in_several_ways(typed: str, read: str):
    assert canonical(clock_of({"known": typed}).known) == read


@pytest.mark.parametrize("typed", ["yesterday", "2025-02-30", "2025-9-4", "20250904", "2025-W36-4", "04.09.2025"])
def test_a_day_that_cannot_be_read_is_named_with_what_is_accepted(typed: str):
    with pytest.raises(BadParameter) as error:
        clock_of({"on": typed})
    assert (error.value.name, error.value.value) == ("on", typed)
    assert error.value.accepted == "a day of the calendar in the form 2026-02-26"


@pytest.mark.parametrize(
    "typed", ["now", "2026-02-30T00:00:00Z", "9" * 400, "2026-03-01T12:00:01Z", "0001-01-01T00:00:00+14:00"]
)
def test_a_moment_that_cannot_be_read_or_lies_ahead_is_named_with_what_is_accepted(typed: str):
    with pytest.raises(BadParameter) as error:
        clock_of({"known": typed})
    assert (error.value.name, error.value.value) == ("known", typed)
    assert error.value.accepted == (
        "a moment in the form 2026-02-26T18:00:00Z, not later than now (2026-03-01T12:00:00Z)"
    )


def test_another_day_keeps_the_knowledge():
    read = clock_of({"known": "2026-02-26"})
    assert read.day(day("2025-09-04")) == Clock(day("2025-09-04"), moment("2026-02-26"), True, True)
