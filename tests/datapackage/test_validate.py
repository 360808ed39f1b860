"""Bad packages: every problem is reported with its file, row and column, and nothing is written."""

import json

import pytest
import time_machine

from guarantees.datapackage.load import load
from tests.datapackage import packages
from tests.datapackage.packages import add, put
from tests.factories import moment

NOW = moment("2026-11-10T12:00:00")

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def package(tmp_path):
    return packages.small(tmp_path / "package")


def problems(package):
    """What is wrong with the package, after seeing that trying to load it has written nothing."""
    before = packages.counts()
    outcome = load(package)
    assert packages.counts() == before
    assert outcome.problems.count == len(list(outcome.problems))
    return list(outcome.problems.lines())


def write(package, name, text):
    (package / f"{name}.csv").write_bytes(text if isinstance(text, bytes) else text.encode())


def text_of(package, name):
    return (package / f"{name}.csv").read_text(encoding="utf-8")


def test_a_folder_that_does_not_exist(tmp_path):
    assert problems(tmp_path / "nowhere") == [f"{tmp_path / 'nowhere'}: There is no such folder."]


def test_a_missing_file_is_one_problem_however_much_refers_to_it(package):
    (package / "sources.csv").unlink()
    assert problems(package) == ["sources.csv: The file is missing or cannot be opened."]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (
            "code,nmae,kind",
            [
                "states.csv, row 1, column nmae: There is no such column in this file. Is name meant?",
                "states.csv, row 1, column name: The column is missing.",
            ],
        ),
        ("code,kind", ["states.csv, row 1, column name: The column is missing."]),
        (
            "code,name,kind,king",
            ["states.csv, row 1, column king: There is no such column in this file. Is kind meant?"],
        ),
        ("code,name,kind,zzz", ["states.csv, row 1, column zzz: There is no such column in this file."]),
        ("code,name,kind,name", ["states.csv, row 1, column name: The column stands there more than once."]),
        ("code;name;kind", ["states.csv, row 1: The cells must be separated by commas."]),
        (",,", ["states.csv, row 1: The file has no header. It must be: code,name,kind"]),
    ],
)
def test_a_wrong_header(package, header, expected):
    write(package, "states", text_of(package, "states").replace("code,name,kind", header, 1))
    assert problems(package) == expected


def test_an_empty_file(package):
    write(package, "groups", "")
    assert problems(package) == ["groups.csv, row 1: The file has no header. It must be: code,name"]


def test_columns_may_stand_in_another_order(package):
    write(package, "groups", "name,code\nThe Club,CLUB\n")
    assert load(package, dry_run=True).problems.count == 0


def test_the_mark_that_spreadsheets_put_in_front_and_windows_line_ends_are_no_problem(package):
    for name in ("states", "updates"):
        write(package, name, b"\xef\xbb\xbf" + text_of(package, name).replace("\n", "\r\n").encode())
    assert load(package, dry_run=True).problems.count == 0


def test_another_encoding(package):
    write(package, "states", text_of(package, "states").replace("Aland", "Åland").encode("latin-1"))
    assert problems(package) == [
        "states.csv, row 3: The text after “QAA,” is not UTF-8. Save the file as UTF-8.",
        "states.csv, row 3, column name: The text holds the sign � for a character that was lost. Save the file as "
        "UTF-8.",
    ]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_sixteen_bits(package, encoding):
    write(package, "states", text_of(package, "states").encode(encoding))
    assert problems(package) == ["states.csv, row 1: The file is encoded as UTF-16. Save it as UTF-8."]


def test_a_quotation_mark_in_the_wrong_place_spoils_its_row_alone(package):
    text = text_of(package, "claims").replace("The chair,", '"The" chair,')
    write(
        package, "claims", text + text.splitlines()[1].replace('"The" chair', "Me").replace("two-states", "TWO") + "\n"
    )
    assert problems(package) == [
        "claims.csv, row 2: A quotation mark stands in the wrong place. A cell with quotation marks is enclosed in "
        "them, and its own are doubled.",
        "claims.csv, row 3, column slug: “TWO” is not an id: small letters a to z, digits, single hyphens between "
        "them.",
    ]


def test_a_quotation_mark_that_is_never_closed(package):
    write(package, "claims", text_of(package, "claims").replace("The chair counted", '"The chair counted'))
    assert problems(package) == [
        "claims.csv, row 2: A quotation mark is opened and not closed. Nothing after it can be read."
    ]


def test_a_cell_of_several_lines_whose_quotation_mark_is_in_the_wrong_place(package):
    put(package, "claims", 2, summary="One line\nand another")
    write(package, "claims", text_of(package, "claims").replace('and another"', 'and another"!'))
    assert problems(package) == [
        "claims.csv, row 2: A quotation mark is opened and not closed. Nothing after it can be read."
    ]


def test_the_line_ends_of_old_machines(package):
    write(package, "groups", "code,name\rCLUB,The Club\r")
    assert problems(package) == [
        "groups.csv, row 1: Lines must end with a line feed (Unix) or with carriage return and line feed (Windows).",
        "groups.csv, row 1: The file has no header. It must be: code,name",
    ]


def test_too_many_and_too_few_cells(package):
    write(package, "groups", "code,name\nCLUB,The Club,really\nPUB\n\n")
    write(package, "memberships", "group,state\n")
    assert problems(package) == [
        "groups.csv, row 2: The row has 3 cells; the header has 2.",
        "groups.csv, row 3: The row has 1 cells; the header has 2.",
    ]


def test_ten_megabytes_in_one_cell(package):
    put(package, "summits", 2, summary="x" * 10_000_000)
    assert problems(package) == [
        "summits.csv, row 2, column summary: The text has 10,000,000 characters; at most 4,000 are possible."
    ]


def test_a_line_without_end(package):
    put(package, "summits", 2, summary="x" * 20_000_001)
    assert problems(package) == ["summits.csv, row 2: The line is longer than 20,000,000 bytes."]


@pytest.mark.parametrize("character", ["\x00", "\x07", "\u202e", "\u2066", "\ufffe"])
def test_characters_that_no_text_may_hold(package, character):
    put(package, "positions", 2, summary=f"Beland{character} was in favour.")
    assert problems(package) == [
        f"positions.csv, row 2, column summary: The text holds the character U+{ord(character):04X}, which is not "
        "allowed."
    ]


@pytest.mark.parametrize(
    ("name", "row", "cells", "expected"),
    [
        ("states", 3, {"name": ""}, "column name: The cell is empty, but is needed."),
        ("states", 3, {"name": "N" * 101}, "column name: The text has 101 characters; at most 100 are possible."),
        ("states", 3, {"kind": "stat"}, "column kind: “stat” is not one of the codes. Is state meant?"),
        ("states", 3, {"kind": "xyz"}, "column kind: “xyz” is not one of the codes: state, organisation."),
        (
            "sources",
            2,
            {"language": "English"},
            "column language: “English” is not the code of a language, such as en or uk.",
        ),
        (
            "sources",
            2,
            {"url": "javascript:alert(1)"},
            "column url: “javascript:alert(1)” is not an address that starts with http:// or https://.",
        ),
        (
            "sources",
            2,
            {"url": "https://a b"},
            "column url: “https://a b” is not an address that starts with http:// or https://.",
        ),
        (
            "sources",
            2,
            {"published_on": "1.3.2025"},
            "column published_on: “1.3.2025” is not a day in the form 2026-01-06.",
        ),
        (
            "sources",
            2,
            {"published_on": "2025-02-30"},
            "column published_on: “2025-02-30” is not a day of the calendar.",
        ),
        (
            "sources",
            2,
            {"published_on": "2026-11-11"},
            "column published_on: 2026-11-11 is after the day of publication, 2026-11-10.",
        ),
        ("updates", 4, {"date": "2027-01-01"}, "column date: 2027-01-01 is after the day of publication, 2026-11-10."),
        (
            "updates",
            2,
            {"quantity_min": "1,000"},
            "column quantity_min: “1,000” is not a whole number, written in digits alone.",
        ),
        (
            "updates",
            2,
            {"quantity_min": "²"},
            "column quantity_min: “²” is not a whole number, written in digits alone.",
        ),
        (
            "updates",
            2,
            {"quantity_min": "2000"},
            "column quantity_max: The highest number cannot be smaller than the lowest.",
        ),
        (
            "updates",
            2,
            {"quantity_max": "9" * 17},
            "column quantity_max: 99999999999999999 is not between 0 and 1,000,000,000,000,000.",
        ),
        (
            "updates",
            2,
            {"unit": ""},
            "column unit: A number needs its unit and who gave it; without a number both stay empty.",
        ),
        (
            "updates",
            3,
            {"quantity_basis": "stated"},
            "column quantity_basis: A number needs its unit and who gave it; without a number both stay empty.",
        ),
        (
            "updates",
            2,
            {"conditions": ""},
            "column conditions: Conditions are listed exactly where the basis says that conditions were stated.",
        ),
        (
            "updates",
            2,
            {"conditions_lifted": "ceasefire"},
            "column conditions_lifted: A condition cannot be both named and lifted on one day.",
        ),
        (
            "updates",
            2,
            {"conditions": "ceasefire;un_mandat"},
            "column conditions: “un_mandat” is not one of the codes. Is un_mandate meant?",
        ),
        (
            "updates",
            2,
            {"sources": "gazette-1;;letter"},
            "column sources: One element of the list is empty: a semicolon too many.",
        ),
        ("updates", 2, {"sources": "letter;letter"}, "column sources: “letter” stands in the list more than once."),
        ("updates", 2, {"sources": ""}, "column sources: The cell is empty, but is needed."),
        (
            "updates",
            2,
            {"sources": "gazete-1"},
            "column sources: “gazete-1” is neither in sources.csv nor on record. Is gazette-1 meant?",
        ),
        ("positions", 2, {"state": "ZZZ"}, "column state: “ZZZ” is neither in states.csv nor on record."),
        ("summits", 2, {"end_date": "2025-02-28"}, "column end_date: The last day cannot be before the first."),
        ("summits", 2, {"country": ""}, "column country: Where there is a city there is a country."),
        (
            "summits",
            2,
            {"reported_participants": "40000"},
            "column reported_participants: 40000 is not between 0 and 32,767.",
        ),
        ("requirements", 2, {"quantity_min": ""}, "column quantity_min: A requirement gives at least one number."),
    ],
)
def test_a_cell_that_cannot_be_used(package, name, row, cells, expected):
    put(package, name, row, **cells)
    assert problems(package) == [f"{name}.csv, row {row}, {expected}"]


def test_a_refusal_has_no_conditions(package):
    put(package, "updates", 2, status="ruled_out", quantity_min="", quantity_max="", unit="", quantity_basis="")
    assert problems(package) == ["updates.csv, row 2, column conditions: A refusal carries no conditions."]


@pytest.mark.parametrize("code", ["Q1A", "qaa", "QAAA"])
def test_the_code_of_a_state(package, code):
    add(package, "states", code=code, name="Celand", kind="state")
    assert problems(package) == [
        "states.csv, row 5, column code: A state has three capital letters (ISO 3166-1 alpha-3), an organisation two "
        "to four."
    ]


def test_the_same_key_twice(package):
    add(package, "states", code="QAA", name="Aland again", kind="state")
    packages.change(package, "updates", lambda rows: rows.append(rows[0]))
    assert problems(package) == [
        "states.csv, row 5, column code: The same key stands in row 3 already: “QAA”.",
        "updates.csv, row 5, column pledge, date: The same key stands in row 2 already: “qaa-troops/2025-03-01”.",
    ]


def test_the_same_address_twice(package):
    put(package, "sources", 3, url="https://example.org/1")
    assert problems(package) == ["sources.csv, row 3, column url: The same address stands in row 2 already."]


def test_taking_part_in_a_summit_that_is_still_to_come(package):
    put(package, "summits", 2, start_date="2026-12-01", end_date="2026-12-01")
    assert problems(package) == [
        f"participations.csv, row {row}, column summit: 2026-12-01 is after the day of publication, 2026-11-10."
        for row in (2, 3)
    ]


def test_a_condition_holds_for_one_state_or_one_pledge(package):
    row = {"condition": "ceasefire", "date": "2025-03-09", "value": "met", "summary": "Silence.", "sources": "letter"}
    add(package, "condition_states", **row, state="QAA", pledge="qaa-troops")
    assert problems(package) == [
        "condition_states.csv, row 2, column pledge: A condition's state holds for all, for one state or for one "
        "pledge."
    ]


@pytest.mark.parametrize(
    ("first", "second", "row", "expected"),
    [
        (
            "announced",
            "ruled_out",
            3,
            "qaa-troops-2025-04-01 (Ruled out) follows qaa-troops-2025-03-01 (Announced): a pledge that is called off "
            "is withdrawn, not ruled out.",
        ),
        (
            "suspended",
            "announced",
            2,
            "qaa-troops-2025-03-01 (Suspended) needs an earlier pledge, and none is on record before it.",
        ),
        (
            "delivered",
            "committed",
            3,
            "qaa-troops-2025-04-01 (Committed) cannot follow qaa-troops-2025-03-01 (Delivered): a later promise is a "
            "new pledge.",
        ),
    ],
)
def test_the_rules_of_the_ladder(package, first, second, row, expected):
    put(package, "updates", 2, status=first)
    put(package, "updates", 3, status=second)
    assert problems(package) == [f"updates.csv, row {row}, column status: {expected}"]


def test_a_pledge_with_a_spoilt_update_is_not_judged(package):
    put(package, "updates", 2, status="anounced")
    put(package, "updates", 3, status="suspended")
    assert problems(package) == [
        "updates.csv, row 2, column status: “anounced” is not one of the codes. Is announced meant?"
    ]


def test_wordings_are_short_and_belong_to_an_update(package):
    add(package, "wordings", pledge="qaa-troops", date="2025-03-01", wording="ja " * 41, language="de")
    add(package, "wordings", pledge="qaa-troops", date="2025-03-09", wording="Ja.", language="de")
    assert problems(package) == [
        "wordings.csv, row 2, column wording: Original wording is quoted in at most 40 words.",
        "wordings.csv, row 3, column pledge, date: There is no such row in updates.csv: “qaa-troops/2025-03-09”.",
    ]


def test_citations_belong_to_a_row_and_its_sources(package):
    row = {"file": "updates", "key": "qaa-troops/2025-03-01"}
    add(package, "citations", **row, source="gazette-1", locator="p. 1", credibility="7")
    add(package, "citations", **row, source="letter", locator="p. 1")
    add(package, "citations", file="updates", key="qaa-troops/2025-03-09", source="letter", locator="p. 1")
    add(package, "citations", file="pledges", key="qaa-troops", source="letter", locator="p. 1")
    assert problems(package) == [
        "citations.csv, row 2, column credibility: 7 is not between 1 and 6.",
        "citations.csv, row 5, column file: “pledges” is not one of: summits, participations, updates, positions, "
        "condition_states, claims, requirements.",
        "citations.csv, row 3, column source: The row does not cite this source.",
        "citations.csv, row 4, column key: There is no such row in updates.csv: “qaa-troops/2025-03-09”.",
    ]


def test_all_problems_are_reported_at_once(package):
    put(package, "states", 2, kind="group")
    put(package, "sources", 3, kind="paper", language="")
    put(package, "updates", 3, date="yesterday")
    (package / "groups.csv").unlink()
    assert [line.split(":")[0] for line in problems(package)] == [
        "states.csv, row 2, column kind",
        "groups.csv",
        "sources.csv, row 3, column language",
        "sources.csv, row 3, column kind",
        "updates.csv, row 3, column date",
    ]


def test_no_more_than_two_hundred_problems_are_listed(package):
    for number in range(250):
        add(package, "groups", code=f"G{number}", name="")
    outcome = load(package)
    lines = list(outcome.problems.lines())
    assert (outcome.problems.count, len(lines), lines[-1]) == (250, 201, "and 50 more problems")


def test_control_characters_are_written_out_in_messages(package):
    put(package, "updates", 3, date="\x1b[31m2025")
    put(package, "updates", 4, status="an\tounced")
    assert problems(package) == [
        "updates.csv, row 3, column date: The text holds the character U+001B, which is not allowed.",
        "updates.csv, row 4, column status: “anU+0009ounced” is not one of the codes. Is announced meant?",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "The description of the package cannot be read as JSON."),
        ("[]", "The description of the package cannot be read as JSON."),
        ("[" * 100_000, "The description of the package cannot be read as JSON."),
        (" " * 5_000_001, "The description of the package cannot be read as JSON."),
        ('{"changeset": []}', "The description of the package cannot be read as JSON."),
    ],
)
def test_a_description_that_is_no_json(package, text, expected):
    (package / "datapackage.json").write_text(text, encoding="utf-8")
    assert problems(package) == [f"datapackage.json: {expected}"]


@pytest.mark.parametrize(
    ("changeset", "expected"),
    [
        ({"published_at": "yesterday"}, "published_at: “yesterday” is not a moment in the form 2026-01-06T18:00:00Z."),
        (
            {"published_at": "2026-02-30T00:00:00Z"},
            "published_at: “2026-02-30T00:00:00Z” is not a moment in the form 2026-01-06T18:00:00Z.",
        ),
        ({"published_at": "2026-12-01T00:00:00Z"}, "published_at: This moment is still to come."),
        ({"title": 7}, "title: It is no text."),
        ({"title": "T" * 201}, "title: The text has 201 characters; at most 200 are possible."),
    ],
)
def test_a_description_that_asks_for_the_impossible(package, changeset, expected):
    (package / "datapackage.json").write_text(json.dumps({"changeset": changeset}), encoding="utf-8")
    assert problems(package) == [f"datapackage.json, column changeset.{expected}"]


# --- History: what an export brings along, damaged

ROW = {"pledge": "qab-training", "date": "2025-03-02", "status": "signalled", "instrument": "oral_statement"}
ROW |= {"bindingness": "not_stated", "attribution": "press", "area": "unspecified", "conditions_basis": "unconditional"}
ROW |= {"summary": "As first published.", "sources": "gazette-2"}

LINE = {"file": "updates", "key": "qab-training/2025-03-02", "id": "qab-training-2025-03-02", "kind": "corrected"}
LINE |= {"corrected_by": "qab-training-2025-03-02-2", "changeset": "1", "ended_by": "2"}
LINE |= {"known_from": "2025-06-01T00:00:00Z", "known_to": "2025-07-01T00:00:00Z", "row": json.dumps(ROW)}

OTHER = LINE | {"id": "qab-training-2025-03-02-3", "corrected_by": "qab-training-2025-03-02-4"}


@pytest.fixture
def history(package):
    """The small package with three changesets and one correction."""
    for number, month in enumerate(("06", "07", "08"), 1):
        add(package, "changesets", id=str(number), title=f"No. {number}", public_at=f"2025-{month}-01T00:00:00Z")
    origin = {"id": "qab-training-2025-03-02-2", "changeset": "2"}
    add(package, "provenance", file="updates", key="qab-training/2025-03-02", **origin)
    add(package, "corrections", **LINE)
    return package


def test_a_history_without_fault(history):
    assert load(history, dry_run=True).problems.count == 0


@pytest.mark.parametrize(
    ("cells", "column", "expected"),
    [
        (
            {"file": "pledges"},
            "file",
            "“pledges” is not one of: participations, updates, positions, condition_states, claims, requirements.",
        ),
        ({"kind": "changed"}, "kind", "“changed” is not one of: corrected, extended, retracted."),
        (
            {"kind": "retracted"},
            "corrected_by",
            "A corrected fact names the one in its place; a retracted one names none.",
        ),
        (
            {"corrected_by": ""},
            "corrected_by",
            "A corrected fact names the one in its place; a retracted one names none.",
        ),
        ({"changeset": "9"}, "changeset", "There is no changeset 9 in changesets.csv."),
        ({"known_from": "2025-06-02T00:00:00Z"}, "known_from", "Its changeset became public at 2025-06-01T00:00:00Z."),
        ({"key": "qab-training/2025-03-03"}, "key", "The row has another key: “qab-training/2025-03-02”."),
        ({"row": "[]"}, "row", "The cell is not a JSON object."),
        ({"row": "{"}, "row", "The cell is not a JSON object."),
        ({"row": '{"pledge": 7}'}, "row", "The row must be made of texts under the names of the file's columns."),
        ({"row": '{"plege": "x"}'}, "row", "The row must be made of texts under the names of the file's columns."),
        (
            {"row": json.dumps(ROW | {"citations": []})},
            "row",
            "Under “citations”, each source has its locator and its credibility.",
        ),
        (
            {"row": json.dumps(ROW | {"status": "suspend"})},
            "row: status",
            "“suspend” is not one of the codes. Is suspended meant?",
        ),
        (
            {"row": json.dumps(ROW | {"sources": "none"})},
            "row: sources",
            "“none” is neither in sources.csv nor on record.",
        ),
        (
            {"id": "qab-training-2025-03-02-2"},
            "id",
            "The id qab-training-2025-03-02-2 belongs to a fact that is still on record.",
        ),
        ({"corrected_by": "nobody"}, "corrected_by", "There is no fact with the id “nobody” in updates.csv."),
        (
            {"ended_by": "3", "known_to": "2025-08-01T00:00:00Z"},
            "ended_by",
            "The fact in its place came with changeset 2.",
        ),
    ],
)
def test_a_correction_that_cannot_be(history, cells, column, expected):
    put(history, "corrections", 2, **cells)
    assert f"corrections.csv, row 2, column {column}: {expected}" in problems(history)


def test_what_ends_a_fact_comes_after_it(history):
    put(history, "corrections", 2, changeset="2", known_from="2025-07-01T00:00:00Z")
    assert problems(history) == ["corrections.csv, row 2, column known_to: What ends a fact is published after it."]


def test_a_circle_of_corrections(history):
    add(history, "corrections", **OTHER)
    add(history, "corrections", **OTHER | {"id": OTHER["corrected_by"], "corrected_by": OTHER["id"]})
    circle = "qab-training-2025-03-02-3 → qab-training-2025-03-02-4 → qab-training-2025-03-02-3"
    assert f"corrections.csv, row 3, column corrected_by: The corrections run in a circle: {circle}." in problems(
        history
    )


def test_a_correction_of_itself(history):
    put(history, "corrections", 2, corrected_by=LINE["id"])
    circle = "qab-training-2025-03-02 → qab-training-2025-03-02"
    assert f"corrections.csv, row 2, column corrected_by: The corrections run in a circle: {circle}." in problems(
        history
    )


def test_two_facts_corrected_by_one(history):
    add(history, "corrections", **LINE | {"id": "qab-training-2025-03-02-3"})
    expected = "corrections.csv, row 3, column corrected_by: It stands in the place of the fact in row 2 already."
    assert problems(history)[0] == expected


@pytest.mark.parametrize(
    ("row", "cells", "expected"),
    [
        (3, {"id": "5"}, "row 3, column id: Changesets are numbered 1, 2, 3 … in their order."),
        (4, {"public_at": "2025-06-15T00:00:00Z"}, "row 4, column public_at: A later changeset became public later."),
        (4, {"public_at": "2027-01-01T00:00:00Z"}, "row 4, column public_at: This moment is still to come."),
        (4, {"summit": "nowhere"}, "row 4, column summit: “nowhere” is neither in summits.csv nor on record."),
    ],
)
def test_changesets_that_cannot_be(history, row, cells, expected):
    put(history, "changesets", row, **cells)
    assert problems(history) == [f"changesets.csv, {expected}"]


def test_a_changeset_with_a_spoilt_cell(history):
    put(history, "changesets", 4, public_at="soon")
    assert problems(history) == [
        "changesets.csv, row 4, column public_at: “soon” is not a moment in the form 2026-01-06T18:00:00Z."
    ]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (
            {"file": "sources", "key": "letter", "changeset": "2"},
            "column file: This file has no rows that changesets bring.",
        ),
        (
            {"file": "claims", "key": "none", "changeset": "2"},
            "column key: There is no such row in claims.csv: “none”.",
        ),
        (
            {"file": "claims", "key": "two-states", "changeset": "4"},
            "column changeset: There is no changeset 4 in changesets.csv.",
        ),
        (
            {"file": "updates", "key": "qaa-troops/2025-04-01", "id": "qab-training-2025-03-02-2", "changeset": "2"},
            "column id: The id qab-training-2025-03-02-2 stands in row 2 already.",
        ),
    ],
)
def test_provenance_that_cannot_be(history, cells, expected):
    add(history, "provenance", **cells)
    assert problems(history) == [f"provenance.csv, row 3, {expected}"]


def test_the_ladder_holds_at_every_time_of_the_history(history):
    put(history, "corrections", 2, row=json.dumps(ROW | {"status": "withdrawn"}))
    assert problems(history) == [
        "corrections.csv, row 2, column status: qab-training-2025-03-02 (Withdrawn) needs an earlier pledge, and none "
        "is on record before it."
    ]


def test_a_fact_of_the_history_is_not_dated_after_its_changeset(history):
    put(history, "updates", 4, date="2025-07-02")
    put(history, "provenance", 2, key="qab-training/2025-07-02")
    assert problems(history) == [
        "updates.csv, row 4, column date: 2025-07-02 is after the day of publication, 2025-07-01."
    ]
