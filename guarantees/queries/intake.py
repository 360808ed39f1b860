"""The intake of a meeting: who attended, and what each of them has in force, a row for every pledge."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils import translation

from guarantees.clock import Clock
from guarantees.models import (
    Changeset,
    LedgerEntry,
    NoMention,
    Participation,
    ParticipationCitation,
    Pledge,
    PledgeUpdate,
    PledgeUpdateCitation,
    Source,
    State,
    StateAlias,
    Summit,
    SummitCitation,
)
from guarantees.names import localised_state_name
from guarantees.text import fold
from guarantees.vocabulary import Category, ChangesetState

OPEN = (ChangesetState.DRAFT, ChangesetState.CHANGES_REQUESTED)
_PLACE = {category.value: place for place, category in enumerate(Category)}


@dataclass(slots=True)
class Outcome:
    """A pledge at a meeting: what is in force of it, and what the changeset says about it so far.

    ``recorded`` is an update of that meeting, or of its first day, that is public already: a second one cannot be
    added. ``noted``: an editor looked, and the meeting's texts do not mention it.
    """

    pledge: Pledge
    entry: LedgerEntry | None
    draft: PledgeUpdate | None = None
    noted: bool = False
    recorded: PledgeUpdate | None = None

    @property
    def sources(self) -> list[Source]:
        """The sources of the draft."""
        return _sources(self.draft) if self.draft is not None else []


@dataclass(slots=True)
class Attendee:
    """A state's part in the meeting: on record, or a draft of the changeset."""

    participation: Participation

    @property
    def state(self) -> State:
        """The state."""
        return self.participation.state

    @property
    def sources(self) -> list[Source]:
        """The sources of the attendance."""
        return _sources(self.participation)


@dataclass(slots=True)
class Delegation:
    """A state on the sheet with its pledges: one that attended, or one about which the changeset says something."""

    state: State
    outcomes: list[Outcome] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the intake has come: pledges with a draft, drafts without a source (attendance too), what was noted."""

    drafts: int
    unsourced: int
    noted: int


@dataclass(slots=True)
class Intake:
    """Everything on the page of a meeting's intake."""

    changeset: Changeset
    summit: Summit
    attendees: list[Attendee]
    delegations: list[Delegation]
    summit_sources: list[Source]
    last_source: Source | None
    progress: Progress


def _sources(fact: Any) -> list[Source]:
    return [citation.source for citation in fact.cited]


def summit_of(slug: str, at: dt.datetime) -> Summit | None:
    """Return a meeting that is public at a moment, or the draft of an open changeset; None if there is none."""
    is_there = Q(visible_from__lte=at) | Q(visible_from__isnull=True, changeset__state__in=OPEN)
    return Summit.objects.select_related("country").filter(is_there, slug=slug).first()


def open_changesets(summit: Summit, by: User) -> list[Changeset]:
    """Return a person's open changesets about a meeting, the latest first."""
    return list(Changeset.objects.filter(summit=summit, state__in=OPEN, authors=by).order_by("-pk"))


def drafts(changeset: Changeset) -> QuerySet[PledgeUpdate]:
    """Return the updates that the changeset adds; those that correct an earlier fact are none of the intake's."""
    cited = Prefetch("citations", PledgeUpdateCitation.objects.select_related("source").order_by("pk"), to_attr="cited")
    found = PledgeUpdate.objects.filter(changeset=changeset, known__isnull=True, corrects__isnull=True)
    return found.select_related("pledge__state", "summit").prefetch_related(cited).order_by("-pk")


def _participations(summit: Summit, changeset: Changeset, clock: Clock) -> QuerySet[Participation]:
    cited = Prefetch(
        "citations", ParticipationCitation.objects.select_related("source").order_by("pk"), to_attr="cited"
    )
    there = Q(known__contains=clock.known) | Q(changeset=changeset, known__isnull=True)
    found = Participation.objects.filter(there, summit=summit)
    return found.select_related("state", "changeset").prefetch_related(cited).order_by("pk")


def _recorded(summit: Summit, clock: Clock) -> QuerySet[PledgeUpdate]:
    same_meeting = Q(summit=summit) | Q(date=summit.start_date)
    return PledgeUpdate.objects.known_at(clock).filter(same_meeting).order_by("pk")


def intake(changeset: Changeset, summit: Summit, clock: Clock) -> Intake:
    """Return the intake of a meeting; the number of queries does not depend on the number of rows.

    The states in the order of their names in the reader's language; of each its pledges by category, those that the
    changeset brings last.
    """
    attending: dict[int, Attendee] = {}
    for participation in _participations(summit, changeset, clock):
        attending[participation.state_id] = Attendee(participation)
    of_pledge = {draft.pledge_id: draft for draft in drafts(changeset)}
    states = {attendee.state.pk: attendee.state for attendee in attending.values()}
    states |= {draft.pledge.state_id: draft.pledge.state for draft in of_pledge.values()}
    noted = set(NoMention.objects.filter(changeset=changeset).values_list("state_id", "category"))
    recorded = {update.pledge_id: update for update in _recorded(summit, clock)}
    entries = {
        entry.pledge_id: entry
        for entry in LedgerEntry.objects.in_force(clock).filter(state__in=states).select_related("pledge")
    }
    pledges = {entry.pledge_id: entry.pledge for entry in entries.values()}
    pledges |= {draft.pledge_id: draft.pledge for draft in of_pledge.values()}
    delegations = {pk: Delegation(state) for pk, state in states.items()}
    for pledge in sorted(pledges.values(), key=lambda pledge: _place(pledge, changeset)):
        pledge.state = states[pledge.state_id]
        draft = of_pledge.get(pledge.pk)
        if draft is not None:
            draft.changeset = changeset
        delegations[pledge.state_id].outcomes.append(
            Outcome(
                pledge,
                entries.get(pledge.pk),
                draft,
                (pledge.state_id, pledge.category) in noted,
                recorded.get(pledge.pk),
            )
        )
    by_name = {pk: fold(_name(state)) for pk, state in states.items()}
    return Intake(
        changeset=changeset,
        summit=summit,
        attendees=sorted(attending.values(), key=lambda attendee: by_name[attendee.state.pk]),
        delegations=sorted(delegations.values(), key=lambda delegation: by_name[delegation.state.pk]),
        summit_sources=[citation.source for citation in summit.citations.select_related("source").order_by("pk")],
        last_source=last_source(changeset),
        progress=progress(changeset),
    )


def _name(state: State) -> str:
    return localised_state_name(state.code, state.name, translation.get_language() or "en")


def _place(pledge: Pledge, changeset: Changeset) -> tuple[bool, int, str]:
    is_new = pledge.changeset_id == changeset.pk
    return is_new, pledge.pk if is_new else _PLACE[pledge.category], pledge.slug


def outcome(changeset: Changeset, pk: int, clock: Clock) -> Outcome | None:
    """Return the row of one pledge, read anew; None if it is not there for the changeset. Three to five queries."""
    entry = LedgerEntry.objects.in_force(clock).filter(pledge=pk).first()
    draft = drafts(changeset).filter(pledge=pk).last()
    if draft is not None:
        draft.changeset = changeset
        return Outcome(draft.pledge, entry, draft)
    pledge = pledge_at(changeset, pk, clock)
    if pledge is None:
        return None
    noted = NoMention.objects.filter(changeset=changeset, state=pledge.state, category=pledge.category).exists()
    recorded = _recorded(changeset.summit, clock).filter(pledge=pledge).first() if changeset.summit else None
    return Outcome(pledge, entry, None, noted, recorded)


def pledge_at(changeset: Changeset, pk: int, clock: Clock) -> Pledge | None:
    """Return a pledge that the changeset may speak about: a public one, or one that it brings itself."""
    there = Q(visible_from__lte=clock.known) | Q(changeset=changeset)
    return Pledge.objects.select_related("state").filter(there, pk=pk).first()


def attendee(changeset: Changeset, pk: int, clock: Clock) -> Attendee | None:
    """Return a state's part in the changeset's meeting, read anew; None if there is no such draft of it."""
    if changeset.summit is None:
        return None
    found = _participations(changeset.summit, changeset, clock).filter(pk=pk, known__isnull=True).first()
    return Attendee(found) if found is not None else None


def progress(changeset: Changeset) -> Progress:
    """Return how far the intake has come; three queries."""
    drafts, unsourced = 0, 0
    models: Any
    for models in ((PledgeUpdate, PledgeUpdateCitation), (Participation, ParticipationCitation)):
        cited = models[1].objects.filter(fact=OuterRef("pk"))
        rows = models[0].objects.filter(changeset=changeset, known__isnull=True).annotate(cited=Exists(cited))
        told = list(rows.values_list("cited", flat=True))
        drafts += len(told) if models[0] is PledgeUpdate else 0
        unsourced += told.count(False)
    return Progress(drafts, unsourced, NoMention.objects.filter(changeset=changeset).count())


def last_source(changeset: Changeset) -> Source | None:
    """Return the source that was cited last in a changeset: for an update, else for an attendance or the meeting."""
    of_facts: Any
    for of_facts in (
        PledgeUpdateCitation.objects.filter(fact__changeset=changeset),
        ParticipationCitation.objects.filter(fact__changeset=changeset),
        SummitCitation.objects.filter(fact=changeset.summit_id),
    ):
        citation = of_facts.select_related("source").order_by("-pk").first()
        if citation is not None:
            source: Source = citation.source
            return source
    return None


def absent_states(content: Intake) -> list[State]:
    """Return the states and organisations that are not listed as attending, by their names in the reader's language."""
    attending = [attendee.state.pk for attendee in content.attendees]
    return sorted(State.objects.exclude(pk__in=attending), key=lambda state: fold(_name(state)))


def states_by_any_name(languages: Iterable[str]) -> dict[str, list[State]]:
    """Return all states by everything they are called, folded: code, names in some languages, aliases.

    A name that several states share (as Korea) names all of them.
    """
    states = {state.pk: state for state in State.objects.all()}
    called: dict[str, dict[int, State]] = {}
    for state in states.values():
        names = {state.code, state.name, *(localised_state_name(state.code, state.name, name) for name in languages)}
        for name in names:
            called.setdefault(fold(name), {})[state.pk] = state
    for state_id, alias in StateAlias.objects.values_list("state_id", "alias"):
        called.setdefault(fold(alias), {})[state_id] = states[state_id]
    return {name: list(found.values()) for name, found in called.items()}
