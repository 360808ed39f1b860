"""Parameters of lists: read strictly, and refused with their name, their value and what is accepted."""

import pytest
from django.http import QueryDict
from django.test import RequestFactory

from guarantees.clock import BadParameter, Clock
from guarantees.forms import parameters
from guarantees.forms.parameters import Choice, FilterTag
from tests.factories import day, moment


def refusal(read, query: str, *args, **options) -> tuple[str, str, str]:
    with pytest.raises(BadParameter) as caught:
        read(QueryDict(query), *args, **options)
    return caught.value.name, caught.value.value, caught.value.accepted


@pytest.mark.parametrize(("query", "expected"), [("", "name"), ("sort=", "name"), ("sort=date", "date")])
def test_one_code_is_read_or_its_default_given(query: str, expected: str):
    assert parameters.one_of(QueryDict(query), "sort", ["name", "date"], default="name") == expected


def test_an_unknown_code_is_refused_with_the_accepted_ones():
    assert refusal(parameters.one_of, "sort=size", "sort", ["name", "date"]) == ("sort", "size", "one of: name, date")


def test_several_codes_are_read_once_each_in_one_order():
    query = QueryDict("kind=call&kind=leaders&kind=call&kind=")
    assert parameters.several(query, "kind", ["leaders", "advisers", "call"]) == ["leaders", "call"]


def test_one_unknown_code_among_several_is_refused():
    accepted = ["leaders", "call"]
    assert refusal(parameters.several, "kind=call&kind=Leaders", "kind", accepted) == (
        "kind",
        "Leaders",
        "one of: leaders, call",
    )


def test_a_search_text_is_trimmed():
    assert parameters.text(QueryDict("q=++Kyiv+call+")) == "Kyiv call"


@pytest.mark.parametrize("value", ["x" * 201, "a\x00b", "\u202eabc"])
def test_a_search_text_that_no_row_can_hold_is_refused(value: str):
    query = QueryDict(mutable=True)
    query["q"] = value
    with pytest.raises(BadParameter) as caught:
        parameters.text(query)
    assert (caught.value.name, caught.value.accepted) == (
        "q",
        "a text of at most 200 characters, without control characters",
    )


@pytest.mark.parametrize(("query", "expected"), [("", [0, 1]), ("page=", [0, 1]), ("page=2", [2, 3]), ("page=03", [4])])
def test_a_page_is_read(query: str, expected: list[int]):
    assert list(parameters.page_of(QueryDict(query), range(5), 2)) == expected


@pytest.mark.parametrize("value", ["0", "4", "-1", "1.5", "last", "٣", "9" * 40])
def test_a_page_that_does_not_exist_is_refused(value: str):
    assert refusal(parameters.page_of, f"page={value}", range(5), 2) == (
        "page",
        value,
        "the number of a page, from 1 to 3",
    )


def test_an_empty_list_has_one_page():
    assert list(parameters.page_of(QueryDict("page=1"), [], 2)) == []


def test_a_tag_leads_to_the_first_page_without_its_value():
    request = RequestFactory().get("/summits/?kind=call&kind=leaders&page=3&on=2025-09-04")
    choices = [Choice("leaders", "Leaders", True), Choice("advisers", "Advisers", False), Choice("call", "Call", True)]
    assert parameters.tags(request, "kind", "Level", choices) == [
        FilterTag("Level", "Leaders", "/summits/?kind=call&on=2025-09-04"),
        FilterTag("Level", "Call", "/summits/?kind=leaders&on=2025-09-04"),
    ]


def test_the_last_filter_leaves_a_bare_address():
    request = RequestFactory().get("/states/?q=kiew")
    assert parameters.address_without(request, "q") == "/states/"


def test_an_empty_list_suggests_to_do_without_each_filter():
    tags = [FilterTag("Level", "Call", "/summits/")]
    assert parameters.relaxations(tags) == [FilterTag("Level", "Without “Call”", "/summits/")]


def test_an_address_carries_the_clocks_that_were_set():
    present = Clock(day("2026-11-24"), moment("2026-11-24"))
    set_back = Clock(day("2025-09-04"), moment("2026-11-20T10:00:00"), on_given=True, known_given=True)
    assert parameters.address(present, "state-detail", "swe") == "/states/swe/"
    assert (
        parameters.address(set_back, "state-detail", "swe")
        == "/states/swe/?on=2025-09-04&known=2026-11-20T10%3A00%3A00Z"
    )
