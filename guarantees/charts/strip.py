"""The status of one pledge through time: a strip of coloured segments with a mark for every statement.

Layout only: plain numbers in the units of an SVG view box, drawn by ``components/status_strip.html``.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from babel.dates import format_skeleton

from guarantees.vocabulary import Status
from guarantees.wording import locale_name

WIDTH, NARROW = 1000, 340
BAND_HEIGHT, WORD_BASELINE = 24, 16
DOT_LINE = 38
TICK_BOTTOM, LABEL_BASELINE, HEIGHT = 50, 64, 70
MARGIN = 0
"""The band runs from edge to edge; marks at its ends may stand over by their radius."""
LETTER = 7.0
"""Width that a letter of a segment's word takes up at most, in view box units."""
TICK_ROOM = 90
"""Least distance between two labelled ticks."""


@dataclass(frozen=True)
class Span:
    """Input: a status in force from a day on, until ``end`` (exclusive); None means until the end of the strip."""

    status: Status
    start: dt.date
    end: dt.date | None = None


@dataclass(frozen=True)
class Statement:
    """Input: a day on which something was said, and whether that was at a meeting."""

    date: dt.date
    at_summit: bool = False


@dataclass(frozen=True)
class Segment:
    """A drawn piece of the band. ``word`` is empty where the word does not fit; the table below has it."""

    status: Status
    x: float
    width: float
    word: str


@dataclass(frozen=True)
class Dot:
    """A drawn statement: filled and larger at a meeting."""

    x: float
    radius: float
    at_summit: bool


@dataclass(frozen=True)
class Tick:
    """A drawn month."""

    x: float
    label: str
    anchor: str


@dataclass(frozen=True)
class Strip:
    """Everything the template draws."""

    width: int
    segments: list[Segment]
    dots: list[Dot]
    ticks: list[Tick]
    end_x: float
    height: int = HEIGHT
    band_height: int = BAND_HEIGHT
    word_baseline: int = WORD_BASELINE
    dot_line: int = DOT_LINE
    tick_bottom: int = TICK_BOTTOM
    label_baseline: int = LABEL_BASELINE


def layout(spans: Sequence[Span], statements: Sequence[Statement], *, until: dt.date, width: int = WIDTH) -> Strip:
    """Lay out a strip from the first span or statement to ``until`` (the day of the page's clock).

    Raises ValueError if there is nothing to draw. What lies after ``until`` is cut off.
    """
    starts = [span.start for span in spans] + [statement.date for statement in statements]
    if not starts:
        raise ValueError("a strip needs at least one span or statement")
    first = min(starts)
    last = max(until, first + dt.timedelta(days=1))
    scale = (width - 2 * MARGIN) / (last - first).days

    def x(day: dt.date) -> float:
        return round(MARGIN + (day - first).days * scale, 1)

    segments = []
    for span in spans:
        if span.start >= last:
            continue
        left, right = x(span.start), x(min(span.end or last, last))
        word = str(span.status.label)
        fits = len(word) * LETTER + 12 <= right - left
        segments.append(Segment(span.status, left, round(right - left, 1), word if fits else ""))
    dots = [
        Dot(x(said.date), 5.5 if said.at_summit else 4.0, said.at_summit) for said in statements if said.date <= last
    ]
    return Strip(width, segments, dots, _ticks(first, last, scale, x, width), x(last))


def _ticks(first: dt.date, last: dt.date, scale: float, x: Callable[[dt.date], float], width: int) -> list[Tick]:
    """Return ticks at the first of months, as many as their labels leave room for; the year stands where it changes."""
    months = []
    year, month = first.year, first.month
    while True:
        month += 1
        if month == 13:
            year, month = year + 1, 1
        start = dt.date(year, month, 1)
        if start > last:
            break
        months.append(start)
    if not months:
        return [Tick(x(first), _month(first, with_year=True), "start")]
    step = next(
        (step for step in (1, 2, 3, 4, 6, 12) if step * 30.4 * scale >= TICK_ROOM),
        12 * (int(TICK_ROOM / (365 * scale)) + 1),
    )
    # Counting from January keeps the same months on every strip: February, May, August … never depend on the first day.
    shown = [start for start in months if (start.year * 12 + start.month - 1) % step == 0] or months[:1]
    ticks, year_before = [], None
    for start in shown:
        position = x(start)
        anchor = "end" if position > width - 60 else "start" if position < 30 else "middle"
        ticks.append(Tick(position, _month(start, with_year=start.year != year_before), anchor))
        year_before = start.year
    return ticks


def _month(day: dt.date, *, with_year: bool) -> str:
    return format_skeleton("yMMM" if with_year else "MMM", day, locale=locale_name())
