"""Sources are picked by search, added by address, taken off, and mended."""

from typing import Any

import pytest

from guarantees.models import Changeset, Source
from tests.desk import Person, errors, fields
from tests.factories import (
    ChangesetFactory,
    ParticipationFactory,
    PositionFactory,
    SourceFactory,
    SummitFactory,
    UpdateFactory,
    day,
    editor,
    moment,
    publish,
)
from tests.htmx_swap import Page

pytestmark = pytest.mark.django_db

NEW = {"url": "https://example.org/new", "publisher": "New Gazette", "language": "en", "kind": "news"}
CITING = [(UpdateFactory, "updates"), (PositionFactory, "positions"), (ParticipationFactory, "participations")]


@pytest.fixture
def anna() -> Person:
    return Person(editor(username="anna"))


def sheet_of(changeset: Changeset) -> str:
    return f"/desk/changesets/{changeset.pk}/"


def sources_of(row: Any, kind: str = "updates") -> str:
    return f"/desk/rows/{kind}/{row.pk}/sources/"


def found(response: Any) -> list[str]:
    """The publishers of the sources that a search found."""
    buttons = [node for node, _parent in Page(response).root.walk() if node.tag == "button"]
    return [button.text() for button in buttons if button.attributes.get("name") == "source"]


def with_summit(row: Any) -> Changeset:
    """The row's changeset, about the row's summit if it is an attendance, so that the sheet shows the row."""
    if hasattr(row, "attendance"):
        Changeset.objects.filter(pk=row.changeset_id).update(summit=row.summit)
    return Changeset.objects.get(pk=row.changeset_id)


@pytest.mark.parametrize(("factory", "kind"), CITING)
def test_a_picked_source_leaves_the_page_as_a_fresh_one(anna: Person, factory: Any, kind: str):
    source = SourceFactory(publisher="Found Gazette")
    row = factory(cited=[])
    changeset = with_summit(row)
    page = anna.page(sheet_of(changeset))
    assert "1 without a source" in page.root.text()
    page.swap(anna.hx_get(sources_of(row, kind)), f"{kind}-{row.pk}-picker")
    assert [node.attributes["name"] for node in page.focus()] == ["q"]
    answer = anna.hx_post(sources_of(row, kind), {"source": source.pk})
    page.swap(answer, f"{kind}-{row.pk}-picker")
    assert [*row.sources.all()] == [source]
    assert page == anna.page(sheet_of(changeset))
    assert "without a source" not in page.root.first("main").text()
    assert page.status() == f"Source added: Found Gazette · {source.title}"
    assert [node.text() for node in page.focus()] == [f"add a source to {kind}-{row.pk}"]


def test_what_is_ticked_in_another_form_stays_ticked(anna: Person):
    used = SourceFactory()
    UpdateFactory(changeset=(row := UpdateFactory(cited=[])).changeset, cited=[used])
    answer = anna.hx_post(sources_of(row), {"source": SourceFactory().pk, "positions_sources": used.pk})
    offered = Page(answer).root.find("add-positions-used")[0]
    boxes = {n.attributes["value"]: "checked" in n.attributes for n, _p in offered.walk() if n.tag == "input"}
    assert boxes[str(used.pk)] is True
    assert list(boxes.values()).count(False) == 1


def test_searching_answers_with_what_was_found(anna: Person):
    row = UpdateFactory(cited=[])
    SourceFactory(publisher="Sueddeutsche", title="Schweden stellt Gripen", published_on=day("2026-01-07"))
    SourceFactory(publisher="Göteborgs-Posten", title="Gripen till Ukraina")
    SourceFactory(publisher="Other", title="Nothing of the kind")
    target = {"HX-Target": f"updates-{row.pk}-found"}
    assert found(anna.hx_get(sources_of(row), {"q": "gripe"}, **target)) == [
        "Sueddeutsche, 7 Jan 2026",
        "Göteborgs-Posten",
    ]
    assert found(anna.hx_get(sources_of(row), {"q": "GOTEBORGS gripen"}, **target)) == ["Göteborgs-Posten"]
    answer = anna.hx_get(sources_of(row), {"q": "' & | ! :* \\ zzz"}, **target)
    assert "Nothing found. Add it by its address below." in Page(answer).root.text()
    assert found(anna.hx_get(sources_of(row), {"q": "  "}, **target)) == []


def test_an_address_finds_its_source(anna: Person):
    row = UpdateFactory(cited=[])
    SourceFactory(publisher="There", url="https://example.org/story/7")
    assert found(anna.hx_get(sources_of(row), {"q": "https://example.org/story/7#top"})) == ["There"]


def test_sources_used_before_are_offered_first(anna: Person):
    row = UpdateFactory(cited=[])
    UpdateFactory(changeset=row.changeset, cited=[SourceFactory(publisher="Used Gazette")])
    assert found(anna.hx_get(sources_of(row))) == ["Used Gazette"]


def test_a_closed_choice_leaves_the_page_as_it_was(anna: Person):
    row = UpdateFactory()
    page = anna.page(sheet_of(row.changeset))
    page.swap(anna.hx_get(sources_of(row)), f"updates-{row.pk}-picker")
    page.swap(anna.hx_get(f"{sources_of(row)}?close"), f"updates-{row.pk}-picker")
    assert page == anna.page(sheet_of(row.changeset))


def test_a_new_source_is_added_and_cited(anna: Person):
    row = UpdateFactory(cited=[])
    page = anna.page(sheet_of(row.changeset))
    sent = NEW | {
        "url": "HTTPS://Example.org/new?utm_source=mail#part",
        "title": "Seven go",
        "published_on": "2026-03-12",
    }
    page.swap(anna.hx_post(f"{sources_of(row)}new/", sent), f"updates-{row.pk}-picker")
    source = row.sources.get()
    assert (source.url, source.public_id, source.visible_from) == (
        "https://example.org/new",
        "new-gazette-2026-03-12-seven-go",
        None,
    )
    assert page == anna.page(sheet_of(row.changeset))


def test_an_address_on_record_is_enough(anna: Person):
    row = UpdateFactory(cited=[])
    source = SourceFactory(url="https://example.org/known")
    answer = anna.hx_post(f"{sources_of(row)}new/", {"url": "http://www.example.org/known/"})
    assert answer.status_code == 200
    assert [*row.sources.all()] == [source]


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"url": ""}, {"url": "This field is required."}),
        ({"url": "javascript:alert(1)"}, {"url": "An address starts with http:// or https:// and names a host."}),
        ({"publisher": ""}, {"publisher": "This field is required."}),
        ({"published_on": "yesterday"}, {"published_on": "Please give a day of the calendar in the form 2026-02-26."}),
        ({"kind": "rumour"}, {"kind": "Select a valid choice. rumour is not one of the available choices."}),
        (
            {"title": "a\u202eb"},
            {
                "title": "This text holds a character that is not allowed (U+202E): "
                "a control sign or a change of direction."
            },
        ),
        ({"language": "english"}, {"language": "Ensure this value has at most 3 characters (it has 7)."}),
    ],
)
def test_a_new_source_that_breaks_a_rule_comes_back_open(anna: Person, sent: dict[str, str], said: dict[str, str]):
    row = UpdateFactory(cited=[])
    answer = anna.hx_post(f"{sources_of(row)}new/", NEW | sent)
    assert (answer.status_code, errors(answer)) == (422, said)
    kept = fields(answer)
    assert {name: kept[name] for name in sent if name != "kind"} == {n: v for n, v in sent.items() if n != "kind"}
    assert "open" in Page(answer).root.first("details").attributes
    assert not row.sources.exists()


def test_a_source_taken_off_leaves_the_page_as_a_fresh_one(anna: Person):
    row = UpdateFactory()
    source = row.sources.get()
    page = anna.page(sheet_of(row.changeset))
    answer = anna.hx_post(f"{sources_of(row)}{source.pk}/remove/")
    page.swap(answer, f"updates-{row.pk}-picker")
    assert page == anna.page(sheet_of(row.changeset))
    assert not row.sources.exists()
    assert Source.objects.filter(pk=source.pk).exists()


def test_the_description_of_a_summit_has_its_sources(anna: Person):
    summit = SummitFactory(cited=[])
    source = SourceFactory(publisher="Found Gazette")
    Changeset.objects.update(summit=summit)
    page = anna.page(sheet_of(summit.changeset))
    path = sources_of(summit, "summits")
    page.swap(anna.hx_get(path), f"summits-{summit.pk}-picker")
    page.swap(anna.hx_post(path, {"source": source.pk}), f"summits-{summit.pk}-picker")
    assert [*summit.sources.all()] == [source]
    assert page == anna.page(sheet_of(summit.changeset))
    page.swap(anna.hx_post(f"{path}{source.pk}/remove/"), f"summits-{summit.pk}-picker")
    assert page == anna.page(sheet_of(summit.changeset))
    assert not summit.sources.exists()
    page.swap(anna.hx_post(f"{path}new/", NEW), f"summits-{summit.pk}-picker")
    assert page == anna.page(sheet_of(summit.changeset))


def test_a_public_summit_gets_a_source_from_the_changeset_about_it(anna: Person):
    summit = SummitFactory(cited=[])
    publish(summit.changeset, at=moment("2026-03-01"))
    changeset = ChangesetFactory(summit=summit)
    page = anna.page(sheet_of(changeset))
    path = f"{sources_of(summit, 'summits')}?changeset={changeset.pk}"
    page.swap(anna.hx_get(path), f"summits-{summit.pk}-picker")
    page.swap(anna.hx_post(path, {"source": SourceFactory().pk}), f"summits-{summit.pk}-picker")
    assert summit.sources.count() == 1
    assert page == anna.page(sheet_of(changeset))
    # A changeset about another summit is no way to it.
    other = ChangesetFactory()
    assert anna.get(f"{sources_of(summit, 'summits')}?changeset={other.pk}").status_code == 404


# --- Without script


@pytest.mark.parametrize(("factory", "kind"), CITING)
def test_without_script_the_choice_opens_on_the_sheet(anna: Person, factory: Any, kind: str):
    row = factory(cited=[])
    with_summit(row)
    source = SourceFactory(publisher="Found Gazette")
    response = anna.get(sources_of(row, kind), {"q": "found"})
    picker = Page(response).root.find(f"{kind}-{row.pk}-picker")[0]
    assert "Found Gazette" in picker.text()
    response = anna.post(sources_of(row, kind), {"source": source.pk})
    assert (response.status_code, response["Location"]) == (303, f"{sheet_of(row.changeset)}#{kind}-{row.pk}")


def test_without_script_an_invalid_new_source_is_shown_on_the_sheet(anna: Person):
    row = UpdateFactory(cited=[])
    response = anna.post(f"{sources_of(row)}new/", NEW | {"publisher": ""})
    assert (response.status_code, errors(response)) == (422, {"publisher": "This field is required."})
    assert fields(response)["url"] == "https://example.org/new"


def test_without_script_the_sources_of_a_summit_are_chosen_on_the_sheet(anna: Person):
    summit = SummitFactory(cited=[])
    Changeset.objects.update(summit=summit)
    response = anna.get(sources_of(summit, "summits"))
    picker = Page(response).root.find(f"summits-{summit.pk}-picker")[0]
    assert "Look for a source on record" in picker.text()


# --- What is refused


@pytest.mark.parametrize("source", ["", "x", "999999", "9" * 30, "-1"])
def test_only_sources_on_record_are_picked(anna: Person, source: str):
    row = UpdateFactory(cited=[])
    assert anna.hx_post(sources_of(row), {"source": source}).status_code == 404
    assert not row.sources.exists()


def test_the_sources_of_a_published_row_stay(anna: Person):
    row = UpdateFactory()
    source = row.sources.get()
    publish(row.changeset, at=moment("2026-03-01"))
    for path in (sources_of(row), f"{sources_of(row)}{source.pk}/remove/", f"{sources_of(row)}new/"):
        assert anna.hx_post(path, {"source": source.pk} | NEW).status_code == 404
    assert [*row.sources.all()] == [source]


@pytest.mark.parametrize("kind", ["updates", "summits"])
def test_nothing_is_cited_in_a_changeset_that_waits(anna: Person, kind: str):
    row: Any = UpdateFactory() if kind == "updates" else SummitFactory()
    source = row.sources.get()
    Changeset.objects.update(summit=row if kind == "summits" else None, state="submitted")
    for path in (sources_of(row, kind), f"{sources_of(row, kind)}{source.pk}/remove/"):
        answer = anna.hx_post(path, {"source": source.pk})
        assert (answer.status_code, answer["HX-Reswap"]) == (409, "none")
        assert "cannot be changed now" in Page(answer).root.text()
        assert anna.post(path, {"source": source.pk}).status_code == 303


# --- Mending


def test_a_source_is_mended_by_hand(anna: Person):
    source = SourceFactory(title="")
    path = f"/desk/sources/{source.pk}/"
    response = anna.post(f"{path}?back=/desk/", fields(anna.get(path)) | {"title": "The headline"})
    assert (response.status_code, response["Location"]) == (303, "/desk/")
    source.refresh_from_db()
    assert (source.title, source.version) == ("The headline", 2)


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
def test_the_way_back_leads_nowhere_else(anna: Person, back: str):
    path = f"/desk/sources/{SourceFactory().pk}/"
    response = anna.post(f"{path}?back={back}", fields(anna.get(path)))
    assert response["Location"] == path


def test_a_source_that_was_mended_meanwhile_shows_both(anna: Person):
    source = SourceFactory(publisher="Gazette", title="Old")
    path = f"/desk/sources/{source.pk}/"
    sent = fields(anna.get(path))
    anna.post(path, sent | {"title": "Anna's"})
    response = Person().post(path, sent | {"title": "Mine"})
    text = Page(response).root.text()
    assert (response.status_code, fields(response)["title"]) == (409, "Mine")
    assert "Yours, not saved Gazette · Mine Theirs, saved Gazette · Anna's Who, when anna," in text


def test_a_mended_source_keeps_the_rules(anna: Person):
    other = SourceFactory(url="https://example.org/taken")
    path = f"/desk/sources/{SourceFactory().pk}/"
    response = anna.post(path, fields(anna.get(path)) | {"url": other.url, "publisher": "Mine"})
    assert (response.status_code, errors(response)) == (
        422,
        {"url": "A source with this address is already on record."},
    )
    assert fields(response)["publisher"] == "Mine"
