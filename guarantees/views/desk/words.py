"""The values of a draft's cells in words, as its rows show them while no form is open.

Written in Python, once for each cell: a sheet of four hundred rows has thousands of them, and a template that is
included for each takes ten times as long.
"""

import datetime as dt
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, cast

from django.utils.translation import get_language, gettext, ngettext

from guarantees import wording
from guarantees.names import localised_state_name
from guarantees.vocabulary import ConditionCode, Term


@dataclass(frozen=True, slots=True)
class Words:
    """A value in words. ``status``: the code if it is drawn as a badge; ``is_absent``: nothing was said.

    ``marks``: conditions, each by its label; ``day``: the day of a date, for machines; ``language`` is that of a
    quotation. ``note`` follows in small letters; ``is_note_of_record``: it was written by those who keep the record.
    """

    text: str
    status: str = ""
    is_absent: bool = False
    marks: tuple[str, ...] = ()
    day: str = ""
    is_quantity: bool = False
    language: str = ""
    note: str = ""
    is_note_of_record: bool = False


@cache
def _choices(model: Hashable, name: str, _language: str) -> dict[str, str]:
    """Return the labels of a column by code; Django builds and translates this anew for every value it displays."""
    return {code: str(label) for code, label in cast(Any, model)._meta.get_field(name).flatchoices}


def label(fact: Any, name: str) -> str:
    """Return the label of a coded column in the reader's language."""
    return _choices(cast(Hashable, type(fact)), name, get_language() or "en").get(getattr(fact, name), "")


def state_name(state: Any) -> str:
    """Return the name of a state in the reader's language."""
    return localised_state_name(state.code, state.name, get_language() or "en")


@cache
def _labels(terms: type[Term], _language: str) -> dict[str, str]:
    return {term.value: str(term.label) for term in terms}


def term_label(terms: type[Term], code: str) -> str:
    """Return the label of a code of the vocabulary in the reader's language."""
    return _labels(terms, get_language() or "en")[code]


@lru_cache(maxsize=4096)
def _short_day(day: dt.date, _language: str) -> str:
    return wording.short_day(day)


def short_day(day: dt.date) -> str:
    """Write a day with a short month, as :func:`guarantees.wording.short_day`; a page has few days in many rows."""
    return _short_day(day, get_language() or "en")


def conditions(codes: Iterable[str]) -> str:
    """Return conditions by their labels, in one line."""
    return ", ".join(term_label(ConditionCode, code) for code in codes)


def _status(fact: Any) -> Words:
    return Words(label(fact, "status"), status=fact.status) if fact.status else _nothing(gettext("not chosen"))


def _nothing(text: str) -> Words:
    return Words(text, is_absent=True)


def _quantity(fact: Any) -> Words:
    if fact.quantity_min is None and fact.quantity_max is None:
        return _nothing(gettext("no number given"))
    basis = f"({label(fact, 'quantity_basis').lower()})" if getattr(fact, "quantity_basis", "") else ""
    return Words(wording.quantity(fact.quantity_min, fact.quantity_max, fact.unit), is_quantity=True, note=basis)


def _conditions(fact: Any) -> Words:
    lifted = ""
    if fact.conditions_lifted:
        lifted = f"{gettext('lifted:')} {conditions(fact.conditions_lifted)}"
    if not fact.conditions:
        return Words(label(fact, "conditions_basis"), is_absent=True, note=lifted)
    marks = tuple(term_label(ConditionCode, code) for code in fact.conditions)
    return Words(", ".join(marks), marks=marks, note=lifted)


def _day(fact: Any) -> Words:
    return Words(short_day(fact.date), day=fact.date.isoformat())


def _date(fact: Any) -> Words:
    """Write a day, and the meeting if it is another than the changeset's."""
    text, day = short_day(fact.date), fact.date.isoformat()
    if not fact.summit_id:
        return Words(text, day=day, note=gettext("at no summit"))
    if fact.summit_id == fact.changeset.summit_id:
        return Words(text, day=day)
    return Words(text, day=day, note=fact.summit.title, is_note_of_record=True)


def _basis(fact: Any) -> Words:
    text = label(fact, "attribution")
    if fact.instrument != "not_stated":
        text += f", {wording.mid_sentence(label(fact, 'instrument'))}"
        if fact.bindingness != "not_stated":
            text += f" ({label(fact, 'bindingness').lower()})"
    return Words(text)


def _area(fact: Any) -> Words:
    return _nothing(gettext("no place named")) if fact.area == "unspecified" else Words(label(fact, "area"))


def _wording(fact: Any) -> Words:
    return Words(fact.wording, language=fact.wording_language) if fact.wording else _nothing(gettext("no quotation"))


def _speaker(fact: Any) -> Words:
    spoke = ", ".join(part for part in (fact.representative, fact.office) if part)
    return Words(spoke) if spoke else _nothing(gettext("not named"))


def _condition(fact: Any) -> Words:
    code = label(fact.condition, "code")
    if fact.pledge:
        return Words(f"{code}:", note=fact.pledge.title, is_note_of_record=True)
    return Words(f"{code}: {state_name(fact.state) if fact.state else gettext('for all pledges')}")


def _claimed(fact: Any) -> Words:
    return Words(ngettext("%(n)s state", "%(n)s states", fact.states_claimed) % {"n": fact.states_claimed})


def _compared(fact: Any) -> Words:
    if not fact.category:
        return _nothing(gettext("with attendance only"))
    least = f", {wording.mid_sentence(label(fact, 'min_status'))}" if fact.min_status else ""
    return Words(f"{label(fact, 'category')}{least}")


def _concerns(fact: Any) -> Words:
    return Words(f"{label(fact, 'concerns')}, {wording.mid_sentence(label(fact, 'category'))}")


def _labelled(name: str) -> Callable[[Any], Words]:
    return lambda fact: Words(label(fact, name))


def _written(name: str) -> Callable[[Any], Words]:
    return lambda fact: Words(getattr(fact, name))


OF_CELL: dict[tuple[str, str], Callable[[Any], Words]] = {
    ("updates", "status"): _status,
    ("updates", "quantity"): _quantity,
    ("updates", "conditions"): _conditions,
    ("updates", "date"): _date,
    ("updates", "basis"): _basis,
    ("updates", "area"): _area,
    ("updates", "summary"): _written("summary"),
    ("updates", "wording"): _wording,
    ("positions", "stance"): _labelled("stance"),
    ("positions", "subject"): lambda fact: Words(f"{label(fact, 'subject')}: {fact.topic}"),
    ("positions", "date"): _date,
    ("positions", "summary"): _written("summary"),
    ("participations", "role"): _labelled("role"),
    ("participations", "attendance"): _labelled("attendance"),
    ("participations", "representative"): _speaker,
    ("conditions", "condition"): _condition,
    ("conditions", "value"): _labelled("value"),
    ("conditions", "date"): _day,
    ("conditions", "summary"): _written("summary"),
    ("claims", "scope"): _written("scope"),
    ("claims", "claimed"): _claimed,
    ("claims", "date"): _date,
    ("claims", "speaker"): _written("speaker"),
    ("claims", "summary"): _written("summary"),
    ("claims", "compared"): _compared,
    ("requirements", "concerns"): _concerns,
    ("requirements", "quantity"): _quantity,
    ("requirements", "date"): _day,
    ("requirements", "author"): _written("author"),
    ("requirements", "summary"): _written("summary"),
}
"""What writes the value of each cell, by the kind of its row and its name."""
