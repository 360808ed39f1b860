"""The state of the public record as one short text: it changes exactly when a public page may change."""

import datetime as dt
from typing import NamedTuple

from django.db import connection
from django.db.models import Model

from guarantees.models import Condition, Group, Membership, Pledge, Publisher, Source, State, StateAlias, Summit

_ALWAYS_VISIBLE: tuple[type[Model], ...] = (State, StateAlias, Group, Membership, Condition, Publisher)
_VISIBLE_FROM: tuple[type[Model], ...] = (Pledge, Summit, Source)


class Revision(NamedTuple):
    """When the record begins, what has last taken effect, and the last edit of each kind of visible reference row.

    All None where nothing has been published or edited.
    """

    begins: dt.datetime | None
    latest: dt.datetime | None
    edits: tuple[int | None, ...]


def _last_edit(model: type[Model], visible: str = "") -> str:
    events = model.pgh_event_model._meta.db_table  # type: ignore[attr-defined]  # set by pghistory
    return f"(SELECT max(pgh_id) FROM {events}{visible})"  # noqa: S608  names of tables alone


# Every public page asks this, also to say that it has not changed: written once, not composed at each request.
_EDITS = [
    *(_last_edit(model) for model in _ALWAYS_VISIBLE),
    *(_last_edit(model, " WHERE visible_from <= %(at)s") for model in _VISIBLE_FROM),
]
_REVISION = (
    f"SELECT min(goes_public_at), max(goes_public_at), {', '.join(_EDITS)}"  # noqa: S608  names of tables alone
    " FROM guarantees_changeset WHERE state = 'approved' AND goes_public_at <= %(at)s"
)


def revision(at: dt.datetime) -> Revision:
    """Return the revision of the public record at a moment, in one query.

    Edits of rows that are not visible yet do not count: an embargo must not show in a page's validator. They count
    from the moment on at which the row becomes visible, which is a publication anyway.
    """
    with connection.cursor() as cursor:
        cursor.execute(_REVISION, {"at": at})
        begins, latest, *edits = cursor.fetchone()
    return Revision(begins, latest, tuple(edits))
