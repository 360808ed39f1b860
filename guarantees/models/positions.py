"""Positions: what states say about the guarantees without promising anything."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from guarantees.models.base import (
    Citation,
    DayPoint,
    Fact,
    FactQuerySet,
    Point,
    SearchTextField,
    TextPoint,
    citation_constraints,
    citation_triggers,
    fact_constraints,
    fact_triggers,
    is_one_of,
    one_at_a_time,
    search_index,
    track_facts,
)
from guarantees.models.sources import Source
from guarantees.models.states import State
from guarantees.models.summits import Summit
from guarantees.vocabulary import Stance, Subject


@track_facts
class Position(Fact):
    """A state's stance on a day. A later one of the same state and subject replaces it as the state's position."""

    state = models.ForeignKey(State, on_delete=models.PROTECT, related_name="positions", verbose_name=_("state"))
    date = models.DateField(_("date"))
    subject = models.CharField(_("subject"), max_length=20, choices=Subject)
    topic = models.CharField(_("topic"), max_length=150)
    summit = models.ForeignKey(
        Summit,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="positions",
        verbose_name=_("summit"),
    )
    stance = models.CharField(_("stance"), max_length=24, choices=Stance)
    summary = models.TextField(_("summary"))
    sources = models.ManyToManyField(
        Source, through="PositionCitation", related_name="positions", verbose_name=_("sources")
    )
    search_text = SearchTextField(of=["topic", "summary"])

    objects = FactQuerySet["Position"].as_manager()

    class Meta:
        verbose_name = _("position")
        verbose_name_plural = _("positions")
        constraints = [
            *fact_constraints("position"),
            is_one_of("position", "subject", Subject),
            is_one_of("position", "stance", Stance),
            models.CheckConstraint(
                condition=~Q(topic=""),
                name="position_has_a_topic",
                violation_error_message=_("A position names its topic."),
            ),
            one_at_a_time(
                "position",
                _("This state already has a position on that topic on that day."),
                Point("state_id"),
                DayPoint("date"),
                TextPoint(F("topic")),
            ),
        ]
        indexes = [
            search_index("position"),
            models.Index(fields=["state", "date"], name="position_state_date"),
        ]
        triggers = fact_triggers("guarantees_position", "guarantees_positioncitation")

    def __str__(self) -> str:
        return self.public_id


class PositionCitation(Citation):
    """A source for a position."""

    fact = models.ForeignKey(Position, on_delete=models.CASCADE, related_name="citations")

    class Meta:
        constraints = citation_constraints("positioncitation")
        triggers = citation_triggers("guarantees_positioncitation", "guarantees_position")

    def __str__(self) -> str:
        return f"{self.fact_id}: {self.source_id}"
