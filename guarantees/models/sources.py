"""Sources: the published texts that every fact rests on."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from guarantees.models.base import (
    SearchTextField,
    Versioned,
    VisibleQuerySet,
    is_one_of,
    search_index,
    track_introduced,
    track_reference,
)
from guarantees.vocabulary import Reliability, SourceKind


@track_introduced
class Source(Versioned):
    """A published text: who published it, where, when, and in which language."""

    public_id = models.SlugField(_("id"), max_length=80, unique=True, allow_unicode=False)
    url = models.CharField(
        _("address"), max_length=2000, blank=True, help_text=_("Empty only where no address is known.")
    )
    publisher = models.CharField(_("publisher"), max_length=200)
    title = models.CharField(
        _("headline"),
        max_length=400,
        blank=True,
        help_text=_("As published; empty when the published headline is not known, never rebuilt from the address."),
    )
    language = models.CharField(_("language"), max_length=3)
    published_on = models.DateField(_("published"), null=True, blank=True)
    kind = models.CharField(_("kind"), max_length=12, choices=SourceKind)
    visible_from = models.DateTimeField(
        _("visible from"),
        null=True,
        editable=False,
        help_text=_("When the first fact that cites it became public; empty before."),
    )
    search_text = SearchTextField(of=["publisher", "title", "public_id", "url"])

    objects = VisibleQuerySet["Source"].as_manager()

    class Meta:
        ordering = ["public_id"]
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        constraints = [
            is_one_of("source", "kind", SourceKind),
            models.CheckConstraint(
                condition=models.Q(url="") | models.Q(url__regex=r"^https?://"),
                name="source_url_is_http",
                violation_error_message=_("An address starts with http:// or https://."),
            ),
            models.UniqueConstraint(
                fields=["url"],
                condition=~models.Q(url=""),
                name="source_url_once",
                violation_error_message=_("A source with this address is already on record."),
            ),
            models.CheckConstraint(
                condition=~models.Q(publisher=""),
                name="source_has_a_publisher",
                violation_error_message=_("A source has a publisher."),
            ),
        ]
        indexes = [search_index("source")]
        triggers = [pgtrigger.ReadOnly(name="identity", fields=["public_id"])]

    def __str__(self) -> str:
        return self.title or self.publisher


@track_reference
class Publisher(Versioned):
    """What the tracker thinks of a publisher: how far it can be relied on, and why.

    Sources name their publisher in words; ``name`` is those words. A publisher without a row has not been judged.
    """

    name = models.CharField(_("publisher"), max_length=200, unique=True)
    reliability = models.CharField(_("reliability"), max_length=1, choices=Reliability)
    reason = models.TextField(_("reason"), help_text=_("Why it is rated so, in a sentence or two."))

    class Meta:
        ordering = ["name"]
        verbose_name = _("publisher")
        verbose_name_plural = _("publishers")
        constraints = [
            is_one_of("publisher", "reliability", Reliability),
            models.CheckConstraint(
                condition=~models.Q(name=""),
                name="publisher_has_a_name",
                violation_error_message=_("A publisher has a name."),
            ),
            models.CheckConstraint(
                condition=~models.Q(reason=""),
                name="publisher_has_a_reason",
                violation_error_message=_("A rating comes with its reason."),
            ),
        ]

    def __str__(self) -> str:
        return self.name
