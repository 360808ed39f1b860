"""What a meeting's texts were read for and did not say."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from guarantees.models.base import is_one_of
from guarantees.models.changesets import Changeset
from guarantees.models.states import State
from guarantees.vocabulary import Category


class NoMention(models.Model):
    """An editor's note that the texts of a changeset's summit say nothing of a state's part in one category.

    No fact and never public: it tells the other editors that this row of the intake is done.
    """

    changeset = models.ForeignKey(
        Changeset, on_delete=models.CASCADE, related_name="no_mentions", verbose_name=_("changeset")
    )
    state = models.ForeignKey(State, on_delete=models.PROTECT, related_name="+", verbose_name=_("state"))
    category = models.CharField(_("category"), max_length=20, choices=Category)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("noted"))

    class Meta:
        verbose_name = _("no mention")
        verbose_name_plural = _("no mentions")
        constraints = [
            is_one_of("nomention", "category", Category),
            models.UniqueConstraint(
                fields=["changeset", "state", "category"],
                name="nomention_once",
                violation_error_message=_("This is noted already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state_id}: {self.category}"
