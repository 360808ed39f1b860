"""Packages for tests: a small made-up one, and ways to change it."""

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

from django.apps import apps
from django.db import connection

from guarantees.datapackage.load import Outcome, load
from guarantees.datapackage.schema import BY_NAME
from tests.fixtures_record import BUNDLED

SMALL = Path(__file__).parent / "small"


def small(folder: Path) -> Path:
    """Copy the small package into a new folder."""
    shutil.copytree(SMALL, folder)
    return folder


def bundled(folder: Path) -> Path:
    """Copy the bundled package into a new folder."""
    shutil.copytree(BUNDLED, folder)
    return folder


def change(folder: Path, name: str, deed: Callable[[list[dict[str, str]]], None]) -> None:
    """Read a file, let ``deed`` change its rows in place, and write it again."""
    path = folder / f"{name}.csv"
    with path.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    deed(rows)
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, BY_NAME[name].header, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def put(folder: Path, name: str, row: int, /, **cells: str) -> None:
    """Set cells of a row, counted as a spreadsheet does: the header is row 1."""
    change(folder, name, lambda rows: rows[row - 2].update(cells))


def add(folder: Path, name: str, /, **cells: str) -> None:
    """Add a row to a file; makes the file if there is none."""
    path = folder / f"{name}.csv"
    if not path.exists():
        path.write_text(f"{','.join(BY_NAME[name].header)}\n", encoding="utf-8")
    change(folder, name, lambda rows: rows.append(cells))


def drop(folder: Path, name: str, row: int) -> None:
    """Take a row away."""
    change(folder, name, lambda rows: rows.pop(row - 2))


def loaded(folder: Path, **options: object) -> Outcome:
    """Load a package that is known to be sound."""
    outcome = load(folder, **options)  # type: ignore[arg-type]  # passed on as they are
    assert list(outcome.problems.lines()) == []
    return outcome


def contents(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder by name."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix in (".csv", ".json")}


def counts() -> dict[str, int]:
    """Return how many rows each table has."""
    models = apps.get_app_config("guarantees").get_models(include_auto_created=True)
    return {model._meta.db_table: model._base_manager.count() for model in models}


def empty_database() -> None:
    """Take everything out of the tables, within the test's transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(f"TRUNCATE {', '.join(counts())} CASCADE")
