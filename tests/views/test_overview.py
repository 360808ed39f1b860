"""The first page."""

import gzip
import re
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from guarantees.models import Changeset
from tests.factories import (
    ChangesetFactory,
    PledgeFactory,
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


def figures(root: Node) -> dict[str, str]:
    """The headline figures by their label."""
    return {
        figure.one("dt").text: figure.one("dd", class_="figure-value").text
        for figure in root.one("dl", class_="figures").all("div", class_="figure")
    }


def section(root: Node, identity: str) -> Node:
    return root.one("section", id=identity)


def test_the_figures_of_the_record_are_shown_and_add_up(client: Any, record: Changeset):
    root = page(client.get("/?on=2026-02-28"))
    assert figures(root) == {
        "pledges announced or firmer": "48",
        "troops, in the numbers given": "50 to 10,250",
        "signalled, not promised": "67",
        "contributions ruled out": "13",
    }
    assert table(root, "balance") == [
        ["Available", "0", "0", "0"],
        ["Held back", "18", "3", "50 to 10,250"],
        ["No condition stated", "30", "19", "0"],
    ]
    assert [cell.text for cell in root.one("tfoot").one("tr").children if isinstance(cell, Node)] == [
        "All",
        "48",
        "22",
        "50 to 10,250",
    ]


def test_the_grid_shows_the_firmest_status_of_each_state(client: Any, record: Changeset):
    grid = section(page(client.get("/?on=2025-09-04")), "grid").one("table")
    rows = {row.one("th").text: [cell.text for cell in row.all("td")] for row in grid.one("tbody").all("tr")}
    none = "none recorded"
    assert list(rows)[:3] == ["France", "New Zealand", "Norway"]
    assert rows["Sweden"] == ["Signalled", none, "Signalled", "Signalled", none, none, none, none, none]
    assert rows["Germany"] == ["Signalled", "Signalled", none, none, "Signalled 3 pledges", none, none, none, none]
    assert "Russia" not in rows


def test_a_cell_leads_to_its_pledge_or_to_all_of_them(client: Any, record: Changeset):
    grid = section(page(client.get("/?on=2025-09-04")), "grid")
    links = {link.attributes["href"] for link in grid.all("a")}
    assert "/pledges/swe-air-policing/?on=2025-09-04" in links
    assert "/pledges/?state=deu&category=equipment&on=2025-09-04" in links
    assert "/states/swe/?on=2025-09-04" in links


def test_the_clocks_are_kept_in_every_link_to_a_page_of_the_record(client: Any, record: Changeset):
    root = page(client.get("/?on=2025-09-04&known=2026-11-03T00:00:00Z"))
    links = [link.attributes["href"] for link in root.one("main").all("a")]
    without = [href for href in links if "on=2025-09-04" not in href or "known=2026-11-03" not in href]
    assert [href for href in without if not href.startswith("#")] == []
    assert len(links) > 100


def test_the_last_changes_and_meetings_stand_as_of_the_day(client: Any, record: Changeset):
    root = page(client.get("/?on=2025-09-04"))
    dates = [node.text for node in section(root, "latest").all("div", class_="when")]
    assert dates == ["4 Sept 2025"] * 6
    meetings = section(root, "meetings")
    following, last = meetings.all("ol")
    assert following.all("a")[0].text == "Zelenskyy and Costa meet in Uzhhorod"
    assert last.all("a")[0].text == "Coalition of the Willing summit in Paris"
    assert last.all("p")[0].text == "Leaders · Hybrid · 35 participants reported"


def test_it_says_so_when_no_later_meeting_is_on_record(client: Any, record: Changeset):
    assert "No later meeting is on record." in section(page(client.get("/")), "meetings").text


def test_a_meeting_to_come_is_the_next_one(client: Any):
    changeset = publish(ChangesetFactory(), PUBLISHED)
    summit = SummitFactory(title="The next summit", start_date=day("2026-12-01"))
    publish(summit.changeset, PUBLISHED)
    following = section(page(client.get("/")), "meetings").all("ol")[0]
    assert [link.text for link in following.all("a")] == ["The next summit"]
    assert changeset.pk != summit.changeset_id


def test_before_the_first_statement_everything_is_said_to_be_empty(client: Any, record: Changeset):
    root = page(client.get("/?on=2024-01-01"))
    assert figures(root) == {
        "pledges announced or firmer": "0",
        "troops, in the numbers given": "0",
        "signalled, not promised": "0",
        "contributions ruled out": "0",
    }
    assert [node.text for node in root.all("p", class_="is-absent")] == [
        "No pledge is on record by this day.",
        "Nothing is on record by this day.",
        "No meeting is on record by this day.",
    ]


def test_an_empty_database_has_an_overview_too(client: Any):
    root = page(client.get("/"))
    assert root.one("p", class_="lede").text == (
        "Nothing is on record by this day. Every page can be read at any other date."
    )


def test_troops_without_a_number_are_said_to_give_none(client: Any):
    update = UpdateFactory(status="committed")
    publish(update.changeset, PUBLISHED)
    root = page(client.get("/"))
    assert table(root, "balance")[2] == ["No condition stated", "1", "1", "no number given"]
    assert root.one("tfoot").text == "All 1 1 no number given"


def test_a_clock_that_cannot_be_read_is_named(client: Any):
    response = client.get("/?on=2025-02-30")
    assert response.status_code == 400
    values = [node.text for node in page(response).one("main").all("dd", class_="value")]
    assert values == ["on", "2025-02-30", "a day of the calendar in the form 2026-02-26"]


@pytest.mark.parametrize("address", ["/", "/de/", "/?on=2025-09-04"])
def test_the_page_keeps_its_budget(client: Any, record: Changeset, address: str):
    html = client.get(address).content
    assert len(gzip.compress(html)) <= 15 * 1024
    assert len(re.findall(rb"<[a-z]", html)) <= 1500


@pytest.mark.parametrize("number", [1, 3])
def test_the_page_takes_ten_queries(client: Any, django_assert_num_queries: DjangoAssertNumQueries, number: int):
    changeset = ChangesetFactory()
    for _each in range(number):
        UpdateFactory(changeset=changeset, pledge=PledgeFactory(changeset=changeset, state=StateFactory()))
    publish(changeset, PUBLISHED)
    with django_assert_num_queries(9):
        client.get("/")
