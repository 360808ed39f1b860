"""The pages of pledges."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from guarantees.models import Changeset
from guarantees.views import pledges as views
from guarantees.views.pledges import PLEDGES_PER_PAGE
from tests.factories import ChangesetFactory, UpdateFactory, day, moment, publish
from tests.pages import Node, page, table

PUBLISHED = moment("2025-10-01")


def terms(root: Node) -> list[tuple[str, str, str]]:
    """The terms in force as the page lists them: name, value, the address of the update that set it."""
    found = []
    for line in root.one("section", id="terms").one("dl").all("div"):
        value = line.one("dd", class_="value").text
        links = line.one("dd", class_="why").all("a")
        found.append((line.attributes["data-term"], value, links[0].attributes["href"] if links else ""))
    return found


def test_the_british_troops_as_things_stood_on_26_february_2026(client: Any, record: Changeset):
    root = page(client.get("/pledges/gbr-troops/?on=2026-02-26"))
    assert root.one("h1").text == "Ground troops for a multinational force in Ukraine"
    assert terms(root) == [
        ("status", "Committed", "#gbr-troops-2026-01-06"),
        ("instrument", "Declaration of intent (political)", "#gbr-troops-2026-01-06"),
        ("quantity", "up to 5,000 personnel (reported)", "#gbr-troops-2026-02-22"),
        ("area", "Ukraine", "#gbr-troops-2025-02-16"),
        ("allied_participation", "Allied participation (Open)", "#gbr-troops-2025-02-27"),
        ("parliamentary_approval", "Parliamentary approval (Open)", "#gbr-troops-2026-01-07"),
        ("peace_agreement", "Peace agreement (Open)", "#gbr-troops-2026-02-25"),
        ("us_backstop", "US backstop (Open)", "#gbr-troops-2025-02-16"),
        ("availability", "Held back", ""),
    ]
    ids = {item.attributes["id"] for item in root.one("ol", class_="history").all("li") if "id" in item.attributes}
    assert {href[1:] for _name, _value, href in terms(root) if href} <= ids


def test_a_refusal_has_neither_number_nor_conditions_nor_availability(client: Any, record: Changeset):
    root = page(client.get("/pledges/pol-troops/?on=2026-02-26"))
    assert terms(root) == [
        ("status", "Ruled out", "#pol-troops-2025-02-17"),
        ("instrument", "Oral statement", "#pol-troops-2025-02-17"),
        ("area", "Ukraine", "#pol-troops-2025-02-17"),
        ("conditions", "A refusal carries no conditions.", ""),
    ]


def test_each_update_of_the_history_names_its_sources(client: Any, record: Changeset):
    root = page(client.get("/pledges/gbr-troops/?on=2026-02-26"))
    newest = root.one("li", id="gbr-troops-2026-02-25")
    (source,) = newest.one("ul", class_="sources").all("a", class_="publisher")
    assert (source.text, newest.one("span", class_="is-state_media").text) == ("TASS", "state media")
    assert source.attributes["href"].endswith("?on=2026-02-26")


def test_before_the_first_update_the_page_says_from_when(client: Any, record: Changeset):
    root = page(client.get("/pledges/gbr-troops/?on=2025-02-15"))
    section = root.one("section", id="terms")
    assert section.one("p").text == "Nothing was in force on this day. The first update is of 16 February 2025 ."


def test_an_unknown_pledge_is_a_404_with_the_nearest(client: Any, record: Changeset):
    response = client.get("/pledges/gbr-trops/")
    assert response.status_code == 404
    links = {link.attributes["href"] for link in page(response).one("main").all("a")}
    assert "/pledges/gbr-troops/" in links


@pytest.mark.django_db
def test_a_corrected_update_links_to_what_was_first_published(client: Any):
    wrong = UpdateFactory(pledge__slug="a", summary="The minister said so wrongly.")
    publish(wrong.changeset, at=PUBLISHED)
    right = UpdateFactory(
        pledge=wrong.pledge,
        changeset=ChangesetFactory(),
        corrects=wrong,
        correction_kind="corrected",
        summary="The minister said so rightly.",
    )
    publish(right.changeset, at=moment("2025-11-01"))
    root = page(client.get("/pledges/a/"))
    (link,) = [a for a in root.one("li", id=right.public_id).all("a") if a.text == "As first published"]
    assert link.attributes["href"] == f"/pledges/a/?known=2025-10-01T00%3A00%3A00Z#{wrong.public_id}"
    before = page(client.get(link.attributes["href"].split("#")[0]))
    assert before.one("li", id=wrong.public_id).one("p").text == "The minister said so wrongly."


# --- the table


def listed(root: Node) -> list[str]:
    return [row[2] for row in table(root, "pledges-caption")]


def test_the_table_of_all_pledges_counts_and_pages(client: Any, record: Changeset):
    root = page(client.get("/pledges/"))
    assert root.one("p", class_="result-count").text == "130 pledges"
    assert len(listed(root)) == PLEDGES_PER_PAGE
    last = page(client.get("/pledges/?page=4"))
    assert len(listed(last)) == 130 - 3 * PLEDGES_PER_PAGE
    assert last.one("title").text == "Pledges, page 4 · Guarantee Ledger"


def test_swedens_air_policing_is_found_by_its_filters(client: Any, record: Changeset):
    root = page(client.get("/pledges/?state=swe&category=air_policing&on=2025-09-04"))
    (row,) = table(root, "pledges-caption")
    assert (row[0], row[1], row[3]) == ("Sweden", "Air policing", "Signalled")
    tags = [tag.text for tag in root.one("div", class_="tags").all("a", class_="tag")]
    assert tags == ["Remove filter State Sweden", "Remove filter Category Air policing"]
    without = root.one("div", class_="tags").all("a", class_="tag")[0].attributes["href"]
    assert without == "/pledges/?category=air_policing&on=2025-09-04"


def test_a_refusal_waits_for_nothing_and_has_no_number(client: Any, record: Changeset):
    root = page(client.get("/pledges/?state=pol&category=troops&on=2026-02-26"))
    (row,) = table(root, "pledges-caption")
    assert row == [
        "Poland",
        "Troops",
        "Soldiers on Ukrainian territory",
        "Ruled out",
        "Ukraine",
        "A refusal carries no conditions.",
        "6 Jan 2026",
    ]


def test_names_and_words_are_german_under_de(client: Any, record: Changeset):
    root = page(client.get("/de/pledges/?state=tur&category=troops"))
    assert root.one("html").attributes["lang"] == "de"
    ((state, *_rest),) = table(root, "pledges-caption")
    assert state == "Türkei"


def test_an_empty_list_says_which_filter_to_give_up(client: Any, record: Changeset):
    root = page(client.get("/pledges/?state=rus&category=troops&q=frigate"))
    assert [item.text for item in root.one("div", class_="empty").all("li")] == ["Clear all filters"]
    root = page(client.get("/pledges/?state=swe&category=troops&category=training&status=ruled_out"))
    helpful = root.one("div", class_="empty").all("li")
    assert [item.text for item in helpful] == [
        "Without “Sweden” (13 results)",
        "Without “Ruled out” (3 results)",
        "Clear all filters",
    ]
    without = helpful[1].one("a").attributes["href"]
    assert without == "/pledges/?state=swe&category=troops&category=training"
    assert page(client.get(without)).one("p", class_="result-count").text == "3 pledges"


@pytest.mark.parametrize(
    ("asked", "address"),
    [
        ("/pledges/?q=", "/pledges/"),
        ("/pledges/?q=&state=swe&state=&on=", "/pledges/?state=swe"),
        ("/de/pledges/?state=swe&q=+&state=fra", "/de/pledges/?state=swe&state=fra"),
    ],
)
def test_one_list_has_one_address_without_empty_parameters(client: Any, record: Changeset, asked: str, address: str):
    response = client.get(asked)
    assert (response.status_code, response.headers["Location"]) == (302, address)
    assert client.get(address).status_code == 200


def test_the_filter_offers_the_latest_meetings_and_takes_any(
    client: Any, record: Changeset, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(views, "SUMMITS_OFFERED", 2)
    root = page(client.get("/pledges/?summit=paris-2025-09-04&on=2026-02-26"))
    offered = [box.attributes["value"] for box in root.all("input", type="checkbox", name="summit")]
    assert (len(offered), offered[-1]) == (3, "paris-2025-09-04")
    assert root.one("p", class_="result-count").text == "36 pledges"


def test_before_anything_was_in_force_the_table_says_so(client: Any, record: Changeset):
    root = page(client.get("/pledges/?on=2024-01-01"))
    assert root.one("div", class_="empty").one("h2").text == "No pledge was in force on this day"


@pytest.mark.parametrize(
    ("query", "name", "value"),
    [
        ("state=xyz", "state", "xyz"),
        ("state=SWE", "state", "SWE"),
        ("category=hope", "category", "hope"),
        ("status=firm", "status", "firm"),
        ("availability=yes", "availability", "yes"),
        ("condition=rain", "condition", "rain"),
        ("area=moon", "area", "moon"),
        ("group=brics", "group", "brics"),
        ("summit=yalta-1945", "summit", "yalta-1945"),
        ("sort=colour", "sort", "colour"),
        ("page=0", "page", "0"),
        ("page=99", "page", "99"),
        ("page=two", "page", "two"),
        ("on=2026-02-30", "on", "2026-02-30"),
        ("known=tomorrow", "known", "tomorrow"),
        ("known=2999-01-01", "known", "2999-01-01"),
        ("q=" + "x" * 201, "q", "x" * 201),
        ("q=%00", "q", ""),
    ],
)
def test_a_value_that_cannot_be_used_is_a_400_that_names_it(
    client: Any, record: Changeset, query: str, name: str, value: str
):
    response = client.get(f"/pledges/?{query}")
    assert response.status_code == 400
    said = page(response).one("main").text
    assert name in said
    assert value[:40] in said


def test_unknown_parameters_are_passed_over(client: Any, record: Changeset):
    assert page(client.get("/pledges/?utm_source=x")).one("p", class_="result-count").text == "130 pledges"


@pytest.mark.django_db
@pytest.mark.parametrize("number", [1, 3])
def test_the_table_takes_the_same_queries_for_one_row_and_for_three(
    client: Any, number: int, django_assert_num_queries: DjangoAssertNumQueries
):
    for _ in range(number):
        publish(UpdateFactory().changeset, at=PUBLISHED)
    with django_assert_num_queries(9):
        response = client.get("/pledges/")
    assert len(listed(page(response))) == number


@pytest.mark.django_db
@pytest.mark.parametrize("number", [1, 3])
def test_a_pledge_takes_the_same_queries_for_one_update_and_for_three(
    client: Any, number: int, django_assert_num_queries: DjangoAssertNumQueries
):
    first = UpdateFactory(pledge__slug="a", date=day("2025-09-01"))
    for n in range(1, number):
        UpdateFactory(pledge=first.pledge, changeset=first.changeset, date=day(f"2025-09-0{n + 1}"))
    publish(first.changeset, at=PUBLISHED)
    with django_assert_num_queries(6):
        response = client.get("/pledges/a/")
    assert len(page(response).one("ol", class_="history").all("div", class_="when")) == number


@pytest.mark.django_db
def test_capitals_in_an_address_lead_to_the_small_ones(client: Any):
    response = client.get("/pledges/GBR-Troops/?on=2026-02-26")
    assert (response.status_code, response.headers["Location"]) == (301, "/pledges/gbr-troops/?on=2026-02-26")
