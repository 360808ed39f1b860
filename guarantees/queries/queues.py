"""The work queues of the desk: what on record deserves another look, each with its count and its rows."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Value
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from guarantees.clock import Clock
from guarantees.evidence import Cited, Verdict, verdicts
from guarantees.models import (
    FACTS,
    Changeset,
    LedgerEntry,
    Participation,
    PledgeUpdate,
    PledgeUpdateCitation,
    Publisher,
    Source,
    SourceMerge,
    Summit,
)
from guarantees.publication import RETRACTED
from guarantees.vocabulary import ChangesetState, FactKind, Status

QUIET = dt.timedelta(days=180)
"""After how long without a word a pledge is to be asked after."""
DONE = (Status.DELIVERED, Status.WITHDRAWN, Status.LAPSED, Status.RULED_OUT)
"""Statuses after which nothing more is expected to be said."""


@dataclass(frozen=True)
class Queue:
    """A work queue: its name in addresses, how it is called, what is in it and why, and how to count and read it."""

    name: str
    label: Promise
    explanation: Promise
    rows: Callable[[Clock], "Sequence[Any] | QuerySet[Any, Any]"]
    count: Callable[[Clock], int]


@dataclass(frozen=True, slots=True)
class Quiet:
    """A pledge and what is in force of it, with the reason why it stands in a queue."""

    entry: LedgerEntry
    verdicts: tuple[Verdict, ...] = ()


@dataclass(frozen=True, slots=True)
class Single:
    """A fact that rests on one source."""

    kind: FactKind
    fact: Any
    source: Source


def _single_ids(clock: Clock) -> QuerySet[Any, Any]:
    """Return (kind, id) of the facts on record now that cite exactly one source."""
    first, *others = [
        model._default_manager.filter(known__contains=clock.known)
        .annotate(cited=Count("citations"), kind=Value(RETRACTED[model]))
        .filter(cited=1)
        .order_by()
        .values_list("kind", "pk")
        for model in FACTS
    ]
    return first.union(*others, all=True).order_by("kind", "-pk")


def singles(page: Sequence[tuple[str, int]]) -> list[Single]:
    """Return some rows of the queue of single sources, read: a few queries for each kind among them."""
    found: dict[tuple[str, int], Single] = {}
    for model in FACTS:
        kind = RETRACTED[model]
        wanted = [pk for code, pk in page if code == kind]
        facts: Any = model._default_manager.filter(pk__in=wanted)
        if wanted:
            facts = facts.select_related("pledge") if model is PledgeUpdate else facts
            for fact in facts.prefetch_related("sources"):
                found[kind, fact.pk] = Single(FactKind(kind), fact, fact.sources.all()[0])
    return [found[row] for row in page if row in found]


def _sources(clock: Clock) -> QuerySet[Source]:
    public = Changeset.objects.public(clock.known)
    merged = SourceMerge.objects.filter(changeset__in=public, into__isnull=False).values("source")
    bare = Source.objects.visible(clock).filter(Q(title="") | Q(published_on__isnull=True)).exclude(pk__in=merged)
    return bare.order_by("publisher", "public_id")


def _in_force(clock: Clock) -> QuerySet[LedgerEntry]:
    return LedgerEntry.objects.in_force(clock).select_related("pledge__state", "latest_update")


def _quiet(clock: Clock) -> QuerySet[LedgerEntry]:
    entries = _in_force(clock).exclude(status__in=DONE)
    return entries.filter(latest_update__date__lt=clock.on - QUIET).order_by("latest_update__date", "pledge__slug")


def next_meeting(clock: Clock) -> Summit | None:
    """Return the next meeting to come (or under way) of which the desk has noted who attends, also in drafts."""
    coming = Summit.objects.filter(end_date__gte=clock.on, participations__in=_attending(clock))
    return coming.order_by("start_date", "pk").first()


def _attending(clock: Clock) -> QuerySet[Participation]:
    """Return the attendances that are on record, approved for later, or in a draft that has not been given up."""
    open_ones = Q(known__isnull=True) & ~Q(changeset__state=ChangesetState.WITHDRAWN)
    return Participation.objects.filter(Q(known__upper_inf=True) | open_ones)


def _expected(clock: Clock) -> QuerySet[LedgerEntry]:
    meeting = next_meeting(clock)
    if meeting is None:
        return LedgerEntry.objects.none()
    states = _attending(clock).filter(summit=meeting).values("state")
    entries = _in_force(clock).exclude(status__in=DONE).filter(state__in=states)
    return entries.order_by("state__name", "pledge__slug")


def failing(clock: Clock) -> list[Quiet]:
    """Return the pledges in force whose status does not meet its rules of evidence, each with what is not met.

    A status rests on the updates of the present run of it, from the one that set it on. Five queries.
    """
    entries = list(_in_force(clock).filter(rank__isnull=False).order_by("-rank", "pledge__slug"))
    since = {entry.pledge_id: entry for entry in entries}
    first = dict(
        PledgeUpdate.objects.filter(pk__in=[entry.status_set_by_id for entry in entries]).values_list("pk", "date")
    )
    runs: dict[int, tuple[LedgerEntry, set[str]]] = {}
    known = PledgeUpdate.objects.as_of(clock).filter(pledge__in=since)
    for pk, pledge_id, date, status, who in known.values_list("pk", "pledge_id", "date", "status", "attribution"):
        entry = since[pledge_id]
        if status == entry.status and date >= first[entry.status_set_by_id]:
            runs[pk] = entry, {who}
    letters = dict(Publisher.objects.values_list("name", "reliability"))
    cited: dict[int, list[Cited]] = {}
    citations = PledgeUpdateCitation.objects.filter(fact__in=runs)
    for update_id, kind, publisher in citations.values_list("fact", "source__kind", "source__publisher"):
        entry, _said = runs[update_id]
        cited.setdefault(entry.pledge_id, []).append(Cited(kind, publisher, letters.get(publisher, "")))
    said_by: dict[int, set[str]] = {}
    for entry, said in runs.values():
        said_by.setdefault(entry.pledge_id, set()).update(said)
    found = []
    for entry in entries:
        judged = verdicts(entry.status, said_by.get(entry.pledge_id, ()), cited.get(entry.pledge_id, []))
        unmet = tuple(verdict for verdict in judged if not verdict.passes)
        if unmet:
            found.append(Quiet(entry, unmet))
    return found


def _waiting(_clock: Clock) -> QuerySet[Changeset]:
    waiting = Changeset.objects.filter(state=ChangesetState.SUBMITTED).prefetch_related("authors")
    return waiting.order_by(F("submitted_at").asc(nulls_last=True), "pk")


QUEUES: dict[str, Queue] = {
    queue.name: queue
    for queue in (
        Queue(
            "waiting",
            _("Waiting longest for review"),
            _("Changesets that were handed in, the longest waiting first."),
            _waiting,
            lambda clock: _waiting(clock).count(),
        ),
        Queue(
            "expected",
            _("Expected to speak"),
            _("Pledges of the states that attend the next meeting: look for a word about each of them."),
            _expected,
            lambda clock: _expected(clock).count(),
        ),
        Queue(
            "quiet",
            _("Not reaffirmed for 180 days"),
            _("Pledges of which nothing has been recorded for half a year, the quietest first."),
            _quiet,
            lambda clock: _quiet(clock).count(),
        ),
        Queue(
            "unmet",
            _("Status without the evidence it asks for"),
            _("Pledges whose status in force does not meet a rule of evidence, the firmest first."),
            failing,
            lambda clock: len(failing(clock)),
        ),
        Queue(
            "single",
            _("Facts with one source only"),
            _("Look for a second source, of a different origin."),
            _single_ids,
            lambda clock: _single_ids(clock).count(),
        ),
        Queue(
            "sources",
            _("Sources without headline or date"),
            _("Public sources of which the headline or the day of publication is not known."),
            _sources,
            lambda clock: _sources(clock).count(),
        ),
    )
}
"""The queues by their names, in the order in which the desk shows them."""


def counts(clock: Clock) -> list[tuple[Queue, int]]:
    """Return every queue with the number of its rows; the number of queries is constant."""
    return [(queue, queue.count(clock)) for queue in QUEUES.values()]
