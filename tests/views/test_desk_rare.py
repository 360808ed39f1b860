"""Conditions, claims, requirements and retractions on the sheet: added on pages of their own, edited like all rows."""

from typing import Any

import pytest

from guarantees.models import Changeset, CollectiveClaim, ConditionState, Requirement, Retraction
from tests.desk import Person, errors
from tests.factories import (
    FACT_FACTORIES,
    ChangesetFactory,
    ClaimFactory,
    ConditionFactory,
    ConditionStateFactory,
    PledgeFactory,
    RequirementFactory,
    SourceFactory,
    UpdateFactory,
    day,
    editor,
    moment,
    publish,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna() -> Person:
    return Person(editor(username="anna"))


@pytest.fixture
def changeset() -> Changeset:
    return ChangesetFactory()


def sheet_of(changeset: Changeset) -> str:
    return f"/desk/changesets/{changeset.pk}/"


def adding(changeset: Changeset, kind: str) -> str:
    return f"{sheet_of(changeset)}add/{kind}/"


CLAIM = {
    "scope": "Ready to send troops",
    "states_claimed": "26",
    "date": "2025-09-04",
    "summit": "",
    "speaker": "The chair",
    "category": "troops",
    "min_status": "signalled",
    "summary": "The chair said so.",
}
REQUIREMENT = {
    "author": "An institute",
    "concerns": "foreign_force",
    "category": "troops",
    "quantity_min": "10000",
    "quantity_max": "",
    "unit": "personnel",
    "date": "2025-09-04",
    "summary": "The institute said so.",
}


def test_a_claim_is_added_on_a_page_of_its_own(anna: Person, changeset: Changeset):
    source = SourceFactory()
    UpdateFactory(changeset=changeset, cited=[source])
    assert anna.get(adding(changeset, "claims")).status_code == 200
    for _time in range(2):
        answer = anna.post(adding(changeset, "claims"), CLAIM | {"claims_sources": source.pk})
    claim = CollectiveClaim.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, f"{sheet_of(changeset)}#claims-{claim.pk}")
    assert (claim.public_id, claim.slug, claim.states_claimed) == (*["the-chair-2025-09-04"] * 2, 26)
    assert [*claim.sources.all()] == [source]
    text = anna.page(sheet_of(changeset)).root.find(f"claims-{claim.pk}")[0].text()
    assert "Collective claim" in text and "26 states" in text and "Troops, signalled" in text


def test_a_second_claim_of_a_day_gets_a_name_of_its_own(anna: Person, changeset: Changeset):
    for scope in ("Ready to send troops", "Ready to pay"):
        anna.post(adding(changeset, "claims"), CLAIM | {"scope": scope})
    assert [*CollectiveClaim.objects.order_by("pk").values_list("slug", flat=True)] == [
        "the-chair-2025-09-04",
        "the-chair-2025-09-04-2",
    ]


def test_a_requirement_without_a_number_is_refused_with_what_was_typed(anna: Person, changeset: Changeset):
    answer = anna.post(adding(changeset, "requirements"), REQUIREMENT | {"quantity_min": ""})
    assert answer.status_code == 422
    assert "A requirement gives at least one number." in answer.content.decode()
    assert "The institute said so." in answer.content.decode()
    anna.post(adding(changeset, "requirements"), REQUIREMENT)
    assert [*Requirement.objects.values_list("slug", "quantity_min")] == [("an-institute-2025-09-04", 10_000)]


def test_a_condition_is_recorded_for_a_pledge_by_its_name(anna: Person, changeset: Changeset):
    pledge = PledgeFactory(slug="fra-troops")
    publish(pledge.changeset, at=moment("2025-09-05"))
    PledgeFactory(slug="secret")
    sent = {
        "condition": ConditionFactory().pk,
        "state": "",
        "value": "met",
        "date": "2025-09-04",
        "summary": "It was held.",
    }
    answer = anna.post(adding(changeset, "conditions"), sent | {"pledge": "secret"})
    assert (answer.status_code, errors(answer)) == (
        422,
        {"pledge": "No pledge has this name. It is the last part of its address."},
    )
    assert anna.post(adding(changeset, "conditions"), sent | {"pledge": " FRA-troops "}).status_code == 303
    state = ConditionState.objects.get()
    assert (state.pledge, state.public_id) == (pledge, "ceasefire-fra-troops-2025-09-04")
    form = anna.hx_get(f"/desk/rows/conditions/{state.pk}/cells/condition/")
    assert 'value="fra-troops"' in form.content.decode()


def test_a_condition_on_record_for_the_same_day_is_refused_beside_the_date(anna: Person, changeset: Changeset):
    known = ConditionStateFactory()
    publish(known.changeset, at=moment("2025-09-05"))
    sent = {"condition": known.condition.pk, "state": "", "pledge": "", "value": "open", "date": "2025-09-04"}
    answer = anna.post(adding(changeset, "conditions"), sent | {"summary": "Not so."})
    assert (answer.status_code, errors(answer)) == (422, {"date": f"This is on record already: {known.public_id}."})


@pytest.mark.parametrize("factory", [ConditionStateFactory, ClaimFactory, RequirementFactory])
def test_a_rare_row_is_counted_sourced_and_deleted_like_all_others(anna: Person, changeset: Changeset, factory: Any):
    fact = factory(changeset=changeset, cited=[])
    page = anna.page(sheet_of(changeset))
    assert page.root.find("sheet-count")[0].text().startswith("1 row · 1 without a source")
    kind = {"ConditionState": "conditions", "CollectiveClaim": "claims", "Requirement": "requirements"}[
        type(fact).__name__
    ]
    source = SourceFactory()
    answer = anna.hx_post(f"/desk/rows/{kind}/{fact.pk}/sources/", {"source": source.pk})
    page.swap(answer, f"{kind}-{fact.pk}-picker")
    assert page == anna.page(sheet_of(changeset))
    page.swap(anna.hx_post(f"/desk/rows/{kind}/{fact.pk}/delete/"), f"{kind}-{fact.pk}", delete=True)
    assert page == anna.page(sheet_of(changeset))
    assert not type(fact).objects.exists()


@pytest.mark.parametrize("factory", FACT_FACTORIES)
def test_a_retraction_stands_on_the_sheet_and_can_be_taken_out(anna: Person, changeset: Changeset, factory: Any):
    fact = factory()
    publish(fact.changeset, at=moment("2025-09-05"))
    kind = Retraction.KINDS[FACT_FACTORIES.index(factory)]
    retraction = Retraction.objects.create(changeset=changeset, reason="Never said.", **{kind: fact})
    assert (retraction.kind, retraction.fact) == (kind, fact)
    page = anna.page(sheet_of(changeset))
    assert fact.public_id in page.root.find(f"retraction-{retraction.pk}")[0].text()
    answer = anna.hx_post(f"/desk/retractions/{retraction.pk}/remove/")
    page.swap(answer, "retractions")
    assert page == anna.page(sheet_of(changeset))
    assert page.status() == f"Taken out: {fact.public_id} stays on record."
    assert [node.attributes["id"] for node in page.focus()] == ["sheet-count"]
    assert not Retraction.objects.exists()


def test_a_retraction_that_is_public_stays(anna: Person):
    fact = UpdateFactory()
    publish(fact.changeset, at=moment("2025-09-05"))
    changeset = ChangesetFactory(title="Told wrongly")
    retraction = Retraction.objects.create(changeset=changeset, reason="Never said.", update=fact)
    publish(changeset, at=moment("2025-09-06"))
    answer = anna.hx_post(f"/desk/retractions/{retraction.pk}/remove/")
    assert answer.status_code == 409
    assert "“Told wrongly” cannot be changed now: it is approved." in answer.content.decode()
    assert Retraction.objects.count() == 1
    plain = anna.post(f"/desk/retractions/{retraction.pk}/remove/")
    assert (plain.status_code, plain["Location"]) == (303, sheet_of(changeset))


def test_the_way_to_add_is_open_only_while_the_changeset_is(anna: Person):
    fact = UpdateFactory(date=day("2025-09-01"))
    publish(fact.changeset, at=moment("2025-09-05"))
    assert anna.hx_get(adding(fact.changeset, "claims")).status_code == 409
