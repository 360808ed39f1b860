"""The ledger: for every pledge, the terms in force on which days, as known when."""

from typing import Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, DateTimeRangeField, RangeOperators
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from guarantees.clock import Clock
from guarantees.models.base import Point, are_among, is_one_of
from guarantees.models.pledges import Pledge, PledgeUpdate
from guarantees.models.states import State
from guarantees.models.summits import Summit
from guarantees.vocabulary import (
    Area,
    Bindingness,
    Category,
    ConditionCode,
    ConditionsBasis,
    Instrument,
    QuantityBasis,
    Status,
    Unit,
)


class LedgerEntryQuerySet(models.QuerySet["LedgerEntry"]):
    """The one way to ask what is in force."""

    def in_force(self, clock: Clock) -> Self:
        """Return at most one entry for each pledge: its terms on ``clock.on``, as known at ``clock.known``."""
        return self.filter(effective__contains=clock.on, known__contains=clock.known)


class LedgerEntry(models.Model):
    """The terms of one pledge in force during ``effective`` (days), as known during ``known`` (moments).

    A read model: written by ``guarantees.ledger`` alone, which derives it from the updates and can make it anew.
    ``…_set_by`` names the update that set a term, ``…_said_on`` the day on which it was last said.
    ``condition_set_by`` and ``condition_said_on`` run parallel to ``conditions``.
    """

    pledge = models.ForeignKey(Pledge, on_delete=models.CASCADE, related_name="entries")
    effective = DateRangeField()
    known = DateTimeRangeField()
    state = models.ForeignKey(State, on_delete=models.CASCADE, related_name="entries")
    category = models.CharField(max_length=20, choices=Category)
    latest_update = models.ForeignKey(PledgeUpdate, on_delete=models.CASCADE, related_name="+")
    summit = models.ForeignKey(Summit, on_delete=models.CASCADE, null=True, related_name="entries")
    status = models.CharField(max_length=12, choices=Status)
    rank = models.PositiveSmallIntegerField(null=True)
    status_set_by = models.ForeignKey(PledgeUpdate, on_delete=models.CASCADE, related_name="+")
    status_said_on = models.DateField()
    instrument = models.CharField(max_length=24, choices=Instrument)
    bindingness = models.CharField(max_length=12, choices=Bindingness)
    quantity_min = models.PositiveBigIntegerField(null=True)
    quantity_max = models.PositiveBigIntegerField(null=True)
    unit = models.CharField(max_length=10, choices=Unit, blank=True)
    quantity_basis = models.CharField(max_length=10, choices=QuantityBasis, blank=True)
    quantity_set_by = models.ForeignKey(PledgeUpdate, on_delete=models.CASCADE, null=True, related_name="+")
    quantity_said_on = models.DateField(null=True)
    area = models.CharField(max_length=20, choices=Area)
    area_set_by = models.ForeignKey(PledgeUpdate, on_delete=models.CASCADE, null=True, related_name="+")
    area_said_on = models.DateField(null=True)
    conditions = ArrayField(models.CharField(max_length=30, choices=ConditionCode), default=list)
    condition_set_by = ArrayField(models.BigIntegerField(), default=list)
    condition_said_on = ArrayField(models.DateField(), default=list)
    conditions_basis = models.CharField(max_length=14, choices=ConditionsBasis)
    basis_set_by = models.ForeignKey(PledgeUpdate, on_delete=models.CASCADE, null=True, related_name="+")

    objects = LedgerEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        constraints = [
            is_one_of("ledgerentry", "category", Category),
            is_one_of("ledgerentry", "status", Status),
            are_among("ledgerentry", "conditions", ConditionCode),
            models.CheckConstraint(
                condition=Q(effective__isempty=False, known__isempty=False),
                name="ledgerentry_no_empty_range",
                violation_error_message=_("Terms are in force for at least one day and known for some time."),
            ),
            ExclusionConstraint(
                name="ledgerentry_no_overlap",
                expressions=[
                    (Point("pledge_id"), RangeOperators.OVERLAPS),
                    ("effective", RangeOperators.OVERLAPS),
                    ("known", RangeOperators.OVERLAPS),
                ],
                deferrable=models.Deferrable.DEFERRED,
                violation_error_message=_("Two sets of terms of one pledge cannot be in force at the same time."),
            ),
        ]
        indexes = [
            GistIndex(fields=["effective", "known"], name="ledgerentry_clocks"),
            models.Index(fields=["state", "category"], name="ledgerentry_state_category"),
            models.Index(fields=["category", "status"], name="ledgerentry_category_status"),
        ]

    def __str__(self) -> str:
        return f"{self.pledge_id}: {self.status} {self.effective}"
