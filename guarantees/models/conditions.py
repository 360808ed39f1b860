"""Conditions that pledges wait for, and where each stands on which day."""

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from guarantees.models.base import (
    Citation,
    DayPoint,
    Fact,
    FactQuerySet,
    Point,
    Versioned,
    citation_constraints,
    citation_triggers,
    fact_constraints,
    fact_triggers,
    is_one_of,
    one_at_a_time,
    track_facts,
    track_reference,
)
from guarantees.models.sources import Source
from guarantees.models.states import State
from guarantees.vocabulary import ConditionCode, ConditionValue


@track_reference
class Condition(Versioned):
    """A condition by its code, with the definition by which pledges are coded."""

    code = models.CharField(_("code"), max_length=30, unique=True, choices=ConditionCode)
    name = models.CharField(_("name"), max_length=100)
    definition = models.TextField(_("definition"))

    class Meta:
        ordering = ["code"]
        verbose_name = _("condition")
        verbose_name_plural = _("conditions")
        constraints = [is_one_of("condition", "code", ConditionCode)]
        triggers = [pgtrigger.ReadOnly(name="identity", fields=["code"])]

    def __str__(self) -> str:
        return self.name


@track_facts
class ConditionState(Fact):
    """Where a condition stands from a day on: for all, for one state (its parliament), or for one pledge.

    A condition is open unless a condition state says otherwise. The narrowest that applies holds: one for the
    pledge before one for the state before one for all; among equals the latest.
    """

    condition = models.ForeignKey(
        Condition, on_delete=models.PROTECT, related_name="states", verbose_name=_("condition")
    )
    state = models.ForeignKey(
        State,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="condition_states",
        verbose_name=_("state"),
    )
    pledge = models.ForeignKey(
        "Pledge",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="condition_states",
        verbose_name=_("pledge"),
    )
    date = models.DateField(_("date"))
    value = models.CharField(_("value"), max_length=10, choices=ConditionValue)
    summary = models.TextField(_("summary"))
    sources = models.ManyToManyField(
        Source, through="ConditionStateCitation", related_name="condition_states", verbose_name=_("sources")
    )

    objects = FactQuerySet["ConditionState"].as_manager()

    class Meta:
        verbose_name = _("condition state")
        verbose_name_plural = _("condition states")
        constraints = [
            *fact_constraints("conditionstate"),
            is_one_of("conditionstate", "value", ConditionValue),
            models.CheckConstraint(
                condition=Q(state__isnull=True) | Q(pledge__isnull=True),
                name="conditionstate_for_one_scope",
                violation_error_message=_("A condition's state holds for all, for one state or for one pledge."),
            ),
            one_at_a_time(
                "conditionstate",
                _("For this day the condition's state is already on record."),
                Point("condition_id"),
                Point(Coalesce(F("state_id"), 0)),
                Point(Coalesce(F("pledge_id"), 0)),
                DayPoint("date"),
            ),
        ]
        triggers = fact_triggers("guarantees_conditionstate", "guarantees_conditionstatecitation")

    def __str__(self) -> str:
        return self.public_id


class ConditionStateCitation(Citation):
    """A source for a condition's state."""

    fact = models.ForeignKey(ConditionState, on_delete=models.CASCADE, related_name="citations")

    class Meta:
        constraints = citation_constraints("conditionstatecitation")
        triggers = citation_triggers("guarantees_conditionstatecitation", "guarantees_conditionstate")

    def __str__(self) -> str:
        return f"{self.fact_id}: {self.source_id}"
