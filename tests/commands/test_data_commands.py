"""The commands around the data package and the ledger: what they print, and with what they exit."""

import csv
import io

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection

from guarantees import ledger
from guarantees.models import Changeset, LedgerEntry
from tests.datapackage import packages
from tests.datapackage.packages import contents, put
from tests.factories import moment
from tests.fixtures_record import BUNDLED

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(moment("2026-11-10T12:00:00"), tick=False):
        yield


@pytest.fixture
def package(tmp_path):
    return packages.small(tmp_path / "package")


def run(*arguments):
    """Return the lines that a command prints."""
    out = io.StringIO()
    call_command(*(str(argument) for argument in arguments), stdout=out)
    return out.getvalue().splitlines()


def refusal(*arguments):
    """Return how a command that fails ends: its exit code, its last words, and what it lists before."""
    err = io.StringIO()
    with pytest.raises(CommandError) as raised:
        call_command(*(str(argument) for argument in arguments), stdout=io.StringIO(), stderr=err)
    return raised.value.returncode, str(raised.value), err.getvalue().splitlines()


def test_loading_tells_what_it_did(package):
    assert run("load_data", package, "--title", "A title", "--published-at", "2025-06-01T11:00:00+02:00") == [
        "Reading …",
        "Writing …",
        "Publishing …",
        "states.csv: 3 new",
        "groups.csv: 1 new",
        "memberships.csv: 1 new",
        "sources.csv: 3 new",
        "summits.csv: 1 new",
        "participations.csv: 2 new",
        "conditions.csv: 2 new",
        "pledges.csv: 2 new",
        "updates.csv: 3 new",
        "positions.csv: 1 new",
        "claims.csv: 1 new",
        "requirements.csv: 1 new",
        "Public from 2025-06-01T09:00:00Z on.",
    ]
    assert Changeset.objects.get().title == "A title"


def test_loading_again_tells_what_is_changed_and_what_is_missing(package):
    run("load_data", package)
    put(package, "updates", 4, summary="Said otherwise.")
    packages.drop(package, "updates", 3)
    assert [line for line in run("load_data", package) if line.startswith(("updates", "Public"))] == [
        "updates.csv: 1 changed, 1 unchanged",
        "updates.csv: 1 on record and not in the file, left alone: qaa-troops/2025-04-01",
        "Public from 2026-11-10T12:00:02.001Z on.",
    ]


def test_loading_the_same_again_says_so(package):
    run("load_data", package)
    assert run("load_data", package)[-1] == "Nothing has changed."


def test_notes_are_told(package):
    packages.add(package, "sources", id="unused", publisher="Somebody", language="en", kind="news")
    assert "1 source is cited by nothing, so readers do not see it." in run("load_data", package)


def test_a_dry_run_says_so(package):
    before = packages.counts()
    assert run("load_data", package, "--dry-run")[-1] == "This was a dry run: nothing was written."
    assert packages.counts() == before


def test_problems_are_listed_and_the_exit_code_is_one(package):
    put(package, "states", 3, kind="group")
    put(package, "updates", 3, date="yesterday")
    before = packages.counts()
    assert refusal("load_data", package) == (
        1,
        "Nothing was loaded.",
        [
            "states.csv, row 3, column kind: “group” is not one of the codes: state, organisation.",
            "updates.csv, row 3, column date: “yesterday” is not a day in the form 2026-01-06.",
        ],
    )
    assert packages.counts() == before


@pytest.mark.parametrize("value", ["yesterday", "2025-06-01", "2025-06-01T09:00:00"])
def test_a_time_of_publication_needs_its_offset(package, value):
    with pytest.raises(CommandError, match=f"'{value}' is not a moment in the form 2026-11-02T09:00:00Z"):
        run("load_data", package, "--published-at", value)


def test_on_a_terminal_the_progress_is_a_bar(package):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    out = Terminal()
    call_command("load_data", str(package), stdout=out)
    for step in ("Reading", "Writing", "Publishing"):
        assert f"\r{step:<12} {'█' * 30}\n" in out.getvalue()


def test_exporting_writes_what_was_loaded(record, tmp_path):
    lines = run("export_data", tmp_path / "new" / "folder")
    assert lines[:2] == ["states.csv: 46 rows", "aliases.csv: 221 rows"]
    assert contents(tmp_path / "new" / "folder") == contents(BUNDLED)


def test_exporting_a_day(record, tmp_path):
    lines = run("export_data", tmp_path, "--on", "2025-03-01", "--known", "2026-11-02T09:00:00Z")
    with (BUNDLED / "updates.csv").open(encoding="utf-8", newline="") as handle:
        expected = sum(row["date"] <= "2025-03-01" for row in csv.DictReader(handle))
    assert expected > 0
    assert f"updates.csv: {expected} rows" in lines


def test_exporting_where_nothing_can_be_written(record, tmp_path):
    (tmp_path / "file").write_text("in the way")
    code, words, _listed = refusal("export_data", tmp_path / "file")
    assert (code, words.split(":")[0]) == (1, "The folder cannot be written")


@pytest.mark.parametrize(
    ("option", "value"), [("--on", "yesterday"), ("--known", "soon"), ("--known", "2027-01-01T00:00:00Z")]
)
def test_exporting_at_a_time_that_cannot_be(record, tmp_path, option, value):
    with pytest.raises(CommandError, match=value):
        run("export_data", tmp_path, option, value)


def test_a_ledger_that_is_as_it_should_be(record):
    assert run("rebuild_ledger", "--check") == ["The ledger is what the facts say."]


def test_a_ledger_that_differs_is_found_and_made_anew(record):
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE guarantees_ledgerentry SET status = 'delivered' FROM guarantees_pledge pledge "
            "WHERE pledge.id = pledge_id AND pledge.slug = 'fra-troops'"
        )
        cursor.execute(
            "DELETE FROM guarantees_ledgerentry USING guarantees_pledge pledge "
            "WHERE pledge.id = pledge_id AND pledge.slug = 'gbr-troops'"
        )
    out = io.StringIO()
    with pytest.raises(CommandError) as raised:
        call_command("rebuild_ledger", "--check", stdout=out)
    assert (raised.value.returncode, out.getvalue().splitlines()) == (1, ["fra-troops", "gbr-troops"])
    assert run("rebuild_ledger") == [
        "130 of 130 pledges",
        f"The ledger has {LedgerEntry.objects.count()} entries.",
    ]
    assert ledger.differing() == []


def test_making_a_package(tmp_path):
    lines = run("make_synthetic", tmp_path, "--pledges", 5, "--updates-per-pledge", 1, "--seed", 3)
    assert [line for line in lines if line.startswith(("pledges", "updates"))] == [
        "pledges.csv: 5 rows",
        "updates.csv: 5 rows",
    ]
    assert (tmp_path / "datapackage.json").exists()


@pytest.mark.parametrize("value", ["0", "-1", "many", "²"])
def test_a_package_has_at_least_one_pledge(tmp_path, value):
    with pytest.raises(CommandError, match="is not a whole number of 1 or more"):
        run("make_synthetic", tmp_path, f"--pledges={value}")
