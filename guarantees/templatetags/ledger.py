"""The template library of the ledger: words, numbers, dates and links as every page writes them.

``{% load ledger %}``. Nothing here reads the database.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import template
from django.http import HttpRequest
from django.template.context import Context
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from guarantees import vocabulary, wording
from guarantees.clock import Clock, canonical
from guarantees.names import localised_group_name, localised_state_name
from guarantees.vocabulary import Availability, ConditionCode, ConditionValue, Status, Term

register = template.Library()

CLOCK_PARAMETERS = ("on", "known")


def _request(context: Context) -> HttpRequest:
    """Return the request, which the context keeps of its own also inside ``{% include … only %}``."""
    request: HttpRequest = getattr(context, "request", None) or context["request"]
    return request


def _clock(context: Context) -> Clock:
    clock: Clock | None = getattr(_request(context), "clock", None)
    return clock or Clock.present()


# --- Links that keep the two clocks


@register.simple_tag(takes_context=True)
def clock_url(context: Context, name: str, *args: Any, **parameters: Any) -> str:
    """Return the address of the view ``name``, with the page's two clocks carried on.

    Positional arguments go into the path, named ones into the query before the clocks; empty ones are left out:
    ``{% clock_url "pledge-list" state="swe" %}`` gives ``/pledges/?state=swe&on=2025-09-04``.
    """
    query = {key: value for key, value in parameters.items() if value not in (None, "")}
    query |= _clock(context).query
    path = reverse(name, args=args)
    return f"{path}?{urlencode(query, doseq=True)}" if query else path


@register.simple_tag(takes_context=True)
def clock_inputs(context: Context) -> SafeString:
    """Return hidden fields that carry the two clocks through a GET form."""
    return _hidden(_clock(context).query.items())


@register.simple_tag(takes_context=True)
def kept_inputs(context: Context, *left_out: str) -> SafeString:
    """Return hidden fields for every parameter of the page but those named; pages always start anew at 1."""
    kept = (
        (key, value)
        for key, values in _request(context).GET.lists()
        if key not in left_out and key != "page"
        for value in values
    )
    return _hidden(kept)


def _hidden(pairs: Iterable[tuple[str, str]]) -> SafeString:
    return format_html_join("", '<input type="hidden" name="{}" value="{}">', pairs)


@register.simple_tag(takes_context=True)
def query_with(context: Context, **changes: Any) -> str:
    """Return the page's own address with parameters changed; None or an empty value takes one out.

    Unlike ``{% querystring %}`` it never ends in a bare question mark, and a changed filter goes back to page 1.
    """
    request = _request(context)
    query = request.GET.copy()
    if "page" not in changes:
        query.pop("page", None)
    for key, value in changes.items():
        if value in (None, ""):
            query.pop(key, None)
        elif isinstance(value, list | tuple):
            query.setlist(key, [str(item) for item in value])
        else:
            query[key] = str(value)
    return f"{request.path}?{query.urlencode(safe='/:')}" if query else request.path


@register.simple_tag(takes_context=True)
def nav_state(context: Context, name: str) -> SafeString:
    """Return ``aria-current`` for a link of the main navigation if the page is that page, or lies below it."""
    address, path = reverse(name), _request(context).path
    if path == address:
        return SafeString(' aria-current="page"')
    if name != "overview" and path.startswith(address):
        return SafeString(' aria-current="true"')
    return SafeString("")


# --- Words of the vocabulary


@register.filter
def term(code: str, kind: str) -> Term | None:
    """Return the term of the vocabulary: ``{{ update.instrument|term:"Instrument" }}``; None for an empty code."""
    if not code:
        return None
    member: Term = getattr(vocabulary, kind)(code)
    return member


@dataclass(frozen=True)
class ConditionMark:
    """One condition as it is shown: its word, and whether it is open, met or failed."""

    code: ConditionCode
    value: ConditionValue
    href: str = ""


@register.filter
def condition_marks(conditions: Iterable[Any] | None) -> list[ConditionMark]:
    """Return conditions ready to be shown.

    Accepts codes (which count as open), pairs of code and value, or objects with ``code``, ``value`` and, if the
    word should be a link, ``href``.
    """
    marks = []
    for item in conditions or ():
        if isinstance(item, str):
            marks.append(ConditionMark(ConditionCode(item), ConditionValue.OPEN))
        elif isinstance(item, tuple):
            marks.append(ConditionMark(ConditionCode(item[0]), ConditionValue(item[1])))
        else:
            code, value = ConditionCode(item.code), ConditionValue(item.value)
            marks.append(ConditionMark(code, value, getattr(item, "href", "") or ""))
    return marks


@register.simple_tag
def defined_terms() -> Iterator[tuple[str, Term]]:
    """Return the terms whose definitions every page has at hand, each with the id of its definition."""
    for status in Status:
        yield f"def-status-{status}", status
    for availability in Availability:
        yield f"def-availability-{availability}", availability


@register.simple_tag
def ladder() -> list[Status]:
    """Return the rungs of the ladder from the lowest to the highest."""
    return [status for status in Status if status.rank is not None]


@register.filter
def language_name(code: str) -> str:
    """Return the name of a language in the reader's language: ``uk`` is Ukrainian; an unknown code stays as it is."""
    return wording.language_name(code)


@register.filter
def state_name(state: Any) -> str:
    """Return the name of a state or organisation in the reader's language. Expects ``.code`` and ``.name``."""
    return localised_state_name(state.code, state.name, get_language() or "en")


@register.filter
def group_name(group: Any) -> str:
    """Return the name of a group of states in the reader's language. Expects ``.name``."""
    return localised_group_name(group.name)


@register.simple_tag
def data_lang() -> SafeString:
    """Mark an element whose text comes from the record, which is in English, on a page in another language."""
    return SafeString("" if (get_language() or "en").startswith("en") else ' lang="en"')


# --- Quantities


@register.simple_tag
def quantity(minimum: int | None, maximum: int | None, unit: str = "") -> str:
    """Write a quantity in full: "up to 5,000 personnel", or "no number given"."""
    return wording.quantity(minimum, maximum, unit or "")


@register.simple_tag
def quantity_short(minimum: int | None, maximum: int | None, unit: str = "") -> str:
    """Write a quantity for a narrow cell: "up to 5,000 personnel", "1.6B GBP"; empty if no number was given."""
    if minimum is None and maximum is None:
        return ""
    return wording.quantity(minimum, maximum, unit or "", short=True)


@register.simple_tag
def range_sum(minimum: int, maximum: int | None) -> str:
    """Write a sum of ranges without a unit: "0 to 5,000", "at least 500"."""
    return wording.sum_of_ranges(minimum, maximum)


@register.filter
def number(value: int | None) -> str:
    """Write a whole number in the reader's language: 1,234."""
    return "" if value is None else wording.number(value)


# --- Dates


@register.filter
def day(date: dt.date | None) -> str:
    """Write a day in full inside ``<time>``: 4 September 2025."""
    return _time(date, wording.day) if date else ""


@register.filter
def short_day(date: dt.date | None) -> str:
    """Write a day with a short month inside ``<time>``, for tables: 4 Sept 2025."""
    return _time(date, wording.short_day) if date else ""


def _time(date: dt.date, write: Any) -> SafeString:
    if isinstance(date, dt.datetime):
        date = date.astimezone(dt.UTC).date()
    return format_html('<time datetime="{}">{}</time>', date.isoformat(), write(date))


@register.filter
def mid_sentence(label: str) -> str:
    """Write a label as it stands inside a sentence."""
    return wording.mid_sentence(str(label))


@register.filter
def moment(at: dt.datetime | None) -> str:
    """Write a moment in UTC inside ``<time>``: 6 January 2026, 18:05 UTC."""
    return format_html('<time datetime="{}">{}</time>', canonical(at), wording.moment(at)) if at else ""


@register.simple_tag
def meeting_days(first: dt.date, last: dt.date | None = None) -> SafeString:
    """Write the days of a meeting inside ``<time>``, with the first day as the machine's date."""
    return format_html('<time datetime="{}">{}</time>', first.isoformat(), wording.days(first, last))


# --- Numbered pages


@register.filter
def elided_pages(page: Any) -> Iterator[int | None]:
    """Return the page numbers to show, None for a gap: 1 … 4 [5] 6 … 100."""
    paginator = page.paginator
    for entry in paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1):
        yield entry if isinstance(entry, int) else None


@register.filter
def get(mapping: Mapping[Any, Any], key: Any) -> Any:
    """Look up a key that is itself a variable; None if it is not there."""
    return mapping.get(key)
