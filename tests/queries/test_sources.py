"""Sources: found by what is known of them, and told with everything that rests on them."""

import pytest

from guarantees.clock import Clock
from guarantees.models import Source
from guarantees.queries import sources
from guarantees.queries.sources import SourceFilter
from tests.factories import (
    ChangesetFactory,
    ClaimFactory,
    ConditionStateFactory,
    ParticipationFactory,
    PositionFactory,
    RequirementFactory,
    SourceFactory,
    SummitFactory,
    UpdateFactory,
    day,
    moment,
    publish,
)

NOW = moment("2026-11-24")
PRESENT = Clock(day("2026-11-24"), NOW)
PUBLISHED = moment("2026-01-01")


@pytest.fixture
def shelf(db: None) -> None:
    """Four published sources, and one that nothing public cites."""
    cited = [
        SourceFactory(
            public_id="gazette-paris",
            publisher="Gazette",
            title="Paris meets",
            kind="news",
            published_on=day("2025-09-05"),
        ),
        SourceFactory(public_id="gazette-undated", publisher="Gazette", title="", kind="news", language="fr"),
        SourceFactory(
            public_id="agence", publisher="agence", title="Kyïv écrit", kind="agency", published_on=day("2025-03-01")
        ),
        SourceFactory(
            public_id="ministry",
            publisher="Ministry",
            title="Statement",
            kind="official",
            published_on=day("2025-12-01"),
        ),
    ]
    update = UpdateFactory(cited=cited)
    publish(update.changeset, PUBLISHED)
    UpdateFactory(cited=[SourceFactory(public_id="not-public-yet")])


def ids(wanted: SourceFilter, sort: str = "publisher", clock: Clock = PRESENT) -> list[str]:
    return [source.public_id for source in sources.filtered(clock, wanted, sort)]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (SourceFilter(), ["agence", "gazette-paris", "gazette-undated", "ministry"]),
        (SourceFilter(text="GAZETTE"), ["gazette-paris", "gazette-undated"]),
        (SourceFilter(text="kyiv ECRIT"), ["agence"]),
        (SourceFilter(text="paris gazette"), ["gazette-paris"]),
        (SourceFilter(text="paris ministry"), []),
        (SourceFilter(kinds=["agency", "official"]), ["agence", "ministry"]),
        (SourceFilter(languages=["fr"]), ["gazette-undated"]),
        (SourceFilter(kinds=["official"], languages=["fr"]), []),
    ],
)
def test_sources_are_filtered_by_text_kind_and_language(shelf: None, wanted: SourceFilter, expected: list[str]):
    assert ids(wanted) == expected


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("publisher", ["agence", "gazette-paris", "gazette-undated", "ministry"]),
        ("-publisher", ["ministry", "gazette-paris", "gazette-undated", "agence"]),
        ("date", ["agence", "gazette-paris", "ministry", "gazette-undated"]),
        ("-date", ["ministry", "gazette-paris", "agence", "gazette-undated"]),
    ],
)
def test_sources_are_sorted_by_publisher_or_date_and_those_without_a_date_come_last(
    shelf: None, sort: str, expected: list[str]
):
    assert ids(SourceFilter(), sort) == expected


def test_a_source_exists_for_readers_once_a_public_fact_cites_it(shelf: None):
    before = Clock(PRESENT.on, moment("2025-12-31"))
    assert ids(SourceFilter(), clock=before) == []
    assert sources.languages(before) == []
    assert sources.languages(PRESENT) == ["en", "fr"]


def test_each_choice_counts_what_it_would_show_beside_the_other_filter(shelf: None):
    counts = sources.facets(PRESENT, SourceFilter(kinds=["news"], languages=["en"]))
    assert dict(counts.kinds) == {"news": 1, "agency": 1, "official": 1}
    assert dict(counts.languages) == {"en": 1, "fr": 1}
    counts = sources.facets(PRESENT, SourceFilter(text="gazette"))
    assert (dict(counts.kinds), dict(counts.languages)) == ({"news": 2}, {"en": 1, "fr": 1})


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("gazette-pariss", ["gazette-paris", "gazette-undated"]),
        ("Gazette-Paris", ["gazette-paris", "gazette-undated"]),
        ("not-public", []),
        ("2025-01", []),
    ],
)
def test_an_unknown_id_is_answered_with_the_nearest_visible_sources(shelf: None, typed: str, expected: list[str]):
    assert [source.public_id for source in sources.nearest_sources(typed, PRESENT)] == expected


@pytest.fixture
def witness(db: None) -> Source:
    """A source on which one fact of each kind and one meeting rest, all public."""
    source = SourceFactory(public_id="witness")
    changeset = ChangesetFactory()
    cited = {"changeset": changeset, "cited": [source]}
    summit = SummitFactory(slug="meeting", start_date=day("2025-06-01"), **cited)
    UpdateFactory(public_id="late-update", date=day("2025-09-05"), **cited)
    UpdateFactory(public_id="early-update", date=day("2025-09-04"), **cited)
    PositionFactory(public_id="position", **cited)
    ParticipationFactory(public_id="participation", summit=summit, **cited)
    ConditionStateFactory(public_id="condition-state", **cited)
    ClaimFactory(public_id="claim", **cited)
    RequirementFactory(public_id="requirement", **cited)
    publish(changeset, PUBLISHED)
    UpdateFactory(public_id="draft", cited=[source])
    return source


def test_everything_that_rests_on_a_source_is_told_by_kind(witness: Source):
    told = {
        kind: [getattr(row, "public_id", "") or row.slug for row in rows]
        for kind, rows in sources.record(witness, PRESENT)
    }
    assert told == {
        "update": ["late-update", "early-update"],
        "position": ["position"],
        "participation": ["participation"],
        "condition-state": ["condition-state"],
        "claim": ["claim"],
        "requirement": ["requirement"],
        "summit": ["meeting"],
    }
    assert sources.fact_counts([witness], PRESENT) == {witness.pk: 8}


def test_what_rests_on_a_source_follows_both_clocks(witness: Source):
    on_the_day = Clock(day("2025-09-04"), NOW)
    early = Clock(day("2025-06-01"), NOW)
    assert dict(sources.record(witness, on_the_day))["update"][0].public_id == "early-update"
    assert [kind for kind, _rows in sources.record(witness, early)] == ["participation", "summit"]
    assert sources.fact_counts([witness], early) == {witness.pk: 2}
    assert sources.record(witness, Clock(PRESENT.on, moment("2025-12-31"))) == []


def test_a_source_of_the_real_record_names_what_rests_on_it(record: None):
    source = Source.objects.get(public_id="itboltwise-paris-sicherheitsgarantien")
    told = {kind: len(rows) for kind, rows in sources.record(source, PRESENT)}
    assert told == {"update": 8, "position": 2, "summit": 1}
    assert Source.objects.visible(PRESENT).count() == 659
