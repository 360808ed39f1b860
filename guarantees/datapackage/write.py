"""Writing a package: the record as files, in the form in which it can be loaded again.

Loading the bundled package and writing it gives the same bytes. Files beyond those of the bundled package are written
only where there is something to say.
"""

import csv
import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from psycopg import sql

from guarantees.clock import Clock, canonical
from guarantees.datapackage import tables
from guarantees.datapackage.schema import (
    BY_NAME,
    CHANGESETS,
    CITATIONS,
    CORRECTIONS,
    DESCRIPTOR,
    FACT_FILES,
    FILES,
    PROVENANCE,
    WORDINGS,
    File,
    descriptor,
    stem_of,
)
from guarantees.datapackage.validate import CITING, INTRODUCED, RETRACTED, ask
from guarantees.models import Changeset
from guarantees.publication import RETRACTED as REFERENCES
from guarantees.vocabulary import ChangesetState

Cells = Iterable[Any]


def write(folder: Path, *, known: dt.datetime, on: dt.date | None = None) -> dict[str, int]:
    """Write the record as known at a moment into a folder, made if need be; return the rows of each file written.

    With ``on``, only facts dated that day or earlier. Such a slice comes without the history of its rows, because what
    took a fact's place may lie outside. Files of an earlier package in the folder are replaced or taken away.
    """
    folder.mkdir(parents=True, exist_ok=True)
    clock = Clock(on or dt.date.max, known)
    outermost = not connection.in_atomic_block
    counts: dict[str, int] = {}
    with transaction.atomic():
        if outermost:
            # One snapshot for all files: what becomes public meanwhile is in none of them.
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        changesets = list(Changeset.objects.public(known).order_by("goes_public_at", "pk").select_related("summit"))
        for file in FILES:
            counts[file.name] = _copy(folder, file, clock)
        extras: dict[str, Iterable[Cells]] = {
            WORDINGS.name: _wordings(clock),
            CITATIONS.name: _said_of_sources(clock),
        }
        if on is None:
            numbers = {changeset.pk: number for number, changeset in enumerate(changesets, 1)}
            extras[CHANGESETS.name] = _changesets(changesets) if len(changesets) > 1 else ()
            extras[PROVENANCE.name] = _origins(clock, numbers)
            extras[CORRECTIONS.name] = _former(clock, numbers)
        for name, rows in extras.items():
            counts[name] = _write(folder, BY_NAME[name], rows)
    present = {name for name, count in counts.items() if count or not BY_NAME[name].optional}
    for name, file in BY_NAME.items():
        if name not in present:
            (folder / file.path).unlink(missing_ok=True)
    description = descriptor(present, _published_as(changesets[0] if changesets else None, clock, on))
    text = json.dumps(description, ensure_ascii=False, indent=2)
    (folder / DESCRIPTOR).write_text(f"{text}\n", encoding="utf-8", newline="\n")
    return {name: counts[name] for name in BY_NAME if name in present}


def _published_as(first: Changeset | None, clock: Clock, on: dt.date | None) -> Mapping[str, str]:
    """Return as what the rows are published in an empty database: as they were, a slice at the moment it shows."""
    if first is None or on is not None or first.goes_public_at is None:
        title = "The record" if on is None else f"The record on {on.isoformat()}"
        return {"title": title, "reason": "", "published_at": canonical(clock.known)}
    return {"title": first.title, "reason": first.reason, "published_at": canonical(first.goes_public_at)}


def _copy(folder: Path, file: File, clock: Clock) -> int:
    """Write the rows of a table, streamed from the database; return how many."""
    query = sql.SQL(
        "COPY (SELECT {names} FROM ({rows}) f ORDER BY {order}) TO STDOUT (FORMAT csv, HEADER true)"
    ).format(
        names=sql.SQL(", ").join(map(sql.Identifier, file.header)),
        rows=tables.select(file, tables.as_of(file)),
        order=tables.order(file),
    )
    parameters = {"on": clock.on, "known": clock.known}
    with connection.cursor() as cursor, (folder / file.path).open("wb") as handle:
        with cursor.copy(query.as_string(None), parameters) as copy:
            for block in copy:
                handle.write(block)
        return int(cursor.rowcount)


def _write(folder: Path, file: File, rows: Iterable[Cells]) -> int:
    count = 0
    with (folder / file.path).open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(file.header)
        for row in rows:
            writer.writerow(row)
            count += 1
    return count


def _stream(query: sql.Composed, clock: Clock, **parameters: Any) -> Iterator[tuple[Any, ...]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(query.as_string(None), {"on": clock.on, "known": clock.known, **parameters})
        yield from cursor


def _wordings(clock: Clock) -> Iterator[Cells]:
    updates = BY_NAME["updates"]
    query = sql.SQL(
        "SELECT pledge, date, wording, wording_language FROM ({rows}) f WHERE wording IS NOT NULL ORDER BY {order}"
    ).format(rows=tables.select(updates, tables.as_of(updates)), order=tables.order(updates))
    return _stream(query, clock)


def _said_of_sources(clock: Clock) -> Iterator[Cells]:
    """Yield the citations that say where in the source it stands or how credible it is."""
    queries = (
        sql.SQL(
            "SELECT {name}, f.key, source.public_id, cited.locator, cited.credibility FROM ({rows}) f "
            "JOIN {citations} cited ON cited.fact_id = f.row_id JOIN guarantees_source source "
            "ON source.id = cited.source_id WHERE cited.locator <> '' OR cited.credibility IS NOT NULL "
            'ORDER BY f.key COLLATE "C", source.public_id COLLATE "C"'
        ).format(
            name=sql.Literal(file.name),
            rows=tables.select(file, tables.as_of(file)),
            citations=tables.citations(file),
        )
        for file in sorted(CITING, key=lambda file: file.name)
    )
    return chain.from_iterable(_stream(query, clock) for query in queries)


def _changesets(changesets: Sequence[Changeset]) -> Iterator[Cells]:
    for number, changeset in enumerate(changesets, 1):
        if changeset.goes_public_at is not None:
            summit = changeset.summit.slug if changeset.summit else None
            yield number, changeset.title, changeset.reason, summit, canonical(changeset.goes_public_at)


def _origins(clock: Clock, numbers: Mapping[int, int]) -> Iterator[Cells]:
    """Yield the rows that the first changeset did not bring, and the facts whose id is not the usual one."""
    for file in sorted((*FACT_FILES, *INTRODUCED), key=lambda file: file.name):
        names = [*file.key, "changeset_id", *(["public_id"] if file.is_fact else [])]
        query = sql.SQL('SELECT {names} FROM ({rows}) f ORDER BY key COLLATE "C"').format(
            names=sql.SQL(", ").join(map(sql.Identifier, names)),
            rows=tables.select(file, tables.as_of(file)),
        )
        for values in _stream(query, clock):
            row = dict(zip(names, values, strict=True))
            number = numbers[row["changeset_id"]]
            public_id = row.get("public_id")
            is_usual = public_id is None or public_id == stem_of(file, row)
            if number != 1 or not is_usual:
                yield file.name, file.key_of(row), None if is_usual else public_id, number


def _former(clock: Clock, numbers: Mapping[int, int]) -> Iterator[Cells]:
    """Yield the facts that were part of the record and are no longer, with what they said and what ended them."""
    for file in sorted(FACT_FILES, key=lambda file: file.name):
        names = [column.name for column in tables.columns(file)]
        query = sql.SQL(
            "SELECT {names}, f.row_id, f.public_id, f.changeset_id, lower(f.known), upper(f.known), later.public_id, "
            "later.correction_kind, later.changeset_id, ended.reason, ended.changeset_id FROM ({rows}) f "
            "LEFT JOIN {table} later ON later.corrects_id = f.row_id AND lower(later.known) <= %(known)s "
            "LEFT JOIN (guarantees_retraction ended JOIN guarantees_changeset by ON by.id = ended.changeset_id "
            "AND by.state = %(approved)s AND by.goes_public_at <= %(known)s) ON ended.{reference} = f.row_id "
            'ORDER BY f.public_id COLLATE "C"'
        ).format(
            names=sql.SQL(", ").join(sql.Identifier("f", name) for name in names),
            rows=tables.select(file, tables.FORMER),
            table=tables.table(file),
            reference=sql.Identifier(f"{REFERENCES[file.fact]}_id"),
        )
        # Read whole before the next question is asked; what was corrected is a small part of a record.
        for values in list(_stream(query, clock, approved=ChangesetState.APPROVED.value)):
            row = dict(zip(names, values, strict=False))
            row_id, public_id, changeset, start, end, later, kind, later_in, reason, ended_in = values[len(names) :]
            said = {name: str(value) for name, value in row.items() if value is not None}
            if citations := _citations_of(file, row_id):
                said |= {"citations": citations}  # type: ignore[dict-item]  # the one entry that is no cell
            yield (
                file.name,
                file.key_of(row),
                public_id,
                later,
                kind if later else RETRACTED,
                numbers[changeset],
                numbers[later_in if later else ended_in],
                canonical(start),
                canonical(end),
                None if later else reason,
                json.dumps(said, ensure_ascii=False),
            )


def _citations_of(file: File, row_id: int) -> dict[str, tuple[str, int | None]]:
    """Return what is said of the sources of a fact, where anything is: locator and credibility by source."""
    query = sql.SQL(
        "SELECT source.public_id, cited.locator, cited.credibility FROM {citations} cited "
        "JOIN guarantees_source source ON source.id = cited.source_id "
        "WHERE cited.fact_id = %(fact)s AND (cited.locator <> '' OR cited.credibility IS NOT NULL)"
    ).format(citations=tables.citations(file))
    return {
        source: (locator, credibility)
        for source, locator, credibility in sorted(ask(query, fact=row_id), key=itemgetter(0))
    }
