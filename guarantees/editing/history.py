"""Bringing back an earlier state of a row that is edited in place, as a new version of it."""

from typing import Any

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from guarantees.editing.changesets import writable
from guarantees.editing.errors import Refused
from guarantees.editing.rows import WRITE, allow, deed, overwrite
from guarantees.models.base import SearchTextField

IDENTITY: dict[str, frozenset[str]] = {
    "state": frozenset({"code"}),
    "statealias": frozenset({"state"}),
    "group": frozenset({"code"}),
    "membership": frozenset({"group", "state"}),
    "source": frozenset({"public_id"}),
    "summit": frozenset({"slug"}),
    "pledge": frozenset({"slug", "state", "category"}),
    "publisher": frozenset({"name"}),
    "condition": frozenset({"code"}),
}
"""What makes a row itself, by model: it never changes, and is never brought back from another state."""
BOOKKEEPING = frozenset({"id", "version", "visible_from", "changeset"})


def restorable(row: Any) -> list[str]:
    """Return the columns of a row that an earlier state brings back."""
    fixed = IDENTITY[row._meta.model_name] | BOOKKEEPING
    return [
        column.name
        for column in row._meta.concrete_fields
        if column.name not in fixed and not isinstance(column, SearchTextField)
    ]


@deed
def restore(*, by: User, row: Any, event: int, version: int) -> Any:
    """Write an earlier state of a row over it, if it still has ``version``; the row's history grows by one version.

    Raises Stale, Refused (no such state, another identity, nothing to bring back), ValidationError and Forbidden.
    """
    allow(by, WRITE)
    if getattr(row, "visible_from", row) is None and hasattr(row, "changeset_id"):
        writable(by, row.changeset_id)
    earlier = row.events.filter(pgh_id=event).first()
    if earlier is None:
        raise Refused(_("This row has no such version."))
    model = type(row)
    for name in IDENTITY[model._meta.model_name]:
        attribute = model._meta.get_field(name).attname
        if getattr(earlier, attribute) != getattr(row, attribute):
            raise Refused(_("That version belongs to another row: what a row is called never changes."))
    values = {name: getattr(earlier, name) for name in restorable(row)}
    if not values:
        raise Refused(_("There is nothing in this row that changes."))
    current = model._default_manager.get(pk=row.pk)
    if all(getattr(current, name) == value for name, value in values.items()):
        raise Refused(_("The row reads like that already."))
    return overwrite(model._default_manager.all(), row, version=version, seen="", values=values)
