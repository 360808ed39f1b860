"""What an address tells of a source."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from guarantees.queries.sources import EARLIEST, day_in, proposed
from tests.factories import SourceFactory, day

TODAY = day("2026-11-24")
BETWEEN = st.dates(EARLIEST, TODAY)


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://example.org/2026/01/06/summit", "2026-01-06"),
        ("https://example.org/2026/1/6/summit", "2026-01-06"),
        ("https://example.org/world/2026/jan/06/summit", "2026-01-06"),
        ("https://example.org/summit-2026-01-06.html", "2026-01-06"),
        ("https://example.org/20260106-summit", "2026-01-06"),
        ("https://example.org/a?date=2026-01-06", "2026-01-06"),
        ("https://example.org/2026/01/07/what-was-said-on-2026-01-06", "2026-01-07"),
        ("https://example.org/2026/13/06/", None),
        ("https://example.org/2026/02/30/", None),
        ("https://example.org/2026/11/25/", None),
        ("https://example.org/1926/01/06/", None),
        ("https://example.org/120260106", None),
        ("https://example.org/12026-01-06", None),
        ("https://example.org/2026/01/", None),
        ("https://example.org/2026/13/06/2026-01-06", "2026-01-06"),
    ],
)
def test_only_a_real_day_that_is_past_is_found(url: str, found: str | None):
    assert day_in(url, TODAY) == (day(found) if found else None)


@given(BETWEEN, st.sampled_from(["/%Y/%m/%d/", "-%Y-%m-%d.html", "/%Y%m%d"]))
def test_every_day_is_found_in_every_way_of_writing_it(date: dt.date, written: str):
    assert day_in("https://example.org/story" + date.strftime(written), TODAY) == date


@given(st.text(), BETWEEN)
def test_whatever_an_address_holds_a_day_found_is_past(text: str, today: dt.date):
    found = day_in(text, today)
    assert found is None or EARLIEST <= found <= today


@pytest.mark.django_db
def test_sources_of_the_same_host_decide(django_assert_num_queries: DjangoAssertNumQueries):
    for number in (1, 2):
        SourceFactory(url=f"https://www.agency.example/{number}", publisher="Agency", language="fr", kind="official")
    SourceFactory(url="https://agency.example/3", publisher="Agency guest", language="en", kind="news")
    SourceFactory(url="https://notagency.example/4", publisher="Other")
    SourceFactory(url="https://example.org/?from=agency.example", publisher="Other")
    with django_assert_num_queries(1):
        found = proposed("http://AGENCY.example/2026/01/06/x", TODAY)
    assert found.values == {
        "publisher": "Agency",
        "language": "fr",
        "kind": "official",
        "published_on": day("2026-01-06"),
    }
    assert (found.host, found.resting_on) == ("agency.example", 2)


@pytest.mark.django_db
def test_a_host_of_the_same_publisher_decides_where_there_is_no_other():
    SourceFactory(url="https://agency.example/1", publisher="Agency")
    assert proposed("https://en.agency.example/2", TODAY).publisher == "Agency"
    SourceFactory(url="https://uk.ministry.example/1", publisher="Ministry")
    assert proposed("https://ministry.example/2", TODAY).publisher == "Ministry"
    # Under one roof sit two publishers: nothing tells which it is.
    SourceFactory(url="https://army.ministry.example/1", publisher="Army")
    assert proposed("https://ministry.example/2", TODAY).values == {}
    # One host beside another is not its own.
    assert proposed("https://navy.ministry.example/2", TODAY).values == {}


@pytest.mark.django_db
@pytest.mark.parametrize("url", ["", "   ", "nonsense", "http://[", "mailto:a@example.org", "https://nobody.example/"])
def test_an_address_without_a_known_host_proposes_nothing(url: str):
    SourceFactory()
    assert proposed(url, TODAY).values == {}
