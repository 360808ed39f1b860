"""The strip of a pledge's status through time."""

import datetime as dt

import pytest
from django.utils import translation

from guarantees.charts.strip import MARGIN, NARROW, WIDTH, Span, Statement, layout
from guarantees.vocabulary import Status

START, CHANGE, END = dt.date(2025, 1, 1), dt.date(2025, 7, 2), dt.date(2026, 1, 1)
SPANS = [Span(Status.SIGNALLED, START, CHANGE), Span(Status.COMMITTED, CHANGE)]


def test_segments_fill_the_strip_in_proportion_to_their_days() -> None:
    strip = layout(SPANS, [], until=END)

    first, second = strip.segments
    days = (END - START).days
    inner = WIDTH - 2 * MARGIN
    assert (first.status, first.x) == (Status.SIGNALLED, MARGIN)
    assert first.width == pytest.approx((CHANGE - START).days / days * inner, abs=0.1)
    assert second.x + second.width == pytest.approx(WIDTH - MARGIN, abs=0.1)
    assert strip.end_x == pytest.approx(WIDTH - MARGIN, abs=0.1)


def test_a_segment_carries_its_word_only_where_it_fits() -> None:
    spans = [
        Span(Status.SIGNALLED, START, START + dt.timedelta(days=3)),
        Span(Status.COMMITTED, START + dt.timedelta(days=3)),
    ]

    assert [segment.word for segment in layout(spans, [], until=END).segments] == ["", "Committed"]


def test_statements_are_dots_larger_at_meetings() -> None:
    statements = [
        Statement(START),
        Statement(END, at_summit=True),
    ]

    said, met = layout(SPANS, statements, until=END).dots

    assert (said.x, said.at_summit, met.at_summit) == (MARGIN, False, True)
    assert met.x == pytest.approx(WIDTH - MARGIN, abs=0.1)
    assert met.radius > said.radius


def test_what_lies_after_the_day_of_the_clock_is_not_drawn() -> None:
    strip = layout(SPANS, [Statement(START), Statement(END)], until=dt.date(2025, 5, 1))

    assert [segment.status for segment in strip.segments] == [Status.SIGNALLED]
    assert len(strip.dots) == 1
    assert strip.segments[0].width == pytest.approx(WIDTH - 2 * MARGIN, abs=0.1)


def test_ticks_are_months_and_the_year_stands_where_it_changes() -> None:
    strip = layout([Span(Status.SIGNALLED, dt.date(2025, 2, 16))], [], until=dt.date(2026, 2, 28))

    assert [tick.label for tick in strip.ticks] == ["Mar 2025", "May", "Jul", "Sept", "Nov", "Jan 2026"]


def test_a_narrow_strip_has_fewer_ticks() -> None:
    spans = [Span(Status.SIGNALLED, dt.date(2025, 2, 16))]

    wide = layout(spans, [], until=dt.date(2026, 2, 28))
    narrow = layout(spans, [], until=dt.date(2026, 2, 28), width=NARROW)

    assert len(narrow.ticks) < len(wide.ticks)
    assert all(0 <= tick.x <= NARROW for tick in narrow.ticks)


def test_several_years_are_ticked_by_years() -> None:
    strip = layout([Span(Status.SIGNALLED, dt.date(2014, 3, 1))], [], until=dt.date(2044, 1, 1), width=NARROW)

    assert len(strip.ticks) <= NARROW / 50
    assert all(tick.label.startswith("Jan ") for tick in strip.ticks)


def test_a_strip_within_one_month_names_that_month() -> None:
    with translation.override("de"):
        strip = layout([Span(Status.SIGNALLED, dt.date(2025, 9, 4))], [], until=dt.date(2025, 9, 4))

    assert [tick.label for tick in strip.ticks] == ["Sept. 2025"]
    assert strip.segments[0].width == pytest.approx(WIDTH - 2 * MARGIN, abs=0.1)


def test_a_strip_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one span or statement"):
        layout([], [], until=END)
