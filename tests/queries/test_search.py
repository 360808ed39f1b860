"""Search: what is found, in which order, and what of it is marked."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from guarantees.clock import Clock
from guarantees.models import Changeset, Pledge, PledgeUpdate, Position, Source, State, StateAlias, Summit
from guarantees.queries import search as queries
from guarantees.queries.search import KINDS, Marked, Marker, Search, Word, words_of
from guarantees.text import fold
from tests.factories import (
    ChangesetFactory,
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

PUBLISHED = moment("2026-01-01")
PRESENT = Clock(day("2026-11-24"), moment("2026-11-24"))


def ids(text: str, kind: str, clock: Clock = PRESENT) -> list[str]:
    """The codes of what is found of a kind, in order."""
    rows, number = Search.of(text, clock).first(kind, 1000)
    assert number == len(rows)
    match kind:
        case "states":
            return [row.state.code for row in rows]
        case "pledges":
            return [row.pledge.slug for row in rows]
        case "summits":
            return [row.slug for row in rows]
        case _:
            return [row.public_id for row in rows]


# --- Words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("France  TROOPS", ["france", "troops"]),
        ("Türkiye’s", ["turkiye", "s"]),
        ("troops troops", ["troops"]),
        ("paris-2025-09-04", ["paris", "2025", "09", "04"]),
        ("1.6 billion, 5,000", ["1.6", "billion", "5", "000"]),
        ("snake_case & | ! ( ) : * ' \" \\ < > %", ["snake", "case"]),
        ("Київ", ["киів"]),
        ("", []),
        ("…!?", []),
    ],
)
def test_a_text_is_taken_apart_into_words(text: str, words: list[str]):
    assert words_of(text) == words


@pytest.mark.django_db
def test_words_of_every_english_text_and_words_beyond_the_twelfth_are_passed_over():
    letters = "troops of ukraine the peace force plan ship aircraft money train lead talks vote call"
    found = Search.of(letters, PRESENT)
    assert [word.text for word in found.words] == [
        *("troops", "ukraine", "peace", "force", "plan", "ship", "aircraft", "money", "train", "lead", "talks", "vote"),
    ]
    assert found.passed_over == ["of", "the", "call"]


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["", "   ", "…", "the of and"])
def test_a_text_without_words_finds_nothing(record: Changeset, text: str):
    found = Search.of(text, PRESENT)
    assert found.counts() == dict.fromkeys(KINDS, 0)
    assert [found.first(kind, 10) for kind in KINDS] == [([], 0)] * 6


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["train", "traini", "trainin", "training", "TRAINS", "Tráining"])
def test_any_beginning_of_a_word_finds_it(text: str):
    update = UpdateFactory(pledge__title="Something else", pledge__slug="x-1", public_id="u", summary="Training began.")
    publish(update.changeset, PUBLISHED)
    assert ids(text, "updates") == ["u"]


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["trainer", "raining", "training soldiers"])
def test_every_word_must_occur(text: str):
    update = UpdateFactory(pledge__title="Something else", pledge__slug="x-1", summary="Training began.")
    publish(update.changeset, PUBLISHED)
    assert ids(text, "updates") == []


# --- Names


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["france troops", "troops FRA", "Frankreich Troops", "franc troop", "fra-troops"])
def test_a_states_name_in_any_language_matches_its_pledges(record: Changeset, text: str):
    assert ids(text, "pledges") == ["fra-troops"]


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["Turkey", "Türkei", "TURKIYE", "tur", "Туреччина"])
def test_a_state_is_found_by_every_name(record: Changeset, text: str):
    assert ids(text, "states")[0] == "TUR"


@pytest.mark.django_db
def test_a_state_is_found_if_one_of_its_names_has_every_word(record: Changeset):
    assert ids("united", "states") == ["ARE", "GBR", "USA"]
    assert ids("united kingdom", "states") == ["GBR"]
    assert ids("kingdom gbr", "states") == []


@pytest.mark.django_db
def test_the_state_that_is_called_just_so_comes_first():
    StateFactory(code="QMA", name="Alpha Bravo")
    StateFactory(code="QMB", name="Bravo")
    assert ids("bravo", "states") == ["QMB", "QMA"]
    assert ids("bra", "states") == ["QMA", "QMB"]


@pytest.mark.django_db
def test_meetings_in_kyiv_are_found_by_other_names_of_the_city(record: Changeset):
    in_kyiv = {summit.slug for summit in Summit.objects.filter(city="Kyiv")}
    found = ids("Kyiv", "summits")
    assert in_kyiv <= set(found)
    assert ids("Kiew", "summits") == ids("Kiev", "summits") == ids("Київ", "summits") == found
    # Meetings that have the name in their title or address come before those that only mention it.
    assert set(found[: len(in_kyiv)]) == in_kyiv


@pytest.mark.django_db
def test_a_capital_finds_its_state_but_not_all_that_is_the_states(record: Changeset):
    assert ids("Kiew", "states") == ["UKR"]
    assert ids("Moskau", "states") == ["RUS"]
    assert "uzhhorod-2025-09-05" not in ids("Kiew", "summits")


@pytest.mark.django_db
def test_a_short_name_stands_for_no_longer_word(record: Changeset):
    assert ids("UK troops", "pledges") == ["gbr-troops"]
    found = Search.of("UK", PRESENT)
    (word,) = found.words
    assert (word.is_whole, word.instead) == (True, {"united kingdom"})
    assert word.states == {State.objects.get(code="GBR").pk}


@pytest.mark.django_db
def test_a_text_that_names_a_state_in_english_is_found_by_its_other_names():
    StateAlias.objects.create(state=StateFactory(code="TUR", name="Türkiye"), alias="Turkey")
    StateFactory(code="GBR", name="United Kingdom")
    first = UpdateFactory(public_id="a", summary="Türkiye was asked.")
    second = UpdateFactory(changeset=first.changeset, public_id="b", summary="The United Kingdom was asked.")
    publish(first.changeset, PUBLISHED)
    assert ids("Turkey", "updates") == [first.public_id]
    assert ids("asked GBR", "updates") == [second.public_id]


@pytest.mark.django_db
def test_a_category_finds_its_pledges_whatever_their_title():
    pledge = PledgeFactory(slug="x-air", category="air_policing", title="Fighters")
    update = UpdateFactory(changeset=pledge.changeset, pledge=pledge, public_id="u")
    position = PositionFactory(changeset=pledge.changeset, subject="air_policing", public_id="p")
    publish(pledge.changeset, PUBLISHED)
    found = [ids("air policing", kind) for kind in ("pledges", "updates", "positions")]
    assert found == [["x-air"], [update.public_id], [position.public_id]]


def test_cities_are_known_by_their_names_in_english_german_and_ukrainian():
    cities = queries.place_names()
    assert {name: set(cities[name]) for name in ("kiew", "kiev", fold("Київ"), "kyiv", "brussel", "kopenhagen")} == {
        "kiew": {"kyiv"},
        "kiev": {"kyiv"},
        "киів": {"kyiv"},
        "kyiv": {"kyiv"},
        "brussel": {"brussels"},
        "kopenhagen": {"copenhagen"},
    }


# --- As of the clock, and only what is public


@pytest.fixture
def one_of_each() -> Changeset:
    """A changeset, still a draft, with one row of every kind that holds the word "quokka"."""
    changeset = ChangesetFactory()
    pledge = PledgeFactory(changeset=changeset, slug="x-quokka", title="Quokka")
    source = SourceFactory(public_id="source-quokka", title="Quokka")
    UpdateFactory(changeset=changeset, pledge=pledge, public_id="u", summary="Quokka.", cited=[source])
    PositionFactory(changeset=changeset, public_id="p", summary="Quokka.", cited=[source])
    SummitFactory(changeset=changeset, slug="quokka-meeting", cited=[source])
    return changeset


EVERYTHING = {"states": 0, "pledges": 1, "summits": 1, "updates": 1, "positions": 1, "sources": 1}


@pytest.mark.django_db
def test_nothing_is_found_before_it_is_public(one_of_each: Changeset):
    assert Search.of("quokka", PRESENT).counts() == dict.fromkeys(KINDS, 0)
    publish(one_of_each, moment("2026-02-01T12:00:00"))
    before, after = moment("2026-02-01T11:59:59"), moment("2026-02-01T12:00:00")
    assert Search.of("quokka", Clock(PRESENT.on, before)).counts() == dict.fromkeys(KINDS, 0)
    assert Search.of("quokka", Clock(PRESENT.on, after)).counts() == EVERYTHING


@pytest.mark.django_db
def test_what_was_said_later_is_not_found_on_an_earlier_day(one_of_each: Changeset):
    publish(one_of_each, PUBLISHED)
    the_day_before = Clock(day("2025-09-03"), PRESENT.known, on_given=True)
    assert Search.of("quokka", the_day_before).counts() == dict.fromkeys(KINDS, 0) | {"sources": 1}
    assert Search.of("quokka", Clock(day("2025-09-04"), PRESENT.known, on_given=True)).counts() == EVERYTHING


@pytest.mark.django_db
def test_a_meeting_to_come_is_found_unless_a_day_is_asked_for():
    summit = SummitFactory(slug="coming", title="Quokka summit", start_date=day("2027-01-01"))
    publish(summit.changeset, PUBLISHED)
    assert ids("quokka", "summits") == ["coming"]
    assert ids("quokka", "summits", Clock(day("2026-12-31"), PRESENT.known, on_given=True)) == []


# --- Order


@pytest.mark.django_db
def test_pledges_come_the_firmest_first_and_facts_the_newest_first():
    changeset = ChangesetFactory()
    for slug, status, date in (
        ("quokka-b", "announced", "2025-09-01"),
        ("quokka-a", "announced", "2025-09-02"),
        ("quokka-c", "committed", "2025-09-03"),
        ("quokka-d", "ruled_out", "2025-09-03"),
    ):
        pledge = PledgeFactory(changeset=changeset, slug=slug, title="Quokka")
        UpdateFactory(changeset=changeset, pledge=pledge, status=status, date=day(date), public_id=f"u-{slug}")
        PositionFactory(changeset=changeset, date=day(date), public_id=f"p-{slug}", topic="Quokka")
    publish(changeset, PUBLISHED)
    assert ids("quokka", "pledges") == ["quokka-c", "quokka-a", "quokka-b", "quokka-d"]
    newest_first = ["quokka-c", "quokka-d", "quokka-a", "quokka-b"]
    assert ids("quokka", "updates") == [f"u-{slug}" for slug in newest_first]
    assert ids("quokka", "positions") == [f"p-{slug}" for slug in newest_first]


@pytest.mark.django_db
def test_sources_come_the_newest_first_and_undated_ones_last():
    changeset = ChangesetFactory()
    sources = [
        SourceFactory(public_id="quokka-undated"),
        SourceFactory(public_id="quokka-old", published_on=day("2025-01-01")),
        SourceFactory(public_id="quokka-new", published_on=day("2025-02-01")),
    ]
    UpdateFactory(changeset=changeset, cited=sources)
    publish(changeset, PUBLISHED)
    assert ids("quokka", "sources") == ["quokka-new", "quokka-old", "quokka-undated"]


@pytest.mark.django_db
def test_first_rows_and_counts_agree_with_all_rows(record: Changeset):
    found = Search.of("ukraine force", PRESENT)
    counts = found.counts()
    assert counts == {kind: found.first(kind, 10)[1] for kind in KINDS}
    assert all(len(found.first(kind, 10)[0]) == min(10, counts[kind]) for kind in KINDS)
    assert list(found.updates()[:10]) == found.first("updates", 10)[0]


# --- Marking


def written(marked: Marked) -> str:
    """A marked text with its hits in brackets."""
    return "".join(f"[{piece}]" if is_found else piece for piece, is_found in marked)


def words(text: str) -> list[Word]:
    return list(Search.of(text, PRESENT).words)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "asked", "expected"),
    [
        ("Troops for Türkiye", "turk", "Troops for [Türkiye]"),
        ("TRAINING, trained; trains (untrained)", "training", "[TRAINING], [trained]; [trains] (untrained)"),
        ("In this country and other countries", "countries", "In this [country] and other [countries]"),
        ("Łódź and Straße", "lodz strasse", "[Łódź] and [Straße]"),
        ("Cafe\u0301 in Kyiv", "café kiew", "[Cafe\u0301] in [Kyiv]"),
        ("The police and a policy", "policing", "The [police] and a policy"),
        ("<b>bold</b> & 'troops'", "troops b", "<[b]>[bold]</[b]> & '[troops]'"),
        ("Nothing of it", "troops", "Nothing of it"),
        ("", "troops", ""),
        ("troops", "troops", "[troops]"),
    ],
)
def test_what_was_found_is_marked_in_the_text_as_it_stands(text: str, asked: str, expected: str):
    assert written(Marker(words(asked), [text]).mark(text)) == expected


@pytest.mark.django_db
def test_an_english_name_is_marked_that_was_found_by_another(record: Changeset):
    text = "Forces of the United Kingdom in the United States"
    assert written(Marker(words("UK"), [text]).mark(text)) == "Forces of the [United] [Kingdom] in the United States"


@pytest.mark.django_db
@pytest.mark.parametrize("place", [0, 400, 4000])
def test_a_long_text_is_cut_around_the_first_hit(place: int):
    filler = "word " * 800
    text = f"{filler[:place]}troops {filler[place:]}"
    pieces = Marker(words("troops"), [text]).excerpt(text)
    shown = "".join(piece for piece, _found in pieces)
    assert [piece for piece, is_found in pieces if is_found] == ["troops"]
    assert len(shown) <= queries.EXCERPT + queries.LONG_WORD
    assert shown.startswith("… word") == (place > 0)
    assert shown.endswith("word …") == (place < 4000)


@pytest.mark.django_db
def test_a_text_without_spaces_is_cut_all_the_same():
    text = f"{'x' * 2000}.troops.{'x' * 2000}"
    pieces = Marker(words("troops"), [text]).excerpt(text)
    assert [piece for piece, is_found in pieces if is_found] == ["troops"]
    assert len("".join(piece for piece, _found in pieces)) <= queries.EXCERPT + queries.LONG_WORD + 4


@pytest.mark.django_db
def test_a_short_text_is_shown_whole():
    text = "troops " * 40
    assert "".join(piece for piece, _found in Marker(words("troops"), [text]).excerpt(text)) == text


@pytest.mark.django_db
def test_a_state_shows_the_name_by_which_it_was_found(record: Changeset):
    found = Search.of("turk", PRESENT)
    (hit,) = found.hits({"states": found.states()})["states"]
    assert (written(hit.title), written(hit.text)) == ("[Türkiye]", "[Turkey], [Türkei]")
    with translation.override("de"):
        (hit,) = found.hits({"states": found.states()})["states"]
        assert written(hit.title) == "[Türkei]"


# --- Whatever is typed

SIGNS = "':\"&|!*()\\<>%-+_~@#$^[]{}=;,.?/`"


@given(text=st.text(alphabet=st.sampled_from(SIGNS + "ab кü9 "), max_size=40) | st.text(max_size=40))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@pytest.mark.django_db
def test_no_text_makes_the_search_fail(text: str):
    text = text.replace("\x00", "")
    found = Search.of(text, PRESENT)
    assert found.counts() == {kind: found.first(kind, 10)[1] for kind in KINDS}


# --- Speed


@pytest.fixture
def without_sequential_scans() -> Iterator[None]:
    """The planner reads tables through an index wherever one answers the condition at all."""
    with connection.cursor() as cursor:
        # Plain index scans too: with a row or two, the planner would rather read those in the order of another index.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
    yield


@pytest.mark.django_db
@pytest.mark.usefixtures("without_sequential_scans")
@pytest.mark.parametrize("model", [Pledge, PledgeUpdate, Position, Summit, Source])
@pytest.mark.parametrize("text", ["kiew", "2025", "trainin"])
def test_the_text_index_answers(model: type[Pledge], text: str):
    (word,) = words(text)
    name = model._meta.db_table.removeprefix("guarantees_")
    assert f"Bitmap Index Scan on {name}_search" in queries._with(model, word).explain()


@pytest.mark.django_db
@pytest.mark.parametrize("number", [1, 3])
def test_a_search_takes_nine_queries(django_assert_num_queries: DjangoAssertNumQueries, number: int):
    changeset = ChangesetFactory()
    for each in range(number):
        pledge = PledgeFactory(changeset=changeset, state=StateFactory(), slug=f"quokka-{each}")
        UpdateFactory(changeset=changeset, pledge=pledge, summary="Quokka.")
    publish(changeset, PUBLISHED)
    with django_assert_num_queries(9):
        found = Search.of("quokka", PRESENT)
        hits = found.hits({kind: found.first(kind, 10)[0] for kind in KINDS})
        assert len(hits["updates"]) == number
