"""Loading a package: all of it or nothing, in one transaction, set by set.

What the package says differently from the record becomes a correcting fact; reference rows are edited in place; what
it leaves out is reported and left alone. The same package again changes nothing.
"""

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from psycopg import sql

from guarantees import clock, publication
from guarantees.clock import canonical
from guarantees.datapackage import tables
from guarantees.datapackage.problems import Problems
from guarantees.datapackage.read import changeset_of
from guarantees.datapackage.schema import CHANGESETS, CORRECTIONS, DESCRIPTOR, EXTRAS, FACT_FILES, FILES, File
from guarantees.datapackage.validate import (
    CITING,
    INTRODUCED,
    MANY,
    RETRACTED,
    PastChangeset,
    Reading,
    ask,
    check_against_record,
    check_ladders,
    run,
    stage,
)
from guarantees.models import Changeset, Retraction, Summit
from guarantees.models.public_ids import free_ids
from guarantees.vocabulary import ChangesetState

LEAD = dt.timedelta(seconds=2)
"""How far ahead of the load its rows become public at the least, so that nobody sees them by halves."""
MARGIN = dt.timedelta(milliseconds=500)
"""How long before that moment the load must be done."""
ROWS_PER_SECOND = 1_000
"""A cautious guess of how fast rows are written, by which the moment is set."""
TITLE = "Data package"
REASON = "Loaded from a data package."
LISTED = 20
"""Keys missing from a file that are listed by name."""

Progress = Callable[[str, int, int], None]
"""Is told how far the work is: what is done at present, how much of it is done, and how much there is."""


@dataclass(slots=True)
class Tally:
    """What a load did with the rows of one file."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    missing: int = 0
    missing_keys: list[str] = field(default_factory=list)
    """The first keys on record that the file does not have; they are left alone."""


@dataclass(slots=True)
class Outcome:
    """What a load did, or why it did nothing: ``problems``."""

    problems: Problems = field(default_factory=Problems)
    tallies: dict[str, Tally] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    public_at: dt.datetime | None = None
    """When what was loaded becomes, or became, public; None if nothing went into a changeset."""

    @property
    def is_change(self) -> bool:
        """Whether anything was added or changed."""
        return any(tally.added or tally.changed for tally in self.tallies.values())


class _TooLate(Exception):
    """The moment of publication came before the load was done; all has been undone."""


class _Undo(Exception):
    """Nothing is to be written after all."""


def load(
    folder: Path,
    *,
    title: str = "",
    published_at: dt.datetime | None = None,
    dry_run: bool = False,
    progress: Progress = lambda step, done, total: None,
) -> Outcome:
    """Load a package as one changeset that becomes public at once, or at ``published_at``.

    Into an empty database a package may be loaded as of the past: at ``published_at``, else at the moment that its
    ``datapackage.json`` names, with the history that it brings along. If there is any problem, or for a dry run,
    nothing is written.
    """
    for attempt in range(1, 5):
        outcome = Outcome()
        try:
            with transaction.atomic():
                _load(folder, outcome, title, published_at, LEAD * attempt**2, progress)
                if outcome.problems or dry_run:
                    raise _Undo
        except _TooLate:
            continue
        except _Undo:
            pass
        except IntegrityError as error:
            # Whatever is known to be refused has been checked, but somebody else may have written meanwhile.
            reason = error.__cause__.diag.message_primary if error.__cause__ else str(error)  # type: ignore[attr-defined]  # psycopg's
            outcome.problems.add(folder.name, None, None, _("The database refused it: %(why)s") % {"why": reason})
        return outcome
    outcome.problems.add(folder.name, None, None, _("The load was not done in time. Nothing has changed; try again."))
    return outcome


def _load(
    folder: Path,
    outcome: Outcome,
    title: str,
    published_at: dt.datetime | None,
    lead: dt.timedelta,
    progress: Progress,
) -> None:
    now = clock.now()
    problems = outcome.problems
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [publication.APPROVAL_LOCK])
        # No trigger is ignored. Without the setting each trigger throws and catches an error to find that out, which
        # takes longer than everything else that a load does.
        cursor.execute("SELECT set_config('pgtrigger.ignore', '{}', true)")
        # Each statement runs once: compiling it never pays.
        cursor.execute("SET LOCAL jit = off")
    into_empty = not Changeset.objects.exists()
    told = changeset_of(folder, problems) if into_empty else {}
    if into_empty and published_at is None and "published_at" in told:
        published_at = dt.datetime.fromisoformat(told["published_at"])
        if published_at > now:
            problems.add(DESCRIPTOR, None, "changeset.published_at", _("This moment is still to come."))
    if published_at is not None and not into_empty and published_at < now + LEAD:
        message = _("%(moment)s is past: only an empty database can be loaded as of the past.")
        problems.add(folder.name, None, None, message % {"moment": canonical(published_at)})
    reading = Reading(folder, problems, now, published_at or now, into_empty, _bytes_read(folder, progress))
    stage(reading)
    for file in FILES:
        run(tables.create_arriving(file), now=now)
        outcome.tallies[file.name] = _tally(file, now)
        number_new_ids(file)
    if not into_empty:
        check_against_record(reading)
        _note_unread_history(folder, outcome)
    check_ladders(reading)
    if problems or not outcome.is_change:
        return
    arrived = sum(tally.added + tally.changed for tally in outcome.tallies.values())
    at = published_at or (now if into_empty else clock.now() + lead + dt.timedelta(seconds=arrived / ROWS_PER_SECOND))
    past = reading.history.changesets or [
        PastChangeset(0, title or told.get("title") or TITLE, told.get("reason") or REASON, None, at)
    ]
    changesets = _write(reading, past, arrived, progress)
    progress(_("Publishing"), 0, len(changesets))
    for number, changeset in enumerate(changesets, 1):
        publication.take_effect(changeset)
        progress(_("Publishing"), number, len(changesets))
    if changesets:
        outcome.public_at = past[0].public_at
    _note_uncited_sources(outcome)
    with connection.cursor() as cursor:
        # What would be checked at the commit is checked here, so that nothing slow or refusing is left for it.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    if changesets and not into_empty and clock.now() + MARGIN > at:
        raise _TooLate


def _bytes_read(folder: Path, progress: Progress) -> Callable[[int], None]:
    """Return what turns the bytes read since the last call into the progress of reading the whole package."""
    files = [folder / file.path for file in (*FILES, *EXTRAS)]
    total = sum(path.stat().st_size for path in files if path.is_file())
    done = 0

    def count(read: int) -> None:
        nonlocal done
        done += read
        progress(_("Reading"), done, total)

    return count


def _note_unread_history(folder: Path, outcome: Outcome) -> None:
    if any((folder / file.path).exists() for file in (CHANGESETS, CORRECTIONS)):
        outcome.notes.append(_("The history in the package was not read: only an empty database takes one."))


def _note_uncited_sources(outcome: Outcome) -> None:
    query = sql.SQL(
        "SELECT count(*) FROM arriving_sources s JOIN guarantees_source f ON f.id = s.row_id "
        "WHERE f.visible_from IS NULL"
    )
    if uncited := ask(query)[0][0]:
        outcome.notes.append(
            ngettext(
                "%(count)s source is cited by nothing, so readers do not see it.",
                "%(count)s sources are cited by nothing, so readers do not see them.",
                uncited,
            )
            % {"count": uncited}
        )


def _tally(file: File, now: dt.datetime) -> Tally:
    """Count what the staged rows of a file would do to the record."""
    own = sql.SQL("WHERE s.former IS NULL" if file.is_fact else "")
    counts = sql.SQL(
        "SELECT (SELECT count(*) FROM {staged} s {own}), count(*) FILTER (WHERE s.replaces IS NULL), "
        "count(s.replaces) FROM {arriving} s {own}"
    ).format(staged=tables.staged(file), arriving=tables.arriving(file), own=own)
    staged, added, changed = ask(counts)[0]
    tally = Tally(added, changed, staged - added - changed)
    if staged or not file.optional:
        query = sql.SQL(
            "SELECT c.key FROM ({current}) c WHERE NOT EXISTS (SELECT FROM {staged} s WHERE s.key = c.key) ORDER BY 1"
        ).format(current=tables.select(file, tables.as_of(file)), staged=tables.staged(file))
        keys = [key for (key,) in ask(query, known=now, on=dt.date.max)]
        tally.missing, tally.missing_keys = len(keys), keys[:LISTED]
    return tally


def number_new_ids(file: File) -> None:
    """Give each arriving fact its public id: the one that the package tells, else the stem, else the next number."""
    if not file.is_fact:
        return
    parts = {"arriving": tables.arriving(file), "table": tables.table(file)}
    query = sql.SQL(
        "SELECT s.row_id, s.stem FROM (SELECT row_id, stem, public_id IS NULL AS is_open, row_number() OVER "
        "(PARTITION BY coalesce(public_id, stem) ORDER BY public_id IS NULL, row_id) AS place FROM {arriving}) s "
        "LEFT JOIN {table} f ON f.public_id = s.stem WHERE s.is_open AND (s.place > 1 OR f.id IS NOT NULL) ORDER BY 1"
    ).format(**parts)
    taken = ask(query)
    stems = [stem for _row_id, stem in taken]
    query = sql.SQL("SELECT coalesce(public_id, stem) FROM {arriving} WHERE stem = ANY(%(stems)s)").format(**parts)
    reserved = {public_id for (public_id,) in ask(query, stems=stems)} if stems else set()
    run(sql.SQL("UPDATE {arriving} SET public_id = stem WHERE public_id IS NULL").format(**parts))
    if taken:
        query = sql.SQL(
            "UPDATE {arriving} s SET public_id = given.id "
            "FROM unnest(%(rows)s::bigint[], %(ids)s::text[]) given (row_id, id) WHERE s.row_id = given.row_id"
        ).format(**parts)
        run(query, rows=[row_id for row_id, _stem in taken], ids=free_ids(file.fact, stems, reserved))


def _write(reading: Reading, past: list[PastChangeset], arrived: int, progress: Progress) -> list[Changeset]:
    """Write the arriving rows; return the changesets that have to take effect, in order.

    There is none if all that arrived are edits of reference rows, or such rows themselves.
    """
    counts = {file.name: ask(_count(file))[0][0] for file in (*FACT_FILES, *INTRODUCED)}
    changesets = [_changeset(entry, reading.now) for entry in past] if any(counts.values()) else []
    introduced = {f"{name}/{key}": origin.changeset for (name, key), origin in reading.history.origins.items()}
    parameters: dict[str, Any] = {
        "changesets": [changeset.pk for changeset in changesets],
        "at": past[0].public_at,
        "introduced": json.dumps(introduced),
    }
    run(tables.create_first_cited(CITING))
    for number, file in enumerate(FILES):
        progress(_("Writing"), number, len(FILES))
        if arrived > MANY:
            run(tables.analyze(tables.arriving(file), "key", "row_id", "replaces"))
        if not file.is_fact:
            if file.name == "sources":
                # Addresses are unique: free those that move from one source to another before they are given anew.
                run(
                    sql.SQL(
                        "UPDATE guarantees_source f SET url = '' FROM arriving_sources s "
                        "WHERE f.id = s.replaces AND f.url <> coalesce(s.url, '')"
                    )
                )
            run(tables.update(file))
        run(tables.insert(file), **parameters)
        if file in CITING:
            if not file.is_fact:
                run(tables.uncite(file))
            run(tables.cite(file))
        if arrived > MANY:
            run(tables.analyze(tables.table(file), *tables.numbers(file)))
            if file in CITING:
                run(tables.analyze(tables.citations(file), "fact_id", "source_id"))
    progress(_("Writing"), len(FILES), len(FILES))
    for changeset, entry in zip(changesets, past, strict=bool(changesets)):
        if entry.summit:
            changeset.summit = Summit.objects.get(slug=entry.summit)
            changeset.save(update_fields=["summit"])
    _retract(reading, changesets)
    return changesets


def _count(file: File) -> sql.Composed:
    """Return the query for how many rows of a file need a changeset."""
    condition = sql.SQL("true" if file.is_fact else "replaces IS NULL")
    return sql.SQL("SELECT count(*) FROM {} WHERE {}").format(tables.arriving(file), condition)


def _changeset(entry: PastChangeset, now: dt.datetime) -> Changeset:
    return Changeset.objects.create(
        title=entry.title,
        reason=entry.reason,
        state=ChangesetState.APPROVED,
        created_at=min(now, entry.public_at),
        submitted_at=min(now, entry.public_at),
        approved_at=min(now, entry.public_at),
        goes_public_at=entry.public_at,
    )


def _retract(reading: Reading, changesets: list[Changeset]) -> None:
    """Add the retractions of the package's history."""
    for former in reading.history.former:
        if former.kind == RETRACTED:
            fact = former.file.fact._default_manager.get(public_id=former.id)
            reference = publication.RETRACTED[former.file.fact]
            Retraction.objects.create(
                changeset=changesets[former.ended_by - 1], reason=former.reason, **{reference: fact}
            )
