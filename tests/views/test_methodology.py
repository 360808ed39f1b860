"""The methodology page: every word of the vocabulary, and every rule, where other pages link to."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from guarantees import vocabulary
from guarantees.models import Changeset, Condition
from guarantees.queries.counting import COUNTING_RULES
from guarantees.views.methodology import OTHER_WORDS, PLEDGE_WORDS
from guarantees.vocabulary import Availability, ConditionValue, Status, Term
from tests.factories import ChangesetFactory, ConditionFactory, moment, publish
from tests.pages import Node, page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("today")]

NOT_PRINTED = {
    "ConditionCode": "its definitions are records",
    "FactKind": "the page explains updates, positions and the others in its prose",
    "NoticeKind": "only the desk sees it",
    "DeskRole": "only the desk sees it",
    "DuplicateKind": "only the desk sees it",
    "DuplicateVerdict": "only the desk sees it",
    "ImportFormat": "only the desk sees it",
    "ImportStage": "only the desk sees it",
}


def definitions(root: Node, anchor: str) -> dict[str, tuple[str, str]]:
    """What stands under an anchor: by code the label and the definition."""
    found = {}
    for line in root.one("main").all("div"):
        identity = line.attributes.get("id", "")
        if identity.startswith(f"{anchor}-") and line.all("dt"):
            found[identity.removeprefix(f"{anchor}-")] = (line.one("dt").text, line.one("dd").text)
    return found


@pytest.fixture
def root(client: Any) -> Node:
    return page(client.get("/methodology/"))


def test_every_status_stands_at_its_anchor_with_its_definition(root: Node):
    printed = definitions(root, "status")
    assert printed == {
        status.value: (str(status.label), f"{status.definition}{' Firm.' if status.is_firm else ''}")
        for status in Status
    }
    assert list(printed)[:6] == ["signalled", "announced", "committed", "authorised", "under_way", "delivered"]


@pytest.mark.parametrize("words", [*PLEDGE_WORDS, *OTHER_WORDS], ids=lambda words: words.anchor)
def test_every_word_of_a_vocabulary_stands_at_its_anchor(root: Node, words: Any):
    section = root.one("section", id=words.anchor)
    assert definitions(section_page(section), words.anchor) == {
        term.value: (str(term.label), str(term.definition)) for term in words.terms
    }


def section_page(section: Node) -> Node:
    """A page that holds this section alone, so that anchors of other vocabularies do not match."""
    main = Node("main", {})
    main.children.append(section)
    root = Node("", {})
    root.children.append(main)
    return root


@pytest.mark.parametrize(("anchor", "terms"), [("availability", Availability), ("condition-value", ConditionValue)])
def test_availability_and_the_states_of_conditions_are_defined(root: Node, anchor: str, terms: type[Term]):
    assert definitions(root, anchor) == {term.value: (str(term.label), str(term.definition)) for term in terms}


def test_no_vocabulary_is_forgotten():
    printed = {words.terms for words in (*PLEDGE_WORDS, *OTHER_WORDS)} | {Status, Availability, ConditionValue}
    all_terms = {
        value for value in vars(vocabulary).values() if isinstance(value, type) and issubclass(value, Term)
    } - {Term}
    assert {terms.__name__ for terms in all_terms - printed} == set(NOT_PRINTED)


def test_conditions_are_defined_by_their_records(client: Any):
    ConditionFactory(code="us_backstop", definition="As this record says.")
    root = page(client.get("/methodology/"))
    section = root.one("section", id="conditions")
    assert [(line.attributes["id"], line.text) for line in section.all("dl")[0].all("div")] == [
        ("condition-us_backstop", "US backstop As this record says.")
    ]


def test_the_real_conditions_are_all_defined(client: Any, record: Changeset):
    section = page(client.get("/methodology/")).one("section", id="conditions")
    printed = [line.one("dd").text for line in section.all("dl")[0].all("div")]
    assert printed == [condition.definition for condition in Condition.objects.order_by("code")]
    assert len(printed) == 7


def test_the_counting_rules_are_printed_as_the_code_holds_them(root: Node):
    rules = root.one("section", id="counting").one("ol").all("li")
    assert [(rule.attributes["id"], rule.text) for rule in rules] == [
        (f"rule-{number}", str(text)) for number, text in enumerate(COUNTING_RULES, start=1)
    ]


def test_every_heading_of_the_table_of_contents_is_on_the_page(root: Node):
    anchors = [link.attributes["href"][1:] for link in root.one("nav", class_="contents").all("a")]
    assert [root.one("section", id=anchor).attributes["id"] for anchor in anchors] == anchors


def test_nine_limits_are_known(root: Node):
    assert len(root.one("section", id="limits").one("ol").all("li")) == 9


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "http://testserver/methodology/?on=2026-11-24&known=2026-02-01T18:00:00Z"),
        ("?on=2025-09-04", "http://testserver/methodology/?on=2025-09-04&known=2026-02-01T18:00:00Z"),
        (
            "?known=2026-01-31T00:00:00Z",
            "http://testserver/methodology/?on=2026-11-24&known=2026-01-01T00:00:00Z",
        ),
    ],
)
def test_the_citation_names_the_day_and_the_last_publication(client: Any, query: str, expected: str):
    publish(ChangesetFactory(), moment("2026-01-01"))
    publish(ChangesetFactory(), moment("2026-02-01T18:00:00"))
    citation = page(client.get(f"/methodology/{query}")).one("section", id="cite").one("blockquote").text
    assert citation.split()[-1] == expected


@pytest.mark.parametrize("number", [1, 3])
def test_the_page_takes_four_queries_for_any_number_of_conditions(
    client: Any, django_assert_num_queries: DjangoAssertNumQueries, number: int
):
    for code in ("ceasefire", "us_backstop", "un_mandate")[:number]:
        ConditionFactory(code=code)
    with django_assert_num_queries(3):
        client.get("/methodology/")
