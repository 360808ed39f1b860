"""New summits and sources, and reference rows edited in place."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from guarantees.addresses import normalised
from guarantees.editing import references
from guarantees.editing.errors import Forbidden, Refused, Stale
from guarantees.editing.references import source_at
from guarantees.editing.rows import fingerprint
from guarantees.models import Changeset, Source, Summit
from tests.factories import (
    ChangesetFactory,
    PledgeFactory,
    SourceFactory,
    StateFactory,
    SummitFactory,
    UserFactory,
    day,
    editor,
    moment,
    publish,
)

pytestmark = pytest.mark.django_db

REPORT = {"publisher": "Example Gazette", "title": "", "language": "en", "kind": "news", "published_on": None}
MEETING = {
    "title": "Oslo summit",
    "kind": "leaders",
    "format": "in_person",
    "start_date": day("2026-03-12"),
    "end_date": day("2026-03-12"),
    "summary": "They met.",
}


@pytest.fixture
def anna() -> User:
    return editor(username="anna")


# --- Addresses


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("HTTPS://Example.ORG/Path", "https://example.org/Path"),
        ("https://example.org:443", "https://example.org/"),
        ("http://example.org:80/a", "http://example.org/a"),
        ("https://example.org/a#top", "https://example.org/a"),
        ("https://example.org/a?utm_source=x&id=1&fbclid=y", "https://example.org/a?id=1"),
        ("https://example.org/a?q=a%20b&empty=", "https://example.org/a?q=a%20b&empty="),
        ("  https://example.org/a ", "https://example.org/a"),
    ],
)
def test_an_address_is_stored_in_one_spelling(typed: str, stored: str):
    assert normalised(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "http://example.org/report",
        "https://www.example.org/report/",
        "https://EXAMPLE.org/report?utm_campaign=x#part",
    ],
)
def test_a_source_is_found_under_any_spelling_of_its_address(typed: str):
    source = SourceFactory(url="https://example.org/report")
    assert source_at(typed) == source


@pytest.mark.parametrize("typed", ["https://example.org/report2", "https://example.org/report?id=2", "https://[", "x"])
def test_another_address_is_another_source(typed: str):
    SourceFactory(url="https://example.org/report")
    assert source_at(typed) is None


# --- Sources


def test_a_source_gets_its_id_from_publisher_day_and_headline(anna: User):
    values = REPORT | {
        "url": "https://example.org/1",
        "published_on": day("2026-03-12"),
        "title": "Five go to Oslo, six to Rome",
    }
    assert references.add_source(by=anna, values=values).public_id == "example-gazette-2026-03-12-five-go-to-oslo"
    again = references.add_source(by=anna, values=values | {"url": "https://example.org/2"})
    assert again.public_id == "example-gazette-2026-03-12-five-go-to-oslo-2"


def test_adding_an_address_that_is_on_record_gives_that_source(anna: User):
    source = SourceFactory(url="https://example.org/report")
    found = references.add_source(by=anna, values=REPORT | {"url": "http://www.example.org/report/?utm_source=x"})
    assert (found, Source.objects.count()) == (source, 1)


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({"url": "ftp://example.org/"}, {"url": ["An address starts with http:// or https:// and names a host."]}),
        ({"url": "https://"}, {"url": ["An address starts with http:// or https:// and names a host."]}),
        ({"url": "javascript:alert(1)"}, {"url": ["An address starts with http:// or https:// and names a host."]}),
        ({"url": "https://[x"}, {"url": ["This is not an address."]}),
        ({"publisher": " "}, {"publisher": ["This field cannot be blank."]}),
        ({"kind": "rumour"}, {"kind": ["Value 'rumour' is not a valid choice."]}),
    ],
)
def test_a_source_that_breaks_a_rule_is_refused_beside_its_field(anna: User, values: Any, errors: Any):
    with pytest.raises(ValidationError) as refused:
        references.add_source(by=anna, values=REPORT | {"url": "https://example.org/1"} | values)
    assert refused.value.message_dict == errors


def test_a_source_is_mended_for_everybody_and_its_history_kept(anna: User):
    source = SourceFactory(title="")
    seen = fingerprint(source, ["title", "url"])
    values = {"title": "The headline", "url": "HTTPS://example.org/mended#x"}
    mended = references.edit_source(by=anna, source=source, version=1, seen=seen, values=values)
    assert (mended.title, mended.url, mended.version) == ("The headline", "https://example.org/mended", 2)
    assert "the headline" in mended.search_text
    with pytest.raises(Stale) as stale:
        references.edit_source(by=editor(), source=source, version=1, seen=seen, values={"title": "Mine"})
    assert stale.value.who == "anna"


def test_two_sources_do_not_share_an_address(anna: User):
    SourceFactory(url="https://example.org/1")
    with pytest.raises(ValidationError) as refused:
        references.edit_source(
            by=anna, source=SourceFactory(), version=1, seen="", values={"url": "https://example.org/1"}
        )
    assert refused.value.message_dict == {"url": ["A source with this address is already on record."]}


def test_people_without_the_permission_add_and_mend_no_source():
    with pytest.raises(Forbidden):
        references.add_source(by=UserFactory(), values=REPORT | {"url": "https://example.org/1"})
    with pytest.raises(Forbidden):
        references.edit_source(by=UserFactory(), source=SourceFactory(), version=1, seen="", values={"title": "X"})


# --- Summits


def test_a_draft_summit_is_named_by_place_and_day(anna: User):
    changeset = ChangesetFactory()
    values = MEETING | {"city": "Oslo", "country": StateFactory(code="NOR")}
    summit = references.add_summit(by=anna, changeset=changeset, values=values, sources=[SourceFactory()])
    changeset.refresh_from_db()
    assert (summit.slug, summit.visible_from, changeset.summit) == ("oslo-2026-03-12", None, summit)
    assert summit.sources.count() == 1
    # The same form once more is the same summit; another one has no place in this changeset.
    assert references.add_summit(by=anna, changeset=changeset, values=values) == summit
    with pytest.raises(Refused, match="about “Oslo summit” already"):
        references.add_summit(by=anna, changeset=changeset, values=values | {"title": "Rome summit"})
    other = references.add_summit(by=anna, changeset=ChangesetFactory(), values=values)
    assert other.slug == "oslo-2026-03-12-2"


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({"end_date": day("2026-03-11")}, {"end_date": ["The last day cannot be before the first."]}),
        ({"city": "Oslo"}, {"country": ["Where there is a city there is a country."]}),
        ({"title": ""}, {"title": ["This field cannot be blank."]}),
    ],
)
def test_a_summit_that_breaks_a_rule_is_refused_beside_its_field(anna: User, values: Any, errors: Any):
    with pytest.raises(ValidationError) as refused:
        references.add_summit(by=anna, changeset=ChangesetFactory(), values=MEETING | values)
    assert refused.value.message_dict == errors
    assert not Summit.objects.exists()


def test_a_draft_summit_is_edited_within_its_changeset(anna: User):
    summit = SummitFactory()
    edited = references.edit_summit(by=anna, summit=summit, version=1, seen="", values={"title": "New title"})
    assert (edited.title, [*edited.changeset.authors.all()]) == ("New title", [anna])
    Changeset.objects.update(state="submitted")
    with pytest.raises(Refused, match="waiting for review"):
        references.edit_summit(by=anna, summit=edited, version=2, seen="", values={"title": "Newer"})


def test_a_public_summit_is_edited_for_everybody(anna: User):
    summit = SummitFactory()
    publish(summit.changeset, at=moment("2026-03-01"))
    summit.refresh_from_db()
    edited = references.edit_summit(by=anna, summit=summit, version=1, seen="", values={"city": "", "title": "New"})
    assert (edited.title, edited.changeset.authors.exists()) == ("New", False)


def test_sources_are_put_on_a_summit_and_taken_off(anna: User):
    summit = SummitFactory(cited=[])
    source = SourceFactory()
    for _time in range(2):
        references.cite_summit(by=anna, summit=summit, source=source)
    assert [*summit.sources.all()] == [source]
    references.uncite_summit(by=anna, summit=summit, source=source)
    assert not summit.sources.exists()


def test_the_title_of_a_pledge_is_changed_in_place(anna: User):
    pledge = PledgeFactory()
    assert references.edit_pledge(by=anna, pledge=pledge, version=1, seen="", title="Better").title == "Better"
    publish(pledge.changeset, at=moment("2026-03-01"))
    pledge.refresh_from_db()
    assert references.edit_pledge(by=anna, pledge=pledge, version=2, seen="", title="Best").title == "Best"
