"""The stable ids of facts."""

import pytest

from guarantees.models import (
    CollectiveClaim,
    ConditionState,
    Participation,
    PledgeUpdate,
    Position,
    Requirement,
    Source,
)
from guarantees.models.public_ids import LONGEST_STEM, free_ids, new_id, position_stem
from tests.factories import ConditionFactory, PledgeFactory, StateFactory, SummitFactory, UpdateFactory, day

pytestmark = pytest.mark.django_db
DAY = day("2026-01-06")


def test_an_update_is_named_for_its_pledge_and_day():
    assert new_id(PledgeUpdate(pledge=PledgeFactory(slug="fra-troops"), date=DAY)) == "fra-troops-2026-01-06"


def test_a_position_is_named_for_its_state_day_and_topic():
    position = Position(state=StateFactory(code="QQA"), date=DAY, topic="Boots on the ground (again)")
    assert new_id(position) == "qqa-2026-01-06-boots-on-the-ground-again"


def test_a_participation_is_named_for_its_summit_and_state():
    summit = SummitFactory(slug="paris-2026-01-06")
    participation = Participation(summit=summit, state=StateFactory(code="QQA"))
    assert new_id(participation) == "paris-2026-01-06-qqa"


def test_the_state_of_a_condition_is_named_for_its_scope():
    condition = ConditionFactory(code="un_mandate")
    state, pledge = StateFactory(code="QQA"), PledgeFactory(slug="qqa-troops")
    scopes = [{"state": None, "pledge": None}, {"state": state, "pledge": None}, {"state": None, "pledge": pledge}]
    assert [new_id(ConditionState(condition=condition, date=DAY, **scope)) for scope in scopes] == [
        "un-mandate-all-2026-01-06",
        "un-mandate-qqa-2026-01-06",
        "un-mandate-qqa-troops-2026-01-06",
    ]


def test_claims_and_requirements_are_named_by_their_slugs():
    assert new_id(CollectiveClaim(slug="macron-26")) == "macron-26"
    assert new_id(Requirement(slug="iiss-large")) == "iiss-large"


def test_what_is_no_fact_has_no_id():
    with pytest.raises(TypeError, match="Source is no kind of fact"):
        new_id(Source())


def test_a_correcting_fact_gets_the_next_number():
    pledge = PledgeFactory(slug="fra-troops")
    for public_id in ("fra-troops-2026-01-06", "fra-troops-2026-01-06-2"):
        UpdateFactory(pledge=pledge, date=DAY, public_id=public_id)
    assert new_id(PledgeUpdate(pledge=pledge, date=DAY)) == "fra-troops-2026-01-06-3"


def test_ids_of_one_batch_differ():
    UpdateFactory(public_id="b")
    assert free_ids(PledgeUpdate, ["a", "a", "b", "c", "a"], reserved=["c", "a-3"]) == ["a", "a-2", "b-2", "c-2", "a-4"]


def test_a_long_topic_is_cut():
    stem = position_stem("FRA", DAY, "word " * 30)
    assert len(stem) <= LONGEST_STEM
    assert stem.endswith("-word")


def test_a_topic_without_latin_letters_leaves_no_trace():
    assert position_stem("FRA", DAY, "Гарантії") == "fra-2026-01-06"
