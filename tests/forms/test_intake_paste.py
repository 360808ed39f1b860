"""Rows pasted from a spreadsheet: what is read, and what is said of every cell that cannot be."""

import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from guarantees.editing.intake import LineProblem, PastedRow, fill
from guarantees.forms.intake import COLUMNS, read_rows
from guarantees.models import State
from guarantees.vocabulary import Category, Status, Unit
from tests.factories import ChangesetFactory, StateFactory, SummitFactory, editor

FREEDONIA, SYLVANIA = State(pk=1, code="QFA", name="Freedonia"), State(pk=2, code="QSY", name="Sylvania")
STATES = {"freedonia": [FREEDONIA], "qfa": [FREEDONIA], "qsy": [SYLVANIA], "duck": [FREEDONIA, SYLVANIA]}
LABELS = {
    "category": ", ".join(str(term.label) for term in Category),
    "status": ", ".join(str(term.label) for term in Status),
    "unit": ", ".join(str(term.label) for term in Unit),
}

cells = st.one_of(
    st.sampled_from(["freedonia", "QFA", "duck", "troops", "announced", "5,000", "ships", "", " ", '"', "\0", "State"]),
    st.text(max_size=20),
)
# Without a source: those are looked up on record.
lines = st.lists(cells, max_size=7).map("\t".join)


@given(st.lists(lines, max_size=6).map("\n".join))
def test_whatever_is_pasted_gives_rows_or_problems_that_name_their_cell(text: str):
    rows, problems = read_rows(text, STATES) if text.count("\t") < 7 else ([], [])
    assert all(isinstance(row, PastedRow) for row in rows)
    numbers = range(1, len(text.splitlines()) + 1)
    assert [problem for problem in problems if problem.line not in numbers or not problem.text] == []
    assert {problem.column for problem in problems} <= {"", *COLUMNS}


@given(
    category=st.sampled_from(Category),
    status=st.sampled_from(Status),
    numbers=st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)),
    unit=st.sampled_from(Unit),
    summary=st.text("abc äß–?", min_size=1).filter(str.strip),
)
def test_what_is_written_in_codes_is_read_back(
    category: Category, status: Status, numbers: tuple[int, int], unit: Unit, summary: str
):
    line = ["qfa", category.value, status.value, str(numbers[0]), f"{numbers[1]:,}", unit.value, summary]
    rows, problems = read_rows("\t".join(line), STATES)
    values = {
        "status": status.value,
        "quantity_min": numbers[0],
        "quantity_max": numbers[1],
        "unit": unit.value,
        "summary": summary.strip(),
    }
    assert (rows, problems) == ([PastedRow(1, FREEDONIA, category.value, values)], [])


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (
            "Nowhere\ttroops",
            (
                "state",
                "“Nowhere” is no state on record; accepted: its English, German or other names, or its code.",
            ),
        ),
        ("duck\ttroops", ("state", "“duck” can be several states: QFA, QSY.")),
        ("\ttroops", ("state", "This cell is empty.")),
        ("qfa", ("category", "This cell is empty.")),
        ("qfa\tsoldiers", ("category", f"“soldiers” is not known; accepted: {LABELS['category']}.")),
        ("qfa\ttroops\tpromised", ("status", f"“promised” is not known; accepted: {LABELS['status']}.")),
        ("qfa\ttroops\t\tmany", ("quantity_min", "“many” is not a whole number, such as 5000 or 5,000.")),
        ("qfa\ttroops\t\t\t1.5", ("quantity_max", "“1.5” is not a whole number, such as 5000 or 5,000.")),
        ("qfa\ttroops\t\t\t\ttons", ("unit", f"“tons” is not known; accepted: {LABELS['unit']}.")),
        ("qfa\ttroops" + "\t" * 8 + "more", ("", "This line has 10 columns; 8 are accepted.")),
    ],
)
def test_each_problem_names_line_column_value_and_what_is_accepted(line: str, problem: tuple[str, str]):
    rows, problems = read_rows(f"\n{line}", STATES)
    assert (rows, problems) == ([], [LineProblem(2, *problem)])


def test_a_second_line_about_the_same_is_a_problem():
    _rows, problems = read_rows("qfa\ttroops\nFreedonia\tTroops", STATES)
    assert problems == [LineProblem(2, "category", "The same state and category stand in line 1 already.")]


def test_headings_empty_lines_and_quotation_marks_are_passed_over():
    rows, problems = read_rows('State\tCategory\r\n\t\t\r\n"qfa"\t"troops"\r\n', STATES)
    assert (rows, problems) == ([PastedRow(3, FREEDONIA, "troops")], [])


def test_five_hundred_lines_are_read_in_no_time_and_without_a_query():
    states = {f"q{number}": [State(pk=number, code=f"Q{number}", name="")] for number in range(500)}
    text = "\n".join(f"q{number}\ttroops\tannounced\t1\t2\tships\tIt will." for number in range(500))
    began = time.monotonic()
    rows, problems = read_rows(text, states)
    assert (len(rows), problems) == (500, [])
    assert time.monotonic() - began < 3


@pytest.mark.django_db
def test_a_line_of_a_new_pledge_costs_as_many_queries_as_any_other():
    anna, changeset = editor(), ChangesetFactory()
    changeset.summit = SummitFactory(changeset=changeset)
    changeset.save()
    costs = []
    for number in (2, 4):
        rows = [PastedRow(n, StateFactory(), "troops", {"status": "announced"}) for n in range(number)]
        with CaptureQueriesContext(connection) as asked:
            fill(by=anna, changeset=changeset, rows=rows)
        costs.append(len(asked) / number)
    assert costs[1] <= costs[0]
