"""What a merge is chosen from: rows by what people call them, rows that look like one, open changesets."""

import datetime as dt

from django.contrib.auth.models import User
from django.db.models import Case, Q, QuerySet, Value, When

from guarantees.clock import Clock
from guarantees.models import FACTS, Changeset, Pledge, PledgeMerge, Source, SourceMerge
from guarantees.models.merges import merged_rows
from guarantees.vocabulary import ChangesetState

OFFERED = 12
"""How many rows are offered as the same."""
NEAR = dt.timedelta(days=3)


def open_changesets(by: User) -> list[Changeset]:
    """Return the changesets that are open for writing, a person's own first, then the newest first."""
    states = [ChangesetState.DRAFT, ChangesetState.CHANGES_REQUESTED]
    own = Case(When(pk__in=by.changesets_written.values("pk"), then=Value(0)), default=Value(1))
    return list(Changeset.objects.filter(state__in=states).order_by(own, "-pk"))


def like_source(source: Source, clock: Clock) -> list[Source]:
    """Return sources that may be the same: of the same headline, or of the same publisher and nearly the same day."""
    near = Q(publisher=source.publisher)
    if source.published_on is not None:
        near &= Q(published_on__range=(source.published_on - NEAR, source.published_on + NEAR))
    same = near | Q(title__iexact=source.title) if source.title else near
    merged = merged_rows(SourceMerge, clock)
    return list(Source.objects.filter(same).exclude(pk=source.pk).exclude(pk__in=merged)[:OFFERED])


def resting(source: Source) -> int:
    """Return how many facts of the record rest on a source now."""
    return sum(model._default_manager.filter(known__upper_inf=True, sources=source).count() for model in FACTS)


def public_pledges(clock: Clock) -> QuerySet[Pledge]:
    """Return the pledges that can be merged: public, and not part of another one already."""
    return Pledge.objects.visible(clock).exclude(pk__in=merged_rows(PledgeMerge, clock)).select_related("state")


def like_pledge(pledge: Pledge, clock: Clock) -> list[Pledge]:
    """Return the pledges that may be the same: those of the same state and category."""
    same = public_pledges(clock).filter(state=pledge.state_id, category=pledge.category)
    return list(same.exclude(pk=pledge.pk).order_by("slug"))
