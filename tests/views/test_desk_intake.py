"""The intake of a meeting: who came, what is in force of each, and every cell saved by itself."""

from typing import Any

import pytest

from guarantees.models import Changeset, NoMention, Participation, Pledge, PledgeUpdate, State, Summit
from tests.desk import Person, errors, fields
from tests.factories import (
    ChangesetFactory,
    ParticipationFactory,
    PledgeFactory,
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
def otto() -> Person:
    return Person(editor(username="otto"))


@pytest.fixture
def freedonia() -> State:
    return StateFactory(code="QFA", name="Freedonia")


@pytest.fixture
def summit() -> Summit:
    summit: Summit = SummitFactory(title="London summit", slug="london", start_date=day("2026-03-02"))
    publish(summit.changeset, at=moment("2026-03-03"))
    return summit


@pytest.fixture
def pledge(freedonia: State) -> Pledge:
    """A public pledge: Freedonia announced 500 soldiers, waiting for a ceasefire."""
    update = UpdateFactory(
        pledge__state=freedonia,
        pledge__title="Soldiers",
        quantity_min=500,
        quantity_max=500,
        unit="personnel",
        quantity_basis="stated",
        conditions=["ceasefire"],
        conditions_basis="stated",
    )
    publish(update.changeset, at=moment("2025-10-01"))
    pledge: Pledge = update.pledge
    return pledge


@pytest.fixture
def changeset(anna: Person, summit: Summit, freedonia: State) -> Changeset:
    """Anna's draft about the London summit, in which Freedonia took part."""
    changeset: Changeset = ChangesetFactory(title="Outcomes", summit=summit)
    changeset.authors.add(anna.user)
    ParticipationFactory(changeset=changeset, summit=summit, state=freedonia)
    return changeset


def page_of(changeset: Changeset) -> str:
    return f"/desk/summits/{changeset.summit.slug}/record/?changeset={changeset.pk}"


def at(changeset: Changeset, *parts: object) -> str:
    return f"/desk/changesets/{changeset.pk}/record/{'/'.join(str(part) for part in parts)}/"


def cell(changeset: Changeset, pledge: Pledge, name: str) -> str:
    return at(changeset, f"p{pledge.pk}", "cells", name)


def row(page: Page, pledge: Pledge) -> str:
    return page.root.find(f"p{pledge.pk}")[0].text()


# --- The page


def test_a_row_shows_what_is_in_force_now(anna: Person, changeset: Changeset, pledge: Pledge):
    said = row(anna.page(page_of(changeset)), pledge)
    assert said.startswith("Freedonia Troops Soldiers Announced 500 personnel Ceasefire Edit Status")
    assert said.endswith("reaffirmed : Freedonia, Troops no mention : Freedonia, Troops withdrawn : Freedonia, Troops")


def test_without_a_changeset_one_is_started_in_place(anna: Person, summit: Summit):
    address = f"/desk/summits/{summit.slug}/record/"
    form = fields(anna.get(address))
    assert form["title"] == "Outcomes of London summit"
    assert errors(anna.post(address, form)) == {"reason": "This field is required."}
    response = anna.post(address, form | {"reason": "The summit was held."})
    changeset = Changeset.objects.get(title="Outcomes of London summit")
    assert (response.status_code, response["Location"]) == (303, page_of(changeset))
    assert (changeset.summit, list(changeset.authors.all())) == (summit, [anna.user])
    assert "Add those who came" in anna.page(address).root.text()


def test_the_editors_own_changeset_is_found(anna: Person, otto: Person, changeset: Changeset):
    assert "Freedonia" in anna.page(f"/desk/summits/{changeset.summit.slug}/record/").root.text()
    assert "Start recording" in otto.page(f"/desk/summits/{changeset.summit.slug}/record/").root.text()
    assert "Freedonia" in otto.page(page_of(changeset)).root.text()


def test_a_draft_summit_is_recorded_in_its_own_changeset(anna: Person, freedonia: State):
    draft = SummitFactory(slug="rome", title="Rome summit")
    Changeset.objects.filter(pk=draft.changeset_id).update(summit=draft)
    ParticipationFactory(changeset=draft.changeset, summit=draft, state=freedonia)
    assert "Freedonia" in anna.page("/desk/summits/rome/record/").root.text()


def test_what_is_not_there_is_not_found(anna: Person, changeset: Changeset, pledge: Pledge):
    secret = PledgeFactory()
    for address in (
        "/desk/summits/nowhere/record/",
        f"/desk/summits/{changeset.summit.slug}/record/?changeset=99999999",
        f"/desk/summits/{changeset.summit.slug}/record/?changeset={'9' * 40}",
        f"/desk/summits/{changeset.summit.slug}/record/?changeset={ChangesetFactory().pk}",
        cell(changeset, secret, "status"),
        cell(changeset, pledge, "known"),
        at(changeset, "p99999999", "cells", "status"),
        at(changeset, "x", "cells", "status"),
        at(ChangesetFactory(), f"p{pledge.pk}", "cells", "status"),
        at(changeset, "add", "zzz"),
    ):
        assert anna.get(address).status_code == 404, address
    assert anna.post(at(changeset, f"p{pledge.pk}", "publish")).status_code == 404


def test_a_changeset_that_waits_for_review_has_no_intake(anna: Person, changeset: Changeset, pledge: Pledge):
    Changeset.objects.filter(pk=changeset.pk).update(state="submitted")
    response = anna.get(page_of(changeset))
    assert (response.status_code, response["Location"]) == (303, f"/desk/changesets/{changeset.pk}/")
    answer = anna.hx_post(at(changeset, f"p{pledge.pk}", "reaffirmed"))
    assert (answer.status_code, answer["HX-Reswap"]) == (409, "none")
    assert "cannot be changed now" in Page(answer).root.text()
    assert not PledgeUpdate.objects.filter(changeset=changeset).exists()


@pytest.mark.parametrize("rows", [1, 4])
def test_the_page_asks_as_many_questions_for_one_row_as_for_four(
    anna: Person, changeset: Changeset, freedonia: State, rows: int, django_assert_num_queries: Any
):
    for n in range(rows):
        public = UpdateFactory(pledge__state=freedonia)
        publish(public.changeset, at=moment("2025-10-01"))
        UpdateFactory(changeset=changeset, pledge=public.pledge, summit=changeset.summit, date=day("2026-03-02"))
        ParticipationFactory(changeset=changeset, summit=changeset.summit)
        source = SourceFactory()
        PledgeUpdate.objects.filter(changeset=changeset).latest("pk").citations.create(source=source)
        assert n < rows
    anna.get(page_of(changeset))
    with django_assert_num_queries(23):
        anna.get(page_of(changeset))


# --- Cells


def test_the_first_cell_that_is_saved_makes_the_draft(anna: Person, changeset: Changeset, pledge: Pledge):
    page = anna.page(page_of(changeset))
    form = anna.hx_get(cell(changeset, pledge, "status"))
    assert (fields(form)["status"], fields(form)["version"]) == ("announced", "0")
    page.swap(form)
    answer = anna.hx_post(cell(changeset, pledge, "status"), fields(form) | {"status": "committed"})
    page.swap(answer)
    assert answer.status_code == 200
    draft = PledgeUpdate.objects.get(changeset=changeset)
    assert (draft.status, draft.date, draft.summit) == ("committed", day("2026-03-02"), changeset.summit)
    assert draft.summary == "Freedonia spoke about this contribution at the London summit."
    assert page == anna.page(page_of(changeset))
    assert page.status() == f"Saved: Status, {draft.public_id} Undo"
    assert [node.attributes.get("form") for node in page.focus()] == ["open"]
    assert "no source yet saved" in row(page, pledge)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("status", {"status": "under_way"}),
        ("quantity", {"quantity_min": "4", "quantity_max": "6", "unit": "ships", "quantity_basis": "stated"}),
        ("conditions", {"conditions_basis": "stated", "conditions": ["un_mandate"]}),
        ("date", {"date": "2026-03-01", "summit": ""}),
        ("basis", {"attribution": "by_chair", "instrument": "treaty", "bindingness": "legal"}),
        ("summary", {"summary": "It said <b>so</b> & more."}),
    ],
)
def test_every_cell_saves_and_is_undone(
    anna: Person, changeset: Changeset, pledge: Pledge, name: str, values: dict[str, Any]
):
    anna.hx_post(at(changeset, f"p{pledge.pk}", "reaffirmed"))
    before = anna.page(page_of(changeset))
    page = anna.page(page_of(changeset))
    answer = anna.hx_post(cell(changeset, pledge, name), fields(anna.hx_get(cell(changeset, pledge, name))) | values)
    page.swap(answer)
    assert answer.status_code == 200
    assert page == anna.page(page_of(changeset))
    undone = anna.hx_post("/desk/undo/?page=intake", {"offer": offer_in(page)})
    page.swap(undone)
    assert page == before
    assert page == anna.page(page_of(changeset))
    # What was undone can be done again.
    page.swap(anna.hx_post("/desk/undo/?page=intake", {"offer": offer_in(page)}))
    draft = PledgeUpdate.objects.get(changeset=changeset)
    single = {field: value for field, value in values.items() if isinstance(value, str) and value}
    assert {field: str(getattr(draft, field)) for field in single} == single


def offer_in(page: Page) -> str:
    """The offer to undo that the status region makes."""
    return page.root.find("status")[0].first("button").attributes["value"] or ""


def test_a_cell_save_asks_few_questions(
    anna: Person, changeset: Changeset, pledge: Pledge, django_assert_max_num_queries: Any
):
    anna.hx_post(at(changeset, f"p{pledge.pk}", "reaffirmed"))
    sent = fields(anna.hx_get(cell(changeset, pledge, "summary"))) | {"summary": "Said otherwise."}
    with django_assert_max_num_queries(26):  # eight of them are savepoints, two are of sign-in
        assert anna.hx_post(cell(changeset, pledge, "summary"), sent).status_code == 200


def test_what_is_typed_wrongly_stays(anna: Person, changeset: Changeset, pledge: Pledge):
    sent = {"version": "0", "seen": "", "quantity_min": "9", "quantity_max": "6", "unit": "ships"}
    answer = anna.hx_post(cell(changeset, pledge, "quantity"), sent | {"quantity_basis": "stated"})
    assert (answer.status_code, answer["HX-Retarget"]) == (422, f"#p{pledge.pk}-quantity")
    assert errors(answer) == {"quantity_max": "The highest number cannot be smaller than the lowest."}
    assert fields(answer)["quantity_min"] == "9"
    assert not PledgeUpdate.objects.filter(changeset=changeset).exists()
    plain = anna.post(cell(changeset, pledge, "quantity"), sent | {"quantity_basis": "stated"})
    assert (plain.status_code, fields(plain)["quantity_min"]) == (422, "9")


def test_two_who_begin_one_row_both_see_both(anna: Person, otto: Person, changeset: Changeset, pledge: Pledge):
    mine, theirs = (fields(person.hx_get(cell(changeset, pledge, "status"))) for person in (otto, anna))
    anna.hx_post(cell(changeset, pledge, "status"), theirs | {"status": "committed"})
    page = otto.page(page_of(changeset))
    answer = otto.hx_post(cell(changeset, pledge, "status"), mine | {"status": "signalled"})
    assert answer.status_code == 409
    own = page.swap(answer)
    assert [node.text() for node, _parent in own.walk() if node.tag == "dd"][:2] == ["Signalled", "Committed"]
    assert fields(answer)["status"] == "signalled"
    page.swap(otto.hx_post(cell(changeset, pledge, "status"), fields(answer)))
    assert PledgeUpdate.objects.get(changeset=changeset).status == "signalled"
    assert page == otto.page(page_of(changeset))


def test_the_same_first_cell_sent_twice_is_saved_once(anna: Person, changeset: Changeset, pledge: Pledge):
    sent = fields(anna.hx_get(cell(changeset, pledge, "status"))) | {"status": "committed"}
    for _n in range(2):
        assert anna.hx_post(cell(changeset, pledge, "status"), sent).status_code == 200
    assert PledgeUpdate.objects.get(changeset=changeset).version == 1


def test_a_row_deleted_meanwhile_keeps_what_was_typed(anna: Person, changeset: Changeset, pledge: Pledge):
    anna.hx_post(at(changeset, f"p{pledge.pk}", "reaffirmed"))
    sent = fields(anna.hx_get(cell(changeset, pledge, "status"))) | {"status": "committed"}
    anna.hx_post(at(changeset, f"p{pledge.pk}", "delete"))
    answer = anna.hx_post(cell(changeset, pledge, "status"), sent)
    assert (answer.status_code, fields(answer)["status"]) == (409, "committed")
    assert "deleted meanwhile" in Page(answer).root.text()


def test_without_script_a_cell_opens_and_saves_on_the_page(anna: Person, changeset: Changeset, pledge: Pledge):
    address = cell(changeset, pledge, "summary")
    anna.post(at(changeset, f"p{pledge.pk}", "reaffirmed"))
    form = anna.get(address)
    opened = Page(form).root.find(f"p{pledge.pk}-summary")[0].first("form")
    assert opened.attributes["action"] == address
    sent = {"version": "1", "seen": "", "summary": "Its own words."}
    response = anna.post(address, sent)
    assert (response.status_code, response["Location"]) == (303, f"{page_of(changeset)}#p{pledge.pk}")
    page = anna.page(page_of(changeset))
    undo = next(node for node, _p in page.root.walk() if node.attributes.get("formaction") == "/desk/undo/?page=intake")
    assert undo.attributes["form"] == "token"
    response = anna.post("/desk/undo/?page=intake", {"offer": undo.attributes["value"]})
    assert response["Location"] == f"{page_of(changeset)}#p{pledge.pk}"
    assert PledgeUpdate.objects.get(changeset=changeset).summary.startswith("Freedonia stood by this pledge")


# --- Undo


def test_undoing_the_first_cell_leaves_the_row_as_it_was(anna: Person, changeset: Changeset, pledge: Pledge):
    before, page = anna.page(page_of(changeset)), anna.page(page_of(changeset))
    page.swap(anna.hx_post(at(changeset, f"p{pledge.pk}", "reaffirmed")))
    assert row(page, pledge) != row(before, pledge)
    offer = offer_in(page)
    page.swap(anna.hx_post("/desk/undo/?page=intake", {"offer": offer}))
    assert page == before
    answer = anna.hx_post("/desk/undo/?page=intake", {"offer": offer})
    assert (answer.status_code, answer["HX-Reswap"]) == (409, "none")


def test_what_somebody_changed_since_is_not_undone_unseen(
    anna: Person, otto: Person, changeset: Changeset, pledge: Pledge
):
    address = cell(changeset, pledge, "summary")
    anna.hx_post(at(changeset, f"p{pledge.pk}", "reaffirmed"))
    page = anna.page(page_of(changeset))
    page.swap(anna.hx_post(address, fields(anna.hx_get(address)) | {"summary": "Anna's words."}))
    otto.hx_post(address, fields(otto.hx_get(address)) | {"summary": "Otto's words."})
    answer = anna.hx_post("/desk/undo/?page=intake", {"offer": offer_in(page)})
    assert answer.status_code == 409
    terms = [node.text() for node, _parent in Page(answer).root.walk() if node.tag == "dd"]
    assert terms[:2] == ["Freedonia stood by this pledge at the London summit.", "Otto's words."]
    assert PledgeUpdate.objects.get(changeset=changeset).summary == "Otto's words."
    anna.hx_post(address, fields(answer))
    assert PledgeUpdate.objects.get(changeset=changeset).summary.startswith("Freedonia stood by")


@pytest.mark.parametrize("offer", ["", "x", "a:b:c", "x" * 100_000, "{}\x00"])
def test_an_offer_that_is_none_is_refused(anna: Person, changeset: Changeset, offer: str):
    answer = anna.hx_post("/desk/undo/?page=intake", {"offer": offer})
    assert answer.status_code == 409
    assert "damaged" in Page(answer).root.text()


# --- One press


@pytest.mark.parametrize(("deed", "status"), [("reaffirmed", "announced"), ("withdrawn", "withdrawn")])
def test_one_press_records_what_was_said(anna: Person, changeset: Changeset, pledge: Pledge, deed: str, status: str):
    page = anna.page(page_of(changeset))
    page.swap(anna.hx_post(at(changeset, f"p{pledge.pk}", deed)))
    draft = PledgeUpdate.objects.get(changeset=changeset)
    assert (draft.status, draft.date, draft.quantity_min) == (status, day("2026-03-02"), None)
    assert page == anna.page(page_of(changeset))
    assert len(page.focus()) == 1
    anna.hx_post(at(changeset, f"p{pledge.pk}", deed))
    assert PledgeUpdate.objects.filter(changeset=changeset).count() == 1


def test_ruled_out_after_an_earlier_pledge_is_refused_with_the_reason(
    anna: Person, changeset: Changeset, pledge: Pledge
):
    answer = anna.hx_post(at(changeset, f"p{pledge.pk}", "ruled-out"))
    assert answer.status_code == 409
    assert "Ruled out needs that nothing was pledged before." in Page(answer).root.text()
    assert not PledgeUpdate.objects.filter(changeset=changeset).exists()


def test_no_mention_marks_every_row_of_the_category_and_is_taken_back(
    anna: Person, changeset: Changeset, pledge: Pledge
):
    second = UpdateFactory(pledge__state=pledge.state, pledge__title="More soldiers")
    publish(second.changeset, at=moment("2025-10-02"))
    before, page = anna.page(page_of(changeset)), anna.page(page_of(changeset))
    page.swap(anna.hx_post(at(changeset, f"p{pledge.pk}", "no-mention")))
    assert NoMention.objects.filter(changeset=changeset, category="troops", by=anna.user).count() == 1
    assert page == anna.page(page_of(changeset))
    assert row(page, second.pledge).endswith("no mention take back : Freedonia, Troops")
    page.swap(anna.hx_post(at(changeset, f"p{second.pledge_id}", "mentioned")))
    assert page == before


def test_a_deleted_draft_leaves_the_row_as_it_was(anna: Person, changeset: Changeset, pledge: Pledge):
    before, page = anna.page(page_of(changeset)), anna.page(page_of(changeset))
    page.swap(anna.hx_post(at(changeset, f"p{pledge.pk}", "reaffirmed")))
    page.swap(anna.hx_post(at(changeset, f"p{pledge.pk}", "delete")))
    assert page == before


def test_a_row_that_is_on_record_from_the_meeting_takes_nothing_more(
    anna: Person, changeset: Changeset, pledge: Pledge
):
    public = UpdateFactory(pledge=pledge, summit=changeset.summit, date=day("2026-03-02"))
    publish(public.changeset, at=moment("2026-03-04"))
    page = anna.page(page_of(changeset))
    assert row(page, pledge).endswith(f"on record: {public.public_id}")
    assert anna.get(cell(changeset, pledge, "status")).status_code == 404
    answer = anna.hx_post(at(changeset, f"p{pledge.pk}", "reaffirmed"))
    assert (answer.status_code, "on record already" in answer.content.decode()) == (409, True)


# --- New pledges


def test_a_category_is_added_for_a_state(anna: Person, changeset: Changeset, freedonia: State, pledge: Pledge):
    page = anna.page(page_of(changeset))
    address = at(changeset, "add", "qfa")
    page.swap(anna.hx_get(address))
    page.swap(anna.hx_get(f"{address}?show"))
    assert page == anna.page(page_of(changeset))
    answer = anna.hx_post(address, {"category": "maritime", "status": "ruled_out", "title": ""})
    page.swap(answer)
    draft = PledgeUpdate.objects.get(changeset=changeset)
    assert (draft.pledge.title, draft.pledge.category, draft.status) == ("Freedonia: maritime", "maritime", "ruled_out")
    assert page == anna.page(page_of(changeset))
    page.swap(anna.hx_post("/desk/undo/?page=intake", {"offer": offer_in(page)}))
    assert page == anna.page(page_of(changeset))
    assert not Pledge.objects.filter(changeset=changeset).exists()


def test_a_category_that_is_none_is_refused(anna: Person, changeset: Changeset):
    answer = anna.hx_post(at(changeset, "add", "qfa"), {"category": "space", "status": "withdrawn"})
    assert answer.status_code == 422
    assert sorted(errors(answer)) == ["category", "status"]
    plain = anna.post(at(changeset, "add", "qfa"), {"category": "troops", "status": "announced", "title": "x" * 500})
    assert (plain.status_code, list(errors(plain))) == (422, ["title"])


def test_several_states_are_added_at_once(anna: Person, changeset: Changeset):
    states, source = [StateFactory(), StateFactory()], SourceFactory()
    sent = {"states": [state.pk for state in states], "role": "participant", "attendance": "remote"}
    response = anna.post(at(changeset, "attendance"), sent | {"source": ""})
    assert (response.status_code, response["Location"]) == (303, f"{page_of(changeset)}#outcomes")
    added = Participation.objects.filter(changeset=changeset, attendance="remote")
    assert {row.state for row in added} == set(states)
    page = anna.page(page_of(changeset))
    assert "2 states added." in page.root.text()
    again = anna.post(at(changeset, "attendance"), sent | {"source": source.pk, "role": "host"})
    assert (again.status_code, "This is on record already" in errors(again)["attend-states"]) == (422, True)
    assert errors(anna.post(at(changeset, "attendance"), {})) == {
        "attend-states": "This field is required.",
        "role": "This field is required.",
        "attendance": "This field is required.",
    }


def test_an_attendance_is_changed_and_deleted(anna: Person, changeset: Changeset):
    attendance = Participation.objects.get(changeset=changeset)
    address = at(changeset, f"a{attendance.pk}", "cells", "role")
    page = anna.page(page_of(changeset))
    page.swap(anna.hx_post(address, fields(anna.hx_get(address)) | {"role": "host"}))
    assert page == anna.page(page_of(changeset))
    page.swap(anna.hx_post("/desk/undo/?page=intake", {"offer": offer_in(page)}))
    assert page == anna.page(page_of(changeset))
    answer = anna.hx_post(at(changeset, f"a{attendance.pk}", "delete"))
    assert (answer.status_code, answer["HX-Redirect"]) == (204, f"{page_of(changeset)}#attendance")
    assert not Participation.objects.exists()
    assert anna.post(at(changeset, f"a{attendance.pk}", "delete")).status_code == 404


# --- Sources


def test_a_source_is_picked_and_the_next_row_cites_it_with_one_press(
    anna: Person, changeset: Changeset, pledge: Pledge
):
    second = UpdateFactory(pledge__state=pledge.state, pledge__category="training")
    publish(second.changeset, at=moment("2025-10-02"))
    page = anna.page(page_of(changeset))
    for each in (pledge, second.pledge):
        page.swap(anna.hx_post(at(changeset, f"p{each.pk}", "reaffirmed")))
    source = SourceFactory(publisher="Example Gazette", title="The summit in London")
    address = at(changeset, f"p{pledge.pk}", "sources")
    page.swap(anna.hx_get(address))
    page.swap(anna.hx_get(f"{address}?close"))
    assert page == anna.page(page_of(changeset))
    page.swap(anna.hx_get(f"{address}?q=summit+london"))
    page.swap(anna.hx_post(address, {"source": source.pk}))
    assert page == anna.page(page_of(changeset))
    assert page.root.find("last-source")[0].text() == "Source cited last: Example Gazette , The summit in London"
    page.swap(anna.hx_post(at(changeset, f"p{second.pledge_id}", "cite-last"), {"last": source.pk}))
    assert page == anna.page(page_of(changeset))
    assert [list(update.sources.all()) for update in PledgeUpdate.objects.filter(changeset=changeset)] == [[source]] * 2
    page.swap(anna.hx_post(at(changeset, f"p{pledge.pk}", "sources", source.pk, "remove")))
    assert page == anna.page(page_of(changeset))
    assert "no source yet" in row(page, pledge)


def test_a_new_source_is_added_by_its_address(anna: Person, changeset: Changeset, pledge: Pledge):
    anna.hx_post(at(changeset, f"p{pledge.pk}", "reaffirmed"))
    address = at(changeset, f"p{pledge.pk}", "sources", "new")
    answer = anna.hx_post(address, {"url": "ftp://example.net/x", "publisher": "Example", "kind": "news"})
    assert (answer.status_code, "language" in errors(answer)) == (422, True)
    sent = {"url": "https://example.org/x", "publisher": "Example", "kind": "news", "language": "en", "title": ""}
    assert anna.hx_post(address, sent).status_code == 200
    assert PledgeUpdate.objects.get(changeset=changeset).sources.get().url == "https://example.org/x"


def test_an_address_proposes_what_is_known_of_its_host_and_writes_nothing(
    anna: Person, changeset: Changeset, pledge: Pledge
):
    SourceFactory(url="https://example.net/2025/a", publisher="Example Courier", language="fr", kind="news")
    anna.hx_post(at(changeset, f"p{pledge.pk}", "reaffirmed"))
    address = at(changeset, f"p{pledge.pk}", "sources", "new") + "?propose"
    answer = anna.hx_post(address, {"url": "https://example.net/2025/09/04/b", "title": "Typed"})
    shown = fields(answer)
    assert (answer.status_code, shown["publisher"], shown["language"], shown["kind"], shown["title"]) == (
        200,
        "Example Courier",
        "fr",
        "news",
        "Typed",
    )
    assert shown["published_on"] == "2025-09-04"
    assert not PledgeUpdate.objects.get(changeset=changeset).sources.exists()


@pytest.mark.parametrize("last", ["", "x", "99999999", "9" * 30])
def test_there_may_be_no_last_source(anna: Person, changeset: Changeset, pledge: Pledge, last: str):
    anna.hx_post(at(changeset, f"p{pledge.pk}", "reaffirmed"))
    answer = anna.hx_post(at(changeset, f"p{pledge.pk}", "cite-last"), {"last": last})
    assert "No source has been cited yet" in Page(answer).root.text()


def test_a_row_that_says_nothing_cites_nothing(anna: Person, changeset: Changeset, pledge: Pledge):
    answer = anna.hx_post(at(changeset, f"p{pledge.pk}", "sources"), {"source": SourceFactory().pk})
    assert (answer.status_code, "Say first what was said" in answer.content.decode()) == (409, True)


# --- Pasted rows


def test_pasted_rows_fill_the_sheet_and_again_change_nothing(
    anna: Person, changeset: Changeset, freedonia: State, pledge: Pledge
):
    source = SourceFactory(url="https://example.org/london")
    lines = [
        "State\tCategory\tStatus",
        "Freedonia\tTroops\tcommitted\t1,000\t\tpersonnel\tIt named a number.\thttps://www.example.org/london/",
        "",
        "qfa\tAusbildung\tangekündigt",
    ]
    for _n in range(2):
        response = anna.post(at(changeset, "paste"), {"rows": "\r\n".join(lines)})
        assert (response.status_code, response["Location"]) == (303, f"{page_of(changeset)}#outcomes")
        assert "2 rows filled." in anna.page(page_of(changeset)).root.text()
    first, new = PledgeUpdate.objects.filter(changeset=changeset).order_by("pk")
    assert (first.pledge, first.status, first.quantity_min, first.quantity_max) == (pledge, "committed", 1000, None)
    assert (first.quantity_basis, first.summary) == ("stated", "It named a number.")
    assert list(first.sources.all()) == [source]
    assert (new.pledge.category, new.pledge.title, new.version) == ("training", "Freedonia: training", 1)


def test_pasted_rows_with_a_problem_write_nothing_and_name_line_and_column(
    anna: Person, changeset: Changeset, pledge: Pledge
):
    text = (
        "Freedonia\ttroops\tpromised\n"
        "Nowhere\ttroops\tannounced\n"
        "Freedonia\tmaritime\tannounced\tmany\n"
        "Freedonia\ttraining\n"
        "Freedonia\tlogistics\tannounced\t\t\t\t\thttps://example.org/unknown\n"
    )
    response = anna.post(at(changeset, "paste"), {"rows": text})
    said = Page(response).root.text()
    assert response.status_code == 422
    assert "Line 1, Status: “promised” is not known; accepted: Signalled, Announced," in said
    assert "Line 2, State: “Nowhere” is no state on record" in said
    assert "Line 3, At least: “many” is not a whole number" in said
    assert "Line 5, Address of the source: No source on record has the address" in said
    assert fields(response)["rows"].split() == text.split()
    response = anna.post(at(changeset, "paste"), {"rows": "Freedonia\ttroops\tannounced\nFreedonia\ttraining\n"})
    assert "Line 2, Status: Nothing is in force here, so a status is needed." in Page(response).root.text()
    assert not PledgeUpdate.objects.filter(changeset=changeset).exists()


def test_too_many_lines_are_refused(anna: Person, changeset: Changeset):
    response = anna.post(at(changeset, "paste"), {"rows": "Freedonia\ttroops\n" * 501})
    assert response.status_code == 422
    assert errors(response)["rows"].startswith("These are 501 lines of 8517 characters; at most 500")


# --- Who may


def test_readers_are_sent_to_sign_in(client: Any, changeset: Changeset, pledge: Pledge):
    addresses = [page_of(changeset), cell(changeset, pledge, "status"), at(changeset, "add", "qfa")]
    addresses += [at(changeset, f"p{pledge.pk}", "sources")]
    for response in [client.get(address) for address in addresses] + [client.post("/desk/undo/")]:
        assert (response.status_code, "/accounts/login/" in response["Location"]) == (302, True)


def test_markup_in_a_text_is_shown_as_text(anna: Person, changeset: Changeset, pledge: Pledge):
    Pledge.objects.filter(pk=pledge.pk).update(title='<script>alert(1)</script>"')
    anna.hx_post(at(changeset, f"p{pledge.pk}", "reaffirmed"))
    address = cell(changeset, pledge, "summary")
    anna.hx_post(address, fields(anna.hx_get(address)) | {"summary": "<img src=x onerror=alert(1)>"})
    assert "<script>alert(1)" in row(anna.page(page_of(changeset)), pledge)
    assert "<img src=x onerror=alert(1)>" in row(anna.page(page_of(changeset)), pledge)
