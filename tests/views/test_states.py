"""The pages of states and organisations."""

import gzip
import re
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from guarantees.models import Changeset, Group, Membership, State
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
    moment,
    publish,
)
from tests.pages import Node, page, table

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("today")]
PUBLISHED = moment("2026-01-01")


def names(root: Node) -> list[str]:
    """The states that the list shows."""
    return [row[0] for row in table(root, "states-caption")]


def accepted(response: Any) -> tuple[str, str, str]:
    """What a 400 page says: parameter, value, and what is accepted."""
    assert response.status_code == 400
    parameter, value, accepted = (node.text for node in page(response).one("main").all("dd", class_="value"))
    return parameter, value, accepted


# --- The list


@pytest.fixture
def two_states() -> None:
    alpha, bravo = StateFactory(code="QMA", name="Alpha"), StateFactory(code="QMB", name="Bravo", kind="organisation")
    group = Group.objects.create(code="NB8", name="Nordic-Baltic Eight")
    Membership.objects.create(group=group, state=alpha)
    changeset = ChangesetFactory()
    UpdateFactory(changeset=changeset, pledge__state=alpha, status="committed")
    UpdateFactory(changeset=changeset, pledge__state=alpha, status="signalled")
    UpdateFactory(changeset=changeset, pledge__state=bravo, status="ruled_out")
    PositionFactory(changeset=changeset, state=alpha, date=day("2025-09-04"), stance="reserved")
    ParticipationFactory(changeset=changeset, state=bravo)
    publish(changeset, PUBLISHED)


def test_the_list_shows_pledges_by_firmness_stance_and_meetings(client: Any, two_states: None):
    assert table(page(client.get("/states/")), "states-caption") == [
        ["Alpha", "1", "0", "1", "0", "Reserved 4 Sept 2025", "0"],
        ["Bravo", "0", "0", "0", "1", "none recorded", "1"],
    ]


def test_the_list_reads_as_things_stood_on_a_day(client: Any, two_states: None):
    assert table(page(client.get("/states/?on=2025-09-03")), "states-caption") == [
        ["Alpha", "0", "0", "0", "0", "none recorded", "0"],
        ["Bravo", "0", "0", "0", "0", "none recorded", "0"],
    ]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Alpha", "Bravo"]),
        ("q=ALPH", ["Alpha"]),
        ("group=nb8", ["Alpha"]),
        ("kind=organisation", ["Bravo"]),
        ("sort=-name", ["Bravo", "Alpha"]),
        ("sort=meetings", ["Bravo", "Alpha"]),
        ("unknown=x", ["Alpha", "Bravo"]),
    ],
)
def test_the_list_is_filtered_and_sorted_by_its_address(client: Any, two_states: None, query: str, expected: list[str]):
    assert names(page(client.get(f"/states/?{query}"))) == expected


def test_set_filters_are_tags_that_can_be_removed(client: Any, two_states: None):
    root = page(client.get("/states/?q=alpha&group=nb8&on=2025-09-04"))
    assert [(tag.text, tag.attributes["href"]) for tag in root.all("a", class_="tag")] == [
        ("Remove filter Group Nordic-Baltic Eight", "/states/?q=alpha&on=2025-09-04"),
        ("Remove filter Name alpha", "/states/?group=nb8&on=2025-09-04"),
    ]


def test_an_empty_list_says_which_filter_to_relax(client: Any, two_states: None):
    root = page(client.get("/states/?q=zulu&kind=state"))
    empty = root.one("div", class_="empty")
    assert empty.one("h2").text == "Nobody on record answers to this"
    assert [(link.text, link.attributes["href"]) for link in empty.all("a")] == [
        ("Without “State”", "/states/?q=zulu"),
        ("Without “zulu”", "/states/?kind=state"),
        ("Clear all filters", "/states/"),
    ]


def test_the_sorted_column_says_so(client: Any, two_states: None):
    sorted_by = {
        query: [
            (head.text, head.attributes["aria-sort"])
            for head in page(client.get(f"/states/?{query}")).all("th", scope="col")
            if "aria-sort" in head.attributes
        ]
        for query in ("", "sort=-name", "sort=firm")
    }
    assert sorted_by == {
        "": [("Name", "ascending")],
        "sort=-name": [("Name", "descending")],
        "sort=firm": [("Firm", "descending")],
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("group=NB8", ("group", "NB8", "one of: nb8")),
        ("kind=both", ("kind", "both", "one of: state, organisation")),
        (
            "sort=size",
            ("sort", "size", "one of: name, -name, firm, announced, signalled, ruled_out, meetings"),
        ),
        ("q=%E2%80%AEabc", ("q", "\u202eabc", "a text of at most 200 characters, without control characters")),
        ("on=2025-02-30", ("on", "2025-02-30", "a day of the calendar in the form 2026-02-26")),
    ],
)
def test_a_value_that_cannot_be_used_is_named_with_what_is_accepted(
    client: Any, two_states: None, query: str, expected: tuple[str, str, str]
):
    assert accepted(client.get(f"/states/?{query}")) == expected


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_takes_eight_queries_for_any_number_of_states(
    client: Any, django_assert_num_queries: DjangoAssertNumQueries, number: int
):
    changeset = ChangesetFactory()
    for _number in range(number):
        state = StateFactory()
        UpdateFactory(changeset=changeset, pledge__state=state)
        PositionFactory(changeset=changeset, state=state)
        ParticipationFactory(changeset=changeset, state=state)
    publish(changeset, PUBLISHED)
    with django_assert_num_queries(7):
        root = page(client.get("/states/"))
    assert len(names(root)) == number


# --- One state


def test_sweden_on_4_september_2025_shows_its_air_and_maritime_pledges_with_their_sources(
    client: Any, record: Changeset
):
    root = page(client.get("/states/swe/?on=2025-09-04"))
    assert root.one("h1").text == "Sweden"
    rows = table(root, "in-force")
    assert rows == [
        [
            "Troops",
            "Soldiers for a post-war force RBC-Ukraine (citing Radio Svoboda)",
            "Signalled",
            "no number given Ukraine",
            "Ceasefire (Open) US backstop (Open)",
            "4 Sept 2025",
        ],
        [
            "Air policing",
            "Gripen aircraft for air surveillance IT BOLTWISE",
            "Signalled",
            "no number given Ukraine's airspace",
            "Ceasefire (Open) US backstop (Open)",
            "4 Sept 2025",
        ],
        [
            "Maritime",
            "Mine clearance and maritime security IT BOLTWISE",
            "Signalled",
            "no number given Unspecified",
            "Ceasefire (Open) US backstop (Open)",
            "4 Sept 2025",
        ],
    ]
    links = {link.attributes["href"] for link in root.one("section", id="pledges").all("a")}
    assert {
        "/pledges/swe-air-policing/?on=2025-09-04",
        "/pledges/swe-maritime/?on=2025-09-04",
        "/sources/itboltwise-paris-sicherheitsgarantien/?on=2025-09-04",
    } <= links


def test_every_link_of_a_page_set_back_in_time_carries_the_clock(client: Any, record: Changeset):
    root = page(client.get("/states/swe/?on=2025-09-04")).one("main")
    addresses = [link.attributes["href"] for link in root.all("a")]
    inside = [address for address in addresses if address.startswith("/")]
    assert [address for address in inside if "on=2025-09-04" not in address] == []
    assert len(inside) > 20


def test_the_russian_rejection_and_the_american_reserve_stand_as_positions(client: Any, record: Changeset):
    present = {}
    for code in ("rus", "usa"):
        section = page(client.get(f"/states/{code}/?on=2025-09-04")).one("section", id="positions")
        present[code] = [item.all("li")[0].one("div", class_="line").text for item in section.all("ol")[:1]]
    assert present == {
        "rus": ["Opposes Guarantees without Russia"],
        "usa": ["Reserved US backstop"],
    }


def test_the_present_position_stands_on_top_and_the_replaced_ones_below(client: Any):
    state = StateFactory(code="QMA")
    changeset = ChangesetFactory()
    for date, topic in (("2025-03-01", "first"), ("2025-05-01", "third"), ("2025-04-01", "second")):
        PositionFactory(
            changeset=changeset, public_id=topic, state=state, date=day(date), topic=topic, stance="opposes"
        )
    publish(changeset, PUBLISHED)
    section = page(client.get("/states/qma/")).one("section", id="positions")
    assert [item.attributes["id"] for item in section.all("li") if "id" in item.attributes] == [
        "third",
        "second",
        "first",
    ]
    assert section.one("summary").text == "2 earlier positions, replaced by this one"


def test_pledges_ruled_out_and_no_longer_in_force_stand_apart(client: Any):
    state = StateFactory(code="QMA")
    publish(UpdateFactory(pledge__state=state, pledge__title="Never", status="ruled_out").changeset, PUBLISHED)
    pledge = PledgeFactory(state=state, title="Gone")
    publish(UpdateFactory(pledge=pledge, date=day("2025-08-01")).changeset, PUBLISHED)
    publish(
        UpdateFactory(pledge=pledge, changeset=ChangesetFactory(), status="withdrawn").changeset, moment("2026-01-02")
    )
    root = page(client.get("/states/qma/"))
    assert root.one("section", id="pledges").one("p", class_="is-absent").text == "No pledge is in force on this day."
    assert [row[1:3] for row in table(root, "refused")] == [["Never Example Gazette", "Ruled out"]]
    assert [row[1:3] for row in table(root, "over")] == [["Gone Example Gazette", "Withdrawn"]]


def test_a_pledge_that_could_start_is_called_available(client: Any):
    update = UpdateFactory(pledge__state__code="QMA", conditions_basis="unconditional")
    publish(update.changeset, PUBLISHED)
    (row,) = table(page(client.get("/states/qma/")), "in-force")
    assert row[4] == "Unconditional Available"


def test_meetings_attended_say_role_how_and_who_spoke(client: Any):
    summit = SummitFactory(title="Paris", slug="paris")
    ParticipationFactory(
        changeset=summit.changeset,
        summit=summit,
        state__code="QMA",
        role="host",
        attendance="remote",
        representative="Ada Example;Bo Sample",
        office="President;Minister",
    )
    publish(summit.changeset, PUBLISHED)
    assert table(page(client.get("/states/qma/")), "meetings-caption") == [
        ["Paris", "4 Sept 2025", "Host", "Remotely", "Ada Example, President; Bo Sample, Minister"]
    ]


def test_a_state_with_nothing_on_record_says_so_everywhere(client: Any):
    StateFactory(code="QMA")
    root = page(client.get("/states/qma/"))
    assert [node.text for node in root.one("main").all("p", class_="is-absent")] == [
        "No pledge is in force on this day.",
        "No position is on record.",
        "No attendance is on record.",
        "Nothing is on record by this day.",
    ]


def test_everything_said_is_paged(client: Any):
    state = StateFactory(code="QMA")
    changeset = ChangesetFactory()
    source = SourceFactory()
    for number in range(26):
        PositionFactory(
            changeset=changeset, state=state, topic=f"Topic {number:02}", date=day("2025-01-01"), cited=[source]
        )
    publish(changeset, PUBLISHED)
    first, second = (page(client.get(f"/states/qma/?page={number}")) for number in (1, 2))
    shown = [len(root.one("section", id="statements").all("div", class_="what")) for root in (first, second)]
    assert shown == [25, 1]
    assert accepted(client.get("/states/qma/?page=3")) == ("page", "3", "the number of a page, from 1 to 2")
    assert second.one("title").text == "State QMA, page 2 · Guarantee Ledger"


@pytest.mark.parametrize("number", [1, 3])
def test_a_state_takes_as_many_queries_for_one_fact_of_a_kind_as_for_three(
    client: Any, django_assert_num_queries: DjangoAssertNumQueries, number: int
):
    state = StateFactory(code="QMA")
    changeset = ChangesetFactory()
    for _number in range(number):
        summit = SummitFactory(changeset=changeset)
        UpdateFactory(changeset=changeset, pledge__state=state, summit=summit)
        PositionFactory(changeset=changeset, state=state, summit=summit)
        ParticipationFactory(changeset=changeset, state=state, summit=summit)
    publish(changeset, PUBLISHED)
    with django_assert_num_queries(16):
        client.get("/states/qma/")


# --- Addresses


def test_a_code_in_capitals_moves_to_lower_case_with_its_clock(client: Any):
    StateFactory(code="QMA")
    response = client.get("/states/QMA/?on=2025-09-04")
    assert (response.status_code, response.headers["Location"]) == (301, "/states/qma/?on=2025-09-04")
    assert client.get("/states/Qma/").headers["Location"] == "/states/qma/"


def test_an_unknown_code_is_answered_with_the_nearest_states(client: Any, record: Changeset):
    response = client.get("/states/turkey/?on=2025-09-04")
    root = page(response).one("main")
    assert response.status_code == 404
    assert root.one("p", class_="lede").text == "No state or organisation with the code “turkey” is on record."
    first = root.all("ul", class_="list")[0].all("a")[0]
    assert (first.text, first.attributes["href"]) == ("Türkiye", "/states/tur/?on=2025-09-04")


def test_the_page_of_the_state_that_said_most_keeps_its_weight(client: Any, record: Changeset):
    html = client.get("/states/gbr/").content
    assert len(gzip.compress(html)) <= 15 * 1024
    assert len(re.findall(rb"<[a-z]", html)) <= 1500


def test_organisations_have_pages_too(client: Any, record: Changeset):
    root = page(client.get("/states/nato/"))
    assert (root.one("h1").text, root.one("p", class_="page-meta").text) == ("NATO", "Organisation")


def test_the_page_speaks_the_language_of_its_address(client: Any, record: Changeset):
    assert page(client.get("/de/states/swe/")).one("h1").text == "Schweden"
    assert State.objects.get(code="SWE").name == "Sweden"
