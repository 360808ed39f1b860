"""Merges: two rows that turned out to be one. They take effect with their changeset, and are undone by another one."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _

from guarantees.clock import Clock
from guarantees.models.changesets import Changeset
from guarantees.models.pledges import Pledge
from guarantees.models.sources import Source

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise


def _merge_constraints(table: str, merged: str, message: "StrPromise") -> list[models.BaseConstraint]:
    """Return the constraints of a kind of merge; ``merged`` names the reference to the row that goes."""
    return [
        models.CheckConstraint(
            condition=Q(into__isnull=True) | ~Q(into=F(merged)),
            name=f"{table}_into_another",
            violation_error_message=message,
        ),
        models.UniqueConstraint(
            fields=["changeset", merged],
            name=f"{table}_once",
            violation_error_message=_("This is already merged in this changeset."),
        ),
    ]


class PledgeMerge(models.Model):
    """From the publication of its changeset on, one pledge is part of another, or (``into`` empty) stands alone again.

    The facts move in the same changeset: retracted at ``pledge``, added again at ``into``. What was so before stays
    readable at an earlier ``known``; the address of the merged pledge leads to the other.
    """

    MERGED: ClassVar[str] = "pledge"

    changeset = models.ForeignKey(
        Changeset, on_delete=models.PROTECT, related_name="pledge_merges", verbose_name=_("changeset")
    )
    pledge = models.ForeignKey(Pledge, on_delete=models.PROTECT, related_name="merges", verbose_name=_("merged pledge"))
    into = models.ForeignKey(
        Pledge, on_delete=models.PROTECT, null=True, blank=True, related_name="absorbs", verbose_name=_("merged into")
    )

    class Meta:
        verbose_name = _("merge of pledges")
        verbose_name_plural = _("merges of pledges")
        constraints = _merge_constraints("pledgemerge", "pledge", _("A pledge cannot be merged into itself."))

    def __str__(self) -> str:
        return f"{self.pledge_id} > {self.into_id}"


class SourceMerge(models.Model):
    """From the publication of its changeset on, one source is the same as another, or (``into`` empty) its own again.

    In the same changeset every fact that cites ``source`` is corrected by one that cites ``into``.
    """

    MERGED: ClassVar[str] = "source"

    changeset = models.ForeignKey(
        Changeset, on_delete=models.PROTECT, related_name="source_merges", verbose_name=_("changeset")
    )
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="merges", verbose_name=_("merged source"))
    into = models.ForeignKey(
        Source, on_delete=models.PROTECT, null=True, blank=True, related_name="absorbs", verbose_name=_("merged into")
    )

    class Meta:
        verbose_name = _("merge of sources")
        verbose_name_plural = _("merges of sources")
        constraints = _merge_constraints("sourcemerge", "source", _("A source cannot be merged into itself."))

    def __str__(self) -> str:
        return f"{self.source_id} > {self.into_id}"


def merged_into(row: Pledge | Source, at: Clock) -> Pledge | Source | None:
    """Return the row that ``row`` is part of at the clock's ``known``, following merges of merges; None if its own.

    The latest public merge of a row counts; one without ``into`` undoes the earlier ones.
    """
    model: type[PledgeMerge] | type[SourceMerge] = PledgeMerge if isinstance(row, Pledge) else SourceMerge
    seen = {row.pk}
    found: Pledge | Source | None = None
    current = row.pk
    while True:
        merge = (
            model._default_manager.filter(**{model.MERGED: current}, changeset__in=Changeset.objects.public(at.known))
            .select_related("into")
            .order_by("-changeset__goes_public_at", "-pk")
            .first()
        )
        if merge is None or merge.into is None or merge.into.pk in seen:
            return found
        found, current = merge.into, merge.into.pk
        seen.add(current)


def merged_rows(model: type[PledgeMerge] | type[SourceMerge], at: Clock) -> "models.QuerySet[Any, Any]":
    """Return the ids of all rows that are part of another one at the clock's ``known``, as a subquery."""
    public = model._default_manager.filter(changeset__in=Changeset.objects.public(at.known))
    same = public.filter(**{model.MERGED: OuterRef(model.MERGED)}).order_by("-changeset__goes_public_at", "-pk")
    latest: models.QuerySet[Any, Any] = public.filter(into__isnull=False, pk=Subquery(same.values("pk")[:1]))
    return latest.values(model.MERGED)
