"""Invitations: the only way to an account."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from guarantees.models.base import is_one_of
from guarantees.vocabulary import DeskRole


class Invitation(models.Model):
    """An invitation by e-mail to an account with one role. The link holds a key; only its digest is kept."""

    email = models.EmailField(_("e-mail address"))
    role = models.CharField(_("role"), max_length=14, choices=DeskRole)
    key_digest = models.CharField(_("digest of the key"), max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("invited by")
    )
    created_at = models.DateTimeField(_("sent"))
    expires_at = models.DateTimeField(_("expires"))
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    accepted_by = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="invitation",
        verbose_name=_("accepted by"),
    )

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        permissions = [("administer_desk", "Can invite people and change their roles")]
        constraints = [
            is_one_of("invitation", "role", DeskRole),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True, accepted_by__isnull=True)
                | Q(accepted_at__isnull=False, accepted_by__isnull=False),
                name="invitation_accepted_by_somebody",
                violation_error_message=_("An accepted invitation names who accepted it."),
            ),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True) | Q(withdrawn_at__isnull=True),
                name="invitation_accepted_or_withdrawn",
                violation_error_message=_("An invitation is either accepted or withdrawn."),
            ),
        ]

    def __str__(self) -> str:
        return self.email
