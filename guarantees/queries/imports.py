"""Imports at the desk: the list, and one with everything its page shows."""

from django.contrib.auth.models import User
from django.db.models import QuerySet

from guarantees.models import StagedImport
from guarantees.vocabulary import ImportStage

LISTED = 30
"""Imports that the page lists."""


def imports(by: User) -> list[StagedImport]:
    """Return the latest imports that have not been thrown away, a person's own first."""
    own = _kept().filter(by=by)[:LISTED]
    others = _kept().exclude(by=by)[:LISTED]
    return [*own, *others]


def _kept() -> "QuerySet[StagedImport]":
    heavy = ("rows", "content", "mapping", "report")
    return StagedImport.objects.exclude(stage=ImportStage.DISCARDED).defer(*heavy).select_related("by", "changeset")


def find(pk: int) -> StagedImport | None:
    """Return an import that has not been thrown away, with its owner and changeset; None if there is none."""
    kept = StagedImport.objects.exclude(stage=ImportStage.DISCARDED).select_related("by", "changeset")
    return kept.filter(pk=pk).first()
