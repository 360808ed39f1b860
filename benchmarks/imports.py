"""How long an import takes: handed in, looked through, made drafts. ``python -m benchmarks.imports [--rows 10000]``.

Runs on the database of ``DATABASE_URL``, into which the record has been loaded (``load_data``),
and leaves no trace there: everything is rolled back.
"""

import argparse
import csv
import io
import os
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guarantees.settings")
django.setup()

from django.contrib.auth.models import Group, User  # noqa: E402  needs the apps
from django.db import connection, transaction  # noqa: E402  needs the apps

from guarantees.datapackage import mapping  # noqa: E402  needs the apps
from guarantees.datapackage.tables_in import read_file  # noqa: E402  needs the apps
from guarantees.editing import imports  # noqa: E402  needs the apps
from guarantees.models import Source, State  # noqa: E402  needs the apps
from guarantees.vocabulary import Category, ImportStage  # noqa: E402  needs the apps


def made_up(rows: int, *, broken: bool = False) -> bytes:
    """Return a table of updates on new pledges, each with three; every tenth row with a fault if ``broken``."""
    states = list(State.objects.values_list("code", flat=True))
    sources = list(Source.objects.values_list("public_id", flat=True))
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(["state", "category", "title", "date", "status", "attribution", "area", "summary", "sources"])
    for number in range(rows):
        pledge, part = divmod(number, 3)
        writer.writerow(
            [
                states[pledge % len(states)],
                Category.values[pledge % len(Category.values)],
                f"Made-up pledge {pledge}",
                f"2026-0{part + 1}-15" if not broken or number % 10 else "2026-02-31",
                "announced",
                "by_self",
                "unspecified",
                f"Made-up row {number} of a table that measures how long an import takes.",
                sources[number % len(sources)],
            ]
        )
    return buffer.getvalue().encode()


def measure(rows: int, *, broken: bool) -> None:
    """Print how long each step takes."""
    content = made_up(rows, broken=broken)
    by = User.objects.create_user(f"benchmark-{broken}")
    by.groups.add(Group.objects.get(name="editors"))
    print(f"{rows:,} rows of updates, {len(content):,} bytes{', every tenth with a fault' if broken else ''}")
    start = time.perf_counter()
    handed = read_file("made-up.csv", content)
    staged = imports.hand_in(by=by, handed=handed, name="made-up.csv", kind="updates")
    print(f"  handed in    {time.perf_counter() - start:6.2f} s")
    columns = mapping.guess("updates", handed.tables[0].header)
    staged = imports.name_columns(by=by, staged=staged, columns=columns)
    steps = []
    while staged.stage == ImportStage.CHECKING:
        start = time.perf_counter()
        staged = imports.look_on(by=by, staged=staged)
        steps.append(time.perf_counter() - start)
    shown = ", ".join(f"{step:.2f}" for step in steps)
    print(f"  dry run      {sum(steps):6.2f} s in {len(steps)} steps ({shown}); {staged.report['count']:,} problems")
    if not broken:
        start = time.perf_counter()
        seen = staged.report["seen"]
        staged = imports.confirm(by=by, staged=staged, seen=seen, title="Made up", reason="To measure.")
        print(f"  made drafts  {time.perf_counter() - start:6.2f} s: {imports.drafted_in_words(staged)}")


def main() -> None:
    """Measure both, and leave no trace."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    rows = parser.parse_args().rows
    print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors, {connection.vendor}")
    with transaction.atomic():
        measure(rows, broken=True)
        measure(rows, broken=False)
        transaction.set_rollback(True)


if __name__ == "__main__":
    main()
