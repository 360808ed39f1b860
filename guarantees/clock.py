"""The two clocks: *on* which day, and as *known* at which moment. The only source of time in the app."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

KNOWN_FORMAT = "%Y-%m-%dT%H:%M:%S"


class BadParameter(ValueError):
    """A parameter of a request that cannot be used: its name, its value, and what would be accepted.

    Views turn it into a 400 page (``views.errors``) or a form message.
    """

    def __init__(self, name: str, value: str, accepted: str) -> None:
        super().__init__(f"{name}={value!r}: {accepted}")
        self.name = name
        self.value = value
        self.accepted = accepted


def now() -> dt.datetime:
    """Return the present moment in UTC. Everything in the app that needs the time asks here, never SQL."""
    return dt.datetime.now(dt.UTC)


def today() -> dt.date:
    """Return the present day: the UTC date."""
    return now().date()


def canonical(moment: dt.datetime) -> str:
    """Write a moment as the app's addresses and exports do: UTC with ``Z``, a fraction only where there is one."""
    moment = moment.astimezone(dt.UTC)
    fraction = f".{moment.microsecond:06d}".rstrip("0") if moment.microsecond else ""
    return f"{moment.strftime(KNOWN_FORMAT)}{fraction}Z"


@dataclass(frozen=True, slots=True)
class Clock:
    """What a page is read at: the state of the world ``on`` a day, as ``known`` at a moment (aware, UTC).

    ``on_given`` and ``known_given`` tell whether the reader set the clock, or whether it runs with the present.
    """

    on: dt.date
    known: dt.datetime
    on_given: bool = False
    known_given: bool = False

    @classmethod
    def present(cls) -> "Clock":
        """Return the clock of a page without parameters: today, as known now."""
        moment = now()
        return cls(moment.date(), moment)

    @property
    def is_present(self) -> bool:
        """Whether neither hand was set by the reader."""
        return not (self.on_given or self.known_given)

    @property
    def query(self) -> dict[str, str]:
        """Return the parameters that every link of the page carries on, in canonical order."""
        query = {}
        if self.on_given:
            query["on"] = self.on.isoformat()
        if self.known_given:
            query["known"] = canonical(self.known)
        return query

    def day(self, on: dt.date) -> "Clock":
        """Return the clock with another day and the same knowledge."""
        return Clock(on, self.known, True, self.known_given)


def parse_on(value: str) -> dt.date:
    """Read a day in the form 2026-02-26.

    Raises :class:`BadParameter`. Days of the future are accepted: what is in force then is what is in force now,
    unless a later date is on record.
    """
    accepted = _("a day of the calendar in the form 2026-02-26")
    # Python would read the other forms of ISO 8601 too (2025-W36-4); one form makes one address.
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value) is None:
        raise BadParameter("on", value, accepted)
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        raise BadParameter("on", value, accepted) from None


def parse_known(value: str, at: dt.datetime) -> dt.datetime:
    """Read a moment in the form 2026-02-26T18:00:00Z (or with an offset; a bare date means its first second).

    Raises :class:`BadParameter`, also for a moment after ``at``: nobody can know today what will be known tomorrow.
    """
    accepted = _("a moment in the form 2026-02-26T18:00:00Z, not later than now (%(now)s)") % {
        "now": canonical(at.replace(microsecond=0))
    }
    try:
        # In a query string a plus sign stands for a space: mend the offset that was typed as it is.
        moment = dt.datetime.fromisoformat(value.replace(" 0", "+0").replace(" 1", "+1") if "T" in value else value)
        moment = moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise BadParameter("known", value, accepted) from None
    if moment > at:
        raise BadParameter("known", value, accepted)
    return moment


def clock_of(parameters: Mapping[str, str]) -> Clock:
    """Read the clock of a request from its query parameters ``on`` and ``known``; empty ones count as not given.

    Raises :class:`BadParameter`. This is the one place where the clocks of a request are read.
    """
    moment = now()
    on, known = parameters.get("on", "").strip(), parameters.get("known", "").strip()
    return Clock(
        on=parse_on(on) if on else moment.date(),
        known=parse_known(known, moment) if known else moment,
        on_given=bool(on),
        known_given=bool(known),
    )
