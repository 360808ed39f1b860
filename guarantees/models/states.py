"""States and organisations, their other names, and the groups they belong to."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from guarantees.models.base import SearchTextField, Versioned, is_one_of, track_reference
from guarantees.vocabulary import StateKind


@track_reference
class State(Versioned):
    """A state, or an organisation that acts like one in this record (EU, NATO, UN)."""

    code = models.CharField(_("code"), max_length=4, unique=True, help_text=_("ISO 3166-1 alpha-3, or EU, NATO, UN."))
    name = models.CharField(_("name"), max_length=100, help_text=_("The English short name."))
    kind = models.CharField(_("kind"), max_length=12, choices=StateKind, default=StateKind.STATE)

    class Meta:
        ordering = ["code"]
        verbose_name = _("state")
        verbose_name_plural = _("states")
        constraints = [
            is_one_of("state", "kind", StateKind),
            models.CheckConstraint(
                condition=Q(code__regex=r"^[A-Z]{2,4}$") & (~Q(kind=StateKind.STATE) | Q(code__regex=r"^[A-Z]{3}$")),
                name="state_code_is_iso",
                violation_error_message=_("The code of a state has three capital letters (ISO 3166-1 alpha-3)."),
            ),
        ]
        triggers = [pgtrigger.ReadOnly(name="identity", fields=["code"])]

    def __str__(self) -> str:
        return self.name

    @property
    def slug(self) -> str:
        """The code as addresses write it."""
        return self.code.lower()


@track_reference
class StateAlias(Versioned):
    """Another name under which readers look for a state."""

    state = models.ForeignKey(State, on_delete=models.PROTECT, related_name="aliases", verbose_name=_("state"))
    alias = models.CharField(_("alias"), max_length=100)
    language = models.CharField(_("language"), max_length=3, blank=True)
    search_text = SearchTextField(of=["alias"])

    class Meta:
        ordering = ["state__code", "alias"]
        verbose_name = _("alias")
        verbose_name_plural = _("aliases")
        constraints = [
            models.UniqueConstraint(
                fields=["state", "alias"],
                name="statealias_once",
                violation_error_message=_("This alias is already on record."),
            )
        ]

    def __str__(self) -> str:
        return self.alias


@track_reference
class Group(Versioned):
    """A group of states, such as NATO or the European Union, by which readers filter."""

    code = models.CharField(_("code"), max_length=12, unique=True)
    name = models.CharField(_("name"), max_length=100)

    class Meta:
        ordering = ["code"]
        verbose_name = _("group")
        verbose_name_plural = _("groups")
        triggers = [pgtrigger.ReadOnly(name="identity", fields=["code"])]

    def __str__(self) -> str:
        return self.name

    @property
    def slug(self) -> str:
        """The code as addresses write it."""
        return self.code.lower()


@track_reference
class Membership(Versioned):
    """A state's membership of a group, as of today (reference rows have one clock)."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="memberships", verbose_name=_("group"))
    state = models.ForeignKey(State, on_delete=models.PROTECT, related_name="memberships", verbose_name=_("state"))

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(
                fields=["group", "state"],
                name="membership_once",
                violation_error_message=_("This state is already a member of the group."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.group_id}: {self.state_id}"
