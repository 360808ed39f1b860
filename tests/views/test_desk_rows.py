"""Rows are added and deleted; a changeset is started, described, talked about, submitted and withdrawn."""

from typing import Any

import pytest

from guarantees.models import Changeset, Participation, Pledge, PledgeUpdate, Position, Summit
from tests.desk import Person, errors, fields
from tests.factories import (
    ChangesetFactory,
    ParticipationFactory,
    PledgeFactory,
    PositionFactory,
    SourceFactory,
    StateFactory,
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
def changeset(anna: Person) -> Changeset:
    """A changeset about a summit that is public, with its author."""
    summit = SummitFactory(title="Paris summit", start_date=day("2025-09-04"))
    publish(summit.changeset, at=moment("2025-10-01"))
    changeset: Changeset = ChangesetFactory(summit=summit)
    changeset.authors.add(anna.user)
    return changeset


def sheet_of(changeset: Changeset) -> str:
    return f"/desk/changesets/{changeset.pk}/"


def adding(changeset: Changeset, kind: str) -> str:
    return f"{sheet_of(changeset)}add/{kind}/"


def update_form(anna: Person, changeset: Changeset, state: Any, category: str = "troops") -> Any:
    return anna.hx_get(adding(changeset, "updates"), {"state": state.pk, "category": category})


SAID = {"status": "committed", "summary": "It signed.", "conditions_basis": "none_stated"}


# --- Updates


def test_a_new_row_offers_the_pledges_of_the_state_with_what_is_in_force(anna: Person, changeset: Changeset):
    pledge = UpdateFactory(quantity_max=5000, unit="personnel", quantity_basis="stated").pledge
    publish(pledge.changeset, at=moment("2025-10-01"))
    UpdateFactory(pledge__state=pledge.state, pledge__title="Secret pledge")
    form = update_form(anna, changeset, pledge.state)
    text = Page(form).root.text()
    assert f"{pledge.title} Announced up to 5,000 personnel since 4 Sept 2025" in text
    assert "Secret pledge" not in text
    # The meeting, its day and the only pledge with its present status are filled in.
    sent = fields(form)
    assert (sent["pledge"], sent["status"], sent["date"]) == (pledge.slug, "announced", "2025-09-04")
    assert sent["summit"] == str(changeset.summit_id)


def test_an_added_update_leaves_the_page_as_a_fresh_one(anna: Person, changeset: Changeset):
    pledge = UpdateFactory(date=day("2025-09-01")).pledge
    publish(pledge.changeset, at=moment("2025-10-01"))
    page = anna.page(sheet_of(changeset))
    form = update_form(anna, changeset, pledge.state)
    page.swap(form, "add-updates")
    answer = anna.hx_post(adding(changeset, "updates"), fields(form) | SAID)
    assert answer.status_code == 200
    page.swap(answer, "add-updates")
    update = PledgeUpdate.objects.get(changeset=changeset)
    assert (update.pledge, update.status, update.date) == (pledge, "committed", day("2025-09-04"))
    assert page == anna.page(sheet_of(changeset))
    assert page.status() == f"Added: {update.public_id}"
    assert [node.attributes["name"] for node in page.focus()] == ["state"]


def test_the_same_form_again_changes_nothing_on_the_page(anna: Person, changeset: Changeset):
    state = StateFactory()
    page = anna.page(sheet_of(changeset))
    form = update_form(anna, changeset, state)
    sent = fields(form) | SAID | {"title": "Hospital"}
    for _time in range(2):
        page.swap(anna.hx_post(adding(changeset, "updates"), sent), "add-updates")
    assert PledgeUpdate.objects.count() == 1
    assert page == anna.page(sheet_of(changeset))


def test_a_state_without_pledges_is_offered_a_new_one(anna: Person, changeset: Changeset):
    finland = StateFactory(code="FIN", name="Finland")
    form = update_form(anna, changeset, finland, "logistics")
    page = Page(form)
    assert [node.attributes["name"] for node in page.focus()] == ["title"]
    answer = anna.hx_post(adding(changeset, "updates"), fields(form) | SAID | {"title": ""})
    assert (answer.status_code, errors(answer)) == (422, {"title": "A new pledge needs a title."})
    answer = anna.hx_post(adding(changeset, "updates"), fields(answer) | {"title": "Field hospital"})
    assert answer.status_code == 200
    pledge = Pledge.objects.get()
    assert (pledge.slug, pledge.title, pledge.visible_from) == ("fin-logistics", "Field hospital", None)


def test_an_invalid_row_keeps_all_that_was_typed(anna: Person, changeset: Changeset):
    form = update_form(anna, changeset, StateFactory())
    sent = fields(form) | SAID | {"title": "Hospital", "summary": "<b>x</b>", "quantity_min": "9", "quantity_max": "6"}
    sent |= {"unit": "systems", "quantity_basis": "stated"}
    answer = anna.hx_post(adding(changeset, "updates"), sent)
    assert (answer.status_code, errors(answer)) == (
        422,
        {"quantity_max": "The highest number cannot be smaller than the lowest."},
    )
    assert fields(answer) == sent
    assert [node.attributes["name"] for node in Page(answer).focus()] == ["quantity_max"]
    # Nothing is left behind, not even the pledge.
    assert not Pledge.objects.exists()


def test_state_and_category_are_asked_for_first(anna: Person, changeset: Changeset):
    answer = anna.hx_get(adding(changeset, "updates"), {"state": "", "category": "boats"})
    assert (answer.status_code, errors(answer)) == (
        422,
        {
            "state": "This field is required.",
            "category": "Select a valid choice. boats is not one of the available choices.",
        },
    )


def test_a_pledge_of_another_state_or_another_draft_is_not_accepted(anna: Person, changeset: Changeset):
    foreign = PledgeFactory()
    form = update_form(anna, changeset, foreign.state)
    sent = fields(form) | SAID | {"pledge": foreign.slug}
    assert anna.hx_post(adding(changeset, "updates"), sent).status_code == 422
    assert not PledgeUpdate.objects.exists()


def test_sources_used_before_are_offered_and_ticked_ones_cited(anna: Person, changeset: Changeset):
    used = SourceFactory(publisher="Used Gazette")
    SourceFactory(publisher="Other Gazette")
    UpdateFactory(changeset=changeset, cited=[used])
    form = update_form(anna, changeset, StateFactory())
    assert "Used Gazette" in Page(form).root.text()
    assert "Other Gazette" not in Page(form).root.text()
    sent = fields(form) | SAID | {"title": "Hospital", "updates_sources": str(used.pk)}
    assert anna.hx_post(adding(changeset, "updates"), sent).status_code == 200
    assert [*PledgeUpdate.objects.latest("pk").sources.all()] == [used]


# --- Positions and attendance


def test_an_added_position_leaves_the_page_as_a_fresh_one(anna: Person, changeset: Changeset):
    state = StateFactory()
    page = anna.page(sheet_of(changeset))
    sent = {"state": state.pk, "stance": "reserved", "subject": "troops", "topic": "A force", "summary": "Not now."}
    sent |= {"date": "2025-09-04", "summit": changeset.summit_id}
    answer = anna.hx_post(adding(changeset, "positions"), sent)
    page.swap(answer, "add-positions")
    position = Position.objects.get()
    assert (position.state, position.stance, position.topic) == (state, "reserved", "A force")
    assert page == anna.page(sheet_of(changeset))


def test_an_added_attendance_leaves_the_page_as_a_fresh_one(anna: Person, changeset: Changeset):
    state = StateFactory()
    page = anna.page(sheet_of(changeset))
    sent = {"state": state.pk, "role": "host", "attendance": "in_person", "representative": "Jane Example"}
    page.swap(anna.hx_post(adding(changeset, "participations"), sent), "add-participations")
    attendance = Participation.objects.get()
    assert (attendance.summit, attendance.state, attendance.role) == (changeset.summit, state, "host")
    assert page == anna.page(sheet_of(changeset))


@pytest.mark.parametrize("kind", ["positions", "participations"])
def test_an_empty_form_says_what_is_missing(anna: Person, changeset: Changeset, kind: str):
    answer = anna.hx_post(adding(changeset, kind), {})
    assert answer.status_code == 422
    assert errors(answer)["state"] == "This field is required."


def test_an_attendance_that_is_on_record_is_refused_beside_the_state(anna: Person, changeset: Changeset):
    known = ParticipationFactory(summit=changeset.summit)
    publish(known.changeset, at=moment("2025-10-01"))
    sent = {"state": known.state_id, "role": "host", "attendance": "in_person"}
    answer = anna.hx_post(adding(changeset, "participations"), sent)
    assert errors(answer) == {"state": f"This is on record already: {known.public_id}."}


def test_attendance_needs_a_summit(anna: Person):
    changeset = ChangesetFactory()
    answer = anna.hx_post(adding(changeset, "participations"), {"state": StateFactory().pk})
    assert answer.status_code == 409
    assert answer["HX-Reswap"] == "none"
    assert "Attendance needs a summit" in Page(answer).root.text()


def test_nothing_is_added_to_a_changeset_that_waits(anna: Person, changeset: Changeset):
    Changeset.objects.filter(pk=changeset.pk).update(state="submitted")
    response = anna.post(adding(changeset, "positions"), {"topic": "My words."})
    assert (response.status_code, response["Location"]) == (303, sheet_of(changeset))
    assert "This changeset is not open for writing." in anna.page(sheet_of(changeset)).root.text()


# --- Without script


def test_without_script_a_row_is_added_in_two_pages(anna: Person, changeset: Changeset):
    state = StateFactory()
    response = anna.get(adding(changeset, "updates"), {"state": state.pk, "category": "troops"})
    block = Page(response).root.find("add-updates")[0]
    assert block.first("form").attributes["method"] == "post"
    sent = {"state": state.pk, "category": "troops", "pledge": "new", "title": "Troops", "date": "2025-09-04"}
    sent |= {"attribution": "by_self", "instrument": "not_stated", "bindingness": "not_stated", "area": "unspecified"}
    response = anna.post(adding(changeset, "updates"), sent | SAID)
    update = PledgeUpdate.objects.get()
    assert (response.status_code, response["Location"]) == (303, f"{sheet_of(changeset)}#updates-{update.pk}")


@pytest.mark.parametrize("kind", ["updates", "positions", "participations"])
def test_without_script_an_invalid_row_is_shown_on_the_sheet(anna: Person, changeset: Changeset, kind: str):
    response = anna.post(adding(changeset, kind), {"state": StateFactory().pk, "category": "troops", "topic": "Mine"})
    assert response.status_code == 422
    assert errors(response) != {}


def test_there_is_no_other_kind_of_row(anna: Person, changeset: Changeset):
    assert anna.get(adding(changeset, "rumours")).status_code == 404


# --- Deleting


def test_a_deleted_row_leaves_the_page_as_a_fresh_one(anna: Person, changeset: Changeset):
    update = UpdateFactory(changeset=changeset)
    UpdateFactory(changeset=changeset)
    page = anna.page(sheet_of(changeset))
    answer = anna.hx_post(f"/desk/rows/updates/{update.pk}/delete/")
    page.swap(answer, f"updates-{update.pk}", delete=True)
    assert page == anna.page(sheet_of(changeset))
    assert page.status() == f"Deleted: {update.public_id}"
    assert [node.attributes["id"] for node in page.focus()] == ["sheet-count"]
    assert not PledgeUpdate.objects.filter(pk=update.pk).exists()


def test_without_script_deleting_asks_first(anna: Person):
    position = PositionFactory()
    path = f"/desk/rows/positions/{position.pk}/delete/"
    assert f"Delete {position.public_id}?" in anna.page(path).root.text()
    assert Position.objects.exists()
    response = anna.post(path)
    assert (response.status_code, response["Location"]) == (303, sheet_of(position.changeset))
    assert not Position.objects.exists()
    assert anna.post(path).status_code == 404


def test_a_row_that_waits_for_review_is_not_deleted(anna: Person):
    position = PositionFactory(changeset__state="submitted")
    path = f"/desk/rows/positions/{position.pk}/delete/"
    assert "cannot be changed now" in Page(anna.hx_post(path)).root.text()
    response = anna.post(path, follow=True)
    assert "cannot be changed now" in response.content.decode()
    assert Position.objects.exists()


def test_a_published_row_is_not_deleted(anna: Person):
    position = PositionFactory()
    publish(position.changeset, at=moment("2026-03-01"))
    assert anna.post(f"/desk/rows/positions/{position.pk}/delete/").status_code == 404
    assert Position.objects.exists()


# --- The desk and the changeset


def test_a_changeset_is_started_about_a_summit_on_record(anna: Person):
    summit = SummitFactory(title="Paris summit")
    SummitFactory(title="Secret summit")
    publish(summit.changeset, at=moment("2026-03-01"))
    form = anna.get("/desk/start/", {"summit": summit.slug})
    assert "Secret summit" not in form.content.decode()
    sent = {name: value for name, value in fields(form).items() if name in ("summit", "title", "reason")}
    assert sent == {"summit": str(summit.pk), "title": "Outcomes of Paris summit", "reason": ""}
    response = anna.post("/desk/start/", sent | {"reason": "A meeting."})
    changeset = Changeset.objects.latest("pk")
    assert (response.status_code, response["Location"]) == (302, sheet_of(changeset))
    assert (changeset.summit, changeset.title) == (summit, "Outcomes of Paris summit")


def test_starting_needs_title_and_reason_and_one_summit_at_most(anna: Person):
    summit = SummitFactory()
    publish(summit.changeset, at=moment("2026-03-01"))
    response = anna.post("/desk/start/", {"summit": summit.pk, "new_summit": "on", "title": "x" * 100_000})
    assert response.status_code == 422
    assert errors(response) == {
        "new_summit": "Choose a summit on record or a new one, not both.",
        "reason": "This field is required.",
    }
    assert fields(response)["title"] == "x" * 100_000
    response = anna.post("/desk/start/", {"title": "x" * 100_000, "reason": "A meeting."})
    assert errors(response) == {"title": "This text has 100000 characters; at most 300 are accepted."}


def test_a_changeset_about_a_new_summit_goes_on_to_its_description(anna: Person):
    norway = StateFactory(code="NOR", name="Norway")
    response = anna.post("/desk/start/", {"title": "Outcomes", "reason": "A meeting.", "new_summit": "on"})
    changeset = Changeset.objects.get()
    path = f"{sheet_of(changeset)}summit/new/"
    assert response["Location"] == path
    sent = {"title": "Oslo summit", "kind": "leaders", "format": "hybrid", "start_date": "2026-03-12"}
    sent |= {"end_date": "2026-03-11", "city": "Oslo", "summary": "They met."}
    response = anna.post(path, sent)
    assert (response.status_code, errors(response)) == (
        422,
        {
            "end_date": "The last day cannot be before the first.",
            "country": "Where there is a city there is a country.",
        },
    )
    response = anna.post(path, sent | {"end_date": "2026-03-13", "country": str(norway.pk)})
    summit = Summit.objects.get()
    assert (response.status_code, response["Location"]) == (303, sheet_of(changeset))
    assert (summit.slug, summit.country, summit.visible_from) == ("oslo-2026-03-12", norway, None)
    assert "12 to 13 March 2026" in anna.page(sheet_of(changeset)).root.text()
    # A second one has no place here.
    response = anna.post(path, sent | {"title": "Rome", "end_date": "2026-03-13", "country": str(norway.pk)})
    assert response.status_code == 422
    assert "about “Oslo summit” already" in response.content.decode()


def test_the_description_of_a_draft_summit_is_changed(anna: Person):
    summit = SummitFactory(title="Oslo summit")
    Changeset.objects.update(summit=summit)
    path = f"{sheet_of(summit.changeset)}summit/"
    sent = fields(anna.get(path))
    response = anna.post(path, sent | {"title": "Oslo meeting", "end_date": "2025-09-05"})
    assert response.status_code == 303
    summit.refresh_from_db()
    assert (summit.title, summit.end_date, summit.version) == ("Oslo meeting", day("2025-09-05"), 2)
    # What was sent was based on the state before.
    response = Person().post(path, sent | {"title": "Oslo talks"})
    assert response.status_code == 409
    assert "Oslo meeting was changed" not in response.content.decode()
    assert fields(response)["title"] == "Oslo talks"
    response = anna.post(path, fields(response))
    summit.refresh_from_db()
    assert (response.status_code, summit.title) == (303, "Oslo talks")
    response = anna.post(path, fields(anna.get(path)) | {"title": "x\u202e"})
    assert response.status_code == 422
    Changeset.objects.update(state="submitted")
    response = anna.post(path, fields(anna.get(path)) | {"title": "Late"})
    assert (response.status_code, fields(response)["title"]) == (409, "Late")


def test_a_changeset_without_summit_has_none_to_change(anna: Person):
    assert anna.get(f"{sheet_of(ChangesetFactory())}summit/").status_code == 404


def test_title_and_reason_are_changed_and_a_conflict_is_shown(anna: Person, changeset: Changeset):
    path = f"{sheet_of(changeset)}details/"
    sent = fields(anna.get(path))
    assert anna.post(path, sent | {"title": "New title"}).status_code == 303
    response = Person().post(path, sent | {"title": "My title"})
    text = Page(response).root.text()
    assert (response.status_code, fields(response)["title"]) == (409, "My title")
    assert "Yours, not saved My title: For a test. Theirs, saved New title: For a test. Who, when anna," in text
    assert anna.post(path, fields(response)).status_code == 303
    response = anna.post(path, fields(anna.get(path)) | {"reason": "\u2066"})
    assert list(errors(response)) == ["reason"]
    Changeset.objects.filter(pk=changeset.pk).update(state="submitted")
    assert anna.post(path, fields(anna.get(path)) | {"title": "Late"}).status_code == 409


def test_a_comment_leaves_the_page_as_a_fresh_one(anna: Person, changeset: Changeset):
    page = anna.page(sheet_of(changeset))
    answer = anna.hx_post(f"{sheet_of(changeset)}comment/", {"text": "<i>Why</i>?\nReally."})
    page.swap(answer, "comments")
    assert page == anna.page(sheet_of(changeset))
    assert (page.status(), [n.attributes["name"] for n in page.focus()]) == ("Comment added.", ["text"])
    assert "<i>Why</i>? Really." in page.root.text()


def test_a_comment_that_is_empty_or_unsafe_comes_back(anna: Person, changeset: Changeset):
    path = f"{sheet_of(changeset)}comment/"
    assert errors(anna.hx_post(path, {"text": ""})) == {"text": "This field is required."}
    response = anna.post(path, {"text": "abc\u202e"})
    assert (response.status_code, list(errors(response))) == (422, ["text"])
    assert anna.post(path, {"text": "Well."})["Location"] == f"{sheet_of(changeset)}#comments"


def test_submitting_says_what_would_stand_against_it(anna: Person):
    update = UpdateFactory(cited=[], status="withdrawn")
    response = anna.post(f"{sheet_of(update.changeset)}submit/")
    assert response["Location"] == sheet_of(update.changeset)
    text = anna.page(sheet_of(update.changeset)).root.text()
    assert f"{update.public_id} has no source." in text
    assert f"{update.public_id} (Withdrawn) needs an earlier pledge, and none is on record before it." in text
    assert Changeset.objects.get().state == "submitted"


def test_an_empty_changeset_is_not_submitted(anna: Person, changeset: Changeset):
    anna.post(f"{sheet_of(changeset)}submit/")
    assert "There is nothing in this changeset yet." in anna.page(sheet_of(changeset)).root.text()


def test_withdrawing_asks_first(anna: Person, changeset: Changeset):
    path = f"{sheet_of(changeset)}withdraw/"
    assert f"Withdraw “{changeset.title}”?" in anna.page(path).root.text()
    assert anna.post(path)["Location"] == sheet_of(changeset)
    changeset.refresh_from_db()
    assert changeset.state == "withdrawn"
    anna.post(path)
    assert "cannot be withdrawn: it is withdrawn" in anna.page(sheet_of(changeset)).root.text()


def test_a_title_beside_an_existing_pledge_is_asked_about_and_not_passed_over(anna: Person, changeset: Changeset):
    public = UpdateFactory(pledge__category="maritime")
    publish(public.changeset, at=moment("2025-10-01"))
    form = update_form(anna, changeset, public.pledge.state, "maritime")
    sent = fields(form) | SAID | {"pledge": public.pledge.slug, "title": "Two ships"}
    answer = anna.hx_post(adding(changeset, "updates"), sent)
    said = "This title belongs to a new pledge: choose “A new pledge”, or take it out."
    assert (answer.status_code, errors(answer)) == (422, {"title": said})
    assert fields(answer)["title"] == "Two ships"
    assert PledgeUpdate.objects.filter(changeset=changeset).count() == 0
