"""What people at the desk are told: a changeset waits for them, or somebody decided about theirs."""

import secrets

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from guarantees.models.base import is_one_of
from guarantees.models.changesets import Changeset
from guarantees.vocabulary import NoticeKind


class Notice(models.Model):
    """One thing that one person is told, by e-mail and on their private feed."""

    to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices", verbose_name=_("to")
    )
    changeset = models.ForeignKey(
        Changeset, on_delete=models.PROTECT, related_name="notices", verbose_name=_("changeset")
    )
    kind = models.CharField(_("kind"), max_length=20, choices=NoticeKind)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("by"))
    text = models.TextField(_("text"), blank=True, help_text=_("What the person wrote, such as the changes asked for."))
    created_at = models.DateTimeField(_("created"))

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints = [is_one_of("notice", "kind", NoticeKind)]
        indexes = [models.Index(fields=["to", "-created_at"], name="notice_to_created")]

    def __str__(self) -> str:
        return f"{self.to_id}: {self.kind} {self.changeset_id}"


def new_key() -> str:
    """Return a key that nobody can guess, for an address that works without signing in."""
    return secrets.token_urlsafe(32)


class FeedKey(models.Model):
    """The key in the address of a person's private feed; a new one makes the old address useless."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="feed_key", verbose_name=_("person")
    )
    key = models.CharField(_("key"), max_length=64, unique=True, default=new_key)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("feed key")
        verbose_name_plural = _("feed keys")

    def __str__(self) -> str:
        return str(self.user_id)
