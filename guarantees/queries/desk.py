"""What the desk shows: changesets by where they stand, and the sheet of one."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import Count, F, Prefetch, Q

from guarantees import publication
from guarantees.clock import Clock
from guarantees.models import (
    FACTS,
    Changeset,
    CollectiveClaim,
    ConditionState,
    FactModel,
    LedgerEntry,
    Participation,
    Pledge,
    PledgeUpdate,
    Position,
    Requirement,
    Retraction,
    ReviewComment,
    Source,
    State,
    Summit,
)
from guarantees.models.base import Fact
from guarantees.text import fold
from guarantees.vocabulary import (
    ChangesetState,
)

RECENT = 10
"""How many public changesets the desk's first page shows."""
FOUND = 8
"""How many sources a search at the desk shows."""
OFFERED = 12
"""How many of the sources used before in a changeset are offered for the next row."""


@dataclass(frozen=True)
class Desk:
    """The first page of the desk: changesets by where they stand, in the order in which to take them up.

    ``rows`` tells how many rows each has, by its id.
    """

    mine: list[Changeset]
    returned: list[Changeset]
    others: list[Changeset]
    waiting: list[Changeset]
    embargoed: list[Changeset]
    public: list[Changeset]
    rows: dict[int, int]


def desk(by: User, at: dt.datetime) -> Desk:
    """Return the desk of a person at a moment."""
    changesets = Changeset.objects.select_related("summit", "reviewer").prefetch_related("authors")
    open_states = [ChangesetState.DRAFT, ChangesetState.CHANGES_REQUESTED]
    open_ones = list(changesets.filter(state__in=open_states).order_by("-pk"))
    own = [changeset for changeset in open_ones if by in changeset.authors.all()]
    waiting = list(changesets.filter(state=ChangesetState.SUBMITTED).order_by("submitted_at", "pk"))
    approved = changesets.filter(state=ChangesetState.APPROVED)
    embargoed = list(approved.filter(goes_public_at__gt=at).order_by("goes_public_at", "pk"))
    public = list(approved.filter(goes_public_at__lte=at).order_by("-goes_public_at", "-pk")[:RECENT])
    return Desk(
        mine=[changeset for changeset in own if changeset.state == ChangesetState.DRAFT],
        returned=[changeset for changeset in own if changeset.state == ChangesetState.CHANGES_REQUESTED],
        others=[changeset for changeset in open_ones if changeset not in own],
        waiting=waiting,
        embargoed=embargoed,
        public=public,
        rows=row_counts([changeset.pk for changeset in (*open_ones, *waiting, *embargoed, *public)]),
    )


def row_counts(changeset_ids: Sequence[int]) -> dict[int, int]:
    """Return how many rows each of some changesets has, in one query."""
    counts = dict.fromkeys(changeset_ids, 0)
    first, *others = (
        model._default_manager.filter(changeset__in=changeset_ids)
        .order_by()
        .values_list("changeset")
        .annotate(number=Count("pk"))
        for model in FACTS
    )
    for changeset_id, number in first.union(*others, all=True):
        counts[changeset_id] += number
    return counts


# --- The sheet


@dataclass
class Row:
    """A fact as a row of the sheet: with its sources, and with what holds now of the same pledge or position."""

    fact: Any
    sources: list[Source]
    now: LedgerEntry | Position | ConditionState | None = None

    @property
    def is_draft(self) -> bool:
        """Whether the fact may still be edited in place."""
        return self.fact.known is None


@dataclass
class Sheet:
    """Everything that a changeset holds. ``used`` are the sources to offer for the next row."""

    changeset: Changeset
    authors: list[User]
    participations: list[Row]
    updates: list[Row]
    positions: list[Row]
    conditions: list[Row]
    claims: list[Row]
    requirements: list[Row]
    retractions: list[Retraction]
    comments: list[ReviewComment]
    summit_sources: list[Source]
    used: list[Source] = field(default_factory=list)

    @property
    def rows(self) -> list[Row]:
        """All rows: attendance, updates, positions, then the kinds that few meetings bring."""
        return [
            *self.participations,
            *self.updates,
            *self.positions,
            *self.conditions,
            *self.claims,
            *self.requirements,
        ]

    @property
    def count(self) -> "RowCount":
        """The same as :func:`count`, from what has been read already."""
        unsourced = sum(not row.sources for row in self.rows)
        return RowCount(len(self.rows), unsourced, [author.username for author in self.authors])


@dataclass(frozen=True)
class RowCount:
    """How many rows a changeset has, how many of them have no source yet, and the names of who wrote in it."""

    rows: int
    unsourced: int
    authors: list[str]


def _read(model: FactModel, of: Changeset | Fact, *related: str) -> list[Any]:
    """Return the facts of one kind in a changeset, or one fact anew, each with ``cited``: its citations in order.

    A changeset and its meeting are given to the facts as they are: hundreds of copies of them take time to make.
    """
    through: Any = model._meta.get_field("citations").related_model
    cited = Prefetch("citations", through._default_manager.select_related("source").order_by("pk"), to_attr="cited")
    facts = model._default_manager.prefetch_related(cited).order_by("pk")
    if not isinstance(of, Changeset):
        has_summit = [name for name in ("summit",) if hasattr(model, name)]
        return list(facts.filter(pk=of.pk).select_related("changeset", *has_summit, *related))
    found: list[Any] = list(facts.filter(changeset=of).select_related(*related))
    meetings = {of.summit_id: of.summit}
    others = {getattr(fact, "summit_id", None) for fact in found} - {None, of.summit_id}
    meetings |= Summit.objects.in_bulk(others) if others else {}
    for fact in found:
        fact.changeset = of
        if getattr(fact, "summit_id", None) is not None:
            fact.summit = meetings[fact.summit_id]
    return found


def update_rows(of: Changeset | Fact, clock: Clock) -> list[Row]:
    """Return updates as rows, each with the terms of its pledge that are in force by the clock; four queries at most.

    Of what is in force no more is read than the sheet shows.
    """
    facts = _read(PledgeUpdate, of, "pledge__state")
    in_force = LedgerEntry.objects.in_force(clock).filter(pledge__in=[fact.pledge_id for fact in facts])
    shown = in_force.only("pledge_id", "status", "quantity_min", "quantity_max", "unit", "conditions")
    now = {entry.pledge_id: entry for entry in shown}
    return [_row(fact, now.get(fact.pledge_id)) for fact in facts]


def position_rows(of: Changeset | Fact, clock: Clock) -> list[Row]:
    """Return positions as rows, each with the state's present position on the same subject."""
    facts = _read(Position, of, "state")
    known = Position.objects.as_of(clock).filter(state__in={fact.state_id for fact in facts})
    now = {(position.state_id, position.subject): position for position in known.order_by("date", "pk")}
    return [_row(fact, now.get((fact.state_id, fact.subject))) for fact in facts]


def condition_rows(of: Changeset | Fact, clock: Clock) -> list[Row]:
    """Return states of conditions as rows, each with where the condition stands now for the same scope."""
    facts = _read(ConditionState, of, "condition", "state", "pledge")
    known = ConditionState.objects.as_of(clock).filter(condition__in={fact.condition_id for fact in facts})
    now = {(state.condition_id, state.state_id, state.pledge_id): state for state in known.order_by("date", "pk")}
    return [_row(fact, now.get((fact.condition_id, fact.state_id, fact.pledge_id))) for fact in facts]


def _rows(model: FactModel, of: Changeset | Fact, *related: str) -> list[Row]:
    """Return facts as rows of which nothing is said that holds now."""
    return [_row(fact) for fact in _read(model, of, *related)]


def _row(fact: Any, now: LedgerEntry | Position | ConditionState | None = None) -> Row:
    return Row(fact, [citation.source for citation in fact.cited], now)


def row(fact: Fact, clock: Clock) -> Row:
    """Return one fact as a row of its sheet, read anew."""
    match fact:
        case PledgeUpdate():
            rows = update_rows(fact, clock)
        case Position():
            rows = position_rows(fact, clock)
        case Participation():
            rows = _rows(Participation, fact, "state")
        case ConditionState():
            rows = condition_rows(fact, clock)
        case CollectiveClaim():
            rows = _rows(CollectiveClaim, fact)
        case Requirement():
            rows = _rows(Requirement, fact)
        case _:
            raise TypeError(f"{type(fact).__name__} has no row on the sheet.")
    return rows[0]


def sheet(changeset: Changeset, clock: Clock) -> Sheet:
    """Return everything in a changeset; the number of queries does not depend on the number of rows."""
    return Sheet(
        changeset=changeset,
        authors=list(changeset.authors.order_by("username")),
        participations=_rows(Participation, changeset, "state"),
        updates=update_rows(changeset, clock),
        positions=position_rows(changeset, clock),
        conditions=condition_rows(changeset, clock),
        claims=_rows(CollectiveClaim, changeset),
        requirements=_rows(Requirement, changeset),
        retractions=retractions(changeset),
        comments=list(changeset.comments.select_related("author")),
        summit_sources=summit_sources(changeset.summit),
        used=used_sources(changeset),
    )


def retractions(changeset: Changeset) -> list[Retraction]:
    """Return what a changeset retracts, each with its fact, in the order in which it was retracted."""
    return list(changeset.retractions.select_related(*Retraction.KINDS).order_by("pk"))


def summit_sources(summit: Summit | None) -> list[Source]:
    """Return the sources of a summit's description, in the order in which they were added."""
    if summit is None:
        return []
    return [citation.source for citation in summit.citations.select_related("source").order_by("pk")]


def used_sources(changeset: Changeset) -> list[Source]:
    """Return the sources that the changeset cites, the latest added first: those that are offered for the next row."""
    return list(publication.cited_sources(changeset).order_by("-pk")[:OFFERED])


def count(changeset: Changeset) -> RowCount:
    """Return how a changeset stands: its rows, those that lack a source, its authors."""
    first, *others = (
        model._default_manager.filter(changeset=changeset)
        .order_by()
        .values("changeset")
        .annotate(number=Count("pk", distinct=True), bare=Count("pk", filter=Q(citations__isnull=True)))
        .values_list("number", "bare")
        for model in FACTS
    )
    counted = list(first.union(*others, all=True))
    rows, unsourced = sum(number for number, _bare in counted), sum(bare for _number, bare in counted)
    return RowCount(rows, unsourced, list(changeset.authors.order_by("username").values_list("username", flat=True)))


def pledges_of(
    state: State, category: str, changeset: Changeset, clock: Clock
) -> list[tuple[Pledge, LedgerEntry | None]]:
    """Return the pledges to which a new update can be added, each with what is in force of it now.

    Those that are public, and those that the changeset itself brings.
    """
    pledges = Pledge.objects.filter(state=state, category=category).filter(
        Q(visible_from__lte=clock.known) | Q(changeset=changeset)
    )
    listed = list(pledges.order_by("slug"))
    entries = LedgerEntry.objects.in_force(clock).filter(pledge__in=listed)
    now = {entry.pledge_id: entry for entry in entries}
    return [(pledge, now.get(pledge.pk)) for pledge in listed]


def find_sources(text: str) -> list[Source]:
    """Return the sources that best fit what was typed: an address, an id, or words of publisher and headline."""
    words = fold(text).split()
    if not words:
        return []
    sources = Source.objects.order_by(F("published_on").desc(nulls_last=True), "public_id")
    if text.strip().startswith(("http://", "https://")):
        address = text.strip().split("://", 1)[1].split("#")[0].rstrip("/")
        return list(sources.filter(url__icontains=address)[:FOUND])
    query = SearchQuery(
        " & ".join(f"'{word}':*" for word in (w.replace("'", "").replace("\\", "") for w in words) if word),
        config="simple",
        search_type="raw",
    )
    return list(sources.annotate(found=SearchVector("search_text", config="simple")).filter(found=query)[:FOUND])
