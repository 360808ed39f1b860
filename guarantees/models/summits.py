"""Summits (meetings of every level and calls) and who took part in them."""

from itertools import zip_longest

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from guarantees.models.base import (
    Citation,
    Fact,
    FactQuerySet,
    Introduced,
    Point,
    SearchTextField,
    Versioned,
    VisibleQuerySet,
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
from guarantees.vocabulary import Attendance, Role, SummitFormat, SummitKind


@track_introduced
class Summit(Introduced, Versioned):
    """A meeting or call at which guarantees were discussed, on one or several days."""

    slug = models.SlugField(_("slug"), max_length=80, unique=True)
    title = models.CharField(_("title"), max_length=200)
    kind = models.CharField(_("level"), max_length=20, choices=SummitKind)
    start_date = models.DateField(_("first day"))
    end_date = models.DateField(_("last day"))
    city = models.CharField(_("city"), max_length=100, blank=True)
    country = models.ForeignKey(
        State,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="summits_hosted",
        verbose_name=_("country"),
    )
    format = models.CharField(_("format"), max_length=12, choices=SummitFormat)
    reported_participants = models.PositiveSmallIntegerField(
        _("reported participants"), null=True, blank=True, help_text=_("The number that the sources give.")
    )
    participants_note = models.TextField(_("note on participants"), blank=True)
    summary = models.TextField(_("summary"))
    sources = models.ManyToManyField(
        Source, through="SummitCitation", related_name="summits", verbose_name=_("sources")
    )
    search_text = SearchTextField(of=["title", "city", "slug", "summary", "participants_note"])

    objects = VisibleQuerySet["Summit"].as_manager()

    class Meta:
        ordering = ["-start_date", "slug"]
        verbose_name = _("summit")
        verbose_name_plural = _("summits")
        constraints = [
            is_one_of("summit", "kind", SummitKind),
            is_one_of("summit", "format", SummitFormat),
            models.CheckConstraint(
                condition=Q(end_date__gte=F("start_date")),
                name="summit_ends_after_it_starts",
                violation_error_message=_("The last day cannot be before the first."),
            ),
            models.CheckConstraint(
                condition=Q(city="") | Q(country__isnull=False),
                name="summit_city_has_a_country",
                violation_error_message=_("Where there is a city there is a country."),
            ),
        ]
        indexes = [search_index("summit"), models.Index(fields=["start_date"], name="summit_start_date")]
        triggers = [pgtrigger.ReadOnly(name="identity", fields=["slug"])]

    def __str__(self) -> str:
        return self.title


class SummitCitation(Citation):
    """A source for the descriptive fields of a summit."""

    fact = models.ForeignKey(Summit, on_delete=models.CASCADE, related_name="citations")

    class Meta:
        constraints = citation_constraints("summitcitation")

    def __str__(self) -> str:
        return f"{self.fact_id}: {self.source_id}"


@track_facts
class Participation(Fact):
    """That a state took part in a summit: in which role, how, and who spoke for it."""

    DATED_BY = "summit__start_date"

    summit = models.ForeignKey(
        Summit, on_delete=models.PROTECT, related_name="participations", verbose_name=_("summit")
    )
    state = models.ForeignKey(State, on_delete=models.PROTECT, related_name="participations", verbose_name=_("state"))
    role = models.CharField(_("role"), max_length=12, choices=Role, default=Role.PARTICIPANT)
    attendance = models.CharField(_("attendance"), max_length=12, choices=Attendance, default=Attendance.UNKNOWN)
    representative = models.CharField(_("who spoke for it"), max_length=150, blank=True)
    office = models.CharField(_("office"), max_length=150, blank=True)
    sources = models.ManyToManyField(
        Source, through="ParticipationCitation", related_name="participations", verbose_name=_("sources")
    )

    objects = FactQuerySet["Participation"].as_manager()

    class Meta:
        verbose_name = _("participation")
        verbose_name_plural = _("participations")
        constraints = [
            *fact_constraints("participation"),
            is_one_of("participation", "role", Role),
            is_one_of("participation", "attendance", Attendance),
            one_at_a_time(
                "participation",
                _("This state's part in this summit is already on record."),
                Point("summit_id"),
                Point("state_id"),
            ),
        ]
        triggers = fact_triggers("guarantees_participation", "guarantees_participationcitation")

    def __str__(self) -> str:
        return self.public_id

    @property
    def speakers(self) -> list[tuple[str, str]]:
        """The people who spoke for the state, each with an office; either may be empty.

        Several stand in one field, separated by semicolons, and their offices in the same order.
        """
        people = [part.strip() for part in self.representative.split(";")]
        offices = [part.strip() for part in self.office.split(";")]
        return [pair for pair in zip_longest(people, offices, fillvalue="") if any(pair)]


class ParticipationCitation(Citation):
    """A source for a participation."""

    fact = models.ForeignKey(Participation, on_delete=models.CASCADE, related_name="citations")

    class Meta:
        constraints = citation_constraints("participationcitation")
        triggers = citation_triggers("guarantees_participationcitation", "guarantees_participation")

    def __str__(self) -> str:
        return f"{self.fact_id}: {self.source_id}"
