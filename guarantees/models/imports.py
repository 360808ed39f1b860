"""Imports: what somebody handed in, what is wrong with it, and what it would bring. Nothing of it is on record."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from guarantees.models.base import is_one_of
from guarantees.models.changesets import Changeset
from guarantees.vocabulary import ImportFormat, ImportStage


class StagedImport(models.Model):
    """A file or pasted rows, kept until they become a draft changeset or are thrown away.

    ``rows`` are the rows as read, ``mapping`` says which column is which field, ``report`` is the answer of the dry
    run, and ``progress`` counts the rows that it has looked at.
    """

    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="imports", verbose_name=_("by")
    )
    created_at = models.DateTimeField(_("handed in"))
    name = models.CharField(_("file"), max_length=200, blank=True)
    format = models.CharField(_("format"), max_length=8, choices=ImportFormat)
    table = models.CharField(_("table"), max_length=40, blank=True)
    digest = models.CharField(_("digest"), max_length=64, help_text=_("SHA-256 of what was handed in."))
    content = models.BinaryField(_("content"), blank=True, default=bytes)
    rows = models.JSONField(_("rows"), default=list, blank=True)
    mapping = models.JSONField(_("mapping"), default=dict, blank=True)
    report = models.JSONField(_("report"), default=dict, blank=True)
    stage = models.CharField(_("stage"), max_length=10, choices=ImportStage, default=ImportStage.READ)
    progress = models.PositiveIntegerField(_("rows looked at"), default=0)
    changeset = models.ForeignKey(
        Changeset,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="imports",
        verbose_name=_("changeset"),
    )

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        constraints = [
            is_one_of("stagedimport", "format", ImportFormat),
            is_one_of("stagedimport", "stage", ImportStage),
        ]

    def __str__(self) -> str:
        return self.name or self.digest[:12]
