"""Checking a package: its rows against the rules, against each other, and against what is on record.

The rows go through once, file by file: each is checked alone and against the keys seen so far, and copied into its
staged table (see ``tables``). What needs all rows is then asked of those tables. Everything is noted, nothing raised.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import groupby
from operator import attrgetter, itemgetter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

from django.db import connection, models
from django.utils.translation import gettext as _
from psycopg import sql

from guarantees.clock import canonical
from guarantees.datapackage import read, tables
from guarantees.datapackage.problems import Problems, quoted
from guarantees.datapackage.read import Cells, Row, Unreadable
from guarantees.datapackage.schema import (
    BY_NAME,
    CHANGESETS,
    CITATIONS,
    CORRECTIONS,
    FACT_FILES,
    FILES,
    PROVENANCE,
    WORDINGS,
    File,
    Kind,
    stem_of,
)
from guarantees.ledger import LadderViolation, Said, check_ladder
from guarantees.models.base import SearchTextField
from guarantees.text import MAX_WORDING_WORDS
from guarantees.vocabulary import ConditionsBasis, CorrectionKind, StateKind, Status

MANY = 10_000
"""Rows beyond which the planner is told about them before they are used."""
NEAR_AMONG = 5_000
"""Keys among which a near one is looked for; among more, looking takes too long."""
CITING = tuple(file for file in FILES if tables.is_cited(file))
INTRODUCED = tuple(file for file in FILES if file.name in ("summits", "pledges"))
RETRACTED = "retracted"

Note = Callable[[str, str], None]
"""Notes a problem of the row at hand: column, message."""


@dataclass(frozen=True, slots=True)
class PastChangeset:
    """A changeset that the package brings along, from ``changesets.csv``."""

    number: int
    """The row in which it stands."""
    title: str
    reason: str
    summit: str | None
    public_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Former:
    """A fact that was part of the record and is no longer, from ``corrections.csv``."""

    number: int
    """The row in which it stands."""
    file: File
    id: str
    corrected_by: str | None
    kind: str
    changeset: int
    ended_by: int
    reason: str
    cells: Cells
    said_of_sources: Mapping[str, Any]


class Origin(NamedTuple):
    """Where a row comes from, from ``provenance.csv``."""

    number: int
    """The row in which it stands."""
    id: str | None
    changeset: int


@dataclass(slots=True)
class History:
    """What the package tells about how its rows came to be; empty when it was published as one changeset."""

    changesets: list[PastChangeset] = field(default_factory=list)
    origins: dict[tuple[str, str], Origin] = field(default_factory=dict)
    """By file and key."""
    former: list[Former] = field(default_factory=list)
    corrected: dict[tuple[str, str], Former] = field(default_factory=dict)
    """The facts that were corrected, by file and by the id of the fact in their place."""


@dataclass(slots=True)
class Reading:
    """A package that is being read: what is known of it so far."""

    folder: Path
    problems: Problems
    now: dt.datetime
    """The moment whose record the package is compared with."""
    published_at: dt.datetime
    """When its rows are published, where it does not tell for each: no fact is dated after that day."""
    into_empty: bool
    progress: Callable[[int], None]
    """Is told how many more bytes have been read."""
    seen: dict[str, dict[str, int]] = field(default_factory=dict)
    """By file: the keys that it has, each with its row."""
    on_record: dict[str, set[str]] = field(default_factory=dict)
    """By file: the keys in the database that the package can refer to."""
    unread: set[str] = field(default_factory=set)
    """Files that could not be read to their end: what refers to them cannot be judged."""
    starts: dict[str, dt.date] = field(default_factory=dict)
    """The first day of each summit."""
    wordings: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    """By the key of an update: its original wording, the language, and the row of ``wordings.csv`` or 0."""
    ids: dict[tuple[str, str], int] = field(default_factory=dict)
    """By file and id: the number of the changeset of each fact in force, where there is a history to refer to it."""
    doubtful: set[str] = field(default_factory=set)
    """Pledges with an update that cannot be used: their history cannot be judged."""
    history: History = field(default_factory=History)
    own: list[int] = field(default_factory=list)
    """Changesets whose drafts the rows may refer to: those in which they will end up."""

    def has(self, file: str, key: str) -> bool:
        """Whether a key can be referred to; true also where nobody can tell."""
        return key in self.seen.get(file, ()) or key in self.on_record.get(file, ()) or file in self.unread

    def rows(self, file: File) -> Iterator[Row]:
        """Yield the rows of a file; none if an optional file is absent. Notes keys that stand there twice."""
        if file.optional and not (self.folder / file.path).exists():
            return
        seen = self.seen.setdefault(file.name, {})
        needed = [name for name in file.key if file.column(name).required]
        try:
            for row in read.rows(self.folder, file, self.problems, self.progress):
                # A fault in the key has been noted, and has left None there.
                if row.sound or all(row.cells[name] is not None for name in needed):
                    key = file.key_of(row.cells)
                    earlier = seen.setdefault(key, row.number)
                    if earlier != row.number:
                        message = _("The same key stands in row %(row)s already: %(key)s.")
                        message %= {"row": earlier, "key": quoted(key)}
                        self.problems.add(file.path, row.number, ", ".join(file.key), message)
                        row.sound = False
                yield row
        except Unreadable:
            self.unread.add(file.name)

    def check_references(self, file: File, cells: Cells, note: Note) -> None:
        """Note each cell that names a row which is neither in the package nor on record."""
        for column in file.columns:
            value = cells[column.name]
            if column.refers_to is None or value is None:
                continue
            for key in value if column.kind is Kind.LIST else (str(value),):
                if not self.has(column.refers_to, key):
                    note(column.name, self.dangling(column.refers_to, key))

    def dangling(self, file: str, key: str) -> str:
        """Return the sentence about a reference to nothing, with the nearest key that there is."""
        message = _("%(value)s is neither in %(file)s nor on record.")
        message %= {"value": quoted(key), "file": BY_NAME[file].path}
        known = [*self.seen.get(file, ()), *self.on_record.get(file, ())]
        near = get_close_matches(key, known, 1) if len(known) <= NEAR_AMONG else []
        return message + (_(" Is %(value)s meant?") % {"value": near[0]} if near else "")

    def origin(self, file: str, key: str) -> Origin:
        """Return where a row comes from: the first changeset unless the package says otherwise."""
        return self.history.origins.get((file, key), Origin(0, None, 1))

    def public_at(self, changeset: int) -> dt.datetime:
        """Return when a changeset of the package, by its number, is or was published."""
        past = self.history.changesets
        return past[changeset - 1].public_at if changeset <= len(past) else self.published_at


def ask(query: sql.SQL | sql.Composed, **parameters: Any) -> list[tuple[Any, ...]]:
    """Run a statement and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(query.as_string(None), parameters or None)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def run(query: sql.SQL | sql.Composed, **parameters: Any) -> int:
    """Run a statement and return how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(query.as_string(None), parameters or None)
        return int(cursor.rowcount)


def stage(reading: Reading) -> None:
    """Read and check the whole package into the staged tables; what is wrong is noted in ``reading.problems``."""
    run(tables.CREATE_STAGED_CITATIONS)
    for file in FILES:
        run(tables.create_staged(file))
    if not reading.folder.is_dir():
        reading.problems.add(str(reading.folder), None, None, _("There is no such folder."))
        return
    if reading.into_empty:
        _read_history(reading)
    else:
        look_up_record(reading)
    for row in reading.rows(WORDINGS):
        if row.sound:
            key = BY_NAME["updates"].key_of(row.cells)
            reading.wordings[key] = (row.cells["wording"], row.cells["language"], row.number)
    for file in FILES:
        if copy_in(tables.copy_staged(file), _staged_rows(reading, file)) > MANY:
            run(tables.analyze(tables.staged(file), "key"))
    copy_in(tables.COPY_STAGED_CITATIONS, _staged_citations(reading))
    check_wordings(reading)
    check_citations(reading)
    _check_history(reading)


def copy_in(query: sql.SQL | sql.Composed, rows: Iterator[tuple[Any, ...]]) -> int:
    """Copy rows into a table; return how many."""
    with connection.cursor() as cursor, cursor.copy(query.as_string(None)) as copy:
        count = 0
        for row in rows:
            copy.write_row(row)
            count += 1
    return count


def look_up_record(reading: Reading) -> None:
    """Note which rows of the database the package can refer to, and the wordings that it may leave unsaid."""
    for file in FILES:
        if file.model in tables.NATURAL_KEYS:
            condition = tables.PUBLIC_REFERENCES if file in INTRODUCED else tables.ALL
            query = sql.SQL("SELECT key FROM ({}) f").format(tables.select(file, condition))
            reading.on_record[file.name] = {key for (key,) in ask(query, known=reading.now)}
    summits = sql.SQL("SELECT slug, start_date FROM guarantees_summit")
    reading.starts.update(cast("list[tuple[str, dt.date]]", ask(summits)))
    quoting = tables.select(BY_NAME["updates"], sql.SQL("f.known @> %(now)s AND f.wording <> ''"))
    query = sql.SQL("SELECT key, wording, wording_language FROM ({}) f").format(quoting)
    for key, wording, language in ask(query, now=reading.now):
        reading.wordings[key] = (wording, language, 0)


def _read_history(reading: Reading) -> None:
    """Read which changesets brought and ended what; only an empty database takes a history."""
    problems, history = reading.problems, reading.history
    for row in reading.rows(CHANGESETS):
        cells = row.cells
        if not row.sound:
            continue
        past = PastChangeset(row.number, cells["title"], cells["reason"] or "", cells["summit"], cells["public_at"])
        before = history.changesets[-1].public_at if history.changesets else None
        if cells["id"] != len(history.changesets) + 1:
            problems.add(CHANGESETS.path, row.number, "id", _("Changesets are numbered 1, 2, 3 … in their order."))
        elif before is not None and past.public_at <= before:
            problems.add(CHANGESETS.path, row.number, "public_at", _("A later changeset became public later."))
        elif past.public_at > reading.now:
            problems.add(CHANGESETS.path, row.number, "public_at", _("This moment is still to come."))
        history.changesets.append(past)
    count = max(1, len(history.changesets))

    def check_changeset(file: File, row: Row, column: str) -> bool:
        if row.cells[column] <= count:
            return True
        message = _("There is no changeset %(number)s in changesets.csv.") % {"number": row.cells[column]}
        problems.add(file.path, row.number, column, message)
        return False

    for row in reading.rows(PROVENANCE):
        if row.sound and check_changeset(PROVENANCE, row, "changeset"):
            cells = row.cells
            history.origins[cells["file"], cells["key"]] = Origin(row.number, cells["id"], cells["changeset"])
    for row in reading.rows(CORRECTIONS):
        if not row.sound:
            continue
        came, went = check_changeset(CORRECTIONS, row, "changeset"), check_changeset(CORRECTIONS, row, "ended_by")
        if came and went:
            _read_former(reading, row)


def _read_former(reading: Reading, row: Row) -> None:
    """Read a fact that is no longer part of the record, and check what the line says about it."""
    cells = row.cells
    found = reading.problems.count

    def note(column: str, message: str) -> None:
        reading.problems.add(CORRECTIONS.path, row.number, column, message)

    file = BY_NAME.get(cells["file"])
    if file is None or not file.is_fact:
        names = ", ".join(file.name for file in FACT_FILES)
        note("file", _("%(value)s is not one of: %(codes)s.") % {"value": quoted(cells["file"]), "codes": names})
        return
    if cells["kind"] not in (*CorrectionKind.values, RETRACTED):
        codes = ", ".join([*CorrectionKind.values, RETRACTED])
        note("kind", _("%(value)s is not one of: %(codes)s.") % {"value": quoted(cells["kind"]), "codes": codes})
    elif (cells["kind"] == RETRACTED) == bool(cells["corrected_by"]):
        note("corrected_by", _("A corrected fact names the one in its place; a retracted one names none."))
    for column, changeset in (("known_from", "changeset"), ("known_to", "ended_by")):
        moment = reading.public_at(cells[changeset])
        if cells[column] != moment:
            note(column, _("Its changeset became public at %(moment)s.") % {"moment": canonical(moment)})
    if cells["known_from"] >= cells["known_to"]:
        note("known_to", _("What ends a fact is published after it."))
    written = dict(cells["row"])
    said_of_sources = written.pop("citations", {})
    unknown = set(written) - {column.name for column in tables.columns(file)}
    if unknown or not all(isinstance(value, str) for value in written.values()):
        note("row", _("The row must be made of texts under the names of the file's columns."))
    elif not _is_about_sources(said_of_sources):
        note("row", _("Under “citations”, each source has its locator and its credibility."))
    if reading.problems.count > found:
        return
    former = read.parsed(file, row.number, written, reading.problems, CORRECTIONS.path)
    if former.sound and file.key_of(former.cells) != cells["key"]:
        note("key", _("The row has another key: %(key)s.") % {"key": quoted(file.key_of(former.cells))})
    elif former.sound:
        fact = Former(
            row.number,
            file,
            cells["id"],
            cells["corrected_by"],
            cells["kind"],
            cells["changeset"],
            cells["ended_by"],
            cells["reason"] or "",
            former.cells,
            said_of_sources,
        )
        reading.history.former.append(fact)
        if fact.corrected_by:
            other = reading.history.corrected.setdefault((file.name, fact.corrected_by), fact)
            if other is not fact:
                note(
                    "corrected_by",
                    _("It stands in the place of the fact in row %(row)s already.") % {"row": other.number},
                )


def _is_about_sources(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(said, list)
        and len(said) == 2
        and isinstance(said[0], str)
        and (said[1] is None or said[1] in range(1, 7))
        for said in value.values()
    )


def _staged_rows(reading: Reading, file: File) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a file for its staged table, each after its checks; those with a problem are left out."""
    urls: dict[str, int] = {}
    search = tables.search_field(file)
    for row in reading.rows(file):
        found = reading.problems.count

        def note(column: str, message: str, row: Row = row) -> None:
            reading.problems.add(file.path, row.number, column, message)

        key = file.key_of(row.cells)
        if file.name == "updates" and key in reading.wordings:
            row.cells["wording"], row.cells["wording_language"], _row = reading.wordings[key]
        origin = reading.origin(file.name, key)
        check_row(reading, file, row, reading.public_at(origin.changeset), note)
        url = row.cells.get("url")
        if url and urls.setdefault(url, row.number) != row.number:
            note("url", _("The same address stands in row %(row)s already.") % {"row": urls[url]})
        if file.name == "summits" and row.cells["start_date"]:
            reading.starts[key] = row.cells["start_date"]
        if row.sound and reading.problems.count == found:
            yield staged_row(reading, file, search, row.number, key, row.cells, origin, None)
        elif file.name == "updates" and row.cells["pledge"]:
            reading.doubtful.add(row.cells["pledge"])
    for former in reading.history.former:
        if former.file is file:
            found = reading.problems.count

            def note_former(column: str, message: str, former: Former = former) -> None:
                reading.problems.add(CORRECTIONS.path, former.number, f"row: {column}", message)

            row = Row(former.number, former.cells, sound=True)
            check_row(reading, file, row, reading.public_at(former.changeset), note_former)
            if reading.problems.count == found:
                origin = Origin(former.number, former.id, former.changeset)
                key = file.key_of(former.cells)
                yield staged_row(reading, file, search, former.number, key, former.cells, origin, former.id)


def _attribute(file: File, column: str) -> str:
    """Return the name of the field that a column fills; only the ids of sources are called otherwise."""
    return "public_id" if file.name == "sources" and column == "id" else column


def staged_row(
    reading: Reading,
    file: File,
    search: SearchTextField | None,
    number: int,
    key: str,
    cells: Cells,
    origin: Origin,
    former: str | None,
) -> tuple[Any, ...]:
    """Return a row as its staged table holds it; ``former`` is its id where it is a fact no longer on record."""
    values = [";".join(value) if isinstance(value, tuple) else value for value in cells.values()]
    if search is not None:
        # The field reads attributes; a row that is copied is never made a model instance.
        by_field = SimpleNamespace(**{_attribute(file, name): cells[name] for name in cells})
        values.append(search.text_of(cast("models.Model", by_field)))
    if file.is_fact:
        stem = stem_of(file, cells)
        public_id = former or origin.id
        corrects = None
        if reading.history.former or reading.history.changesets:
            place = (file.name, public_id or stem)
            corrects = reading.history.corrected.get(place)
            if former is None:
                reading.ids[place] = origin.changeset
        values += [
            stem,
            public_id,
            origin.changeset,
            corrects.id if corrects else None,
            corrects.kind if corrects else None,
            former,
        ]
    return (number, key, *values)


def check_row(reading: Reading, file: File, row: Row, published_at: dt.datetime, note: Note) -> None:
    """Check a row alone: its references, its dates, and, if all its cells can be used, the rules of its kind."""
    cells = row.cells
    reading.check_references(file, cells, note)
    dates = {"date": cells.get("date"), "published_on": cells.get("published_on")}
    if file.name == "participations":
        dates = {"summit": reading.starts.get(cells["summit"] or "")}
    for column, date in dates.items():
        if date is not None and date > published_at.date():
            message = _("%(date)s is after the day of publication, %(day)s.")
            note(column, message % {"date": date, "day": published_at.date()})
    if row.sound and (check := RULES.get(file.name)):
        check(cells, note)


def _check_state(cells: Cells, note: Note) -> None:
    code, kind = cells["code"], cells["kind"]
    shortest, longest = (3, 3) if kind == StateKind.STATE else (2, 4)
    if not (code.isascii() and code.isalpha() and code.isupper() and shortest <= len(code) <= longest):
        note("code", _("A state has three capital letters (ISO 3166-1 alpha-3), an organisation two to four."))


def _check_summit(cells: Cells, note: Note) -> None:
    if cells["end_date"] < cells["start_date"]:
        note("end_date", _("The last day cannot be before the first."))
    if cells["city"] and not cells["country"]:
        note("country", _("Where there is a city there is a country."))


def _check_range(cells: Cells, note: Note) -> None:
    low, high = cells["quantity_min"], cells["quantity_max"]
    if low is not None and high is not None and high < low:
        note("quantity_max", _("The highest number cannot be smaller than the lowest."))


def _check_update(cells: Cells, note: Note) -> None:
    _check_range(cells, note)
    has_number = cells["quantity_min"] is not None or cells["quantity_max"] is not None
    for column in ("unit", "quantity_basis"):
        if has_number != (cells[column] is not None):
            note(column, _("A number needs its unit and who gave it; without a number both stay empty."))
    if (cells["conditions_basis"] == ConditionsBasis.STATED) != bool(cells["conditions"]):
        note("conditions", _("Conditions are listed exactly where the basis says that conditions were stated."))
    if set(cells["conditions"] or ()) & set(cells["conditions_lifted"] or ()):
        note("conditions_lifted", _("A condition cannot be both named and lifted on one day."))
    if cells["status"] == Status.RULED_OUT and cells["conditions"]:
        note("conditions", _("A refusal carries no conditions."))


def _check_condition_state(cells: Cells, note: Note) -> None:
    if cells["state"] and cells["pledge"]:
        note("pledge", _("A condition's state holds for all, for one state or for one pledge."))


def _check_requirement(cells: Cells, note: Note) -> None:
    _check_range(cells, note)
    if cells["quantity_min"] is None and cells["quantity_max"] is None:
        note("quantity_min", _("A requirement gives at least one number."))


RULES: dict[str, Callable[[Cells, Note], None]] = {
    "states": _check_state,
    "summits": _check_summit,
    "updates": _check_update,
    "condition_states": _check_condition_state,
    "requirements": _check_requirement,
}
"""What the database's constraints demand of a single row, said before it does."""


def _staged_citations(reading: Reading) -> Iterator[tuple[Any, ...]]:
    """Yield what the package says about places in sources and their credibility."""
    names = [file.name for file in CITING]
    for row in reading.rows(CITATIONS):
        cells = row.cells
        if not row.sound:
            continue
        if cells["file"] not in names:
            message = _("%(value)s is not one of: %(codes)s.")
            message %= {"value": quoted(cells["file"]), "codes": ", ".join(names)}
            reading.problems.add(CITATIONS.path, row.number, "file", message)
            continue
        yield (row.number, cells["file"], cells["key"], None, cells["source"], cells["locator"], cells["credibility"])
    for former in reading.history.former:
        key = former.file.key_of(former.cells)
        for source, (locator, credibility) in former.said_of_sources.items():
            yield (former.number, former.file.name, key, former.id, source, locator, credibility)


def check_wordings(reading: Reading) -> None:
    """Check that each wording belongs to an update of the package, and is short."""
    for key, (wording, _language, number) in reading.wordings.items():
        if number and key not in reading.seen.get("updates", ()) and "updates" not in reading.unread:
            message = _("There is no such row in %(file)s: %(key)s.") % {"file": "updates.csv", "key": quoted(key)}
            reading.problems.add(WORDINGS.path, number, "pledge, date", message)
        if number and len(wording.split()) > MAX_WORDING_WORDS:
            reading.problems.add(WORDINGS.path, number, "wording", _("Original wording is quoted in at most 40 words."))


def check_citations(reading: Reading) -> None:
    """Check that each line of ``citations.csv`` is about a source that its row cites."""
    for file in CITING:
        query = sql.SQL(
            "SELECT said.row_number, said.key, s.key IS NOT NULL FROM staged_citations said LEFT JOIN {staged} s "
            "ON s.key = said.key {current} WHERE said.file = {name} AND said.former IS NULL "
            "AND (s.key IS NULL OR NOT said.source = ANY(string_to_array(coalesce(s.sources, ''), ';'))) ORDER BY 1"
        ).format(
            staged=tables.staged(file),
            name=sql.Literal(file.name),
            current=sql.SQL("AND s.former IS NULL" if file.is_fact else ""),
        )
        for number, key, is_staged in ask(query):
            if is_staged:
                message = _("The row does not cite this source.")
                reading.problems.add(CITATIONS.path, number, "source", message)
            elif key not in reading.seen.get(file.name, ()) and file.name not in reading.unread:
                message = _("There is no such row in %(file)s: %(key)s.") % {"file": file.path, "key": quoted(key)}
                reading.problems.add(CITATIONS.path, number, "key", message)


def _check_history(reading: Reading) -> None:
    """Check what the history refers to, and that no chain of corrections runs in a circle."""
    history, problems = reading.history, reading.problems
    for past in history.changesets:
        if past.summit and not reading.has("summits", past.summit):
            problems.add(CHANGESETS.path, past.number, "summit", reading.dangling("summits", past.summit))
    given: dict[tuple[str, str], int] = {}
    for (name, key), origin in history.origins.items():
        file = BY_NAME.get(name)
        if origin.id and given.setdefault((name, origin.id), origin.number) != origin.number:
            message = _("The id %(id)s stands in row %(row)s already.")
            message %= {"id": origin.id, "row": given[name, origin.id]}
            problems.add(PROVENANCE.path, origin.number, "id", message)
        if file is None or not (file.is_fact or file in INTRODUCED):
            problems.add(PROVENANCE.path, origin.number, "file", _("This file has no rows that changesets bring."))
        elif key not in reading.seen.get(name, ()) and name not in reading.unread:
            message = _("There is no such row in %(file)s: %(key)s.") % {"file": file.path, "key": quoted(key)}
            problems.add(PROVENANCE.path, origin.number, "key", message)
    by_id = {(former.file.name, former.id): former for former in history.former}
    for place, former in by_id.items():
        if place in reading.ids:
            message = _("The id %(id)s belongs to a fact that is still on record.") % {"id": former.id}
            problems.add(CORRECTIONS.path, former.number, "id", message)
        if former.corrected_by is None or former.file.name in reading.unread:
            continue
        successor = (former.file.name, former.corrected_by)
        changeset = by_id[successor].changeset if successor in by_id else reading.ids.get(successor)
        if changeset is None and successor in given:
            continue  # The row has a problem of its own.
        if changeset is None:
            message = _("There is no fact with the id %(id)s in %(file)s.")
            message %= {"id": quoted(former.corrected_by), "file": former.file.path}
            problems.add(CORRECTIONS.path, former.number, "corrected_by", message)
        elif changeset != former.ended_by:
            message = _("The fact in its place came with changeset %(number)s.") % {"number": changeset}
            problems.add(CORRECTIONS.path, former.number, "ended_by", message)
    for circle in _circles(by_id):
        message = _("The corrections run in a circle: %(ids)s.")
        message %= {"ids": " → ".join([*(former.id for former in circle), circle[0].id])}
        problems.add(CORRECTIONS.path, circle[0].number, "corrected_by", message)


def _circles(by_id: Mapping[tuple[str, str], Former]) -> Iterator[list[Former]]:
    """Yield each circle of corrections once, from its first row on."""
    done: set[int] = set()
    for start in sorted(by_id.values(), key=attrgetter("number")):
        chain: dict[int, Former] = {}
        former: Former | None = start
        while former is not None and former.number not in done | chain.keys():
            chain[former.number] = former
            former = by_id.get((former.file.name, former.corrected_by or ""))
        if former is not None and former.number in chain:
            links = list(chain.values())
            circle = links[list(chain).index(former.number) :]
            first = min(range(len(circle)), key=lambda place: circle[place].number)
            yield circle[first:] + circle[:first]
        done |= chain.keys()


def check_against_record(reading: Reading) -> None:
    """Check the arriving rows against the database: identities, addresses, what changesets to come have reserved."""
    problems, now = reading.problems, reading.now
    for file in INTRODUCED:
        query = sql.SQL(
            "SELECT s.row_number FROM {staged} s JOIN {table} f ON f.slug = s.slug "
            "WHERE (f.visible_from IS NULL OR f.visible_from > %(now)s) AND f.changeset_id <> ALL(%(own)s) ORDER BY 1"
        ).format(staged=tables.staged(file), table=tables.table(file))
        for (number,) in ask(query, now=now, own=reading.own):
            problems.add(file.path, number, "slug", _("A changeset that is not public yet uses this slug."))
    identities = sql.SQL(
        "SELECT s.row_number, state.code, f.category FROM arriving_pledges s JOIN guarantees_pledge f "
        "ON f.id = s.replaces JOIN guarantees_state state ON state.id = f.state_id "
        "WHERE f.visible_from <= %(now)s "
        "AND ROW(state.code, f.category) IS DISTINCT FROM ROW(s.state, s.category) ORDER BY 1"
    )
    for number, state, category in ask(identities, now=now):
        message = _(
            "On record this is a pledge of %(state)s in %(category)s. If that was wrong, retract its updates and make "
            "a new pledge."
        )
        message %= {"state": state, "category": category}
        problems.add("pledges.csv", number, "slug", message)
    addresses = sql.SQL(
        "SELECT s.row_number, f.public_id FROM arriving_sources s JOIN guarantees_source f ON f.url = s.url "
        "AND f.public_id <> s.id AND NOT EXISTS (SELECT FROM staged_sources other WHERE other.id = f.public_id "
        "AND other.url IS DISTINCT FROM f.url) ORDER BY 1"
    )
    for number, public_id in ask(addresses):
        message = _("The source %(id)s has this address already.") % {"id": quoted(public_id)}
        problems.add("sources.csv", number, "url", message)
    for file in FACT_FILES:
        # Of a pledge everything is reserved: what is in force depends on all its updates.
        same = sql.SQL("c.pledge = s.pledge" if file.name == "updates" else "c.key = s.key")
        query = sql.SQL(
            "SELECT DISTINCT s.row_number FROM {arriving} s JOIN ({reserved}) c ON {same} ORDER BY 1"
        ).format(
            arriving=tables.arriving(file),
            reserved=tables.select(file, sql.SQL("lower(f.known) > %(now)s OR upper(f.known) > %(now)s")),
            same=same,
        )
        for (number,) in ask(query, now=now):
            message = _("A changeset that is approved but not public yet is about to change this. Wait for it.")
            problems.add(file.path, number, ", ".join(file.key), message)


def check_ladders(reading: Reading) -> None:
    """Check the rules of the ladder for each pledge that the arriving updates touch, as known after each changeset."""
    ended = {former.id: former.ended_by for former in reading.history.former if former.file.name == "updates"}
    query = sql.SQL(
        "SELECT s.pledge, s.row_number, s.former, s.date, s.status, s.public_id, coalesce(s.changeset, 1) "
        "FROM arriving_updates s UNION ALL SELECT pledge.slug, NULL, NULL, f.date, f.status, f.public_id, 1 "
        "FROM guarantees_pledgeupdate f JOIN guarantees_pledge pledge ON pledge.id = f.pledge_id "
        "WHERE f.known @> %(now)s AND pledge.slug IN (SELECT pledge FROM arriving_updates) "
        "AND NOT EXISTS (SELECT FROM arriving_updates s WHERE s.replaces = f.id) ORDER BY 1, 4, 2"
    )
    with connection.chunked_cursor() as cursor:
        cursor.execute(query.as_string(None), {"now": reading.now})
        for pledge, facts in groupby(cursor, key=itemgetter(0)):
            if pledge not in reading.doubtful:
                _check_ladder(reading, list(facts), ended)


def _check_ladder(reading: Reading, facts: list[tuple[Any, ...]], ended: Mapping[str, int]) -> None:
    """Note the first time at which the updates of a pledge break the rules."""
    for changeset in sorted({fact[6] for fact in facts} | {ended[fact[2]] for fact in facts if fact[2]}):
        known: list[Said] = []
        places: dict[str, tuple[str, int]] = {}
        for _pledge, number, former, date, status, public_id, since in facts:
            if since > changeset or (former and ended[former] <= changeset):
                continue
            known.append(Said(0, public_id, date, reading.now, None, status))
            if number is not None:
                places[public_id] = (CORRECTIONS.path if former else BY_NAME["updates"].path, number)
        try:
            check_ladder(known)
        except LadderViolation as violation:
            named = (name for name in (violation.later, violation.earlier) if name in places)
            file, number = places.get(next(named, "") or "", (BY_NAME["updates"].path, None))
            reading.problems.add(file, number, "status", str(violation))
            return
