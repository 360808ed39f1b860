"""What all public pages share: validators that change when the record does, and no cookie for readers."""

from typing import Any

import pytest
import time_machine
from django.core.cache import caches
from django.urls import reverse

from guarantees.models import Changeset, Source, State
from tests.factories import ChangesetFactory, PledgeFactory, SummitFactory, UpdateFactory, editor, moment, publish
from tests.pages import page

pytestmark = pytest.mark.django_db

NOW = moment("2026-11-10T12:00:00")
PAGES = [
    "/",
    "/pledges/",
    "/states/",
    "/summits/",
    "/sources/",
    "/changes/",
    "/methodology/",
    "/search/",
    "/de/",
    "/de/pledges/",
]


@pytest.fixture(autouse=True)
def empty_cache():
    caches["pages"].clear()
    yield
    caches["pages"].clear()


@pytest.fixture
def at_noon():
    with time_machine.travel(NOW, tick=False) as travelling:
        yield travelling


@pytest.mark.parametrize("address", PAGES)
def test_a_page_can_be_kept_but_must_be_asked_for(client: Any, at_noon: Any, record: Changeset, address: str):
    response = client.get(address)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "public, no-cache"
    assert "Cookie" in response.headers["Vary"]
    assert not response.cookies
    assert b"csrfmiddlewaretoken" not in response.content
    again = client.get(address, headers={"If-None-Match": response.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == response.headers["ETag"]


@pytest.mark.parametrize("address", PAGES)
def test_a_kept_page_is_the_page(client: Any, at_noon: Any, record: Changeset, address: str, django_assert_num_queries):
    fresh = client.get(address)
    with django_assert_num_queries(1):
        kept = client.get(address)
    assert kept.content == fresh.content
    assert kept.headers["Content-Type"] == "text/html; charset=utf-8"


def test_every_address_its_language_and_its_clocks_have_their_own_validator(client: Any, at_noon: Any):
    addresses = ["/states/", "/de/states/", "/states/?on=2026-01-01", "/states/?known=2026-01-01", "/summits/"]
    assert len({client.get(address).headers["ETag"] for address in addresses}) == len(addresses)


def test_the_validator_changes_with_a_publication_and_only_when_it_takes_effect(client: Any, at_noon: Any):
    public = UpdateFactory()
    publish(public.changeset, at=moment("2026-11-01"))
    before = client.get("/pledges/").headers["ETag"]
    embargoed = UpdateFactory(pledge__title="Frigates under embargo", pledge__state=public.pledge.state)
    publish(embargoed.changeset, at=moment("2026-11-10T18:00:00"))
    at_noon.move_to(moment("2026-11-10T17:59:59"))
    assert client.get("/pledges/").headers["ETag"] == before
    assert b"under embargo" not in client.get("/pledges/").content
    at_noon.move_to(moment("2026-11-10T18:00:00"))
    assert client.get("/pledges/").headers["ETag"] != before
    assert b"under embargo" in client.get("/pledges/").content


def test_the_validator_changes_with_an_edit_of_a_visible_row_and_not_with_one_of_a_draft(client: Any, at_noon: Any):
    update = UpdateFactory()
    publish(update.changeset, at=moment("2026-11-01"))
    tags = [client.get("/sources/").headers["ETag"]]
    draft = ChangesetFactory()
    for row in (SummitFactory(changeset=draft), PledgeFactory(changeset=draft, state=update.pledge.state)):
        type(row).objects.filter(pk=row.pk).update(title="Renamed")
        tags.append(client.get("/sources/").headers["ETag"])
    Source.objects.filter(visible_from=None).update(publisher="Renamed Gazette")
    tags.append(client.get("/sources/").headers["ETag"])
    assert len(set(tags)) == 1
    Source.objects.filter(pk=update.sources.get().pk).update(publisher="Renamed Gazette")
    tags.append(client.get("/sources/").headers["ETag"])
    State.objects.filter(pk=update.pledge.state_id).update(name="Renamed")
    tags.append(client.get("/sources/").headers["ETag"])
    assert len(set(tags)) == 3


def test_the_validator_changes_with_the_day(client: Any, at_noon: Any):
    before = client.get("/states/").headers["ETag"]
    at_noon.move_to(moment("2026-11-11T00:00:01"))
    assert client.get("/states/").headers["ETag"] != before


def test_a_signed_in_reader_gets_a_private_page(client: Any, at_noon: Any):
    client.force_login(editor())
    response = client.get("/states/")
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert "ETag" not in response.headers
    hrefs = [link.attributes["href"] for link in page(response).one("header", class_="site-head").all("a")]
    assert reverse("desk") in hrefs


def test_before_the_record_begins_the_page_says_when_it_does(client: Any, at_noon: Any, record: Changeset):
    response = client.get("/pledges/gbr-troops/?known=2026-11-02T08:59:59Z")
    assert response.status_code == 200
    said = page(response).one("main").text
    assert "Before the record begins" in said
    assert "2 November 2026" in said
    assert (
        page(client.get("/pledges/gbr-troops/?known=2026-11-02T09:00:00Z")).one("h1").text.startswith("Ground troops")
    )


def test_a_page_takes_no_other_method(client: Any):
    assert client.post("/states/").status_code == 405


def test_a_wrong_clock_is_a_400_that_nobody_keeps(client: Any, at_noon: Any):
    response = client.get("/states/?on=yesterday")
    assert response.status_code == 400
    assert "ETag" not in response.headers
    said = page(response).one("main").text
    assert "yesterday" in said
    assert "in the form 2026-02-26" in said


@pytest.mark.parametrize(
    ("asked", "clean"),
    [
        ("/states/?on=&known=", "/states/"),
        ("/states/?on=2025-09-04&known=&group=nato", "/states/?on=2025-09-04&group=nato"),
        ("/de/pledges/?q=&state=fra&state=", "/de/pledges/?state=fra"),
    ],
)
def test_parameters_that_a_form_sent_empty_are_taken_out_of_the_address(client: Any, asked: str, clean: str):
    response = client.get(asked)
    assert (response.status_code, response.headers["Location"]) == (302, clean)
