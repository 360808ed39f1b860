"""Meetings: what each did to the pledges, who took part, and what readers can see of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guarantees.clock import Clock
from guarantees.models import Participation, Summit
from guarantees.queries import summits
from guarantees.queries.summits import Change, SummitFilter, outcome
from guarantees.vocabulary import NEEDS_EARLIER_RUNG, RANKS, Attendance, Outcome, Role, Status
from tests.factories import (
    ChangesetFactory,
    ClaimFactory,
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
LADDER = list(RANKS)


# --- The grouping rule


@pytest.mark.parametrize(
    ("earlier", "later", "expected"),
    [
        (None, "signalled", "made"),
        (None, "under_way", "made"),
        ("ruled_out", "signalled", "made"),
        ("signalled", "announced", "firmed_up"),
        ("announced", "delivered", "firmed_up"),
        ("suspended", "signalled", "firmed_up"),
        ("announced", "signalled", "weakened"),
        ("committed", "suspended", "weakened"),
        ("signalled", "withdrawn", "weakened"),
        ("suspended", "withdrawn", "weakened"),
        (None, "withdrawn", "weakened"),
        ("committed", "committed", "reaffirmed"),
        ("withdrawn", "withdrawn", "reaffirmed"),
        (None, "ruled_out", "ruled_out"),
        ("ruled_out", "ruled_out", "ruled_out"),
    ],
)
def test_an_outcome_follows_from_the_status_before_and_after(earlier: str | None, later: str, expected: str):
    assert outcome(Status(earlier) if earlier else None, Status(later)) is Outcome(expected)


@given(st.sampled_from(LADDER), st.sampled_from(LADDER))
def test_on_the_ladder_the_rank_decides(earlier: Status, later: Status):
    difference = RANKS[later] - RANKS[earlier]
    by_sign = {0: Outcome.REAFFIRMED, 1: Outcome.FIRMED_UP, -1: Outcome.WEAKENED}
    assert outcome(earlier, later) is by_sign[(difference > 0) - (difference < 0)]


@given(st.none() | st.sampled_from(Status), st.sampled_from(Status))
def test_outcomes_agree_with_the_words_of_their_definitions(earlier: Status | None, later: Status):
    kind = outcome(earlier, later)
    was_there = earlier not in (None, Status.RULED_OUT)
    assert (kind is Outcome.RULED_OUT) == (later is Status.RULED_OUT)
    assert (kind is Outcome.MADE) == (not was_there and later in RANKS)
    if kind is Outcome.REAFFIRMED:
        assert earlier == later or {earlier, later} == {Status.WITHDRAWN, Status.LAPSED}
    if kind is Outcome.WEAKENED:
        assert later in NEEDS_EARLIER_RUNG or (was_there and summits.height(later) < summits.height(earlier))


@given(st.sampled_from(Status), st.sampled_from(Status))
def test_what_firms_up_one_way_weakens_the_other(one: Status, other: Status):
    both = {outcome(one, other), outcome(other, one)}
    assert both.isdisjoint({Outcome.FIRMED_UP, Outcome.WEAKENED}) or both in (
        {Outcome.FIRMED_UP, Outcome.WEAKENED},
        {Outcome.RULED_OUT, Outcome.WEAKENED},
        {Outcome.RULED_OUT, Outcome.MADE},
    )


# --- What a meeting did


@pytest.fixture
def paris(db: None) -> Summit:
    """A meeting of two days, public since before it."""
    changeset = ChangesetFactory()
    summit = SummitFactory(
        changeset=changeset, slug="paris", start_date=day("2025-09-04"), end_date=day("2025-09-05"), cited=[]
    )
    publish(changeset, moment("2025-08-01"))
    summit.refresh_from_db()
    return summit


def said(pledge, date: str, status: str, **fields):
    """Put an update on record at noon of its day."""
    update = UpdateFactory(pledge=pledge, date=day(date), status=status, changeset=ChangesetFactory(), **fields)
    publish(update.changeset, fields.get("published") or moment(date).replace(hour=12))
    return update


def grouped(summit: Summit, clock: Clock = PRESENT) -> dict[str, list[str]]:
    return {
        kind.value: [result.later.pledge.slug for result in results]
        for kind, results in summits.outcomes(summit, clock).items()
        if results
    }


def test_pledges_are_grouped_by_what_the_meeting_did_to_them(paris: Summit):
    made, firmed, weakened, reaffirmed, refused = (
        PledgeFactory(slug=slug) for slug in ("made", "firmed", "weakened", "reaffirmed", "refused")
    )
    for pledge, status in ((firmed, "signalled"), (weakened, "committed"), (reaffirmed, "announced")):
        said(pledge, "2025-09-03", status)
    for pledge, status in (
        (made, "signalled"),
        (firmed, "announced"),
        (weakened, "withdrawn"),
        (reaffirmed, "announced"),
        (refused, "ruled_out"),
    ):
        said(pledge, "2025-09-04", status, summit=paris)
    said(PledgeFactory(slug="elsewhere"), "2025-09-04", "announced")
    assert grouped(paris) == {
        "made": ["made"],
        "firmed_up": ["firmed"],
        "weakened": ["weakened"],
        "reaffirmed": ["reaffirmed"],
        "ruled_out": ["refused"],
    }


def test_a_meeting_without_updates_has_empty_groups(paris: Summit):
    assert summits.outcomes(paris, PRESENT) == {kind: [] for kind in Outcome}


def test_two_updates_of_one_pledge_are_one_outcome(paris: Summit):
    pledge = PledgeFactory(slug="training")
    first = said(pledge, "2025-09-04", "signalled", summit=paris)
    second = said(pledge, "2025-09-05", "committed", summit=paris)
    (result,) = summits.outcomes(paris, PRESENT)[Outcome.MADE]
    assert (result.earlier, result.later.status, result.updates) == (None, "committed", [first, second])


def test_a_meeting_still_going_on_is_told_as_far_as_it_has_come(paris: Summit):
    pledge = PledgeFactory(slug="training")
    first = said(pledge, "2025-09-04", "signalled", summit=paris)
    said(pledge, "2025-09-05", "committed", summit=paris)
    (result,) = summits.outcomes(paris, Clock(day("2025-09-04"), NOW))[Outcome.MADE]
    assert (result.later.status, result.updates) == ("signalled", [first])


def test_what_was_offered_and_called_off_at_one_meeting_is_weakened(paris: Summit):
    pledge = PledgeFactory(slug="training")
    said(pledge, "2025-09-04", "announced", summit=paris)
    said(pledge, "2025-09-05", "withdrawn", summit=paris)
    assert grouped(paris) == {"weakened": ["training"]}


def test_an_update_dated_before_the_first_day_was_not_there_before(paris: Summit):
    said(PledgeFactory(slug="on-the-eve"), "2025-09-03", "announced", summit=paris)
    assert grouped(paris) == {"made": ["on-the-eve"]}


def test_an_update_dated_after_the_last_day_still_belongs_to_the_meeting(paris: Summit):
    pledge = PledgeFactory(slug="the-day-after")
    said(pledge, "2025-08-01", "signalled")
    said(pledge, "2025-09-07", "committed", summit=paris)
    assert grouped(paris) == {"firmed_up": ["the-day-after"]}


def test_a_refusal_says_whether_it_was_given_before(paris: Summit):
    old, new = PledgeFactory(slug="old"), PledgeFactory(slug="new")
    said(old, "2025-08-01", "ruled_out")
    for pledge in (old, new):
        said(pledge, "2025-09-04", "ruled_out", summit=paris)
    results = summits.outcomes(paris, PRESENT)[Outcome.RULED_OUT]
    assert {result.later.pledge.slug: (result.again, result.terms) for result in results} == {
        "old": (True, []),
        "new": (False, []),
    }


def test_a_later_correction_does_not_change_what_was_known_of_the_meeting(paris: Summit):
    pledge = PledgeFactory(slug="troops")
    wrong = said(pledge, "2025-09-04", "committed", summit=paris)
    correction = UpdateFactory(
        pledge=pledge,
        date=wrong.date,
        status="signalled",
        summit=paris,
        corrects=wrong,
        correction_kind="corrected",
        changeset=ChangesetFactory(),
    )
    publish(correction.changeset, moment("2025-10-01"))
    known = {
        at: [result.later.status for result in summits.outcomes(paris, Clock(day("2026-01-01"), moment(at)))["made"]]
        for at in ("2025-09-30", "2025-10-01")
    }
    assert known == {"2025-09-30": ["committed"], "2025-10-01": ["signalled"]}


def test_outcomes_stand_by_category_and_then_by_name(paris: Summit):
    zulu, alpha = StateFactory(name="Zulu"), StateFactory(name="Alpha")
    for slug, state, category in (
        ("zulu-command", zulu, "command"),
        ("zulu-troops", zulu, "troops"),
        ("alpha-troops", alpha, "troops"),
    ):
        said(PledgeFactory(slug=slug, state=state, category=category), "2025-09-04", "signalled", summit=paris)
    assert grouped(paris) == {"made": ["alpha-troops", "zulu-troops", "zulu-command"]}


def test_a_new_pledge_tells_the_terms_that_were_named(paris: Summit):
    said(
        PledgeFactory(),
        "2025-09-04",
        "announced",
        summit=paris,
        quantity_max=5000,
        unit="personnel",
        quantity_basis="reported",
        area="ukraine",
        conditions=["ceasefire", "us_backstop"],
        conditions_basis="stated",
        instrument="declaration_of_intent",
        bindingness="political",
    )
    (result,) = summits.outcomes(paris, PRESENT)[Outcome.MADE]
    assert result.terms == [
        Change("Quantity", "", "up to 5,000 personnel (reported)"),
        Change("Area", "", "Ukraine"),
        Change("Waits for", "", "Ceasefire, US backstop"),
        Change("Rests on", "", "Declaration of intent, political"),
    ]


def test_a_new_pledge_without_named_terms_tells_none(paris: Summit):
    said(PledgeFactory(), "2025-09-04", "announced", summit=paris)
    (result,) = summits.outcomes(paris, PRESENT)[Outcome.MADE]
    assert result.terms == []


def test_an_unconditional_offer_is_called_so(paris: Summit):
    said(PledgeFactory(), "2025-09-04", "announced", summit=paris, conditions_basis="unconditional")
    (result,) = summits.outcomes(paris, PRESENT)[Outcome.MADE]
    assert result.terms == [Change("Conditions", "", "Unconditional")]


def test_a_reaffirmation_says_which_terms_changed(paris: Summit):
    pledge = PledgeFactory()
    said(pledge, "2025-08-01", "announced", conditions=["ceasefire", "un_mandate"], conditions_basis="stated")
    said(
        pledge,
        "2025-09-04",
        "announced",
        summit=paris,
        quantity_min=4,
        quantity_max=4,
        unit="aircraft",
        quantity_basis="stated",
        area="black_sea",
        conditions=["us_backstop"],
        conditions_basis="stated",
        conditions_lifted=["un_mandate"],
    )
    (result,) = summits.outcomes(paris, PRESENT)[Outcome.REAFFIRMED]
    assert result.terms == [
        Change("Quantity", "no number given", "4 aircraft (stated)"),
        Change("Area", "Unspecified", "Black Sea"),
        Change("Now also waits for", "", "US backstop"),
        Change("No longer waits for", "", "UN mandate"),
    ]


def test_conditions_that_fall_away_altogether_are_told(paris: Summit):
    pledge = PledgeFactory()
    said(pledge, "2025-08-01", "announced", conditions=["ceasefire"], conditions_basis="stated")
    said(pledge, "2025-09-04", "announced", summit=paris, conditions_basis="unconditional")
    (result,) = summits.outcomes(paris, PRESENT)[Outcome.REAFFIRMED]
    assert result.terms == [
        Change("No longer waits for", "", "Ceasefire"),
        Change("Conditions", "", "Unconditional"),
    ]


def test_first_conditions_are_told_with_what_a_firmer_pledge_rests_on(paris: Summit):
    pledge = PledgeFactory()
    said(pledge, "2025-08-01", "announced")
    said(
        pledge,
        "2025-09-04",
        "committed",
        summit=paris,
        instrument="memorandum",
        conditions=["ceasefire"],
        conditions_basis="stated",
    )
    (result,) = summits.outcomes(paris, PRESENT)[Outcome.FIRMED_UP]
    assert result.terms == [
        Change("Now waits for", "", "Ceasefire"),
        Change("Rests on", "Not stated", "Memorandum"),
    ]


def test_a_ledger_that_lacks_an_update_is_called_a_fault(paris: Summit):
    pledge = PledgeFactory(slug="lost")
    update = said(pledge, "2025-09-04", "announced", summit=paris, public_id="lost-2025-09-04")
    pledge.entries.all().delete()
    with pytest.raises(LookupError, match=r"no terms for lost-2025-09-04 on 2025-09-05") as caught:
        summits.outcomes(paris, PRESENT)
    assert update.public_id in str(caught.value)


# --- Who took part


def test_the_host_comes_first_then_the_co_chair_then_all_by_name(paris: Summit):
    changeset = ChangesetFactory()
    for name, role, how in (
        ("Zulu", "host", "in_person"),
        ("Yankee", "co_chair", "remote"),
        ("Bravo", "participant", "unknown"),
        ("Alpha", "participant", "in_person"),
    ):
        ParticipationFactory(
            changeset=changeset, summit=paris, state=StateFactory(name=name), role=role, attendance=how
        )
    union = StateFactory(code="QQ", name="Charlie", kind="organisation")
    ParticipationFactory(changeset=changeset, summit=paris, state=union, role="observer", attendance="remote")
    publish(changeset, moment("2025-09-05"))
    present = summits.attendees(paris, PRESENT)
    assert [attendee.state.name for attendee in present.listed] == ["Zulu", "Yankee", "Alpha", "Bravo", "Charlie"]
    assert [(how, [attendee.state.name for attendee in group]) for how, group in present.came()] == [
        (Attendance.IN_PERSON, ["Zulu", "Alpha"]),
        (Attendance.REMOTE, ["Yankee", "Charlie"]),
        (Attendance.UNKNOWN, ["Bravo"]),
    ]
    assert [attendee.state.name for attendee in present.hosts] == ["Zulu"]
    assert [attendee.state.name for attendee in present.co_chairs] == ["Yankee"]
    assert [attendee.state.name for attendee in present.in_role(Role.OBSERVER)] == ["Charlie"]
    assert (present.states, present.organisations) == (4, 1)


def test_ways_of_attendance_that_nobody_used_are_left_out(paris: Summit):
    assert summits.attendees(paris, PRESENT).came() == []


def test_several_speakers_of_one_state_each_have_their_office():
    two = Participation(
        representative="Ursula Example;António Sample", office="President of the Commission;President of the Council"
    )
    nameless = Participation(representative="", office="Foreign Minister")
    nobody = Participation(representative="", office="")
    assert two.speakers == [
        ("Ursula Example", "President of the Commission"),
        ("António Sample", "President of the Council"),
    ]
    assert nameless.speakers == [("", "Foreign Minister")]
    assert nobody.speakers == []


# --- Lists


def test_a_meeting_shows_how_many_are_listed_once_its_first_day_has_come(paris: Summit):
    changeset = ChangesetFactory()
    for _number in range(3):
        ParticipationFactory(changeset=changeset, summit=paris)
    publish(changeset, moment("2025-09-05"))
    listed = {
        on: [(summit.slug, summit.listed) for summit in summits.visible_summits(Clock(day(on), NOW))]
        for on in ("2025-09-03", "2025-09-04")
    }
    assert listed == {"2025-09-03": [("paris", 0)], "2025-09-04": [("paris", 3)]}


def test_meetings_are_filtered_by_level_format_and_year(db: None):
    changeset = ChangesetFactory()
    for slug, kind, how, date in (
        ("leaders", "leaders", "hybrid", "2025-03-01"),
        ("call", "call", "virtual", "2025-05-01"),
        ("later", "leaders", "virtual", "2026-01-01"),
    ):
        SummitFactory(changeset=changeset, slug=slug, kind=kind, format=how, start_date=day(date))
    publish(changeset, moment("2026-02-01"))
    SummitFactory(slug="draft")
    everything = summits.visible_summits(PRESENT)
    found = [
        [summit.slug for summit in summits.filtered(everything, wanted)]
        for wanted in (
            SummitFilter(),
            SummitFilter(kinds=["leaders"]),
            SummitFilter(formats=["virtual"]),
            SummitFilter(years=[2025]),
            SummitFilter(kinds=["leaders"], formats=["virtual"], years=[2025, 2026]),
        )
    ]
    assert found == [
        ["later", "call", "leaders"],
        ["later", "leaders"],
        ["later", "call"],
        ["call", "leaders"],
        ["later"],
    ]
    assert summits.years(PRESENT) == [2026, 2025]
    assert summits.visible_names(PRESENT) == [
        (slug, Summit.objects.get(slug=slug).title) for slug in ("later", "call", "leaders")
    ]


def test_pledges_updated_at_a_meeting_count_once_each(paris: Summit):
    pledge = PledgeFactory()
    said(pledge, "2025-09-04", "signalled", summit=paris)
    said(pledge, "2025-09-05", "announced", summit=paris)
    said(PledgeFactory(), "2025-09-05", "announced", summit=paris)
    said(PledgeFactory(), "2025-09-05", "announced")
    assert summits.with_update_counts([paris], PRESENT) == [(paris, 2)]
    assert summits.with_update_counts([paris], Clock(day("2025-09-03"), NOW)) == [(paris, 0)]


def test_the_sources_of_a_meeting_are_each_numbered_once(paris: Summit):
    changeset = ChangesetFactory()
    alpha, bravo, charlie = (SourceFactory(public_id=name) for name in ("alpha", "bravo", "charlie"))
    state = StateFactory(name="Alpha")
    PositionFactory(changeset=changeset, summit=paris, state=StateFactory(name="Zulu"), topic="late", cited=[charlie])
    PositionFactory(changeset=changeset, summit=paris, state=state, topic="early", cited=[alpha])
    ParticipationFactory(changeset=changeset, summit=paris, state=state, cited=[bravo, alpha])
    ClaimFactory(changeset=changeset, summit=paris, slug="many", cited=[charlie])
    publish(changeset, moment("2025-09-06"))
    record = summits.record(paris, PRESENT)
    assert [source.public_id for source in record.sources] == ["alpha", "bravo", "charlie"]
    assert [position.topic for position in record.positions] == ["early", "late"]
    assert [claim.slug for claim in record.claims] == ["many"]
    assert (record.is_later, record.groups) == (False, [])


# --- The real record


def test_the_paris_summit_of_september_2025(record: None):
    paris = Summit.objects.get(slug="paris-2025-09-04")
    told = summits.record(paris, PRESENT)
    assert paris.reported_participants == 35
    assert [attendee.state.code for attendee in told.attendees.hosts] == ["FRA"]
    assert [attendee.state.code for attendee in told.attendees.co_chairs] == ["GBR"]
    assert [(how.value, len(group)) for how, group in told.attendees.came()] == [("in_person", 9), ("remote", 29)]
    assert (told.attendees.states, told.attendees.organisations) == (36, 2)
    assert grouped(paris) == {
        "made": [
            "nor-troops",
            "esp-troops",
            "deu-training",
            "irl-training",
            "nld-air-policing",
            "esp-air-policing",
            "nld-maritime",
            "esp-maritime",
            "deu-equipment-air-defence",
            "deu-equipment-brigades",
            "deu-equipment-long-range",
        ],
        "firmed_up": ["irl-equipment", "rou-logistics"],
        "reaffirmed": [
            "aus-troops",
            "bel-troops",
            "can-troops",
            "dnk-troops",
            "est-troops",
            "fra-troops",
            "deu-troops",
            "lva-troops",
            "ltu-troops",
            "nld-troops",
            "swe-troops",
            "gbr-troops",
            "eu-training",
            "ita-training",
            "swe-air-policing",
            "swe-maritime",
            "tur-maritime",
            "pol-logistics",
            "irl-monitoring",
            "ita-monitoring",
        ],
        "ruled_out": ["ita-troops", "pol-troops", "rou-troops"],
    }
    assert [claim.slug for claim in told.claims] == [
        "macron-2025-09-04",
        "radio-svoboda-2025-09-04-offers",
        "radio-svoboda-2025-09-04-troops",
    ]


def test_the_paris_summit_of_january_2026_firmed_up_the_franco_british_troops(record: None):
    results = summits.outcomes(Summit.objects.get(slug="paris-2026-01-06"), PRESENT)
    assert {kind.value: len(group) for kind, group in results.items()} == {
        "made": 19,
        "firmed_up": 4,
        "weakened": 1,
        "reaffirmed": 20,
        "ruled_out": 6,
    }
    firmed = [(result.later.pledge.slug, result.earlier.status, result.later.status) for result in results["firmed_up"]]
    assert firmed == [
        ("fra-troops", "announced", "committed"),
        ("gbr-troops", "signalled", "committed"),
        ("bel-air-policing", "signalled", "announced"),
        ("bel-maritime", "signalled", "announced"),
    ]
    assert [result.later.pledge.slug for result in results["weakened"]] == ["cze-troops"]
