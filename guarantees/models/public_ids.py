"""The stable public ids of facts: one rule for the desk and for the data package.

An id is a stem that says what the fact is about, such as ``fra-troops-2026-01-06``. If a fact has that id already,
because the new one corrects it, the new one is ``…-2``, the next ``…-3``. Ids never change and are never used twice.
"""

import datetime as dt
from collections.abc import Collection, Sequence

from django.utils.text import slugify

from guarantees.models.base import Fact
from guarantees.models.claims import CollectiveClaim
from guarantees.models.conditions import ConditionState
from guarantees.models.pledges import PledgeUpdate
from guarantees.models.positions import Position
from guarantees.models.requirements import Requirement
from guarantees.models.summits import Participation

LONGEST_STEM = 114
"""Characters of a stem; leaves room for a number within the 120 of the field."""


def _joined(*parts: str) -> str:
    return "-".join(part for part in parts if part)[:LONGEST_STEM].rstrip("-")


def update_stem(pledge: str, date: dt.date) -> str:
    """Return the stem for an update of the pledge with that slug: ``fra-troops-2026-01-06``."""
    return _joined(pledge, date.isoformat())


def position_stem(state: str, date: dt.date, topic: str) -> str:
    """Return the stem for a position of the state with that code: ``aus-2025-11-26-australian-role``."""
    return _joined(state.lower(), date.isoformat(), slugify(topic))


def participation_stem(summit: str, state: str) -> str:
    """Return the stem for a state's part in the summit with that slug: ``paris-2026-01-06-fra``."""
    return _joined(summit, state.lower())


def condition_state_stem(condition: str, scope: str, date: dt.date) -> str:
    """Return the stem for a condition's state; ``scope`` is a state's code, a pledge's slug, or empty for all."""
    return _joined(condition.replace("_", "-"), scope.lower() or "all", date.isoformat())


def stem_of(fact: Fact) -> str:
    """Return the stem of a fact's public id. Reads the rows that the fact refers to."""
    match fact:
        case PledgeUpdate():
            return update_stem(fact.pledge.slug, fact.date)
        case Position():
            return position_stem(fact.state.code, fact.date, fact.topic)
        case Participation():
            return participation_stem(fact.summit.slug, fact.state.code)
        case ConditionState():
            scope = fact.state.code if fact.state else fact.pledge.slug if fact.pledge else ""
            return condition_state_stem(fact.condition.code, scope, fact.date)
        case CollectiveClaim() | Requirement():
            return fact.slug
    raise TypeError(f"{type(fact).__name__} is no kind of fact.")


def free_ids(model: type[Fact], stems: Sequence[str], reserved: Collection[str] = ()) -> list[str]:
    """Return an id for each stem that no fact of this kind has, that is not reserved, and that no other stem got."""
    ids: dict[int, str] = {}
    numbers = dict.fromkeys(range(len(stems)), 1)
    while numbers:
        wanted = {place: stems[place] + (f"-{n}" if n > 1 else "") for place, n in numbers.items()}
        known = model._default_manager.filter(public_id__in=wanted.values())
        taken = set(known.values_list("public_id", flat=True)).union(reserved, ids.values())
        for place, public_id in wanted.items():
            if public_id in taken:
                numbers[place] += 1
            else:
                taken.add(public_id)
                ids[place] = public_id
                del numbers[place]
    return [ids[place] for place in range(len(stems))]


def new_id(fact: Fact) -> str:
    """Return the public id for a fact that is about to be saved for the first time."""
    return free_ids(type(fact), [stem_of(fact)])[0]
