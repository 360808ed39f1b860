"""Corrections and retractions in place: asked for at the fact, pending until approved or public at once."""

from typing import Any

import pytest
from django.test import Client

from guarantees import ledger
from guarantees.editing import changesets
from guarantees.models import Changeset, PledgeUpdate, Retraction, Source
from tests.desk import Person, errors, fields
from tests.factories import (
    FACT_FACTORIES,
    ChangesetFactory,
    ClaimFactory,
    ParticipationFactory,
    PositionFactory,
    SourceFactory,
    UpdateFactory,
    day,
    editor,
    moment,
    publish,
    reviewer,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna() -> Person:
    return Person(editor(username="anna"))


@pytest.fixture
def update() -> PledgeUpdate:
    found = UpdateFactory(summary="Paris will send 400 soldiers.", date=day("2025-09-04"), pledge__slug="fra-troops")
    publish(found.changeset, at=moment("2025-09-05"))
    return found


def kind_of(fact: Any) -> str:
    return Retraction.KINDS[[factory._meta.model for factory in FACT_FACTORIES].index(type(fact))]


def correcting(fact: Any, field: str = "") -> str:
    return f"/desk/facts/{kind_of(fact)}/{fact.pk}/correct/" + (f"?field={field}" if field else "")


def retracting(fact: Any) -> str:
    return f"/desk/facts/{kind_of(fact)}/{fact.pk}/retract/"


def sent(person: Person, fact: Any, field: str = "", **changes: Any) -> dict[str, Any]:
    form = fields(person.hx_get(correcting(fact, field)))
    return form | {"reason": "A reader wrote to us.", "sources": [s.pk for s in fact.sources.all()]} | changes


# --- In place


@pytest.mark.parametrize("factory", FACT_FACTORIES)
def test_every_fact_is_corrected_by_a_form_over_all_its_fields(anna: Person, factory: Any):
    fact = factory()
    publish(fact.changeset, at=moment("2025-09-05"))
    change = {"office": "Minister"} if factory is ParticipationFactory else {"summary": "Said otherwise."}
    answer = anna.post(correcting(fact), sent(anna, fact, **change))
    assert answer.status_code == 303
    draft = type(fact).objects.get(corrects=fact)
    name, value = next(iter(change.items()))
    assert (getattr(draft, name), draft.known, draft.correction_kind) == (value, None, "corrected")
    assert draft.changeset.title == f"Correction of {fact.public_id}"
    assert draft.changeset.reason == "A reader wrote to us."
    assert [*draft.changeset.authors.all()] == [anna.user]
    assert [*draft.sources.all()] == [*fact.sources.all()]


def test_one_value_is_corrected_alone_and_the_rest_stays(anna: Person, update: PledgeUpdate):
    form = sent(anna, update, "status")
    assert {"status", "summary"} & set(form) == {"status"}
    anna.post(correcting(update, "status"), form | {"status": "signalled"})
    draft = PledgeUpdate.objects.get(corrects=update)
    assert (draft.status, draft.summary) == ("signalled", update.summary)


def test_the_page_after_a_correction_equals_a_fresh_one(anna: Person, update: PledgeUpdate):
    page = anna.page("/pledges/fra-troops/")
    page.swap(anna.hx_get(correcting(update)), f"tools-update-{update.pk}")
    assert [node.attributes["name"] for node in page.focus()] == ["status"]
    answer = anna.hx_post(correcting(update), sent(anna, update, status="signalled"))
    page.swap(answer, f"tools-update-{update.pk}")
    assert page.status() == f"Drafted in “Correction of {update.public_id}”. The page shows it once it is approved."
    assert [node.attributes["id"] for node in page.focus()] == [f"tools-update-{update.pk}"]
    page.root.find(f"tools-update-{update.pk}")[0].attributes.pop("tabindex")
    assert page == anna.page("/pledges/fra-troops/")
    text = page.root.find(f"tools-update-{update.pk}")[0].text()
    assert text.startswith(f"correction pending: Correction of {update.public_id}")


def test_a_correction_that_is_cancelled_leaves_the_page_as_it_was(anna: Person, update: PledgeUpdate):
    page = anna.page("/pledges/fra-troops/")
    page.swap(anna.hx_get(retracting(update)), f"tools-update-{update.pk}")
    page.swap(anna.hx_get(f"{correcting(update)}?show"), f"tools-update-{update.pk}")
    page.root.find(f"tools-update-{update.pk}")[0].attributes.pop("tabindex")
    assert page == anna.page("/pledges/fra-troops/")


def test_the_same_correction_sent_twice_is_one(anna: Person, update: PledgeUpdate):
    form = sent(anna, update, status="signalled")
    for _time in range(2):
        assert anna.post(correcting(update), form).status_code == 303
    assert PledgeUpdate.objects.filter(corrects=update).count() == 1
    assert Changeset.objects.filter(state="draft").count() == 1


def test_a_correction_goes_into_the_changeset_that_is_open(anna: Person, update: PledgeUpdate):
    draft = ChangesetFactory(title="Mending")
    draft.authors.add(anna.user)
    assert fields(anna.hx_get(correcting(update)))["changeset"] == str(draft.pk)
    anna.post(correcting(update), sent(anna, update, status="signalled"))
    assert PledgeUpdate.objects.get(corrects=update).changeset == draft
    strange = ChangesetFactory(title="Of another editor")
    answer = anna.post(correcting(update), sent(anna, update, status="committed", changeset=strange.pk))
    assert (answer.status_code, list(errors(answer))) == (422, ["changeset"])


def test_a_second_editor_is_told_that_a_correction_is_under_way(anna: Person, update: PledgeUpdate):
    anna.post(correcting(update), sent(anna, update, status="signalled"))
    otto = Person(editor(username="otto"))
    assert "A correction of it is under way already" in otto.hx_get(correcting(update)).content.decode()
    assert otto.post(correcting(update), sent(otto, update, status="committed")).status_code == 303
    assert PledgeUpdate.objects.filter(corrects=update).count() == 2


# --- Refused


def test_a_correction_that_changes_nothing_is_refused(anna: Person, update: PledgeUpdate):
    answer = anna.hx_post(correcting(update), sent(anna, update))
    assert answer.status_code == 422
    assert "This changes nothing: the values and the sources are those on record." in answer.content.decode()
    assert not PledgeUpdate.objects.filter(corrects=update).exists()


def test_a_correction_needs_a_reason_and_a_source_and_keeps_what_was_typed(anna: Person, update: PledgeUpdate):
    answer = anna.hx_post(correcting(update), sent(anna, update, summary="No.", reason=" ", sources=[]))
    assert (answer.status_code, list(errors(answer))) == (422, ["reason"])
    answer = anna.hx_post(correcting(update), sent(anna, update, summary="<script>No</script>", sources=[]))
    assert answer.status_code == 422
    assert "A correction rests on at least one source: tick one, or add one." in answer.content.decode()
    assert fields(answer)["summary"] == "<script>No</script>"
    assert not Changeset.objects.filter(state="draft").exists()


def test_a_rule_of_the_record_is_said_beside_its_field(anna: Person, update: PledgeUpdate):
    answer = anna.hx_post(correcting(update), sent(anna, update, quantity_min="9", quantity_max="3", unit="ships"))
    assert answer.status_code == 422
    assert "quantity_max" in errors(answer)
    assert not Changeset.objects.filter(state="draft").exists()


def test_another_source_is_added_by_its_address(anna: Person, update: PledgeUpdate):
    new = {"source-url": "https://example.org/new", "source-publisher": "Example Gazette", "source-language": "en"}
    answer = anna.hx_post(correcting(update), sent(anna, update, status="signalled", **new))
    assert (answer.status_code, list(errors(answer))) == (422, ["source-kind"])
    anna.hx_post(correcting(update), sent(anna, update, status="signalled", **new | {"source-kind": "news"}))
    draft = PledgeUpdate.objects.get(corrects=update)
    assert [source.url for source in draft.sources.order_by("pk")][1:] == ["https://example.org/new"]


def test_a_source_on_record_is_found_by_its_address_alone(anna: Person, update: PledgeUpdate):
    known = SourceFactory(url="https://example.org/known")
    form = sent(anna, update, sources=[], **{"source-url": "http://www.example.org/known/?utm_source=x"})
    assert anna.hx_post(correcting(update), form).status_code == 200
    assert [*PledgeUpdate.objects.get(corrects=update).sources.all()] == [known]
    assert Source.objects.count() == 2


def test_a_fact_corrected_meanwhile_is_shown_beside_the_newer_one(anna: Person, update: PledgeUpdate):
    form = sent(anna, update, status="signalled", summary="What Anna typed.")
    newer = UpdateFactory(
        pledge=update.pledge,
        date=update.date,
        status="committed",
        corrects=update,
        correction_kind="corrected",
        changeset=ChangesetFactory(),
    )
    publish(newer.changeset, at=moment("2025-09-06"))
    answer = anna.hx_post(correcting(update), form)
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "This fact was corrected meanwhile" in text
    assert "<del>Announced</del>" in text and "<ins>Committed</ins>" in text
    assert fields(answer)["summary"] == "What Anna typed."
    assert f'formaction="{correcting(newer)}"' in text
    again = anna.hx_post(correcting(newer), form | {"sources": [newer.sources.get().pk]})
    assert again.status_code == 200
    assert PledgeUpdate.objects.get(corrects=newer).summary == "What Anna typed."


def test_what_has_been_retracted_is_not_corrected(anna: Person, update: PledgeUpdate):
    form = sent(anna, update, status="signalled")
    ending = ChangesetFactory()
    Retraction.objects.create(changeset=ending, reason="Never said.", update=update)
    publish(ending, at=moment("2025-09-06"))
    answer = anna.hx_post(correcting(update), form)
    assert answer.status_code == 409
    assert "This fact has been retracted meanwhile" in answer.content.decode()


def test_only_public_facts_are_corrected(anna: Person, update: PledgeUpdate):
    draft = UpdateFactory()
    embargoed = PositionFactory()
    publish(embargoed.changeset, at=moment("2099-01-01"))
    for address in (correcting(draft), retracting(embargoed), f"/desk/facts/rumour/{update.pk}/correct/"):
        assert anna.get(address).status_code == 404
        assert anna.post(address, {"reason": "x"}).status_code == 404


def test_nobody_but_editors_corrects(update: PledgeUpdate):
    stranger = Client()
    assert stranger.post(correcting(update), {"reason": "x"}).status_code == 302
    assert Client(enforce_csrf_checks=True).post(correcting(update)).status_code in (302, 403)


def test_a_form_cannot_set_what_it_does_not_show(anna: Person, update: PledgeUpdate):
    other = UpdateFactory()
    more = {
        "known": "[2020-01-01,)",
        "public_id": "mine",
        "corrects": other.pk,
        "version": "9",
        "pledge": other.pledge.pk,
    }
    anna.post(correcting(update), sent(anna, update, status="signalled", **more))
    draft = PledgeUpdate.objects.get(corrects=update)
    assert (draft.known, draft.public_id, draft.pledge, draft.version) == (
        None,
        "fra-troops-2025-09-04",
        update.pledge,
        1,
    )


# --- Without the second pair of eyes


def test_without_four_eyes_a_reviewers_correction_is_public_at_once(
    update: PledgeUpdate, settings: Any, time_machine: Any
):
    settings.FOUR_EYES = False
    time_machine.move_to(moment("2026-03-12T12:00:00"), tick=False)
    rita = Person(reviewer(username="rita"))
    page = rita.page("/pledges/fra-troops/")
    answer = rita.hx_post(correcting(update), sent(rita, update, status="signalled"))
    page.swap(answer, f"tools-update-{update.pk}")
    assert page.status() == "Approved: the page shows it in two seconds."
    time_machine.move_to(moment("2026-03-12T12:00:02"), tick=False)
    assert PledgeUpdate.objects.get(corrects=update).changeset.is_public(moment("2026-03-12T12:00:02"))
    assert "Signalled" in rita.page("/pledges/fra-troops/").root.find("terms")[0].text()
    assert ledger.differing() == []


def test_without_four_eyes_an_editors_correction_still_waits(anna: Person, update: PledgeUpdate, settings: Any):
    settings.FOUR_EYES = False
    anna.post(correcting(update), sent(anna, update, status="signalled"))
    assert PledgeUpdate.objects.get(corrects=update).changeset.state == "draft"


def test_a_publication_that_is_refused_leaves_the_draft(update: PledgeUpdate, settings: Any):
    settings.FOUR_EYES = False
    later = UpdateFactory(
        pledge=update.pledge, date=day("2025-10-01"), status="suspended", changeset=ChangesetFactory()
    )
    publish(later.changeset, at=moment("2025-10-02"))
    rita = Person(reviewer(username="rita"))
    answer = rita.hx_post(retracting(update), {"reason": "Never said.", "changeset": ""})
    assert answer.status_code == 409
    assert "needs an earlier pledge" in answer.content.decode()
    assert Retraction.objects.get().changeset.state == "submitted"


# --- Retracting


@pytest.mark.parametrize("factory", FACT_FACTORIES)
def test_every_fact_is_retracted_with_a_reason(anna: Person, factory: Any):
    fact = factory()
    publish(fact.changeset, at=moment("2025-09-05"))
    assert anna.post(retracting(fact), {"reason": " "}).status_code == 422
    for _time in range(2):
        assert anna.post(retracting(fact), {"reason": "Never said.", "changeset": ""}).status_code == 303
    retraction = Retraction.objects.get()
    assert (retraction.fact, retraction.reason) == (fact, "Never said.")
    assert retraction.changeset.title == f"Retraction of {fact.public_id}"


# --- On public pages


def test_a_correction_shows_on_the_page_once_it_is_approved(anna: Person, update: PledgeUpdate, time_machine: Any):
    time_machine.move_to(moment("2026-03-12T12:00:00"), tick=False)
    anna.post(correcting(update), sent(anna, update, status="signalled"))
    changeset = PledgeUpdate.objects.get(corrects=update).changeset
    changesets.submit(by=anna.user, changeset=changeset)
    assert "correction pending" in anna.get("/pledges/fra-troops/").content.decode()
    changesets.approve(by=reviewer(), changeset=changeset, seen=changesets.digest(changeset))
    time_machine.move_to(moment("2026-03-12T12:00:02"), tick=False)
    text = anna.get("/pledges/fra-troops/").content.decode()
    assert "correction pending" not in text
    assert "Corrected since it was first published." in text


@pytest.mark.parametrize("where", ["/pledges/fra-troops/", "/states/{}/", "/summits/{}/"])
def test_readers_see_nothing_of_it_and_editors_only_at_the_present(anna: Person, update: PledgeUpdate, where: str):
    position = PositionFactory(state=update.pledge.state)
    publish(position.changeset, at=moment("2025-09-05"))
    attendance = ParticipationFactory(state=update.pledge.state, summit__slug="testville")
    publish(attendance.changeset, at=moment("2025-09-05"))
    path = where.format("testville" if "summits" in where else update.pledge.state.slug)
    for fact in (update, position, attendance):
        anna.post(retracting(fact), {"reason": "Never said.", "changeset": ""})
    before = Client().get(path).content
    assert b"fact-tools" not in before and b"pending" not in before and b"correct.css" not in before
    page = anna.get(path)
    assert b"retraction pending" in page.content
    assert page.headers["Cache-Control"] == "private, no-cache"
    assert b"fact-tools" not in anna.get(f"{path}?on=2025-12-01").content
    assert Client().get(path).content == before


@pytest.mark.parametrize("facts", [1, 3])
def test_editors_cost_the_same_few_questions_for_one_fact_as_for_three(
    anna: Person, facts: int, django_assert_num_queries: Any
):
    update = UpdateFactory(pledge__slug="fra-troops", date=day("2025-09-01"))
    for number in range(2, facts + 1):
        UpdateFactory(pledge=update.pledge, changeset=update.changeset, date=day(f"2025-09-0{number}"))
    publish(update.changeset, at=moment("2025-09-05"))
    anna.get("/pledges/fra-troops/")
    with django_assert_num_queries(12):
        anna.get("/pledges/fra-troops/")


def test_a_summit_equips_every_kind_of_fact_it_tells(anna: Person):
    attendance = ParticipationFactory(summit__slug="testville")
    summit, changeset = attendance.summit, attendance.changeset
    told = [
        attendance,
        UpdateFactory(changeset=changeset, summit=summit),
        PositionFactory(changeset=changeset, summit=summit),
        ClaimFactory(changeset=changeset, summit=summit),
    ]
    publish(changeset, at=moment("2025-09-05"))
    page = anna.page("/summits/testville/")
    for fact in told:
        assert page.root.find(f"tools-{kind_of(fact)}-{fact.pk}")[0].text() == (
            f"Correct {fact.public_id} Retract {fact.public_id} History of {fact.public_id}"
        )
