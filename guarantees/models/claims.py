"""Collective claims: that a number of states will do something, without naming them all."""

from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from guarantees.models.base import (
    Citation,
    Fact,
    FactQuerySet,
    TextPoint,
    citation_constraints,
    citation_triggers,
    fact_constraints,
    fact_triggers,
    is_one_of,
    one_at_a_time,
    track_facts,
)
from guarantees.models.sources import Source
from guarantees.models.summits import Summit
from guarantees.vocabulary import Category, Status


@track_facts
class CollectiveClaim(Fact):
    """A claim like "26 states are ready". Never added to named pledges (counting rule 3), reconciled beside them.

    ``category`` and ``min_status`` say with which named pledges; empty: with participation only.
    """

    slug = models.SlugField(_("slug"), max_length=100)
    date = models.DateField(_("date"))
    summit = models.ForeignKey(
        Summit,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="claims",
        verbose_name=_("summit"),
    )
    speaker = models.CharField(_("speaker"), max_length=150)
    scope = models.CharField(_("scope"), max_length=200, help_text=_("What the states are said to do."))
    states_claimed = models.PositiveSmallIntegerField(_("states claimed"))
    category = models.CharField(_("category"), max_length=20, choices=Category, blank=True)
    min_status = models.CharField(_("least status"), max_length=12, choices=Status, blank=True)
    summary = models.TextField(_("summary"))
    sources = models.ManyToManyField(
        Source, through="CollectiveClaimCitation", related_name="claims", verbose_name=_("sources")
    )

    objects = FactQuerySet["CollectiveClaim"].as_manager()

    class Meta:
        verbose_name = _("collective claim")
        verbose_name_plural = _("collective claims")
        constraints = [
            *fact_constraints("collectiveclaim"),
            is_one_of("collectiveclaim", "category", Category, or_empty=True),
            is_one_of("collectiveclaim", "min_status", Status, or_empty=True),
            one_at_a_time("collectiveclaim", _("A claim with this slug is already on record."), TextPoint(F("slug"))),
        ]
        triggers = fact_triggers("guarantees_collectiveclaim", "guarantees_collectiveclaimcitation")

    def __str__(self) -> str:
        return self.public_id


class CollectiveClaimCitation(Citation):
    """A source for a collective claim."""

    fact = models.ForeignKey(CollectiveClaim, on_delete=models.CASCADE, related_name="citations")

    class Meta:
        constraints = citation_constraints("collectiveclaimcitation")
        triggers = citation_triggers("guarantees_collectiveclaimcitation", "guarantees_collectiveclaim")

    def __str__(self) -> str:
        return f"{self.fact_id}: {self.source_id}"
