"""Rebasing: a changeset that another one has overtaken is put onto what is public now. No typed value is lost.

What an author typed into a correction is what differs from the fact that it corrects; it stays. Everything else is
taken from the newer fact, so that the correction does not undo what it never meant to touch.
"""

from collections.abc import Collection, Iterator
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.forms.models import model_to_dict
from django.utils.translation import gettext as _

from guarantees import clock, publication
from guarantees.clock import Clock
from guarantees.editing import changesets
from guarantees.editing.errors import Forbidden, Refused
from guarantees.editing.rows import NAMES_LOCK, REVIEW, WRITE, allow, check, deed, hold
from guarantees.models import (
    FACTS,
    Changeset,
    ConditionState,
    FactModel,
    Pledge,
    PledgeUpdate,
    Retraction,
    ReviewComment,
)
from guarantees.models.base import Fact
from guarantees.models.merges import merged_into
from guarantees.models.public_ids import new_id, stem_of
from guarantees.vocabulary import ChangesetState
from guarantees.wording import mid_sentence

TOGETHER = (
    ("quantity_min", "quantity_max", "unit", "quantity_basis"),
    ("conditions", "conditions_basis", "conditions_lifted"),
    ("wording", "wording_language"),
)
"""Columns that are only right together: whoever typed into one of them typed all of them."""
BOOKKEEPING = frozenset({"id", "public_id", "changeset", "corrects", "correction_kind", "sources"})


@deed
def rebase(*, by: User, changeset: Changeset, as_new: Collection[str] = ()) -> list[str]:
    """Put a changeset onto what is public now, and return what was done as sentences; none: there was nothing to do.

    Corrections and retractions are pointed at the fact that now stands for theirs, facts about a pledge that has been
    merged at the pledge that it is part of. ``as_new`` names corrections (``update-12``) whose fact has been
    retracted and that are to stay as facts of their own. What was done is kept as a comment.

    Nothing is typed here, so that whoever rebases does not become an author. A changeset that waits for review goes
    on waiting, and its reviewer looks again. Raises Refused unless it is open or waits, and Forbidden.
    """
    changeset = _to_rebase(by, changeset)
    done = [*_pledges(changeset), *_corrections(changeset, as_new), *_retractions(changeset)]
    if done:
        text = "\n".join([_("Rebased onto what is public now."), *done])
        ReviewComment.objects.create(changeset=changeset, author=by, text=text, created_at=clock.now())
    return done


@deed
def call_back_and_rebase(*, by: User, changeset: Changeset, other: Changeset) -> list[str]:
    """Call back the embargoed changeset that reserves what this one touches, then rebase this one.

    Raises what :func:`guarantees.editing.changesets.call_back` and :func:`rebase` raise; then nothing has happened.
    """
    changesets.call_back(by=by, changeset=other)
    called = _("“%(title)s” was called back; it waits for review again.") % {"title": other.title}
    return [called, *rebase(by=by, changeset=changeset)]


def _to_rebase(by: User, changeset: Changeset) -> Changeset:
    allow(by, WRITE)
    changeset = Changeset.objects.select_for_update(of=("self",)).get(pk=changeset.pk)
    if not (changeset.authors.filter(pk=by.pk).exists() or by.has_perm(REVIEW)):
        raise Forbidden(_("Only its authors and reviewers rebase a changeset."))
    if not (changeset.is_open or changeset.state == ChangesetState.SUBMITTED):
        raise Refused(
            _("It cannot be rebased: it is %(state)s.") % {"state": mid_sentence(changeset.get_state_display())}
        )
    return changeset


def _pledges(changeset: Changeset) -> Iterator[str]:
    """Point new facts about a merged pledge at the pledge that it is part of; corrections follow their fact."""
    at = Clock.present()
    for model in (PledgeUpdate, ConditionState):
        facts: Any = model._default_manager.filter(changeset=changeset, pledge__isnull=False, corrects__isnull=True)
        for fact in facts.select_related("pledge").order_by("pk"):
            into = merged_into(fact.pledge, at)
            if not isinstance(into, Pledge):
                continue
            name, old = fact.public_id, fact.pledge
            fact.pledge = into
            if not _saved(fact):
                continue
            yield _("%(fact)s is now about “%(pledge)s”, of which “%(old)s” has become part; it is now %(new)s.") % {
                "fact": name,
                "pledge": into,
                "old": old,
                "new": fact.public_id,
            }


def _corrections(changeset: Changeset, as_new: Collection[str]) -> Iterator[str]:
    for model in FACTS:
        drafts: Any = model._default_manager.filter(changeset=changeset, corrects__isnull=False)
        for draft in drafts.select_related("corrects").order_by("pk"):
            yield from _correction(model, draft, as_new)


def _correction(model: FactModel, draft: Any, as_new: Collection[str]) -> Iterator[str]:
    old: Any = draft.corrects
    newer: Any = publication.newest(old, clock.now())
    names = {"fact": draft.public_id, "old": old.public_id}
    if newer is None:
        if f"{publication.RETRACTED[model]}-{draft.pk}" not in as_new:
            yield _("%(fact)s corrects %(old)s, which has been retracted. Keep it as a new fact, or delete it.") % names
            return
        draft.corrects, draft.correction_kind = None, ""
        _save(draft)
        yield _("%(fact)s stays as a new fact: %(old)s, which it corrected, has been retracted.") % names
        return
    if newer.pk == old.pk:
        return
    names["newer"] = newer.public_id
    typed = _typed(draft, old)
    both = sorted(
        name
        for name in typed
        if getattr(newer, name) not in (getattr(old, name), getattr(draft, name))
        and getattr(old, name) != getattr(draft, name)
    )
    kept = {name: getattr(draft, name) for name in _columns(draft)}
    for name in kept:
        if name not in typed:
            setattr(draft, name, getattr(newer, name))
    draft.corrects = newer
    sentence = _("%(fact)s now corrects %(newer)s, which has replaced %(old)s.") % names
    if not _saved(draft):
        # The two do not go together (a refusal carries no conditions, say): then it stays as it was written.
        for name, value in kept.items():
            setattr(draft, name, value)
        _save(draft)
        yield f"{sentence} " + _("It stays as it was written: the newer values do not go together with it.")
        return
    if both:
        labels = {column.attname: str(column.verbose_name) for column in model._meta.concrete_fields}
        fields = ", ".join(labels[name] for name in both)
        sentence += " " + _("Both changed: %(fields)s; what is written here stays.") % {"fields": fields}
    yield sentence


def _columns(fact: Fact) -> list[str]:
    """Return the attributes of the columns that say something."""
    named = model_to_dict(fact, exclude=BOOKKEEPING)
    return [column.attname for column in fact._meta.concrete_fields if column.name in named]


def _typed(draft: Fact, old: Fact) -> set[str]:
    """Return the attributes in which a correction differs from the fact that it was made from."""
    typed = {name for name in _columns(draft) if getattr(draft, name) != getattr(old, name)}
    for group in TOGETHER:
        if typed.intersection(group):
            typed.update(group)
    return typed


def _saved(draft: Any) -> bool:
    """Save a draft whose references have moved; False, with nothing written, if a rule stands against it."""
    try:
        _save(draft)
    except ValidationError:
        return False
    return True


def _save(draft: Any) -> None:
    was = type(draft)._default_manager.get(pk=draft.pk)
    if stem_of(draft) != stem_of(was):
        hold(NAMES_LOCK)
        draft.public_id = new_id(draft)
    check(draft)
    draft.version += 1
    draft.save()


def _retractions(changeset: Changeset) -> Iterator[str]:
    for retraction in changeset.retractions.select_related(*Retraction.KINDS).order_by("pk"):
        kind = next(name for name in Retraction.KINDS if getattr(retraction, f"{name}_id") is not None)
        old: Any = getattr(retraction, kind)
        newer = publication.newest(old, clock.now())
        names = {"old": old.public_id, "reason": retraction.reason}
        if newer is None or changeset.retractions.filter(**{kind: newer}).exclude(pk=retraction.pk).exists():
            retraction.delete()
            yield _("%(old)s is off the record already; this retraction is dropped. Its reason was: %(reason)s") % names
        elif newer != old:
            setattr(retraction, kind, newer)
            retraction.save(update_fields=[kind])
            yield _("The retraction now ends %(newer)s, which has replaced %(old)s.") % (
                names | {"newer": newer.public_id}
            )
