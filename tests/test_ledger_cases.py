"""The carry rule on two real pledges, worked by hand from the bundled record: British and French ground troops."""

import csv
import datetime as dt
from pathlib import Path

import pytest

from guarantees.ledger import Said, Terms, carry, rectangles
from tests.factories import day, moment

UPDATES = Path(__file__).resolve().parent.parent / "guarantees" / "data" / "updates.csv"


def history(pledge: str) -> list[Said]:
    """The updates of a bundled pledge; the id of each is its day as a number: 20260106."""
    with UPDATES.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["pledge"] == pledge]
    return [
        Said(
            id=int(row["date"].replace("-", "")),
            public_id=f"{pledge}-{row['date']}",
            date=dt.date.fromisoformat(row["date"]),
            known_from=moment("2026-11-02"),
            known_to=None,
            status=row["status"],
            instrument=row["instrument"],
            bindingness=row["bindingness"],
            attribution=row["attribution"],
            quantity_min=int(row["quantity_min"]) if row["quantity_min"] else None,
            quantity_max=int(row["quantity_max"]) if row["quantity_max"] else None,
            unit=row["unit"],
            quantity_basis=row["quantity_basis"],
            area=row["area"],
            conditions=tuple(filter(None, row["conditions"].split(";"))),
            conditions_basis=row["conditions_basis"],
        )
        for row in rows
    ]


def in_force(pledge: str, on: str) -> Terms:
    terms: Terms | None = None
    for said in history(pledge):
        if said.date <= day(on):
            terms = carry(terms, said)
    assert terms is not None
    return terms


def waiting(terms: Terms) -> dict[str, int]:
    """What the pledge waits for, with the day of the update that set it."""
    return {condition.code: condition.set_by for condition in terms.conditions}


BRITAIN = {
    # Starmer's first words name a peace and the American guarantee.
    "2025-02-16": ("signalled", 20250216, None, {"peace_agreement": 20250216, "us_backstop": 20250216}),
    # "With allies" comes on top; nothing lifts the backstop.
    "2025-03-01": (
        "signalled",
        20250216,
        None,
        {"peace_agreement": 20250216, "us_backstop": 20250216, "allied_participation": 20250227},
    ),
    # The press speaks of a ceasefire and of 10,000: the number fills in, the condition does not.
    "2025-04-30": (
        "signalled",
        20250216,
        (10_000, 20250430),
        {"peace_agreement": 20250216, "us_backstop": 20250216, "allied_participation": 20250227},
    ),
    # London itself names the ceasefire: it replaces the peace agreement as the trigger.
    "2025-09-04": (
        "signalled",
        20250216,
        (10_000, 20250430),
        {"ceasefire": 20250710, "us_backstop": 20250216, "allied_participation": 20250227},
    ),
    # The declaration names both triggers; the peace agreement had been named in December.
    "2026-01-06": (
        "committed",
        20260106,
        (10_000, 20250430),
        {
            "ceasefire": 20260106,
            "peace_agreement": 20251216,
            "us_backstop": 20250216,
            "allied_participation": 20250227,
        },
    ),
    # The vote is promised; of the two triggers only the ceasefire is named again.
    "2026-01-07": (
        "committed",
        20260106,
        (10_000, 20250430),
        {
            "ceasefire": 20260106,
            "parliamentary_approval": 20260107,
            "us_backstop": 20250216,
            "allied_participation": 20250227,
        },
    ),
    # Reported numbers replace reported ones; peace is the trigger again; the vote stays due until it is held.
    "2026-02-26": (
        "committed",
        20260106,
        (5_000, 20260222),
        {
            "peace_agreement": 20260225,
            "parliamentary_approval": 20260107,
            "us_backstop": 20250216,
            "allied_participation": 20250227,
        },
    ),
}
FRANCE = {
    "2025-02-24": ("signalled", 20250224, None, {"peace_agreement": 20250224, "us_backstop": 20250224}),
    "2025-03-16": (
        "signalled",
        20250224,
        None,
        {
            "peace_agreement": 20250224,
            "us_backstop": 20250224,
            "allied_participation": 20250305,
            "ukrainian_request": 20250316,
        },
    ),
    # Announced after a ceasefire: the status begins a new run, the other conditions stay.
    "2025-09-04": (
        "announced",
        20250326,
        None,
        {
            "ceasefire": 20250326,
            "us_backstop": 20250224,
            "allied_participation": 20250305,
            "ukrainian_request": 20250316,
        },
    ),
    "2026-01-06": (
        "committed",
        20260106,
        None,
        {
            "ceasefire": 20260106,
            "peace_agreement": 20251125,
            "us_backstop": 20250224,
            "allied_participation": 20250305,
            "ukrainian_request": 20250316,
        },
    ),
    "2026-02-26": (
        "committed",
        20260106,
        (5_000, 20260222),
        {
            "ceasefire": 20260106,
            "peace_agreement": 20251125,
            "us_backstop": 20250224,
            "allied_participation": 20250305,
            "ukrainian_request": 20250316,
        },
    ),
}
CASES = [("gbr-troops", on, *case) for on, case in BRITAIN.items()]
CASES += [("fra-troops", on, *case) for on, case in FRANCE.items()]


@pytest.mark.parametrize(("pledge", "on", "status", "status_set_by", "number", "conditions"), CASES)
def test_the_terms_in_force(
    pledge: str,
    on: str,
    status: str,
    status_set_by: int,
    number: tuple[int, int] | None,
    conditions: dict[str, int],
):
    terms = in_force(pledge, on)
    assert (terms.status, terms.status_set_by) == (status, status_set_by)
    assert number == (None if terms.quantity is None else (terms.quantity.high, terms.quantity.set_by))
    assert waiting(terms) == conditions
    assert terms.place is not None
    assert terms.place.area == "ukraine"


@pytest.mark.parametrize("pledge", ["gbr-troops", "fra-troops"])
def test_the_declaration_of_6_january_2026_carries_both(pledge: str):
    terms = in_force(pledge, "2026-02-26")
    assert (terms.instrument, terms.bindingness) == ("declaration_of_intent", "political")


@pytest.mark.parametrize(("pledge", "updates"), [("gbr-troops", 17), ("fra-troops", 12)])
def test_one_rectangle_for_each_update(pledge: str, updates: int):
    entries = rectangles(history(pledge))
    assert [entry.effective_from for entry in entries] == [said.date for said in history(pledge)]
    assert len(entries) == updates
