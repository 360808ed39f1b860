"""Search: pledges, what was said about them, positions, meetings, states and sources that hold all words of a text.

Every word must occur, or begin a word that does, as PostgreSQL's English full text reads it, without case and
accents. Names count in every language on record: a state's name matches what belongs to the state, and a place is
found under its name in another language (Kiew is Kyiv).
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from babel import Locale
from django.conf import settings
from django.contrib.postgres.search import CombinedSearchQuery, SearchQuery, SearchVector
from django.db import connection
from django.db.models import BooleanField, Case, Count, F, Q, QuerySet, TextField, Value, When, Window
from django.db.models.functions import Collate
from django.utils.functional import Promise
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _

from guarantees.clock import Clock
from guarantees.models import (
    LedgerEntry,
    Pledge,
    PledgeUpdate,
    Position,
    Source,
    SourceMerge,
    State,
    StateAlias,
    Summit,
)
from guarantees.models.merges import merged_rows
from guarantees.names import localised_state_name
from guarantees.text import fold
from guarantees.vocabulary import Category

MAX_WORDS = 12
"""So many words of a text are looked for; more would only make the search slow."""
EXCERPT = 320
"""Characters of a longer text that are shown around what was found."""
LONG_WORD = 40
"""Characters that a word may have for a text to be cut before it and not in it."""

KINDS: dict[str, Promise] = {
    "states": _("States and organisations"),
    "pledges": _("Pledges"),
    "summits": _("Meetings"),
    "updates": _("Statements about pledges"),
    "positions": _("Positions"),
    "sources": _("Sources"),
}
"""What is searched, in the order in which results are shown."""


# --- Names


@cache
def place_names() -> dict[str, frozenset[str]]:
    """Return for every folded name of a city its folded English names: Kiew, Kiev, Київ and Kyiv are Kyiv.

    From the CLDR, which Babel ships: it names the cities that stand for a time zone, in the languages of the app and in
    Ukrainian.
    """
    english = Locale("en").time_zones
    found: dict[str, set[str]] = {}
    for language in (*(code for code, _label in settings.LANGUAGES), "uk"):
        for zone, names in Locale.parse(language, sep="-").time_zones.items():
            in_address = zone.rpartition("/")[2].replace("_", " ")
            city = fold(english.get(zone, {}).get("city") or in_address)
            for name in (city, fold(in_address), fold(names.get("city") or city)):
                found.setdefault(name, set()).add(city)
    return {name: frozenset(cities) for name, cities in found.items()}


@cache
def category_names() -> dict[Category, tuple[str, ...]]:
    """Return the names of every category in all languages of the app, as :func:`spaced` writes them."""
    names: dict[Category, list[str]] = {category: [] for category in Category}
    for language, _label in settings.LANGUAGES:
        with override(language):
            for category in Category:
                names[category].append(spaced(str(category.label)))
    return {category: tuple(found) for category, found in names.items()}


def spaced(name: str) -> str:
    """Return the folded words of a name, each with a space before it: ``" cote d ivoire"``."""
    return "".join(f" {word}" for word in _WORDS.findall(fold(name)))


@dataclass(frozen=True, slots=True)
class Names:
    """A state with every name under which a reader may look for it (:func:`spaced`), and its aliases as written.

    ``own`` holds its code, its English name, its names in all languages of the app, and aliases. Aliases that are names
    of its capital stand apart: they find the state, but who looks for Kyiv does not mean all that is Ukraine's.
    """

    state: State
    own: Sequence[str]
    capitals: Sequence[str]
    aliases: Sequence[str]

    @property
    def shown(self) -> str:
        """Its name in the reader's language."""
        return localised_state_name(self.state.code, self.state.name, get_language() or "en")


def all_names() -> list[Names]:
    """Read the names of all states and organisations, in two queries."""
    aliases: dict[int, list[str]] = {}
    for state_id, alias in StateAlias.objects.order_by("alias").values_list("state_id", "alias"):
        aliases.setdefault(state_id, []).append(alias)
    cities = place_names()
    found = []
    for state in State.objects.order_by("code"):
        localised = (localised_state_name(state.code, state.name, language) for language, _label in settings.LANGUAGES)
        own = [spaced(name) for name in (state.code, state.name, *localised)]
        others = [spaced(alias) for alias in aliases.get(state.pk, ())]
        capitals = [name for name in others if name not in own and name.strip() in cities]
        own += [name for name in others if name not in capitals]
        found.append(Names(state, own, capitals, aliases.get(state.pk, ())))
    return found


# --- Words

_WORDS = re.compile(r"[0-9]+(?:\.[0-9]+)+|[^\W_]+")
"""Words as they are looked for: letters and digits, and numbers with a decimal point."""

SUFFIXES = (
    *("ing", "ed", "es", "ion", "ation", "ative", "ator", "ive", "ity", "ility", "ilities", "ness", "ly", "al"),
    *("ment", "ments", "ance", "ances"),
)
"""Endings that stemming takes away: while a reader types one of them, the word begun is completed (:func:`_begun`)."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word of the text looked for, folded, and all that it may stand for.

    ``stems`` is what the text index makes of the word, or of a word that it begins; ``instead`` English names (of one
    or several words) for which it is another name; ``states`` and ``categories`` those with a name that it begins.
    ``is_whole`` words stand for no longer ones.
    """

    text: str
    stems: frozenset[str]
    is_whole: bool = False
    instead: frozenset[str] = frozenset()
    states: frozenset[int] = frozenset()
    categories: frozenset[str] = frozenset()

    @property
    def query(self) -> SearchQuery | CombinedSearchQuery:
        """The word as the text index is asked for it: words that begin with it, its stems, its English names."""
        # Letters and digits only, so that the quotation marks hold whatever was typed. The configuration "simple",
        # because the stems are stems already, and the stem of a word half typed would find too much.
        forms = [f"'{self.text}'" if self.is_whole else f"'{self.text}':*"]
        forms += [f"'{stem}'" for stem in sorted(self.stems)]
        if self.text.isdecimal():
            # The index reads the numbers of 2025-09-04 in a slug as negative ones.
            forms.append(f"'-{self.text}':*")
        query: SearchQuery | CombinedSearchQuery = SearchQuery(" | ".join(forms), search_type="raw", config="simple")
        for name in sorted(self.instead):
            query |= SearchQuery(name, search_type="phrase", config="english")
        return query


def words_of(text: str) -> list[str]:
    """Return the words of a text, folded, each once."""
    return list(dict.fromkeys(_WORDS.findall(fold(text))))


def _begun(word: str) -> Iterator[tuple[str, int]]:
    """Return the words that a word may be on the way to, each with the length of what stands before the ending.

    >>> list(_begun("trainin"))
    [('training', 5)]
    """
    for suffix in SUFFIXES:
        for typed in range(1, len(suffix)):
            base = len(word) - typed
            if base >= 3 and word.endswith(suffix[:typed]):
                yield word + suffix[typed:], base


def _stems(words: Iterable[str], *, begun: bool = False) -> dict[str, frozenset[str]]:
    """Return the words that the text index keeps, with their stems: not those of every English text (the, of …).

    With ``begun``, also the stems of longer words where the index knows those only without their ending: "trainin"
    would not be found in "training", which is there as "train". One query.
    """
    forms = [(word, word, len(word)) for word in words]
    if begun:
        forms += [(word, longer, base) for word, *_same in forms for longer, base in _begun(word)]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT word, base < length(word), base, (ts_lexize('english_stem', form))[1]"
            " FROM unnest(%s::text[], %s::text[], %s::int[]) AS forms (word, form, base)"
            " WHERE ts_lexize('english_stem', word) <> '{}'",
            [list(column) for column in zip(*forms, strict=True)] or [[], [], []],
        )
        found: dict[str, set[str]] = {}
        for word, is_longer, base, stem in cursor.fetchall():
            stems = found.setdefault(word, set())
            if not is_longer or 4 <= len(stem) <= base + 1:
                stems.add(stem)
    return {word: frozenset(stems) for word, stems in found.items()}


def _meaning(text: str, stems: frozenset[str], names: Iterable[Names]) -> Word:
    begins = f" {text}"
    called = {known.state.pk: fold(known.state.name) for known in names if begins in known.own}
    # Short names (UK, US, EU) mean just that: nobody who asks for the UK wants all that begins like Ukraine.
    is_whole = len(text) <= 3 and bool(called)
    states = called or {known.state.pk for known in names if any(begins in name for name in known.own)}
    categories = (category for category, labels in category_names().items() if any(begins in name for name in labels))
    instead = {*place_names().get(text, ()), *called.values()} - {text}
    return Word(text, stems, is_whole, frozenset(instead), frozenset(states), frozenset(categories))


# --- Showing what was found

Marked = list[tuple[str, bool]]
"""A text in pieces, each with whether it is to be marked. Not escaped: the template that writes them escapes."""

_SHOWN = re.compile(r"(?:[^\W_]|[\u0300-\u036f])+")
"""Words as they stand in a text that is shown, where accents may be signs of their own."""


class Marker:
    """Marks the words found in texts the way the index found them: without case and accents, and by their stems."""

    def __init__(self, words: Sequence[Word], texts: Iterable[str]) -> None:
        """Read the stems of the words of all texts that will be marked, in one query."""
        self.whole = frozenset(word.text for word in words)
        self.beginnings = tuple(word.text for word in words if not word.is_whole)
        self.stems = frozenset(stem for word in words for stem in word.stems)
        self.names = [_WORDS.findall(name) for word in words for name in word.instead]
        shown = {fold(found) for text in texts for found in _SHOWN.findall(text)}
        alike = tuple(stem[:-1] for stem in self.stems)
        self.stem_of = _stems([word for word in shown if word.startswith(alike)])

    def _is_found(self, folded: str) -> bool:
        if folded in self.whole or folded.startswith(self.beginnings):
            return True
        return not self.stems.isdisjoint(self.stem_of.get(folded, ()))

    def mark(self, text: str) -> Marked:
        """Return a text in pieces, with everything marked that was found in it."""
        places = list(_SHOWN.finditer(text))
        folded = [fold(place.group()) for place in places]
        found = {number for number, word in enumerate(folded) if self._is_found(word)}
        for name in self.names:
            for number in range(len(folded) - len(name) + 1):
                if folded[number : number + len(name)] == name:
                    found.update(range(number, number + len(name)))
        pieces: Marked = []
        end = 0
        for number in sorted(found):
            place = places[number]
            if place.start() > end:
                pieces.append((text[end : place.start()], False))
            pieces.append((place.group(), True))
            end = place.end()
        if end < len(text):
            pieces.append((text[end:], False))
        return pieces

    def excerpt(self, text: str) -> Marked:
        """Return a text marked, cut to about :data:`EXCERPT` characters around the first hit if it is longer."""
        if len(text) <= EXCERPT:
            return self.mark(text)
        pieces = self.mark(text)
        first = next((number for number, (_piece, is_hit) in enumerate(pieces) if is_hit), 0)
        hit = sum(len(piece) for piece, _is_hit in pieces[:first])
        start = max(0, min(hit - EXCERPT // 3, len(text) - EXCERPT))
        stop = start + EXCERPT
        # Cut between words, unless the words are longer than any word is.
        if start:
            start = max(text.rfind(" ", 0, start) + 1, start - LONG_WORD)
        if stop < len(text):
            stop = max(text.rfind(" ", 0, stop), stop - LONG_WORD)
        return self.mark(("… " if start else "") + text[start:stop] + (" …" if stop < len(text) else ""))


@dataclass(frozen=True, slots=True)
class Hit:
    """Something found: the row, its title or heading, and the text that holds the words, both with hits marked."""

    row: Any
    title: Marked
    text: Marked


# --- Searching


@dataclass(frozen=True, slots=True)
class Search:
    """A text looked for, as of a clock. Without words it finds nothing.

    ``passed_over`` are the words of the text that are in every English text, or beyond the first :data:`MAX_WORDS`.
    """

    clock: Clock
    words: Sequence[Word] = ()
    names: Sequence[Names] = ()
    passed_over: Sequence[str] = ()

    @classmethod
    def of(cls, text: str, clock: Clock) -> "Search":
        """Read a text, in three queries (none for a text without words)."""
        given = words_of(text)
        if not given:
            return cls(clock)
        stems = _stems(given, begun=True)
        kept = [word for word in given if word in stems][:MAX_WORDS]
        names = all_names()
        return cls(
            clock,
            [_meaning(word, stems[word], names) for word in kept],
            names,
            [word for word in given if word not in kept],
        )

    def counts(self) -> dict[str, int]:
        """Count what is found of every kind, in one query."""
        counts = dict.fromkeys(KINDS, 0)
        if self.words:
            first, *others = [
                self.found(kind)
                .order_by()
                .values(of_kind=Value(kind, output_field=TextField()))
                .annotate(number=Count("pk"))
                .values_list("of_kind", "number")
                for kind in KINDS
                if kind != "states"
            ]
            counts |= dict(first.union(*others, all=True))
            counts["states"] = len(self.states())
        return counts

    def first(self, kind: str, limit: int) -> tuple[list[Any], int]:
        """Return the first rows of one kind and how many there are, in one query (none for states)."""
        if not self.words:
            return [], 0
        if kind == "states":
            states = self.states()
            return states[:limit], len(states)
        rows = list(self.found(kind).annotate(found_in_all=Window(Count("pk")))[:limit])
        return rows, rows[0].found_in_all if rows else 0

    def found(self, kind: str) -> QuerySet[Any]:
        """Return what is found of one kind but states, in the order in which it is shown."""
        match kind:
            case "pledges":
                return self.pledges()
            case "summits":
                return self.summits()
            case "updates":
                return self.updates()
            case "positions":
                return self.positions()
            case _:
                return self.sources()

    # Each kind: where the words are looked for, and the order. Texts are asked for ids (:func:`_with`), so that the
    # index answers also where a word may stand in a name instead.

    def pledges(self) -> QuerySet[LedgerEntry]:
        """Pledges in force, the firmest first: their title and slug, their state's names, their category's names."""
        entries = LedgerEntry.objects.in_force(self.clock)
        for word in self.words:
            entries = entries.filter(_once(Q(pledge__in=_with(Pledge, word)) | _named(word, "category")))
        return entries.select_related("pledge", "state").order_by(
            F("rank").desc(nulls_last=True), Collate("pledge__slug", "C")
        )

    def updates(self) -> QuerySet[PledgeUpdate]:
        """Statements about pledges, the newest first: summary and wording, and whatever finds their pledge."""
        updates = PledgeUpdate.objects.as_of(self.clock)
        for word in self.words:
            pledges = Pledge.objects.filter(_once(Q(pk__in=_with(Pledge, word)) | _named(word, "category")))
            updates = updates.filter(_once(Q(pk__in=_with(PledgeUpdate, word)) | Q(pledge__in=pledges.values("pk"))))
        return updates.select_related("pledge__state", "summit").order_by("-date", Collate("public_id", "C"))

    def positions(self) -> QuerySet[Position]:
        """Positions, the newest first: topic and summary, their state's names, their subject's names."""
        positions = Position.objects.as_of(self.clock)
        for word in self.words:
            positions = positions.filter(_once(Q(pk__in=_with(Position, word)) | _named(word, "subject")))
        return positions.select_related("state", "summit").order_by("-date", Collate("public_id", "C"))

    def summits(self) -> QuerySet[Summit]:
        """Meetings, first those with every word in title, slug or country, the newest first.

        Meetings to come are found too, unless the reader set the day.
        """
        summits = Summit.objects.visible(self.clock)
        if self.clock.on_given:
            summits = summits.filter(start_date__lte=self.clock.on)
        by_name = Q()
        for word in self.words:
            in_country = Q(country__in=word.states)
            summits = summits.filter(_once(Q(pk__in=_with(Summit, word)) | in_country))
            by_name &= Q(name=word.query) | in_country
        place = Case(When(by_name, then=Value(0)), default=Value(1))
        return (
            summits.select_related("country")
            .alias(name=SearchVector("title", "slug", config="english"))
            .order_by(place, "-start_date", Collate("slug", "C"))
        )

    def sources(self) -> QuerySet[Source]:
        """Sources, the newest first and undated ones last: publisher, headline, id and address."""
        sources = Source.objects.visible(self.clock).exclude(pk__in=merged_rows(SourceMerge, self.clock))
        for word in self.words:
            sources = sources.filter(_once(Q(pk__in=_with(Source, word))))
        return sources.order_by(F("published_on").desc(nulls_last=True), Collate("public_id", "C"))

    def states(self) -> list[Names]:
        """States and organisations of which one name holds every word: an exact name first, then by name."""
        whole = "".join(f" {word.text}" for word in self.words)
        names = [(known, [*known.own, *known.capitals]) for known in self.names]
        found = [(whole not in own, fold(known.shown), known) for known, own in names if any(map(self._all_begin, own))]
        return [known for *_order, known in sorted(found, key=lambda order: order[:2])]

    def _all_begin(self, name: str) -> bool:
        return all(f" {word.text}" in name for word in self.words)

    # What is shown of each

    def hits(self, rows: Mapping[str, Iterable[Any]]) -> dict[str, list[Hit]]:
        """Return rows by kind with what was found in them marked, in one query for all."""
        shown = {kind: [(row, *self._texts(kind, row)) for row in found] for kind, found in rows.items()}
        marker = Marker(self.words, (text for found in shown.values() for _row, *texts in found for text in texts))
        return {
            kind: [Hit(row, marker.mark(title), marker.excerpt(text)) for row, title, text in found]
            for kind, found in shown.items()
        }

    def _texts(self, kind: str, row: Any) -> tuple[str, str]:
        match kind:
            case "states":
                others = dict.fromkeys(name for name in (row.state.name, *row.aliases) if name != row.shown)
                return row.shown, ", ".join(name for name in others if self._all_begin(spaced(name)))
            case "pledges":
                return row.pledge.title, ""
            case "updates":
                return row.pledge.title, row.summary
            case "positions":
                return row.topic, row.summary
            case "summits":
                return row.title, row.summary
            case _:
                return row.title, row.publisher


def _named(word: Word, category: str) -> Q:
    """Return the condition that a word begins a name of the row's state, or of its category in the field named."""
    return Q(state__in=word.states) | Q(**{f"{category}__in": word.categories})


def _once(condition: Q) -> Case:
    """Return a condition whose subqueries are answered once, and not again for every row.

    PostgreSQL turns a bare ``IN (SELECT …)`` into a join; where it takes the tables for small (nobody has counted their
    rows yet), it then reads the text of all rows anew for each row. Inside of a ``CASE`` it asks first, and looks up.
    """
    return Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())


def _with(model: type[Pledge | PledgeUpdate | Position | Summit | Source], word: Word) -> QuerySet[Any, Any]:
    """Return the ids of the rows whose text has a word: a condition that ``models.base.search_index`` answers."""
    rows: QuerySet[Any, Any] = model._default_manager.alias(text=SearchVector("search_text", config="english"))
    return rows.filter(text=word.query).values("pk")
