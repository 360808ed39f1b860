"""The search page."""

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from guarantees.models import Changeset
from tests.factories import (
    ChangesetFactory,
    PledgeFactory,
    PositionFactory,
    StateFactory,
    UpdateFactory,
    moment,
    publish,
)
from tests.pages import Node, page
from tests.strict_client import StrictClient

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("today")]
PUBLISHED = moment("2026-01-01")


def counts(root: Node) -> list[str]:
    """The kinds above the results, each with its number."""
    return [item.text for item in root.one("nav", class_="kinds").all("li")]


def links(node: Node) -> list[str]:
    return [link.attributes["href"] for link in node.all("a")]


def accepted(response: Any) -> list[str]:
    """What a 400 page says: parameter, value, and what is accepted."""
    assert response.status_code == 400
    return [node.text for node in page(response).one("main").all("dd", class_="value")]


# --- What is shown


def test_france_troops_finds_the_french_troops(client: Any, record: Changeset):
    root = page(client.get("/search/?q=france+troops"))
    assert counts(root) == ["Pledges 1", "Meetings 4", "Statements about pledges 16", "Positions 5", "Sources 1"]
    pledges = root.one("section", id="pledges")
    assert links(pledges) == ["/pledges/fra-troops/"]
    assert [mark.text for mark in pledges.all("mark")] == ["troops"]
    assert root.one("p", class_="result-count").text == "27 results for “france troops”"


def test_results_lead_to_their_pages_with_the_clocks_kept(client: Any, record: Changeset):
    root = page(client.get("/search/?q=sweden&on=2025-09-04"))
    first = {
        each: links(root.one("section", id=each).one("ol", class_="history"))[0]
        for each in ("states", "pledges", "updates", "sources")
    }
    assert first == {
        "states": "/states/swe/?on=2025-09-04",
        "pledges": "/pledges/swe-air-policing/?on=2025-09-04",
        "updates": "/pledges/swe-air-policing/?on=2025-09-04#swe-air-policing-2025-09-04",
        "sources": first["sources"],
    }
    assert first["sources"].startswith("/sources/") and first["sources"].endswith("/?on=2025-09-04")


def test_ten_of_a_kind_are_shown_with_a_link_to_all(client: Any, record: Changeset):
    root = page(client.get("/search/?q=ukraine"))
    updates = root.one("section", id="updates")
    assert len([item for item in updates.one("ol").children if isinstance(item, Node)]) == 10
    more = updates.one("div", class_="section-head").one("a")
    assert (more.text, more.attributes["href"]) == (
        "All 106 : Statements about pledges",
        "/search/?q=ukraine&kind=updates",
    )


def test_one_kind_is_shown_in_pages(client: Any, record: Changeset):
    first = page(client.get("/search/?q=ukraine&kind=updates"))
    fifth = page(client.get("/search/?q=ukraine&kind=updates&page=5"))
    shown = [
        [item for item in root.one("section", id="updates").one("ol").children if isinstance(item, Node)]
        for root in (first, fifth)
    ]
    assert [len(items) for items in shown] == [25, 6]
    assert fifth.one("title").text == "Search for “ukraine”: Statements about pledges, page 5 · Guarantee Ledger"
    assert fifth.one("nav", class_="kinds").one("span", aria_current="page").text == "Statements about pledges 106"
    assert links(fifth.one("nav", class_="kinds"))[0] == "/search/?q=ukraine"


def test_all_states_of_a_search_have_a_page_too(client: Any, record: Changeset):
    root = page(client.get("/search/?q=united&kind=states"))
    assert links(root.one("section", id="states")) == ["/states/are/", "/states/gbr/", "/states/usa/"]


def test_without_words_the_page_says_what_can_be_asked(client: Any, record: Changeset):
    root = page(client.get("/search/"))
    assert links(root.one("section", id="results")) == [
        "/search/?q=France+troops",
        "/search/?q=Kiew",
        "/search/?q=parliament",
        "/search/?q=ceasefire+monitoring",
    ]
    assert root.one("title").text == "Search · Guarantee Ledger"


@pytest.mark.parametrize("example", ["France troops", "Kiew", "parliament", "ceasefire monitoring"])
def test_every_example_finds_something(client: Any, record: Changeset, example: str):
    assert "0" not in counts(page(client.get("/search/", {"q": example})))


def test_what_is_not_found_says_how_to_go_on(client: Any, record: Changeset):
    root = page(client.get("/search/?q=quokka+troops&kind=pledges&on=2025-09-04"))
    empty = root.one("div", class_="empty")
    assert empty.one("h2").text == "Nothing on record for “quokka troops”"
    assert [(link.text, link.attributes["href"]) for link in empty.all("a")] == [
        ("Look in everything", "/search/?q=quokka+troops&on=2025-09-04"),
        ("Without “quokka”", "/search/?q=troops&on=2025-09-04"),
        ("Without “troops”", "/search/?q=quokka&on=2025-09-04"),
        ("In the record as it stands today", "/search/?q=quokka+troops"),
    ]


@pytest.mark.parametrize("asked", ["the", "…", "& | !"])
def test_a_text_without_words_that_count_is_told_so(client: Any, record: Changeset, asked: str):
    empty = page(client.get("/search/", {"q": asked})).one("div", class_="empty")
    assert empty.one("p").text.startswith("These words are in every text, or they are no words.")
    assert empty.all("a") == []


def test_words_that_were_passed_over_are_named(client: Any, record: Changeset):
    results = page(client.get("/search/?q=the+troops")).one("section", id="results")
    assert results.one("p", class_="small").text == ("Not looked for, because they are too common or too many: the")


def test_results_are_escaped_and_marked(client: Any):
    update = UpdateFactory(summary="<script>alert(1)</script> & <b>quokka</b>", pledge__title="<i>Quokka</i>")
    PositionFactory(changeset=update.changeset, topic="<u>Quokka</u>")
    publish(update.changeset, PUBLISHED)
    html = client.get("/search/", {"q": "quokka"}).content.decode()
    assert "<p>&lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;b&gt;<mark>quokka</mark>&lt;/b&gt;</p>" in html
    assert "&lt;i&gt;<mark>Quokka</mark>&lt;/i&gt;" in html
    assert "&lt;u&gt;<mark>Quokka</mark>&lt;/u&gt;" in html


def test_the_words_stand_in_the_field_and_in_the_title_escaped(client: Any, record: Changeset):
    root = page(client.get("/search/", {"q": '<b>"troops"'}))
    assert root.one("input", id="search-q").attributes["value"] == '<b>"troops"'
    assert root.one("title").text == 'Search for “<b>"troops"” · Guarantee Ledger'


def test_the_page_asks_not_to_be_indexed(client: Any, record: Changeset):
    assert page(client.get("/search/?q=troops")).one("meta", name="robots").attributes["content"] == "noindex"


def test_names_are_those_of_the_reader(client: Any, record: Changeset):
    root = page(client.get("/de/search/?q=Turkey"))
    assert root.one("section", id="states").one("a").text == "Türkei"


# --- What cannot be used

TEXT = "a text of at most 200 characters, without control characters"
KINDS = "one of: states, pledges, summits, updates, positions, sources"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=a%07b", ["q", "a\x07b", TEXT]),
        ("q=a%00b", ["q", "a\x00b", TEXT]),
        ("q=troops&kind=facts", ["kind", "facts", KINDS]),
        ("q=troops&kind=pledges&page=99", ["page", "99", "the number of a page, from 1 to 2"]),
        ("q=troops&kind=states&page=0", ["page", "0", "the number of a page, from 1 to 1"]),
        ("q=troops&on=yesterday", ["on", "yesterday", "a day of the calendar in the form 2026-02-26"]),
    ],
)
def test_a_parameter_that_cannot_be_used_is_named(client: Any, record: Changeset, query: str, expected: list[str]):
    assert accepted(client.get(f"/search/?{query}")) == expected


def test_two_hundred_characters_are_searched_for_and_no_more(client: Any, record: Changeset):
    longest, too_long = (client.get("/search/", {"q": "x" * length}) for length in (200, 201))
    assert page(longest).one("div", class_="empty").one("h2").text == f"Nothing on record for “{'x' * 200}”"
    parameter, _value, what = accepted(too_long)
    assert (parameter, what) == ("q", TEXT)


SIGNS = "':\"&|!*()\\<>%-+_~@#$^[]{}=;,.?/`"


@given(text=st.text(alphabet=st.sampled_from(SIGNS + "ab kü9 "), max_size=60) | st.text(max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
def test_whatever_is_typed_is_answered(text: str):
    # Pages may hold what looks like template syntax, because the reader typed it.
    text = text.replace("{", "(")
    response = StrictClient().get(f"/search/?q={quote(text.encode('utf-8', 'replace'))}", follow=True)
    assert response.status_code in (200, 400)


@pytest.mark.parametrize("number", [1, 3])
def test_the_page_takes_eleven_queries(client: Any, django_assert_num_queries: DjangoAssertNumQueries, number: int):
    changeset = ChangesetFactory()
    for each in range(number):
        pledge = PledgeFactory(changeset=changeset, state=StateFactory(), slug=f"quokka-{each}")
        UpdateFactory(changeset=changeset, pledge=pledge, summary="Quokka.")
    publish(changeset, PUBLISHED)
    with django_assert_num_queries(10):
        client.get("/search/?q=quokka")
    with django_assert_num_queries(8):
        client.get("/search/?q=quokka&kind=updates")
    with django_assert_num_queries(1):
        client.get("/search/")
