"""States and organisations: found by every name, with what each has in force, thinks and said."""

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from guarantees.clock import Clock
from guarantees.models import Group, Membership, State, StateAlias
from guarantees.queries import states
from guarantees.vocabulary import Availability, ConditionValue, Subject
from tests.factories import (
    ChangesetFactory,
    ConditionFactory,
    ConditionStateFactory,
    ParticipationFactory,
    PledgeFactory,
    PositionFactory,
    SourceFactory,
    StateFactory,
    SummitFactory,
    UpdateFactory,
    day,
    moment,
    publish,
)

NOW = moment("2026-11-24")
PRESENT = Clock(day("2026-11-24"), NOW)
PUBLISHED = moment("2026-01-01")


# --- Names


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("turk", True),
        ("TÜRK", True),
        ("tur", True),
        ("kiy", True),
        ("republic of turk", True),
        ("turk repub", True),
        ("urkiye", False),
        ("republic of france", False),
        ("", True),
    ],
)
def test_a_state_answers_to_the_beginnings_of_the_words_of_its_names(text: str, expected: bool):
    assert states.answers_to(["tur", "turkiye", "republic of turkiye", "ankara kiyi"], text) is expected


@given(st.text(alphabet="abcdefg -", min_size=1, max_size=20))
def test_a_state_answers_to_each_of_its_names_in_full(name: str):
    assert states.answers_to([" ".join(name.split())], name)


def test_a_state_is_named_in_all_languages_of_the_app_and_by_its_aliases():
    turkey = State(code="TUR", name="Türkiye")
    assert states.names_of(turkey, ["Turquie"]) == ["tur", "turkiye", "turkiye", "turkei", "turquie"]


def test_a_state_is_named_in_the_language_of_the_reader():
    germany = State(code="DEU", name="Germany")
    with translation.override("de"):
        assert states.name_of(germany) == "Deutschland"
    assert states.name_of(germany) == "Germany"


@pytest.fixture
def three_states(db: None) -> None:
    for code, name in (("SWE", "Sweden"), ("CHE", "Switzerland"), ("UKR", "Ukraine")):
        StateFactory(code=code, name=name)
    StateAlias.objects.create(state=State.objects.get(code="UKR"), alias="Kiew", language="de")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("swd", ["SWE"]),
        ("sweden", ["SWE"]),
        ("Schweiz", ["CHE", "SWE"]),
        ("kiew", ["UKR"]),
        ("qqq", []),
        ("", []),
    ],
)
def test_an_unknown_code_is_answered_with_the_nearest_states(three_states: None, typed: str, expected: list[str]):
    assert [state.code for state in states.nearest_states(typed)] == expected


# --- The list


def publish_all(*facts) -> None:
    for changeset in {fact.changeset for fact in facts}:
        publish(changeset, PUBLISHED)


def shown(rows: list[states.StateRow]) -> list[tuple[str, int, int, int, int]]:
    return [(row.name, row.firm, row.announced, row.signalled, row.ruled_out) for row in rows]


def test_pledges_are_counted_by_firmness_and_never_twice(db: None):
    alpha, bravo = StateFactory(name="Alpha"), StateFactory(name="Bravo")
    publish_all(
        *(
            UpdateFactory(pledge__state=alpha, status=status)
            for status in (
                "signalled",
                "signalled",
                "announced",
                "committed",
                "authorised",
                "under_way",
                "delivered",
                "ruled_out",
            )
        )
    )
    pledge = PledgeFactory(state=bravo)
    publish_all(UpdateFactory(pledge=pledge, date=day("2025-08-01"), status="announced"))
    publish_all(UpdateFactory(pledge=pledge, date=day("2025-09-04"), status="withdrawn"))
    assert shown(states.state_rows(PRESENT)) == [("Alpha", 4, 1, 2, 1), ("Bravo", 0, 0, 0, 0)]
    assert shown(states.state_rows(Clock(day("2025-08-15"), NOW))) == [("Alpha", 0, 0, 0, 0), ("Bravo", 0, 1, 0, 0)]
    unknown = Clock(PRESENT.on, moment("2025-12-31"))
    assert shown(states.state_rows(unknown)) == [("Alpha", 0, 0, 0, 0), ("Bravo", 0, 0, 0, 0)]


def test_the_stance_is_the_latest_position_on_the_guarantees_as_a_whole(db: None):
    state = StateFactory()
    changeset = ChangesetFactory()
    for number, (date, subject, stance) in enumerate(
        (
            ("2025-03-01", "guarantees", "opposes"),
            ("2025-06-01", "guarantees", "reserved"),
            ("2025-06-01", "guarantees", "supports"),
            ("2025-07-01", "troops", "opposes"),
        )
    ):
        PositionFactory(
            changeset=changeset,
            public_id=f"position-{number}",
            state=state,
            date=day(date),
            subject=subject,
            stance=stance,
        )
    publish(changeset, PUBLISHED)
    stances = {
        on: [row.stance.stance if row.stance else None for row in states.state_rows(Clock(day(on), NOW))]
        for on in ("2025-02-28", "2025-03-01", "2025-07-01")
    }
    assert stances == {"2025-02-28": [None], "2025-03-01": ["opposes"], "2025-07-01": ["supports"]}


def test_meetings_count_from_their_first_day_on(db: None):
    state = StateFactory()
    changeset = ChangesetFactory()
    for date in ("2025-03-01", "2025-06-01"):
        ParticipationFactory(changeset=changeset, state=state, summit__start_date=day(date))
    publish(changeset, PUBLISHED)
    counts = [states.state_rows(Clock(day(on), NOW))[0].meetings for on in ("2025-02-28", "2025-03-01", "2025-06-01")]
    assert counts == [0, 1, 2]


def test_the_list_is_filtered_by_group_kind_and_text(db: None):
    for code, name, kind in (("SWE", "Sweden", "state"), ("FRA", "France", "state"), ("EU", "EU", "organisation")):
        StateFactory(code=code, name=name, kind=kind)
    nordic = Group.objects.create(code="NB8", name="Nordic-Baltic Eight")
    Membership.objects.create(group=nordic, state=State.objects.get(code="SWE"))
    found = [
        [row.state.code for row in states.state_rows(PRESENT, **wanted)]
        for wanted in ({}, {"group": "NB8"}, {"kind": "organisation"}, {"text": "Schwed"}, {"text": "zz"})
    ]
    assert found == [["EU", "FRA", "SWE"], ["SWE"], ["EU"], ["SWE"], []]
    assert states.groups() == [nordic]


def test_the_list_is_sorted_by_name_in_the_language_of_the_reader(db: None):
    for code, name in (("AUT", "Austria"), ("HUN", "Hungary"), ("HRV", "Croatia")):
        StateFactory(code=code, name=name)
    assert [row.name for row in states.state_rows(PRESENT)] == ["Austria", "Croatia", "Hungary"]
    with translation.override("de"):
        assert [row.name for row in states.state_rows(PRESENT)] == ["Kroatien", "Österreich", "Ungarn"]
        assert [row.name for row in states.state_rows(PRESENT, sort="-name")] == ["Ungarn", "Österreich", "Kroatien"]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("firm", ["Alpha", "Charlie", "Bravo"]),
        ("announced", ["Charlie", "Alpha", "Bravo"]),
        ("signalled", ["Bravo", "Alpha", "Charlie"]),
        ("ruled_out", ["Alpha", "Bravo", "Charlie"]),
        ("meetings", ["Charlie", "Alpha", "Bravo"]),
    ],
)
def test_numbers_sort_from_the_greatest_and_ties_by_the_firmer(db: None, sort: str, expected: list[str]):
    alpha, bravo, charlie = (StateFactory(name=name) for name in ("Alpha", "Bravo", "Charlie"))
    publish_all(
        UpdateFactory(pledge__state=alpha, status="committed"),
        UpdateFactory(pledge__state=bravo, status="signalled"),
        UpdateFactory(pledge__state=charlie, status="announced"),
        ParticipationFactory(state=charlie),
    )
    assert [row.name for row in states.state_rows(PRESENT, sort=sort)] == expected


# --- One state


def test_pledges_of_a_state_stand_by_category_with_what_they_wait_for(db: None):
    state = StateFactory()
    changeset = ChangesetFactory()
    for slug, category, status, conditions in (
        ("money", "financing", "committed", ["ceasefire"]),
        ("soldiers", "troops", "announced", ["us_backstop", "ceasefire"]),
        ("more-soldiers", "troops", "committed", []),
        ("never", "maritime", "ruled_out", []),
    ):
        UpdateFactory(
            changeset=changeset,
            pledge__slug=slug,
            pledge__state=state,
            pledge__category=category,
            status=status,
            conditions=conditions,
            conditions_basis="stated" if conditions else "none_stated",
            cited=[SourceFactory(public_id=f"source-of-{slug}")],
        )
    ConditionFactory(code="us_backstop")
    ConditionStateFactory(changeset=changeset, condition=ConditionFactory(code="ceasefire"), value="met")
    publish(changeset, PUBLISHED)
    record = states.record(state, PRESENT)
    met, waiting = ("ceasefire", ConditionValue.MET), ("us_backstop", ConditionValue.OPEN)
    assert [(pledge.entry.pledge.slug, pledge.conditions, pledge.availability) for pledge in record.in_force] == [
        ("more-soldiers", [], Availability.NO_CONDITION_STATED),
        ("soldiers", [met, waiting], Availability.HELD_BACK),
        ("money", [met], Availability.AVAILABLE),
    ]
    assert [pledge.entry.pledge.slug for pledge in record.ruled_out] == ["never"]
    assert (record.ended, record.firm) == ([], 2)
    cited = [source.public_id for pledge in record.in_force for source in pledge.entry.latest_update.sources.all()]
    assert cited == ["source-of-more-soldiers", "source-of-soldiers", "source-of-money"]


def test_a_pledge_called_off_is_no_longer_in_force(db: None):
    pledge = PledgeFactory(slug="gone")
    publish_all(UpdateFactory(pledge=pledge, date=day("2025-08-01")))
    publish_all(UpdateFactory(pledge=pledge, date=day("2025-09-04"), status="lapsed"))
    record = states.record(pledge.state, PRESENT)
    assert [pledge.entry.pledge.slug for pledge in record.ended] == ["gone"]
    assert (record.in_force, record.ruled_out) == ([], [])


def test_a_later_position_on_a_subject_replaces_the_earlier_one(db: None):
    state = StateFactory()
    changeset = ChangesetFactory()
    for number, (date, subject) in enumerate(
        (("2025-03-01", "troops"), ("2025-04-01", "guarantees"), ("2025-05-01", "troops"), ("2025-05-02", "troops"))
    ):
        PositionFactory(
            changeset=changeset, public_id=f"position-{number}", state=state, date=day(date), subject=subject
        )
    publish(changeset, PUBLISHED)
    told = [
        (history.subject, history.present.public_id, [position.public_id for position in history.earlier])
        for history in states.record(state, PRESENT).positions
    ]
    assert told == [
        (Subject.GUARANTEES, "position-1", []),
        (Subject.TROOPS, "position-3", ["position-2", "position-0"]),
    ]
    record = states.record(state, Clock(day("2025-05-01"), NOW))
    assert record.stance is not None
    assert (record.stance.public_id, record.positions[1].present.public_id) == ("position-1", "position-2")


def test_a_state_without_anything_has_an_empty_record(db: None):
    record = states.record(StateFactory(), PRESENT)
    assert (record.groups, record.in_force, record.positions, record.participations) == ([], [], [], [])
    assert record.stance is None


def test_everything_said_stands_in_one_order_with_the_newest_first(db: None):
    state = StateFactory()
    changeset = ChangesetFactory()
    summit = SummitFactory(changeset=changeset)
    pledge = PledgeFactory(changeset=changeset, state=state)
    position = {"changeset": changeset, "state": state, "date": day("2025-09-04")}
    PositionFactory(public_id="second", summit=summit, **position)
    PositionFactory(public_id="third", **position)
    UpdateFactory(changeset=changeset, public_id="first", pledge=pledge, date=day("2025-09-01"))
    UpdateFactory(changeset=changeset, public_id="fourth", pledge=pledge, date=day("2025-09-04"), summit=summit)
    UpdateFactory(changeset=changeset, public_id="of-another")
    publish(changeset, PUBLISHED)
    keys = states.statement_keys(state, PRESENT)
    said = [(statement.update or statement.position).public_id for statement in states.statements(keys)]
    assert said == ["fourth", "third", "second", "first"]
    assert states.statements(keys[1:2])[0].position.public_id == "third"
    assert states.statement_keys(state, Clock(day("2025-08-31"), NOW)) == []
    assert states.statement_keys(state, Clock(PRESENT.on, moment("2025-12-31"))) == []


# --- The real record


def test_sweden_on_the_day_of_the_paris_summit(record: None):
    told = states.record(State.objects.get(code="SWE"), Clock(day("2025-09-04"), NOW))
    waits = [("ceasefire", ConditionValue.OPEN), ("us_backstop", ConditionValue.OPEN)]
    assert [
        (
            pledge.entry.pledge.slug,
            pledge.entry.status,
            pledge.conditions,
            [source.public_id for source in pledge.entry.latest_update.sources.all()],
        )
        for pledge in told.in_force
    ] == [
        ("swe-troops", "signalled", waits, ["rbc-ua-2025-09-04-number"]),
        ("swe-air-policing", "signalled", waits, ["itboltwise-paris-sicherheitsgarantien"]),
        ("swe-maritime", "signalled", waits, ["itboltwise-paris-sicherheitsgarantien"]),
    ]
    assert [group.code for group in told.groups] == ["EU", "NATO", "NB8"]


def test_the_russian_rejection_and_the_american_reserve_are_positions(record: None):
    on = Clock(day("2025-09-04"), NOW)
    told = {
        code: [
            (history.subject.value, history.present.stance)
            for history in states.record(State.objects.get(code=code), on).positions
        ]
        for code in ("RUS", "USA")
    }
    assert told == {
        "RUS": [("guarantees", "opposes"), ("troops", "opposes")],
        "USA": [("guarantees", "reserved"), ("troops", "supports_conditionally")],
    }


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Turkey", "TUR"),
        ("Türkei", "TUR"),
        ("turkiye", "TUR"),
        ("Kiew", "UKR"),
        ("Großbritannien", "GBR"),
        ("England", "GBR"),
        ("America", "USA"),
        ("Tschechien", "CZE"),
    ],
)
def test_states_of_the_real_record_are_found_by_other_names(record: None, text: str, code: str):
    assert [row.state.code for row in states.state_rows(PRESENT, text=text)] == [code]
