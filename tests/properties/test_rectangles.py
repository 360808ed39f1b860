"""``rectangles`` against "replay everything up to T", for random histories with corrections and embargoes."""

import datetime as dt

from hypothesis import event, given
from hypothesis import strategies as st

from guarantees.ledger import LadderViolation, Said, Terms, carry, check_ladder, rectangles

DAYS = [dt.date(2025, 1, 1) + dt.timedelta(days=n) for n in range(40)]
MOMENTS = [dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(hours=n) for n in range(6)]
# Mostly rungs, so that most histories are lawful; the others keep the ladder's rules in play.
STATUSES = [*["signalled", "announced", "committed"] * 6, "suspended", "ruled_out", "withdrawn"]
CONDITIONS = ["ceasefire", "peace_agreement", "us_backstop", "parliamentary_approval"]


@st.composite
def updates(draw: st.DrawFn, number: int) -> Said:
    """One update, known from some moment on, perhaps until a later one."""
    known_from = draw(st.integers(0, len(MOMENTS) - 1))
    known_to = draw(st.none() | st.integers(known_from + 1, len(MOMENTS)))
    conditions = draw(st.lists(st.sampled_from(CONDITIONS), unique=True, max_size=3))
    has_number = draw(st.booleans())
    low = draw(st.none() | st.integers(0, 5)) if has_number else None
    high = draw(st.integers(5, 9)) if has_number else None
    return Said(
        id=number,
        public_id=f"u{number}",
        date=draw(st.sampled_from(DAYS)),
        known_from=MOMENTS[known_from],
        known_to=None if known_to in (None, len(MOMENTS)) else MOMENTS[known_to],
        status=draw(st.sampled_from(STATUSES)),
        instrument=draw(st.sampled_from(["oral_statement", "agreement"])),
        attribution=draw(st.sampled_from(["by_self", "by_chair", "by_other", "press"])),
        quantity_min=low,
        quantity_max=high,
        unit="personnel" if has_number else "",
        quantity_basis=draw(st.sampled_from(["stated", "reported"])) if has_number else "",
        area=draw(st.sampled_from(["ukraine", "black_sea", "unspecified"])),
        conditions=tuple(conditions),
        conditions_basis="stated" if conditions else draw(st.sampled_from(["none_stated", "unconditional"])),
        conditions_lifted=tuple(
            code
            for code in draw(st.lists(st.sampled_from(CONDITIONS), unique=True, max_size=2))
            if code not in conditions
        ),
    )


histories = st.integers(0, 6).flatmap(lambda size: st.tuples(*(updates(number) for number in range(1, size + 1))))


def replay(history: tuple[Said, ...], on: dt.date, known: dt.datetime) -> Terms | None:
    """Fold, from the start, everything known at a moment and dated a day or earlier: the slow, obvious way."""
    terms = None
    for update in sorted(history, key=lambda update: (update.date, update.id)):
        is_known = update.known_from <= known and (update.known_to is None or known < update.known_to)
        if is_known and update.date <= on:
            terms = carry(terms, update)
    return terms


def is_lawful(history: tuple[Said, ...]) -> bool:
    """Whether the ladder's rules hold at every moment at which something changes."""
    for known in MOMENTS:
        visible = [u for u in history if u.known_from <= known and (u.known_to is None or known < u.known_to)]
        try:
            check_ladder(sorted(visible, key=lambda update: (update.date, update.id)))
        except LadderViolation:
            return False
    return True


@given(histories)
def test_the_rectangles_say_what_a_replay_says_at_every_point_of_both_clocks(history: tuple[Said, ...]) -> None:
    try:
        entries = rectangles(history)
    except LadderViolation:
        event("against the ladder")
        assert not is_lawful(history)
        return
    assert is_lawful(history)
    event("lawful" if entries else "empty")
    dates = {update.date for update in history}
    for on in [
        DAYS[0] - dt.timedelta(days=1),
        *dates,
        *(date + dt.timedelta(days=1) for date in dates),
        DAYS[-1] + dt.timedelta(days=400),
    ]:
        for known in [MOMENTS[0] - dt.timedelta(hours=1), *MOMENTS, MOMENTS[-1] + dt.timedelta(days=400)]:
            covering = [
                entry.terms
                for entry in entries
                if entry.effective_from <= on
                and (entry.effective_to is None or on < entry.effective_to)
                and entry.known_from <= known
                and (entry.known_to is None or known < entry.known_to)
            ]
            terms = replay(history, on, known)
            assert covering == ([] if terms is None else [terms])


@given(histories)
def test_no_two_neighbours_could_have_been_one_rectangle(history: tuple[Said, ...]) -> None:
    try:
        entries = rectangles(history)
    except LadderViolation:
        return
    for one in entries:
        assert one.known_to is None or one.known_from < one.known_to
        assert one.effective_to is None or one.effective_from < one.effective_to
        for other in entries:
            assert not (
                one.known_to == other.known_from
                and (one.effective_from, one.effective_to) == (other.effective_from, other.effective_to)
                and one.terms == other.terms
            )


@given(histories, st.data())
def test_a_later_correction_never_changes_what_was_known_before_it(
    history: tuple[Said, ...], data: st.DataObject
) -> None:
    """End the knowledge of some updates at the last moment and add others then: earlier moments stay as they were."""
    last = MOMENTS[-1]
    corrected = tuple(
        update._replace(known_to=last)
        if update.known_from < last and (update.known_to is None) and data.draw(st.booleans())
        else update
        for update in history
    )
    added = tuple(
        data.draw(updates(100 + n))._replace(known_from=last, known_to=None)
        for n in range(data.draw(st.integers(0, 2)))
    )
    try:
        before, after = rectangles(history), rectangles((*corrected, *added))
    except LadderViolation:
        return
    for on in DAYS:
        for known in MOMENTS[:-1]:
            assert _at(before, on, known) == _at(after, on, known)


def _at(entries: list, on: dt.date, known: dt.datetime) -> list[Terms]:
    return [
        entry.terms
        for entry in entries
        if entry.effective_from <= on
        and (entry.effective_to is None or on < entry.effective_to)
        and entry.known_from <= known
        and (entry.known_to is None or known < entry.known_to)
    ]
