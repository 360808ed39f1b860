"""The ledger: the carry rule on hand-worked cases, the ladder, posting and rebuilding.

The real cases follow the bundled record; their numbers are those of ``guarantees/data/updates.csv``.
"""

import datetime as dt
from typing import Any

import pytest
from django.db import connection

from guarantees import ledger
from guarantees.ledger import LadderViolation, Place, Quantity, Rectangle, Said, Terms, Waiting, carry, rectangles
from guarantees.models import LedgerEntry
from tests.factories import ChangesetFactory, PledgeFactory, UpdateFactory, day, moment, publish

KNOWN = moment("2026-01-01")


def said(number: int, date: str, status: str = "announced", **fields: Any) -> Said:
    return Said(
        number, f"u{number}", day(date), fields.pop("known", KNOWN), fields.pop("until", None), status, **fields
    )


def folded(*updates: Said) -> Terms:
    terms: Terms | None = None
    for update in updates:
        terms = carry(terms, update)
    assert terms is not None
    return terms


def number(low: int | None, high: int | None, basis: str = "stated", unit: str = "personnel") -> dict[str, Any]:
    return {"quantity_min": low, "quantity_max": high, "unit": unit, "quantity_basis": basis}


def waits(*codes: str, by: str = "by_self") -> dict[str, Any]:
    return {"conditions": codes, "conditions_basis": "stated", "attribution": by}


# --- the carry rule


def test_status_is_that_of_the_update_and_remembers_what_set_it():
    terms = folded(said(1, "2025-03-01", "signalled"), said(2, "2025-04-01"), said(3, "2025-05-01"))
    assert (terms.status, terms.status_set_by, terms.status_said_on) == ("announced", 2, day("2025-05-01"))
    assert terms.latest == 3


def test_instrument_is_that_of_the_first_update_of_the_unbroken_run():
    terms = folded(
        said(1, "2025-03-01", "announced", instrument="oral_statement"),
        said(2, "2026-01-06", "committed", instrument="declaration_of_intent", bindingness="political"),
        said(3, "2026-01-07", "committed", instrument="oral_statement"),
    )
    assert (terms.instrument, terms.bindingness, terms.status_set_by) == ("declaration_of_intent", "political", 2)


def test_a_run_that_was_broken_starts_anew():
    terms = folded(
        said(1, "2025-03-01", "announced", instrument="joint_statement"),
        said(2, "2025-04-01", "signalled", instrument="not_stated"),
        said(3, "2025-05-01", "announced", instrument="oral_statement"),
    )
    assert (terms.instrument, terms.status_set_by) == ("oral_statement", 3)


def test_a_reaffirmation_without_a_number_keeps_the_number():
    terms = folded(said(1, "2025-03-01", **number(100, 200)), said(2, "2025-04-01"))
    assert terms.quantity == Quantity(100, 200, "personnel", "stated", 1, day("2025-03-01"))


def test_the_same_number_said_again_keeps_its_setter_and_moves_the_day():
    terms = folded(said(1, "2025-03-01", **number(100, 200)), said(2, "2025-04-01", **number(100, 200)))
    assert terms.quantity == Quantity(100, 200, "personnel", "stated", 1, day("2025-04-01"))


@pytest.mark.parametrize(
    ("first", "second", "setter"),
    [("stated", "stated", 2), ("stated", "reported", 1), ("reported", "stated", 2), ("reported", "reported", 2)],
)
def test_a_stated_number_yields_only_to_a_stated_one(first: str, second: str, setter: int):
    terms = folded(said(1, "2025-03-01", **number(1, 1, first)), said(2, "2025-04-01", **number(2, 2, second)))
    assert terms.quantity is not None
    assert terms.quantity.set_by == setter


def test_a_number_in_another_unit_replaces_by_the_same_rule():
    terms = folded(
        said(1, "2025-03-01", **number(3000, 5000)),
        said(2, "2025-04-01", **number(1, 1, unit="brigades")),
        said(3, "2025-05-01", **number(9, 9, "reported")),
    )
    assert terms.quantity == Quantity(1, 1, "brigades", "stated", 2, day("2025-04-01"))


@pytest.mark.parametrize(
    ("speaker", "then", "area", "setter"),
    [
        ("by_self", "press", "ukraine", 1),
        ("by_chair", "by_other", "ukraine", 1),
        ("by_self", "by_self", "black_sea", 2),
        ("by_self", "by_chair", "black_sea", 2),
        ("press", "by_self", "black_sea", 2),
        ("press", "by_other", "black_sea", 2),
    ],
)
def test_the_states_word_on_the_area_yields_only_to_the_state(speaker: str, then: str, area: str, setter: int):
    terms = folded(
        said(1, "2025-03-01", area="ukraine", attribution=speaker),
        said(2, "2025-04-01", area="black_sea", attribution=then),
    )
    assert terms.place is not None
    assert (terms.place.area, terms.place.set_by) == (area, setter)


def test_an_unspecified_area_changes_nothing():
    terms = folded(said(1, "2025-03-01", area="ukraine"), said(2, "2025-04-01"))
    assert terms.place == Place("ukraine", True, 1, day("2025-03-01"))


def test_the_latest_trigger_replaces_the_earlier_one_and_other_conditions_stay():
    terms = folded(
        said(1, "2025-03-01", **waits("ceasefire", "us_backstop")), said(2, "2025-04-01", **waits("peace_agreement"))
    )
    assert terms.conditions == (
        Waiting("peace_agreement", 2, day("2025-04-01")),
        Waiting("us_backstop", 1, day("2025-03-01")),
    )


def test_conditions_without_a_trigger_leave_the_trigger_in_force():
    terms = folded(
        said(1, "2025-03-01", **waits("ceasefire")), said(2, "2025-04-01", **waits("parliamentary_approval"))
    )
    assert [waiting.code for waiting in terms.conditions] == ["ceasefire", "parliamentary_approval"]


def test_silence_changes_no_condition():
    terms = folded(said(1, "2025-03-01", **waits("ceasefire")), said(2, "2025-04-01"))
    assert terms.conditions == (Waiting("ceasefire", 1, day("2025-03-01")),)
    assert terms.conditions_basis == "stated"


def test_unconditional_clears_all_conditions():
    terms = folded(
        said(1, "2025-03-01", **waits("ceasefire", "us_backstop")),
        said(2, "2025-04-01", conditions_basis="unconditional"),
    )
    assert (terms.conditions, terms.conditions_basis, terms.basis_set_by) == ((), "unconditional", 2)


def test_a_lifted_condition_goes_and_the_rest_stays():
    terms = folded(
        said(1, "2025-03-01", **waits("ceasefire", "us_backstop")),
        said(2, "2025-04-01", conditions_lifted=("us_backstop",)),
    )
    assert [waiting.code for waiting in terms.conditions] == ["ceasefire"]


def test_when_all_conditions_are_lifted_they_count_as_stated_and_gone():
    terms = folded(
        said(1, "2025-03-01", **waits("us_backstop")), said(2, "2025-04-01", conditions_lifted=("us_backstop",))
    )
    assert (terms.conditions, terms.conditions_basis) == ((), "stated")


def test_what_others_say_fills_in_until_the_state_first_speaks_and_then_gives_way_entirely():
    press = said(1, "2025-03-01", **waits("us_backstop", "ceasefire", by="press"))
    assert [waiting.code for waiting in folded(press).conditions] == ["ceasefire", "us_backstop"]
    own = said(2, "2025-04-01", **waits("parliamentary_approval"))
    assert [waiting.code for waiting in folded(press, own).conditions] == ["parliamentary_approval"]
    later_press = said(3, "2025-05-01", **waits("un_mandate", by="by_other"))
    assert folded(press, own, later_press).conditions == folded(press, own).conditions


def test_a_condition_said_again_keeps_its_setter_and_moves_the_day():
    terms = folded(said(1, "2025-03-01", **waits("ceasefire")), said(2, "2025-04-01", **waits("ceasefire")))
    assert terms.conditions == (Waiting("ceasefire", 1, day("2025-04-01")),)


# --- the ladder


@pytest.mark.parametrize("status", ["withdrawn", "suspended", "lapsed"])
def test_an_end_needs_an_earlier_rung(status: str):
    with pytest.raises(LadderViolation) as error:
        rectangles([said(1, "2025-03-01", status)])
    assert (error.value.later, error.value.earlier) == ("u1", None)


def test_ruled_out_must_not_follow_a_rung():
    with pytest.raises(LadderViolation) as error:
        rectangles([said(1, "2025-03-01", "signalled"), said(2, "2025-04-01", "ruled_out")])
    assert (error.value.later, error.value.earlier) == ("u2", "u1")


def test_an_offer_after_a_refusal_is_history():
    entries = rectangles([said(1, "2025-03-01", "ruled_out"), said(2, "2025-04-01", "signalled")])
    assert [entry.terms.status for entry in entries] == ["ruled_out", "signalled"]


@pytest.mark.parametrize("status", ["withdrawn", "lapsed", "delivered"])
def test_after_a_final_status_only_the_same_may_follow(status: str):
    history = [said(1, "2025-03-01"), said(2, "2025-04-01", status), said(3, "2025-05-01", status)]
    assert [entry.terms.status for entry in rectangles(history)] == ["announced", status, status]
    with pytest.raises(LadderViolation) as error:
        rectangles([*history, said(4, "2025-06-01", "announced")])
    assert (error.value.later, error.value.earlier) == ("u4", "u3")
    assert "u4" in str(error.value)
    assert "u3" in str(error.value)


def test_a_suspended_pledge_may_come_back():
    entries = rectangles([said(1, "2025-03-01"), said(2, "2025-04-01", "suspended"), said(3, "2025-05-01")])
    assert [entry.terms.status for entry in entries] == ["announced", "suspended", "announced"]


def test_two_updates_of_one_day_are_refused():
    with pytest.raises(LadderViolation):
        rectangles([said(1, "2025-03-01"), said(2, "2025-03-01")])


def test_the_ladder_holds_for_every_interval_of_the_known_axis():
    """The offer that the withdrawal rests on is retracted: from then on the withdrawal stands alone."""
    offer = said(1, "2025-03-01", until=moment("2026-02-01"))
    with pytest.raises(LadderViolation) as error:
        rectangles([offer, said(2, "2025-04-01", "withdrawn")])
    assert error.value.later == "u2"


# --- rectangles


def spans(entries: list[Rectangle]) -> list[tuple[str, str | None, str, str | None, int]]:
    def text(value: dt.date | None) -> str | None:
        return None if value is None else value.isoformat()[:10]

    return [
        (str(text(e.effective_from)), text(e.effective_to), str(text(e.known_from)), text(e.known_to), e.terms.latest)
        for e in entries
    ]


def test_each_result_is_in_force_until_the_day_of_the_next():
    assert spans(rectangles([said(2, "2025-04-01"), said(1, "2025-03-01")])) == [
        ("2025-03-01", "2025-04-01", "2026-01-01", None, 1),
        ("2025-04-01", None, "2026-01-01", None, 2),
    ]


def test_a_correction_changes_what_was_in_force_but_not_what_was_known_before_it():
    wrong = said(1, "2025-03-01", "signalled", until=moment("2026-02-01"))
    right = said(2, "2025-03-05", "announced", known=moment("2026-02-01"))
    assert spans(rectangles([wrong, right])) == [
        ("2025-03-01", None, "2026-01-01", "2026-02-01", 1),
        ("2025-03-05", None, "2026-02-01", None, 2),
    ]


def test_neighbours_with_equal_terms_merge_along_the_known_axis():
    """A later update becomes known: the terms before it are cut at its day, everything else stays one rectangle."""
    history = [said(1, "2025-03-01"), said(2, "2025-04-01"), said(3, "2025-06-01", known=moment("2026-02-01"))]
    assert spans(rectangles(history)) == [
        ("2025-03-01", "2025-04-01", "2026-01-01", None, 1),
        ("2025-04-01", None, "2026-01-01", "2026-02-01", 2),
        ("2025-04-01", "2025-06-01", "2026-02-01", None, 2),
        ("2025-06-01", None, "2026-02-01", None, 3),
    ]


def test_no_facts_give_no_rectangles():
    assert rectangles([]) == []


# --- the table


@pytest.mark.django_db
def test_posting_writes_every_term_with_the_update_that_set_it():
    update = UpdateFactory(
        date=day("2025-09-04"),
        area="ukraine",
        instrument="oral_statement",
        **number(None, 5000, "reported"),
        conditions=["ceasefire", "us_backstop"],
        conditions_basis="stated",
    )
    publish(update.changeset, at=moment("2025-09-05"))
    stored = LedgerEntry.objects.values().get()
    del stored["id"]
    effective, known = stored.pop("effective"), stored.pop("known")
    assert (effective.lower, effective.upper) == (day("2025-09-04"), None)
    assert (known.lower, known.upper) == (moment("2025-09-05"), None)
    assert stored == {
        "pledge_id": update.pledge_id,
        "state_id": update.pledge.state_id,
        "category": "troops",
        "latest_update_id": update.pk,
        "summit_id": None,
        "status": "announced",
        "rank": 20,
        "status_set_by_id": update.pk,
        "status_said_on": day("2025-09-04"),
        "instrument": "oral_statement",
        "bindingness": "not_stated",
        "quantity_min": None,
        "quantity_max": 5000,
        "unit": "personnel",
        "quantity_basis": "reported",
        "quantity_set_by_id": update.pk,
        "quantity_said_on": day("2025-09-04"),
        "area": "ukraine",
        "area_set_by_id": update.pk,
        "area_said_on": day("2025-09-04"),
        "conditions": ["ceasefire", "us_backstop"],
        "condition_set_by": [update.pk, update.pk],
        "condition_said_on": [day("2025-09-04"), day("2025-09-04")],
        "conditions_basis": "stated",
        "basis_set_by_id": update.pk,
    }
    assert ledger.differing() == []


@pytest.mark.django_db
def test_posting_a_broken_ladder_leaves_the_ledger_as_it_was():
    pledge = PledgeFactory()
    first = UpdateFactory(pledge=pledge, changeset=pledge.changeset, status="delivered", date=day("2025-03-01"))
    publish(pledge.changeset, at=moment("2025-03-02"))
    second = UpdateFactory(pledge=pledge, changeset=ChangesetFactory(), date=day("2025-04-01"))
    with pytest.raises(LadderViolation):
        publish(second.changeset, at=moment("2025-04-02"))
    assert list(LedgerEntry.objects.values_list("latest_update", flat=True)) == [first.pk]


@pytest.mark.django_db
def test_a_rebuild_makes_the_same_table_and_reports_its_progress():
    for _ in range(3):
        update = UpdateFactory()
        publish(update.changeset, at=moment("2025-09-05"))
    before = list(LedgerEntry.objects.order_by("pledge").values_list(*ledger._COLUMNS))
    steps: list[tuple[int, int]] = []
    assert ledger.rebuild(progress=lambda done, of: steps.append((done, of))) == 3
    assert list(LedgerEntry.objects.order_by("pledge").values_list(*ledger._COLUMNS)) == before
    assert steps == [(3, 3)]


@pytest.mark.django_db
def test_differences_between_table_and_facts_are_named():
    wrong, missing, fine = (UpdateFactory() for _ in range(3))
    for update in (wrong, missing, fine):
        publish(update.changeset, at=moment("2025-09-05"))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE guarantees_ledgerentry SET rank = 30 WHERE pledge_id = %s", [wrong.pledge_id])
        cursor.execute("DELETE FROM guarantees_ledgerentry WHERE pledge_id = %s", [missing.pledge_id])
    assert ledger.differing() == sorted([wrong.pledge.slug, missing.pledge.slug])


@pytest.mark.django_db
def test_work_done_in_chunks_is_the_same(monkeypatch: pytest.MonkeyPatch):
    for _ in range(3):
        publish(UpdateFactory().changeset, at=moment("2025-09-05"))
    monkeypatch.setattr(ledger, "CHUNK", 2)
    assert ledger.rebuild() == 3
    assert ledger.differing() == []
