"""States are called by their names in the reader's language."""

import csv
from pathlib import Path

import pytest
from django.utils.translation import override

from guarantees.names import localised_group_name, localised_state_name

DATA = Path(__file__).parent.parent / "guarantees" / "data" / "states.csv"


@pytest.mark.parametrize(
    ("code", "fallback", "language", "name"),
    [
        ("TUR", "Türkiye", "en", "Türkiye"),
        ("TUR", "Türkiye", "de", "Türkei"),
        ("CZE", "Czechia", "de", "Tschechien"),
        ("USA", "United States", "de", "Vereinigte Staaten"),
        ("EU", "European Union", "de", "Europäische Union"),
        ("UN", "United Nations", "de", "Vereinte Nationen"),
        ("NATO", "NATO", "de", "NATO"),
    ],
)
def test_names_come_in_the_readers_language(code: str, fallback: str, language: str, name: str) -> None:
    assert localised_state_name(code, fallback, language) == name


def test_what_cldr_lacks_keeps_the_name_on_record() -> None:
    assert localised_state_name("XYZ", "A new state", "de") == "A new state"


def test_the_english_names_of_the_record_are_those_of_cldr() -> None:
    with DATA.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    other = {
        (row["name"], localised_state_name(row["code"], "", "en"))
        for row in rows
        if localised_state_name(row["code"], row["name"], "en") != row["name"]
    }

    assert other == set()


def test_groups_of_states_have_german_names_and_an_unknown_one_keeps_its_own() -> None:
    with override("de"):
        assert localised_group_name("Group of Seven") == "Gruppe der Sieben"
        assert localised_group_name("A new group") == "A new group"
    assert localised_group_name("Group of Seven") == "Group of Seven"
