"""What editors decide about rows that look alike: different, or the same; and then one of the two goes."""

from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from guarantees import clock
from guarantees.editing import facts
from guarantees.editing.changesets import writable
from guarantees.editing.errors import Refused
from guarantees.editing.merges import copy_citations, transfer
from guarantees.editing.rows import NAMES_LOCK, WRITE, allow, deed, hold
from guarantees.models import Changeset, ConditionState, DuplicateDecision, Pledge, PledgeUpdate, ReviewComment
from guarantees.models.public_ids import new_id
from guarantees.text import MAX_PROSE
from guarantees.vocabulary import CorrectionKind, DuplicateKind, DuplicateVerdict, FactKind


@deed
def different(*, by: User, one: Pledge | PledgeUpdate, other: Pledge | PledgeUpdate) -> DuplicateDecision:
    """Decide that two pledges or two updates are two different things. Deciding it again changes nothing.

    Raises Refused where they were decided to be the same, and Forbidden.
    """
    allow(by, WRITE)
    return _decide(by, one, other, DuplicateVerdict.DIFFERENT)


def _decide(by: User, one: Any, other: Any, verdict: DuplicateVerdict) -> DuplicateDecision:
    kind = DuplicateKind.PLEDGE if isinstance(one, Pledge) else DuplicateKind.UPDATE
    if type(one) is not type(other) or one.pk == other.pk:
        raise ValueError("Two rows of one kind are compared.")
    hold(NAMES_LOCK)
    first, second = sorted((one.pk, other.pk))
    decision, _created = DuplicateDecision.objects.get_or_create(
        kind=kind.value,
        first_id=first,
        second_id=second,
        defaults={"verdict": verdict.value, "by": by, "at": clock.now()},
    )
    if decision.verdict != verdict:
        raise Refused(
            _("This has been decided already: %(verdict)s.") % {"verdict": DuplicateVerdict(decision.verdict).label}
        )
    return decision


@deed
def same_pledge(*, by: User, draft: Pledge, other: Pledge) -> Pledge:
    """Decide that a new pledge of a changeset is one that exists: its updates move there, and it is deleted.

    ``other`` is public, or a draft of any open changeset; then the updates go into that changeset. An update of a day
    on which the public one has its own becomes an extension of it; where that has a draft of the day, the draft stays
    and the text of the other is kept as a comment. Doing it again changes nothing. Raises Refused and Forbidden.
    """
    allow(by, WRITE)
    current = Pledge.objects.filter(pk=draft.pk).first()
    if current is None:
        return other
    if current.visible_from is not None:
        raise Refused(_("“%(pledge)s” is public: it is merged, not moved.") % {"pledge": current})
    if (current.state_id, current.category) != (other.state_id, other.category):
        raise Refused(_("Only pledges of the same state and category can be the same."))
    changeset = writable(by, current.changeset_id)
    target = changeset
    if other.visible_from is None and other.changeset_id != changeset.pk:
        target = writable(by, other.changeset_id)
    _decide(by, current, other, DuplicateVerdict.SAME)
    for update in PledgeUpdate.objects.filter(pledge=current, known__isnull=True).order_by("pk"):
        if update.changeset_id != target.pk:
            update.changeset = target
            update.save(update_fields=["changeset"])
        same_day = PledgeUpdate.objects.filter(pledge=other, date=update.date)
        public = same_day.filter(known__upper_inf=True).first()
        draft_there = same_day.filter(known__isnull=True, changeset=target).first()
        if draft_there is not None:
            _join(by, draft_there, update)
        elif public is not None:
            _extend(update, public)
        else:
            transfer(update, other)
    ConditionState.objects.filter(pledge=current, known__isnull=True).update(pledge=other)
    Pledge.objects.filter(pk=current.pk).delete()
    return other


@deed
def same_update(
    *, by: User, draft: PledgeUpdate, other: PledgeUpdate, keep: PledgeUpdate | None = None
) -> PledgeUpdate:
    """Decide that a draft says the same as another update; return the one that stays.

    ``other`` on record: the draft becomes its extension, resting on the sources of both. ``other`` a draft too: the
    sources of both are joined in ``keep``, the other draft is deleted, and what it said is kept as a comment. Doing
    it again changes nothing. Raises Refused and Forbidden.
    """
    allow(by, WRITE)
    rows = {row.pk: row for row in PledgeUpdate.objects.select_related("pledge").filter(pk__in=[draft.pk, other.pk])}
    if len(rows) < 2:
        return next(iter(rows.values()), other)
    draft, other = rows[draft.pk], rows[other.pk]
    if draft.known is not None:
        raise Refused(_("This row is public, or has been deleted meanwhile."))
    if (draft.pledge.state_id, draft.pledge.category) != (other.pledge.state_id, other.pledge.category):
        raise Refused(_("Only updates of the same state and category can be the same."))
    if other.known is not None:
        writable(by, draft.changeset_id)
        if draft.corrects_id == other.pk:
            return draft
        if other.known.upper is not None or draft.corrects_id is not None:
            raise Refused(_("%(fact)s has been corrected meanwhile.") % {"fact": other.public_id})
        _decide(by, draft, other, DuplicateVerdict.SAME)
        _extend(draft, other)
        return draft
    stays, goes = (other, draft) if keep is not None and keep.pk == other.pk else (draft, other)
    for pk in sorted({stays.changeset_id, goes.changeset_id}):
        writable(by, pk)
    _decide(by, stays, goes, DuplicateVerdict.SAME)
    _join(by, stays, goes)
    return stays


def _join(by: User, stays: PledgeUpdate, goes: PledgeUpdate) -> None:
    """Delete one of two drafts; its sources go to the other, and its text becomes a comment there."""
    copy_citations([stays, goes], stays)
    if goes.summary != stays.summary:
        _keep_text(by, stays, goes)
    facts.delete(by=by, fact=goes)


def _extend(draft: PledgeUpdate, public: PledgeUpdate) -> None:
    """Make a draft the extension of a public update, resting on the sources of both; an emptied new pledge goes."""
    if PledgeUpdate.objects.filter(changeset=draft.changeset_id, corrects=public).exclude(pk=draft.pk).exists():
        raise Refused(_("%(fact)s is corrected in this changeset already.") % {"fact": public.public_id})
    hold(NAMES_LOCK)
    left = draft.pledge
    draft.pledge, draft.corrects, draft.correction_kind = public.pledge, public, CorrectionKind.EXTENDED.value
    draft.public_id = new_id(draft)
    draft.version += 1
    try:
        facts.check_key(draft)
    except ValidationError as error:
        raise Refused(_("The changeset has a row in the way."), error.messages) from error
    draft.save(update_fields=["pledge", "corrects", "correction_kind", "public_id", "version"])
    copy_citations([draft, public], draft)
    if left.pk != draft.pledge_id and left.visible_from is None and not left.updates.exists():
        left.delete()


def _keep_text(by: User, stays: PledgeUpdate, goes: PledgeUpdate) -> None:
    """Keep what a deleted draft said as a comment on the one that stays: nothing that was typed is lost."""
    text = _("The same, in other words (%(fact)s): %(summary)s") % {"fact": goes.public_id, "summary": goes.summary}
    ReviewComment.objects.create(
        changeset=Changeset.objects.get(pk=stays.changeset_id),
        author=by,
        text=text[:MAX_PROSE],
        created_at=clock.now(),
        fact_kind=FactKind.UPDATE.value,
        fact_id=stays.pk,
    )
