"""Requirements: published statements of what is needed."""

from django.db import models
from django.db.models import F, Q
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
from guarantees.vocabulary import Category, Concern, Unit


@track_facts
class Requirement(Fact):
    """What a named author says is needed, such as the size of a force."""

    slug = models.SlugField(_("slug"), max_length=100)
    date = models.DateField(_("date"))
    author = models.CharField(_("author"), max_length=150)
    concerns = models.CharField(_("concerns"), max_length=20, choices=Concern)
    category = models.CharField(_("category"), max_length=20, choices=Category)
    unit = models.CharField(_("unit"), max_length=10, choices=Unit)
    quantity_min = models.PositiveBigIntegerField(_("at least"), null=True, blank=True)
    quantity_max = models.PositiveBigIntegerField(_("at most"), null=True, blank=True)
    summary = models.TextField(_("summary"))
    sources = models.ManyToManyField(
        Source, through="RequirementCitation", related_name="requirements", verbose_name=_("sources")
    )

    objects = FactQuerySet["Requirement"].as_manager()

    class Meta:
        verbose_name = _("requirement")
        verbose_name_plural = _("requirements")
        constraints = [
            *fact_constraints("requirement"),
            is_one_of("requirement", "concerns", Concern),
            is_one_of("requirement", "category", Category),
            is_one_of("requirement", "unit", Unit),
            models.CheckConstraint(
                condition=Q(quantity_min__isnull=False) | Q(quantity_max__isnull=False),
                name="requirement_has_a_quantity",
                violation_error_message=_("A requirement gives at least one number."),
            ),
            models.CheckConstraint(
                condition=Q(quantity_min__isnull=True)
                | Q(quantity_max__isnull=True)
                | Q(quantity_max__gte=F("quantity_min")),
                name="requirement_quantity_range",
                violation_error_message=_("The highest number cannot be smaller than the lowest."),
            ),
            one_at_a_time("requirement", _("A requirement with this slug is already on record."), TextPoint(F("slug"))),
        ]
        triggers = fact_triggers("guarantees_requirement", "guarantees_requirementcitation")

    def __str__(self) -> str:
        return self.public_id


class RequirementCitation(Citation):
    """A source for a requirement."""

    fact = models.ForeignKey(Requirement, on_delete=models.CASCADE, related_name="citations")

    class Meta:
        constraints = citation_constraints("requirementcitation")
        triggers = citation_triggers("guarantees_requirementcitation", "guarantees_requirement")

    def __str__(self) -> str:
        return f"{self.fact_id}: {self.source_id}"
