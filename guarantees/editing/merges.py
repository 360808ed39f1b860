"""Merges: two sources, or two pledges, that turned out to be one. The facts move in the same changeset.

Nothing takes effect before that changeset is public; another changeset that reverts it undoes a merge.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from guarantees import clock, ledger, publication
from guarantees.clock import Clock
from guarantees.editing import facts
from guarantees.editing.changesets import writable
from guarantees.editing.errors import Refused
from guarantees.editing.rows import NAMES_LOCK, deed, hold
from guarantees.ledger import LadderViolation
from guarantees.models import (
    FACTS,
    Changeset,
    ConditionState,
    Pledge,
    PledgeMerge,
    PledgeUpdate,
    Source,
    SourceMerge,
)
from guarantees.models.base import Citation, Fact
from guarantees.models.merges import merged_into
from guarantees.models.public_ids import new_id
from guarantees.vocabulary import CorrectionKind

EXTENDED, LEFT_OUT = "extended", "left_out"
"""What becomes of an update of the merged pledge on a day on which the other one has its own: it is added to that one
as a correction of the kind *extended*, or it is left out."""

_OWN = frozenset(
    {"id", "version", "public_id", "changeset", "corrects", "correction_kind", "known", "search_text", "pledge"}
)
"""The columns of an update that do not move with what it says."""


# --- Sources


@deed
def merge_sources(*, by: User, changeset: Changeset, source: Source, into: Source) -> SourceMerge:
    """Draft that ``source`` is the same as ``into``: every public fact that cites it gets a correction that cites
    ``into`` instead, with locator and credibility; drafts of the changeset are cited anew.

    Doing it again adds what has been published meanwhile. Raises ValidationError (beside ``into``), Refused and
    Forbidden.
    """
    changeset = writable(by, changeset.pk)
    _check_pair(source, into)
    merge: SourceMerge = _merge(changeset, SourceMerge, source, into)
    for model in FACTS:
        ended = publication.ended_by(model, changeset).values("pk")
        current = model._default_manager.filter(known__upper_inf=True, sources=source).exclude(pk__in=ended)
        for fact in current.order_by("pk"):
            successor = facts.correct(by=by, changeset=changeset, fact=fact, values={}, sources=[])
            copy_citations([fact], successor, {source.pk: into.pk})
        for draft in model._default_manager.filter(known__isnull=True, changeset=changeset, sources=source):
            copy_citations([draft], draft, {source.pk: into.pk})
    return merge


def _check_pair(row: Any, into: Any) -> None:
    """Raise ValidationError or Refused unless one row can become part of another."""
    if row.pk == into.pk:
        raise ValidationError({"into": _("This is the same row: choose another one.")})
    present = Clock.present()
    for one in (row, into):
        if target := merged_into(one, present):
            raise Refused(_("“%(row)s” has been merged into “%(target)s” already.") % {"row": one, "target": target})


def _merge(changeset: Changeset, model: Any, row: Any, into: Any) -> Any:
    """Return the merge of a row in a changeset, made if it is new. Raises Refused for a second one, or a circle."""
    present = model.objects.filter(changeset=changeset, **{model.MERGED: row}).first()
    if present is not None and present.into_id != into.pk:
        raise Refused(_("“%(row)s” is merged into another one in this changeset already.") % {"row": row})
    if model.objects.filter(changeset=changeset, into__isnull=False, **{model.MERGED: into}).exists():
        raise Refused(_("“%(row)s” is itself merged into another one in this changeset.") % {"row": into})
    return present or model.objects.create(changeset=changeset, into=into, **{model.MERGED: row})


def copy_citations(of: Sequence[Fact], to: Fact, instead: Mapping[int, int] | None = None) -> None:
    """Give a draft the citations of some facts, none twice; ``instead`` names sources that take another's place.

    Where two citations become one, what the first says about place and credibility is filled in by the second.
    """
    cited: dict[int, Citation] = {}
    through: Any = type(to).sources.through  # type: ignore[attr-defined]  # each kind has its own
    replaced = instead or {}
    found = [citation for fact in of for citation in fact.citations.order_by("pk")]  # type: ignore[attr-defined]  # same
    # A citation of the source that stays comes before one of the source that goes.
    for citation in sorted(found, key=lambda citation: citation.source_id in replaced):
        source_id = replaced.get(citation.source_id, citation.source_id)
        kept = cited.setdefault(source_id, through(fact=to, source_id=source_id))
        kept.locator = kept.locator or citation.locator
        kept.credibility = kept.credibility or citation.credibility
    through.objects.filter(fact=to).delete()
    through.objects.bulk_create(cited.values())


# --- Pledges


@dataclass(frozen=True, slots=True)
class Clash:
    """A day on which both pledges have an update: ``moved`` of the one that goes, ``present`` of the one that stays."""

    moved: PledgeUpdate
    present: PledgeUpdate

    @property
    def name(self) -> str:
        """The name of the field by which the editor says what becomes of it."""
        return f"clash-{self.moved.pk}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a merge of two pledges would move, on which days both say something, and what the ladder holds against it.

    ``problem`` supposes that every clash is resolved as ``resolved`` says, and otherwise left out.
    """

    moves: list[PledgeUpdate]
    clashes: list[Clash]
    problem: str = ""


def plan(pledge: Pledge, into: Pledge, *, ended: Iterable[int] = (), resolved: Mapping[str, str] | None = None) -> Plan:
    """Return what a merge of ``pledge`` into another one would do. Only reads; ``ended`` are updates to pass over."""
    gone = set(ended)
    moving, staying = (
        [
            update
            for update in PledgeUpdate.objects.filter(pledge=one, known__upper_inf=True)
            .select_related("summit", "pledge")
            .prefetch_related("sources")
            .order_by("date", "pk")
            if update.pk not in gone
        ]
        for one in (pledge, into)
    )
    days = {update.date: update for update in staying}
    clashes = [Clash(update, days[update.date]) for update in moving if update.date in days]
    moves = [update for update in moving if update.date not in days]
    extended = {clash.present.pk: clash.moved for clash in clashes if (resolved or {}).get(clash.name) == EXTENDED}
    after = sorted([extended.get(update.pk, update) for update in staying] + moves, key=lambda update: update.date)
    problem = ""
    try:
        ledger.check_ladder([ledger.said_of(update, update.known.lower) for update in after])
    except LadderViolation as violation:
        problem = str(violation)
    return Plan(moves, clashes, problem)


@deed
def merge_pledges(
    *, by: User, changeset: Changeset, pledge: Pledge, into: Pledge, resolved: Mapping[str, str]
) -> PledgeMerge:
    """Draft that ``pledge`` is part of ``into``: its public updates are retracted there and added at the other.

    ``resolved`` says for each :class:`Clash`, by its name, :data:`EXTENDED` or :data:`LEFT_OUT`. What conditions are
    said to hold for the pledge moves too, and so do drafts of the changeset. Doing it again moves what has come since.
    Raises ValidationError (beside ``into`` or a clash), Refused (rules of the ladder, something in the way) and
    Forbidden.
    """
    changeset = writable(by, changeset.pk)
    pledge, into = Pledge.objects.get(pk=pledge.pk), Pledge.objects.get(pk=into.pk)
    _check_pair(pledge, into)
    if (pledge.state_id, pledge.category) != (into.state_id, into.category):
        raise ValidationError({"into": _("Only pledges of the same state and category are merged.")})
    for one in (pledge, into):
        if one.visible_from is None or one.visible_from > clock.now():
            raise Refused(_("“%(pledge)s” is not public yet.") % {"pledge": one})
    merge: PledgeMerge = _merge(changeset, PledgeMerge, pledge, into)
    ended = publication.ended_by(PledgeUpdate, changeset).values_list("pk", flat=True)
    planned = plan(pledge, into, ended=ended, resolved=resolved)
    _check_resolved(planned.clashes, resolved)
    if planned.problem:
        raise Refused(_("These two cannot be one pledge."), [planned.problem])
    try:
        for update in planned.moves:
            _move(by, changeset, update, into)
        for clash in planned.clashes:
            if resolved[clash.name] == EXTENDED:
                _extend(by, changeset, clash)
            _end(by, changeset, clash.moved, into)
        _move_conditions(by, changeset, pledge, into)
        for draft in PledgeUpdate.objects.filter(known__isnull=True, changeset=changeset, pledge=pledge):
            transfer(draft, into)
    except ValidationError as error:
        raise Refused(_("The changeset has a row in the way."), error.messages) from error
    return merge


def _check_resolved(clashes: Iterable[Clash], resolved: Mapping[str, str]) -> None:
    errors = {
        clash.name: _("Both pledges have an update of that day. Say what becomes of this one.")
        for clash in clashes
        if resolved.get(clash.name) not in (EXTENDED, LEFT_OUT)
    }
    if errors:
        raise ValidationError(errors)


def said_by(update: PledgeUpdate) -> dict[str, Any]:
    """Return what an update says, by the attributes of its columns."""
    return {
        column.attname: getattr(update, column.attname)
        for column in update._meta.concrete_fields
        if column.name not in _OWN
    }


def _move(by: User, changeset: Changeset, update: PledgeUpdate, into: Pledge) -> None:
    draft = facts.add_update(by=by, changeset=changeset, pledge=into, values=said_by(update))
    copy_citations([update], draft)
    _end(by, changeset, update, into)


def _end(by: User, changeset: Changeset, update: PledgeUpdate, into: Pledge) -> None:
    # In English, like everything that the record holds.
    facts.retract(by=by, changeset=changeset, fact=update, reason=f"The same pledge as {into.slug}; stands there.")


def _extend(by: User, changeset: Changeset, clash: Clash) -> None:
    values = said_by(clash.moved) | {"summary": joined(clash.present.summary, clash.moved.summary)}
    draft = facts.correct(
        by=by, changeset=changeset, fact=clash.present, values=values, sources=[], kind=CorrectionKind.EXTENDED
    )
    copy_citations([clash.present, clash.moved], draft)


def joined(first: str, second: str) -> str:
    """Return two texts as one, without saying the same twice."""
    return first if second in first else second if first in second else f"{first} {second}"


def _move_conditions(by: User, changeset: Changeset, pledge: Pledge, into: Pledge) -> None:
    ended = publication.ended_by(ConditionState, changeset).values("pk")
    current = ConditionState.objects.filter(known__upper_inf=True, pledge=pledge).exclude(pk__in=ended)
    for state in current.order_by("pk"):
        successor = facts.correct(by=by, changeset=changeset, fact=state, values={"pledge": into}, sources=[])
        copy_citations([state], successor)


def transfer(draft: PledgeUpdate, to: Pledge) -> None:
    """Put a draft under another pledge, with a new id. Raises ValidationError if that day is taken there."""
    hold(NAMES_LOCK)
    draft.pledge = to
    draft.public_id = new_id(draft)
    draft.version += 1
    facts.check_key(draft)
    draft.save(update_fields=["pledge", "public_id", "version"])
