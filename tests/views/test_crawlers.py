"""What crawlers ask for first: robots.txt and the map of the site."""

import re
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.factories import PledgeFactory, SourceFactory, StateFactory, SummitFactory, UpdateFactory, moment, publish

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("today")]


def addresses(response: Any) -> list[str]:
    """The addresses that a map of the site lists, without the host."""
    found = re.findall(r"<loc>http://testserver([^<]*)</loc>", response.content.decode())
    return sorted(found)


def test_robots_txt_keeps_crawlers_off_the_desk_and_endless_copies(client: Any):
    response = client.get("/robots.txt")
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.content.decode().splitlines() == [
        "User-agent: *",
        "Disallow: /desk/",
        "Disallow: /accounts/",
        "Disallow: /search/",
        "Disallow: /de/desk/",
        "Disallow: /de/accounts/",
        "Disallow: /de/search/",
        "Disallow: /*?on=",
        "Disallow: /*&on=",
        "Disallow: /*?known=",
        "Disallow: /*&known=",
        "",
        "Sitemap: http://testserver/sitemap.xml",
    ]


def test_the_map_lists_every_page_in_every_language(client: Any):
    summit = SummitFactory(slug="paris", cited=[SourceFactory(public_id="gazette")])
    pledge = PledgeFactory(changeset=summit.changeset, slug="soldiers", state=StateFactory(code="QMA"))
    UpdateFactory(changeset=summit.changeset, pledge=pledge, cited=[SourceFactory(public_id="agency")])
    publish(summit.changeset, moment("2026-01-01"))
    pages = [
        "/",
        "/changes/",
        "/methodology/",
        "/pledges/",
        "/pledges/soldiers/",
        "/sources/",
        "/sources/agency/",
        "/sources/gazette/",
        "/states/",
        "/states/qma/",
        "/summits/",
        "/summits/paris/",
    ]
    response = client.get("/sitemap.xml")
    assert response.headers["Content-Type"] == "application/xml"
    assert addresses(response) == sorted([*pages, *(f"/de{page}" for page in pages)])


def test_the_map_does_not_tell_what_is_not_public_yet(client: Any):
    before = addresses(client.get("/sitemap.xml"))
    SummitFactory(slug="draft")
    PledgeFactory(slug="draft", state=StateFactory(code="QMA"))
    ahead = UpdateFactory(pledge__slug="embargoed", pledge__state__code="QMA")
    publish(ahead.changeset, moment("2027-01-01"))
    assert set(addresses(client.get("/sitemap.xml?x=1"))) - set(before) == {"/states/qma/", "/de/states/qma/"}


@pytest.mark.parametrize("number", [1, 3])
def test_the_map_takes_five_queries_for_any_number_of_pledges(
    client: Any, django_assert_num_queries: DjangoAssertNumQueries, number: int
):
    for _number in range(number):
        publish(UpdateFactory().changeset, moment("2026-01-01"))
    with django_assert_num_queries(5):
        client.get("/sitemap.xml")
