"""What becoming public does to the record: the one place that sets ``known`` and ``visible_from``.

Approval sets both to a moment that is still to come, and reads compare with the clock: nothing has to run at that
moment, and until then everything can be taken back.
"""

import datetime as dt
from typing import Any

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models, transaction
from django.db.models import Func, Q, Value
from django.db.models.functions import Lower

from guarantees import ledger
from guarantees.clock import Clock
from guarantees.models import (
    FACTS,
    Changeset,
    CollectiveClaim,
    ConditionState,
    FactModel,
    Participation,
    Pledge,
    PledgeUpdate,
    Position,
    Requirement,
    Source,
    Summit,
)
from guarantees.models.base import Fact
from guarantees.models.merges import merged_into

APPROVAL_LOCK = 7_002
"""The advisory lock (first of two keys, the second 0) under which changesets become public, one at a time."""
RETRACTED: dict[FactModel, str] = {
    PledgeUpdate: "update",
    Position: "position",
    Participation: "participation",
    ConditionState: "condition_state",
    CollectiveClaim: "claim",
    Requirement: "requirement",
}
"""By which reference a retraction names a fact of each kind."""


class NotCurrent(ValueError):
    """A fact that a changeset corrects or retracts is no longer part of the record: ``public_ids`` names them."""

    def __init__(self, public_ids: list[str]) -> None:
        super().__init__(", ".join(public_ids))
        self.public_ids = public_ids


def ended_by(model: FactModel, changeset: Changeset) -> models.QuerySet[Any]:
    """Return the facts of one kind that a changeset corrects or retracts."""
    retracted = changeset.retractions.filter(**{f"{RETRACTED[model]}__isnull": False}).values(RETRACTED[model])
    corrected = model._default_manager.filter(changeset=changeset, corrects__isnull=False).values("corrects")
    return model._default_manager.filter(Q(pk__in=retracted) | Q(pk__in=corrected))


def touched_pledges(changeset: Changeset) -> set[int]:
    """Return the ids of the pledges whose terms a changeset can alter."""
    own = PledgeUpdate.objects.filter(changeset=changeset).values_list("pledge_id", flat=True)
    ended = ended_by(PledgeUpdate, changeset).values_list("pledge_id", flat=True)
    return {*own, *ended}


def cited_sources(changeset: Changeset) -> models.QuerySet[Source]:
    """Return the sources that the facts and summits of a changeset cite."""
    cited = Q(summits__changeset=changeset)
    for model in FACTS:
        cited |= Q(pk__in=model.objects.filter(changeset=changeset).values("sources"))
    return Source.objects.filter(pk__in=Source.objects.filter(cited).values("pk"))


def newest(fact: Fact, at: dt.datetime) -> Fact | None:
    """Return what stands for a once public fact in the record at a moment; None if it was ended without a successor.

    That is the fact itself, the last of those that correct it, or, where its pledge has become part of another one,
    the update of that day that was added there.
    """
    model: Any = type(fact)
    current = fact
    while current.known is not None and current.known.upper is not None and current.known.upper <= at:
        corrections = model._default_manager.filter(corrects=current, known__startswith__lte=at)
        successor: Fact | None = corrections.first() or _moved(current, at)
        if successor is None:
            return None
        current = successor
    return current


def _moved(fact: Fact, at: dt.datetime) -> PledgeUpdate | None:
    if not isinstance(fact, PledgeUpdate):
        return None
    pledge = merged_into(fact.pledge, Clock(at.date(), at))
    if pledge is None:
        return None
    return PledgeUpdate.objects.filter(pledge_id=pledge.pk, date=fact.date, known__contains=at).first()


def _until(end: dt.datetime | None) -> Func:
    """Return ``known`` with its own start and another end."""
    return Func(
        Lower("known"),
        Value(end, output_field=models.DateTimeField(null=True)),
        function="TSTZRANGE",
        output_field=DateTimeRangeField(),
    )


@transaction.atomic
def take_effect(changeset: Changeset) -> None:
    """Make an approved changeset part of the record from its ``goes_public_at`` on.

    Raises :class:`NotCurrent` if something that it ends has already been ended, and
    :class:`guarantees.ledger.LadderViolation` if the pledges would break the ladder's rules.
    """
    at = changeset.goes_public_at
    if at is None:
        raise ValueError(f"Changeset {changeset.pk} is not approved: it has no time at which it goes public.")
    stale: list[str] = []
    for model in FACTS:
        ended = ended_by(model, changeset)
        stale += ended.exclude(known__upper_inf=True, known__startswith__lt=at).values_list("public_id", flat=True)
        if not stale:
            ended.update(known=_until(at))
            model._default_manager.filter(changeset=changeset, known__isnull=True).update(known=(at, None))
    if stale:
        raise NotCurrent(sorted(stale))
    for introduced in (Pledge, Summit):
        introduced._default_manager.filter(changeset=changeset, visible_from__isnull=True).update(visible_from=at)
    cited_sources(changeset).filter(Q(visible_from__isnull=True) | Q(visible_from__gt=at)).update(visible_from=at)
    ledger.post(touched_pledges(changeset))


@transaction.atomic
def take_back(changeset: Changeset) -> None:
    """Undo :func:`take_effect` of a changeset that is not public yet; its facts are drafts again.

    ``changeset.goes_public_at`` still names the time that is taken back.
    """
    at = changeset.goes_public_at
    touched = touched_pledges(changeset)
    for model in FACTS:
        model._default_manager.filter(changeset=changeset).update(known=None)
        ended_by(model, changeset).filter(known__endswith=at).update(known=_until(None))
    Pledge.objects.filter(changeset=changeset).update(visible_from=None)
    Summit.objects.filter(changeset=changeset).update(visible_from=None)
    for source in cited_sources(changeset).filter(visible_from=at):
        Source.objects.filter(pk=source.pk).update(visible_from=_first_cited(source))
    ledger.post(touched)


def _first_cited(source: Source) -> dt.datetime | None:
    """Return when the first fact or summit that cites a source became, or becomes, public."""
    moments = [source.summits.aggregate(first=models.Min("visible_from"))["first"]]
    for model in FACTS:
        facts = model._default_manager.filter(sources=source, known__isnull=False)
        moments.append(facts.aggregate(first=models.Min(Lower("known")))["first"])
    return min((moment for moment in moments if moment is not None), default=None)
