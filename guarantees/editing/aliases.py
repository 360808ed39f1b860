"""Other names of states: reference rows, edited in place with their history kept."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from guarantees.editing.errors import Refused, Stale
from guarantees.editing.rows import NAMES_LOCK, WRITE, allow, check, deed, hold, last_change, overwrite, tidied
from guarantees.models import State, StateAlias


@deed
def add_alias(*, by: User, state: State, values: Mapping[str, Any]) -> StateAlias:
    """Add an alias of a state, or return the one that is there. ``values``: alias, language.

    Raises ValidationError and Forbidden.
    """
    allow(by, WRITE)
    hold(NAMES_LOCK)
    alias = StateAlias(state=state, **tidied(values))
    present = StateAlias.objects.filter(state=state, alias=alias.alias, language=alias.language).first()
    if present is not None:
        return present
    check(alias)
    alias.save()
    return alias


@deed
def edit_alias(*, by: User, alias: StateAlias, version: int, seen: str, values: Mapping[str, Any]) -> StateAlias:
    """Rename an alias or move it to another state, for everybody and at once.

    Raises Stale, ValidationError, Refused (removed meanwhile) and Forbidden.
    """
    allow(by, WRITE)
    try:
        return overwrite(StateAlias.objects.all(), alias, version=version, seen=seen, values=values)
    except StateAlias.DoesNotExist:
        raise Refused(_("This alias has been removed meanwhile.")) from None


@deed
def remove_alias(*, by: User, alias: StateAlias, version: int) -> None:
    """Remove an alias. Removing it again does nothing. Raises Stale if it was changed after ``version``."""
    allow(by, WRITE)
    current = StateAlias.objects.select_for_update().filter(pk=alias.pk).first()
    if current is None:
        return
    if current.version != version:
        raise Stale(current, *last_change(current))
    current.delete()
