"""Likely duplicates: drafts of a changeset that look like something on record, or like a draft elsewhere.

A guess for an editor to judge, once; nothing here forbids anything. Compared are drafts and what is on record of the
same state and category.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from guarantees.models import Changeset, DuplicateDecision, Pledge, PledgeUpdate
from guarantees.text import fold
from guarantees.vocabulary import ChangesetState, DuplicateKind

NEAR = dt.timedelta(days=3)
"""Statements so near in time may be one and the same."""
ALIKE = 0.6
"""From this share of common words, or of common text, two texts are alike."""
SHORTEST_WORD = 3
"""Letters from which on a word counts: *of*, *a* and *to* say nothing about a pledge."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A draft of the changeset and what it may be the same as; ``one`` and ``other`` are pledges or updates.

    ``updates`` are the updates by which a person judges: those of the draft, and those of the other.
    """

    kind: DuplicateKind
    one: Any
    other: Any
    updates: tuple[list[PledgeUpdate], list[PledgeUpdate]]

    @property
    def name(self) -> str:
        """The pair in an address or a form: kind and both numbers."""
        return f"{self.kind.value}-{self.one.pk}-{self.other.pk}"

    @property
    def anchor(self) -> str:
        """The id of the pair on a page."""
        return f"pair-{self.name}"

    @property
    def other_is_public(self) -> bool:
        """Whether the other is part of the record already."""
        row = self.other
        return (row.known if isinstance(row, PledgeUpdate) else row.visible_from) is not None


def likeness(one: str, other: str) -> float:
    """Return how alike two short texts are, from 0 to 1: the share of common words, or of common text if higher.

    >>> likeness("French troops for a force", "Troops of France for a force") > 0.5
    True
    """
    first, second = fold(one), fold(other)
    words, others = (
        {word.strip(".,;:!?()“”\"'") for word in text.split() if len(word) >= SHORTEST_WORD} for text in (first, second)
    )
    smaller = min(len(words), len(others))
    common = len(words & others) / max(len(words), len(others)) if smaller else 0.0
    return max(common, SequenceMatcher(None, first, second, autojunk=False).ratio() if first and second else 0.0)


def likely(changeset: Changeset) -> list[Pair]:
    """Return the pairs that nobody has decided about: pledges first, each kind in the order of the drafts.

    Two queries: the updates of the states and categories of the changeset's drafts, and the decisions about them.
    """
    rows = list(_candidates(changeset))
    drafts = [row for row in rows if row.changeset_id == changeset.pk and row.known is None]
    pairs = [*_pledge_pairs(changeset, drafts, rows), *_update_pairs(changeset, drafts, rows)]
    if not pairs:
        return []
    decided = set(
        DuplicateDecision.objects.filter(
            Q(first_id__in=[pair.one.pk for pair in pairs]) | Q(second_id__in=[pair.one.pk for pair in pairs])
        ).values_list("kind", "first_id", "second_id")
    )
    return [pair for pair in pairs if key(pair.kind, pair.one.pk, pair.other.pk) not in decided]


def key(kind: str, one: int, other: int) -> tuple[str, int, int]:
    """Return by what a decision about two rows is found, whichever of them is named first."""
    return (str(kind), min(one, other), max(one, other))


def _candidates(changeset: Changeset) -> QuerySet[PledgeUpdate]:
    """Return the drafts of the changeset and everything of their states and categories: on record now, and not ended
    by the changeset; and drafts of other changesets that may still become public.
    """
    own = PledgeUpdate.objects.filter(changeset=changeset, known__isnull=True)
    same = own.filter(pledge__state=OuterRef("pledge__state"), pledge__category=OuterRef("pledge__category"))
    alive = [ChangesetState.DRAFT, ChangesetState.CHANGES_REQUESTED, ChangesetState.SUBMITTED]
    return (
        PledgeUpdate.objects.filter(Exists(same))
        .filter(Q(known__upper_inf=True) | Q(known__isnull=True, changeset__state__in=alive) | Q(changeset=changeset))
        .exclude(known__isnull=False, pk__in=changeset.retractions.filter(update__isnull=False).values("update"))
        .exclude(known__isnull=False, pk__in=own.filter(corrects__isnull=False).values("corrects"))
        .select_related("pledge__state", "changeset")
        .order_by("pk")
    )


def _same_kind(one: Pledge, other: Pledge) -> bool:
    return (one.state_id, one.category) == (other.state_id, other.category)


def _pledge_pairs(changeset: Changeset, drafts: Sequence[PledgeUpdate], rows: Sequence[PledgeUpdate]) -> Iterator[Pair]:
    """Yield new pledges of the changeset that look like another one: by their titles, or by what was said when."""
    of_pledge: dict[int, list[PledgeUpdate]] = {}
    for row in rows:
        of_pledge.setdefault(row.pledge_id, []).append(row)
    pledges = {row.pledge_id: row.pledge for row in rows}
    new = {draft.pledge_id for draft in drafts if draft.pledge.visible_from is None}
    for pk in sorted(pk for pk in new if pledges[pk].changeset_id == changeset.pk):
        for other_pk, other in sorted(pledges.items()):
            if other_pk == pk or not _same_kind(pledges[pk], other) or (other_pk in new and other_pk < pk):
                continue
            own, theirs = of_pledge[pk], of_pledge[other_pk]
            near = any(abs(one.date - two.date) <= NEAR for one in own for two in theirs)
            if near or likeness(pledges[pk].title, other.title) >= ALIKE:
                yield Pair(DuplicateKind.PLEDGE, pledges[pk], other, (own, _nearest(theirs, own)))


def _nearest(rows: Iterable[PledgeUpdate], to: Sequence[PledgeUpdate], limit: int = 3) -> list[PledgeUpdate]:
    """Return the rows that come nearest in time to some others, in the order of their dates."""
    nearest = sorted(rows, key=lambda row: min(abs(row.date - other.date) for other in to))[:limit]
    return sorted(nearest, key=lambda row: row.date)


def _update_pairs(changeset: Changeset, drafts: Sequence[PledgeUpdate], rows: Sequence[PledgeUpdate]) -> Iterator[Pair]:
    """Yield drafts that look like another update: near in time, and of the same pledge or alike in their words.

    Corrections are passed over: they name what they are about.
    """
    own = {draft.pk for draft in drafts}
    for draft in drafts:
        if draft.corrects_id is not None:
            continue
        for row in rows:
            is_earlier = row.pk in own and row.pk <= draft.pk
            if is_earlier or (row.corrects_id is not None and row.known is None):
                continue
            if not _same_kind(draft.pledge, row.pledge) or abs(draft.date - row.date) > NEAR:
                continue
            if draft.pledge_id == row.pledge_id or likeness(draft.summary, row.summary) >= ALIKE:
                yield Pair(DuplicateKind.UPDATE, draft, row, ([draft], [row]))
