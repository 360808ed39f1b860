"""What editors see on public pages beside the facts; readers without a session never come here."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings

from guarantees.editing.rows import WRITE
from guarantees.queries.corrections import equip
from guarantees.views.public import ClockRequest


def equipped(request: ClockRequest, *groups: Iterable[Any]) -> bool:
    """Give the facts of a page their tools if an editor looks at the present; return whether that is so."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES or not request.user.has_perm(WRITE):
        return False
    if not request.clock.is_present:
        return False
    equip((fact for group in groups for fact in group), request.clock.known)
    return True
