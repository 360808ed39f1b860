"""The values of a draft's cells in words, as its rows show them while no form is open.

Written in Python, once for each cell: a sheet of four hundred rows has thousands of them, and a template that is
included for each takes ten times as long.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from django.utils.translation import get_language, gettext

from guarantees import wording
from guarantees.names import localised_state_name
from guarantees.vocabulary import ConditionCode, Term


@dataclass(frozen=True, slots=True)
class Words:
    """A value in words. ``status``: the code if it is drawn as a badge; ``is_absent``: nothing was said.

    ``note`` follows in small letters; ``language`` is that of a quotation.
    """

    text: str
    status: str = ""
    is_absent: bool = False
    note: str = ""
    language: str = ""


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
    basis = f"({label(fact, 'quantity_basis').lower()})" if fact.quantity_basis else ""
    return Words(wording.quantity(fact.quantity_min, fact.quantity_max, fact.unit), note=basis)


def _conditions(fact: Any) -> Words:
    lifted = ""
    if fact.conditions_lifted:
        lifted = f"{gettext('lifted:')} {conditions(fact.conditions_lifted)}"
    if not fact.conditions:
        return Words(label(fact, "conditions_basis"), is_absent=True, note=lifted)
    return Words(conditions(fact.conditions), note=lifted)


def _date(fact: Any) -> Words:
    if not fact.summit_id:
        note = gettext("at no summit")
    else:
        note = "" if fact.summit_id == fact.changeset.summit_id else fact.summit.title
    return Words(wording.short_day(fact.date), note=note)


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


def _labelled(name: str) -> Callable[[Any], Words]:
    return lambda fact: Words(label(fact, name))


OF_CELL: dict[tuple[str, str], Callable[[Any], Words]] = {
    ("updates", "status"): _status,
    ("updates", "quantity"): _quantity,
    ("updates", "conditions"): _conditions,
    ("updates", "date"): _date,
    ("updates", "basis"): _basis,
    ("updates", "area"): _area,
    ("updates", "summary"): lambda fact: Words(fact.summary),
    ("updates", "wording"): _wording,
    ("participations", "role"): _labelled("role"),
    ("participations", "attendance"): _labelled("attendance"),
    ("participations", "representative"): _speaker,
}
"""What writes the value of each cell, by the kind of its row and its name."""
