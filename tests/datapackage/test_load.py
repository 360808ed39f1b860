"""Loading: what a package changes, and what it leaves alone."""

import datetime as dt

import pytest
import time_machine

from guarantees import ledger
from guarantees.clock import Clock
from guarantees.datapackage.load import load
from guarantees.datapackage.write import write
from guarantees.models import (
    Changeset,
    Condition,
    LedgerEntry,
    Participation,
    Pledge,
    PledgeUpdate,
    Position,
    Requirement,
    Source,
    State,
    Summit,
)
from tests.datapackage import packages
from tests.datapackage.packages import loaded
from tests.factories import ChangesetFactory, UpdateFactory, moment, publish

PAST = moment("2025-06-01T09:00:00")
NOW = moment("2026-11-10T12:00:00")

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def package(tmp_path):
    """The small package, loaded as of the past."""
    folder = packages.small(tmp_path / "package")
    loaded(folder, title="The first one", published_at=PAST)
    return folder


def tallies(outcome):
    """What a load did, without the files of which nothing is to be told."""
    return {
        name: (tally.added, tally.changed, tally.missing)
        for name, tally in outcome.tallies.items()
        if tally.added or tally.changed or tally.missing
    }


def test_a_package_becomes_one_public_changeset(package):
    changeset = Changeset.objects.get()
    assert (changeset.title, changeset.state, changeset.goes_public_at) == ("The first one", "approved", PAST)
    assert list(changeset.authors.all()) == []
    assert changeset.reviewer is None
    assert PledgeUpdate.objects.filter(changeset=changeset, known__startswith=PAST, known__upper_inf=True).count() == 3
    assert set(Source.objects.values_list("visible_from", flat=True)) == {PAST}
    assert set(Pledge.objects.values_list("visible_from", flat=True)) == {PAST}
    assert set(Summit.objects.values_list("visible_from", flat=True)) == {PAST}


def test_all_fields_of_a_row_are_kept(package):
    update = PledgeUpdate.objects.get(public_id="qaa-troops-2025-03-01")
    assert {
        "pledge": update.pledge.slug,
        "date": update.date,
        "summit": update.summit.slug,
        "status": update.status,
        "instrument": update.instrument,
        "bindingness": update.bindingness,
        "attribution": update.attribution,
        "quantity": (update.quantity_min, update.quantity_max, update.unit, update.quantity_basis),
        "area": update.area,
        "conditions": update.conditions,
        "basis": update.conditions_basis,
        "lifted": update.conditions_lifted,
        "summary": update.summary,
        "search_text": update.search_text,
        "sources": [source.public_id for source in update.sources.all()],
    } == {
        "pledge": "qaa-troops",
        "date": dt.date(2025, 3, 1),
        "summit": "aville-2025-03-01",
        "status": "announced",
        "instrument": "oral_statement",
        "bindingness": "not_stated",
        "attribution": "by_self",
        "quantity": (500, 1000, "personnel", "stated"),
        "area": "ukraine",
        "conditions": ["ceasefire", "un_mandate"],
        "basis": "stated",
        "lifted": [],
        "summary": "The president offered soldiers.",
        "search_text": "the president offered soldiers.",
        "sources": ["gazette-1"],
    }


def test_facts_get_their_ids_by_rule(package):
    assert sorted(Participation.objects.values_list("public_id", flat=True)) == [
        "aville-2025-03-01-qaa",
        "aville-2025-03-01-qab",
    ]
    assert Position.objects.get().public_id == "qab-2025-03-01-guarantees"
    assert Requirement.objects.get().public_id == "small-force"


def test_topics_that_look_alike_get_ids_of_their_own(tmp_path):
    folder = packages.small(tmp_path / "package")
    row = {"state": "QAB", "date": "2025-03-01", "subject": "troops", "stance": "supports", "sources": "gazette-1"}
    packages.add(folder, "positions", **row, topic="Guarantees!", summary="Again.")
    loaded(folder)
    assert dict(Position.objects.values_list("topic", "public_id")) == {
        "Guarantees": "qab-2025-03-01-guarantees",
        "Guarantees!": "qab-2025-03-01-guarantees-2",
    }


def test_the_ledger_is_posted(package):
    entry = LedgerEntry.objects.in_force(Clock(dt.date(2025, 4, 2), NOW)).get(pledge__slug="qaa-troops")
    assert (entry.status, entry.quantity_max, entry.conditions) == ("committed", 1000, ["ceasefire"])
    assert ledger.differing() == []


def test_the_same_again_changes_nothing(package):
    before = packages.counts()
    outcome = loaded(package)
    assert (tallies(outcome), outcome.is_change, outcome.public_at) == ({}, False, None)
    assert packages.counts() == before


def test_the_bundled_package_again_changes_nothing(record):
    before = packages.counts()
    assert not loaded(packages.BUNDLED).is_change
    assert packages.counts() == before


def test_a_new_key_is_added(package):
    packages.add(
        package,
        "updates",
        pledge="qab-training",
        date="2025-05-01",
        status="announced",
        instrument="oral_statement",
        bindingness="not_stated",
        attribution="by_self",
        area="unspecified",
        conditions_basis="none_stated",
        summary="It is to begin.",
        sources="letter",
    )
    outcome = loaded(package, title="The second one")
    assert tallies(outcome) == {"updates": (1, 0, 0)}
    update = PledgeUpdate.objects.get(public_id="qab-training-2025-05-01")
    assert (update.changeset.title, update.corrects, update.known.lower) == ("The second one", None, outcome.public_at)
    assert outcome.public_at > NOW + dt.timedelta(seconds=2)


def test_other_values_under_a_known_key_are_a_correction(package):
    packages.put(package, "updates", 4, status="announced", attribution="by_self")
    outcome = loaded(package)
    assert tallies(outcome) == {"updates": (0, 1, 0)}
    former = PledgeUpdate.objects.get(public_id="qab-training-2025-03-02")
    update = PledgeUpdate.objects.get(public_id="qab-training-2025-03-02-2")
    assert (update.corrects, update.correction_kind, update.status) == (former, "corrected", "announced")
    assert (former.known.lower, former.known.upper) == (PAST, outcome.public_at)
    assert (update.known.lower, update.known.upper) == (outcome.public_at, None)
    assert ledger.differing() == []


def test_a_second_correction_counts_on(package, clock):
    for status in ("announced", "committed"):
        packages.put(package, "updates", 4, status=status)
        loaded(package)
        clock.shift(60)
    assert list(PledgeUpdate.objects.filter(pledge__slug="qab-training").order_by("pk").values_list("public_id")) == [
        ("qab-training-2025-03-02",),
        ("qab-training-2025-03-02-2",),
        ("qab-training-2025-03-02-3",),
    ]


def test_other_sources_are_a_correction(package):
    packages.put(package, "positions", 2, sources="gazette-1;letter")
    assert tallies(loaded(package)) == {"positions": (0, 1, 0)}
    position = Position.objects.get(public_id="qab-2025-03-01-guarantees-2")
    assert [source.public_id for source in position.sources.order_by("public_id")] == ["gazette-1", "letter"]


def test_what_is_missing_is_reported_and_left_alone(package):
    packages.drop(package, "updates", 4)
    packages.drop(package, "memberships", 2)
    before = packages.counts()
    outcome = loaded(package)
    assert tallies(outcome) == {"memberships": (0, 0, 1), "updates": (0, 0, 1)}
    assert outcome.tallies["updates"].missing_keys == ["qab-training/2025-03-02"]
    assert packages.counts() == before


def test_a_row_on_record_can_be_referred_to_without_being_in_the_package(package):
    packages.drop(package, "sources", 2)
    packages.drop(package, "pledges", 2)
    packages.put(package, "updates", 2, summary="Said otherwise.")
    assert tallies(loaded(package)) == {"sources": (0, 0, 1), "pledges": (0, 0, 1), "updates": (0, 1, 0)}


def test_reference_rows_are_edited_in_place(package):
    packages.put(package, "states", 3, name="New Aland")
    packages.put(package, "conditions", 2, definition="Guns are silent.")
    packages.put(package, "summits", 2, title="Great meeting", sources="gazette-2")
    packages.put(package, "sources", 3, title="Plans")
    changesets = Changeset.objects.count()
    outcome = loaded(package)
    assert tallies(outcome) == {
        "states": (0, 1, 0),
        "sources": (0, 1, 0),
        "summits": (0, 1, 0),
        "conditions": (0, 1, 0),
    }
    assert (Changeset.objects.count(), outcome.public_at) == (changesets, None)
    assert State.objects.values_list("name", "version").get(code="QAA") == ("New Aland", 2)
    assert Condition.objects.values_list("definition", "version").get(code="ceasefire") == ("Guns are silent.", 2)
    source = Source.objects.get(public_id="gazette-2")
    assert (source.title, source.search_text, source.version) == (
        "Plans",
        "example gazette plans gazette-2 https://example.org/2",
        2,
    )
    summit = Summit.objects.get()
    assert (summit.title, [source.public_id for source in summit.sources.all()]) == ("Great meeting", ["gazette-2"])


def test_addresses_can_change_places(package):
    packages.put(package, "sources", 2, url="https://example.org/2")
    packages.put(package, "sources", 3, url="https://example.org/1")
    assert tallies(loaded(package)) == {"sources": (0, 2, 0)}
    assert list(Source.objects.order_by("public_id").values_list("url", flat=True)) == [
        "https://example.org/2",
        "https://example.org/1",
        "",
    ]


def test_places_in_sources_and_wordings_come_from_their_files(package):
    packages.add(
        package,
        "citations",
        file="updates",
        key="qaa-troops/2025-03-01",
        source="gazette-1",
        locator="p. 2",
        credibility="3",
    )
    packages.add(
        package, "wordings", pledge="qab-training", date="2025-03-02", wording="„Es gibt Pläne“", language="de"
    )
    assert tallies(loaded(package)) == {"updates": (0, 2, 0)}
    citation = PledgeUpdate.objects.get(public_id="qaa-troops-2025-03-01-2").citations.get()
    assert (citation.locator, citation.credibility) == ("p. 2", 3)
    update = PledgeUpdate.objects.get(public_id="qab-training-2025-03-02-2")
    assert (update.wording, update.wording_language) == ("„Es gibt Pläne“", "de")
    assert "plane" in update.search_text


def test_a_package_without_those_files_leaves_them_as_they_are(package, clock):
    packages.add(package, "citations", file="updates", key="qaa-troops/2025-03-01", source="gazette-1", locator="p. 2")
    packages.add(package, "wordings", pledge="qaa-troops", date="2025-03-01", wording="“Ready.”", language="en")
    loaded(package)
    clock.shift(60)
    (package / "citations.csv").unlink()
    (package / "wordings.csv").unlink()
    assert not loaded(package).is_change
    packages.put(package, "updates", 2, summary="Said otherwise.")
    loaded(package)
    update = PledgeUpdate.objects.get(public_id="qaa-troops-2025-03-01-3")
    assert (update.wording, update.citations.get().locator) == ("“Ready.”", "p. 2")


def test_a_dry_run_writes_nothing(package):
    packages.put(package, "updates", 4, status="announced")
    before = packages.counts()
    outcome = load(package, dry_run=True)
    assert (tallies(outcome), outcome.problems.count) == ({"updates": (0, 1, 0)}, 0)
    assert packages.counts() == before
    assert PledgeUpdate.objects.filter(known__upper_inf=False).count() == 0


def test_a_dry_run_into_an_empty_database_writes_nothing(tmp_path):
    folder = packages.small(tmp_path / "package")
    before = packages.counts()
    assert load(folder, dry_run=True).is_change
    assert packages.counts() == before


def test_publication_can_wait(package):
    packages.put(package, "updates", 4, status="announced")
    later = NOW + dt.timedelta(days=1)
    assert loaded(package, published_at=later).public_at == later
    assert PledgeUpdate.objects.get(known__startswith=later).public_id == "qab-training-2025-03-02-2"


def test_only_an_empty_database_is_loaded_as_of_the_past(package):
    packages.put(package, "updates", 4, status="announced")
    before = packages.counts()
    outcome = load(package, published_at=PAST)
    assert list(outcome.problems.lines()) == [
        "package: 2025-06-01T09:00:00Z is past: only an empty database can be loaded as of the past."
    ]
    assert packages.counts() == before


def test_a_load_that_takes_too_long_is_undone_and_tried_again(package, clock):
    packages.put(package, "updates", 4, status="announced")
    published = []

    def slow(step, done, total):
        if step == "Writing" and done == 0:
            published.append(dt.datetime.now(dt.UTC))
            if len(published) == 1:
                clock.shift(5)

    outcome = loaded(package, progress=slow)
    assert len(published) == 2
    assert outcome.public_at > published[1] + dt.timedelta(seconds=2)
    assert PledgeUpdate.objects.filter(pledge__slug="qab-training").count() == 2


def test_a_load_that_is_never_done_in_time_writes_nothing(package, clock):
    packages.put(package, "updates", 4, status="announced")
    before = packages.counts()
    outcome = load(package, progress=lambda step, done, total: clock.shift(60))
    assert list(outcome.problems.lines()) == ["package: The load was not done in time. Nothing has changed; try again."]
    assert packages.counts() == before


def test_what_a_changeset_to_come_will_change_is_reserved(package):
    update = PledgeUpdate.objects.get(public_id="qab-training-2025-03-02")
    changeset = ChangesetFactory()
    UpdateFactory(
        pledge=update.pledge,
        changeset=changeset,
        date=update.date,
        status="announced",
        corrects=update,
        correction_kind="corrected",
    )
    publish(changeset, at=NOW + dt.timedelta(days=1))
    packages.put(package, "updates", 4, summary="Said otherwise.")
    before = packages.counts()
    outcome = load(package)
    assert list(outcome.problems.lines()) == [
        "updates.csv, row 4, column pledge, date: A changeset that is approved but not public yet is about to change "
        "this. Wait for it."
    ]
    assert packages.counts() == before


def test_a_slug_of_a_draft_is_taken(package):
    UpdateFactory(pledge__slug="draft-pledge")
    packages.add(package, "pledges", slug="draft-pledge", state="QAA", category="troops", title="Mine")
    assert list(load(package).problems.lines()) == [
        "pledges.csv, row 4, column slug: A changeset that is not public yet uses this slug."
    ]


def test_the_state_and_category_of_a_pledge_never_change(package):
    packages.put(package, "pledges", 2, category="training")
    assert list(load(package).problems.lines()) == [
        "pledges.csv, row 2, column slug: On record this is a pledge of QAA in troops. If that was wrong, retract its "
        "updates and make a new pledge."
    ]


def test_an_address_on_record_is_taken(package):
    packages.drop(package, "sources", 3)
    packages.add(
        package, "sources", id="other", url="https://example.org/2", publisher="Somebody", language="en", kind="news"
    )
    assert list(load(package).problems.lines()) == [
        "sources.csv, row 4, column url: The source “gazette-2” has this address already."
    ]


def test_the_ladder_is_checked_against_what_is_on_record(package):
    packages.change(package, "updates", list.clear)
    packages.add(
        package,
        "updates",
        pledge="qaa-troops",
        date="2025-05-01",
        status="ruled_out",
        instrument="oral_statement",
        bindingness="not_stated",
        attribution="by_self",
        area="unspecified",
        conditions_basis="none_stated",
        summary="No.",
        sources="letter",
    )
    before = packages.counts()
    assert list(load(package).problems.lines()) == [
        "updates.csv, row 2, column status: qaa-troops-2025-05-01 (Ruled out) follows qaa-troops-2025-04-01 "
        "(Committed): a pledge that is called off is withdrawn, not ruled out."
    ]
    assert packages.counts() == before


def test_a_large_package_is_loaded_the_same_way(tmp_path, monkeypatch):
    monkeypatch.setattr("guarantees.datapackage.load.MANY", 0)
    loaded(packages.small(tmp_path / "package"))
    assert PledgeUpdate.objects.count() == 3
    assert ledger.differing() == []


def test_what_the_database_refuses_is_a_problem_too(tmp_path):
    folder = packages.small(tmp_path / "package")

    def meanwhile(step, done, total):
        if (step, done) == ("Writing", 0):
            State.objects.create(code="QAB", name="Beland, by somebody else")

    outcome = load(folder, progress=meanwhile)
    assert list(outcome.problems.lines()) == [
        'package: The database refused it: duplicate key value violates unique constraint "guarantees_state_code_key"'
    ]
    assert set(packages.counts().values()) == {0}


@pytest.mark.django_db(transaction=True)
def test_a_load_is_committed_and_what_is_written_is_one_snapshot(tmp_path):
    folder = packages.small(tmp_path / "package")
    loaded(folder, published_at=PAST)
    write(tmp_path / "out", known=NOW)
    written = packages.contents(tmp_path / "out")
    del written["datapackage.json"]
    assert written == packages.contents(folder)


def test_sources_that_nothing_cites_are_told_of(package):
    packages.add(package, "sources", id="unused", publisher="Somebody", language="en", kind="news")
    outcome = loaded(package)
    assert outcome.notes == ["1 source is cited by nothing, so readers do not see it."]
    assert Source.objects.get(public_id="unused").visible_from is None
    assert outcome.public_at is None


def test_a_source_becomes_visible_when_a_later_load_cites_it(package):
    packages.add(package, "sources", id="unused", publisher="Somebody", language="en", kind="news")
    loaded(package)
    packages.put(package, "positions", 2, sources="unused")
    outcome = loaded(package)
    assert Source.objects.get(public_id="unused").visible_from == outcome.public_at
