"""What editors decided about rows that looked alike, so that nobody is asked twice."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from guarantees.models.base import is_one_of
from guarantees.vocabulary import DuplicateKind, DuplicateVerdict


class DuplicateDecision(models.Model):
    """Two pledges or two updates that looked alike, and whether they are the same."""

    kind = models.CharField(_("kind"), max_length=8, choices=DuplicateKind)
    first_id = models.BigIntegerField(_("first row"), help_text=_("The smaller of the two numbers of the rows."))
    second_id = models.BigIntegerField(_("second row"))
    verdict = models.CharField(_("verdict"), max_length=10, choices=DuplicateVerdict)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("decided by")
    )
    at = models.DateTimeField(_("decided"))

    class Meta:
        verbose_name = _("decision about a duplicate")
        verbose_name_plural = _("decisions about duplicates")
        constraints = [
            is_one_of("duplicatedecision", "kind", DuplicateKind),
            is_one_of("duplicatedecision", "verdict", DuplicateVerdict),
            models.CheckConstraint(
                condition=Q(first_id__lt=F("second_id")),
                name="duplicatedecision_in_order",
                violation_error_message=_("The smaller number comes first."),
            ),
            models.UniqueConstraint(
                fields=["kind", "first_id", "second_id"],
                name="duplicatedecision_once",
                violation_error_message=_("This has been decided already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.first_id} {self.second_id}: {self.verdict}"
