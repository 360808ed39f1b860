"""The first page of the desk, its work queues, and what people are told there and on their feeds."""

from typing import Any

import pytest
import time_machine
from defusedxml import ElementTree

from guarantees.editing import changesets
from guarantees.models import Changeset, FeedKey, Notice
from guarantees.queries.queues import QUEUES
from tests.desk import Person
from tests.factories import (
    ChangesetFactory,
    ParticipationFactory,
    PositionFactory,
    SourceFactory,
    SummitFactory,
    UpdateFactory,
    administrator,
    day,
    editor,
    moment,
    publish,
    reviewer,
)
from tests.htmx_swap import Page
from tests.strict_client import StrictClient

pytestmark = pytest.mark.django_db

NOW = moment("2026-03-12T18:00:00")
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(autouse=True)
def frozen() -> Any:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def rita() -> Person:
    return Person(reviewer(username="rita"))


@pytest.fixture
def anna() -> Person:
    return Person(editor(username="anna"))


def sections(page: Page) -> list[str]:
    return [node.text() for node, _parent in page.root.first("main").walk() if node.tag == "section"]


def items(page: Page, part: str) -> list[str]:
    return [node.text() for node, _parent in page.root.first("main").walk() if node.tag == part]


def handed_in(by: Person, **said: Any) -> Changeset:
    changeset = UpdateFactory(**said).changeset
    changeset.authors.add(by.user)
    return changesets.submit(by=by.user, changeset=changeset)


def test_the_desk_sorts_changesets_by_where_they_stand(anna: Person):
    ChangesetFactory(title="Mine").authors.add(anna.user)
    ChangesetFactory(title="Returned", state="changes_requested", reviewer=reviewer(username="rita")).authors.add(
        anna.user
    )
    ChangesetFactory(title="Another's")
    for title, at in (("Young", "2026-03-11"), ("Old", "2026-03-01")):
        PositionFactory(changeset__title=title, changeset__state="submitted", changeset__submitted_at=moment(at))
    publish(ChangesetFactory(title="Embargoed"), at=moment("2099-01-01"))
    publish(ChangesetFactory(title="Public"), at=moment("2026-03-01"))
    assert sections(anna.page("/desk/"))[:-1] == [
        "Waiting for review Old 1 row · waiting since 1 March 2026, 00:00 UTC"
        " Young 1 row · waiting since 11 March 2026, 00:00 UTC",
        "My drafts Mine 0 rows · by anna",
        "Changes requested Returned 0 rows · by anna · asked for by rita",
        "Drafts of others Another's 0 rows",
        "Approved, not public yet Embargoed 0 rows · goes public 1 January 2099, 00:00 UTC Call back “Embargoed”",
        "Recently public Public 0 rows · public since 1 March 2026, 00:00 UTC",
    ]


def test_an_embargo_is_called_back_from_the_desk(anna: Person, rita: Person):
    changeset = handed_in(anna)
    changesets.approve(
        by=rita.user, changeset=changeset, seen=changesets.digest(changeset), goes_public_at=moment("2026-03-13")
    )
    page = rita.page("/desk/")
    forms = [node.attributes["action"] for node, _p in page.root.first("main").walk() if node.tag == "form"]
    assert forms == [f"/desk/changesets/{changeset.pk}/call-back/"]
    assert f"Move “{changeset.title}”" in items(page, "a")
    rita.post(forms[0])
    changeset.refresh_from_db()
    assert changeset.state == "submitted"


@pytest.mark.parametrize("rows", [1, 3])
def test_the_desk_asks_as_many_questions_for_one_changeset_as_for_three(
    anna: Person, rows: int, django_assert_num_queries: Any
):
    for _n in range(rows):
        UpdateFactory().changeset.authors.add(anna.user)
        publish(PositionFactory().changeset, at=moment("2026-03-01"))
        PositionFactory(changeset__state="submitted")
    with django_assert_num_queries(22):
        anna.page("/desk/")


def test_the_desk_counts_what_deserves_another_look(anna: Person):
    publish(UpdateFactory(status="committed", date=day("2025-02-01")).changeset, at=moment("2026-03-01"))
    handed_in(anna)
    page = anna.page("/desk/")
    listed = [
        (node.attributes["href"], node.text())
        for node, _parent in page.root.find("queues")[1].walk()
        if node.tag == "a"
    ]
    assert listed == [
        ("/desk/queues/waiting/", "1 Waiting longest for review"),
        ("/desk/queues/expected/", "0 Expected to speak"),
        ("/desk/queues/quiet/", "1 Not reaffirmed for 180 days"),
        ("/desk/queues/unmet/", "1 Status without the evidence it asks for"),
        ("/desk/queues/single/", "1 Facts with one source only"),
        ("/desk/queues/sources/", "1 Sources without headline or date"),
    ]


def test_each_queue_shows_its_rows(anna: Person):
    update = UpdateFactory(
        status="committed",
        date=day("2025-02-01"),
        pledge__title="A <brigade>",
        pledge__slug="fra-troops",
        public_id="fra-troops-2025-02-01",
        cited=[SourceFactory(public_id="gazette", title="Report", publisher="Gazette")],
    )
    publish(update.changeset, at=moment("2026-03-01"))
    state = update.pledge.state.name
    summit = SummitFactory(title="Oslo summit", start_date=day("2026-04-01"))
    ParticipationFactory(summit=summit, state=update.pledge.state)
    changeset = handed_in(anna, changeset__title="Outcomes", changeset__reason="A meeting.")
    shown = {name: anna.page(f"/desk/queues/{name}/").root.first("main").text() for name in QUEUES}
    pledge = f"{state} A <brigade> Troops Committed 1 Feb 2025"
    assert "Outcomes anna · waiting since 12 March 2026, 18:00 UTC" in shown["waiting"]
    assert "Next meeting: Oslo summit , 1 April 2026" in shown["expected"]
    assert pledge in shown["expected"]
    assert pledge in shown["quiet"]
    assert f"{pledge} Official text. “Committed” asks for an official text, and no source is one." in shown["unmet"]
    assert "fra-troops-2025-02-01 Update Report Gazette" in shown["single"]
    assert "gazette Gazette date" in shown["sources"]
    assert changeset.title == "Outcomes"


@pytest.mark.parametrize("name", sorted(QUEUES))
def test_an_empty_queue_says_so(anna: Person, name: str):
    assert "Nothing here: well done." in anna.page(f"/desk/queues/{name}/").root.text()


def test_queues_are_paged_and_for_the_desk_alone(anna: Person, client: StrictClient):
    for n in range(51):
        ChangesetFactory(title=f"Changeset {n}", state="submitted", submitted_at=NOW)
    page = anna.page("/desk/queues/waiting/?page=2")
    assert "51 rows" in page.root.text()
    assert [text for text in items(page, "li") if text.startswith("Changeset")] == [
        "Changeset 50 · waiting since 12 March 2026, 18:00 UTC"
    ]
    assert anna.get("/desk/queues/waiting/?page=x").status_code == 200
    assert anna.get("/desk/queues/nothing/").status_code == 404
    assert anna.post("/desk/queues/waiting/").status_code == 405
    assert client.get("/desk/queues/waiting/").status_code == 302
    assert Person(administrator()).get("/desk/queues/waiting/").status_code == 403


# --- Notices and the feed


def test_what_one_was_told_is_listed_the_latest_first(anna: Person, rita: Person, frozen: Any):
    changeset = handed_in(anna, changeset__title="Outcomes <b>")
    frozen.move_to(moment("2026-03-12T19:00:00"))
    changesets.request_changes(by=rita.user, changeset=changeset, comment="A <source>.")
    listed = [text for text in items(anna.page("/desk/notices/"), "li") if text.startswith("Outcomes")]
    assert listed == ["Outcomes <b> Changes requested rita, 12 March 2026, 19:00 UTC A <source>."]
    listed = [text for text in items(rita.page("/desk/notices/"), "li") if text.startswith("Outcomes")]
    assert listed == ["Outcomes <b> Waiting for review anna, 12 March 2026, 18:00 UTC"]


def feed_of(person: Person) -> str:
    page = person.page("/desk/notices/")
    links = [node.attributes.get("href") or "" for node, _parent in page.root.walk() if node.tag == "a"]
    (address,) = [link for link in links if "/desk/feed/" in link]
    return address.removeprefix("http://testserver")


def test_the_feed_works_without_signing_in_and_says_only_titles(anna: Person, rita: Person, client: StrictClient):
    changeset = handed_in(anna, changeset__title="Outcomes", summary="Secret words.")
    changesets.comment(by=rita.user, changeset=changeset, text="Secret comment.")
    response = client.get(feed_of(rita))
    assert (response.status_code, response["Content-Type"]) == (200, "application/atom+xml; charset=utf-8")
    assert response["Cache-Control"] == "private, no-cache"
    assert "Secret" not in response.content.decode()
    root = ElementTree.fromstring(response.content)
    assert [
        (entry.findtext(f"{ATOM}title"), entry.find(f"{ATOM}link").attrib["href"])  # type: ignore[union-attr]
        for entry in root.findall(f"{ATOM}entry")
    ] == [("Waiting for review: Outcomes", f"http://testserver/desk/changesets/{changeset.pk}/review/")]


def test_a_new_address_makes_the_old_one_lead_nowhere(anna: Person, client: StrictClient):
    old = feed_of(anna)
    assert client.get(old).status_code == 200
    response = anna.post("/desk/notices/")
    assert (response.status_code, response["Location"]) == (303, "/desk/notices/")
    assert (client.get(old).status_code, client.get(feed_of(anna)).status_code) == (404, 200)


def test_a_feed_closes_with_the_account_or_its_rights(anna: Person, client: StrictClient):
    address = feed_of(anna)
    anna.user.groups.clear()
    assert client.get(address).status_code == 404
    anna.user.groups.set(reviewer().groups.all())
    assert client.get(address).status_code == 200
    anna.user.is_active = False
    anna.user.save()
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("key", ["x", "x" * 500, "%00", "..%2f", "<script>"])
def test_a_made_up_key_opens_nothing(anna: Person, client: StrictClient, key: str):
    feed_of(anna)
    assert client.get(f"/desk/feed/{key}/").status_code == 404
    assert FeedKey.objects.count() == 1


def test_notices_are_for_the_desk_alone(client: StrictClient):
    assert client.get("/desk/notices/").status_code == 302
    assert Person(administrator()).get("/desk/notices/").status_code == 403
    assert not Notice.objects.exists()
