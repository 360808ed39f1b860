"""At the desk: what an address tells of a source, and where in a source a fact stands."""

from typing import Any

import pytest
import time_machine

from guarantees.models import Publisher, Source
from tests.desk import Person, errors, fields
from tests.factories import (
    ChangesetFactory,
    SourceFactory,
    SummitFactory,
    UpdateFactory,
    day,
    editor,
    moment,
    publish,
)
from tests.htmx_swap import Page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("today")]

ADDRESS = "https://en.agency.example/2026/01/06/summit?utm_source=mail"


@pytest.fixture
def anna() -> Person:
    return Person(editor(username="anna"))


def sources_of(row: Any) -> str:
    return f"/desk/rows/updates/{row.pk}/sources/"


def agency(**more: Any) -> Source:
    values = {"url": "https://en.agency.example/1", "publisher": "Agency", "language": "fr", "kind": "official"}
    return SourceFactory(**(values | more))


# --- Proposals


def test_leaving_the_address_fills_the_empty_fields_only(anna: Person):
    agency()
    row = UpdateFactory(cited=[])
    answer = anna.hx_post(f"{sources_of(row)}new/?propose", {"url": ADDRESS, "title": "Mine", "language": "de"})
    found = fields(answer)
    assert answer.status_code == 200
    assert {name: found[name] for name in ("url", "publisher", "title", "language", "published_on", "kind")} == {
        "url": ADDRESS,
        "publisher": "Agency",
        "title": "Mine",
        "language": "de",
        "published_on": "2026-01-06",
        "kind": "official",
    }
    said = "Proposed from the address and from sources on record: publisher, published, kind."
    assert f"{said} Please check." in Page(answer).root.text()
    assert Page(answer).root.find("status")[0].text() == said
    assert errors(answer) == {}
    assert Source.objects.filter(url__contains="summit").count() == 0


@pytest.mark.parametrize("url", ["", "nonsense", "javascript:alert(1)", "http://[", "https://nobody.example/a"])
def test_an_address_that_tells_nothing_brings_the_form_back_as_it_was(anna: Person, url: str):
    agency()
    row = UpdateFactory(cited=[])
    answer = anna.hx_post(f"{sources_of(row)}new/?propose", {"url": url, "title": "<script>alert(1)</script>"})
    assert (answer.status_code, fields(answer)["url"], fields(answer)["publisher"]) == (200, url, "")
    assert "Proposed" not in Page(answer).root.text()
    assert fields(answer)["title"] == "<script>alert(1)</script>"


def test_a_source_on_record_is_offered_instead(anna: Person):
    source = agency(url="https://en.agency.example/2026/01/06/summit", title="There")
    row = UpdateFactory(cited=[])
    page = anna.page(f"/desk/changesets/{row.changeset_id}/")
    page.swap(anna.hx_get(sources_of(row)), f"updates-{row.pk}-picker")
    page.swap(
        anna.hx_post(f"{sources_of(row)}new/?propose", {"url": ADDRESS.replace("https", "http")}),
        f"updates-{row.pk}-new",
    )
    form = page.root.find(f"updates-{row.pk}-new")[0]
    assert "This source is on record already: Agency , There Cite it" in form.text()
    button = next(n for n, _p in form.walk() if n.attributes.get("value") == str(source.pk))
    assert button.attributes["form"] == f"updates-{row.pk}-pick"
    page.swap(anna.hx_post(sources_of(row), {"source": source.pk}), f"updates-{row.pk}-picker")
    assert page == anna.page(f"/desk/changesets/{row.changeset_id}/")


def test_without_script_a_lone_address_comes_back_with_proposals_to_confirm(anna: Person):
    agency()
    row = UpdateFactory(cited=[])
    response = anna.post(f"{sources_of(row)}new/", {"url": ADDRESS})
    assert (response.status_code, errors(response)) == (422, {})
    sent = fields(response)
    assert (sent["publisher"], sent["kind"], sent["published_on"]) == ("Agency", "official", "2026-01-06")
    assert row.sources.count() == 0
    names = ("url", "publisher", "title", "language", "published_on", "kind")
    response = anna.post(f"{sources_of(row)}new/", {name: sent[name] for name in names})
    assert response.status_code == 303
    source = row.sources.get()
    assert (source.url, source.publisher, source.published_on) == (
        "https://en.agency.example/2026/01/06/summit",
        "Agency",
        day("2026-01-06"),
    )


def test_what_cannot_be_proposed_is_asked_for(anna: Person):
    agency(language="fr")
    row = UpdateFactory(cited=[])
    answer = anna.hx_post(f"{sources_of(row)}new/", {"url": ADDRESS, "published_on": "soon"})
    assert (answer.status_code, fields(answer)["publisher"], fields(answer)["published_on"]) == (422, "Agency", "soon")
    assert errors(answer) == {"published_on": "Please give a day of the calendar in the form 2026-02-26."}


def test_a_proposed_day_is_never_written_unasked(anna: Person):
    row = UpdateFactory(cited=[])
    sent = {"url": ADDRESS, "publisher": "Gazette", "language": "en", "kind": "news", "published_on": ""}
    anna.hx_post(f"{sources_of(row)}new/", sent)
    assert row.sources.get().published_on is None


# --- Where in a source, and how credible


def test_where_and_how_credible_are_saved_and_leave_the_page_as_a_fresh_one(anna: Person):
    row = UpdateFactory()
    source = row.sources.get()
    sheet = f"/desk/changesets/{row.changeset_id}/"
    path = f"{sources_of(row)}{source.pk}/"
    page = anna.page(sheet)
    answer = anna.hx_get(path)
    page.swap(answer, f"updates-{row.pk}-picker")
    assert [node.attributes["name"] for node in page.focus()] == ["locator"]
    sent = fields(answer) | {"locator": " minute 12 ", "credibility": "2"}
    page.swap(anna.hx_post(path, sent), f"updates-{row.pk}-picker")
    citation = row.citations.get()
    assert (citation.locator, citation.credibility) == ("minute 12", 2)
    assert page == anna.page(sheet)
    assert "minute 12 credibility 2" in page.root.find(f"updates-{row.pk}-sources")[0].text()
    assert page.status() == f"Saved: Example Gazette · {source.title}"


@pytest.mark.parametrize(
    ("ticked", "number", "reason"),
    [
        ({}, "6", "The original was not seen, and nothing else is known for or against it."),
        ({"original_seen": "on"}, "3", "You saw the original; nothing else is known for or against it."),
        ({"original_seen": "on", "second_source": "on"}, "1", "an independent source says the same."),
        ({"contradicted": "on"}, "5", "another source contradicts it."),
    ],
)
def test_the_number_is_proposed_from_what_is_ticked(anna: Person, ticked: dict[str, str], number: str, reason: str):
    row = UpdateFactory()
    path = f"{sources_of(row)}{row.sources.get().pk}/"
    answer = anna.hx_post(f"{path}?propose", ticked | {"locator": "p. 3", "credibility": ""})
    sent = fields(answer)
    assert (answer.status_code, sent["credibility"], sent["locator"]) == (200, number, "p. 3")
    assert reason in Page(answer).root.text()
    # What the editor chose stands, whatever is proposed.
    answer = anna.hx_post(f"{path}?propose", ticked | {"credibility": "4"})
    assert fields(answer)["credibility"] == "4"
    assert row.citations.get().credibility is None


def test_the_letter_of_the_publisher_is_hidden_while_the_number_is_set(anna: Person):
    Publisher.objects.create(name="Example Gazette", reliability="E", reason="It made things up.")
    row = UpdateFactory()
    path = f"{sources_of(row)}{row.sources.get().pk}/"
    for response in (anna.hx_get(path), anna.get(path)):
        text = Page(response).root.text()
        assert "Credibility" in text
        assert "Unreliable" not in text
        assert "It made things up." not in text


def test_without_script_the_citation_opens_on_the_sheet(anna: Person):
    row = UpdateFactory()
    path = f"{sources_of(row)}{row.sources.get().pk}/"
    response = anna.get(path)
    assert "Where in the source" in Page(response).root.find(f"updates-{row.pk}-picker")[0].text()
    names = ("locator", "credibility", "seen")
    sent = {name: fields(response)[name] for name in names} | {"locator": "p. 7"}
    response = anna.post(path, sent)
    assert (response.status_code, response["Location"]) == (
        303,
        f"/desk/changesets/{row.changeset_id}/#updates-{row.pk}",
    )
    assert row.citations.get().locator == "p. 7"


def test_a_citation_changed_meanwhile_shows_both(anna: Person):
    row = UpdateFactory()
    path = f"{sources_of(row)}{row.sources.get().pk}/"
    sent = fields(anna.hx_get(path))
    anna.hx_post(path, sent | {"locator": "p. 1", "credibility": "1"})
    answer = Person().hx_post(path, sent | {"locator": "p. 2"})
    assert (answer.status_code, fields(answer)["locator"]) == (409, "p. 2")
    assert "Theirs, saved p. 1 · 1, confirmed by other sources" in Page(answer).root.text()
    assert row.citations.get().locator == "p. 1"
    anna.hx_post(path, fields(answer) | {"credibility": ""})
    assert (row.citations.get().locator, row.citations.get().credibility) == ("p. 2", None)
    # The same form again changes nothing, and is no conflict.
    assert anna.hx_post(path, sent | {"locator": "p. 2", "credibility": ""}).status_code == 200


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"credibility": "7"}, {"credibility": "Select a valid choice. 7 is not one of the available choices."}),
        ({"credibility": "x"}, {"credibility": "Select a valid choice. x is not one of the available choices."}),
        ({"locator": "x" * 121}, {"locator": "Ensure this value has at most 120 characters (it has 121)."}),
    ],
)
def test_a_citation_that_breaks_a_rule_comes_back_open(anna: Person, sent: dict[str, str], said: dict[str, str]):
    row = UpdateFactory()
    path = f"{sources_of(row)}{row.sources.get().pk}/"
    answer = anna.hx_post(path, fields(anna.hx_get(path)) | {"locator": "kept"} | sent)
    assert (answer.status_code, errors(answer)) == (422, said)
    assert fields(answer)["locator"] == sent.get("locator", "kept")
    assert row.citations.get().locator == ""


def test_only_citations_of_drafts_are_edited(anna: Person):
    row, other = UpdateFactory(), SourceFactory()
    source = row.sources.get()
    assert anna.hx_post(f"{sources_of(row)}{other.pk}/", {"locator": "x"}).status_code == 404
    summit = SummitFactory(cited=[source])
    assert anna.get(f"/desk/rows/summits/{summit.pk}/sources/{source.pk}/").status_code == 404
    publish(row.changeset, at=moment("2026-03-01"))
    assert anna.hx_post(f"{sources_of(row)}{source.pk}/", {"locator": "x"}).status_code == 404
    assert row.citations.get().locator == ""


def test_a_citation_in_a_changeset_that_waits_stays(anna: Person):
    row = UpdateFactory(changeset=ChangesetFactory(state="submitted"))
    path = f"{sources_of(row)}{row.sources.get().pk}/"
    answer = anna.hx_post(path, fields(anna.hx_get(path)) | {"locator": "x"})
    assert (answer.status_code, answer["HX-Reswap"]) == (409, "none")
    assert row.citations.get().locator == ""


def test_a_day_to_come_is_not_proposed(anna: Person):
    row = UpdateFactory(cited=[])
    with time_machine.travel(moment("2026-01-05"), tick=False):
        answer = anna.hx_post(f"{sources_of(row)}new/?propose", {"url": ADDRESS})
    assert fields(answer)["published_on"] == ""
