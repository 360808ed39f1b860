"""Pledges, and what was said and done about them day by day."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.lookups import LessThanOrEqual
from django.utils.translation import gettext_lazy as _

from guarantees.models.base import (
    Citation,
    DayPoint,
    Fact,
    FactQuerySet,
    Introduced,
    Point,
    SearchTextField,
    Versioned,
    VisibleQuerySet,
    are_among,
    citation_constraints,
    citation_triggers,
    fact_constraints,
    fact_triggers,
    is_one_of,
    one_at_a_time,
    search_index,
    track_facts,
    track_introduced,
)
from guarantees.models.sources import Source
from guarantees.models.states import State
from guarantees.models.summits import Summit
from guarantees.text import MAX_WORDING_WORDS
from guarantees.vocabulary import (
    Area,
    Attribution,
    Bindingness,
    Category,
    ConditionCode,
    ConditionsBasis,
    Instrument,
    QuantityBasis,
    Status,
    Unit,
)


@track_introduced
class Pledge(Introduced, Versioned):
    """One public undertaking of one state or organisation to make one contribution in one category."""

    slug = models.SlugField(_("slug"), max_length=100, unique=True)
    state = models.ForeignKey(State, on_delete=models.PROTECT, related_name="pledges", verbose_name=_("state"))
    category = models.CharField(_("category"), max_length=20, choices=Category)
    title = models.CharField(_("title"), max_length=200)
    search_text = SearchTextField(of=["title", "slug"])

    objects = VisibleQuerySet["Pledge"].as_manager()

    class Meta:
        ordering = ["slug"]
        verbose_name = _("pledge")
        verbose_name_plural = _("pledges")
        constraints = [
            is_one_of("pledge", "category", Category),
            models.CheckConstraint(
                condition=~Q(title=""),
                name="pledge_has_a_title",
                violation_error_message=_("A pledge has a title."),
            ),
        ]
        indexes = [search_index("pledge")]
        triggers = [pgtrigger.ReadOnly(name="identity", fields=["slug", "state", "category"])]

    def __str__(self) -> str:
        return self.title


@track_facts
class PledgeUpdate(Fact):
    """What was said or done about a pledge on one day.

    Quantity, area and conditions are what was said *that day*; the terms in force are derived in ``ledger``.
    """

    pledge = models.ForeignKey(Pledge, on_delete=models.PROTECT, related_name="updates", verbose_name=_("pledge"))
    date = models.DateField(_("date"))
    summit = models.ForeignKey(
        Summit,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="updates",
        verbose_name=_("summit"),
    )
    status = models.CharField(_("status"), max_length=12, choices=Status)
    instrument = models.CharField(_("instrument"), max_length=24, choices=Instrument, default=Instrument.NOT_STATED)
    bindingness = models.CharField(_("bindingness"), max_length=12, choices=Bindingness, default=Bindingness.NOT_STATED)
    attribution = models.CharField(_("said by"), max_length=10, choices=Attribution, default=Attribution.BY_SELF)
    quantity_min = models.PositiveBigIntegerField(_("at least"), null=True, blank=True)
    quantity_max = models.PositiveBigIntegerField(_("at most"), null=True, blank=True)
    unit = models.CharField(_("unit"), max_length=10, choices=Unit, blank=True)
    quantity_basis = models.CharField(_("number given by"), max_length=10, choices=QuantityBasis, blank=True)
    area = models.CharField(_("area"), max_length=20, choices=Area, default=Area.UNSPECIFIED)
    conditions = ArrayField(
        models.CharField(max_length=30, choices=ConditionCode),
        verbose_name=_("conditions"),
        default=list,
        blank=True,
    )
    conditions_basis = models.CharField(
        _("basis of conditions"), max_length=14, choices=ConditionsBasis, default=ConditionsBasis.NONE_STATED
    )
    conditions_lifted = ArrayField(
        models.CharField(max_length=30, choices=ConditionCode),
        verbose_name=_("conditions lifted"),
        default=list,
        blank=True,
        help_text=_("Conditions said to be dropped or no longer needed."),
    )
    summary = models.TextField(_("summary"), help_text=_("What was said or done, in our own words."))
    wording = models.TextField(
        _("original wording"),
        blank=True,
        help_text=_("A quotation of at most 40 words, in the original language."),
    )
    wording_language = models.CharField(_("language of the wording"), max_length=3, blank=True)
    sources = models.ManyToManyField(
        Source, through="PledgeUpdateCitation", related_name="updates", verbose_name=_("sources")
    )
    search_text = SearchTextField(of=["summary", "wording"])

    objects = FactQuerySet["PledgeUpdate"].as_manager()

    class Meta:
        verbose_name = _("update")
        verbose_name_plural = _("updates")
        constraints = [
            *fact_constraints("pledgeupdate"),
            is_one_of("pledgeupdate", "status", Status),
            is_one_of("pledgeupdate", "instrument", Instrument),
            is_one_of("pledgeupdate", "bindingness", Bindingness),
            is_one_of("pledgeupdate", "attribution", Attribution),
            is_one_of("pledgeupdate", "unit", Unit, or_empty=True),
            is_one_of("pledgeupdate", "quantity_basis", QuantityBasis, or_empty=True),
            is_one_of("pledgeupdate", "area", Area),
            is_one_of("pledgeupdate", "conditions_basis", ConditionsBasis),
            are_among("pledgeupdate", "conditions", ConditionCode),
            are_among("pledgeupdate", "conditions_lifted", ConditionCode),
            models.CheckConstraint(
                condition=Q(quantity_min__isnull=True)
                | Q(quantity_max__isnull=True)
                | Q(quantity_max__gte=F("quantity_min")),
                name="pledgeupdate_quantity_range",
                violation_error_message=_("The highest number cannot be smaller than the lowest."),
            ),
            models.CheckConstraint(
                condition=(Q(quantity_min__isnull=True, quantity_max__isnull=True) & Q(unit="", quantity_basis=""))
                | (
                    (Q(quantity_min__isnull=False) | Q(quantity_max__isnull=False))
                    & ~Q(unit="")
                    & ~Q(quantity_basis="")
                ),
                name="pledgeupdate_unit_with_quantity",
                violation_error_message=_("A number needs its unit and who gave it; without a number both stay empty."),
            ),
            models.CheckConstraint(
                condition=Q(conditions_basis=ConditionsBasis.STATED, conditions__len__gt=0)
                | (~Q(conditions_basis=ConditionsBasis.STATED) & Q(conditions=[])),
                name="pledgeupdate_conditions_basis",
                violation_error_message=_(
                    "Conditions are listed exactly where the basis says that conditions were stated."
                ),
            ),
            models.CheckConstraint(
                condition=~Q(conditions_lifted__overlap=F("conditions")),
                name="pledgeupdate_lifted_not_stated",
                violation_error_message=_("A condition cannot be both named and lifted on one day."),
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.RULED_OUT) | ~Q(conditions_basis=ConditionsBasis.STATED),
                name="pledgeupdate_refusal_unconditional",
                violation_error_message=_("A refusal carries no conditions."),
            ),
            models.CheckConstraint(
                condition=~Q(summary=""),
                name="pledgeupdate_has_a_summary",
                violation_error_message=_("An update says in a summary what was said or done."),
            ),
            models.CheckConstraint(
                condition=LessThanOrEqual(
                    models.Func(
                        models.Func(
                            F("wording"),
                            function="regexp_split_to_array",
                            template=r"%(function)s(btrim(%(expressions)s), '\s+')",
                        ),
                        function="cardinality",
                        output_field=models.IntegerField(),
                    ),
                    MAX_WORDING_WORDS,
                ),
                name="pledgeupdate_wording_is_short",
                violation_error_message=_("Original wording is quoted in at most 40 words."),
            ),
            models.CheckConstraint(
                condition=Q(wording="", wording_language="") | (~Q(wording="") & ~Q(wording_language="")),
                name="pledgeupdate_wording_language",
                violation_error_message=_("Original wording names its language."),
            ),
            one_at_a_time(
                "pledgeupdate",
                _("This pledge already has an update of that day."),
                Point("pledge_id"),
                DayPoint("date"),
            ),
        ]
        indexes = [
            search_index("pledgeupdate"),
            models.Index(fields=["pledge", "date"], name="pledgeupdate_pledge_date"),
        ]
        triggers = fact_triggers("guarantees_pledgeupdate", "guarantees_pledgeupdatecitation")

    def __str__(self) -> str:
        return self.public_id


class PledgeUpdateCitation(Citation):
    """A source for an update."""

    fact = models.ForeignKey(PledgeUpdate, on_delete=models.CASCADE, related_name="citations")

    class Meta:
        constraints = citation_constraints("pledgeupdatecitation")
        triggers = citation_triggers("guarantees_pledgeupdatecitation", "guarantees_pledgeupdate")

    def __str__(self) -> str:
        return f"{self.fact_id}: {self.source_id}"
