"""The pages of the change log."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from guarantees.models import Changeset, Retraction
from tests.factories import (
    ChangesetFactory,
    ParticipationFactory,
    PositionFactory,
    SourceFactory,
    StateFactory,
    SummitFactory,
    UpdateFactory,
    day,
    moment,
    publish,
)
from tests.pages import Node, page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("today")]


def entries(root: Node) -> list[tuple[str, str, str]]:
    """The changesets of the list: when, title, and what each brought."""
    return [
        (
            item.one("div", class_="when").text,
            item.one("div", class_="line").text,
            item.all("p", class_="meta")[0].text,
        )
        for item in root.one("ol", class_="history").all("li")
    ]


def test_public_changesets_are_listed_with_what_they_brought(client: Any):
    first = UpdateFactory(changeset=ChangesetFactory(title="First publication"))
    publish(first.changeset, moment("2026-01-01"))
    second = ChangesetFactory(
        title="Paris", reason="The outcomes.", summit=SummitFactory(slug="paris", title="Paris talks")
    )
    publish(second.summit.changeset, moment("2026-02-01"))
    UpdateFactory(changeset=second, pledge=first.pledge, date=first.date, corrects=first, correction_kind="corrected")
    PositionFactory(changeset=second)
    publish(second, moment("2026-02-02T18:05:00"))
    publish(ChangesetFactory(title="Embargoed"), moment("2027-01-01"))
    ChangesetFactory(title="Draft")
    root = page(client.get("/changes/"))
    assert entries(root)[0] == (
        "2 February 2026, 18:05 UTC",
        "Paris",
        "Updates of pledges: 1 · Positions: 1 · 1 of them a correction",
    )
    assert [title for _when, title, _counts in entries(root)] == [
        "Paris",
        second.summit.changeset.title,
        "First publication",
    ]
    links = {link.text: link.attributes["href"] for link in root.one("ol", class_="history").all("a")}
    assert links["Paris"] == f"/changes/{second.pk}/"
    assert links["Paris talks"] == "/summits/paris/"


def test_the_list_reads_as_known_at_a_moment(client: Any):
    for title, at in (("first", "2026-01-01"), ("second", "2026-02-01")):
        publish(ChangesetFactory(title=title), moment(at))
    root = page(client.get("/changes/?known=2026-01-31T00:00:00Z"))
    assert entries(root) == [("1 January 2026, 00:00 UTC", "first", "No facts.")]


def test_nothing_published_is_said(client: Any):
    assert page(client.get("/changes/")).one("main").one("p", class_="is-absent").text == (
        "Nothing has been published yet."
    )


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_takes_five_queries_for_any_number_of_changesets(
    client: Any, django_assert_num_queries: DjangoAssertNumQueries, number: int
):
    for _number in range(number):
        summit = SummitFactory()
        publish(summit.changeset, moment("2026-01-01"))
        publish(UpdateFactory(changeset__summit=summit).changeset, moment("2026-01-02"))
    with django_assert_num_queries(4):
        root = page(client.get("/changes/"))
    assert len(entries(root)) == 2 * number


# --- One changeset


def test_the_first_publication_of_the_real_record(client: Any, record: Changeset):
    root = page(client.get(f"/changes/{record.pk}/"))
    tabs = root.one("nav", class_="tabs").all("a")
    assert [(tab.text, tab.attributes.get("aria-current", "")) for tab in tabs] == [
        ("Updates of pledges 303", "true"),
        ("Positions 151", ""),
        ("Attendances 563", ""),
        ("Collective claims 10", ""),
        ("Requirements 12", ""),
        ("Pledges 130", ""),
        ("Meetings 75", ""),
    ]
    assert root.one("p", class_="page-meta").text == "Public since 2 November 2026, 09:00 UTC"
    assert root.one("section", id="results").one("p", class_="result-count").text == "1 to 50 of 303"


@pytest.mark.parametrize(
    ("query", "first_line"),
    [
        ("kind=claim", "25 states Approved a concrete contribution said by: Emmanuel Macron, President of France"),
        (
            "kind=requirement",
            "up to 15,000 personnel Foreign force · Troops said by: The Times (military and diplomatic sources)",
        ),
        ("kind=pledge", "Contribution to a peacekeeping or multinational force Troops"),
        ("kind=summit", "US–Ukraine consultations, Geneva Bilateral · In person · Switzerland"),
    ],
)
def test_every_kind_of_the_real_record_is_shown(client: Any, record: Changeset, query: str, first_line: str):
    lines = page(client.get(f"/changes/{record.pk}/?{query}")).one("section", id="results").all("div", class_="line")
    assert lines[0].text == first_line


@pytest.fixture
def correction() -> Changeset:
    """A changeset that corrects one update, extends another and retracts a third."""
    source = SourceFactory(public_id="gazette")
    changeset = ChangesetFactory(title="Mended")
    olds = [
        UpdateFactory(public_id=f"old-{number}", changeset=ChangesetFactory(), cited=[source], summary="It was so.")
        for number in range(3)
    ]
    for old in olds:
        publish(old.changeset, moment("2026-01-01"))
    for number, kind in ((0, "corrected"), (1, "extended")):
        UpdateFactory(
            public_id=f"new-{number}",
            changeset=changeset,
            pledge=olds[number].pledge,
            corrects=olds[number],
            correction_kind=kind,
            status="committed",
            wording="We will." if kind == "extended" else "",
            wording_language="en" if kind == "extended" else "",
            cited=[source],
            summary="It was so.",
        )
    Retraction.objects.create(changeset=changeset, update=olds[2], reason="It was another state.")
    return publish(changeset, moment("2026-02-01"))


def test_a_correction_shows_before_and_after(client: Any, correction: Changeset):
    root = page(client.get(f"/changes/{correction.pk}/"))
    tables = {
        node.one("caption").text: [[cell.text for cell in row.all("th") + row.all("td")] for row in node.all("tr")[1:]]
        for node in root.all("table")
    }
    assert tables == {
        "Corrects what was published before": [["Status", "Announced", "Committed"]],
        "Extends a statement published before": [
            ["Status", "Announced", "Committed"],
            ["Original wording", "not given", "We will."],
            ["Language of the wording", "not given", "en"],
        ],
    }


def test_a_retraction_shows_the_fact_and_the_reason(client: Any, correction: Changeset):
    root = page(client.get(f"/changes/{correction.pk}/?kind=retraction"))
    section = root.one("section", id="results")
    assert section.all("p")[1].text == "It was another state."
    retracted = Retraction.objects.get().update
    assert section.one("div", class_="line").all("a")[0].text == retracted.pledge.title


def test_a_kind_of_which_there_is_nothing_says_so(client: Any, correction: Changeset):
    root = page(client.get(f"/changes/{correction.pk}/?kind=claim"))
    assert root.one("section", id="results").one("p", class_="is-absent").text == "Nothing of this kind."


def test_an_empty_changeset_has_a_page(client: Any):
    changeset = publish(ChangesetFactory(), moment("2026-01-01"))
    root = page(client.get(f"/changes/{changeset.pk}/"))
    assert root.one("section", id="results").one("p", class_="is-absent").text == "Nothing of this kind."


def test_a_summit_is_named_where_its_outcomes_were_recorded(client: Any):
    summit = SummitFactory(slug="paris", title="Paris")
    changeset = ChangesetFactory(summit=summit)
    publish(changeset, moment("2026-01-01"))
    assert "Outcomes of" not in page(client.get(f"/changes/{changeset.pk}/")).one("main").text
    publish(summit.changeset, moment("2026-01-02"))
    assert page(client.get(f"/changes/{changeset.pk}/")).one("p", class_="page-meta").text == (
        "Public since 1 January 2026, 00:00 UTC Outcomes of Paris"
    )


@pytest.mark.parametrize(
    ("query", "name", "accepted"),
    [
        (
            "kind=facts",
            "kind",
            "one of: update, position, participation, condition-state, claim, requirement, retraction, pledge, summit",
        ),
        ("page=2", "page", "the number of a page, from 1 to 1"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_with_what_is_accepted(
    client: Any, correction: Changeset, query: str, name: str, accepted: str
):
    response = client.get(f"/changes/{correction.pk}/?{query}")
    values = [node.text for node in page(response).one("main").all("dd", class_="value")]
    assert (response.status_code, values) == (400, [name, query.split("=")[1], accepted])


@pytest.mark.parametrize("number", [1, 3])
def test_a_changeset_takes_as_many_queries_for_one_fact_as_for_three(
    client: Any, django_assert_num_queries: DjangoAssertNumQueries, number: int
):
    changeset = ChangesetFactory()
    for _number in range(number):
        old = UpdateFactory(summit=SummitFactory())
        publish(old.changeset, moment("2026-01-01"))
        UpdateFactory(
            changeset=changeset, pledge=old.pledge, date=day("2025-09-05"), corrects=old, correction_kind="corrected"
        )
        ParticipationFactory(changeset=changeset, state=StateFactory())
    publish(changeset, moment("2026-02-01"))
    with django_assert_num_queries(7):
        client.get(f"/changes/{changeset.pk}/")


def test_a_changeset_that_is_not_public_does_not_exist(client: Any):
    public = publish(ChangesetFactory(title="Public"), moment("2026-01-01"))
    embargoed = publish(ChangesetFactory(title="Embargoed"), moment("2027-01-01"))
    draft = ChangesetFactory(title="Draft")
    for changeset in (embargoed, draft):
        response = client.get(f"/changes/{changeset.pk}/")
        root = page(response).one("main")
        assert response.status_code == 404
        assert root.one("p", class_="lede").text == f"No public changeset has the number {changeset.pk}."
        suggested = [(link.text, link.attributes["href"]) for link in root.all("ul", class_="list")[0].all("a")]
        assert suggested == [("Public", f"/changes/{public.pk}/")]
