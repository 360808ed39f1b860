"""The answer of a dry run: as it is kept with the import, and as the page of the desk groups it."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from guarantees.datapackage.mapping import KINDS
from guarantees.datapackage.problems import Problems
from guarantees.datapackage.schema import BY_NAME
from guarantees.datapackage.staging import BROUGHT, Comparison
from guarantees.datapackage.validate import INTRODUCED

KEPT = 200
"""New and changed rows of each table, and rows of reference, that are kept for the page; the others are counted."""
ROWS_NAMED = 12
"""Rows that a group of problems names."""

Report = dict[str, Any]
"""What is kept of a dry run, as JSON."""


def report_of(comparison: Comparison) -> Report:
    """Return what is kept of a comparison."""
    tables: dict[str, dict[str, int]] = {}
    new: list[list[Any]] = []
    changed: list[list[Any]] = []
    for file in BROUGHT:
        name = file.name
        fresh, other = comparison.new.get(name, []), comparison.changed.get(name, [])
        counts = {"new": len(fresh), "changed": len(other), "same": comparison.same[name]}
        if any(counts.values()):
            tables[name] = counts
        new += [[name, place[1], comparison.keys.get(place, "")] for place in fresh[:KEPT]]
        changed += [[name, change.place[1], change.key, change.fact, change.lines] for change in other[:KEPT]]
    unimported = Counter((file, how) for file, _key, how in comparison.unimported)
    return {
        "tables": tables,
        "new": new,
        "changed": changed,
        "drafted": {str(changeset): count for changeset, count in comparison.drafted.items()},
        "needs": sorted(comparison.needs),
        "unimported": [list(row) for row in comparison.unimported[:KEPT]],
        "unimported_counts": [[file, how, count] for (file, how), count in sorted(unimported.items())],
        "seen": fingerprint(comparison),
    }


def fingerprint(comparison: Comparison) -> str:
    """Return a digest of what would be written: equal exactly while a second look finds the same."""
    content: list[Any] = [
        sorted(comparison.keys[place] if place in comparison.keys else place[0] for place in places)
        for _name, places in sorted(comparison.new.items())
    ]
    content += [
        [[change.key, change.fact, *map(list, change.lines)] for change in changes]
        for _name, changes in sorted(comparison.changed.items())
    ]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


def brings_facts(report: Mapping[str, Any]) -> bool:
    """Whether something in a report needs a changeset; new sources alone do not."""
    return any(counts["new"] or counts["changed"] for name, counts in report["tables"].items() if name != "sources")


def is_nothing(report: Mapping[str, Any]) -> bool:
    """Whether nothing in a report is new or changed."""
    return not any(counts["new"] or counts["changed"] for counts in report["tables"].values())


def kept_problems(problems: Problems) -> list[list[Any]]:
    """Return problems as they are kept: table, row, column, message."""
    return [[problem.file.removesuffix(".csv"), problem.row, problem.column, problem.message] for problem in problems]


@dataclass(frozen=True, slots=True)
class Group:
    """The same problem in several rows of a table."""

    table: str
    column: str
    message: str
    rows: list[int]
    more: int
    """Rows beyond those that are named."""

    @property
    def count(self) -> int:
        """How many rows have it."""
        return len(self.rows) + self.more


def grouped(problems: Iterable[list[Any]]) -> list[Group]:
    """Group kept problems by table, column and message, in the order of their first rows."""
    groups: dict[tuple[str, str, str], list[int]] = {}
    for table, row, column, message in problems:
        groups.setdefault((table, column or "", message), []).append(row or 0)
    return [
        Group(table, column, message, rows[:ROWS_NAMED], max(0, len(rows) - ROWS_NAMED))
        for (table, column, message), rows in groups.items()
    ]


def label_of(table: str) -> str | Promise:
    """Return how a table is called on the page."""
    if table in KINDS:
        return KINDS[table].label if table != "updates" else _("Updates")
    if table in {file.name for file in INTRODUCED}:
        return _("Summits") if table == "summits" else _("Pledges")
    return f"{table}.csv"


def words(table: str, column: str, text: str) -> tuple[str | Promise, str]:
    """Return the title of a column and what a cell of it says, its codes as labels."""
    of = BY_NAME[table].column(column)
    if of.terms is not None and text:
        known = {term.value: str(term.label) for term in of.terms}
        text = ", ".join(known.get(code, code) for code in text.split(";"))
    return of.title, text
