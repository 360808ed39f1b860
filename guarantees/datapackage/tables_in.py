"""Reading what somebody hands in at the desk: a package, a table of text, a spreadsheet, pasted rows.

Nobody has looked at these bytes before, so everything is bounded before it is read, and nothing of a file is ever run,
followed or unpacked onto the disk. What cannot be read is refused with one sentence (:class:`Unusable`); what is read
is plain text, cell by cell, with the number that a spreadsheet shows for its row.
"""

import csv
import datetime as dt
import hashlib
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO, StringIO
from pathlib import PurePosixPath
from typing import IO, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from guarantees.datapackage.problems import quoted
from guarantees.datapackage.schema import BY_NAME, DESCRIPTOR
from guarantees.text import unsafe_character
from guarantees.vocabulary import ImportFormat

MEGABYTE = 1_000_000
LARGEST = 10 * MEGABYTE
"""Bytes of a file that are taken at all."""
LARGEST_PASTE = 2 * MEGABYTE
"""Bytes of pasted rows that are taken at all."""
LARGEST_UNPACKED = 40 * MEGABYTE
"""Bytes that a package or a spreadsheet may have when unpacked."""
MOST_ENTRIES = 100
"""Files that a package or a spreadsheet may consist of."""
GREATEST_RATIO = 200
"""How many times larger than packed a file in a package may be; text does not shrink further, bombs do."""
SMALL_ENTRY = MEGABYTE
"""Bytes below which the ratio of a file in a package says nothing."""
MOST_ROWS = 20_000
"""Rows that a file may hold, over all its tables."""
MOST_LINES = 100_000
"""Lines of a table, empty ones counted."""
MOST_COLUMNS = 100
"""Columns of a table."""
MOST_CELLS = 600_000
"""Cells of a file that are kept."""
LONGEST_CELL = 20_000
"""Characters of a cell."""

LIMITS: tuple[tuple[str, int], ...] = (
    (gettext_noop("Bytes of a file"), LARGEST),
    (gettext_noop("Bytes of pasted rows"), LARGEST_PASTE),
    (gettext_noop("Bytes of a package or spreadsheet, unpacked"), LARGEST_UNPACKED),
    (gettext_noop("Times that a file in a package may be larger than packed"), GREATEST_RATIO),
    (gettext_noop("Files within a package or spreadsheet"), MOST_ENTRIES),
    (gettext_noop("Rows"), MOST_ROWS),
    (gettext_noop("Lines of a table, empty ones counted"), MOST_LINES),
    (gettext_noop("Columns of a table"), MOST_COLUMNS),
    (gettext_noop("Characters of a cell"), LONGEST_CELL),
)
"""What is taken at most, as the page of the desk lists it."""

_SIGNATURES = (
    (b"MZ", gettext_noop("a program for Windows")),
    (b"\x7fELF", gettext_noop("a program for Linux")),
    (b"%PDF", gettext_noop("a PDF document")),
    (b"\x89PNG", gettext_noop("an image")),
    (b"\xff\xd8\xff", gettext_noop("an image")),
    (b"GIF8", gettext_noop("an image")),
    (b"\x1f\x8b", gettext_noop("a gzip archive")),
    (b"7z\xbc\xaf", gettext_noop("a 7-Zip archive")),
    (b"Rar!", gettext_noop("a RAR archive")),
    (b"SQLite format 3", gettext_noop("a database")),
)
"""How files begin that are no tables, whatever their names say."""
_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ACTIVE = (
    (re.compile(r"vbaProject|/macrosheets/|/dialogsheets/", re.I), gettext_noop("macros")),
    (re.compile(r"/externalLinks/|/connections\.xml|/queryTables/", re.I), gettext_noop("links to other files")),
    (re.compile(r"/activeX/|/embeddings/|/ctrlProps/", re.I), gettext_noop("embedded objects")),
)
"""Parts of a spreadsheet that do something or point elsewhere."""
_ARCHIVES = (".zip", ".xlsx", ".xlsm", ".xls", ".gz", ".7z", ".rar", ".tar", ".bz2", ".xz")


class Unusable(Exception):
    """What was handed in cannot be read; the sentence says why, and what would be accepted."""


@dataclass(slots=True)
class Table:
    """A table as it was read: its name (of a sheet or of a file, empty for others), the header, the rows.

    Each row comes with the number that a spreadsheet shows for it. Rows without any text are left out. ``header`` is
    empty where the first row holds no names.
    """

    name: str
    header: list[str]
    rows: list[tuple[int, list[str]]]

    @property
    def width(self) -> int:
        """How many columns the table has."""
        return len(self.header) or max((len(cells) for _number, cells in self.rows), default=0)


@dataclass(slots=True)
class HandedIn:
    """What was handed in, read: its form, its digest, its tables, and what of it was not read (sentences)."""

    format: ImportFormat
    digest: str
    tables: list[Table]
    notes: list[str] = field(default_factory=list)


def read_file(name: str, content: bytes) -> HandedIn:
    """Read a file; what it is its content tells, never its name. Raises :class:`Unusable`."""
    if not content.strip():
        raise Unusable(_("The file is empty."))
    if len(content) > LARGEST:
        raise Unusable(too_large(len(content)))
    digest = hashlib.sha256(content).hexdigest()
    if content.startswith(b"PK"):
        with _archive(content) as archive:
            names = [entry.filename for entry in archive.infolist()]
            if "[Content_Types].xml" not in names:
                return _package(archive, digest)
            if name.lower().endswith((".xlsm", ".xltm", ".xlam")):
                raise Unusable(_holds(gettext_noop("macros")))
            return _spreadsheet(archive, content, digest)
    for signature, what in _SIGNATURES:
        if content.startswith(signature) and (not signature.isalpha() or b"\0" in content[:512]):
            message = _("This is %(what)s, whatever its name says. Accepted are CSV, XLSX and a ZIP of CSV tables.")
            raise Unusable(message % {"what": _(what)})
    if content.startswith(_OLD_EXCEL):
        raise Unusable(
            _("This is an old or encrypted office document. Save it as an Excel workbook (.xlsx) without a password.")
        )
    table = read_text("", _decoded(content))
    _check_size([table])
    return HandedIn(ImportFormat.CSV, digest, [table])


def read_pasted(text: str, *, has_header: bool = True) -> HandedIn:
    """Read rows pasted from a spreadsheet (separated by tabs) or from a CSV file. Raises :class:`Unusable`."""
    if not text.strip():
        raise Unusable(_("Nothing was pasted."))
    content = text.encode(errors="surrogatepass")
    if len(content) > LARGEST_PASTE:
        message = _("The pasted text has %(size)s bytes; at most %(limit)s are taken. Hand it in as a file.")
        raise Unusable(message % {"size": f"{len(content):,}", "limit": f"{LARGEST_PASTE:,}"})
    digest = hashlib.sha256(content + (b"" if has_header else b"\0no header")).hexdigest()
    _check_characters(text)
    table = _padded(read_text("", text, has_header=has_header))
    _check_size([table])
    return HandedIn(ImportFormat.PASTED, digest, [table])


def too_large(size: int) -> str:
    """Return the sentence that refuses a file of so many bytes."""
    message = _("The file has %(size)s MB; at most %(limit)s MB are taken. Divide it.")
    return message % {"size": f"{size / MEGABYTE:,.1f}", "limit": LARGEST // MEGABYTE}


def letter(place: int) -> str:
    """Return the letter by which spreadsheets call a column: A for 0, AA for 26."""
    return str(get_column_letter(place + 1))


# --- Text


def _decoded(content: bytes, of: str = "") -> str:
    """Return the text of a file: UTF-8, or UTF-16 with its mark. Raises :class:`Unusable` with the line."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            text = content.decode("utf-16")
        except UnicodeDecodeError:
            raise Unusable(of + _("The file is not sound UTF-16. Save it as UTF-8.")) from None
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            if content[:200].count(0) > 20:
                raise Unusable(of + _("This is not a table of text.")) from None
            line = content.count(b"\n", 0, error.start) + 1
            start = content.rfind(b"\n", 0, error.start) + 1
            before = content[start : error.start].decode("utf-8", errors="replace")[-20:]
            message = _("Line %(line)s is not UTF-8, after %(before)s. Save the file as “CSV UTF-8”.")
            raise Unusable(of + message % {"line": line, "before": quoted(before)}) from None
    _check_characters(text, of)
    return text


def _check_characters(text: str, of: str = "") -> None:
    """Refuse what can stand in no text at all, with the line: NUL bytes and halves of characters."""
    found = re.search("[\x00\ud800-\udfff]", text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        code = unsafe_character(found.group())
        message = _("Line %(line)s holds the character %(code)s, which no text holds. Is it a table of text?")
        raise Unusable(of + message % {"line": line, "code": code})


def _separator(text: str) -> str:
    """Return what separates the cells: the sign among tab, semicolon and comma that the first line has most of."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    bare = re.sub(r'"[^"]*"', "", first)
    return max("\t;,", key=lambda sign: (bare.count(sign), sign == ","))


def read_text(name: str, text: str, *, has_header: bool = True, of: str = "") -> Table:
    """Read a table of text: cells separated by commas, semicolons or tabs. Raises :class:`Unusable`."""
    if text.count("\n") + text.count("\r") > 2 * MOST_LINES:
        raise Unusable(of + _too_many_lines())
    separator = _separator(text)
    csv.field_size_limit(LARGEST)  # The limit is the process's; each cell is measured below.
    number, records = 0, []
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    while True:
        number += 1
        try:
            record = next(reader, None)
        except csv.Error as error:
            raise Unusable(of + _broken(str(error), number)) from None
        if record is None:
            break
        records.append((number, record))
    return _table(name, records, has_header=has_header, of=of)


def _too_many_lines() -> str:
    message = _("The table has more than %(limit)s lines, empty ones counted. Delete the empty ones.")
    return message % {"limit": f"{MOST_LINES:,}"}


def _broken(error: str, number: int) -> str:
    """Say what a row that is no row suffers from; ``error`` is the message of the csv module."""
    if "end of data" in error or "limit" in error:
        message = _("In row %(row)s a quotation mark is opened and not closed. Nothing after it can be read.")
    elif "new-line" in error:
        message = _("Row %(row)s ends with neither a line feed nor carriage return and line feed.")
    else:
        message = _(
            "In row %(row)s a quotation mark stands in the wrong place. A cell with quotation marks is enclosed in "
            "them, and its own are doubled."
        )
    return message % {"row": number}


# --- Any table


def _table(name: str, records: list[tuple[int, list[str]]], *, has_header: bool = True, of: str = "") -> Table:
    """Return a table of records with their numbers, its limits checked, empty rows and columns left out."""
    if len(records) > MOST_LINES:
        raise Unusable(of + _too_many_lines())
    filled = [(number, cells) for number, cells in records if any(cell.strip() for cell in cells)]
    if not filled:
        raise Unusable(of + _("There is nothing in it."))
    widest = max((_width(cells), number) for number, cells in filled)
    if widest[0] > MOST_COLUMNS:
        message = _("Row %(row)s has %(found)s columns; at most %(limit)s are taken.")
        raise Unusable(of + message % {"row": widest[1], "found": f"{widest[0]:,}", "limit": MOST_COLUMNS})
    for number, cells in filled:
        longest = max(map(len, cells))
        if longest > LONGEST_CELL:
            message = _("A cell in row %(row)s has %(found)s characters; at most %(limit)s are taken.")
            message %= {"row": number, "found": f"{longest:,}", "limit": f"{LONGEST_CELL:,}"}
            raise Unusable(of + message)
    header: list[str] = []
    if has_header:
        header = [" ".join(cell.split()) for cell in filled[0][1]]
        header = header[: _width(header)]
        _check_header(header, of)
        filled = filled[1:]
        wide = len(header)
    else:
        wide = widest[0]
    # A row may be longer by empty cells, as spreadsheets write them; what else it has too much or too little is said
    # when it is looked at, in its place.
    rows = [(number, cells[:wide] if _width(cells) <= wide else cells[: _width(cells)]) for number, cells in filled]
    return Table(name, header, rows)


def _padded(table: Table) -> Table:
    """Return a table from a spreadsheet, which leaves empty cells at the end of a row out."""
    for _number, cells in table.rows:
        cells += [""] * (table.width - len(cells))
    return table


def _width(cells: list[str]) -> int:
    """Return how many cells a row has, empty ones at its end left out."""
    for place in range(len(cells), 0, -1):
        if cells[place - 1].strip():
            return place
    return 0


def _check_header(header: list[str], of: str) -> None:
    places: dict[str, int] = {}
    for place, name in enumerate(header):
        if name and places.setdefault(name.casefold(), place) != place:
            message = _("The header names %(name)s twice: in column %(first)s and in column %(second)s.")
            first = letter(places[name.casefold()])
            raise Unusable(of + message % {"name": quoted(name), "first": first, "second": letter(place)})


def _check_size(tables: list[Table]) -> None:
    """Refuse what has no row, or too many rows or cells in all."""
    rows = sum(len(table.rows) for table in tables)
    if not rows:
        raise Unusable(_("There is a header and no row below it."))
    if rows > MOST_ROWS:
        message = _("There are %(found)s rows; at most %(limit)s are taken at once. Divide the file.")
        raise Unusable(message % {"found": f"{rows:,}", "limit": f"{MOST_ROWS:,}"})
    cells = sum(len(cells) for table in tables for _number, cells in table.rows)
    if cells > MOST_CELLS:
        message = _("There are %(found)s cells; at most %(limit)s are taken. Leave out columns, or divide the file.")
        raise Unusable(message % {"found": f"{cells:,}", "limit": f"{MOST_CELLS:,}"})


# --- Archives


def _archive(content: bytes) -> zipfile.ZipFile:
    """Open a ZIP and look at its list of contents, before any of it is unpacked."""
    try:
        archive = zipfile.ZipFile(BytesIO(content))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError):
        raise Unusable(_("The archive is damaged and cannot be opened.")) from None
    entries = archive.infolist()
    if len(entries) > MOST_ENTRIES:
        message = _("The archive holds %(found)s files; at most %(limit)s are taken.")
        raise Unusable(message % {"found": f"{len(entries):,}", "limit": MOST_ENTRIES})
    total = sum(entry.file_size for entry in entries)
    if total > LARGEST_UNPACKED:
        message = _("Unpacked, the archive would have %(found)s MB; at most %(limit)s MB are taken.")
        raise Unusable(message % {"found": f"{total / MEGABYTE:,.0f}", "limit": LARGEST_UNPACKED // MEGABYTE})
    seen: set[str] = set()
    for entry in entries:
        name = entry.filename
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or unsafe_character(name):
            raise Unusable(_("The archive holds a file with an impossible name: %(name)s.") % {"name": quoted(name)})
        if name.casefold() in seen:
            raise Unusable(_("The archive holds %(name)s twice.") % {"name": quoted(name)})
        seen.add(name.casefold())
        if entry.flag_bits & 1:
            raise Unusable(_("The archive is encrypted. Hand it in without a password."))
        if entry.file_size > SMALL_ENTRY and entry.file_size > GREATEST_RATIO * max(entry.compress_size, 1):
            message = _("%(name)s would unpack to more than %(limit)s times its size. Such files are not opened.")
            raise Unusable(message % {"name": quoted(name), "limit": GREATEST_RATIO})
    return archive


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Return a file of an archive, never more of it than its list of contents promised."""
    try:
        with archive.open(entry) as handle:
            return _bounded(handle, entry.file_size)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError):
        raise Unusable(_("%(name)s in the archive is damaged.") % {"name": quoted(entry.filename)}) from None


def _bounded(handle: IO[bytes], size: int) -> bytes:
    content = handle.read(size + 1)
    if len(content) > size:
        raise ValueError(size)
    return content


def _package(archive: zipfile.ZipFile, digest: str) -> HandedIn:
    """Read a data package: the tables that it holds, in the form in which the ledger exports them."""
    tables: list[Table] = []
    handed = HandedIn(ImportFormat.PACKAGE, digest, tables)
    folders = {PurePosixPath(entry.filename).parent for entry in archive.infolist() if not entry.is_dir()}
    unread = []
    for entry in archive.infolist():
        path = PurePosixPath(entry.filename)
        if entry.is_dir():
            continue
        if path.suffix.lower() in _ARCHIVES:
            raise Unusable(_("There is an archive within the archive: %(name)s.") % {"name": quoted(entry.filename)})
        if path.suffix.lower() != ".csv" or path.stem not in BY_NAME:
            if path.name != DESCRIPTOR and not path.name.lower().startswith("readme"):
                unread.append(entry.filename)
            continue
        if len(folders) > 1 and any(table.name == path.stem for table in tables):
            raise Unusable(_("The archive holds %(name)s twice.") % {"name": quoted(path.name)})
        table = _package_table(path.stem, _content(archive, entry))
        if table.rows:
            tables.append(table)
    if not tables:
        raise Unusable(_("The archive holds no table of a data package with a row, such as updates.csv."))
    if unread:
        names = ", ".join(quoted(name) for name in unread[:5]) + (" …" if len(unread) > 5 else "")
        handed.notes.append(_("Not read, because no table of a package is called so: %(names)s.") % {"names": names})
    tables.sort(key=lambda table: list(BY_NAME).index(table.name))
    _check_size(tables)
    return handed


def _package_table(name: str, content: bytes) -> Table:
    """Read a table of a package; it may have no rows. Its header names each column of the schema once."""
    file = BY_NAME[name]
    of = f"{file.path}: "
    table = read_text(name, _decoded(content, of), of=of)
    if missing := [column for column in file.header if column not in table.header]:
        raise Unusable(of + _("These columns are missing: %(names)s.") % {"names": ", ".join(missing)})
    if unknown := [column for column in table.header if column not in file.header]:
        names = ", ".join(map(quoted, unknown[:10]))
        raise Unusable(of + _("There are no such columns in this file: %(names)s.") % {"names": names})
    return table


# --- Spreadsheets


def _holds(what: str) -> str:
    message = _("The spreadsheet holds %(what)s. Save it as an Excel workbook (.xlsx) without them.")
    return message % {"what": _(what)}


def _spreadsheet(archive: zipfile.ZipFile, content: bytes, digest: str) -> HandedIn:
    """Read the first sheet that holds rows."""
    names = [entry.filename for entry in archive.infolist()]
    if "xl/workbook.xml" not in names:
        raise Unusable(_("This is an office document, but no Excel workbook (.xlsx)."))
    for pattern, what in _ACTIVE:
        if any(pattern.search(f"/{name}") for name in names):
            raise Unusable(_holds(what))
    types = next(entry for entry in archive.infolist() if entry.filename == "[Content_Types].xml")
    if b"macroEnabled" in _content(archive, types):
        raise Unusable(_holds(gettext_noop("macros")))
    for entry in archive.infolist():
        _content(archive, entry)  # Whether each part is what the list of contents says, before anything parses it.
    try:
        return _sheets(content, digest)
    except Unusable:
        raise
    except Exception as error:  # the parser raises whatever a broken file makes it stumble over
        raise Unusable(_("The spreadsheet is damaged and cannot be read.")) from error


def _sheets(content: bytes, digest: str) -> HandedIn:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # The parser warns of styles and extensions, which nobody reads here.
        book = load_workbook(BytesIO(content), read_only=True, data_only=False, keep_links=False, rich_text=False)
        try:
            table = None
            read = ""
            for sheet in book.worksheets:
                records = list(_records(sheet))
                if any(any(cells) for _number, cells in records):
                    table, read = _padded(_table("", records)), sheet.title
                    break
            if table is None:
                raise Unusable(_("There is nothing in it."))
            _check_size([table])
            others = [sheet.title for sheet in book.worksheets if sheet.title != read]
            handed = HandedIn(ImportFormat.XLSX, digest, [table])
            if others:
                message = _("Only the sheet %(read)s was read, not: %(others)s.")
                named = ", ".join(quoted(title) for title in others[:5]) + (" …" if len(others) > 5 else "")
                handed.notes.append(message % {"read": quoted(read), "others": named})
            return handed
        finally:
            book.close()


def _records(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a sheet as texts. Raises :class:`Unusable` at formulas, errors, and beyond the limits."""
    cells_seen = 0
    for number, row in enumerate(sheet.iter_rows(), 1):
        if number > MOST_LINES:
            raise Unusable(_too_many_lines())
        if not row:
            continue
        texts = [_text(cell) if cell.value is not None else "" for cell in row]
        cells_seen += len(texts)
        if cells_seen > 2 * MOST_CELLS:
            message = _("There are more than %(limit)s cells. Leave out columns, or divide the file.")
            raise Unusable(message % {"limit": f"{MOST_CELLS:,}"})
        yield number, texts


def _text(cell: Any) -> str:
    """Return the text of a cell: days as 2026-01-06, whole numbers without a point."""
    value = cell.value
    if cell.data_type == "f":
        message = _("Cell %(cell)s holds a formula. Paste the values in its place and hand in the file again.")
        raise Unusable(message % {"cell": cell.coordinate})
    if cell.data_type == "e":
        message = _("Cell %(cell)s holds the error %(error)s.")
        raise Unusable(message % {"cell": cell.coordinate, "error": quoted(str(value))})
    if isinstance(value, dt.datetime):
        is_day = value.time() == dt.time()
        return value.date().isoformat() if is_day else value.isoformat(" ", "seconds")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    text = str(value)
    _check_characters(text)
    return text
