"""The pages of sources."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from guarantees.models import Changeset
from tests.factories import (
    ChangesetFactory,
    ClaimFactory,
    ConditionStateFactory,
    ParticipationFactory,
    PositionFactory,
    RequirementFactory,
    SourceFactory,
    StateFactory,
    SummitFactory,
    UpdateFactory,
    day,
    moment,
    publish,
)
from tests.pages import Node, page, table

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("today")]
PUBLISHED = moment("2026-01-01")


def kinds(root: Node) -> dict[str, list[str]]:
    """What rests on the source by heading: the first line of each fact."""
    told = {}
    for section in root.one("main").all("section", class_="section"):
        told[section.one("h2").text] = [line.text for line in section.all("div", class_="line")]
    return told


@pytest.fixture
def shelf() -> None:
    """A dated French official source, and a news source of which neither date nor headline is known."""
    known = SourceFactory(
        public_id="elysee",
        publisher="Élysée",
        title="Déclaration",
        language="fr",
        kind="official",
        published_on=day("2025-09-04"),
    )
    unknown = SourceFactory(public_id="gazette", publisher="Gazette", title="", url="")
    changeset = ChangesetFactory()
    UpdateFactory(changeset=changeset, cited=[known, unknown])
    PositionFactory(changeset=changeset, cited=[known])
    publish(changeset, PUBLISHED)


def test_the_list_shows_what_is_known_of_each_source_and_says_what_is_not(client: Any, shelf: None):
    assert table(page(client.get("/sources/")), "sources-caption") == [
        ["Gazette", "headline not known", "not known", "English", "News", "1"],
        ["Élysée", "Déclaration", "4 Sept 2025", "French", "Official", "2"],
    ]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=elysee", ["Élysée"]),
        ("kind=news", ["Gazette"]),
        ("kind=news&kind=official&sort=-date", ["Élysée", "Gazette"]),
        ("language=fr", ["Élysée"]),
        ("sort=-publisher", ["Élysée", "Gazette"]),
        ("on=2025-09-03", ["Gazette", "Élysée"]),
    ],
)
def test_the_list_is_filtered_and_sorted_by_its_address(client: Any, shelf: None, query: str, expected: list[str]):
    root = page(client.get(f"/sources/?{query}"))
    assert [row[0] for row in table(root, "sources-caption")] == expected


def test_choices_count_what_they_would_show_and_those_without_a_source_stay(client: Any, shelf: None):
    root = page(client.get("/sources/?language=fr"))
    choices = [label.text for label in root.one("form", class_="filters").all("label")]
    assert choices == [
        "Text",
        "Official 1",
        "News agency 0",
        "News 0",
        "State media 0",
        "Think tank 0",
        "Reference 0",
        "English 1",
        "French 1",
    ]


def test_an_empty_list_says_which_filter_to_relax(client: Any, shelf: None):
    empty = page(client.get("/sources/?kind=news&language=fr&q=gazette")).one("div", class_="empty")
    assert [link.text for link in empty.all("a")] == [
        "Without “News”",
        "Without “French”",
        "Without “gazette”",
        "Clear all filters",
    ]


@pytest.mark.parametrize(
    ("query", "name", "accepted"),
    [
        ("language=de", "language", "one of: en, fr"),
        ("kind=blog", "kind", "one of: official, agency, news, state_media, think_tank, reference"),
        ("sort=size", "sort", "one of: publisher, -publisher, date, -date"),
        ("page=zwei", "page", "the number of a page, from 1 to 1"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_with_what_is_accepted(
    client: Any, shelf: None, query: str, name: str, accepted: str
):
    response = client.get(f"/sources/?{query}")
    values = [node.text for node in page(response).one("main").all("dd", class_="value")]
    assert (response.status_code, values) == (400, [name, query.split("=")[1], accepted])


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_takes_as_many_queries_for_one_source_as_for_three(
    client: Any, django_assert_num_queries: DjangoAssertNumQueries, number: int
):
    publish(UpdateFactory(cited=[SourceFactory() for _number in range(number)]).changeset, PUBLISHED)
    with django_assert_num_queries(6):
        root = page(client.get("/sources/"))
    assert len(table(root, "sources-caption")) == number


def test_the_real_sources_are_paged(client: Any, record: Changeset):
    root = page(client.get("/sources/?page=14"))
    assert root.one("title").text == "Sources, page 14 · Guarantee Ledger"
    assert len(table(root, "sources-caption")) == 659 - 13 * 50


# --- One source


def test_a_source_shows_its_metadata_with_the_definition_of_its_kind(client: Any, shelf: None):
    root = page(client.get("/sources/elysee/"))
    lines = [
        (line.one("dt").text, line.one("dd", class_="value").text, line.one("dd", class_="why").text)
        for line in root.one("dl", class_="summary").all("div")
    ]
    assert lines == [
        ("Headline", "Déclaration", "as published; never rebuilt from an address"),
        ("Publisher", "Élysée", ""),
        ("Reliability of the publisher", "not rated", ""),
        ("Published", "4 September 2025", ""),
        ("Language", "French", ""),
        ("Kind", "Official", "A government, parliament or organisation publishing its own text."),
        ("Id", "elysee", "never changes"),
    ]
    (link,) = [link for link in root.one("main").all("a") if link.attributes.get("rel") == "external noopener"]
    assert link.attributes["href"].startswith("https://example.org/report/")
    assert root.one("h1").one("cite").attributes["lang"] == "fr"


def test_what_is_not_known_of_a_source_is_said(client: Any, shelf: None):
    root = page(client.get("/sources/gazette/"))
    assert root.one("h1").text == "Gazette"
    assert [node.text for node in root.one("main").all("span", class_="is-absent")] == [
        "No address is known.",
        "headline not known",
        "not rated",
        "date not known",
    ]


def test_everything_that_rests_on_a_source_is_shown_by_kind(client: Any):
    source = SourceFactory(public_id="witness")
    changeset = ChangesetFactory()
    cited = {"changeset": changeset, "cited": [source]}
    state = StateFactory(code="QMA", name="Alpha")
    summit = SummitFactory(title="Paris", slug="paris", country=state, **cited)
    update = UpdateFactory(
        pledge__title="Soldiers", pledge__state=state, pledge__slug="soldiers", summit=summit, **cited
    )
    PositionFactory(topic="Backstop", state=state, summit=summit, **cited)
    ParticipationFactory(summit=summit, state=state, representative="Ada Example", office="President", **cited)
    ConditionStateFactory(**cited)
    ConditionStateFactory(state=state, date=day("2025-09-05"), value="failed", **cited)
    ConditionStateFactory(pledge=update.pledge, date=day("2025-09-06"), value="open", **cited)
    ClaimFactory(summit=summit, **cited)
    RequirementFactory(**cited)
    publish(changeset, PUBLISHED)
    root = page(client.get("/sources/witness/?on=2025-12-01"))
    assert kinds(root) == {
        "Updates of pledges 1": ["Soldiers Announced Alpha · Troops"],
        "Positions 1": ["Alpha Supports Backstop"],
        "Attendances 1": ["Alpha Participant · In person Paris"],
        "States of conditions 3": [
            "Ceasefire Open Soldiers",
            "Ceasefire Failed Alpha",
            "Ceasefire Met for all pledges",
        ],
        "Collective claims 1": ["26 states Ready to contribute said by: The chair"],
        "Requirements 1": ["10,000 to 30,000 personnel Foreign force · Troops said by: An institute"],
        "Meetings 1": ["Paris Leaders · In person · Alpha"],
    }
    link = root.one("section", id="update").one("div", class_="line").all("a")[0]
    assert link.attributes["href"] == f"/pledges/soldiers/?on=2025-12-01#{update.public_id}"


def test_a_source_shows_what_is_dated_by_the_day(client: Any, shelf: None):
    root = page(client.get("/sources/elysee/?on=2025-09-03"))
    assert root.one("main").one("p", class_="is-absent").text == (
        "Nothing that rests on this source is dated by this day."
    )


@pytest.mark.parametrize("number", [1, 3])
def test_a_source_takes_as_many_queries_for_any_number_of_facts(
    client: Any, django_assert_num_queries: DjangoAssertNumQueries, number: int
):
    source = SourceFactory(public_id="witness")
    changeset = ChangesetFactory()
    cited = {"changeset": changeset, "cited": [source]}
    for count in range(number):
        summit = SummitFactory(country=StateFactory(), city="Somewhere", **cited)
        UpdateFactory(summit=summit, **cited)
        PositionFactory(summit=summit, **cited)
        ParticipationFactory(summit=summit, **cited)
        ConditionStateFactory(date=day(f"2025-09-0{count + 1}"), state=StateFactory(), **cited)
        ClaimFactory(summit=summit, **cited)
        RequirementFactory(**cited)
    publish(changeset, PUBLISHED)
    with django_assert_num_queries(11):
        client.get("/sources/witness/")


def test_a_source_that_nothing_public_cites_does_not_exist(client: Any, shelf: None):
    UpdateFactory(cited=[SourceFactory(public_id="elysee-secret")])
    response = client.get("/sources/elysee-secret/?on=2025-09-04")
    root = page(response).one("main")
    assert response.status_code == 404
    assert root.one("p", class_="lede").text == "No source with the id “elysee-secret” is on record."
    suggested = [(link.text, link.attributes["href"]) for link in root.all("ul", class_="list")[0].all("a")]
    assert suggested == [("Déclaration", "/sources/elysee/?on=2025-09-04")]


def test_a_source_is_not_there_before_it_was_first_cited(client: Any, shelf: None):
    publish(ChangesetFactory(), moment("2025-12-01"))
    assert client.get("/sources/elysee/?known=2025-12-31T00:00:00Z").status_code == 404
    assert client.get("/sources/elysee/?known=2026-01-01T00:00:00Z").status_code == 200


def test_an_address_in_capitals_moves_to_lower_case(client: Any, shelf: None):
    response = client.get("/sources/Elysee/")
    assert (response.status_code, response.headers["Location"]) == (301, "/sources/elysee/")
