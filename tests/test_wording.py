"""Quantities and dates as readers see them."""

import datetime as dt

import pytest
from django.utils import translation

from guarantees import wording


@pytest.mark.parametrize(
    ("minimum", "maximum", "unit", "written"),
    [
        (None, 5000, "personnel", "up to 5,000 personnel"),
        (500, 700, "personnel", "500 to 700 personnel"),
        (100, None, "systems", "at least 100 systems"),
        (1, 1, "ships", "1 ship"),
        (1, 2, "brigades", "1 to 2 brigades"),
        (0, 10, "aircraft", "0 to 10 aircraft"),
        (8000, None, "trainees", "at least 8,000 trainees"),
        (1, 1, "personnel", "1 person"),
        (1_600_000_000, 1_600_000_000, "GBP", "1.6 billion GBP"),
        (100_000_000, 100_000_000, "EUR", "100 million EUR"),
        (None, None, "", "no number given"),
    ],
)
def test_a_quantity_is_written_as_it_was_given(
    minimum: int | None, maximum: int | None, unit: str, written: str
) -> None:
    assert wording.quantity(minimum, maximum, unit) == written


def test_large_numbers_are_never_rounded() -> None:
    assert wording.number(1_650_000_000) == "1.65 billion"
    assert wording.number(1_234_567) == "1,234,567"
    assert wording.number(1_600_000_001) == "1,600,000,001"
    assert wording.number(999_999) == "999,999"


def test_narrow_cells_write_money_short() -> None:
    assert wording.quantity(1_600_000_000, 1_600_000_000, "GBP", short=True) == "1.6B GBP"


def test_numbers_and_dates_follow_the_language() -> None:
    with translation.override("de"):
        assert wording.number(5000) == "5.000"
        assert wording.number(1_600_000_000) == "1,6 Milliarden"
        assert wording.day(dt.date(2025, 9, 4)) == "4. September 2025"
        assert wording.short_day(dt.date(2025, 9, 4)) == "4. Sept. 2025"


def test_sums_are_written_as_ranges_and_say_when_their_end_is_open() -> None:
    assert wording.sum_of_ranges(0, 5000) == "0 to 5,000"
    assert wording.sum_of_ranges(70, 70) == "70"
    assert wording.sum_of_ranges(500, None) == "at least 500"


@pytest.mark.parametrize(
    ("first", "last", "written"),
    [
        (dt.date(2025, 9, 4), None, "4 September 2025"),
        (dt.date(2025, 9, 4), dt.date(2025, 9, 4), "4 September 2025"),
        (dt.date(2026, 1, 23), dt.date(2026, 1, 24), "23 to 24 January 2026"),
        (dt.date(2026, 1, 28), dt.date(2026, 2, 2), "28 January to 2 February 2026"),
        (dt.date(2025, 12, 30), dt.date(2026, 1, 2), "30 December 2025 to 2 January 2026"),
    ],
)
def test_the_days_of_a_meeting_say_no_more_than_needed(first: dt.date, last: dt.date | None, written: str) -> None:
    assert wording.days(first, last) == written


def test_moments_are_written_in_utc_with_seconds_only_where_there_are_some() -> None:
    kyiv = dt.timezone(dt.timedelta(hours=2))

    assert wording.moment(dt.datetime(2026, 1, 6, 20, 5, tzinfo=kyiv)) == "6 January 2026, 18:05 UTC"
    assert wording.moment(dt.datetime(2026, 1, 6, 18, 5, 9, tzinfo=dt.UTC)) == "6 January 2026, 18:05:09 UTC"


def test_a_label_inside_a_sentence_keeps_the_capital_of_a_german_noun() -> None:
    assert wording.mid_sentence("Joint statement") == "joint statement"
    with translation.override("de"):
        assert wording.mid_sentence("Gemeinsame Erklärung") == "Gemeinsame Erklärung"
