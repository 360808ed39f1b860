"""Changesets: everything that becomes public goes through one."""

import datetime as dt
from typing import Any, Self

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from guarantees.models.base import Versioned, is_one_of
from guarantees.vocabulary import ChangesetState, EvidenceRule, FactKind


class ChangesetQuerySet(models.QuerySet["Changeset"]):
    """Named questions about changesets."""

    def public(self, at: dt.datetime) -> Self:
        """Return the changesets that have taken effect at a moment, the newest first."""
        return self.filter(state=ChangesetState.APPROVED, goes_public_at__lte=at).order_by("-goes_public_at", "-pk")

    def embargoed(self, at: dt.datetime) -> Self:
        """Return the changesets that are approved for a time still to come at a moment."""
        return self.filter(state=ChangesetState.APPROVED, goes_public_at__gt=at).order_by("goes_public_at", "pk")


@pghistory.track(pghistory.UpdateEvent(), pghistory.DeleteEvent())
class Changeset(Versioned):
    """A set of facts that become public together: who wrote it, why, who reviewed it, and from when it is public.

    *Public* is not a state: it is derived from ``approved`` and the time (see :meth:`is_public`), so that an embargo
    needs no job to end it.
    """

    title = models.CharField(_("title"), max_length=200)
    reason = models.TextField(_("reason"), help_text=_("Why these facts are recorded or changed."))
    summit = models.ForeignKey(
        "Summit",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="changesets",
        verbose_name=_("summit"),
    )
    state = models.CharField(_("state"), max_length=20, choices=ChangesetState, default=ChangesetState.DRAFT)
    authors = models.ManyToManyField(
        settings.AUTH_USER_MODEL, related_name="changesets_written", blank=True, verbose_name=_("authors")
    )
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="changesets_reviewed",
        verbose_name=_("reviewer"),
    )
    reverts = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="reverted_by",
        verbose_name=_("reverts"),
        help_text=_("The changeset that this one undoes."),
    )
    created_at = models.DateTimeField(_("created"))
    submitted_at = models.DateTimeField(_("submitted"), null=True, blank=True)
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)
    goes_public_at = models.DateTimeField(_("goes public"), null=True, blank=True)

    objects = ChangesetQuerySet.as_manager()

    class Meta:
        verbose_name = _("changeset")
        verbose_name_plural = _("changesets")
        permissions = [
            ("write_changesets", "Can record facts in changesets"),
            ("review_changesets", "Can review and approve changesets"),
        ]
        constraints = [
            is_one_of("changeset", "state", ChangesetState),
            models.CheckConstraint(
                condition=Q(state=ChangesetState.APPROVED, goes_public_at__isnull=False, approved_at__isnull=False)
                | (~Q(state=ChangesetState.APPROVED) & Q(goes_public_at__isnull=True, approved_at__isnull=True)),
                name="changeset_approved_has_its_time",
                violation_error_message=_("An approved changeset has a time at which it goes public, no other has."),
            ),
            models.CheckConstraint(
                condition=~Q(title=""),
                name="changeset_has_a_title",
                violation_error_message=_("A changeset has a title."),
            ),
        ]
        indexes = [models.Index(fields=["state", "goes_public_at"], name="changeset_state_public")]

    def __str__(self) -> str:
        return self.title

    def is_public(self, at: dt.datetime) -> bool:
        """Whether it has taken effect at a moment."""
        return self.state == ChangesetState.APPROVED and self.goes_public_at is not None and self.goes_public_at <= at

    @property
    def is_open(self) -> bool:
        """Whether its authors may still write in it."""
        return ChangesetState(self.state).is_open


class ReviewComment(models.Model):
    """What a reviewer or an author said about a changeset, or about one fact of it.

    ``acknowledges`` names the rule of evidence that the fact does not meet, where a reviewer says why it may stand.
    """

    changeset = models.ForeignKey(
        Changeset, on_delete=models.PROTECT, related_name="comments", verbose_name=_("changeset")
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("author")
    )
    text = models.TextField(_("comment"))
    fact_kind = models.CharField(_("kind of fact"), max_length=20, choices=FactKind, blank=True)
    fact_id = models.BigIntegerField(_("fact"), null=True, blank=True)
    acknowledges = models.CharField(_("acknowledges"), max_length=24, choices=EvidenceRule, blank=True)
    created_at = models.DateTimeField(_("written"))

    class Meta:
        ordering = ["created_at", "pk"]
        verbose_name = _("review comment")
        verbose_name_plural = _("review comments")
        constraints = [
            is_one_of("reviewcomment", "fact_kind", FactKind, or_empty=True),
            is_one_of("reviewcomment", "acknowledges", EvidenceRule, or_empty=True),
            models.CheckConstraint(
                condition=Q(fact_kind="", fact_id__isnull=True) | (~Q(fact_kind="") & Q(fact_id__isnull=False)),
                name="reviewcomment_of_a_fact",
                violation_error_message=_("A comment on a fact says which fact of which kind."),
            ),
            models.CheckConstraint(
                condition=Q(acknowledges="") | ~Q(fact_kind=""),
                name="reviewcomment_acknowledges_a_fact",
                violation_error_message=_("What is acknowledged is a rule that one fact does not meet."),
            ),
        ]

    def __str__(self) -> str:
        return self.text


class Retraction(models.Model):
    """The end of a fact without a successor: it should never have been on record.

    Takes effect when its changeset becomes public; exactly one of the references is set.
    """

    KINDS = ("update", "position", "participation", "condition_state", "claim", "requirement")

    changeset = models.ForeignKey(
        Changeset, on_delete=models.PROTECT, related_name="retractions", verbose_name=_("changeset")
    )
    reason = models.TextField(_("reason"))
    update = models.ForeignKey(
        "PledgeUpdate", on_delete=models.PROTECT, null=True, blank=True, related_name="retractions"
    )
    position = models.ForeignKey(
        "Position", on_delete=models.PROTECT, null=True, blank=True, related_name="retractions"
    )
    participation = models.ForeignKey(
        "Participation", on_delete=models.PROTECT, null=True, blank=True, related_name="retractions"
    )
    condition_state = models.ForeignKey(
        "ConditionState", on_delete=models.PROTECT, null=True, blank=True, related_name="retractions"
    )
    claim = models.ForeignKey(
        "CollectiveClaim", on_delete=models.PROTECT, null=True, blank=True, related_name="retractions"
    )
    requirement = models.ForeignKey(
        "Requirement", on_delete=models.PROTECT, null=True, blank=True, related_name="retractions"
    )

    class Meta:
        verbose_name = _("retraction")
        verbose_name_plural = _("retractions")
        constraints = [
            models.CheckConstraint(
                condition=models.lookups.Exact(
                    models.Func(
                        "update",
                        "position",
                        "participation",
                        "condition_state",
                        "claim",
                        "requirement",
                        function="num_nonnulls",
                        output_field=models.IntegerField(),
                    ),
                    1,
                ),
                name="retraction_of_one_fact",
                violation_error_message=_("A retraction ends exactly one fact."),
            ),
            *(
                models.UniqueConstraint(
                    fields=["changeset", kind],
                    name=f"retraction_{kind}_once",
                    violation_error_message=_("This fact is already retracted in this changeset."),
                )
                for kind in ("update", "position", "participation", "condition_state", "claim", "requirement")
            ),
        ]

    def __str__(self) -> str:
        return self.reason

    @property
    def kind(self) -> FactKind:
        """The kind of the fact that it ends."""
        return next(FactKind(kind) for kind in self.KINDS if getattr(self, f"{kind}_id") is not None)

    @property
    def fact(self) -> Any:
        """The fact that it ends."""
        return getattr(self, self.kind)
