"""How a row is written: by whom, in one transaction with its history, checked, never over somebody else's change."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import pghistory
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from guarantees import clock
from guarantees.editing.errors import Forbidden, Stale
from guarantees.models.base import SearchTextField, Versioned
from guarantees.text import MAX_PROSE, tidy, unsafe_character

P = ParamSpec("P")
R = TypeVar("R")
V = TypeVar("V", bound=Versioned)

WRITE = "guarantees.write_changesets"
REVIEW = "guarantees.review_changesets"

NAMES_LOCK = 7_001
"""Advisory lock under which new rows get their public ids and slugs, one at a time."""

BESIDE: dict[str, str] = {
    "pledgeupdate_quantity_range": "quantity_max",
    "pledgeupdate_unit_with_quantity": "unit",
    "pledgeupdate_conditions_basis": "conditions",
    "pledgeupdate_lifted_not_stated": "conditions_lifted",
    "pledgeupdate_refusal_unconditional": "conditions_basis",
    "pledgeupdate_has_a_summary": "summary",
    "pledgeupdate_wording_is_short": "wording",
    "pledgeupdate_wording_language": "wording_language",
    "position_has_a_topic": "topic",
    "pledge_has_a_title": "title",
    "changeset_has_a_title": "title",
    "source_url_is_http": "url",
    "source_url_once": "url",
    "source_has_a_publisher": "publisher",
    "summit_ends_after_it_starts": "end_date",
    "summit_city_has_a_country": "country",
}
"""The field beside which the sentence of a constraint over several fields is shown."""


def deed(write: Callable[P, R]) -> Callable[P, R]:
    """Run a write (keyword ``by``: who does it) in one transaction, with the person named in the history."""

    @wraps(write)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        by = kwargs["by"]
        assert isinstance(by, User)  # noqa: S101  a mistake of the programmer, not of the person
        with transaction.atomic(), pghistory.context(user=by.pk):
            return write(*args, **kwargs)

    return run


def allow(by: User, permission: str) -> None:
    """Raise :class:`Forbidden` unless the person has the permission."""
    if not (by.is_active and by.has_perm(permission)):
        raise Forbidden(
            _("This is for reviewers.") if permission == REVIEW else _("This is for editors and reviewers.")
        )


def hold(lock: int, key: int = 0) -> None:
    """Wait for an advisory lock and keep it until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [lock, key])


def fingerprint(row: models.Model, fields: Iterable[str]) -> str:
    """Return a short digest of some fields of a row: equal exactly while nobody has changed them.

    A form carries it beside the version, so that two people who edit different cells of a row do not collide.
    """
    attributes = {field.name: field.attname for field in row._meta.concrete_fields}
    values = [[name, getattr(row, attributes[name])] for name in sorted(fields)]
    text = json.dumps(values, cls=DjangoJSONEncoder)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def tidied(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with every text in the form in which it is stored (see :func:`guarantees.text.tidy`)."""
    return {name: tidy(value) if isinstance(value, str) else value for name, value in values.items()}


def text_errors(text: str, limit: int | None = MAX_PROSE) -> list[str]:
    """Return what is wrong with a text: characters that no text may hold, or too many of them."""
    errors = []
    if found := unsafe_character(text):
        errors.append(
            _("This text holds a character that is not allowed (%(code)s): a control sign or a change of direction.")
            % {"code": found}
        )
    if limit is not None and len(text) > limit:
        errors.append(
            _("This text has %(length)d characters; at most %(limit)d are accepted.")
            % {"length": len(text), "limit": limit}
        )
    return errors


def check_text(name: str, text: str, limit: int | None = MAX_PROSE) -> str:
    """Return a free text tidied; raise ValidationError for the field ``name`` if it is empty or not acceptable."""
    text = tidy(text)
    errors = text_errors(text, limit) if text else [_("Please write something here.")]
    if errors:
        raise ValidationError({name: errors})
    return text


def _concerns(constraint: models.BaseConstraint, names: Iterable[str]) -> bool:
    """Whether a constraint can be broken by a change of these fields; unless it tells, it may be."""
    if isinstance(constraint, models.CheckConstraint) and isinstance(constraint.condition, models.Q):
        return not constraint.condition.referenced_base_fields.isdisjoint(names)
    return True


def _unsettled(row: models.Model, constraints: Iterable[models.BaseConstraint]) -> list[models.BaseConstraint]:
    """Return the constraints that still have to be looked at one by one, after all conditions were asked for at once.

    Each costs a query, and mostly all of them hold.
    """
    conditions, others = [], []
    for constraint in constraints:
        if isinstance(constraint, models.CheckConstraint) and isinstance(constraint.condition, models.Q):
            conditions.append(constraint)
        else:
            others.append(constraint)
    if not conditions:
        return others
    together = models.Q(*(constraint.condition for constraint in conditions))
    values = row._get_field_expression_map(meta=row._meta)  # type: ignore[attr-defined]  # what a constraint checks against
    return others if together.check(values) else [*conditions, *others]


def check(row: models.Model, changed: Iterable[str] | None = None) -> None:
    """Check a row against its fields, the rules for texts and every constraint that the database holds for it.

    ``changed`` names the fields that are new in a row that held to the rules before: each constraint costs a query,
    and those about other fields are passed over. Raises ValidationError with each sentence beside its field.
    """
    errors: dict[str, list[Any]] = {}
    for field in row._meta.concrete_fields:
        value = getattr(row, field.attname)
        if isinstance(value, str) and not isinstance(field, SearchTextField):
            prose = isinstance(field, models.TextField)
            if found := text_errors(value, MAX_PROSE if prose else None):
                errors[field.name] = [*found]
    untouched = set() if changed is None else {f.name for f in row._meta.concrete_fields}.difference(changed)
    try:
        row.full_clean(exclude=untouched.union(errors), validate_constraints=False)
    except ValidationError as error:
        for name, failures in error.error_dict.items():
            errors.setdefault(name, []).extend(failures)
    if not errors:
        for model, constraints in row.get_constraints():
            concerned = [each for each in constraints if changed is None or _concerns(each, changed)]
            for constraint in _unsettled(row, concerned):
                try:
                    constraint.validate(model, row)
                except ValidationError as error:
                    name = BESIDE.get(constraint.name, NON_FIELD_ERRORS)
                    errors.setdefault(name, []).extend(error.messages)
    if errors:
        raise ValidationError(errors)


def last_change(row: models.Model) -> tuple[str, Any]:
    """Return who changed a row last and when, from its history; ("", None) where that does not know."""
    event = row.events.select_related("pgh_context").order_by("-pgh_id").first()  # type: ignore[attr-defined]  # by pghistory
    if event is None:
        return "", None
    context = event.pgh_context
    user_id = context.metadata.get("user") if context is not None else None
    user = get_user_model().objects.filter(pk=user_id).first() if user_id else None
    return (user.get_username() if user else ""), event.pgh_created_at


def _keep_first(row: models.Model) -> None:
    """Keep a row as it is before its first edit; the history of most kinds begins only with an edit."""
    events: Any = row.events  # type: ignore[attr-defined]  # by pghistory
    if events.exists():
        return
    kept = {field.attname for field in events.model._meta.concrete_fields}
    values = {
        field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields if field.attname in kept
    }
    at = getattr(row, "visible_from", None) or clock.now()
    events.model.objects.create(**values, pgh_obj_id=row.pk, pgh_label="first", pgh_created_at=at)


def overwrite(among: models.QuerySet[V], row: V, *, version: int, seen: str, values: Mapping[str, Any]) -> V:
    """Write some fields of a row in one conditional statement, and return the row as it then is.

    ``version`` and ``seen`` (see :func:`fingerprint`) tell on which state of the row the values were based. Another
    version is accepted while the very fields that are written are still as they were seen. ``among`` says which rows
    may be written at all. Raises :class:`Stale`, ValidationError, and ``DoesNotExist`` if the row is not among them.
    """
    current = among.get(pk=row.pk)
    if current.version != version and fingerprint(current, values) == seen:
        version = current.version
    if current.version != version:
        raise Stale(current, *last_change(current))
    _keep_first(current)
    changes = tidied(values)
    for name, value in changes.items():
        setattr(current, name, value)
    check(current, changes)
    for field in current._meta.concrete_fields:
        if isinstance(field, SearchTextField):
            changes[field.name] = field.text_of(current)
    if not among.filter(pk=row.pk, version=version).update(**changes, version=F("version") + 1):
        fresh = among.get(pk=row.pk)
        raise Stale(fresh, *last_change(fresh))
    return among.get(pk=row.pk)
