"""Corrections and retractions made where a reader sees the fact: each in a changeset, public at once where that is so.

Where the house does without the second pair of eyes (``settings.FOUR_EYES``), a reviewer's correction in a changeset
of its own is submitted and approved in one go.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from guarantees import publication
from guarantees.editing import changesets, facts, references
from guarantees.editing.errors import Refused
from guarantees.editing.rows import REVIEW, check_text, deed, tidied
from guarantees.ledger import LadderViolation
from guarantees.models import Changeset, Retraction, Source
from guarantees.models.base import Fact
from guarantees.text import MAX_LINE
from guarantees.vocabulary import ChangesetState, CorrectionKind

F = TypeVar("F", bound=Fact)

OPEN = (ChangesetState.DRAFT, ChangesetState.CHANGES_REQUESTED)


def correct(
    *,
    by: User,
    fact: F,
    values: Mapping[str, Any],
    sources: Iterable[Source],
    reason: str,
    new_source: Mapping[str, Any] | None = None,
    changeset: Changeset | None = None,
    kind: CorrectionKind = CorrectionKind.CORRECTED,
) -> F:
    """Draft a correction of a public fact, in a changeset that is open or in a new one, and publish it if that may be.

    ``new_source`` is added to the record (see :func:`references.add_source`). The same correction sent twice is one.
    Raises ValidationError (beside the fields; also if nothing would change or no source is named), Refused (the fact
    is no longer on record, or the publication was refused: the draft then stays) and Forbidden.
    """
    draft = _draft_correction(
        by=by,
        fact=fact,
        values=values,
        sources=sources,
        new_source=new_source,
        reason=reason,
        changeset=changeset,
        kind=kind,
    )
    if changeset is None:
        _publish(by, draft.changeset)
    draft.refresh_from_db()
    return draft


@deed
def _draft_correction(
    *,
    by: User,
    fact: F,
    values: Mapping[str, Any],
    sources: Iterable[Source],
    new_source: Mapping[str, Any] | None,
    reason: str,
    changeset: Changeset | None,
    kind: CorrectionKind,
) -> F:
    reason = check_text("reason", reason)
    cited = list(sources)
    if new_source is not None:
        cited.append(references.add_source(by=by, values=new_source))
    cited = list(dict.fromkeys(cited))
    if not cited:
        raise ValidationError({"sources": _("A correction rests on at least one source: tick one, or add one.")})
    new = tidied(values)
    before: Any = type(fact)._default_manager.prefetch_related("sources").get(pk=fact.pk)
    if all(getattr(before, name) == value for name, value in new.items()) and set(cited) == set(before.sources.all()):
        raise ValidationError(_("This changes nothing: the values and the sources are those on record."))
    for pending in type(fact)._default_manager.filter(
        corrects=fact.pk, known__isnull=True, changeset__state__in=OPEN, changeset__authors=by
    ):
        if all(getattr(pending, name) == value for name, value in new.items()):
            return pending
    if changeset is None:
        changeset = _start(by, _("Correction of %(fact)s"), fact, reason)
    return facts.correct(by=by, changeset=changeset, fact=fact, values=new, sources=cited, kind=kind)


def retract(*, by: User, fact: Fact, reason: str, changeset: Changeset | None = None) -> Retraction:
    """Draft the retraction of a public fact, like :func:`correct`. The same one sent twice is one."""
    retraction = _draft_retraction(by=by, fact=fact, reason=reason, changeset=changeset)
    if changeset is None:
        _publish(by, retraction.changeset)
    retraction.changeset.refresh_from_db()
    return retraction


@deed
def _draft_retraction(*, by: User, fact: Fact, reason: str, changeset: Changeset | None) -> Retraction:
    reason = check_text("reason", reason)
    kind = publication.RETRACTED[type(fact)]  # type: ignore[index]  # every fact has a kind
    pending = Retraction.objects.filter(
        changeset__state__in=OPEN, changeset__authors=by, **{kind: fact.pk}
    ).select_related("changeset")
    for retraction in pending[:1]:
        return retraction
    if changeset is None:
        changeset = _start(by, _("Retraction of %(fact)s"), fact, reason)
    return facts.retract(by=by, changeset=changeset, fact=fact, reason=reason)


def _start(by: User, title: str, fact: Fact, reason: str) -> Changeset:
    return changesets.start(by=by, title=(title % {"fact": fact.public_id})[:MAX_LINE], reason=reason)


def at_once(by: User) -> bool:
    """Whether what a person corrects in a changeset of its own is public at once."""
    return not settings.FOUR_EYES and by.has_perm(REVIEW)


def _publish(by: User, changeset: Changeset) -> None:
    """Submit and approve a changeset that holds nothing but a correction, where its author may. Raises Refused."""
    if not at_once(by):
        return
    changeset = changesets.submit(by=by, changeset=changeset)
    try:
        changesets.approve(by=by, changeset=changeset, seen=changesets.digest(changeset))
    except LadderViolation as violation:
        raise Refused(str(violation)) from violation
