"""What editors see at the facts of public pages: whether a correction or retraction is under way, and where."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q

from guarantees.models import Changeset, Retraction
from guarantees.models.base import Fact
from guarantees.publication import RETRACTED
from guarantees.vocabulary import ChangesetState, FactKind


@dataclass(frozen=True, slots=True)
class Pending:
    """A correction (or retraction) that is not public yet, and the changeset that would bring it."""

    changeset: Changeset
    is_retraction: bool


@dataclass(frozen=True, slots=True)
class Tools:
    """What stands beside one fact for editors."""

    kind: FactKind
    pk: int
    public_id: str
    pending: list[Pending] = field(default_factory=list)

    @property
    def anchor(self) -> str:
        """The id of the place of the tools on the page."""
        return f"tools-{self.kind.value}-{self.pk}"


def kind_of(fact: Fact) -> FactKind:
    """Return the kind of a fact."""
    return FactKind(RETRACTED[type(fact)])  # type: ignore[index]  # every fact has a kind


def equip(facts: Iterable[Any], at: dt.datetime) -> None:
    """Give each of some public facts its ``tools``; two queries for each kind of fact among them."""
    by_model: dict[Any, dict[int, list[Any]]] = {}
    for fact in facts:
        by_model.setdefault(type(fact), {}).setdefault(fact.pk, []).append(fact)
    waiting = [ChangesetState.DRAFT, ChangesetState.SUBMITTED, ChangesetState.CHANGES_REQUESTED]
    embargoed = Q(changeset__state=ChangesetState.APPROVED, changeset__goes_public_at__gt=at)
    not_public = Q(changeset__state__in=waiting) | embargoed
    for model, same in by_model.items():
        reference = RETRACTED[model]
        pending: dict[int, list[Pending]] = {}
        drafts = model._default_manager.filter(not_public, corrects__in=same).select_related("changeset")
        for draft in drafts.order_by("pk"):
            pending.setdefault(draft.corrects_id, []).append(Pending(draft.changeset, is_retraction=False))
        ending = Retraction.objects.filter(not_public, **{f"{reference}__in": same}).select_related("changeset")
        for retraction in ending.order_by("pk"):
            ended = getattr(retraction, f"{reference}_id")
            pending.setdefault(ended, []).append(Pending(retraction.changeset, is_retraction=True))
        for pk, rows in same.items():
            for fact in rows:
                fact.tools = Tools(FactKind(reference), pk, fact.public_id, pending.get(pk, []))


def open_changesets(by: User) -> list[Changeset]:
    """Return the changesets in which a person is writing, the latest first."""
    states = [ChangesetState.DRAFT, ChangesetState.CHANGES_REQUESTED]
    return list(Changeset.objects.filter(authors=by, state__in=states, reverts__isnull=True).order_by("-pk"))
