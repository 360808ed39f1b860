"""Reverting a changeset: a new draft that undoes what it did to the record. Nothing public is ever taken back."""

from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from guarantees import clock, publication
from guarantees.editing import facts
from guarantees.editing.changesets import SAME_KEY
from guarantees.editing.errors import Refused
from guarantees.editing.rows import NAMES_LOCK, WRITE, allow, check_text, deed, hold
from guarantees.models import FACTS, Changeset, FactModel, PledgeMerge, SourceMerge
from guarantees.models.base import Fact
from guarantees.models.public_ids import new_id
from guarantees.text import MAX_LINE
from guarantees.vocabulary import ChangesetState, CorrectionKind


@dataclass(frozen=True)
class Reversal:
    """The changeset that undoes another one, and the public ids of what it leaves as it is, for it changed since."""

    changeset: Changeset
    left_out: list[str] = field(default_factory=list)


@deed
def revert(*, by: User, changeset: Changeset, reason: str) -> Reversal:
    """Draft the changeset that undoes a public one.

    What it corrected is corrected back (earlier values and sources), what it added is retracted, what it retracted is
    added again under a new public id, and its merges are dissolved. Facts that have been corrected or retracted since
    are left out and named. An open or waiting revert of it is returned instead of a second one.

    Raises Refused (not public, reverted already, or nothing left to undo), ValidationError (no reason) and Forbidden.
    """
    allow(by, WRITE)
    reason = check_text("reason", reason)
    changeset = Changeset.objects.select_for_update(of=("self",)).get(pk=changeset.pk)
    now = clock.now()
    if not changeset.is_public(now):
        raise Refused(_("Only a public changeset is reverted; this one can still be changed or called back."))
    earlier = (
        Changeset.objects.filter(reverts=changeset).exclude(state=ChangesetState.WITHDRAWN).order_by("-pk").first()
    )
    if earlier is not None:
        if earlier.state == ChangesetState.APPROVED:
            raise Refused(_("It has been reverted already, by “%(title)s”.") % {"title": earlier.title})
        return Reversal(earlier)
    undoing = Changeset.objects.create(
        title=(_("Revert of “%(title)s”") % {"title": changeset.title})[:MAX_LINE],
        reason=reason,
        reverts=changeset,
        created_at=now,
    )
    undoing.authors.add(by)
    left_out: list[str] = []
    done = 0
    for model in FACTS:
        brought: list[Any] = list(
            model._default_manager.filter(changeset=changeset).select_related("corrects").order_by("pk")
        )
        for fact in brought:
            if fact.known is None or fact.known.upper is not None:
                left_out.append(fact.public_id)
                continue
            done += 1
            if fact.corrects is None:
                facts.retract(by=by, changeset=undoing, fact=fact, reason=reason)
            else:
                _bring_back(undoing, fact.corrects, instead_of=fact)
        reference = publication.RETRACTED[model]
        for retraction in changeset.retractions.filter(**{f"{reference}__isnull": False}).order_by("pk"):
            ended: Any = getattr(retraction, reference)
            if _taken(undoing, ended):
                left_out.append(ended.public_id)
                continue
            done += 1
            _bring_back(undoing, ended)
    for merge in PledgeMerge.objects.filter(changeset=changeset, into__isnull=False).order_by("pk"):
        PledgeMerge.objects.create(changeset=undoing, pledge=merge.pledge, into=None)
        done += 1
    for merged in SourceMerge.objects.filter(changeset=changeset, into__isnull=False).order_by("pk"):
        SourceMerge.objects.create(changeset=undoing, source=merged.source, into=None)
        done += 1
    if not done:
        raise Refused(_("There is nothing left to undo: all of it has been changed since."), left_out)
    return Reversal(undoing, sorted(left_out))


def _bring_back(changeset: Changeset, earlier: Fact, instead_of: Fact | None = None) -> None:
    """Draft a fact with the values and citations of an earlier one: as a correction, or as a fact of its own."""
    model: Any = type(earlier)
    hold(NAMES_LOCK)
    draft = model._default_manager.get(pk=earlier.pk)
    draft.pk, draft.known, draft.version = None, None, 1
    draft._state.adding = True
    draft.changeset = changeset
    draft.corrects = instead_of
    draft.correction_kind = CorrectionKind.CORRECTED.value if instead_of is not None else ""
    draft.public_id = new_id(draft)
    draft.save()
    for citation in model._default_manager.get(pk=earlier.pk).citations.order_by("pk"):
        citation.pk, citation.fact = None, draft
        citation._state.adding = True
        citation.save()


def _taken(undoing: Changeset, ended: Fact) -> bool:
    """Whether another fact stands in the record where a retracted one stood, and the revert does not end it."""
    model: FactModel = type(ended)  # type: ignore[assignment]  # every fact is of one of the kinds
    key = {name: getattr(ended, name) for name in SAME_KEY[model]}
    standing = model._default_manager.filter(known__upper_inf=True, **key)
    return standing.exclude(pk__in=publication.ended_by(model, undoing).values("pk")).exists()
