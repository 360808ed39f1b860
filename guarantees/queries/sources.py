"""Sources: which there are, and what rests on each."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.db.models.expressions import OrderBy
from django.db.models.functions import Lower

from guarantees.addresses import same_page
from guarantees.clock import Clock
from guarantees.models import (
    CollectiveClaim,
    ConditionState,
    Participation,
    PledgeUpdate,
    Position,
    Requirement,
    Source,
    SourceMerge,
    Summit,
)
from guarantees.models.merges import merged_rows
from guarantees.text import fold

_BY_PUBLISHER = (Lower("publisher"), F("published_on").asc(nulls_last=True), F("public_id").asc())
SORTS: dict[str, tuple[OrderBy | Lower, ...]] = {
    "publisher": _BY_PUBLISHER,
    "-publisher": (Lower("publisher").desc(), *_BY_PUBLISHER[1:]),
    "date": (F("published_on").asc(nulls_last=True), *_BY_PUBLISHER),
    "-date": (F("published_on").desc(nulls_last=True), *_BY_PUBLISHER),
}
"""The orders of the list; sources without a date come last in either direction."""


@dataclass(frozen=True, slots=True)
class SourceFilter:
    """What the list of sources is narrowed to; empty means everything."""

    text: str = ""
    kinds: Sequence[str] = ()
    languages: Sequence[str] = ()


def present(clock: Clock) -> QuerySet[Source]:
    """Return the sources that a reader sees: visible at the clock, and not merged into another one."""
    return Source.objects.visible(clock).exclude(pk__in=merged_rows(SourceMerge, clock))


def filtered(clock: Clock, wanted: SourceFilter, sort: str = "publisher") -> QuerySet[Source]:
    """Return the sources visible at the clock that a filter lets through, in an order of :data:`SORTS`.

    Every word of the text must stand in the publisher, the headline, the id or the address.
    """
    return _narrowed(clock, wanted).order_by(*SORTS[sort])


def _narrowed(clock: Clock, wanted: SourceFilter) -> QuerySet[Source]:
    sources = present(clock)
    for word in fold(wanted.text).split():
        sources = sources.filter(search_text__contains=word)
    if wanted.kinds:
        sources = sources.filter(kind__in=wanted.kinds)
    if wanted.languages:
        sources = sources.filter(language__in=wanted.languages)
    return sources


@dataclass(frozen=True, slots=True)
class Facets:
    """How many sources each choice would show, given the text and the *other* filter."""

    kinds: Mapping[str, int]
    languages: Mapping[str, int]


def facets(clock: Clock, wanted: SourceFilter) -> Facets:
    """Count the sources by kind and by language, in one query.

    Languages are all those of the visible sources that the text lets through, also where the count is 0.
    """
    rows = (
        _narrowed(clock, SourceFilter(wanted.text))
        .order_by()
        .values_list("kind", "language")
        .annotate(number=Count("pk"))
    )
    kinds: Counter[str] = Counter()
    languages: Counter[str] = Counter()
    for kind, language, number in rows:
        kinds[kind] += number if not wanted.languages or language in wanted.languages else 0
        languages[language] += number if not wanted.kinds or kind in wanted.kinds else 0
    return Facets(kinds, languages)


def languages(clock: Clock) -> list[str]:
    """Return the codes of the languages in which visible sources are written."""
    return sorted(set(present(clock).order_by().values_list("language", flat=True).distinct()))


def fact_counts(sources: Iterable[Source], clock: Clock) -> Mapping[int, int]:
    """Return for each of the sources how many facts and meetings rest on it, as of the clock; one query."""
    ids = [source.pk for source in sources]
    queries = [
        model.objects.as_of(clock).filter(sources__in=ids).order_by().values_list("sources").annotate(n=Count("pk"))
        for model in (PledgeUpdate, Position, Participation, ConditionState, CollectiveClaim, Requirement)
    ]
    meetings = (
        Summit.objects.visible(clock).filter(sources__in=ids).order_by().values_list("sources").annotate(n=Count("pk"))
    )
    counts: Counter[int] = Counter()
    for source_id, number in meetings.union(*queries, all=True):
        counts[source_id] += number
    return counts


def nearest_sources(public_id: str, clock: Clock, limit: int = 5) -> list[Source]:
    """Return the visible sources whose id comes nearest to a text that is no id; the nearest first.

    Compared are those that share a word of the id with it, at most a few hundred.
    """
    words = [word for word in fold(public_id).split("-") if len(word) > 2 and not word.isdigit()]
    shared = Q()
    for word in words[:6]:
        shared |= Q(public_id__contains=word)
    if not shared:
        return []
    candidates = {source.public_id: source for source in present(clock).filter(shared)[:400]}
    return [candidates[name] for name in get_close_matches(public_id.lower(), candidates, n=limit, cutoff=0.3)]


def record(source: Source, clock: Clock) -> list[tuple[str, list[Any]]]:
    """Return everything that rests on a visible source, as of the clock, by kind, each kind with the newest first.

    Each row knows where in the source it stands (``locator``) and how far it can be believed there (``credibility``).
    The codes of the kinds are those of :data:`guarantees.queries.changes.KINDS`; kinds without a row are left out.
    """
    kinds: list[tuple[str, QuerySet[Any]]] = [
        (
            "update",
            PledgeUpdate.objects.as_of(clock).select_related("pledge__state", "summit").order_by("-date", "public_id"),
        ),
        (
            "position",
            Position.objects.as_of(clock).select_related("state", "summit").order_by("-date", "public_id"),
        ),
        (
            "participation",
            Participation.objects.as_of(clock)
            .select_related("state", "summit")
            .order_by("-summit__start_date", "public_id"),
        ),
        (
            "condition-state",
            ConditionState.objects.as_of(clock)
            .select_related("condition", "state", "pledge")
            .order_by("-date", "public_id"),
        ),
        ("claim", CollectiveClaim.objects.as_of(clock).select_related("summit").order_by("-date", "public_id")),
        ("requirement", Requirement.objects.as_of(clock).order_by("-date", "public_id")),
        ("summit", Summit.objects.visible(clock).select_related("country").order_by("-start_date", "slug")),
    ]
    cited = {"locator": F("citations__locator"), "credibility": F("citations__credibility")}
    read = ((code, list(rows.filter(citations__source=source).annotate(**cited))) for code, rows in kinds)
    return [(code, rows) for code, rows in read if rows]


# --- What an address tells


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = (
    re.compile(r"(?<!\d)(\d{4})/(\d{1,2})/(\d{1,2})(?!\d)"),
    re.compile(rf"(?<!\d)(\d{{4}})/({'|'.join(_MONTHS)})/(\d{{1,2}})(?!\d)", re.IGNORECASE),
    re.compile(r"(?<!\d)(\d{4})[-_](\d{1,2})[-_](\d{1,2})(?!\d)"),
    re.compile(r"(?<!\d)(\d{4})(\d{2})(\d{2})(?!\d)"),
)
"""How addresses write a day, the likeliest first: /2026/01/06/, /2026/jan/06/, 2026-01-06, 20260106."""
EARLIEST = dt.date(1991, 12, 1)
"""No source is older than the state that it is about: an earlier number in an address is no day."""


def day_in(url: str, today: dt.date) -> dt.date | None:
    """Return the day that an address names: a real one, not after ``today``; None if it names none.

    >>> day_in("https://example.org/2026/01/06/summit", dt.date(2026, 11, 24))
    datetime.date(2026, 1, 6)
    """
    for written in _DAYS:
        for year, month, day in written.findall(url):
            number = _MONTHS.index(month.lower()) + 1 if month.isalpha() else int(month)
            try:
                found = dt.date(int(year), number, int(day))
            except ValueError:
                continue
            if EARLIEST <= found <= today:
                return found
    return None


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is likely true of a source at an address; empty where nothing suggests it.

    ``resting_on`` tells how many sources on record at ``host`` (or at hosts of the same publisher) suggest it.
    """

    publisher: str = ""
    language: str = ""
    kind: str = ""
    published_on: dt.date | None = None
    host: str = ""
    resting_on: int = 0

    @property
    def values(self) -> dict[str, Any]:
        """The proposed values by the names of their columns."""
        named = {name: getattr(self, name) for name in ("publisher", "language", "kind", "published_on")}
        return {name: value for name, value in named.items() if value}


def proposed(url: str, today: dt.date) -> Proposal:
    """Return what an address suggests about a source, from the address itself and from sources on record; one query.

    Those of the same host decide, else those of a host that it belongs to or that belongs to it (``en.example.org``
    and ``example.org``), if all of these name one publisher. Nothing is looked up anywhere else.
    """
    try:
        host = same_page(url)[0]
    except ValueError:
        return Proposal()
    if not host:
        return Proposal()
    day = day_in(url, today)
    near: dict[str, list[tuple[str, str, str]]] = {}
    wanted = Q(url__icontains=host)
    for parent in _parents(host):
        wanted |= Q(url__icontains=f"//{parent}/") | Q(url__icontains=f"//www.{parent}/")
    rows = Source.objects.filter(wanted).order_by("-pk").values_list("url", "publisher", "language", "kind")
    for address, *told in rows:
        there = same_page(address)[0]
        if there == host or there.endswith(f".{host}") or there in _parents(host):
            near.setdefault(there, []).append((told[0], told[1], told[2]))
    like = near.get(host) or [told for found in near.values() for told in found]
    if not like or (host not in near and len({publisher for publisher, *_rest in like}) > 1):
        return Proposal(published_on=day, host=host)
    publisher = Counter(told[0] for told in like).most_common(1)[0][0]
    own = [told for told in like if told[0] == publisher]
    language, kind = (Counter(told[place] for told in own).most_common(1)[0][0] for place in (1, 2))
    return Proposal(publisher, language, kind, day, host, len(own))


def _parents(host: str) -> list[str]:
    """Return the hosts that a host belongs to, of two labels or more: ``en.example.org`` is of ``example.org``."""
    labels = host.split(".")
    return [".".join(labels[place:]) for place in range(1, len(labels) - 1)]
