"""Publishers are rated at the desk; readers see the letter, its words and the reason."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from guarantees.editing import publishers
from guarantees.editing.errors import Forbidden, Refused
from guarantees.models import Publisher
from tests.desk import Person, errors, fields
from tests.factories import SourceFactory, UpdateFactory, UserFactory, editor, moment, publish, reviewer
from tests.htmx_swap import Page
from tests.pages import page, table
from tests.strict_client import StrictClient

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("today")]
NAME = "Gazette & Sons/Paris?"
PATH = "/desk/publishers/Gazette%20&%20Sons/Paris%3F/"
SENT = {"reliability": "B", "reason": "It has been right before.", "version": "0", "seen": ""}


@pytest.fixture
def anna() -> Person:
    return Person(editor(username="anna"))


def test_the_list_puts_first_what_is_not_rated(anna: Person, django_assert_num_queries: DjangoAssertNumQueries):
    for publisher, number in (("Rated", 3), ("Small", 1), ("Large", 2)):
        for _ in range(number):
            SourceFactory(publisher=publisher)
    Publisher.objects.create(name="Rated", reliability="C", reason="Now and then.")
    Publisher.objects.create(name="Gone", reliability="A", reason="No source names it any more.")
    anna.get("/desk/publishers/")
    with django_assert_num_queries(6):  # session, user, two for the rights, sources, ratings
        response = anna.get("/desk/publishers/")
    assert table(page(response), "publishers-caption") == [
        ["Large", "2", "not rated", ""],
        ["Small", "1", "not rated", ""],
        ["Rated", "3", "C Fairly reliable.", "Now and then."],
    ]
    assert "2 without a rating" in page(response).text


@pytest.mark.parametrize("who", [editor, reviewer])
def test_a_publisher_is_rated_by_editors_and_reviewers(who: Any):
    SourceFactory(publisher=NAME)
    person = Person(who(username="rita"))
    response = person.get(PATH)
    assert response.status_code == 200
    assert fields(response)["version"] == "0"
    response = person.post(PATH, SENT)
    assert (response.status_code, response["Location"]) == (303, "/desk/publishers/")
    rating = Publisher.objects.get()
    assert (rating.name, rating.reliability, rating.reason, rating.version) == (NAME, "B", SENT["reason"], 1)
    # Sent again, it changes nothing.
    assert person.post(PATH, SENT).status_code == 303
    sent = fields(person.get(PATH))
    assert (sent["reliability"], sent["reason"]) == ("B", SENT["reason"])
    person.post(PATH, sent | {"reliability": "E", "reason": "It was wrong."})
    rating.refresh_from_db()
    assert (rating.reliability, rating.version, rating.events.count()) == ("E", 2, 2)


@pytest.mark.parametrize("rated_before", [True, False])
def test_two_ratings_at_once_show_both(anna: Person, rated_before: bool):
    SourceFactory(publisher=NAME)
    if rated_before:
        Publisher.objects.create(name=NAME, reliability="C", reason="So so.")
    sent = fields(anna.get(PATH))
    anna.post(PATH, sent | {"reliability": "B", "reason": "Anna's reason."})
    response = Person().post(PATH, sent | {"reliability": "D", "reason": "My reason."})
    text = Page(response).root.text()
    assert (response.status_code, fields(response)["reason"]) == (409, "My reason.")
    assert "Yours, not saved D · My reason. Theirs, saved B · Anna's reason. Who, when anna," in text
    assert Publisher.objects.get().reason == "Anna's reason."
    assert Person().post(PATH, fields(response)).status_code == 303
    assert Publisher.objects.get().reliability == "D"


@pytest.mark.parametrize(
    ("sent", "name"),
    [({"reliability": "G"}, "reliability"), ({"reason": " "}, "reason"), ({"reason": "a\u202eb"}, "reason")],
)
def test_a_rating_that_breaks_a_rule_comes_back(anna: Person, sent: dict[str, str], name: str):
    SourceFactory(publisher=NAME)
    response = anna.post(PATH, SENT | sent)
    assert response.status_code == 422
    assert [*errors(response)] == ([name] if name == "reason" else ["id_reliability"])
    assert not Publisher.objects.exists()


def test_a_publisher_that_no_source_names_is_not_there(anna: Person):
    assert anna.get("/desk/publishers/Nobody/").status_code == 404
    with pytest.raises(Refused):
        publishers.rate(by=anna.user, name="Nobody", version=0, seen="", reliability="A", reason="x")
    with pytest.raises(Forbidden):
        publishers.rate(by=UserFactory(), name="Nobody", version=0, seen="", reliability="A", reason="x")


def test_readers_see_letter_words_and_reason_and_where_it_stands(anna: Person):
    source = SourceFactory(public_id="report", publisher=NAME)
    update = UpdateFactory(cited=[])
    update.citations.create(source=source, locator="<b>p. 4</b>", credibility=2)
    publish(update.changeset, moment("2026-01-01"))
    reader: Any = StrictClient()
    response = reader.get("/sources/report/")
    assert page(response).one("div", id="reliability").text == "Reliability of the publisher not rated"
    assert "in the source: <b>p. 4</b> · credibility 2, probably true" in page(response).text
    anna.post(PATH, SENT)
    changed = reader.get("/sources/report/", headers={"If-None-Match": response["ETag"]})
    assert changed.status_code == 200
    assert page(changed).one("div", id="reliability").text == (
        "Reliability of the publisher B Usually reliable. It has been right before."
    )
