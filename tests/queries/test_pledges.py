"""The table of pledges: filters, orders, and the story of one pledge."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from pytest_django import DjangoAssertNumQueries

from guarantees.clock import Clock
from guarantees.models import Group, Membership, Retraction, StateAlias
from guarantees.queries import pledges
from guarantees.queries.counting import ConditionValues
from guarantees.queries.pledges import MAX_WORDS, SORTS, PledgeFilters, StatusSpan
from guarantees.vocabulary import Availability, Status
from tests.factories import (
    ChangesetFactory,
    ConditionFactory,
    ConditionStateFactory,
    PledgeFactory,
    StateFactory,
    SummitFactory,
    UpdateFactory,
    day,
    moment,
    publish,
)

pytestmark = pytest.mark.django_db

PUBLISHED = moment("2025-10-01")
NOW = Clock(day("2025-12-01"), moment("2025-12-01"))


def made(slug: str, state: str = "QAA", category: str = "troops", **fields: Any) -> Any:
    pledge = PledgeFactory(
        slug=slug,
        state=StateFactory(code=state),
        category=category,
        title=fields.pop("title", f"Pledge {slug}"),
    )
    update = UpdateFactory(pledge=pledge, changeset=pledge.changeset, **fields)
    publish(update.changeset, at=PUBLISHED)
    return update


def slugs(filters: PledgeFilters, clock: Clock = NOW, sort: str = "state") -> list[str]:
    found = pledges.filtered(clock, filters, ConditionValues.at(clock))
    return [entry.pledge.slug for entry in pledges.ordered(found, sort)]


def test_each_filter_narrows_and_its_values_are_alternatives():
    summit = SummitFactory()
    publish(summit.changeset, at=PUBLISHED)
    made("a", "QAA", "troops", status="committed", area="ukraine", conditions=["ceasefire"], conditions_basis="stated")
    made("b", "QAB", "maritime", summit=summit, area="black_sea", conditions_basis="unconditional")
    made("c", "QAC", "training", status="signalled")
    group = Group.objects.create(code="TEST", name="Test")
    Membership.objects.create(group=group, state=StateFactory(code="QAB"))
    everything = ["a", "b", "c"]
    assert slugs(PledgeFilters()) == everything
    assert slugs(PledgeFilters(states=["QAA", "QAC"])) == ["a", "c"]
    assert slugs(PledgeFilters(categories=["maritime"])) == ["b"]
    assert slugs(PledgeFilters(statuses=["committed", "signalled"])) == ["a", "c"]
    assert slugs(PledgeFilters(areas=["black_sea"])) == ["b"]
    assert slugs(PledgeFilters(conditions=["ceasefire", "us_backstop"])) == ["a"]
    assert slugs(PledgeFilters(groups=["TEST"])) == ["b"]
    assert slugs(PledgeFilters(summits=[summit.slug])) == ["b"]
    assert slugs(PledgeFilters(availabilities=["available"])) == ["b"]
    assert slugs(PledgeFilters(availabilities=["held_back", "available"])) == ["a", "b"]
    assert slugs(PledgeFilters(states=["QAA"], categories=["maritime"])) == []


def test_text_is_found_in_titles_statements_and_names_of_states():
    made("a", "QAA", title="Minehunters", summary="The minister spoke of Łódź.")
    made("b", "QAB", title="Soldiers", summary="Ships were named.")
    StateAlias.objects.create(state=StateFactory(code="QAB"), alias="Türkei")
    assert slugs(PledgeFilters(text="minehunt")) == ["a"]
    assert slugs(PledgeFilters(text="LODZ")) == ["a"]
    assert slugs(PledgeFilters(text="ship")) == ["b"]
    assert slugs(PledgeFilters(text="turkei soldier")) == ["b"]
    assert slugs(PledgeFilters(text="turkei minehunters")) == []
    assert slugs(PledgeFilters(text="State QAA")) == ["a"]
    assert slugs(PledgeFilters(text="the ships")) == ["b"]
    assert slugs(PledgeFilters(text="the of")) == ["a", "b"]


def test_a_short_word_stands_for_itself_alone():
    made("a", "GBR", summary="Of the island.")
    made("b", "UKR", summary="Ukraine was spoken of.")
    StateAlias.objects.create(state=StateFactory(code="GBR"), alias="UK")
    assert slugs(PledgeFilters(text="UK")) == ["a"]
    assert slugs(PledgeFilters(text="ukr")) == ["b"]


def test_of_a_long_text_only_so_many_words_are_looked_for():
    made("a", summary=" ".join(f"word{number}" for number in range(MAX_WORDS)))
    found = " ".join(f"word{number}" for number in range(MAX_WORDS))
    assert slugs(PledgeFilters(text=f"{found} beyond")) == ["a"]
    assert slugs(PledgeFilters(text=f"beyond {found}")) == []


@pytest.mark.parametrize("words", ["ships", "ships aircraft soldiers"])
def test_text_takes_the_same_queries_for_one_word_and_for_three(
    words: str, django_assert_num_queries: DjangoAssertNumQueries
):
    made("a", summary="Ships, aircraft and soldiers.")
    with django_assert_num_queries(4):
        assert [entry.rank for entry in pledges.filtered(NOW, PledgeFilters(text=words), ConditionValues())] == [20]


def test_what_was_said_later_or_known_later_is_not_found_before():
    first = made("a", date=day("2025-09-04"), summary="Nothing of note.")
    later = UpdateFactory(
        pledge=first.pledge, changeset=ChangesetFactory(), date=day("2025-11-01"), summary="Battalions."
    )
    publish(later.changeset, at=moment("2025-11-15"))
    found = PledgeFilters(text="battalion")
    assert slugs(found, NOW) == ["a"]
    assert slugs(found, Clock(day("2025-10-31"), moment("2025-12-01"))) == []
    assert slugs(found, Clock(day("2025-12-01"), moment("2025-11-14"))) == []


def test_orders():
    made("a", "QAB", "training", status="signalled", date=day("2025-09-01"))
    made(
        "b",
        "QAA",
        "maritime",
        status="committed",
        date=day("2025-09-03"),
        quantity_min=2,
        quantity_max=2,
        unit="ships",
        quantity_basis="stated",
    )
    made(
        "c",
        "QAA",
        "troops",
        status="ruled_out",
        date=day("2025-09-02"),
    )
    made("d", "QAC", "troops", quantity_max=500, unit="personnel", quantity_basis="stated", date=day("2025-09-04"))
    orders = {sort: slugs(PledgeFilters(), sort=sort) for sort in SORTS}
    assert orders == {
        "state": ["c", "b", "a", "d"],
        "category": ["c", "d", "a", "b"],
        "-status": ["b", "d", "a", "c"],
        "status": ["c", "a", "d", "b"],
        "-said": ["d", "b", "c", "a"],
        "said": ["a", "c", "b", "d"],
        "-quantity": ["d", "b", "c", "a"],
        "quantity": ["d", "b", "c", "a"],
    }


def test_rows_say_what_a_pledge_waits_for_and_whether_it_could_start():
    made("a", conditions=["ceasefire", "us_backstop"], conditions_basis="stated")
    met = ConditionStateFactory(condition=ConditionFactory(code="us_backstop"))
    publish(met.changeset, at=PUBLISHED)
    conditions = ConditionValues.at(NOW)
    (entry,) = pledges.filtered(NOW, PledgeFilters(), conditions)
    (row,) = pledges.rows([entry.pk], conditions)
    assert row.conditions == [("ceasefire", "open"), ("us_backstop", "met")]
    assert row.availability == Availability.HELD_BACK


def test_the_nearest_slugs_are_visible_ones():
    made("fra-troops")
    PledgeFactory(slug="fra-troopz")
    assert [pledge.slug for pledge in pledges.nearest_slugs("fra-trops", NOW)] == ["fra-troops"]
    assert pledges.nearest_slugs("zzz", NOW) == []


def test_of_many_slugs_those_of_the_same_state_are_compared(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pledges, "COMPARED_SLUGS", 1)
    made("aut-troops")
    made("fra-troops", "QAB")
    assert [pledge.slug for pledge in pledges.nearest_slugs("FRA-trops", NOW)] == ["fra-troops"]


def test_a_pledge_does_not_exist_before_its_publication():
    pledge = made("fra-troops").pledge
    assert pledges.visible_pledge("fra-troops", NOW) == pledge
    assert pledges.visible_pledge("fra-troops", Clock(day("2025-12-01"), moment("2025-09-30"))) is None


# --- the story of one pledge


def test_the_story_tells_spans_and_terms():
    first = made("a", status="signalled", date=day("2025-06-01"), area="ukraine")
    later = [
        UpdateFactory(pledge=first.pledge, changeset=ChangesetFactory(), date=day(date), status=status)
        for date, status in (("2025-07-01", "signalled"), ("2025-08-01", "announced"))
    ]
    for update in later:
        publish(update.changeset, at=PUBLISHED)
    story = pledges.record(first.pledge, NOW)
    assert story.spans == [
        StatusSpan(Status.SIGNALLED, day("2025-06-01"), day("2025-08-01")),
        StatusSpan(Status.ANNOUNCED, day("2025-08-01"), None),
    ]
    assert story.status == pledges.Term("status", "announced", later[1], day("2025-08-01"))
    assert story.area == pledges.Term("area", "ukraine", first, day("2025-06-01"))
    assert story.quantity == pledges.Term("quantity", "", None, None)
    assert [said.update for said in story.history] == [later[1], later[0], first]
    assert story.availability == Availability.NO_CONDITION_STATED


def test_before_the_first_update_nothing_is_in_force():
    update = made("a", date=day("2025-06-01"))
    story = pledges.record(update.pledge, Clock(day("2025-05-31"), NOW.known))
    assert (story.entry, story.status, story.history, story.spans) == (None, None, [], [])
    assert story.first_day == day("2025-06-01")


def test_a_corrected_update_is_reachable_from_its_correction():
    wrong = made("a", status="committed")
    right = UpdateFactory(
        pledge=wrong.pledge,
        changeset=ChangesetFactory(),
        corrects=wrong,
        correction_kind="corrected",
        status="announced",
    )
    publish(right.changeset, at=moment("2025-11-01"))
    (said,) = pledges.record(wrong.pledge, NOW).history
    assert (said.update, said.replaced) == (right, [wrong])
    (before,) = pledges.record(wrong.pledge, Clock(NOW.on, moment("2025-10-15"))).history
    assert (before.update, before.replaced) == (wrong, [])


def test_a_retracted_update_is_told_of():
    update = made("a")
    changeset = ChangesetFactory()
    Retraction.objects.create(changeset=changeset, update=update, reason="Never said.")
    publish(changeset, at=moment("2025-11-01"))
    story = pledges.record(update.pledge, NOW)
    assert (story.entry, story.history, story.retracted, story.first_day) == (None, [], [update], None)


class SearchNeverFails(TestCase):
    """Whatever is typed is only ever words."""

    @given(st.text(max_size=60) | st.text(alphabet="'\":&|!*()\\<>%a -", max_size=30))
    def test_any_text_is_an_answer(self, text: str) -> None:
        if "\x00" not in text and not any("\ud800" <= char <= "\udfff" for char in text):
            assert slugs(PledgeFilters(text=text)) == []
