"""Facts are added, edited and deleted as drafts of a changeset; once public they are only corrected or retracted."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, cast

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.text import slugify
from django.utils.translation import gettext as _

from guarantees.editing.changesets import SAME_KEY, clashes, writable
from guarantees.editing.errors import Refused
from guarantees.editing.rows import NAMES_LOCK, check, check_text, deed, hold, overwrite, tidied
from guarantees.models import (
    Changeset,
    CollectiveClaim,
    ConditionState,
    FactModel,
    Participation,
    Pledge,
    PledgeUpdate,
    Position,
    Requirement,
    Retraction,
    Source,
    State,
)
from guarantees.models.base import Citation, Fact
from guarantees.models.public_ids import new_id, stem_of
from guarantees.publication import RETRACTED
from guarantees.text import MAX_LINE
from guarantees.vocabulary import CorrectionKind

F = TypeVar("F", bound=Fact)

BESIDE_KEY: dict[FactModel, str] = {
    PledgeUpdate: "date",
    Position: "topic",
    Participation: "state",
    ConditionState: "date",
    CollectiveClaim: "slug",
    Requirement: "slug",
}
"""The field beside which a person reads that a fact is on record already."""


@deed
def add_update(
    *,
    by: User,
    changeset: Changeset,
    values: Mapping[str, Any],
    sources: Iterable[Source] = (),
    pledge: Pledge | None = None,
    state: State | None = None,
    category: str = "",
    title: str = "",
) -> PledgeUpdate:
    """Add a draft update: to ``pledge``, or to a new one of ``state`` and ``category`` with ``title``.

    The same update added twice is one update. Raises ValidationError (rules, beside their fields), Refused and
    Forbidden.
    """
    changeset = writable(by, changeset.pk)
    if pledge is None:
        if state is None:
            raise ValueError("A new pledge needs its state.")
        pledge = _new_pledge(changeset, state, category, title)
    elif pledge.visible_from is None and pledge.changeset_id != changeset.pk:
        raise ValidationError({"pledge": _("This pledge belongs to another changeset that is not public yet.")})
    return _add(PledgeUpdate(changeset=changeset, pledge=pledge, **tidied(values)), sources)


@deed
def add_position(
    *, by: User, changeset: Changeset, values: Mapping[str, Any], sources: Iterable[Source] = ()
) -> Position:
    """Add a draft position. The same position added twice is one."""
    return _add(Position(changeset=writable(by, changeset.pk), **tidied(values)), sources)


@deed
def add_participation(
    *, by: User, changeset: Changeset, values: Mapping[str, Any], sources: Iterable[Source] = ()
) -> Participation:
    """Add a draft of a state's part in a summit. The same one added twice is one."""
    return _add(Participation(changeset=writable(by, changeset.pk), **tidied(values)), sources)


@deed
def add_condition_state(
    *, by: User, changeset: Changeset, values: Mapping[str, Any], sources: Iterable[Source] = ()
) -> ConditionState:
    """Add a draft of where a condition stands. The same one added twice is one."""
    return _add(ConditionState(changeset=writable(by, changeset.pk), **tidied(values)), sources)


@deed
def add_claim(
    *, by: User, changeset: Changeset, values: Mapping[str, Any], sources: Iterable[Source] = ()
) -> CollectiveClaim:
    """Add a draft of a collective claim, named by its speaker and day. The same one added twice is one."""
    claim = CollectiveClaim(changeset=writable(by, changeset.pk), **tidied(values))
    return _add_named(claim, claim.speaker, sources)


@deed
def add_requirement(
    *, by: User, changeset: Changeset, values: Mapping[str, Any], sources: Iterable[Source] = ()
) -> Requirement:
    """Add a draft of a requirement, named by its author and day. The same one added twice is one."""
    requirement = Requirement(changeset=writable(by, changeset.pk), **tidied(values))
    return _add_named(requirement, requirement.author, sources)


N = TypeVar("N", CollectiveClaim, Requirement)


def _add_named(fact: N, who: str, sources: Iterable[Source]) -> N:
    """Give a fact its slug, ``{who}-{day}`` (``…-2`` and on), and add it; the same draft is found by its values."""
    hold(NAMES_LOCK)
    model = type(fact)
    stem = f"{slugify(who)[:70].strip('-') or 'unnamed'}-{fact.date}"
    named = dict(model._default_manager.filter(slug__startswith=stem).values_list("slug", "pk"))
    for draft in model._default_manager.filter(pk__in=named.values(), changeset=fact.changeset, known__isnull=True):
        fact.slug = draft.slug
        if _same_values(draft, fact):
            return draft
    number, fact.slug = 1, stem
    while fact.slug in named:
        number += 1
        fact.slug = f"{stem}-{number}"
    return _add(fact, sources)


def _new_pledge(changeset: Changeset, state: State, category: str, title: str) -> Pledge:
    """Return a new pledge named ``{state}-{category}`` (``…-2`` and on), or the same one started before here."""
    title = check_text("title", title, MAX_LINE)
    hold(NAMES_LOCK)
    same = Pledge.objects.filter(changeset=changeset, state=state, category=category, title=title).first()
    if same is not None:
        return same
    stem = f"{state.slug}-{category.replace('_', '-')}"
    taken = set(Pledge.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    slug, number = stem, 1
    while slug in taken:
        number += 1
        slug = f"{stem}-{number}"
    pledge = Pledge(changeset=changeset, slug=slug, state=state, category=category, title=title)
    check(pledge)
    pledge.save()
    return pledge


def _add(fact: F, sources: Iterable[Source]) -> F:
    """Save a new draft with its sources, or return the equal draft that is there already.

    The key of a fact (:data:`SAME_KEY`) does what a token in the form would do: a form that is sent twice adds once.
    """
    hold(NAMES_LOCK)
    key = {name: getattr(fact, name) for name in SAME_KEY[_kind(fact)]}
    for draft in type(fact)._default_manager.filter(changeset=fact.changeset, known__isnull=True, **key):
        if _same_values(draft, fact):
            return draft
    fact.public_id = new_id(fact)
    check(fact)
    check_key(fact)
    fact.save()
    for source in sources:
        _cite(fact, source)
    return fact


def _kind(fact: Fact) -> FactModel:
    """Return the kind of a fact as one of the kinds that exist."""
    return cast(FactModel, type(fact))


def _same_values(one: Fact, other: Fact) -> bool:
    own = {"id", "public_id", "version", "known", "search_text"}
    names = [field.attname for field in one._meta.concrete_fields if field.attname not in own]
    return all(getattr(one, name) == getattr(other, name) for name in names)


def check_key(fact: Fact) -> None:
    """Raise ValidationError if another fact, on record or in the same changeset, says the same already."""
    for _row, other in clashes(_kind(fact), [fact], fact.changeset):
        if not (fact.corrects is not None and fact.corrects.public_id == other):
            raise ValidationError(
                {BESIDE_KEY[_kind(fact)]: _("This is on record already: %(other)s.") % {"other": other}}
            )


@deed
def edit(*, by: User, fact: F, version: int, seen: str, values: Mapping[str, Any]) -> F:
    """Write some fields of a draft, if nobody else has changed them since ``version``; see :func:`rows.overwrite`.

    Raises Stale (with the row as it is, who and when), ValidationError, Refused and Forbidden.
    """
    writable(by, fact.changeset_id)
    model = type(fact)
    drafts = model._default_manager.filter(known__isnull=True, changeset=fact.changeset_id)
    try:
        written = overwrite(drafts, fact, version=version, seen=seen, values=values)
    except model.DoesNotExist:
        raise Refused(_("This row has been deleted meanwhile.")) from None
    if set(SAME_KEY[_kind(fact)]).intersection(values):
        check_key(written)
    if stem_of(written) != stem_of(fact):
        # A draft's id says what the draft says; it is fixed only when the fact becomes public.
        hold(NAMES_LOCK)
        written.public_id = new_id(written)
        drafts.filter(pk=written.pk).update(public_id=written.public_id)
    return written


@deed
def delete(*, by: User, fact: Fact) -> None:
    """Delete a draft, and the new pledge that it was the only update of. Deleting it again does nothing."""
    changeset = writable(by, fact.changeset_id)
    model = type(fact)
    draft = model._default_manager.filter(pk=fact.pk, known__isnull=True, changeset=changeset).first()
    if draft is None:
        if model._default_manager.filter(pk=fact.pk).exists():
            raise Refused(_("A published fact is never deleted: it is retracted."))
        return
    draft.delete()
    if isinstance(draft, PledgeUpdate):
        pledge = Pledge.objects.filter(pk=draft.pledge_id, changeset=changeset, visible_from__isnull=True)
        pledge.exclude(pk__in=PledgeUpdate.objects.values("pledge")).delete()


@deed
def cite(*, by: User, fact: Fact, source: Source, locator: str = "", credibility: int | None = None) -> Citation:
    """Name a source for a draft. Naming it again changes nothing."""
    writable(by, fact.changeset_id)
    _check_draft(fact)
    return _cite(fact, source, locator, credibility)


@deed
def uncite(*, by: User, fact: Fact, source: Source) -> None:
    """Take a source off a draft. The source itself stays."""
    writable(by, fact.changeset_id)
    _check_draft(fact)
    _citations(fact).filter(source=source).delete()


def _check_draft(fact: Fact) -> None:
    if not type(fact)._default_manager.filter(pk=fact.pk, known__isnull=True).exists():
        raise Refused(_("This row is public, or has been deleted meanwhile."))


def _citations(fact: Fact) -> models.QuerySet[Any]:
    citations: models.QuerySet[Any] = fact.citations.all()  # type: ignore[attr-defined]  # each kind has its own
    return citations


def _cite(fact: Fact, source: Source, locator: str = "", credibility: int | None = None) -> Citation:
    present = _citations(fact).filter(source=source).first()
    if present is not None:
        citation: Citation = present
        return citation
    citation = _citations(fact).model(fact=fact, source=source, locator=locator.strip(), credibility=credibility)
    check(citation)
    citation.save()
    return citation


@deed
def correct(
    *,
    by: User,
    changeset: Changeset,
    fact: F,
    values: Mapping[str, Any],
    sources: Iterable[Source],
    kind: CorrectionKind = CorrectionKind.CORRECTED,
) -> F:
    """Add a draft that replaces a public fact: the fact's own values, but for ``values``, resting on ``sources``.

    Raises Refused if the fact is no longer (or not yet) part of the record.
    """
    changeset = writable(by, changeset.pk)
    current = _current(fact)
    model = type(fact)
    successor = model._default_manager.get(pk=current.pk)
    successor.pk, successor.known, successor.version = None, None, 1
    successor._state.adding = True
    successor.changeset = changeset
    successor.corrects, successor.correction_kind = current, kind.value
    for name, value in tidied(values).items():
        setattr(successor, name, value)
    return _add(successor, sources)


@deed
def retract(*, by: User, changeset: Changeset, fact: Fact, reason: str) -> Retraction:
    """End a public fact without a successor, when the changeset becomes public. Once is enough."""
    changeset = writable(by, changeset.pk)
    current = _current(fact)
    named = {RETRACTED[_kind(fact)]: current}
    present = changeset.retractions.filter(**named).first()
    if present is not None:
        return present
    return Retraction.objects.create(changeset=changeset, reason=check_text("reason", reason), **named)


@deed
def unretract(*, by: User, retraction: Retraction) -> None:
    """Take a retraction out of an open changeset."""
    writable(by, retraction.changeset_id)
    Retraction.objects.filter(pk=retraction.pk).delete()


def _current(fact: F) -> F:
    """Return a fact that is part of the record without an end; raise Refused for any other."""
    current = type(fact)._default_manager.filter(pk=fact.pk, known__upper_inf=True).first()
    if current is None:
        raise Refused(
            _("%(fact)s is not part of the record, or has been corrected already.") % {"fact": fact.public_id}
        )
    return current
