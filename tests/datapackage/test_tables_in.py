"""Reading what is handed in at the desk: sound tables as they are, everything else refused with one sentence."""

import csv
import datetime as dt
import io
import time
import zipfile

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from guarantees.datapackage import tables_in
from guarantees.datapackage.schema import BY_NAME
from guarantees.datapackage.tables_in import Unusable, read_file, read_pasted
from guarantees.text import unsafe_character

HEADER = ",".join(BY_NAME["positions"].header)
ROW = "QMA,2026-01-06,guarantees,A topic,,supports,What was said.,example-1"


def refusal(content: bytes, name: str = "table.csv") -> str:
    with pytest.raises(Unusable) as caught:
        read_file(name, content)
    return str(caught.value)


def zipped(files: dict[str, bytes | str], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def workbook(*rows: list[object], change=lambda book: None) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    change(book)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def changed(content: bytes, **files: bytes) -> bytes:
    """Return a spreadsheet with some of its parts replaced or added."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    return zipped(parts | files)


def test_a_table_of_text_is_read_with_the_numbers_of_its_rows():
    handed = read_file("a.csv", b'\xef\xbb\xbfname,note\r\n\r\nFrance,"two\nlines"\r\n,\r\nSweden,=1+1\r\n')
    assert [(t.header, t.rows) for t in handed.tables] == [
        (["name", "note"], [(3, ["France", "two\nlines"]), (5, ["Sweden", "=1+1"])])
    ]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_cells_may_be_separated_by_commas_semicolons_or_tabs(separator: str):
    table = read_file("a.csv", f"a{separator}b\n1{separator}2\n".encode()).tables[0]
    assert (table.header, table.rows) == (["a", "b"], [(2, ["1", "2"])])


def test_utf_16_with_its_mark_is_read():
    assert read_file("a.csv", "a,b\nŁódź,2\n".encode("utf-16")).tables[0].rows == [(2, ["Łódź", "2"])]


def test_pasted_rows_without_headings_have_none():
    table = read_pasted("France\t2\nSweden\t\n", has_header=False).tables[0]
    assert (table.header, table.rows) == ([], [(1, ["France", "2"]), (2, ["Sweden", ""])])


def test_a_spreadsheet_gives_days_numbers_and_texts():
    content = workbook(["day", "number", "text"], [dt.date(2026, 1, 6), 2.0, "=not a formula"[1:]], [], [None, 3, None])
    assert read_file("a.xlsx", content).tables[0].rows == [
        (2, ["2026-01-06", "2", "not a formula"]),
        (4, ["", "3", ""]),
    ]


def test_days_count_from_1904_where_the_spreadsheet_says_so():
    def since_1904(book: Workbook) -> None:
        book.epoch = CALENDAR_MAC_1904

    content = workbook(["day"], [dt.date(2026, 1, 6)], change=since_1904)
    assert read_file("a.xlsx", content).tables[0].rows == [(2, ["2026-01-06"])]


def test_sheets_that_are_not_read_are_named():
    handed = read_file("a.xlsx", workbook(["a"], ["1"], change=lambda book: book.create_sheet("Notes")))
    assert handed.notes == ["Only the sheet “Sheet” was read, not: “Notes”."]


def test_a_package_gives_its_tables_and_names_what_is_not_read():
    content = zipped({"p/positions.csv": f"{HEADER}\n{ROW}\n", "p/datapackage.json": "{}", "p/budget.csv": "a\n"})
    handed = read_file("p.zip", content)
    assert [(t.name, t.rows) for t in handed.tables] == [("positions", [(2, ROW.split(","))])]
    assert handed.notes == ["Not read, because no table of a package is called so: “p/budget.csv”."]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b" \n\n", "The file is empty."),
        (b"a,b\n", "There is a header and no row below it."),
        (
            b"MZ\x90\x00\x03\x00",
            "This is a program for Windows, whatever its name says. Accepted are CSV, XLSX and a ZIP of CSV tables.",
        ),
        (
            b"\x7fELF\x02",
            "This is a program for Linux, whatever its name says. Accepted are CSV, XLSX and a ZIP of CSV tables.",
        ),
        (
            b"%PDF-1.7",
            "This is a PDF document, whatever its name says. Accepted are CSV, XLSX and a ZIP of CSV tables.",
        ),
        (
            tables_in._OLD_EXCEL,
            "This is an old or encrypted office document. Save it as an Excel workbook (.xlsx) without a password.",
        ),
        ("a,b\nM\xfcnchen,1\n".encode("latin-1"), "Line 2 is not UTF-8, after “M”. Save the file as “CSV UTF-8”."),
        (b"a,b\n1,\x00\n", "Line 2 holds the character U+0000, which no text holds. Is it a table of text?"),
        (b"\xff\xfea\x00,\x00b", "The file is not sound UTF-16. Save it as UTF-8."),
        (b'a,b\n1,"two\n3,4\n', "In row 2 a quotation mark is opened and not closed. Nothing after it can be read."),
        (
            b'a,b\n1,"x"y\n',
            "In row 2 a quotation mark stands in the wrong place. A cell with quotation marks is enclosed in them, and "
            "its own are doubled.",
        ),
        (b"date,Date\n1,2\n", "The header names “Date” twice: in column A and in column B."),
        (b",".join(b"c%d" % n for n in range(1000)) + b"\n1\n", "Row 1 has 1,000 columns; at most 100 are taken."),
        (b"a\n" + b"x" * 30_000, "A cell in row 2 has 30,000 characters; at most 20,000 are taken."),
        (
            b"a\n" + b"\n" * 1_000_000 + b"1\n",
            "The table has more than 100,000 lines, empty ones counted. Delete the empty ones.",
        ),
        (b"a\n" + b"1\n" * 30_000, "There are 30,000 rows; at most 20,000 are taken at once. Divide the file."),
        (b"PK\x05\x06" + bytes(18), "The archive holds no table of a data package with a row, such as updates.csv."),
        (b"PK\x03\x04 and then nothing", "The archive is damaged and cannot be opened."),
    ],
)
def test_what_is_no_table_is_refused_in_a_sentence(content: bytes, sentence: str):
    assert refusal(content) == sentence


def test_a_file_that_is_too_large_is_refused():
    assert refusal(b"a\n" * 6_000_000) == "The file has 12.0 MB; at most 10 MB are taken. Divide it."


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"../updates.csv": "x"}, "The archive holds a file with an impossible name: “../updates.csv”."),
        ({"/etc/updates.csv": "x"}, "The archive holds a file with an impossible name: “/etc/updates.csv”."),
        ({"C:\\updates.csv": "x"}, "The archive holds a file with an impossible name: “C:\\updates.csv”."),
        ({"inner.zip": "x"}, "There is an archive within the archive: “inner.zip”."),
        (
            {"a/positions.csv": f"{HEADER}\n{ROW}", "b/positions.csv": f"{HEADER}\n{ROW}"},
            "The archive holds “positions.csv” twice.",
        ),
        ({f"{n}.csv": "" for n in range(101)}, "The archive holds 101 files; at most 100 are taken."),
        (
            {"positions.csv": "0" * 5_000_000},
            "“positions.csv” would unpack to more than 200 times its size. Such files are not opened.",
        ),
        (
            {f"{n}.csv": "0" * 1_000_000 for n in range(50)},
            "Unpacked, the archive would have 50 MB; at most 40 MB are taken.",
        ),
        (
            {"positions.csv": f"{HEADER},more\n{ROW},1"},
            "positions.csv: There are no such columns in this file: “more”.",
        ),
        (
            {"positions.csv": "state,date\nFRA,2026-01-06"},
            "positions.csv: These columns are missing: subject, topic, summit, stance, summary, sources.",
        ),
        ({"readme.md": "Nothing."}, "The archive holds no table of a data package with a row, such as updates.csv."),
        (
            {"[Content_Types].xml": "", "word/document.xml": ""},
            "This is an office document, but no Excel workbook (.xlsx).",
        ),
    ],
)
def test_a_hostile_archive_is_refused_in_a_sentence(files: dict[str, str], sentence: str):
    assert refusal(zipped(files), "package.zip") == sentence


def test_an_archive_that_lies_about_its_sizes_is_refused():
    content = bytearray(zipped({"positions.csv": f"{HEADER}\n{ROW}\n" * 100}))
    place = content.rindex(b"PK\x01\x02")
    content[place + 24 : place + 28] = (10).to_bytes(4, "little")
    assert refusal(bytes(content)) == "“positions.csv” in the archive is damaged."


BOOK = workbook(["a", "b"], ["1", "2"])
BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">'
    b'<c r="A1" t="inlineStr"><is><t>&b;</t></is></c></row></sheetData></worksheet>'
)
FAR = (
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1048576">'
    b'<c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
)
WIDE = FAR.replace(b"1048576", b"1")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            workbook(["a", "b"], [1, "=A2+1"]),
            "Cell B2 holds a formula. Paste the values in its place and hand in the file again.",
        ),
        (workbook(["a"], ["#REF!"]), "Cell A2 holds the error “#REF!”."),
        (
            changed(BOOK, **{"xl/vbaProject.bin": b"x"}),
            "The spreadsheet holds macros. Save it as an Excel workbook (.xlsx) without them.",
        ),
        (
            changed(BOOK, **{"xl/externalLinks/externalLink1.xml": b"x"}),
            "The spreadsheet holds links to other files. Save it as an Excel workbook (.xlsx) without them.",
        ),
        (
            changed(BOOK, **{"xl/embeddings/oleObject1.bin": b"x"}),
            "The spreadsheet holds embedded objects. Save it as an Excel workbook (.xlsx) without them.",
        ),
        (changed(BOOK, **{"xl/workbook.xml": b"<not xml"}), "The spreadsheet is damaged and cannot be read."),
        (changed(BOOK, **{"xl/worksheets/sheet1.xml": BOMB}), "The spreadsheet is damaged and cannot be read."),
        (
            changed(BOOK, **{"xl/worksheets/sheet1.xml": FAR}),
            "The table has more than 100,000 lines, empty ones counted. Delete the empty ones.",
        ),
        (changed(BOOK, **{"xl/worksheets/sheet1.xml": WIDE}), "Row 1 has 16,384 columns; at most 100 are taken."),
        (workbook(), "There is nothing in it."),
    ],
)
def test_a_hostile_spreadsheet_is_refused_in_a_sentence(content: bytes, sentence: str):
    assert refusal(content, "book.xlsx") == sentence


def test_a_workbook_with_macros_is_refused_by_its_name_as_well():
    assert (
        refusal(BOOK, "book.xlsm") == "The spreadsheet holds macros. Save it as an Excel workbook (.xlsx) without them."
    )


@pytest.mark.parametrize("text", ["", " \n"])
def test_pasting_nothing_is_refused(text: str):
    with pytest.raises(Unusable, match=r"^Nothing was pasted\.$"):
        read_pasted(text)


def test_nothing_within_the_limits_takes_long():
    worst = b"a,b\n" + b'"",""\n' * 19_000 + b'"' + b'""' * 4_900_000
    start = time.process_time()
    refusal(worst)
    assert time.process_time() - start < 5


texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20).filter(
    lambda text: unsafe_character(text) is None
)


@given(st.lists(st.lists(texts, min_size=2, max_size=2), min_size=1, max_size=5), st.sampled_from(",;\t"))
@example([["=1+1", "-2"], ["a\r\nb", '"']], ",")
def test_what_is_written_as_csv_is_read_again(rows: list[list[str]], separator: str):
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=separator, quoting=csv.QUOTE_ALL)
    writer.writerows([["one", "two"], *rows])
    filled = [row for row in rows if any(cell.strip() for cell in row)]
    if filled:
        assert [cells for _number, cells in read_file("a", buffer.getvalue().encode()).tables[0].rows] == filled


@given(st.binary(max_size=400))
@example(BOOK[:-1])
@example(b"PK\x03\x04")
@example(b"a,b\n\xc3")
def test_no_bytes_raise_anything_but_the_refusal(content: bytes):
    try:
        read_file("a.csv", content)
    except Unusable as error:
        assert str(error)


@given(st.integers(0, len(BOOK) - 1), st.integers(0, 255))
def test_no_damaged_spreadsheet_raises_anything_but_the_refusal(place: int, byte: int):
    try:
        read_file("a.xlsx", BOOK[:place] + bytes([byte]) + BOOK[place + 1 :])
    except Unusable as error:
        assert str(error)
