from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.utils.translation import gettext_lazy as _


class GuaranteesConfig(AppConfig):
    """The one app of the project."""

    name = "guarantees"
    label = "guarantees"
    verbose_name = _("Guarantee Ledger")
    default_auto_field = "django.db.models.BigAutoField"
    default = True


class AdministrationConfig(admin_apps.AdminConfig):
    """Django's admin, open to administrators of the desk only."""

    default_site = "guarantees.administration.Administration"
    default = False
