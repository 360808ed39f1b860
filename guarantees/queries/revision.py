"""The state of the public record as one short text: it changes exactly when a public page may change."""

import datetime as dt
from typing import Any, NamedTuple

from django.db.models import Max, Min, Model, QuerySet, Value

from guarantees.models import Changeset, Condition, Group, Membership, Pledge, Source, State, StateAlias, Summit

_ALWAYS_VISIBLE: tuple[type[Model], ...] = (State, StateAlias, Group, Membership, Condition)
_VISIBLE_FROM: tuple[type[Model], ...] = (Pledge, Summit, Source)


class Revision(NamedTuple):
    """When the record begins, what has last taken effect, and the last edit of a visible reference row.

    All None where nothing has been published or edited.
    """

    begins: dt.datetime | None
    latest: dt.datetime | None
    edits: tuple[int | None, ...]


def revision(at: dt.datetime) -> Revision:
    """Return the revision of the public record at a moment, in one query for publications and one for edits.

    Edits of rows that are not visible yet do not count: an embargo must not show in a page's validator. They count
    from the moment on at which the row becomes visible, which is a publication anyway.
    """
    published = Changeset.objects.public(at).order_by().aggregate(Min("goes_public_at"), Max("goes_public_at"))
    first, *others = [_last_edit(model, {}) for model in _ALWAYS_VISIBLE] + [
        _last_edit(model, {"visible_from__lte": at}) for model in _VISIBLE_FROM
    ]
    edits = dict(first.union(*others, all=True).values_list("table", "edit"))
    return Revision(
        published["goes_public_at__min"],
        published["goes_public_at__max"],
        tuple(edits[index] for index in sorted(edits)),
    )


def _last_edit(model: type[Model], visible: dict[str, Any]) -> QuerySet[Any, Any]:
    events = model.pgh_event_model._default_manager  # type: ignore[attr-defined]  # set by pghistory
    edits: QuerySet[Any, Any] = (
        events.filter(**visible)
        .order_by()
        .values(table=Value(model.__name__))
        .annotate(edit=Max("pgh_id"))
        .values_list("table", "edit")
    )
    return edits
