"""States and organisations: what each has promised, what it thinks, and what it said."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from django.conf import settings
from django.db.models import Count
from django.utils.translation import get_language

from guarantees.clock import Clock
from guarantees.models import Group, LedgerEntry, Participation, PledgeUpdate, Position, State, StateAlias
from guarantees.names import localised_state_name
from guarantees.queries.counting import ConditionValues, availability
from guarantees.text import fold
from guarantees.vocabulary import COUNTED_RANK, FIRM_RANK, Availability, Category, ConditionValue, Status, Subject

# --- Names


def name_of(state: State) -> str:
    """Return the name of a state in the reader's language."""
    return localised_state_name(state.code, state.name, get_language() or "en")


def names_of(state: State, aliases: Iterable[str] = ()) -> list[str]:
    """Return every folded name under which a reader may look for a state.

    They are its code, its English name, its names in all languages of the app, and the aliases on record.
    """
    localised = (localised_state_name(state.code, state.name, language) for language, _label in settings.LANGUAGES)
    return [fold(name) for name in (state.code, state.name, *localised, *aliases)]


def answers_to(names: Iterable[str], text: str) -> bool:
    """Return whether a state with these folded names is meant by a text: each of its words begins a word of a name.

    >>> answers_to(["gbr", "united kingdom"], "king"), answers_to(["gbr", "united kingdom"], "ingdom")
    (True, False)
    """
    words = fold(text).replace("-", " ").split()
    spaced = [f" {name.replace('-', ' ')}" for name in names]
    return any(all(f" {word}" in name for word in words) for name in spaced)


def aliases_by_state() -> dict[int, list[str]]:
    """Return the aliases on record by state, in one query."""
    found: dict[int, list[str]] = {}
    for state_id, alias in StateAlias.objects.order_by("alias").values_list("state_id", "alias"):
        found.setdefault(state_id, []).append(alias)
    return found


def nearest_states(code: str, limit: int = 5) -> list[State]:
    """Return the states whose code, name or alias comes nearest to a text that is no code; the nearest first."""
    aliases = aliases_by_state()
    by_name: dict[str, State] = {}
    for state in State.objects.order_by("code"):
        for name in names_of(state, aliases.get(state.pk, ())):
            by_name.setdefault(name, state)
    meant = fold(code)
    close = [name for name in by_name if meant and answers_to([name], meant)]
    close += get_close_matches(meant, by_name, n=limit, cutoff=0.5)
    return list(dict.fromkeys(by_name[name] for name in close))[:limit]


# --- The list


@dataclass(frozen=True, slots=True)
class StateRow:
    """A line of the list: a state, its pledges in force by firmness, its stance and how often it took part.

    The four numbers of pledges exclude one another. ``stance`` is its present position on the guarantees as a whole.
    """

    state: State
    name: str
    firm: int = 0
    announced: int = 0
    signalled: int = 0
    ruled_out: int = 0
    stance: Position | None = None
    meetings: int = 0


SORTS: dict[str, Callable[[StateRow], tuple[object, ...]]] = {
    "name": lambda row: (fold(row.name),),
    "-name": lambda row: tuple(-ord(char) for char in fold(row.name)),
    "firm": lambda row: (-row.firm, -row.announced, -row.signalled, fold(row.name)),
    "announced": lambda row: (-row.announced, -row.firm, -row.signalled, fold(row.name)),
    "signalled": lambda row: (-row.signalled, -row.firm, -row.announced, fold(row.name)),
    "ruled_out": lambda row: (-row.ruled_out, fold(row.name)),
    "meetings": lambda row: (-row.meetings, fold(row.name)),
}
"""The orders of the list; numbers begin with the greatest, equal ones go by name."""


def state_rows(clock: Clock, *, group: str = "", kind: str = "", text: str = "", sort: str = "name") -> list[StateRow]:
    """Return the list of states and organisations as of a clock, in five queries (six with a group).

    ``group`` is the code of a group, ``kind`` a ``StateKind``, ``text`` what the reader typed, ``sort`` a key of
    :data:`SORTS`.
    """
    states = State.objects.all()
    if group:
        states = states.filter(memberships__group__code=group)
    if kind:
        states = states.filter(kind=kind)
    aliases = aliases_by_state()
    counts: dict[int, Counter[str]] = {}
    standing = LedgerEntry.objects.in_force(clock).order_by().values_list("state", "status", "rank")
    for state_id, status, rank, number in standing.annotate(number=Count("pk")):
        counts.setdefault(state_id, Counter())[_firmness(status, rank)] += number
    stances = present_stances(clock)
    attended = Participation.objects.as_of(clock).order_by().values_list("state").annotate(number=Count("pk"))
    meetings: dict[int, int] = dict(attended)
    rows = []
    for state in states:
        if text and not answers_to(names_of(state, aliases.get(state.pk, ())), text):
            continue
        count = counts.get(state.pk, Counter())
        rows.append(
            StateRow(
                state,
                name_of(state),
                firm=count["firm"],
                announced=count["announced"],
                signalled=count["signalled"],
                ruled_out=count["ruled_out"],
                stance=stances.get(state.pk),
                meetings=meetings.get(state.pk, 0),
            )
        )
    return sorted(rows, key=SORTS[sort])


def _firmness(status: str, rank: int | None) -> str:
    if status == Status.RULED_OUT:
        return "ruled_out"
    if rank is None:
        return "ended"
    if rank >= FIRM_RANK:
        return "firm"
    return "announced" if rank >= COUNTED_RANK else "signalled"


def groups() -> list[Group]:
    """Return the groups by which states are filtered."""
    return list(Group.objects.order_by("code"))


def present_stances(clock: Clock) -> dict[int, Position]:
    """Return for each state its present position on the guarantees as a whole: the latest one, as of a clock.

    Of two on one day the one with the greater public id, so that the answer never changes by itself.
    """
    latest = (
        Position.objects.as_of(clock)
        .filter(subject=Subject.GUARANTEES)
        .order_by("state_id", "-date", "-public_id")
        .distinct("state_id")
    )
    return {position.state_id: position for position in latest}


# --- One state


@dataclass(frozen=True, slots=True)
class StandingPledge:
    """A pledge with its terms in force: what it waits for, and whether it could start."""

    entry: LedgerEntry
    conditions: list[tuple[str, ConditionValue]]
    availability: Availability | None


@dataclass(frozen=True, slots=True)
class Statement:
    """Something a state said or did: an update of a pledge, or a position; exactly one of the two is set."""

    update: PledgeUpdate | None = None
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class PositionHistory:
    """A state's positions on one subject: the one that holds, and those it replaced, the latest first."""

    subject: Subject
    present: Position
    earlier: list[Position]


@dataclass(frozen=True, slots=True)
class StateRecord:
    """Everything on record about one state, as of a clock."""

    state: State
    name: str
    groups: list[Group]
    in_force: list[StandingPledge]
    ruled_out: list[StandingPledge]
    ended: list[StandingPledge]
    positions: list[PositionHistory]
    participations: list[Participation]

    @property
    def firm(self) -> int:
        """How many of the pledges in force are committed or firmer."""
        return sum((pledge.entry.rank or 0) >= FIRM_RANK for pledge in self.in_force)

    @property
    def stance(self) -> Position | None:
        """Its present position on the guarantees as a whole."""
        return next((history.present for history in self.positions if history.subject is Subject.GUARANTEES), None)


def record(state: State, clock: Clock) -> StateRecord:
    """Read everything on record about a state: pledges by category, the rest with the newest first."""
    conditions = ConditionValues.at(clock)
    order = list(Category)
    entries = (
        LedgerEntry.objects.in_force(clock)
        .filter(state=state)
        .select_related("pledge", "latest_update")
        .prefetch_related("latest_update__sources")
    )
    standing = [
        _standing(entry, conditions)
        for entry in sorted(
            entries, key=lambda entry: (order.index(Category(entry.category)), -(entry.rank or 0), entry.pledge.slug)
        )
    ]
    positions = list(
        Position.objects.as_of(clock)
        .filter(state=state)
        .select_related("summit")
        .prefetch_related("sources")
        .order_by("-date", "-public_id")
    )
    participations = (
        Participation.objects.as_of(clock)
        .filter(state=state)
        .select_related("summit__country")
        .prefetch_related("sources")
        .order_by("-summit__start_date", "summit__slug")
    )
    return StateRecord(
        state=state,
        name=name_of(state),
        groups=list(Group.objects.filter(memberships__state=state).order_by("code")),
        in_force=[pledge for pledge in standing if pledge.entry.rank is not None],
        ruled_out=[pledge for pledge in standing if pledge.entry.status == Status.RULED_OUT],
        ended=[pledge for pledge in standing if pledge.entry.rank is None and pledge.entry.status != Status.RULED_OUT],
        positions=position_histories(positions),
        participations=list(participations),
    )


def _standing(entry: LedgerEntry, conditions: ConditionValues) -> StandingPledge:
    values = [
        (code, conditions.value(code, state_id=entry.state_id, pledge_id=entry.pledge_id)) for code in entry.conditions
    ]
    return StandingPledge(entry, values, availability(entry, conditions))


def position_histories(positions: Sequence[Position]) -> list[PositionHistory]:
    """Group positions (the newest first) by subject, in the order of the vocabulary; the newest of each is present."""
    by_subject: dict[Subject, list[Position]] = {}
    for position in positions:
        by_subject.setdefault(Subject(position.subject), []).append(position)
    return [
        PositionHistory(subject, by_subject[subject][0], by_subject[subject][1:])
        for subject in Subject
        if subject in by_subject
    ]


StatementKey = tuple[dt.date, str, int]
"""The day of a statement, its kind (``position`` or ``update``) and its primary key."""


def statement_keys(state: State, clock: Clock) -> list[StatementKey]:
    """Return all that a state said and did, updates and positions merged, the newest first.

    Of one day, updates stand before positions. Only keys, so that a long record is read page by page
    (:func:`statements`).
    """
    updates = PledgeUpdate.objects.as_of(clock).filter(pledge__state=state)
    positions = Position.objects.as_of(clock).filter(state=state)
    keys = [(day, "position", pk) for day, pk in positions.order_by("date", "public_id").values_list("date", "pk")]
    keys += [(day, "update", pk) for day, pk in updates.order_by("date", "public_id").values_list("date", "pk")]
    return sorted(keys, key=lambda key: key[0])[::-1]


def statements(keys: Sequence[StatementKey]) -> list[Statement]:
    """Return the statements with these keys, in their order, each with its meeting and its sources."""
    updates = (
        PledgeUpdate.objects.filter(pk__in=[pk for _day, kind, pk in keys if kind == "update"])
        .select_related("pledge", "summit")
        .prefetch_related("sources")
        .in_bulk()
    )
    positions = (
        Position.objects.filter(pk__in=[pk for _day, kind, pk in keys if kind == "position"])
        .select_related("summit")
        .prefetch_related("sources")
        .in_bulk()
    )
    return [
        Statement(update=updates[pk]) if kind == "update" else Statement(position=positions[pk])
        for _day, kind, pk in keys
    ]
