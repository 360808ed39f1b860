"""Ratings of publishers: reference rows, edited in place with their history kept."""

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from guarantees.editing.errors import Refused, Stale
from guarantees.editing.rows import NAMES_LOCK, WRITE, allow, check, check_text, deed, hold, last_change, overwrite
from guarantees.models import Publisher, Source
from guarantees.vocabulary import Reliability

RATED_BY = ("reliability", "reason")
"""The columns of a rating that people write."""


@deed
def rate(*, by: User, name: str, version: int, seen: str, reliability: str, reason: str) -> Publisher:
    """Rate a publisher that sources name, for the first time (``version`` 0) or again, for everybody and at once.

    The same rating again changes nothing. Raises Refused (no source names it), Stale, ValidationError and Forbidden.
    """
    allow(by, WRITE)
    if reliability not in Reliability.values:
        raise ValidationError({"reliability": _("Please choose one of the letters from A to F.")})
    values = {"reliability": reliability, "reason": check_text("reason", reason)}
    hold(NAMES_LOCK)
    current = Publisher.objects.filter(name=name).first()
    if current is not None:
        if all(getattr(current, column) == value for column, value in values.items()):
            return current
        if version == 0:
            raise Stale(current, *last_change(current))
        return overwrite(Publisher.objects.all(), current, version=version, seen=seen, values=values)
    if not Source.objects.filter(publisher=name).exists():
        raise Refused(_("No source on record is published by “%(name)s”.") % {"name": name})
    rating = Publisher(name=name, **values)
    check(rating)
    rating.save()
    return rating
