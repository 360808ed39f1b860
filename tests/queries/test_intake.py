"""The rows of a meeting's intake: whose they are, their order, and what is in force of each."""

from typing import Any

import pytest

from guarantees.clock import Clock
from guarantees.models import Changeset, NoMention, Pledge, State
from guarantees.queries import intake as queries
from tests.factories import (
    ChangesetFactory,
    ParticipationFactory,
    SourceFactory,
    StateFactory,
    SummitFactory,
    UpdateFactory,
    day,
    editor,
    moment,
    publish,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def changeset() -> Changeset:
    """An open changeset about a public meeting of 2 March 2026."""
    summit = SummitFactory(slug="london", start_date=day("2026-03-02"))
    publish(summit.changeset, at=moment("2026-03-03"))
    changeset: Changeset = ChangesetFactory(summit=summit)
    return changeset


def attending(changeset: Changeset, code: str, name: str) -> State:
    state: State = StateFactory(code=code, name=name)
    ParticipationFactory(changeset=changeset, summit=changeset.summit, state=state)
    return state


def in_force(state: State, category: str = "troops", status: str = "announced", date: str = "2025-09-01") -> Pledge:
    update = UpdateFactory(pledge__state=state, pledge__category=category, status=status, date=day(date))
    publish(update.changeset, at=moment("2025-10-01"))
    return Pledge.objects.get(pk=update.pledge_id)


def drafted(changeset: Changeset, state: State, category: str) -> Any:
    """A draft about a pledge that is new in the changeset."""
    return UpdateFactory(
        changeset=changeset,
        pledge__changeset=changeset,
        pledge__state=state,
        pledge__category=category,
        summit=changeset.summit,
        date=day("2026-03-02"),
        cited=[],
    )


def read(changeset: Changeset) -> queries.Intake:
    assert changeset.summit is not None
    return queries.intake(changeset, changeset.summit, Clock.present())


def test_states_stand_by_name_and_pledges_by_category_the_new_ones_last(changeset: Changeset):
    zubrowka = attending(changeset, "QZU", "Zubrowka")
    freedonia = attending(changeset, "QFA", "Freedonia")
    in_force(freedonia, "monitoring")
    in_force(freedonia, "troops")
    in_force(StateFactory(code="QAB", name="Absent"))
    drafted(changeset, freedonia, "command")
    drafted(changeset, StateFactory(code="QSY", name="Sylvania"), "troops")
    found = read(changeset)
    assert [attendee.state.code for attendee in found.attendees] == ["QFA", "QZU"]
    assert [
        (delegation.state.code, [outcome.pledge.category for outcome in delegation.outcomes])
        for delegation in found.delegations
    ] == [("QFA", ["troops", "monitoring", "command"]), ("QSY", ["troops"]), (zubrowka.code, [])]


def test_a_row_knows_what_is_in_force_and_what_the_changeset_says(changeset: Changeset):
    freedonia = attending(changeset, "QFA", "Freedonia")
    pledge = in_force(freedonia, status="signalled", date="2025-08-01")
    later = UpdateFactory(pledge=pledge, status="committed", date=day("2025-09-05"))
    publish(later.changeset, at=moment("2025-10-02"))
    maritime = in_force(freedonia, "maritime")
    NoMention.objects.create(
        changeset=changeset, state=freedonia, category="maritime", by=editor(), at=moment("2026-03-04")
    )
    new = drafted(changeset, freedonia, "command")
    (delegation,) = read(changeset).delegations
    rows = {outcome.pledge.pk: outcome for outcome in delegation.outcomes}
    entry = rows[pledge.pk].entry
    assert entry is not None
    assert (entry.status, rows[pledge.pk].draft, rows[pledge.pk].noted) == ("committed", None, False)
    assert rows[maritime.pk].noted
    assert (rows[new.pledge_id].entry, rows[new.pledge_id].draft) == (None, new)
    for outcome in delegation.outcomes:
        alone = queries.outcome(changeset, outcome.pledge.pk, Clock.present())
        assert alone == outcome


def test_what_the_meeting_has_on_record_already_is_told(changeset: Changeset):
    freedonia = attending(changeset, "QFA", "Freedonia")
    pledge = in_force(freedonia)
    told = UpdateFactory(pledge=pledge, date=day("2026-03-02"), summit=changeset.summit)
    publish(told.changeset, at=moment("2026-03-05"))
    (delegation,) = read(changeset).delegations
    assert [outcome.recorded for outcome in delegation.outcomes] == [told]


def test_progress_counts_drafts_what_has_no_source_and_what_was_noted(changeset: Changeset):
    freedonia = attending(changeset, "QFA", "Freedonia")
    drafted(changeset, freedonia, "command").citations.create(source=SourceFactory())
    drafted(changeset, freedonia, "training")
    NoMention.objects.create(
        changeset=changeset, state=freedonia, category="maritime", by=editor(), at=moment("2026-03-04")
    )
    told = queries.progress(changeset)
    assert (told.drafts, told.noted) == (2, 1)
    assert told.unsourced == 1


@pytest.mark.parametrize("states", [1, 3])
def test_the_number_of_queries_does_not_depend_on_the_states(
    changeset: Changeset, states: int, django_assert_num_queries: Any
):
    for letter in "ABC"[:states]:
        state = attending(changeset, f"QF{letter}", f"State {letter}")
        in_force(state)
        drafted(changeset, state, "command").citations.create(source=SourceFactory())
    with django_assert_num_queries(12):
        assert len(read(changeset).delegations) == states


def test_a_name_that_states_share_names_them_all():
    north, south = StateFactory(code="QNA", name="Korea"), StateFactory(code="QSA", name="Korea")
    called = queries.states_by_any_name(["en", "de"])
    assert sorted(state.code for state in called["korea"]) == ["QNA", "QSA"]
    assert (called["qna"], called["qsa"]) == ([north], [south])
