"""Writing: the same bytes for the same record, and a history that survives the round trip."""

import csv
import datetime as dt
import json

import pytest
import time_machine
from frictionless import Package

from guarantees import ledger
from guarantees.datapackage.load import load
from guarantees.datapackage.schema import FACT_FILES
from guarantees.datapackage.write import write
from guarantees.models import Changeset, LedgerEntry, Pledge, PledgeUpdate, Position, Retraction, Summit
from tests.datapackage import packages
from tests.datapackage.packages import add, contents, loaded, put
from tests.factories import ChangesetFactory, UpdateFactory, day, moment, publish
from tests.fixtures_record import BUNDLED, PUBLISHED_AT

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


def rows(folder, name):
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def what_is_known():
    """Everything of the record that a reader could meet, without the numbers of rows."""
    facts = {
        file.name: sorted(
            (fact.public_id, fact.known.lower, fact.known.upper, fact.corrects and fact.corrects.public_id)
            for fact in file.fact.objects.all()
        )
        for file in FACT_FILES
    }
    entries = LedgerEntry.objects.order_by("pledge__slug", "known", "effective").values_list(
        "pledge__slug", "known", "effective", "status", "status_set_by__public_id", "quantity_max", "conditions"
    )
    changesets = Changeset.objects.order_by("goes_public_at").values_list(
        "title", "reason", "goes_public_at", "summit__slug"
    )
    return facts, list(entries), list(changesets)


def test_the_bundled_package_comes_out_as_it_went_in(record, tmp_path):
    write(tmp_path, known=NOW)
    assert contents(tmp_path) == contents(BUNDLED)


def test_the_small_package_comes_out_as_it_went_in(package, tmp_path):
    write(tmp_path / "out", known=NOW)
    written = contents(tmp_path / "out")
    described = json.loads(written.pop("datapackage.json"))
    assert written == contents(package)
    assert described["changeset"] == {
        "title": "The first one",
        "reason": "Loaded from a data package.",
        "published_at": "2025-06-01T09:00:00Z",
    }


def test_the_rows_of_each_file_are_counted(package, tmp_path):
    assert write(tmp_path / "out", known=NOW) == {
        "states": 3,
        "groups": 1,
        "memberships": 1,
        "sources": 3,
        "summits": 1,
        "participations": 2,
        "conditions": 2,
        "pledges": 2,
        "updates": 3,
        "positions": 1,
        "claims": 1,
        "requirements": 1,
    }


def test_an_empty_record_is_a_package_too(tmp_path):
    write(tmp_path, known=NOW)
    assert contents(tmp_path)["states.csv"] == b"code,name,kind\n"
    assert "aliases.csv" not in contents(tmp_path)
    assert not loaded(tmp_path).is_change


def test_optional_files_of_an_earlier_package_do_not_stay(package, tmp_path):
    packages.bundled(tmp_path / "out")
    write(tmp_path / "out", known=NOW)
    assert sorted(contents(tmp_path / "out")) == sorted([*contents(package), "datapackage.json"])
    assert (tmp_path / "out" / "README.md").exists()


def test_places_in_sources_wordings_aliases_and_condition_states_come_out(package, tmp_path):
    add(package, "aliases", state="QAA", alias="Åland", language="sv")
    add(
        package,
        "citations",
        file="summits",
        key="aville-2025-03-01",
        source="gazette-1",
        locator="p. 2",
        credibility="3",
    )
    add(package, "citations", file="updates", key="qaa-troops/2025-04-01", source="letter", locator="", credibility="1")
    add(package, "wordings", pledge="qab-training", date="2025-03-02", wording="„Pläne, ja“", language="de")
    row = {"condition": "ceasefire", "value": "met", "summary": "Silence.", "sources": "letter"}
    add(package, "condition_states", **row, date="2025-03-09")
    add(package, "condition_states", **row, date="2025-03-08", pledge="qaa-troops")
    add(package, "condition_states", **row, date="2025-03-08", state="QAA")
    packages.empty_database()
    loaded(package, published_at=PAST)
    write(tmp_path / "out", known=NOW)
    written = contents(tmp_path / "out")
    del written["datapackage.json"]
    assert written == contents(package)


def test_what_a_draft_holds_is_not_written(package, tmp_path):
    UpdateFactory(pledge__slug="draft-pledge")
    write(tmp_path / "out", known=NOW)
    assert contents(tmp_path / "out")["pledges.csv"] == contents(package)["pledges.csv"]
    assert contents(tmp_path / "out")["updates.csv"] == contents(package)["updates.csv"]
    assert contents(tmp_path / "out")["sources.csv"] == contents(package)["sources.csv"]


def test_nothing_of_a_changeset_to_come_is_written(package, tmp_path):
    write(tmp_path / "before", known=NOW)
    update = PledgeUpdate.objects.get(public_id="qab-training-2025-03-02")
    position = Position.objects.get()
    changeset = ChangesetFactory(title="Secret")
    correcting = {"corrects": update, "correction_kind": "corrected"}
    UpdateFactory(pledge=update.pledge, changeset=changeset, date=update.date, **correcting)
    UpdateFactory(pledge__slug="secret", pledge__state=position.state, changeset=changeset)
    Retraction.objects.create(changeset=changeset, position=position, reason="Secret")
    publish(changeset, at=NOW + dt.timedelta(hours=1))
    write(tmp_path / "after", known=NOW)
    assert contents(tmp_path / "after") == contents(tmp_path / "before")


def test_a_slice_has_the_facts_of_a_day_and_no_history(package, tmp_path):
    put(package, "updates", 2, summary="Said otherwise.")
    loaded(package)
    later = NOW + dt.timedelta(days=1)
    write(tmp_path / "out", known=later, on=day("2025-03-02"))
    assert [(row["pledge"], row["date"]) for row in rows(tmp_path / "out", "updates")] == [
        ("qaa-troops", "2025-03-01"),
        ("qab-training", "2025-03-02"),
    ]
    assert rows(tmp_path / "out", "requirements") == []
    assert len(rows(tmp_path / "out", "participations")) == 2
    assert {"changesets.csv", "provenance.csv", "corrections.csv"}.isdisjoint(contents(tmp_path / "out"))
    assert json.loads(contents(tmp_path / "out")["datapackage.json"])["changeset"] == {
        "title": "The record on 2025-03-02",
        "reason": "",
        "published_at": "2026-11-11T12:00:00Z",
    }


def test_an_earlier_knowledge_can_be_written(package, tmp_path):
    put(package, "updates", 2, summary="Said otherwise.")
    before = contents(package)
    loaded(package)
    write(tmp_path / "then", known=PAST)
    assert rows(tmp_path / "then", "updates")[0]["summary"] == "The president offered soldiers."
    write(tmp_path / "now", known=NOW + dt.timedelta(days=1))
    assert contents(tmp_path / "now")["updates.csv"] == before["updates.csv"]


def test_before_the_record_began_there_is_nothing_to_write(package, tmp_path):
    write(tmp_path / "out", known=PAST - dt.timedelta(days=1))
    assert (
        rows(tmp_path / "out", "updates")
        == rows(tmp_path / "out", "pledges")
        == rows(tmp_path / "out", "sources")
        == []
    )
    assert not load(tmp_path / "out", dry_run=True).problems


@pytest.fixture
def eventful(package, clock):
    """The small package after an addition, two corrections of one fact, a move, a retraction and a new summit."""
    add(package, "citations", file="updates", key="qab-training/2025-03-02", source="gazette-2", locator="p. 9")
    add(package, "wordings", pledge="qab-training", date="2025-03-02", wording="“Plans”", language="en")
    put(package, "updates", 4, status="announced")
    loaded(package, title="The second one")
    clock.shift(60)
    put(package, "updates", 4, summary="A paper reported\nplans, and so on.")
    row = rows(package, "summits")[0]
    add(
        package, "summits", **row | {"slug": "beville-2025-05-01", "start_date": "2025-05-01", "end_date": "2025-05-01"}
    )
    add(package, "pledges", slug="qab-troops", state="QAB", category="troops", title="Soldiers of Beland")
    row = rows(package, "updates")[2]
    add(package, "updates", **row | {"pledge": "qab-troops", "date": "2025-05-01", "summit": "beville-2025-05-01"})
    loaded(package, title="The third one")
    clock.shift(60)
    changeset = ChangesetFactory(title="The fourth one", summit=Summit.objects.get(slug="beville-2025-05-01"))
    former = PledgeUpdate.objects.get(pledge__slug="qab-troops")
    UpdateFactory(
        pledge=Pledge.objects.get(slug="qaa-troops"),
        changeset=changeset,
        date=former.date,
        corrects=former,
        correction_kind="extended",
        status="committed",
        public_id="qaa-troops-2025-05-01",
        cited=[former.sources.get()],
    )
    Retraction.objects.create(
        changeset=changeset, position=Position.objects.get(), reason="It was said of another state."
    )
    publish(changeset, at=NOW + dt.timedelta(seconds=150))
    clock.shift(60)
    return dt.datetime.now(dt.UTC)


def test_a_history_is_written_down(eventful, tmp_path):
    write(tmp_path / "out", known=eventful)
    assert [row["title"] for row in rows(tmp_path / "out", "changesets")] == [
        "The first one",
        "The second one",
        "The third one",
        "The fourth one",
    ]
    assert [tuple(row.values()) for row in rows(tmp_path / "out", "provenance")] == [
        ("pledges", "qab-troops", "", "3"),
        ("summits", "beville-2025-05-01", "", "3"),
        ("updates", "qaa-troops/2025-05-01", "", "4"),
        ("updates", "qab-training/2025-03-02", "qab-training-2025-03-02-3", "3"),
    ]
    corrections = rows(tmp_path / "out", "corrections")
    assert [
        tuple(row[name] for name in ("id", "corrected_by", "kind", "changeset", "ended_by")) for row in corrections
    ] == [
        ("qab-2025-03-01-guarantees", "", "retracted", "1", "4"),
        ("qab-training-2025-03-02", "qab-training-2025-03-02-2", "corrected", "1", "2"),
        ("qab-training-2025-03-02-2", "qab-training-2025-03-02-3", "corrected", "2", "3"),
        ("qab-troops-2025-05-01", "qaa-troops-2025-05-01", "extended", "3", "4"),
    ]
    assert corrections[0]["reason"] == "It was said of another state."
    assert json.loads(corrections[2]["row"]) == {
        "pledge": "qab-training",
        "date": "2025-03-02",
        "status": "announced",
        "instrument": "written_statement",
        "bindingness": "not_stated",
        "attribution": "press",
        "area": "unspecified",
        "conditions_basis": "unconditional",
        "summary": 'A paper reported "plans".',
        "sources": "gazette-2",
        "wording": "“Plans”",
        "wording_language": "en",
        "citations": {"gazette-2": ["p. 9", None]},
    }


def test_a_history_survives_the_round_trip(eventful, tmp_path):
    before = what_is_known()
    write(tmp_path / "out", known=eventful)
    packages.empty_database()
    loaded(tmp_path / "out")
    assert what_is_known() == before
    assert ledger.differing() == []
    write(tmp_path / "again", known=eventful)
    assert contents(tmp_path / "again") == contents(tmp_path / "out")


def test_a_history_is_told_but_not_read_where_there_is_a_record(eventful, tmp_path):
    write(tmp_path / "out", known=eventful)
    before = packages.counts()
    outcome = loaded(tmp_path / "out")
    assert (outcome.is_change, outcome.notes) == (
        False,
        ["The history in the package was not read: only an empty database takes one."],
    )
    assert packages.counts() == before


@pytest.mark.filterwarnings("default")  # of the library, about its own dependencies
def test_a_package_with_everything_in_it_is_valid_for_others(eventful, tmp_path):
    write(tmp_path / "out", known=eventful)
    report = Package(str(tmp_path / "out" / "datapackage.json")).validate()
    assert report.flatten(["name", "rowNumber", "fieldName", "message"]) == []
    assert [task.name for task in report.tasks][-5:] == [
        "wordings",
        "citations",
        "changesets",
        "provenance",
        "corrections",
    ]


@pytest.mark.filterwarnings("default")  # of the library, about its own dependencies
def test_the_bundled_package_is_valid_for_others():
    report = Package(str(BUNDLED / "datapackage.json")).validate()
    assert report.flatten(["name", "rowNumber", "fieldName", "message"]) == []
    assert {task.name: task.stats["rows"] for task in report.tasks}["updates"] == 303


@pytest.mark.filterwarnings("default")  # of the library, about its own dependencies
@pytest.mark.parametrize(
    ("name", "row", "cells", "kind"),
    [
        ("updates", 2, {"status": "sure"}, "constraint-error"),
        ("updates", 2, {"conditions": "ceasefire;war"}, "constraint-error"),
        ("updates", 2, {"date": "yesterday"}, "type-error"),
        ("pledges", 2, {"state": "ZZZ"}, "foreign-key"),
        ("pledges", 3, {"slug": "aus-troops"}, "primary-key"),
    ],
)
def test_the_description_tells_others_what_is_wrong(tmp_path, name, row, cells, kind):
    folder = packages.bundled(tmp_path / "package")
    put(folder, name, row, **cells)
    report = Package(str(folder / "datapackage.json")).validate()
    assert kind in {found for (found,) in report.flatten(["type"])}


def test_the_bundled_record_becomes_public_at_its_fixed_time(record):
    assert (record.title, record.goes_public_at) == ("First publication of the record", PUBLISHED_AT)
