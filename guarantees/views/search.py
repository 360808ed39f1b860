"""Search over everything that is public."""

from dataclasses import dataclass, replace
from typing import Any

from django.core.paginator import Page
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from guarantees.clock import Clock
from guarantees.forms.parameters import one_of, page_of, text
from guarantees.queries.search import KINDS, Hit, Search
from guarantees.views.errors import Suggestion
from guarantees.views.public import ClockRequest, public_page

HITS_PER_KIND = 10
HITS_PER_PAGE = 25

EXAMPLES = ("France troops", "Kiew", "parliament", "ceasefire monitoring")
"""What the page suggests to who has asked for nothing: a name with a category, a place in German, one word, two."""


@dataclass(frozen=True, slots=True)
class Group:
    """What was found of one kind: how much, the hits shown, and where all of them are; empty if these are all."""

    kind: str
    label: str | Promise
    count: int
    hits: list[Hit]
    more: str


@public_page
def search(request: ClockRequest) -> HttpResponse:
    """Find pledges, statements, positions, meetings, states and sources by words; ten of each, or pages of one kind."""
    words = text(request.GET)
    kind = one_of(request.GET, "kind", KINDS)
    found = Search.of(words, request.clock)
    page: Page[Any] | None = None
    if kind:
        counts = found.counts()
        page = page_of(request.GET, found.states() if kind == "states" else found.found(kind), HITS_PER_PAGE)
        rows = {kind: page.object_list} if counts[kind] else {}
    else:
        first = {each: found.first(each, HITS_PER_KIND) for each in KINDS}
        counts = {each: count for each, (_rows, count) in first.items()}
        rows = {each: shown for each, (shown, count) in first.items() if count}
    hits = found.hits(rows) if rows else {}
    groups = [
        Group(each, KINDS[each], counts[each], hits[each], _more(request.clock, words, each, counts[each], kind))
        for each in rows
    ]
    return render(
        request,
        "search/search.html",
        {
            "words": words,
            "kind": kind,
            "kind_label": KINDS.get(kind, ""),
            "search": found,
            "counts": [(each, label, counts[each]) for each, label in KINDS.items() if counts[each] or each == kind],
            "total": sum(counts.values()),
            "groups": groups,
            "page": page,
            "hints": _hints(request.clock, found, kind) if not groups else [],
            "examples": [(example, _address(request.clock, q=example)) for example in EXAMPLES],
        },
    )


def _address(clock: Clock, **parameters: str) -> str:
    query = {name: value for name, value in parameters.items() if value} | clock.query
    return f"{reverse('search')}?{urlencode(query)}"


def _more(clock: Clock, words: str, kind: str, count: int, chosen: str) -> str:
    return _address(clock, q=words, kind=kind) if count > HITS_PER_KIND and not chosen else ""


def _hints(clock: Clock, found: Search, kind: str) -> list[Suggestion]:
    """Return where a search that found nothing may go on: all kinds, without one of the words, as of now."""
    words = [word.text for word in found.words]
    hints = []
    if kind and words:
        hints.append(Suggestion(_("Look in everything"), _address(clock, q=" ".join(words))))
    if len(words) > 1:
        for word in words:
            fewer = " ".join(other for other in words if other != word)
            hints.append(Suggestion(_("Without “%(word)s”") % {"word": word}, _address(clock, q=fewer)))
    if words and not clock.is_present:
        now = replace(clock, on_given=False, known_given=False)
        hints.append(Suggestion(_("In the record as it stands today"), _address(now, q=" ".join(words))))
    return hints
