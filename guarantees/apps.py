from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GuaranteesConfig(AppConfig):
    """The one app of the project."""

    name = "guarantees"
    label = "guarantees"
    verbose_name = _("Guarantee Ledger")
    default_auto_field = "django.db.models.BigAutoField"
