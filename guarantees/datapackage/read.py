"""Reading the files of a package, strictly: every row as typed cells, or with its problems noted.

Nothing here looks at more than one row, and nothing is held but the row at hand, so that files of any size can be read.
"""

import csv
import datetime as dt
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from guarantees.datapackage.problems import Problems, quoted
from guarantees.datapackage.schema import BY_NAME, DESCRIPTOR, SLUG, Column, File, Kind
from guarantees.text import tidy, unsafe_character
from guarantees.vocabulary import Term

LONGEST_LINE = 20_000_000
"""Bytes of a line that are taken into memory at all."""
REPORTED = 100_000
"""Bytes after which the progress is told."""
REPEATED = 40
"""Characters of a cell that is worth remembering: codes, days, places, persons."""
REMEMBERED = 5_000
"""Cells of a column that are remembered."""
LARGEST_DESCRIPTOR = 5_000_000
"""Bytes of ``datapackage.json`` that are taken into memory at all."""

_SLUG = re.compile(SLUG)
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z", re.ASCII)
_URL = re.compile(r"https?://[^\s/]\S*")

Cells = dict[str, Any]
"""The typed cells of a row by column: text, whole numbers, days, moments, lists; None where the cell is empty."""


@dataclass(slots=True)
class Row:
    """A row of a file. ``sound`` is false when one of its cells cannot be used."""

    number: int
    cells: Cells
    sound: bool


class Unreadable(Exception):
    """The rest of a file cannot be read; the problem has been noted."""


def rows(
    folder: Path, file: File, problems: Problems, progress: Callable[[int], None] = lambda done: None
) -> Iterator[Row]:
    """Yield the rows of a file. ``progress`` is called with the bytes read since the last call.

    Raises :class:`Unreadable`, after noting the problem, when the file is missing, is not a table with the right
    columns, or stops making sense on the way.
    """
    try:
        handle = (folder / file.path).open("rb")
    except OSError:
        problems.add(file.path, None, None, _("The file is missing or cannot be opened."))
        raise Unreadable from None
    with handle:
        records = _records(handle, file, problems, progress)
        header = next(records, None)
        order = _order(file, header[1] if header else [], problems)
        for number, cells in records:
            if len(cells) != len(order):
                problems.add(
                    file.path,
                    number,
                    None,
                    _("The row has %(found)s cells; the header has %(expected)s.")
                    % {"found": len(cells), "expected": len(order)},
                )
                continue
            yield parsed(file, number, dict(zip(order, cells, strict=True)), problems)


def _records(
    handle: BinaryIO, file: File, problems: Problems, progress: Callable[[int], None]
) -> Iterator[tuple[int, list[str]]]:
    """Yield each record with its number, the header being 1."""
    # The limit is the process's, not the reader's; lines are bounded by _lines, cells by their column.
    csv.field_size_limit(LONGEST_LINE)
    number = 1
    lines = _Lines(handle, file, problems, progress)
    reader = csv.reader(lines, strict=True)
    while True:
        lines.number, lines.taken = number, 0
        try:
            record = next(reader, None)
        except csv.Error as error:
            problems.add(file.path, number, None, _broken(str(error), lines.taken))
            if lines.taken != 1:
                # The quotation mark may have been meant for any of the lines that it swallowed.
                raise Unreadable from None
        else:
            if record is None:
                return
            if record:
                yield number, record
        number += 1


def _broken(error: str, lines: int) -> str:
    """Say what a row that is no row suffers from; ``error`` is the message of the csv module."""
    if "end of data" in error or "limit" in error or lines > 1:
        return _("A quotation mark is opened and not closed. Nothing after it can be read.")
    if "new-line" in error:
        return _("Lines must end with a line feed (Unix) or with carriage return and line feed (Windows).")
    return _(
        "A quotation mark stands in the wrong place. A cell with quotation marks is enclosed in them, and its own are "
        "doubled."
    )


class _Lines:
    """The lines of a file as text: UTF-8, the mark that spreadsheets put in front taken off."""

    def __init__(self, handle: BinaryIO, file: File, problems: Problems, progress: Callable[[int], None]) -> None:
        self.handle = handle
        self.file = file
        self.problems = problems
        self.progress = progress
        self.number = 1
        """The record that is being read."""
        self.taken = 0
        """Lines taken for it."""
        self.first = True
        self.untold = 0
        """Bytes read since the progress was told."""

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        raw = self.handle.readline(LONGEST_LINE + 1)
        self.untold += len(raw)
        if not raw or self.untold >= REPORTED:
            self.progress(self.untold)
            self.untold = 0
        if not raw:
            raise StopIteration
        self.taken += 1
        if self.first:
            self.first = False
            if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or raw[:8:2] == bytes(4) or raw[1:8:2] == bytes(4):
                self._stop(_("The file is encoded as UTF-16. Save it as UTF-8."))
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        if len(raw) > LONGEST_LINE:
            self._stop(_("The line is longer than %(limit)s bytes.") % {"limit": f"{LONGEST_LINE:,}"})
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            before = raw[: error.start].decode(errors="replace")
            self.problems.add(
                self.file.path,
                self.number,
                None,
                _("The text after %(before)s is not UTF-8. Save the file as UTF-8.") % {"before": quoted(before[-20:])},
            )
            return raw.decode(errors="replace")

    def _stop(self, message: str) -> None:
        self.problems.add(self.file.path, self.number, None, message)
        raise Unreadable


def _order(file: File, found: list[str], problems: Problems) -> list[str]:
    """Return the columns in the order of the header. Raises :class:`Unreadable` unless it names each of them once."""
    names = [name.strip() for name in found]
    expected = ",".join(file.header)
    if not any(names):
        problems.add(file.path, 1, None, _("The file has no header. It must be: %(header)s") % {"header": expected})
    elif len(names) == 1 and re.search(r"[;\t]", names[0]):
        problems.add(file.path, 1, None, _("The cells must be separated by commas."))
    else:
        for name in dict.fromkeys(names):
            if name not in file.header:
                near = get_close_matches(name, file.header, 1)
                meant = _(" Is %(column)s meant?") % {"column": near[0]} if near else ""
                problems.add(file.path, 1, name or "?", _("There is no such column in this file.") + meant)
            elif names.count(name) > 1:
                problems.add(file.path, 1, name, _("The column stands there more than once."))
        for name in file.header:
            if name not in names:
                problems.add(file.path, 1, name, _("The column is missing."))
    if sorted(names) != sorted(file.header):
        raise Unreadable
    return names


def parsed(file: File, number: int, cells: Mapping[str, str], problems: Problems, within: str = "") -> Row:
    """Return a row of typed cells; what cannot be used is noted and becomes None.

    ``within`` names the file in whose column ``row`` the row was found, if it was not found in its own.
    """
    before = problems.count
    row: Cells = {}
    for name, column, reader, known in _readers(file.name):
        text = cells.get(name, "")
        if text == "" and not column.required:
            row[name] = None
            continue
        found = known.get(text)
        if found is None:
            found = _checked(column, text, reader)
            if len(text) <= REPEATED and len(known) < REMEMBERED:
                known[text] = found
        row[name], problem = found
        if problem:
            problems.add(within or file.path, number, f"row: {name}" if within else name, problem)
    return Row(number, row, problems.count == before)


Reader = Callable[[Column, str], tuple[Any, str]]
"""Reads the text of a cell that is not empty: its value, and if it cannot be used, a sentence that says why."""


@cache
def _readers(name: str) -> tuple[tuple[str, Column, Reader, dict[str, tuple[Any, str]]], ...]:
    """Return the columns of a file, each with what reads its cells and what it found in those that come again."""
    file = BY_NAME[name]
    return tuple((column.name, column, _READ[column.kind], {}) for column in (*file.columns, *file.beside))


def cell(column: Column, text: str) -> tuple[Any, str]:
    """Return the typed value of a cell (None when it is empty) and, if it cannot be used, a sentence that says why."""
    return _checked(column, text, _READ[column.kind])


def _checked(column: Column, text: str, reader: Reader) -> tuple[Any, str]:
    plain = text.isascii() and text.isprintable()
    text = text.strip() if plain or reader is _url else tidy(text)
    if text == "":
        return None, _("The cell is empty, but is needed.") if column.required else ""
    if len(text) > column.longest:
        return None, _("The text has %(length)s characters; at most %(longest)s are possible.") % {
            "length": f"{len(text):,}",
            "longest": f"{column.longest:,}",
        }
    if not plain and (unsafe := unsafe_character(text)):
        return None, _("The text holds the character %(code)s, which is not allowed.") % {"code": unsafe}
    if not plain and "\ufffd" in text:
        return None, _("The text holds the sign � for a character that was lost. Save the file as UTF-8.")
    return reader(column, text)


@cache
def _codes(terms: type[Term]) -> frozenset[str]:
    """Return the codes of a vocabulary; asked for every cell, and slow to make."""
    return frozenset(terms.values)


def _text(column: Column, text: str) -> tuple[str | None, str]:
    if column.terms is not None and text not in _codes(column.terms):
        return None, _no_term(column, text)
    return text, ""


def _no_term(column: Column, text: str) -> str:
    values = column.terms.values if column.terms else []
    near = get_close_matches(text, values, 1)
    if near:
        return _("%(value)s is not one of the codes. Is %(near)s meant?") % {"value": quoted(text), "near": near[0]}
    return _("%(value)s is not one of the codes: %(codes)s.") % {"value": quoted(text), "codes": ", ".join(values)}


def _matching(pattern: re.Pattern[str], text: str, accepted: str) -> tuple[str | None, str]:
    if pattern.fullmatch(text):
        return text, ""
    return None, _("%(value)s is not %(accepted)s.") % {"value": quoted(text), "accepted": accepted}


def _slug(column: Column, text: str) -> tuple[str | None, str]:
    return _matching(_SLUG, text, _("an id: small letters a to z, digits, single hyphens between them"))


def _language(column: Column, text: str) -> tuple[str | None, str]:
    return _matching(_LANGUAGE, text, _("the code of a language, such as en or uk"))


def _url(column: Column, text: str) -> tuple[str | None, str]:
    return _matching(_URL, text, _("an address that starts with http:// or https://"))


def _date(column: Column, text: str) -> tuple[dt.date | None, str]:
    try:
        if _DATE.fullmatch(text):
            return dt.date.fromisoformat(text), ""
    except ValueError:
        return None, _("%(value)s is not a day of the calendar.") % {"value": quoted(text)}
    return None, _("%(value)s is not a day in the form 2026-01-06.") % {"value": quoted(text)}


def _moment(column: Column, text: str) -> tuple[dt.datetime | None, str]:
    try:
        if _MOMENT.fullmatch(text):
            return dt.datetime.fromisoformat(text), ""
    except ValueError:
        pass  # A day or an hour that does not exist; the message is the same.
    return None, _("%(value)s is not a moment in the form 2026-01-06T18:00:00Z.") % {"value": quoted(text)}


def _number(column: Column, text: str) -> tuple[int | None, str]:
    if not (text.isascii() and text.isdigit()) or len(text) > 20:
        return None, _("%(value)s is not a whole number, written in digits alone.") % {"value": quoted(text)}
    number = int(text)
    if not column.smallest <= number <= column.largest:
        return None, _("%(value)s is not between %(smallest)s and %(largest)s.") % {
            "value": text,
            "smallest": f"{column.smallest:,}",
            "largest": f"{column.largest:,}",
        }
    return number, ""


def _list(column: Column, text: str) -> tuple[tuple[str, ...] | None, str]:
    """Read a list; its order means nothing, so it is kept sorted."""
    elements = [element.strip() for element in text.split(";")]
    if "" in elements:
        return None, _("One element of the list is empty: a semicolon too many.")
    if len(set(elements)) != len(elements):
        twice = next(element for element in elements if elements.count(element) > 1)
        return None, _("%(value)s stands in the list more than once.") % {"value": quoted(twice)}
    for element in elements:
        if column.terms is not None and element not in _codes(column.terms):
            return None, _no_term(column, element)
    return tuple(sorted(elements)), ""


def _json(column: Column, text: str) -> tuple[dict[str, Any] | None, str]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        return None, _("The cell is not a JSON object.")
    return value, ""


_READ: dict[Kind, Reader] = {
    Kind.TEXT: _text,
    Kind.SLUG: _slug,
    Kind.LANGUAGE: _language,
    Kind.URL: _url,
    Kind.DATE: _date,
    Kind.MOMENT: _moment,
    Kind.NUMBER: _number,
    Kind.LIST: _list,
    Kind.JSON: _json,
}


def changeset_of(folder: Path, problems: Problems) -> dict[str, str]:
    """Return as what the package wants to be published (title, reason, published_at), from ``datapackage.json``.

    Empty if it has none, or says nothing about it.
    """
    path = folder / DESCRIPTOR
    if not path.exists():
        return {}
    try:
        if path.stat().st_size > LARGEST_DESCRIPTOR:
            raise ValueError(path.name)
        told = json.loads(path.read_text(encoding="utf-8-sig"))
        changeset = told.get("changeset", {})
        texts = {name: changeset.get(name, "") for name in ("title", "reason", "published_at")}
    except (OSError, ValueError, AttributeError, RecursionError):
        problems.add(DESCRIPTOR, None, None, _("The description of the package cannot be read as JSON."))
        return {}
    columns = (
        Column("title", Kind.TEXT, "", longest=200),
        Column("reason", Kind.TEXT, "", longest=4_000),
        Column("published_at", Kind.MOMENT, ""),
    )
    for column in columns:
        problem = cell(column, texts[column.name])[1] if isinstance(texts[column.name], str) else _("It is no text.")
        if problem:
            problems.add(DESCRIPTOR, None, f"changeset.{column.name}", problem)
            texts[column.name] = ""
    return {name: text for name, text in texts.items() if text}
