"""Cells are edited in place: saved, invalid, stale, and without script; nothing typed is lost."""

from typing import Any

import pytest

from guarantees.forms.facts import kind_of
from guarantees.models import Changeset, PledgeUpdate
from guarantees.vocabulary import Status
from tests.desk import HTMX, Person, errors, fields
from tests.factories import (
    ChangesetFactory,
    ClaimFactory,
    ConditionStateFactory,
    ParticipationFactory,
    PositionFactory,
    RequirementFactory,
    SummitFactory,
    UpdateFactory,
    day,
    editor,
    moment,
    publish,
)
from tests.htmx_swap import Page

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna() -> Person:
    return Person(editor(username="anna"))


@pytest.fixture
def otto() -> Person:
    return Person(editor(username="otto"))


@pytest.fixture
def update() -> PledgeUpdate:
    return UpdateFactory(summary="It will.", pledge__state__name="Freedonia")


def sheet_of(fact: Any) -> str:
    return f"/desk/changesets/{fact.changeset_id}/"


def cell_of(fact: Any, name: str) -> str:
    return f"/desk/rows/{kind_of(fact).name}/{fact.pk}/cells/{name}/"


def test_a_cell_opens_with_its_values_and_the_focus(anna: Person, update: PledgeUpdate):
    page = anna.page(sheet_of(update))
    form = anna.hx_get(cell_of(update, "status"))
    page.swap(form, f"updates-{update.pk}-status")
    assert fields(form)["status"] == "announced"
    assert fields(form)["version"] == "1"
    assert [node.attributes["name"] for node in page.focus()] == ["status"]
    assert "HX-Request" in form.headers["Vary"]


def test_a_saved_cell_leaves_the_page_as_a_fresh_one(anna: Person, update: PledgeUpdate):
    page = anna.page(sheet_of(update))
    sent = fields(anna.hx_get(cell_of(update, "status"))) | {"status": "committed"}
    answer = anna.hx_post(cell_of(update, "status"), sent)
    own = page.swap(answer, f"updates-{update.pk}-status")
    assert (answer.status_code, own.text()) == (200, f"Edit Status, {update.pledge.state.name}: Committed")
    assert page == anna.page(sheet_of(update))
    assert page.status() == f"Saved: Status, {update.public_id} Undo"
    assert [node.tag for node in page.focus()] == ["button"]
    update.refresh_from_db()
    assert (update.status, update.version) == ("committed", 2)


def test_an_escaped_cell_shows_what_was_there(anna: Person, update: PledgeUpdate):
    page = anna.page(sheet_of(update))
    page.swap(anna.hx_get(cell_of(update, "summary")), f"updates-{update.pk}-summary")
    page.swap(anna.hx_get(cell_of(update, "summary") + "?show"), f"updates-{update.pk}-summary")
    assert page == anna.page(sheet_of(update))
    assert [node.tag for node in page.focus()] == ["button"]


@pytest.mark.parametrize(
    ("factory", "name", "values"),
    [
        (
            UpdateFactory,
            "quantity",
            {"quantity_min": "4", "quantity_max": "6", "unit": "ships", "quantity_basis": "stated"},
        ),
        (UpdateFactory, "conditions", {"conditions_basis": "stated", "conditions": ["ceasefire", "un_mandate"]}),
        (UpdateFactory, "date", {"date": "2025-10-01", "summit": ""}),
        (UpdateFactory, "basis", {"attribution": "press", "instrument": "treaty", "bindingness": "legal"}),
        (UpdateFactory, "area", {"area": "black_sea"}),
        (UpdateFactory, "summary", {"summary": "Said otherwise."}),
        (UpdateFactory, "wording", {"wording": "Nous serons là", "wording_language": "fr"}),
        (PositionFactory, "stance", {"stance": "opposes"}),
        (PositionFactory, "subject", {"subject": "troops", "topic": "Another topic"}),
        (PositionFactory, "date", {"date": "2025-10-01", "summit": ""}),
        (PositionFactory, "summary", {"summary": "Said otherwise."}),
        (ParticipationFactory, "role", {"role": "host"}),
        (ParticipationFactory, "attendance", {"attendance": "remote"}),
        (ParticipationFactory, "representative", {"representative": "Jane Example", "office": "Minister"}),
        (ConditionStateFactory, "condition", {"state": "", "pledge": ""}),
        (ConditionStateFactory, "value", {"value": "failed"}),
        (ConditionStateFactory, "date", {"date": "2025-10-01"}),
        (ConditionStateFactory, "summary", {"summary": "Said otherwise."}),
        (ClaimFactory, "scope", {"scope": "Ready to train"}),
        (ClaimFactory, "claimed", {"states_claimed": "30"}),
        (ClaimFactory, "date", {"date": "2025-10-01", "summit": ""}),
        (ClaimFactory, "speaker", {"speaker": "Another chair"}),
        (ClaimFactory, "compared", {"category": "troops", "min_status": "announced"}),
        (ClaimFactory, "summary", {"summary": "Said otherwise."}),
        (RequirementFactory, "concerns", {"concerns": "ukrainian_forces", "category": "training"}),
        (RequirementFactory, "quantity", {"quantity_min": "5", "quantity_max": "6", "unit": "ships"}),
        (RequirementFactory, "date", {"date": "2025-10-01"}),
        (RequirementFactory, "author", {"author": "Another institute"}),
        (RequirementFactory, "summary", {"summary": "Said otherwise."}),
    ],
)
def test_every_cell_of_every_row_saves_what_its_form_says(anna: Person, factory: Any, name: str, values: Any):
    fact = factory()
    if factory is ParticipationFactory:
        Changeset.objects.filter(pk=fact.changeset_id).update(summit=fact.summit)
    page = anna.page(sheet_of(fact))
    sent = fields(anna.hx_get(cell_of(fact, name))) | values
    answer = anna.hx_post(cell_of(fact, name), sent)
    assert answer.status_code == 200
    kind = cell_of(fact, name).split("/")[3]
    page.swap(answer, f"{kind}-{fact.pk}-{name}")
    assert page == anna.page(sheet_of(fact))
    again = fields(anna.hx_get(cell_of(fact, name)))
    single = {field: value for field, value in values.items() if isinstance(value, str)}
    assert {field: again[field] for field in single} == single
    assert type(fact).objects.get().version >= 2


def test_an_invalid_cell_says_why_beside_the_field_and_keeps_what_was_typed(anna: Person, update: PledgeUpdate):
    sent = {"version": "1", "quantity_min": "9", "quantity_max": "6", "unit": "ships", "quantity_basis": "stated"}
    answer = anna.hx_post(cell_of(update, "quantity"), sent)
    assert answer.status_code == 422
    assert errors(answer) == {"quantity_max": "The highest number cannot be smaller than the lowest."}
    assert fields(answer) == sent | {"seen": ""}
    update.refresh_from_db()
    assert (update.quantity_min, update.version) == (None, 1)


@pytest.mark.parametrize(
    ("cell", "sent", "said"),
    [
        ("summary", {"summary": ""}, {"summary": "This field is required."}),
        (
            "summary",
            {"summary": "x" * 100_000},
            {"summary": "This text has 100000 characters; at most 4000 are accepted."},
        ),
        (
            "summary",
            {"summary": "safe\u202etxt"},
            {
                "summary": "This text holds a character that is not allowed (U+202E): "
                "a control sign or a change of direction."
            },
        ),
        ("summary", {"summary": "a\x00b"}, {"summary": "Null characters are not allowed."}),
        (
            "status",
            {"status": "promised"},
            {"status": "Select a valid choice. promised is not one of the available choices."},
        ),
        ("date", {"date": "2026-02-31"}, {"date": "Please give a day of the calendar in the form 2026-02-26."}),
        ("date", {"date": "12.3.2026"}, {"date": "Please give a day of the calendar in the form 2026-02-26."}),
        ("quantity", {"quantity_min": "many"}, {"quantity_min": "Enter a whole number."}),
        (
            "quantity",
            {"quantity_min": "-5", "unit": "ships", "quantity_basis": "stated"},
            {"quantity_min": "Ensure this value is greater than or equal to 0."},
        ),
        (
            "quantity",
            {"quantity_min": str(2**63), "unit": "ships", "quantity_basis": "stated"},
            {"quantity_min": f"Ensure this value is less than or equal to {2**63 - 1}."},
        ),
    ],
)
def test_bad_input_is_refused_with_a_message_that_names_the_field(
    anna: Person, update: PledgeUpdate, cell: str, sent: dict[str, str], said: dict[str, str]
):
    answer = anna.hx_post(cell_of(update, cell), {"version": "1"} | sent)
    assert (answer.status_code, errors(answer)) == (422, said)
    update.refresh_from_db()
    assert update.version == 1


def test_markup_in_a_text_is_shown_as_text(anna: Person, update: PledgeUpdate):
    text = '<img src=x onerror="alert(1)"> {{ secret }}'
    sent = {"version": "1", "summary": "<b>bold</b> & more"}
    assert anna.hx_post(cell_of(update, "summary"), sent).status_code == 200
    assert "<b>bold</b> & more" in anna.page(sheet_of(update)).root.text()
    PledgeUpdate.objects.filter(pk=update.pk).update(summary=text.replace("{{ secret }}", ""))
    assert text.replace(" {{ secret }}", "") in anna.page(sheet_of(update)).root.text()


def test_the_second_of_two_gets_both_values_and_nothing_is_lost(anna: Person, otto: Person, update: PledgeUpdate):
    page = otto.page(sheet_of(update))
    opened_by_anna = fields(anna.hx_get(cell_of(update, "summary")))
    opened_by_otto = fields(otto.hx_get(cell_of(update, "summary")))
    anna.hx_post(cell_of(update, "summary"), opened_by_anna | {"summary": "Anna's words."})
    answer = otto.hx_post(cell_of(update, "summary"), opened_by_otto | {"summary": "Otto's words."})
    cell = page.swap(answer, f"updates-{update.pk}-summary")
    assert answer.status_code == 409
    terms = [node.text() for node, _parent in cell.walk() if node.tag == "dd"]
    assert terms[:2] == ["Otto's words.", "Anna's words."]
    assert terms[2].startswith("anna, ")
    assert fields(answer)["summary"] == "Otto's words."
    assert [node.text() for node, _p in cell.walk() if node.tag in ("button", "a")] == ["Keep mine", "Take theirs"]
    # Keeping mine sends the same form again, now based on what Anna wrote.
    kept = otto.hx_post(cell_of(update, "summary"), fields(answer))
    assert kept.status_code == 200
    page.swap(kept, f"updates-{update.pk}-summary")
    update.refresh_from_db()
    assert (update.summary, update.version) == ("Otto's words.", 3)
    assert page == otto.page(sheet_of(update))


def test_a_conflict_in_words_tells_lists_and_codes_by_their_labels(anna: Person, otto: Person, update: PledgeUpdate):
    opened = fields(otto.hx_get(cell_of(update, "conditions")))
    mine = opened | {"conditions_basis": "stated", "conditions": ["ceasefire"]}
    theirs = opened | {"conditions_basis": "stated", "conditions": ["un_mandate", "us_backstop"]}
    anna.hx_post(cell_of(update, "conditions"), theirs)
    answer = otto.hx_post(cell_of(update, "conditions"), mine)
    terms = [node.text() for node, _parent in Page(answer).root.walk() if node.tag == "dd"]
    assert terms[:2] == ["Conditions stated, Ceasefire", "Conditions stated, UN mandate, US backstop"]


def test_two_cells_of_one_row_are_saved_by_two_people_without_a_conflict(
    anna: Person, otto: Person, update: PledgeUpdate
):
    opened = fields(otto.hx_get(cell_of(update, "area")))
    anna.hx_post(cell_of(update, "status"), fields(anna.hx_get(cell_of(update, "status"))) | {"status": "committed"})
    assert otto.hx_post(cell_of(update, "area"), opened | {"area": "ukraine"}).status_code == 200
    update.refresh_from_db()
    assert (update.status, update.area) == ("committed", "ukraine")


def test_a_cell_of_a_changeset_that_was_submitted_meanwhile_keeps_what_was_typed(anna: Person, update: PledgeUpdate):
    opened = fields(anna.hx_get(cell_of(update, "summary")))
    Changeset.objects.update(state="submitted")
    answer = anna.hx_post(cell_of(update, "summary"), opened | {"summary": "My words."})
    assert answer.status_code == 409
    assert fields(answer)["summary"] == "My words."
    assert "cannot be changed now: it is waiting for review" in Page(answer).root.text()


# --- Without script


def test_without_script_a_cell_opens_on_the_sheet(anna: Person, update: PledgeUpdate):
    response = anna.get(cell_of(update, "status"))
    page = Page(response)
    cell, _parent = page.root.find(f"updates-{update.pk}-status")
    form = cell.first("form")
    assert (form.attributes["method"], form.attributes["action"]) == ("post", cell_of(update, "status"))
    assert page.root.find("outcomes")[0].text() == "Pledges"


def test_without_script_a_saved_cell_leads_back_to_its_row(anna: Person, update: PledgeUpdate):
    sent = {"version": "1", "status": "committed"}
    response = anna.post(cell_of(update, "status"), sent)
    assert (response.status_code, response["Location"]) == (303, f"{sheet_of(update)}#updates-{update.pk}")
    assert f"Saved: Status, {update.public_id}" in anna.page(sheet_of(update)).root.text()


def test_without_script_an_invalid_cell_stays_open_on_the_sheet(anna: Person, update: PledgeUpdate):
    response = anna.post(cell_of(update, "wording"), {"version": "1", "wording": "Oui", "wording_language": ""})
    assert response.status_code == 422
    assert errors(response) == {"wording_language": "Original wording names its language."}
    assert fields(response)["wording"] == "Oui"


def test_without_script_a_conflict_stays_open_on_the_sheet(anna: Person, otto: Person, update: PledgeUpdate):
    anna.post(cell_of(update, "status"), {"version": "1", "status": "committed"})
    response = otto.post(cell_of(update, "status"), {"version": "1", "seen": "old", "status": "delivered"})
    assert response.status_code == 409
    cell, _parent = Page(response).root.find(f"updates-{update.pk}-status")
    terms = [node.text() for node, _p in cell.walk() if node.tag == "dd"]
    assert terms[:2] == ["Delivered", "Committed"]
    # The row itself still shows what is saved elsewhere.
    chosen = [option.text() for option, _p in cell.walk() if "selected" in option.attributes]
    assert chosen == ["Delivered"]


# --- What is not there


@pytest.mark.parametrize(
    "path", ["updates/{pk}/cells/known/", "updates/{pk}/cells/version/", "pledges/{pk}/cells/title/"]
)
def test_there_are_no_other_cells(anna: Person, update: PledgeUpdate, path: str):
    assert anna.get(f"/desk/rows/{path.format(pk=update.pk)}").status_code == 404


def test_a_published_fact_has_no_cells(anna: Person, update: PledgeUpdate):
    publish(update.changeset, at=moment("2026-03-01"))
    for answer in (anna.hx_get(cell_of(update, "status")), anna.hx_post(cell_of(update, "status"), {"version": "1"})):
        assert answer.status_code == 404
        assert "This row is not a draft: it is public, or has been deleted." in answer.content.decode()


def test_a_row_that_waits_for_review_does_not_open(anna: Person, update: PledgeUpdate):
    Changeset.objects.update(state="submitted")
    assert anna.get(cell_of(update, "status")).status_code == 404
    page = anna.page(sheet_of(update))
    assert not [node for node, _parent in page.root.walk() if node.attributes.get("class") == "cell-button"]


def test_what_a_form_has_no_field_for_is_not_written(anna: Person, update: PledgeUpdate):
    sent = {"version": "1", "status": "committed", "known": "[2020-01-01,)", "changeset": "1", "summary": "Other."}
    assert anna.hx_post(cell_of(update, "status"), sent).status_code == 200
    fresh = PledgeUpdate.objects.get()
    assert (fresh.known, fresh.changeset_id, fresh.summary) == (None, update.changeset_id, "It will.")


def test_a_version_is_needed(anna: Person, update: PledgeUpdate):
    assert anna.hx_post(cell_of(update, "status"), {"status": "committed"}).status_code == 422
    update.refresh_from_db()
    assert update.status == Status.ANNOUNCED


def test_a_summit_of_another_draft_is_not_offered(anna: Person, update: PledgeUpdate):
    secret, public = SummitFactory(title="Secret summit"), SummitFactory(title="Public summit")
    own = SummitFactory(title="Own summit", changeset=update.changeset)
    publish(public.changeset, at=moment("2026-03-01"))
    page = Page(anna.hx_get(cell_of(update, "date")))
    options = [option.text() for option, _parent in page.root.walk() if option.tag == "option"]
    assert sorted(options) == ["---------", "2025-09-04 · Own summit", "2025-09-04 · Public summit"]
    answer = anna.hx_post(cell_of(update, "date"), {"version": "1", "date": "2025-09-04", "summit": str(secret.pk)})
    assert answer.status_code == 422
    assert own.changeset == update.changeset


def test_a_restored_page_is_a_whole_page(anna: Person, update: PledgeUpdate):
    response = anna.get(cell_of(update, "status"), headers=HTMX | {"HX-History-Restore-Request": "true"})
    assert "<html" in response.content.decode()


@pytest.mark.parametrize("rows", [1, 3])
def test_the_sheet_asks_as_many_questions_for_one_row_as_for_three(
    anna: Person, rows: int, django_assert_num_queries: Any
):
    changeset = ChangesetFactory()
    summit = SummitFactory(changeset=changeset)
    Changeset.objects.filter(pk=changeset.pk).update(summit=summit)
    for n in range(rows):
        UpdateFactory(changeset=changeset, summit=summit)
        PositionFactory(changeset=changeset, date=day(f"2025-09-0{n + 1}"))
        ParticipationFactory(changeset=changeset, summit=summit)
    anna.page(f"/desk/changesets/{changeset.pk}/")
    with django_assert_num_queries(25):
        anna.page(f"/desk/changesets/{changeset.pk}/")


def test_a_cell_of_the_sheet_is_undone_unless_somebody_changed_it_since(
    anna: Person, otto: Person, update: PledgeUpdate
):
    address = cell_of(update, "summary")
    page = anna.page(sheet_of(update))
    page.swap(
        anna.hx_post(address, fields(anna.hx_get(address)) | {"summary": "Otherwise."}), f"updates-{update.pk}-summary"
    )
    offer = page.root.find("status")[0].first("button").attributes["value"]
    page.swap(anna.hx_post("/desk/undo/?page=sheet", {"offer": offer}))
    assert page == anna.page(sheet_of(update))
    page.swap(
        anna.hx_post(address, fields(anna.hx_get(address)) | {"summary": "Otherwise."}), f"updates-{update.pk}-summary"
    )
    offer = page.root.find("status")[0].first("button").attributes["value"]
    otto.hx_post(address, fields(otto.hx_get(address)) | {"summary": "Otto's."})
    answer = anna.hx_post("/desk/undo/?page=sheet", {"offer": offer})
    said = [node.text() for node, _parent in Page(answer).root.walk() if node.tag == "dd"]
    assert (answer.status_code, said[:2]) == (409, ["It will.", "Otto's."])
    assert PledgeUpdate.objects.get(pk=update.pk).summary == "Otto's."
