"""The review: every row of a changeset beside what is in force, for the person who decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from guarantees import wording
from guarantees.ledger import Terms
from guarantees.models import Participation, PledgeUpdate, Position
from guarantees.models.base import Fact
from guarantees.queries.desk import Row, Sheet
from guarantees.vocabulary import (
    Area,
    Attendance,
    Bindingness,
    ConditionCode,
    ConditionsBasis,
    Instrument,
    QuantityBasis,
    Role,
    Stance,
    Status,
    Subject,
)


@dataclass(frozen=True)
class Line:
    """One field of a fact beside what holds without it, both in words; ``before`` is empty where nothing was."""

    label: str
    before: str
    after: str

    @property
    def changes(self) -> bool:
        """Whether the words differ."""
        return self.before != self.after


@dataclass(frozen=True)
class Comparison:
    """A row for the reviewer: the fact, field by field beside what is in force, and what speaks against it."""

    row: Row
    lines: list[Line]
    problems: list[str]
    warnings: list[str]


def terms_in_words(terms: Terms | None) -> dict[str, str]:
    """Return terms in force in words, by the label of each; empty without terms."""
    if terms is None:
        return {}
    number, place = terms.quantity, terms.place
    quantity = wording.quantity(number.low, number.high, number.unit) if number else wording.quantity(None, None, "")
    if number and number.basis:
        quantity = f"{quantity} ({str(QuantityBasis(number.basis).label).lower()})"
    conditions = ", ".join(str(ConditionCode(waiting.code).label) for waiting in terms.conditions)
    return {
        gettext("Status"): str(Status(terms.status).label),
        gettext("Quantity"): quantity,
        gettext("Conditions"): conditions or str(ConditionsBasis(terms.conditions_basis).label),
        gettext("Area"): str(Area(place.area if place else Area.UNSPECIFIED).label),
        gettext("Instrument"): str(Instrument(terms.instrument).label),
        gettext("Bindingness"): str(Bindingness(terms.bindingness).label),
    }


def compared(before: Mapping[str, str], after: Mapping[str, str]) -> list[Line]:
    """Return two sets of words as lines, in the order of the later one."""
    return [Line(label, before.get(label, ""), after.get(label, "")) for label in after or before]


def warnings_for(update: PledgeUpdate, before: Terms | None) -> list[str]:
    """Return what a reviewer should look at twice; none of it forbids anything."""
    warnings = []
    status = Status(update.status)
    earlier = Status(before.status) if before else None
    raised = status.rank is not None and status.rank > (earlier.rank or 0 if earlier else 0)
    if raised and status is Status.COMMITTED and update.instrument == Instrument.NOT_STATED:
        warnings.append(gettext("Committed means accepted in a formal act, and no instrument is given."))
    if raised and status.counts and update.attribution in ("press", "by_other"):
        warnings.append(gettext("The press and third parties never raise a pledge above signalled."))
    return warnings


def comparisons(
    sheet: Sheet,
    before: Mapping[int, Terms | None],
    after: Mapping[int, Terms | None],
    problems: Sequence[tuple[str, Fact | None]],
) -> list[Comparison]:
    """Return the rows of a sheet for its reviewer.

    ``before`` and ``after``: the terms in force when it goes public, by pledge, without and with the changeset.
    """
    about: dict[str, list[str]] = {}
    for text, fact in problems:
        if fact is not None:
            about.setdefault(fact.public_id, []).append(text)
    result = []
    for row in sheet.rows:
        fact = row.fact
        warnings: list[str] = []
        if isinstance(fact, PledgeUpdate):
            earlier, later = before.get(fact.pledge_id), after.get(fact.pledge_id)
            lines = compared(terms_in_words(earlier), terms_in_words(later))
            warnings = warnings_for(fact, earlier)
        elif isinstance(fact, Position):
            lines = compared(_position_in_words(row.now), _position_in_words(fact))
        else:
            lines = compared({}, _participation_in_words(fact))
        result.append(Comparison(row, lines, about.get(fact.public_id, []), warnings))
    return result


def _position_in_words(position: Any) -> dict[str, str]:
    if position is None:
        return {}
    return {
        gettext("Stance"): str(Stance(position.stance).label),
        gettext("Subject"): str(Subject(position.subject).label),
        gettext("Topic"): position.topic,
        gettext("Summary"): position.summary,
    }


def _participation_in_words(participation: Participation) -> dict[str, str]:
    speaker = ", ".join(part for part in (participation.representative, participation.office) if part)
    return {
        gettext("Role"): str(Role(participation.role).label),
        gettext("Attendance"): str(Attendance(participation.attendance).label),
        gettext("Who spoke"): speaker or gettext("not named"),
    }
