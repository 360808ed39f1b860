"""Looking through what was handed in: each row against the rules, all of them against the record; then the drafts.

The tables come from ``tables_in``, their columns named by ``mapping``. A cell may say a thing in several ways (a state
by its code, a name or an alias; a term by its code or its label; a source by its id or its address); here it becomes
what the data package would say, and from there on the rules of the package hold (``validate``, ``tables``).
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from psycopg import sql

from guarantees.addresses import normalised, same_page, source_stem
from guarantees.datapackage import read, tables
from guarantees.datapackage.load import number_new_ids
from guarantees.datapackage.mapping import DESCRIBED, cells_of, default_of, name_of_column
from guarantees.datapackage.problems import Problems, quoted
from guarantees.datapackage.read import Row
from guarantees.datapackage.schema import BY_NAME, CITATIONS, FACT_FILES, FILES, SLUG, WORDINGS, Column, File, Kind
from guarantees.datapackage.tables_in import Table
from guarantees.datapackage.validate import (
    CITING,
    INTRODUCED,
    Origin,
    Reading,
    ask,
    check_against_record,
    check_citations,
    check_ladders,
    check_row,
    check_wordings,
    copy_in,
    look_up_record,
    run,
    staged_row,
)
from guarantees.models import Changeset, Pledge, Source, State, StateAlias, Summit
from guarantees.names import localised_state_name
from guarantees.text import fold
from guarantees.vocabulary import ConditionsBasis, Term

MOST_PROBLEMS = 20_000
"""Problems that are kept; the rest is counted."""
BROUGHT = tuple(file for file in FILES if file.is_fact or file in INTRODUCED or file.name == "sources")
"""The tables whose rows become drafts. Rows of the others are edited by hand: an import only tells how they differ."""
REPEATED = 60
"""Characters of a cell whose meaning is remembered."""
SUGGESTED = 100
"""References to nothing for which a near key is looked for; for each of many thousands it would take too long."""

Place = tuple[str, int]
"""A row: the name of its table and its number."""


@dataclass(slots=True)
class _NewPledge:
    number: int
    state: str
    category: str
    title: str


@dataclass(slots=True)
class _NewSource:
    table: str
    number: int
    cells: dict[str, str]


class _Placed(Problems):
    """Problems whose columns carry the names that they have in the table that was handed in."""

    def __init__(self, names: Mapping[str, Mapping[str, str]]) -> None:
        super().__init__(MOST_PROBLEMS)
        self.names = names

    def add(self, file: str, row: int | None, column: str | None, message: str) -> None:
        names = self.names.get(file, {})
        shown = ", ".join(names.get(name, name) for name in column.split(", ")) if column else None
        super().add(f"{names['']}.csv" if "" in names else file, row, shown, message)


class _Reading(Reading):
    """What is known of rows of one table: messages name no file of a package, and states have names."""

    state_names: Sequence[str]
    """How states are called in messages."""
    said: dict[tuple[str, str], str]

    def dangling(self, file: str, key: str) -> str:
        known = self.said.get((file, key))
        if known is None:
            known = self.said[file, key] = self._dangling(file, key)
        return known

    def _dangling(self, file: str, key: str) -> str:
        message = _("%(value)s is not on record.")
        if file == "sources":
            message = _("%(value)s is neither the id nor the address of a source on record.")
        elif file == "pledges":
            message = _("%(value)s is not on record. For a new pledge say its state, category and title as well.")
        message %= {"value": quoted(key)}
        if len(self.said) >= SUGGESTED:
            return message
        if file == "states":
            names = {fold(name): name for name in self.state_names}
            near = [names[name] for name in get_close_matches(fold(key), names, 1)]
        else:
            near = get_close_matches(key, self.on_record.get(file, ()), 1)
        return message + (_(" Is %(value)s meant?") % {"value": quoted(near[0])} if near else "")


@dataclass(slots=True)
class Change:
    """A row that says something else than the record: the fact it would correct, and its columns before and after."""

    place: Place
    key: str
    fact: str
    lines: list[tuple[str, str, str]]


@dataclass(slots=True)
class Comparison:
    """What the rows would bring, by table: how many are new, changed, the same, or a draft already."""

    new: dict[str, list[Place]] = field(default_factory=dict)
    changed: dict[str, list[Change]] = field(default_factory=dict)
    same: Counter[str] = field(default_factory=Counter)
    drafted: dict[int, int] = field(default_factory=dict)
    """By changeset: the rows that are a draft in it already."""
    keys: dict[Place, str] = field(default_factory=dict)
    needs: set[int] = field(default_factory=set)
    """Changesets whose draft summits and pledges the rows refer to: they can only become drafts there."""
    unimported: list[tuple[str, str, str]] = field(default_factory=list)
    """Rows of reference that are new or differ, and that an import leaves alone: file, key, "new" or "other"."""


class Look:
    """What was handed in, with everything that is needed to understand its cells; nothing here writes to the record.

    ``columns`` tells for each table which field each of its columns is. ``own`` are the open changesets whose drafts
    the rows may build on. ``skip`` are rows that are left out, ``unsound`` those whose problems have been noted before.
    """

    def __init__(
        self,
        handed: Sequence[Table],
        columns: Mapping[str, Sequence[str]],
        *,
        is_package: bool,
        own: Sequence[int],
        skip: set[Place],
        unsound: set[Place],
        now: dt.datetime,
    ) -> None:
        self.tables = {table.name: table for table in handed}
        self.columns = columns
        self.is_package = is_package
        self.skip = skip | unsound
        self.unsound = unsound
        self.problems = _Placed(self._names())
        kind = Reading if is_package else _Reading
        self.reading = kind(Path(), self.problems, now, now, False, lambda read: None, own=list(own))
        look_up_record(self.reading)
        self.own = dict(Changeset.objects.filter(pk__in=own).values_list("pk", "title"))
        self.state_names = self._states()
        self.summit_names: dict[str, str] = {}
        if isinstance(self.reading, _Reading):
            self.reading.state_names = list(State.objects.values_list("name", flat=True))
            self.reading.said = {}
        self.meanings: dict[tuple[str, str], dict[str, str]] = {}
        self.new_pledges: dict[str, _NewPledge] = {}
        self.pledge_of: dict[int, tuple[str, str, str]] = {}
        """By row of a table of updates: the pledge's slug, or the column and the sentence why there is none."""
        self.new_sources: dict[str, _NewSource] = {}
        self.unknown_pages: dict[Place, str] = {}
        """Rows that rest on a source about which too little is said, with its address."""
        self.current: dict[str, dict[str, str]] = {}
        """By key: what the record says in the columns that a table does not have."""
        self.own_slugs: dict[str, set[str]] = {}
        """By table: the draft pledges and summits of the person's own changesets."""
        self.set_apart: Counter[str] = Counter()
        """By table: the rows that are drafts of the person already."""
        self._look_up_drafts()
        self._look_up_sources()
        self._look_up_pledges()
        for name in ("pledges", "summits"):
            if self.is_package and name in self.tables:
                self._note_keys(name)

    # --- Before the rows

    def _names(self) -> dict[str, dict[str, str]]:
        """Return by file how its columns are called in the table that was handed in; "" is the table itself."""
        names: dict[str, dict[str, str]] = {}
        for name, table in self.tables.items():
            named = {field: name_of_column(table, place) for place, field in enumerate(self.columns[name]) if field}
            names[f"{name}.csv"] = {**named, "": name}
            if not self.is_package:
                # What a row says about its new pledge or source is checked as a row of theirs.
                own = {str(field): named[field] for field in ("state", "category", "title") if field in named}
                names.setdefault("pledges.csv", {"slug": named.get("pledge", "pledge"), **own, "": name})
                about = {part: named[f"source_{part}"] for part in DESCRIBED if f"source_{part}" in named}
                names.setdefault("sources.csv", {"url": named.get("sources", "sources"), **about, "": name})
        return names

    def _look_up_drafts(self) -> None:
        """Let rows refer to the draft summits and pledges of the person's own changesets."""
        for name, model in (("pledges", Pledge), ("summits", Summit)):
            drafts = model._default_manager.filter(changeset__in=self.own, visible_from__isnull=True)
            self.own_slugs[name] = set(drafts.values_list("slug", flat=True))
            self.reading.on_record[name] |= self.own_slugs[name]

    def _look_up_sources(self) -> None:
        """Find out which addresses are on record, and give ids to those that are new."""
        self.pages: dict[tuple[str, str, str], str] = {}
        self.source_ids: dict[str, str] = {}
        hosts: dict[str, set[tuple[str, str, str]]] = {}
        taken: set[str] = set()
        known = Source.objects.order_by("-pk").values_list("public_id", "url", "publisher", "language", "kind")
        for public_id, url, *about in known:
            taken.add(public_id)
            if url:
                page = same_page(url)
                self.pages[page] = public_id
                hosts.setdefault(page[0], set()).add((about[0], about[1], about[2]))
        if self.is_package:
            self._match_sources(taken)
            return
        for name, table in self.tables.items():
            for number, cells in self._rows(table):
                said = cells_of(self.columns[name], cells)
                if name == "sources":
                    self._name_source(number, dict(said), taken)
                else:
                    self._describe_sources(name, number, said, hosts, taken)

    def _match_sources(self, taken: set[str]) -> None:
        """Take the sources of a package for those on record, where they are the same page under another id."""
        table = self.tables.get("sources")
        if table is None:
            return
        seen = self.reading.seen.setdefault("sources", {})
        for number, cells in self._rows(table):
            said = cells_of(self.columns["sources"], cells)
            public_id, page = said.get("id", ""), _page(said.get("url", ""))
            if public_id not in taken and page in self.pages:
                self.source_ids[public_id] = self.pages[page]
            elif public_id:
                seen.setdefault(public_id, number)

    def _name_source(self, number: int, said: dict[str, str], taken: set[str]) -> None:
        """Give a source that was handed in as a row of its own the id that it has on record, or a new one."""
        page = _page(said.get("url", ""))
        if page in self.pages:
            said["id"] = self.pages[page]
        elif not said.get("id"):
            said["id"] = _free(_stem(said), taken)
        if page is not None:
            self.pages.setdefault(page, said["id"])
        taken.add(said["id"])
        self.reading.seen.setdefault("sources", {}).setdefault(said["id"], number)
        self.new_sources[f"row {number}"] = _NewSource("sources", number, said)

    def _describe_sources(
        self,
        name: str,
        number: int,
        said: Mapping[str, str],
        hosts: Mapping[str, set[tuple[str, str, str]]],
        taken: set[str],
    ) -> None:
        """Note the new sources that a row rests on: described by the row, or like the others of the same host."""
        urls = {page: url for url in _elements(said.get("sources", "")) if (page := _page(url)) is not None}
        new = {page: url for page, url in urls.items() if page not in self.pages}
        for page, url in new.items():
            about = {part: said.get(f"source_{part}", "") for part in DESCRIBED} if len(new) == 1 else {}
            if len(alike := hosts.get(page[0], set())) == 1:
                publisher, language, kind = next(iter(alike))
                usual = {"publisher": publisher, "language": language, "kind": kind}
                about |= {part: value for part, value in usual.items() if not about.get(part)}
            if not all(about.get(part) for part in ("publisher", "language", "kind")):
                self.unknown_pages.setdefault((name, number), url)
                continue
            cells = about | {"url": normalised(url), "id": _free(_stem(about), taken)}
            taken.add(cells["id"])
            self.pages[page] = cells["id"]
            self.new_sources[cells["id"]] = _NewSource(name, number, cells)
            self.reading.seen.setdefault("sources", {})[cells["id"]] = number

    def _look_up_pledges(self) -> None:
        """Find the pledge of each row of updates, and name the new ones."""
        if self.is_package or "updates" not in self.tables:
            return
        known: dict[str, tuple[str, str, str]] = {}
        taken: set[str] = set()
        visible = self.reading.on_record["pledges"]
        for slug, state, category, title in Pledge.objects.values_list("slug", "state__code", "category", "title"):
            taken.add(slug)
            if slug in visible:
                known[slug] = (state, category, title)
        of: dict[tuple[str, str], list[str]] = {}
        for slug, (state, category, _title) in known.items():
            of.setdefault((state, category), []).append(slug)
        named: dict[tuple[str, str, str], str] = {}
        seen = self.reading.seen.setdefault("pledges", {})
        pledges = BY_NAME["pledges"]
        for number, cells in self._rows(self.tables["updates"]):
            said = cells_of(self.columns["updates"], cells)
            slug = said.get("pledge", "").lower()
            state = self._meaning(pledges.column("state"), said.get("state", ""))
            category = self._meaning(pledges.column("category"), said.get("category", ""))
            if state and state not in self.reading.on_record["states"]:
                self.pledge_of[number] = (slug, "state", self.reading.dangling("states", state))
                continue
            if category and (problem := read.cell(pledges.column("category"), category)[1]):
                self.pledge_of[number] = (slug, "category", problem)
                continue
            title = " ".join(said.get("title", "").split())
            is_new = bool(state and category and title)
            if slug in known:
                self.pledge_of[number] = (slug, *self._disagreement(known[slug], state, category))
                continue
            if slug and is_new and re.fullmatch(SLUG, slug) and slug not in taken:
                named.setdefault((state, category, fold(title)), slug)
                taken.add(slug)
            elif slug and not (is_new and slug in seen):
                self.pledge_of[number] = (slug, "", "")
                continue
            elif not slug:
                found = self._by_title(of.get((state, category), []), known, title)
                if isinstance(found, tuple):
                    self.pledge_of[number] = ("", *found) if state and category else ("", "", "")
                    continue
                if found:
                    self.pledge_of[number] = (found, "", "")
                    continue
            key = (state, category, fold(title))
            if key not in named:
                named[key] = _free(f"{state.lower()}-{category.replace('_', '-')}", taken)
                taken.add(named[key])
            slug = slug or named[key]
            self.new_pledges.setdefault(slug, _NewPledge(number, state, category, title))
            seen.setdefault(slug, number)
            self.pledge_of[number] = (slug, "", "")

    @staticmethod
    def _disagreement(known: tuple[str, str, str], state: str, category: str) -> tuple[str, str]:
        for column, ours, theirs in (("state", known[0], state), ("category", known[1], category)):
            if theirs and theirs != ours:
                return column, _("The pledge is one of %(state)s in %(category)s.") % {
                    "state": known[0],
                    "category": known[1],
                }
        return "", ""

    @staticmethod
    def _by_title(slugs: Sequence[str], known: Mapping[str, tuple[str, str, str]], title: str) -> str | tuple[str, str]:
        """Return the pledge of a state and category that is meant, "" for a new one, or why nobody can tell."""
        same = [slug for slug in slugs if fold(known[slug][2]) == fold(title)] if title else slugs
        if len(same) == 1:
            return same[0]
        if title and not same:
            return ""
        if same:
            message = _("The state has several pledges in this category. Name one of them: %(slugs)s.")
            return "pledge", message % {"slugs": ", ".join(sorted(same)[:10])}
        return "title", _("The state has no pledge in this category on record. Say the title of a new one.")

    def _note_keys(self, name: str) -> None:
        """Note the rows of a package that other rows of it can refer to."""
        seen = self.reading.seen.setdefault(name, {})
        for number, cells in self._rows(self.tables[name]):
            said = cells_of(self.columns[name], cells)
            if said.get("slug"):
                seen.setdefault(said["slug"], number)
            if name == "summits" and said.get("start_date"):
                date, _problem = read.cell(BY_NAME[name].column("start_date"), said["start_date"])
                if date is not None:
                    self.reading.starts.setdefault(said["slug"], date)

    # --- Cells

    def _meaning(self, column: Column, text: str) -> str:
        """Return a cell as the data package says it; what nobody understands stays as it is."""
        text = text.strip()
        if not text:
            return ""
        known = self.meanings.setdefault((column.name, column.refers_to or ""), {})
        found = known.get(text)
        if found is None:
            found = self._understood(column, text)
            if len(text) <= REPEATED:
                known[text] = found
        return found

    def _understood(self, column: Column, text: str) -> str:
        if column.kind is Kind.LIST:
            understand: Callable[[str], str] = self._source if column.refers_to == "sources" else str
            if column.terms is not None:
                terms = column.terms
                understand = lambda element: _term(terms, element)  # noqa: E731  a name for each would say no more
            return ";".join(dict.fromkeys(understand(element) for element in _elements(text)))
        if column.terms is not None:
            return _term(column.terms, text)
        if column.refers_to == "states":
            return self.state_names.get(fold(text), text)
        if column.refers_to == "summits":
            return self._summits().get(fold(text), text)
        if column.refers_to == "sources":
            return self._source(text)
        if column.kind in (Kind.SLUG, Kind.LANGUAGE):
            return text.lower()
        if column.kind is Kind.NUMBER and re.fullmatch(r"\d{1,3}([,'’\u00a0\u202f ]\d{3})+", text):
            return re.sub(r"\D", "", text)
        return text

    def _source(self, text: str) -> str:
        if text in self.source_ids:
            return self.source_ids[text]
        page = _page(text)
        return self.pages.get(page, text) if page is not None else text

    def _states(self) -> dict[str, str]:
        """Return the code of each state by each of its names, folded; names of two states are none."""
        names: dict[str, set[str]] = {}
        for code, name in State.objects.values_list("code", "name"):
            names.setdefault(fold(name), set()).add(code)
            for language, _label in settings.LANGUAGES:
                names.setdefault(fold(localised_state_name(code, name, language)), set()).add(code)
        for code, alias in StateAlias.objects.values_list("state__code", "alias"):
            names.setdefault(fold(alias), set()).add(code)
        codes = {fold(code): code for code in self.reading.on_record["states"]}
        return {name: next(iter(of)) for name, of in names.items() if len(of) == 1} | codes

    def _summits(self) -> dict[str, str]:
        """Return the slug of each summit that can be referred to by its title, folded."""
        if not self.summit_names:
            titles: dict[str, set[str]] = {}
            for slug, title in Summit.objects.values_list("slug", "title"):
                if slug in self.reading.on_record["summits"]:
                    titles.setdefault(fold(title), set()).add(slug)
            slugs = {slug: slug for slug in self.reading.on_record["summits"]}
            self.summit_names = {title: next(iter(of)) for title, of in titles.items() if len(of) == 1} | slugs
        return self.summit_names

    # --- Rows

    def _rows(self, table: Table, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, list[str]]]:
        for number, cells in table.rows[start:stop]:
            if (table.name, number) not in self.skip:
                yield number, cells

    def check(self, name: str, start: int, stop: int) -> None:
        """Check some rows of a table by themselves, by their place in it; what is wrong is noted in ``problems``."""
        file = BY_NAME[name]
        if file in BROUGHT:
            for row in self._read(file, start, stop):
                self._check(file, row)

    def _read(self, file: File, start: int = 0, stop: int | None = None) -> Iterator[Row]:
        """Yield the rows of a file with typed cells."""
        table = self.tables.get(file.name)
        if table is None:
            return
        columns = self.columns[file.name]
        batch = list(self._rows(table, start, stop))
        unsaid = [column for column in (*file.columns, *file.beside) if column.name not in columns]
        if unsaid and file.is_fact and not self.is_package:
            self._look_up_unsaid(file, unsaid, batch)
        for number, cells in batch:
            if len(cells) != table.width:
                message = _("The row has %(found)s cells; the header has %(expected)s.")
                message %= {"found": len(cells), "expected": table.width}
                self.problems.add(file.path, number, None, message)
                continue
            said = self._said(file, number, cells, unsaid)
            row = read.parsed(file, number, said, self.problems)
            self._note_beside(file, row)
            yield row

    def _said(self, file: File, number: int, cells: Sequence[str], unsaid: Sequence[Column]) -> dict[str, str]:
        """Return the cells of a row as the data package says them."""
        told = cells_of(self.columns[file.name], cells)
        said = {}
        for column in (*file.columns, *file.beside):
            text = told.get(column.name, "")
            meant = self._meaning(column, text)
            if not meant and column.required:
                meant = default_of(file, column)
            said[column.name] = meant
        if file.name == "updates" and not self.is_package:
            said["pledge"] = self.pledge_of[number][0]
        if file.name == "sources" and not self.is_package:
            said["id"] = self.new_sources[f"row {number}"].cells["id"]
        if said.get("url"):
            said["url"] = _stored(said["url"])
        if unsaid and (current := self.current.get(self._key_said(file, said))):
            said |= {column.name: current[column.name] for column in unsaid if column.name in current}
        if file.name == "updates" and not (said["conditions_basis"] and "conditions_basis" in self.columns[file.name]):
            # Conditions that are listed were stated; where none is listed, none was, unless the record says more.
            was_stated = said["conditions_basis"] in ("", ConditionsBasis.STATED)
            if said["conditions"]:
                said["conditions_basis"] = ConditionsBasis.STATED.value
            elif was_stated:
                said["conditions_basis"] = ConditionsBasis.NONE_STATED.value
        return said

    @staticmethod
    def _key_said(file: File, said: Mapping[str, str]) -> str:
        return "/".join(said.get(name, "") for name in file.key)

    def _look_up_unsaid(self, file: File, unsaid: Sequence[Column], batch: Sequence[tuple[int, list[str]]]) -> None:
        """Find what the record says in the columns that the table does not have: it says nothing against them."""
        keys = [self._key_said(file, self._said(file, number, cells, ())) for number, cells in batch]
        query = sql.SQL("SELECT key, {names} FROM ({rows}) f WHERE key = ANY(%(keys)s)").format(
            names=sql.SQL(", ").join(sql.Identifier(column.name) for column in unsaid),
            rows=tables.select(file, sql.SQL("f.known @> %(now)s")),
        )
        for key, *values in ask(query, now=self.reading.now, keys=keys):
            said = {column.name: _printed(value) for column, value in zip(unsaid, values, strict=True)}
            self.current[key] = said

    def _note_beside(self, file: File, row: Row) -> None:
        """Note what stands in the way of a row's pledge or of its sources."""
        found = self.problems.count
        if file.name == "updates" and not self.is_package:
            slug, column, message = self.pledge_of[row.number]
            if message:
                self.problems.add(file.path, row.number, column, message)
            elif not slug:
                message = _("Say the pledge, or its state and category.")
                self.problems.add(file.path, row.number, "pledge", message)
        if url := self.unknown_pages.get((file.name, row.number)):
            message = _(
                "The source %(url)s is not on record. Say its publisher, language and kind in columns of their own, or "
                "add it to the record first."
            )
            self.problems.add(file.path, row.number, "sources", message % {"url": quoted(url)})
        if self.problems.count > found:
            row.sound = False

    def _check(self, file: File, row: Row) -> bool:
        """Check a row against the rules of its kind; return whether it can be used."""
        found = self.problems.count
        if (file.name, row.number) in self.unknown_pages:
            # Has been said, and would be said again of each source.
            row.cells["sources"] = None

        def note(column: str, message: str) -> None:
            self.problems.add(file.path, row.number, column, message)

        check_row(self.reading, file, row, self.reading.now, note)
        return row.sound and self.problems.count == found

    # --- All rows

    def compare(self) -> Comparison:
        """Check all rows together and against the record; needs a transaction, at whose end the staged rows are gone.

        Rows with a problem are left out of the comparison.
        """
        reading = self.reading
        run(tables.CREATE_STAGED_CITATIONS)
        for file in FILES:
            run(tables.create_staged(file))
        self._read_wordings()
        result = Comparison()
        for file in FILES:
            # All rows first: nothing else can be asked of the database while they are copied.
            copy_in(tables.copy_staged(file), iter(list(self._staged(file, result))))
        copy_in(tables.COPY_STAGED_CITATIONS, iter(list(self._said_of_sources())))
        if self.is_package:
            check_wordings(reading)
            check_citations(reading)
        for file in FILES:
            run(tables.create_arriving(file), now=reading.now)
            if file not in BROUGHT:
                self._note_unimported(file, result)
        for file in FACT_FILES:
            self._set_drafted_apart(file, result)
            number_new_ids(file)
        check_against_record(reading)
        if self._tell_doubtful():
            check_ladders(reading)
        for file in BROUGHT:
            self._tell(file, result)
        return result

    def _tell_doubtful(self) -> bool:
        """Note the pledges whose history cannot be judged; return whether any can."""
        for table, cells in [(t, dict(t.rows)) for t in self.tables.values() if t.name == "updates"]:
            for number in [number for name, number in self.unsound if name == table.name]:
                pledge = cells_of(self.columns[table.name], cells[number]).get("pledge", "").lower()
                if not pledge:
                    return False
                self.reading.doubtful.add(pledge)
        return True

    def _staged(self, file: File, result: Comparison) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a file for its staged table; those with a problem are left out."""
        search = tables.search_field(file)
        before = self.problems
        if file not in BROUGHT:
            # What is not brought need not be right: a row that cannot be read is one more that differs.
            self.problems = self.reading.problems = _Placed({})
        first: dict[str, int] = {}
        for row in self._own_rows(file):
            key = file.key_of(row.cells)
            if file.name == "updates" and key in self.reading.wordings and self.is_package:
                row.cells["wording"], row.cells["wording_language"], _number = self.reading.wordings[key]
            is_sound = self._check(file, row) if file in BROUGHT else row.sound
            if first.setdefault(key, row.number) != row.number and row.sound:
                message = _("The same key stands in row %(row)s already: %(key)s.")
                message %= {"row": first[key], "key": quoted(key)}
                self.problems.add(file.path, row.number, ", ".join(file.key), message)
                is_sound = False
            self.reading.seen.setdefault(file.name, {}).setdefault(key, row.number)
            if is_sound:
                result.keys[file.name, row.number] = key
                yield staged_row(self.reading, file, search, row.number, key, row.cells, Origin(0, None, 1), None)
            else:
                if file not in BROUGHT:
                    result.unimported.append((file.name, key, "other"))
                if file.name == "updates" and row.cells["pledge"]:
                    self.reading.doubtful.add(row.cells["pledge"])
        self.problems = self.reading.problems = before

    def _own_rows(self, file: File) -> Iterator[Row]:
        """Yield the rows of a file, and those that rows of another one describe: new pledges and sources."""
        if file.name == "sources" and self.is_package:
            for row in self._read(file):
                if row.cells["id"] not in self.source_ids:
                    yield row
            return
        yield from self._read(file)
        if self.is_package:
            return
        if file.name == "pledges":
            for slug, new in self.new_pledges.items():
                cells = {"slug": slug, "state": new.state, "category": new.category, "title": new.title}
                yield read.parsed(file, new.number, cells, self.problems)
        if file.name == "sources":
            for source in self.new_sources.values():
                if source.table != "sources":
                    said = {
                        column.name: self._meaning(column, source.cells.get(column.name, "")) for column in file.columns
                    }
                    yield read.parsed(file, source.number, said, self.problems)

    def _read_wordings(self) -> None:
        if not self.is_package:
            return
        for row in self._read(WORDINGS):
            if row.sound:
                key = BY_NAME["updates"].key_of(row.cells)
                self.reading.wordings[key] = (row.cells["wording"], row.cells["language"], row.number)

    def _said_of_sources(self) -> Iterator[tuple[Any, ...]]:
        names = [file.name for file in CITING]
        for row in self._read(CITATIONS):
            cells = row.cells
            if row.sound and cells["file"] not in names:
                message = _("%(value)s is not one of: %(codes)s.")
                message %= {"value": quoted(cells["file"]), "codes": ", ".join(names)}
                self.problems.add(CITATIONS.path, row.number, "file", message)
            elif row.sound:
                said = (cells["source"], cells["locator"], cells["credibility"])
                yield (row.number, cells["file"], cells["key"], None, *said)

    def _note_unimported(self, file: File, result: Comparison) -> None:
        """Note the rows of reference that differ from the record, and the new ones that are never brought."""
        condition = sql.SQL("replaces IS NOT NULL" if file in BROUGHT else "true")
        query = sql.SQL("SELECT key, replaces IS NULL FROM {} WHERE {} ORDER BY row_number")
        for key, is_new in ask(query.format(tables.arriving(file), condition)):
            if key in self.own_slugs.get(file.name, ()):
                self.set_apart[file.name] += 1
            else:
                result.unimported.append((file.name, key, "new" if is_new else "other"))

    def _set_drafted_apart(self, file: File, result: Comparison) -> None:
        """Take the rows out that are drafts of the person's own changesets already; note those that differ."""
        numbers = []
        for number, changeset, differs in ask(tables.drafted(file), own=list(self.own)):
            numbers.append(number)
            if differs:
                message = _("Your draft %(title)s says something else about this. Mend it there, or leave the row out.")
                message %= {"title": quoted(self.own[changeset])}
                self.problems.add(file.path, number, ", ".join(file.key), message)
            else:
                result.drafted[changeset] = result.drafted.get(changeset, 0) + 1
        self.set_apart[file.name] = len(numbers)
        if numbers:
            run(
                sql.SQL("DELETE FROM {} WHERE row_number = ANY(%(numbers)s)").format(tables.arriving(file)),
                numbers=numbers,
            )

    def _tell(self, file: File, result: Comparison) -> None:
        """Tell what of a table is new, changed or the same."""
        others = len(result.unimported)
        if not file.is_fact:
            self._note_unimported(file, result)
        others = len(result.unimported) - others
        staged = ask(sql.SQL("SELECT count(*) FROM {}").format(tables.staged(file)))[0][0]
        new = [
            (file.name, number)
            for (number,) in ask(
                sql.SQL("SELECT row_number FROM {} WHERE replaces IS NULL ORDER BY 1").format(tables.arriving(file))
            )
        ]
        changed = list(self._changes(file)) if file.is_fact else []
        if new:
            result.new[file.name] = new
        if changed:
            result.changed[file.name] = changed
        result.same[file.name] = staged - len(new) - len(changed) - others - self.set_apart[file.name]
        for column in file.columns:
            if column.refers_to in ("pledges", "summits"):
                query = sql.SQL(
                    "SELECT DISTINCT f.changeset_id FROM {arriving} s JOIN {table} f ON f.slug = s.{column} "
                    "WHERE f.visible_from IS NULL"
                ).format(
                    arriving=tables.arriving(file),
                    table=tables.table(BY_NAME[column.refers_to]),
                    column=sql.Identifier(column.name),
                )
                result.needs.update(changeset for (changeset,) in ask(query))

    def _changes(self, file: File) -> Iterator[Change]:
        """Yield the arriving rows that replace a fact, with the columns in which they differ from it."""
        columns = tables.columns(file)
        names = [column.name for column in columns]
        query = sql.SQL(
            "SELECT s.row_number, s.key, c.public_id, {ours}, {theirs} FROM {arriving} s JOIN ({current}) c "
            "ON c.row_id = s.replaces ORDER BY 1"
        ).format(
            ours=sql.SQL(", ").join(sql.Identifier("s", name) for name in names),
            theirs=sql.SQL(", ").join(sql.Identifier("c", name) for name in names),
            arriving=tables.arriving(file),
            current=tables.select(file, sql.SQL("f.known @> %(now)s")),
        )
        for number, key, public_id, *values in ask(query, now=self.reading.now):
            after, before = values[: len(names)], values[len(names) :]
            lines = [
                (column.name, _printed(old), _printed(new))
                for column, old, new in zip(columns, before, after, strict=True)
                if old != new
            ]
            yield Change((file.name, number), key, public_id, lines)


def write_drafts(changeset: int | None) -> dict[str, int]:
    """Write the rows that the last comparison of this transaction found to be new or changed, as drafts; count them.

    ``changeset`` is where they go; None is possible where all of them are sources.
    """
    counts = {}
    for file in BROUGHT:
        if not file.is_fact:
            run(sql.SQL("DELETE FROM {} WHERE replaces IS NOT NULL").format(tables.arriving(file)))
        counts[file.name] = run(tables.insert(file, as_drafts=True), changesets=[changeset])
        if file in CITING:
            run(tables.cite(file))
    return {name: count for name, count in counts.items() if count}


# --- Texts


def _printed(value: Any) -> str:
    return "" if value is None else str(value)


def _elements(text: str) -> list[str]:
    """Return the elements of a list within a cell: separated by semicolons or line ends."""
    return [element.strip() for element in re.split(r"[;\n]", text) if element.strip()]


def _page(text: str) -> tuple[str, str, str] | None:
    """Return what an address shares with its other spellings; None if the text is no address."""
    if not re.match(r"https?://", text.strip(), re.I):
        return None
    try:
        page = same_page(text)
        return page if urlsplit(text).hostname else None
    except ValueError:
        return None


def _stored(url: str) -> str:
    """Return an address in the spelling in which it is stored; what is no address stays as it is."""
    return normalised(url) if _page(url) is not None else url


def _stem(said: Mapping[str, str]) -> str:
    try:
        published = dt.date.fromisoformat(said.get("published_on", ""))
    except ValueError:
        published = None  # Empty, or no day: that is said when the row is checked.
    return source_stem(said.get("publisher", ""), published, said.get("title", ""))


def _free(stem: str, taken: set[str]) -> str:
    """Return the stem, or the stem with the first number that makes it free."""
    name, number = stem, 1
    while name in taken:
        number += 1
        name = f"{stem}-{number}"
    return name


@cache
def _terms(terms: type[Term]) -> dict[str, str]:
    """Return the code of each term by its code and its labels in every language, folded; doubtful ones are none."""
    found: dict[str, set[str]] = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            for term in terms:
                for name in (term.value, term.value.replace("_", " "), str(term.label)):
                    found.setdefault(fold(name), set()).add(term.value)
    codes = {fold(value): value for value in terms.values}
    return {name: next(iter(values)) for name, values in found.items() if len(values) == 1} | codes


def _term(terms: type[Term], text: str) -> str:
    return _terms(terms).get(fold(text), text)
