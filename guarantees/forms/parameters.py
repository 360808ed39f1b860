"""Reading the parameters of a list: filters, order and page. Whatever cannot be used is a ``BadParameter``."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from guarantees.clock import BadParameter, Clock
from guarantees.text import unsafe_character

MAX_TEXT = 200
"""Characters that a search text may have."""


@dataclass(frozen=True, slots=True)
class FilterTag:
    """A filter that is set: what it is about, its value, and the address of the page without it.

    ``count``, where it is known, is how many rows there would be without it.
    """

    group: str
    label: str
    href: str
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that a filter offers: its code in the address, its label, how many rows it would show."""

    value: str
    label: str
    chosen: bool
    count: int | None = None


def one_of(parameters: QueryDict, name: str, accepted: Collection[str], default: str = "") -> str:
    """Return a parameter that takes one code; an absent or empty one gives ``default``.

    Raises :class:`BadParameter` for a code that is not among ``accepted``.
    """
    value = parameters.get(name, "")
    if not value:
        return default
    if value not in accepted:
        raise BadParameter(name, value, _one_of_these(accepted))
    return value


def several(parameters: QueryDict, name: str, accepted: Collection[str]) -> list[str]:
    """Return a parameter that takes several codes by being repeated: each once, in the order of ``accepted``.

    Raises :class:`BadParameter` for a code that is not among them. Empty values are passed over.
    """
    given = [value for value in parameters.getlist(name) if value]
    for value in given:
        if value not in accepted:
            raise BadParameter(name, value, _one_of_these(accepted))
    return [value for value in accepted if value in given]


def _one_of_these(accepted: Collection[str]) -> str:
    return _("one of: %(codes)s") % {"codes": ", ".join(accepted)}


def text(parameters: QueryDict, name: str = "q") -> str:
    """Return a search text without outer white space.

    Raises :class:`BadParameter` if it is too long or holds characters that no text of the ledger may hold.
    """
    value = parameters.get(name, "").strip()
    if len(value) > MAX_TEXT or unsafe_character(value):
        accepted = _("a text of at most %(number)s characters, without control characters") % {"number": MAX_TEXT}
        raise BadParameter(name, value, accepted)
    return value


def page_of(parameters: QueryDict, rows: Any, size: int, name: str = "page") -> Page:
    """Return the page of a list or queryset that the parameter asks for; the first one if it is absent.

    Raises :class:`BadParameter` for anything but the number of a page that exists.
    """
    paginator = Paginator(rows, size)
    value = parameters.get(name, "") or "1"
    number = int(value) if value.isascii() and value.isdigit() and len(value) < 10 else 0
    if not 1 <= number <= paginator.num_pages:
        accepted = _("the number of a page, from 1 to %(last)s") % {"last": paginator.num_pages}
        raise BadParameter(name, value, accepted)
    return paginator.page(number)


def address_without_empty(request: HttpRequest) -> str | None:
    """Return the address of the page without the parameters that are empty; None if there are none.

    A form sends its empty fields along; one state of a page has one address.
    """
    query = request.GET.copy()
    for name, values in request.GET.lists():
        kept = [value for value in values if value.strip()]
        if kept:
            query.setlist(name, kept)
        else:
            del query[name]
    if query == request.GET:
        return None
    return f"{request.path}?{query.urlencode()}" if query else request.path


def address_in_lower_case(request: HttpRequest) -> str:
    """Return where the page lies if its address has capitals, which no code in an address has; empty if it has none."""
    path = request.path.lower()
    if path == request.path:
        return ""
    query = request.GET.urlencode()
    return f"{path}?{query}" if query else path


def address_elsewhere(request: HttpRequest, name: str, *args: str) -> str:
    """Return the address of another view with the whole query of this page: where a row lies that was merged."""
    path, query = reverse(name, args=args), request.GET.urlencode()
    return f"{path}?{query}" if query else path


def address_without(request: HttpRequest, name: str, value: str = "") -> str:
    """Return the address of the page without a parameter, or without one of its values; back on the first page."""
    query = request.GET.copy()
    query.pop("page", None)
    kept = [other for other in query.getlist(name) if value and other != value]
    if kept:
        query.setlist(name, kept)
    else:
        query.pop(name, None)
    return f"{request.path}?{query.urlencode()}" if query else request.path


def tags(request: HttpRequest, name: str, group: str, chosen: Iterable[Choice]) -> list[FilterTag]:
    """Return the removable tags for the chosen values of one filter."""
    return [
        FilterTag(group, choice.label, address_without(request, name, choice.value))
        for choice in chosen
        if choice.chosen
    ]


def relaxations(tags: Iterable[FilterTag]) -> list[FilterTag]:
    """Return what an empty list suggests: the page without each of its filters."""
    return [replace(tag, label=_("Without “%(filter)s”") % {"filter": tag.label}) for tag in tags]


def address(clock: Clock, name: str, *args: str | int) -> str:
    """Return the address of a view with the page's clocks carried on: what ``{% clock_url %}`` is in templates."""
    path = reverse(name, args=args)
    return f"{path}?{urlencode(clock.query)}" if clock.query else path
