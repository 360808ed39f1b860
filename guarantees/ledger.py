"""The ledger: from what was said on which day to what is in force, on two clocks.

``carry`` folds one update into the terms in force; ``rectangles`` applies it for every interval of the known axis.
Both are pure. ``post`` writes the result for some pledges, ``rebuild`` for all; nothing else writes ``LedgerEntry``.
The rule is the one that ``/methodology/`` prints; a change of it is a new :data:`RULE_VERSION`.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice, pairwise
from operator import attrgetter
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.utils.translation import gettext as _
from psycopg.types.range import Range

from guarantees.models import LedgerEntry, Pledge, PledgeUpdate
from guarantees.vocabulary import (
    FINAL,
    NEEDS_EARLIER_RUNG,
    RANKS,
    TRIGGERS,
    Area,
    Attribution,
    ConditionsBasis,
    QuantityBasis,
    Status,
)

RULE_VERSION = 1
"""The version of the carry rule; a frozen view names the one it was made by."""

CHUNK = 2_000
"""Pledges that are recomputed at a time: bounds the memory of a rebuild."""


class Said(NamedTuple):
    """An update as the rule sees it: what was said on its day, and while it was part of the public record."""

    id: int
    public_id: str
    date: dt.date
    known_from: dt.datetime
    known_to: dt.datetime | None
    status: str
    instrument: str = "not_stated"
    bindingness: str = "not_stated"
    attribution: str = "by_self"
    quantity_min: int | None = None
    quantity_max: int | None = None
    unit: str = ""
    quantity_basis: str = ""
    area: str = "unspecified"
    conditions: tuple[str, ...] = ()
    conditions_basis: str = "none_stated"
    conditions_lifted: tuple[str, ...] = ()
    summit_id: int | None = None


@dataclass(frozen=True, slots=True)
class Quantity:
    """The number in force; None for a bound that was not given."""

    low: int | None
    high: int | None
    unit: str
    basis: str
    set_by: int
    said_on: dt.date


@dataclass(frozen=True, slots=True)
class Place:
    """The area in force, and whether the state itself (or the chair) said it."""

    area: str
    own: bool
    set_by: int
    said_on: dt.date


@dataclass(frozen=True, slots=True)
class Waiting:
    """A condition in force."""

    code: str
    set_by: int
    said_on: dt.date


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a pledge in force, each with the update that set it and the day on which it was last said.

    ``conditions`` is sorted by code. ``conditions_own`` tells whether the state has spoken about conditions: from
    then on what others say about them is passed over.
    """

    latest: int
    summit_id: int | None
    status: str
    status_set_by: int
    status_said_on: dt.date
    instrument: str
    bindingness: str
    quantity: Quantity | None = None
    place: Place | None = None
    conditions: tuple[Waiting, ...] = ()
    conditions_own: bool = False
    conditions_basis: str = ConditionsBasis.NONE_STATED.value
    basis_set_by: int | None = None


class Rectangle(NamedTuple):
    """Terms in force during some days (``effective_to`` excluded), as known during some time. None: without end."""

    effective_from: dt.date
    effective_to: dt.date | None
    known_from: dt.datetime
    known_to: dt.datetime | None
    terms: Terms


class LadderViolation(ValueError):
    """Two updates of one pledge that cannot both be on record: the message names both."""

    def __init__(self, message: str, later: str, earlier: str | None) -> None:
        super().__init__(message)
        self.later = later
        self.earlier = earlier


def carry(terms: Terms | None, said: Said) -> Terms:
    """Fold an update into the terms in force before it (None before the first).

    The published rule: status is the update's, instrument and bindingness are those of the first update of the
    present unbroken run of a status; number, area and conditions stay until somebody who may replaces them (see
    ``_quantity``, ``_place``, ``_conditions``).
    """
    if terms is None or terms.status != said.status:
        set_by, instrument, bindingness = said.id, said.instrument, said.bindingness
    else:
        set_by, instrument, bindingness = terms.status_set_by, terms.instrument, terms.bindingness
    carried = Terms(
        latest=said.id,
        summit_id=said.summit_id,
        status=said.status,
        status_set_by=set_by,
        status_said_on=said.date,
        instrument=instrument,
        bindingness=bindingness,
        quantity=_quantity(terms.quantity if terms else None, said),
        place=_place(terms.place if terms else None, said),
    )
    return _conditions(terms, carried, said)


def _quantity(in_force: Quantity | None, said: Said) -> Quantity | None:
    """Return the latest number given; one stated by the state yields only to a later stated one."""
    if said.quantity_min is None and said.quantity_max is None:
        return in_force
    if in_force is not None and in_force.basis == QuantityBasis.STATED and said.quantity_basis != QuantityBasis.STATED:
        return in_force
    number = Quantity(said.quantity_min, said.quantity_max, said.unit, said.quantity_basis, said.id, said.date)
    if in_force is not None and number == replace(in_force, set_by=said.id, said_on=said.date):
        return replace(in_force, said_on=said.date)
    return number


def _is_own(said: Said) -> bool:
    return Attribution(said.attribution).is_own


def _place(in_force: Place | None, said: Said) -> Place | None:
    """Return the area: the state's word yields only to the state, others' fills in where it has said nothing."""
    own = _is_own(said)
    if said.area == Area.UNSPECIFIED or (in_force is not None and in_force.own and not own):
        return in_force
    if in_force is not None and (in_force.area, in_force.own) == (said.area, own):
        return replace(in_force, said_on=said.date)
    return Place(said.area, own, said.id, said.date)


def _conditions(before: Terms | None, carried: Terms, said: Said) -> Terms:
    """Return the carried terms with the conditions in force.

    Triggers: the latest update that names one replaces the earlier ones; all other conditions stay until lifted;
    "unconditional" clears all; silence changes nothing. The state's word yields only to the state; what others say
    fills in where it has said nothing, and gives way entirely when the state first speaks.
    """
    own = _is_own(said)
    if before is None:
        waiting, spoken, basis, basis_set_by = {}, False, ConditionsBasis.NONE_STATED.value, None
    else:
        waiting = {condition.code: condition for condition in before.conditions}
        spoken, basis, basis_set_by = before.conditions_own, before.conditions_basis, before.basis_set_by
    speaks = said.conditions_basis != ConditionsBasis.NONE_STATED or bool(said.conditions_lifted)
    if speaks and (own or not spoken):
        if own and not spoken:
            waiting = {}
        if said.conditions_basis == ConditionsBasis.UNCONDITIONAL:
            waiting = {}
        if TRIGGERS.intersection(said.conditions):
            waiting = {
                code: condition
                for code, condition in waiting.items()
                if code not in TRIGGERS or code in said.conditions
            }
        for code in said.conditions:
            if code in waiting:
                waiting[code] = replace(waiting[code], said_on=said.date)
            else:
                waiting[code] = Waiting(code, said.id, said.date)
        for code in said.conditions_lifted:
            waiting.pop(code, None)
        spoken = own
        basis_set_by = said.id
        basis = (
            said.conditions_basis
            if said.conditions_basis != ConditionsBasis.NONE_STATED
            # Only lifting was said: what had been stated stays stated, even if nothing is left of it.
            else ConditionsBasis.STATED.value
        )
    return replace(
        carried,
        conditions=tuple(sorted(waiting.values(), key=attrgetter("code"))),
        conditions_own=spoken,
        conditions_basis=basis,
        basis_set_by=basis_set_by,
    )


def _names(later: Said, earlier: Said | None) -> dict[str, Any]:
    """Return what the message about a violation names."""
    names = {"later": later.public_id, "status": Status(later.status).label}
    if earlier is not None:
        names |= {"earlier": earlier.public_id, "earlier_status": Status(earlier.status).label}
    return names


def check_ladder(history: Sequence[Said]) -> None:
    """Check the ladder's rules over the updates of a pledge known at one time, in the order of their dates.

    Raises :class:`LadderViolation`: withdrawn, suspended and lapsed need an earlier rung; ruled out must not have
    one; after withdrawn, lapsed or delivered only the same status may follow; one update for each day.
    """
    rung: Said | None = None
    for earlier, said in pairwise((None, *history)):
        assert said is not None  # noqa: S101  only the first of the pairs starts with None
        if earlier is not None:
            if said.date == earlier.date:
                raise LadderViolation(
                    _("%(later)s and %(earlier)s are updates of the same pledge on the same day.")
                    % _names(said, earlier),
                    said.public_id,
                    earlier.public_id,
                )
            if earlier.status in FINAL and said.status != earlier.status:
                raise LadderViolation(
                    _(
                        "%(later)s (%(status)s) cannot follow %(earlier)s (%(earlier_status)s): "
                        "a later promise is a new pledge."
                    )
                    % _names(said, earlier),
                    said.public_id,
                    earlier.public_id,
                )
        if said.status in NEEDS_EARLIER_RUNG and rung is None:
            raise LadderViolation(
                _("%(later)s (%(status)s) needs an earlier pledge, and none is on record before it.")
                % _names(said, earlier),
                said.public_id,
                None,
            )
        if said.status == Status.RULED_OUT and rung is not None:
            raise LadderViolation(
                _(
                    "%(later)s (%(status)s) follows %(earlier)s (%(earlier_status)s): "
                    "a pledge that is called off is withdrawn, not ruled out."
                )
                % _names(said, rung),
                said.public_id,
                rung.public_id,
            )
        if said.status in RANKS:
            rung = said


def rectangles(facts: Iterable[Said]) -> list[Rectangle]:
    """Return the terms of one pledge for every interval of both clocks, ordered by known, then effective.

    For each interval of the known axis, the updates then known are folded in the order of their dates; each result
    is in force until the day of the next. Neighbours on the known axis with equal terms merge. Raises
    :class:`LadderViolation` if the rules are broken in any interval.
    """
    by_date = sorted(facts, key=attrgetter("date", "id"))
    moments = sorted({fact.known_from for fact in by_date} | {f.known_to for f in by_date if f.known_to is not None})
    done: list[Rectangle] = []
    growing: dict[tuple[dt.date, dt.date | None], Rectangle] = {}
    for known_from, known_to in pairwise([*moments, None]):
        assert known_from is not None  # noqa: S101  only the last moment is open
        history = [
            fact
            for fact in by_date
            if fact.known_from <= known_from and (fact.known_to is None or fact.known_to > known_from)
        ]
        check_ladder(history)
        still_growing: dict[tuple[dt.date, dt.date | None], Rectangle] = {}
        terms: Terms | None = None
        for said, later in pairwise([*history, None]):
            assert said is not None  # noqa: S101  only the last of the pairs ends with None
            terms = carry(terms, said)
            days = (said.date, later.date if later else None)
            before = growing.pop(days, None)
            if before is not None and before.terms == terms:
                still_growing[days] = before._replace(known_to=known_to)
            else:
                if before is not None:
                    done.append(before)
                still_growing[days] = Rectangle(*days, known_from, known_to, terms)
        done.extend(growing.values())
        growing = still_growing
    done.extend(growing.values())
    return sorted(done, key=lambda entry: (entry.known_from, entry.effective_from))


_SAID_FIELDS = (
    "pk",
    "public_id",
    "date",
    "known",
    "status",
    "instrument",
    "bindingness",
    "attribution",
    "quantity_min",
    "quantity_max",
    "unit",
    "quantity_basis",
    "area",
    "conditions",
    "conditions_basis",
    "conditions_lifted",
    "summit_id",
)

_COLUMNS = (
    "pledge_id",
    "state_id",
    "category",
    "effective",
    "known",
    "latest_update_id",
    "summit_id",
    "status",
    "rank",
    "status_set_by_id",
    "status_said_on",
    "instrument",
    "bindingness",
    "quantity_min",
    "quantity_max",
    "unit",
    "quantity_basis",
    "quantity_set_by_id",
    "quantity_said_on",
    "area",
    "area_set_by_id",
    "area_said_on",
    "conditions",
    "condition_set_by",
    "condition_said_on",
    "conditions_basis",
    "basis_set_by_id",
)


def said_of(update: PledgeUpdate, known_from: dt.datetime, known_to: dt.datetime | None = None) -> Said:
    """Return an update as the rule sees it, with the time during which it is to be taken as known."""
    return Said(
        update.pk or 0,
        update.public_id,
        update.date,
        known_from,
        known_to,
        update.status,
        update.instrument,
        update.bindingness,
        update.attribution,
        update.quantity_min,
        update.quantity_max,
        update.unit,
        update.quantity_basis,
        update.area,
        tuple(update.conditions),
        update.conditions_basis,
        tuple(update.conditions_lifted),
        update.summit_id,
    )


def _facts(pledge_ids: Sequence[int]) -> dict[int, list[Said]]:
    """Return the updates of some pledges that are or were part of the public record, by pledge."""
    facts: dict[int, list[Said]] = {}
    rows = PledgeUpdate.objects.filter(pledge_id__in=pledge_ids, known__isnull=False).values_list(
        "pledge_id", *_SAID_FIELDS
    )
    for pledge_id, pk, public_id, date, known, *rest in rows.iterator():
        said = Said(pk, public_id, date, known.lower, known.upper, *rest)
        facts.setdefault(pledge_id, []).append(
            said._replace(conditions=tuple(said.conditions), conditions_lifted=tuple(said.conditions_lifted))
        )
    return facts


def _rows(pledge_ids: Sequence[int]) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of the ledger, in the order of ``_COLUMNS``, that the facts of some pledges give."""
    facts = _facts(pledge_ids)
    pledges = Pledge.objects.filter(pk__in=facts).order_by("pk").values_list("pk", "state_id", "category")
    for pledge_id, state_id, category in pledges:
        for entry in rectangles(facts[pledge_id]):
            terms, quantity, place = entry.terms, entry.terms.quantity, entry.terms.place
            yield (
                pledge_id,
                state_id,
                category,
                Range(entry.effective_from, entry.effective_to),
                Range(entry.known_from, entry.known_to),
                terms.latest,
                terms.summit_id,
                terms.status,
                RANKS.get(Status(terms.status)),
                terms.status_set_by,
                terms.status_said_on,
                terms.instrument,
                terms.bindingness,
                quantity.low if quantity else None,
                quantity.high if quantity else None,
                quantity.unit if quantity else "",
                quantity.basis if quantity else "",
                quantity.set_by if quantity else None,
                quantity.said_on if quantity else None,
                place.area if place else Area.UNSPECIFIED.value,
                place.set_by if place else None,
                place.said_on if place else None,
                [condition.code for condition in terms.conditions],
                [condition.set_by for condition in terms.conditions],
                [condition.said_on for condition in terms.conditions],
                terms.conditions_basis,
                terms.basis_set_by,
            )


def _write(pledge_ids: Sequence[int]) -> int:
    """Lock some pledges, recompute their entries and replace them; return the number of entries."""
    # The lock keeps two posts of one pledge from each missing what the other has just published.
    list(Pledge.objects.select_for_update(of=("self",)).filter(pk__in=pledge_ids).order_by("pk").values_list("pk"))
    rows = _rows(pledge_ids)
    # With the first row the database has been asked everything; the others are computed while it takes them in.
    first = list(islice(rows, 1))
    LedgerEntry.objects.filter(pledge_id__in=pledge_ids).delete()
    columns = ", ".join(f'"{column}"' for column in _COLUMNS)
    with connection.cursor() as cursor, cursor.copy(f"COPY guarantees_ledgerentry ({columns}) FROM STDIN") as copy:
        written = 0
        for row in chain(first, rows):
            copy.write_row([_printed(value) for value in row])
            written += 1
    return written


def _printed(value: Any) -> Any:
    """Return ranges and lists as PostgreSQL reads them; asking the driver to print them takes four times as long."""
    if isinstance(value, Range):
        upper = "" if value.upper is None else value.upper
        return f"[{value.lower},{upper})"
    if isinstance(value, list):
        return f"{{{','.join(map(str, value))}}}"
    return value


def _chunks(pledge_ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(pledge_ids), CHUNK):
        yield pledge_ids[start : start + CHUNK]


def post(pledge_ids: Iterable[int]) -> int:
    """Bring the ledger of some pledges in line with their facts, in one transaction; return the entries written.

    Raises :class:`LadderViolation` if the facts break the ladder's rules at any time at which they are known.
    """
    with transaction.atomic():
        return sum(_write(chunk) for chunk in _chunks(sorted(set(pledge_ids))))


def rebuild(progress: Callable[[int, int], None] | None = None) -> int:
    """Make the whole ledger anew from the facts, in one transaction; return the number of entries.

    ``progress`` is called with the pledges done and the pledges in all.
    """
    pledge_ids = list(Pledge.objects.order_by("pk").values_list("pk", flat=True))
    written = done = 0
    with transaction.atomic():
        for chunk in _chunks(pledge_ids):
            written += _write(chunk)
            done += len(chunk)
            if progress is not None:
                progress(done, len(pledge_ids))
    return written


def differing() -> list[str]:
    """Return the slugs of the pledges whose entries are not what their facts say, in order; [] when all is well."""
    slugs = dict(Pledge.objects.order_by("pk").values_list("pk", "slug"))
    wrong: list[str] = []
    for chunk in _chunks(list(slugs)):
        stored: dict[int, list[tuple[Any, ...]]] = {}
        for row in LedgerEntry.objects.filter(pledge_id__in=chunk).values_list(*_COLUMNS):
            stored.setdefault(row[0], []).append(row)
        computed: dict[int, list[tuple[Any, ...]]] = {}
        for row in _rows(chunk):
            computed.setdefault(row[0], []).append(row)
        wrong += [slugs[pk] for pk in chunk if _ordered(stored.get(pk, [])) != _ordered(computed.get(pk, []))]
    return sorted(wrong)


def _ordered(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    effective, known = _COLUMNS.index("effective"), _COLUMNS.index("known")
    return sorted(rows, key=lambda row: (row[effective].lower, row[known].lower))
