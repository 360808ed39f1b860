"""What can stand in the way of a write: not allowed, refused by a rule, or too late."""

import datetime as dt
from collections.abc import Sequence

from django.core.exceptions import PermissionDenied

from guarantees.models.base import Versioned


class Forbidden(PermissionDenied):
    """The person may not do this at all; the message says what is missing."""


class Refused(Exception):
    """A rule of the house stands against it now. ``problems`` says so in sentences, each for one reason."""

    def __init__(self, message: str, problems: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.problems = list(problems)


class Stale(Exception):
    """Somebody else saved first: ``current`` is the row as it now is, ``who`` and ``when`` tell of its last change.

    ``who`` is empty and ``when`` None where the history does not know.
    """

    def __init__(self, current: Versioned, who: str, when: dt.datetime | None) -> None:
        super().__init__(f"{current} has been changed by {who or 'somebody else'}.")
        self.current = current
        self.who = who
        self.when = when
