"""The pages of meetings."""

import gzip
import re
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from guarantees.models import Changeset
from tests.factories import (
    ChangesetFactory,
    ClaimFactory,
    ParticipationFactory,
    PledgeFactory,
    PositionFactory,
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


def facts(root: Node) -> dict[str, str]:
    """The row of facts under the head: name and value with its note."""
    rows = root.one("main").all("dl", class_="facts")[0].all("div")
    return {row.one("dt").text: " | ".join(value.text for value in row.all("dd")) for row in rows}


def outcomes(root: Node) -> dict[str, list[tuple[str, str]]]:
    """The groups of outcomes: state and title of each pledge."""
    section = root.one("section", id="outcomes")
    groups = {}
    for heading, items in zip(section.all("h3"), section.all("ol"), strict=True):
        groups[heading.text] = [
            (item.one("div", class_="when").all("a")[0].text, item.one("div", class_="line").all("a")[0].text)
            for item in items.all("li")
            if item.all("div", class_="when")
        ]
    return groups


# --- The list


@pytest.fixture
def three_summits() -> Changeset:
    """Two meetings of 2025 and one of 2026, all public."""
    changeset = ChangesetFactory()
    france = StateFactory(code="FRA", name="France")
    paris = SummitFactory(
        changeset=changeset,
        slug="paris",
        title="Paris",
        format="hybrid",
        city="Paris",
        country=france,
        reported_participants=35,
    )
    SummitFactory(
        changeset=changeset, slug="call", title="Call", kind="call", format="virtual", start_date=day("2025-03-01")
    )
    SummitFactory(changeset=changeset, slug="rome", title="Rome", start_date=day("2026-02-01"))
    ParticipationFactory(changeset=changeset, summit=paris, state=france)
    UpdateFactory(changeset=changeset, summit=paris)
    return publish(changeset, PUBLISHED)


def test_meetings_are_listed_with_the_newest_first(client: Any, three_summits: Changeset):
    assert table(page(client.get("/summits/")), "summits-caption") == [
        ["Rome", "1 Feb 2026", "Leaders", "In person", "not known", "0", "0"],
        ["Paris", "4 Sept 2025", "Leaders", "Hybrid", "35", "1", "1"],
        ["Call", "1 Mar 2025", "Call", "Virtual", "not known", "0", "0"],
    ]


def test_meetings_after_the_day_stand_apart(client: Any, three_summits: Changeset):
    root = page(client.get("/summits/?on=2025-09-03"))
    assert [row[0] for row in table(root, "summits-caption")] == ["Call"]
    later = root.one("section", id="later")
    assert [(link.text, link.attributes["href"]) for link in later.all("a")] == [
        ("Paris", "/summits/paris/?on=2025-09-03"),
        ("Rome", "/summits/rome/?on=2025-09-03"),
    ]
    assert later.one("summary").text == "2 meetings on record take place after the day of this page"


def test_before_the_first_meeting_all_are_later(client: Any, three_summits: Changeset):
    root = page(client.get("/summits/?on=2025-01-01"))
    assert root.one("main").one("p", class_="is-absent").text == "No meeting by this day."
    assert len(root.one("section", id="later").all("a")) == 3


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("kind=call", ["Call"]),
        ("kind=call&kind=leaders", ["Rome", "Paris", "Call"]),
        ("format=hybrid&format=virtual", ["Paris", "Call"]),
        ("year=2025", ["Paris", "Call"]),
        ("year=2025&kind=leaders", ["Paris"]),
    ],
)
def test_the_list_is_filtered_by_its_address(client: Any, three_summits: Changeset, query: str, expected: list[str]):
    root = page(client.get(f"/summits/?{query}"))
    assert [row[0] for row in table(root, "summits-caption")] == expected
    chosen = [box.attributes["value"] for box in root.all("input", type="checkbox") if "checked" in box.attributes]
    assert len(chosen) == query.count("=")


def test_an_empty_list_says_which_filter_to_relax(client: Any, three_summits: Changeset):
    empty = page(client.get("/summits/?kind=call&year=2026")).one("div", class_="empty")
    assert [(link.text, link.attributes["href"]) for link in empty.all("a")] == [
        ("Without “Call”", "/summits/?year=2026"),
        ("Without “2026”", "/summits/?kind=call"),
        ("Clear all filters", "/summits/"),
    ]


@pytest.mark.parametrize(
    ("query", "name", "accepted"),
    [
        ("year=1999", "year", "one of: 2026, 2025"),
        ("format=secret", "format", "one of: in_person, hybrid, virtual"),
        ("page=2", "page", "the number of a page, from 1 to 1"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_with_what_is_accepted(
    client: Any, three_summits: Changeset, query: str, name: str, accepted: str
):
    response = client.get(f"/summits/?{query}")
    values = [node.text for node in page(response).one("main").all("dd", class_="value")]
    assert (response.status_code, values) == (400, [name, query.split("=")[1], accepted])


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_takes_seven_queries_for_any_number_of_meetings(
    client: Any, django_assert_num_queries: DjangoAssertNumQueries, number: int
):
    changeset = ChangesetFactory()
    for _number in range(number):
        summit = SummitFactory(changeset=changeset, city="Somewhere", country=StateFactory())
        ParticipationFactory(changeset=changeset, summit=summit)
        UpdateFactory(changeset=changeset, summit=summit)
    publish(changeset, PUBLISHED)
    with django_assert_num_queries(6):
        root = page(client.get("/summits/"))
    assert len(table(root, "summits-caption")) == number


# --- One meeting


def test_the_paris_summit_of_september_2025(client: Any, record: Changeset):
    root = page(client.get("/summits/paris-2025-09-04/"))
    assert root.one("h1").text == "Coalition of the Willing summit in Paris"
    assert facts(root) == {
        "When": "4 September 2025",
        "Where": "Paris, France",
        "Level": "Leaders",
        "Format": "Hybrid",
        "Host": "France",
        "Co-chair": "United Kingdom",
        "Participants": "35 reported | listed here: 36 states, 2 organisations",
    }
    told = outcomes(root)
    assert list(told) == ["Made 11", "Firmed up 2", "Reaffirmed 20", "Ruled out 3"]
    assert told["Firmed up 2"] == [
        ("Ireland", "Non-lethal military support of 100 million euros"),
        ("Romania", "Bases, transit and logistics"),
    ]
    assert [heading.text for heading in root.one("section", id="attendance").all("h3")] == [
        "In person 9",
        "Remotely 29",
    ]


def test_the_page_of_the_largest_meeting_keeps_its_weight(client: Any, record: Changeset):
    html = client.get("/summits/paris-2026-01-06/").content
    assert len(gzip.compress(html)) <= 15 * 1024
    assert len(re.findall(rb"<[a-z]", html)) <= 1500


def test_the_reported_number_stands_with_its_note(client: Any, record: Changeset):
    section = page(client.get("/summits/paris-2025-09-04/")).one("section", id="attendance")
    assert section.one("p", class_="lede").text.startswith("The Élysée and most reports give 35 leaders.")


def test_everybody_who_spoke_is_named_with_an_office(client: Any, record: Changeset):
    section = page(client.get("/summits/paris-2025-09-04/")).one("section", id="attendance")
    spoke = {
        item.all("a")[0].text: [speaker.text for speaker in item.all("span", class_="speaker")]
        for item in section.all("li")
    }
    assert spoke["European Union"] == [
        "Ursula von der Leyen, President of the European Commission",
        "António Costa, President of the European Council",
    ]
    assert spoke["Austria"] == ["Foreign Minister"]


def test_each_number_of_a_source_leads_to_the_list_of_sources(client: Any, record: Changeset):
    root = page(client.get("/summits/paris-2025-09-04/"))
    listed = root.one("section", id="sources").one("ol").all("li")
    assert [item.attributes["id"] for item in listed] == [f"source-{number}" for number in range(1, len(listed) + 1)]
    cited = {link.attributes["href"] for link in root.all("a", class_="cite")}
    assert cited == {f"#source-{number}" for number in range(1, len(listed) + 1)}


def test_the_list_of_sources_names_a_language_only_where_it_is_not_the_readers(client: Any):
    changeset = ChangesetFactory()
    cited = [
        SourceFactory(public_id="a", publisher="English Gazette", published_on=day("2025-09-05")),
        SourceFactory(public_id="b", publisher="Agence", language="fr"),
        SourceFactory(public_id="c", publisher="Agentstvo", language="de", kind="state_media"),
    ]
    SummitFactory(changeset=changeset, slug="paris", cited=cited)
    publish(changeset, PUBLISHED)
    listed = {
        path: [item.text for item in page(client.get(path)).one("section", id="sources").one("ol").all("li")]
        for path in ("/summits/paris/", "/de/summits/paris/")
    }
    assert listed["/summits/paris/"] == [
        "English Gazette , 5 Sept 2025",
        "Agence , date not known (French)",
        "Agentstvo , date not known (German) state media",
    ]
    assert listed["/de/summits/paris/"][0] == "English Gazette , 5. Sept. 2025 (Englisch)"


def test_a_meeting_without_anything_on_record_says_so(client: Any):
    changeset = ChangesetFactory()
    SummitFactory(changeset=changeset, slug="quiet", format="virtual")
    publish(changeset, PUBLISHED)
    root = page(client.get("/summits/quiet/"))
    assert facts(root) == {
        "When": "4 September 2025",
        "Where": "no place: held from afar",
        "Level": "Leaders",
        "Format": "Virtual",
        "Participants": "no number reported | nobody listed by name",
    }
    assert [node.text for node in root.one("main").all("p", class_="is-absent")] == [
        "No update of a pledge is recorded from this meeting.",
        "No position is recorded from this meeting.",
        "No attendance is on record.",
    ]


def test_a_later_meeting_keeps_what_it_did_to_itself(client: Any, record: Changeset):
    root = page(client.get("/summits/paris-2025-09-04/?on=2025-09-03"))
    assert sorted(facts(root)) == ["Format", "Level", "When", "Where"]
    assert [section.attributes.get("id") for section in root.one("main").all("section")] == ["sources"]


def test_outcomes_say_what_changed_in_words(client: Any):
    changeset = ChangesetFactory()
    summit = SummitFactory(changeset=changeset, slug="paris")
    pledge = PledgeFactory(state=StateFactory(name="Alpha"), title="Soldiers")
    old = UpdateFactory(
        pledge=pledge, date=day("2025-08-01"), status="signalled", area="ukraine", changeset=pledge.changeset
    )
    publish(old.changeset, PUBLISHED)
    UpdateFactory(
        changeset=changeset,
        pledge=pledge,
        summit=summit,
        status="announced",
        area="black_sea",
        conditions=["ceasefire"],
        conditions_basis="stated",
    )
    ClaimFactory(changeset=changeset, summit=summit, scope="Ready to help", speaker="The chair")
    PositionFactory(changeset=changeset, summit=summit, topic="Backstop", state=StateFactory(name="Bravo"))
    publish(changeset, PUBLISHED)
    root = page(client.get("/summits/paris/"))
    (item,) = [item for item in root.one("section", id="outcomes").all("li") if item.all("div", class_="what")]
    assert item.one("div", class_="line").text == "Soldiers Signalled → became Announced"
    assert [term.text for term in item.one("ul", class_="terms").all("li")] == [
        "Area: Ukraine → Black Sea",
        "Now waits for: Ceasefire",
    ]
    assert (
        root.one("section", id="claims").one("div", class_="line").text == "26 states Ready to help said by: The chair"
    )
    assert root.one("section", id="positions").one("div", class_="line").text == "Supports Backstop"


def test_a_refusal_repeated_is_called_so(client: Any):
    pledge = PledgeFactory()
    publish(UpdateFactory(pledge=pledge, date=day("2025-08-01"), status="ruled_out").changeset, PUBLISHED)
    summit = SummitFactory(slug="paris")
    UpdateFactory(changeset=summit.changeset, pledge=pledge, summit=summit, status="ruled_out")
    publish(summit.changeset, PUBLISHED)
    line = page(client.get("/summits/paris/")).one("section", id="outcomes").one("div", class_="line")
    assert line.text.endswith("Ruled out as before the meeting")


@pytest.mark.parametrize("number", [1, 3])
def test_a_meeting_takes_thirteen_queries_for_any_number_of_facts(
    client: Any, django_assert_num_queries: DjangoAssertNumQueries, number: int
):
    changeset = ChangesetFactory()
    summit = SummitFactory(changeset=changeset, slug="paris", city="Paris", country=StateFactory())
    for _number in range(number):
        UpdateFactory(changeset=changeset, summit=summit)
        PositionFactory(changeset=changeset, summit=summit)
        ParticipationFactory(changeset=changeset, summit=summit)
        ClaimFactory(changeset=changeset, summit=summit)
    publish(changeset, PUBLISHED)
    with django_assert_num_queries(12):
        client.get("/summits/paris/")


def test_a_summit_that_is_not_public_yet_does_not_exist_not_even_as_a_suggestion(client: Any, three_summits: Changeset):
    SummitFactory(slug="paris-secret", title="Secret")
    ahead = SummitFactory(slug="paris-embargoed", title="Embargoed")
    publish(ahead.changeset, moment("2027-01-01"))
    for slug in ("paris-secret", "paris-embargoed", "pariss"):
        response = client.get(f"/summits/{slug}/")
        root = page(response).one("main")
        assert response.status_code == 404
        assert root.one("p", class_="lede").text == f"No meeting with the name “{slug}” is on record."
        suggested = [link.attributes["href"] for link in root.all("ul", class_="list")[0].all("a")]
        assert suggested == ["/summits/paris/"]


def test_a_summit_is_not_there_before_it_was_published(client: Any, three_summits: Changeset):
    publish(ChangesetFactory(), moment("2025-12-01"))
    assert client.get("/summits/paris/?known=2025-12-31T00:00:00Z").status_code == 404
    assert client.get("/summits/paris/?known=2026-01-01T00:00:00Z").status_code == 200


def test_an_address_in_capitals_moves_to_lower_case_with_its_clock(client: Any, three_summits: Changeset):
    response = client.get("/summits/Paris/?on=2025-09-04")
    assert (response.status_code, response.headers["Location"]) == (301, "/summits/paris/?on=2025-09-04")
