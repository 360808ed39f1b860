"""What the intake of a meeting writes: each deed saved, refused, stale, sent twice, and by whom it may be done."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from guarantees.editing import facts, intake
from guarantees.editing.errors import Forbidden, Refused, Stale
from guarantees.editing.intake import LineProblem, PastedRow, Unfilled
from guarantees.models import Changeset, NoMention, Participation, Pledge, PledgeUpdate, State
from tests.factories import (
    ChangesetFactory,
    PledgeFactory,
    SourceFactory,
    StateFactory,
    SummitFactory,
    UpdateFactory,
    UserFactory,
    day,
    editor,
    moment,
    publish,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna() -> User:
    return editor(username="anna")


@pytest.fixture
def freedonia() -> State:
    return StateFactory(code="QFA", name="Freedonia")


def in_force(state: State, status: str = "announced", category: str = "troops") -> Pledge:
    """A public pledge with that status."""
    update = UpdateFactory(pledge__state=state, pledge__category=category, status=status)
    publish(update.changeset, at=moment("2025-10-01"))
    return Pledge.objects.get(pk=update.pledge_id)


@pytest.fixture
def pledge(freedonia: State) -> Pledge:
    return in_force(freedonia)


@pytest.fixture
def changeset() -> Changeset:
    """An open changeset about a public meeting of 2 March 2026."""
    summit = SummitFactory(title="London summit", slug="london", start_date=day("2026-03-02"))
    publish(summit.changeset, at=moment("2026-03-03"))
    changeset: Changeset = ChangesetFactory(summit=summit)
    return changeset


def record(by: User, changeset: Changeset, pledge: Pledge, version: int = 0, seen: str = "", **values: Any) -> Any:
    return intake.record(by=by, changeset=changeset, pledge=pledge, version=version, seen=seen, values=values)


def said(changeset: Changeset) -> list[tuple[str, str, str]]:
    """What the changeset says of each pledge."""
    rows = PledgeUpdate.objects.filter(changeset=changeset).order_by("pk")
    return [(row.pledge.state.code, row.status, row.summary) for row in rows]


# --- Who may, and where

DEEDS: dict[str, Any] = {
    "record": lambda by, changeset, pledge: record(by, changeset, pledge, status="committed"),
    "say": lambda by, changeset, pledge: intake.say(by=by, changeset=changeset, pledge=pledge, status="announced"),
    "add_pledge": lambda by, changeset, pledge: intake.add_pledge(
        by=by, changeset=changeset, state=pledge.state, category="training", status="announced"
    ),
    "note_no_mention": lambda by, changeset, pledge: intake.note_no_mention(by=by, changeset=changeset, pledge=pledge),
    "take_back_no_mention": lambda by, changeset, pledge: intake.take_back_no_mention(
        by=by, changeset=changeset, pledge=pledge
    ),
    "attend": lambda by, changeset, pledge: intake.attend(
        by=by, changeset=changeset, states=[pledge.state], role="participant", attendance="in_person"
    ),
    "fill": lambda by, changeset, pledge: intake.fill(
        by=by, changeset=changeset, rows=[PastedRow(1, pledge.state, "troops", {"status": "committed"})]
    ),
}


def written(changeset: Changeset) -> list[int]:
    return [model.objects.filter(changeset=changeset).count() for model in (PledgeUpdate, Participation, NoMention)]


@pytest.mark.parametrize("name", DEEDS)
def test_only_who_writes_changesets_may_do_it(changeset: Changeset, pledge: Pledge, name: str):
    with pytest.raises(Forbidden):
        DEEDS[name](UserFactory(), changeset, pledge)
    assert written(changeset) == [0, 0, 0]


@pytest.mark.parametrize("name", DEEDS)
@pytest.mark.parametrize("state", ["submitted", "approved"])
def test_what_is_not_open_is_not_written(anna: User, changeset: Changeset, pledge: Pledge, name: str, state: str):
    at = moment("2026-03-04") if state == "approved" else None
    if at is None:
        Changeset.objects.filter(pk=changeset.pk).update(state=state)
    else:
        publish(changeset, at=at)
    with pytest.raises(Refused):
        DEEDS[name](anna, changeset, pledge)
    assert written(changeset) == [0, 0, 0]


@pytest.mark.parametrize("name", [name for name in DEEDS if name != "take_back_no_mention"])
def test_a_changeset_about_no_meeting_has_no_intake(anna: User, pledge: Pledge, name: str):
    about_nothing = ChangesetFactory()
    with pytest.raises(Refused) as refused:
        DEEDS[name](anna, about_nothing, pledge)
    assert refused.value.message == "This changeset is about no meeting."
    assert written(about_nothing) == [0, 0, 0]


@pytest.mark.parametrize("name", DEEDS)
def test_sent_twice_it_is_done_once(anna: User, changeset: Changeset, pledge: Pledge, name: str):
    DEEDS[name](anna, changeset, pledge)
    once = written(changeset)
    versions = [*PledgeUpdate.objects.filter(changeset=changeset).values_list("version", flat=True)]
    DEEDS[name](anna, changeset, pledge)
    assert written(changeset) == once
    assert [*PledgeUpdate.objects.filter(changeset=changeset).values_list("version", flat=True)] == versions


@pytest.mark.parametrize("name", ["record", "say"])
def test_a_pledge_that_another_changeset_drafts_is_not_spoken_of(anna: User, changeset: Changeset, name: str):
    foreign = PledgeFactory()
    values = {"status": "announced", "summary": "It will."}
    with pytest.raises((ValidationError, Refused)):
        record(anna, changeset, foreign, **values) if name == "record" else DEEDS[name](anna, changeset, foreign)
    assert written(changeset) == [0, 0, 0]


# --- One cell


def test_the_first_cell_begins_the_row_with_what_is_in_force(anna: User, changeset: Changeset, pledge: Pledge):
    draft = record(anna, changeset, pledge, quantity_min=400, unit="personnel", quantity_basis="stated")
    assert (draft.status, draft.date, draft.summit, draft.quantity_min) == (
        "announced",
        day("2026-03-02"),
        changeset.summit,
        400,
    )
    assert draft.summary == "Freedonia stood by this pledge at the London summit."
    assert [*changeset.authors.all()] == [anna]


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("committed", "Freedonia spoke about this contribution at the London summit."),
        ("withdrawn", "Freedonia called this pledge off at the London summit."),
        ("suspended", "Freedonia suspended this pledge at the London summit."),
        ("lapsed", "Freedonia let this pledge lapse at the London summit."),
        ("announced", "Freedonia stood by this pledge at the London summit."),
    ],
)
def test_the_summary_goes_with_the_status(anna: User, changeset: Changeset, pledge: Pledge, status: str, sentence: str):
    assert record(anna, changeset, pledge, status=status).summary == sentence


def test_a_summary_that_is_written_stays_beside_a_new_status(anna: User, changeset: Changeset, pledge: Pledge):
    assert record(anna, changeset, pledge, status="committed", summary=" Its own. ").summary == "Its own."


def test_a_cell_over_a_newer_version_is_stale(anna: User, changeset: Changeset, pledge: Pledge):
    otto = editor(username="otto")
    record(otto, changeset, pledge, status="announced")
    record(otto, changeset, pledge, version=1, summary="What Otto wrote.")
    with pytest.raises(Stale) as stale:
        record(anna, changeset, pledge, summary="What Anna wrote.")
    assert (stale.value.who, stale.value.current.summary) == ("otto", "What Otto wrote.")
    record(anna, changeset, pledge, version=2, summary="What Anna wrote.")
    assert [summary for _code, _status, summary in said(changeset)] == ["What Anna wrote."]


def test_a_row_deleted_meanwhile_is_not_begun_again(anna: User, changeset: Changeset, pledge: Pledge):
    draft = record(anna, changeset, pledge, status="committed")
    facts.delete(by=anna, fact=draft)
    with pytest.raises(Refused) as refused:
        record(anna, changeset, pledge, version=1, status="announced")
    assert (refused.value.message, said(changeset)) == ("This row has been deleted meanwhile.", [])


def test_a_cell_that_breaks_a_rule_begins_nothing(anna: User, changeset: Changeset, pledge: Pledge):
    with pytest.raises(ValidationError) as refused:
        record(anna, changeset, pledge, quantity_min=9, quantity_max=6, unit="ships", quantity_basis="stated")
    assert refused.value.message_dict == {"quantity_max": ["The highest number cannot be smaller than the lowest."]}
    assert said(changeset) == []


# --- One press


@pytest.mark.parametrize(
    ("was", "status", "reason"),
    [
        ("", "", "Nothing is in force of this pledge, so there is nothing to reaffirm."),
        (
            "announced",
            "ruled_out",
            "Ruled out needs that nothing was pledged before. A pledge that is called off is withdrawn.",
        ),
        ("", "withdrawn", "There is no earlier pledge that could be called off."),
        ("ruled_out", "lapsed", "There is no earlier pledge that could be called off."),
        ("withdrawn", "announced", "After withdrawn only the same can follow: a later promise is a new pledge."),
        ("withdrawn", "withdrawn", ""),
        ("delivered", "delivered", ""),
        ("announced", "withdrawn", ""),
        ("", "ruled_out", ""),
        ("suspended", "announced", ""),
    ],
)
def test_the_ladder_says_what_can_follow(was: str, status: str, reason: str):
    assert intake.against(status, was) == reason


def test_what_the_ladder_forbids_is_refused_and_a_row_that_speaks_stays(
    anna: User, changeset: Changeset, pledge: Pledge
):
    with pytest.raises(Refused):
        intake.say(by=anna, changeset=changeset, pledge=pledge, status="ruled_out")
    assert said(changeset) == []
    intake.say(by=anna, changeset=changeset, pledge=pledge, status="withdrawn")
    intake.say(by=anna, changeset=changeset, pledge=pledge, status="announced")
    assert said(changeset) == [("QFA", "withdrawn", "Freedonia called this pledge off at the London summit.")]


def test_what_is_said_takes_back_that_it_was_not_mentioned(anna: User, changeset: Changeset, pledge: Pledge):
    intake.note_no_mention(by=anna, changeset=changeset, pledge=pledge)
    note = NoMention.objects.get(changeset=changeset)
    assert (note.state, note.category, note.by) == (pledge.state, "troops", anna)
    intake.say(by=anna, changeset=changeset, pledge=pledge, status="announced")
    assert written(changeset) == [1, 0, 0]
    with pytest.raises(Refused) as refused:
        intake.note_no_mention(by=anna, changeset=changeset, pledge=pledge)
    assert refused.value.message == "This row says something already. Delete it first if it was not mentioned."


def test_the_note_is_taken_back(anna: User, changeset: Changeset, pledge: Pledge):
    intake.note_no_mention(by=anna, changeset=changeset, pledge=pledge)
    intake.take_back_no_mention(by=anna, changeset=changeset, pledge=pledge)
    assert written(changeset) == [0, 0, 0]


# --- New pledges and attendance


def test_a_new_pledge_is_called_after_state_and_category(anna: User, changeset: Changeset, freedonia: State):
    update = intake.add_pledge(
        by=anna, changeset=changeset, state=freedonia, category="air_policing", status="announced", title=" "
    )
    assert (update.pledge.title, update.pledge.slug) == ("Freedonia: air policing", "qfa-air-policing")
    assert (update.date, update.summit, update.status) == (day("2026-03-02"), changeset.summit, "announced")


def test_who_is_there_already_is_not_added_again_and_nobody_else_either(
    anna: User, changeset: Changeset, freedonia: State
):
    source = SourceFactory()
    attend: Any = lambda role, *states: intake.attend(  # noqa: E731  a form that is filled in two ways
        by=anna, changeset=changeset, states=states, role=role, attendance="in_person", sources=[source]
    )
    (first,) = attend("participant", freedonia)
    assert [*first.sources.all()] == [source]
    with pytest.raises(ValidationError) as refused:
        attend("host", StateFactory(), freedonia)
    assert refused.value.message_dict == {"state": [f"This is on record already: {first.public_id}."]}
    assert [row.role for row in Participation.objects.filter(changeset=changeset)] == ["participant"]


# --- Pasted rows


def fill(by: User, changeset: Changeset, *rows: PastedRow) -> list[PledgeUpdate]:
    return intake.fill(by=by, changeset=changeset, rows=rows)


def test_rows_fill_a_draft_a_new_draft_and_a_new_pledge(
    anna: User, changeset: Changeset, pledge: Pledge, freedonia: State
):
    other = in_force(freedonia, "signalled", "maritime")
    draft = record(anna, changeset, pledge, status="committed")
    source = SourceFactory()
    rows = [
        PastedRow(1, freedonia, "troops", {"quantity_min": 7, "unit": "ships"}, source),
        PastedRow(2, freedonia, "maritime"),
        PastedRow(3, freedonia, "training", {"status": "announced", "summary": "It trains."}),
    ]
    found = fill(anna, changeset, *rows)
    assert [row.pledge for row in found[:2]] == [pledge, other]
    assert (found[0].pk, found[0].quantity_min, found[0].quantity_basis) == (draft.pk, 7, "stated")
    assert [*found[0].sources.all()] == [source]
    assert (found[1].status, found[2].summary) == ("signalled", "It trains.")
    assert [row.pk for row in fill(anna, changeset, *rows)] == [row.pk for row in found]
    assert [*PledgeUpdate.objects.filter(changeset=changeset).order_by("pk").values_list("version", flat=True)] == [
        2,
        1,
        1,
    ]


def test_every_problem_is_told_and_nothing_is_written(
    anna: User, changeset: Changeset, pledge: Pledge, freedonia: State
):
    in_force(freedonia, category="maritime")
    in_force(freedonia, category="maritime")
    with pytest.raises(Unfilled) as unfilled:
        fill(
            anna,
            changeset,
            PastedRow(1, freedonia, "troops", {"status": "committed"}),
            PastedRow(2, freedonia, "maritime", {"status": "committed"}),
            PastedRow(3, freedonia, "training"),
            PastedRow(4, freedonia, "troops", {"quantity_min": 9, "quantity_max": 6, "unit": "ships"}),
            PastedRow(5, StateFactory(code="QBB"), "troops", {"status": "withdrawn"}),
        )
    lines = [(problem.line, problem.column) for problem in unfilled.value.problems]
    assert lines[:3] == [(2, "category"), (3, "status"), (4, "quantity_max")]
    ambiguous = "This state has several pledges in this category: record them in their rows."
    assert unfilled.value.problems[0] == LineProblem(2, "category", ambiguous)
    assert said(changeset) == []
