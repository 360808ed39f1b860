"""Drafts are added, edited and deleted; what is public is corrected or retracted."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import connection

from guarantees.editing import facts
from guarantees.editing.errors import Forbidden, Refused, Stale
from guarantees.editing.rows import fingerprint
from guarantees.models import Changeset, Participation, Pledge, PledgeUpdate, Position, Source, State
from guarantees.vocabulary import CorrectionKind
from tests.factories import (
    ChangesetFactory,
    PledgeFactory,
    PositionFactory,
    SourceFactory,
    StateFactory,
    SummitFactory,
    UpdateFactory,
    UserFactory,
    day,
    editor,
    moment,
    publish,
)

pytestmark = pytest.mark.django_db

SAID = {"date": day("2026-03-12"), "status": "announced", "summary": "It will."}


@pytest.fixture
def anna() -> User:
    return editor(username="anna")


@pytest.fixture
def changeset() -> Changeset:
    return ChangesetFactory()


def edited(by: User, fact: Any, version: int = 1, seen: str = "", **values: Any) -> Any:
    return facts.edit(by=by, fact=fact, version=version, seen=seen, values=values)


def errors_of(refused: pytest.ExceptionInfo[ValidationError]) -> dict[str, list[str]]:
    return refused.value.message_dict


# --- Adding


def test_an_update_is_added_to_a_pledge_with_its_sources(anna: User, changeset: Changeset):
    pledge = PledgeFactory(slug="fra-troops", changeset=changeset)
    source = SourceFactory()
    update = facts.add_update(by=anna, changeset=changeset, pledge=pledge, values=SAID, sources=[source])
    assert (update.public_id, update.known, update.version) == ("fra-troops-2026-03-12", None, 1)
    assert [*update.sources.all()] == [source]
    assert [*changeset.authors.all()] == [anna]


def test_new_pledges_are_named_by_state_and_category_and_numbered(anna: User, changeset: Changeset):
    finland = StateFactory(code="FIN")
    for title in ("Field hospital", "Convoys", "Convoys"):
        facts.add_update(by=anna, changeset=changeset, state=finland, category="air_policing", title=title, values=SAID)
    assert [*Pledge.objects.values_list("slug", "title")] == [
        ("fin-air-policing", "Field hospital"),
        ("fin-air-policing-2", "Convoys"),
    ]
    assert PledgeUpdate.objects.count() == 2


def test_a_new_pledge_needs_its_title(anna: User, changeset: Changeset):
    with pytest.raises(ValidationError) as refused:
        facts.add_update(by=anna, changeset=changeset, state=StateFactory(), category="troops", title=" ", values=SAID)
    assert errors_of(refused) == {"title": ["Please write something here."]}
    with pytest.raises(ValueError, match="needs its state"):
        facts.add_update(by=anna, changeset=changeset, values=SAID)


def test_a_pledge_that_another_changeset_drafts_is_not_used(anna: User, changeset: Changeset):
    with pytest.raises(ValidationError) as refused:
        facts.add_update(by=anna, changeset=changeset, pledge=PledgeFactory(), values=SAID)
    assert errors_of(refused) == {"pledge": ["This pledge belongs to another changeset that is not public yet."]}


def test_a_form_that_is_sent_twice_adds_once(anna: User, changeset: Changeset):
    pledge, state, summit = PledgeFactory(changeset=changeset), StateFactory(), SummitFactory()
    for _time in range(2):
        facts.add_update(by=anna, changeset=changeset, pledge=pledge, values=SAID)
        position = {"state": state, "date": day("2026-03-12"), "topic": "T", "summary": "S", "stance": "supports"}
        facts.add_position(by=anna, changeset=changeset, values=position | {"subject": "guarantees"})
        facts.add_participation(by=anna, changeset=changeset, values={"summit": summit, "state": state})
    counts = [model.objects.count() for model in (PledgeUpdate, Position, Participation)]
    assert counts == [1, 1, 1]


@pytest.mark.parametrize("where", ["in the same changeset", "on record"])
def test_a_second_update_of_the_day_is_refused_beside_the_date(anna: User, changeset: Changeset, where: str):
    first = UpdateFactory(changeset=changeset)
    if where == "on record":
        publish(changeset, at=moment("2026-03-01"))
        changeset = ChangesetFactory()
    values = SAID | {"date": first.date}
    with pytest.raises(ValidationError) as refused:
        facts.add_update(by=anna, changeset=changeset, pledge=Pledge.objects.get(), values=values)
    assert errors_of(refused) == {"date": [f"This is on record already: {first.public_id}."]}


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        (
            {"quantity_min": 7, "quantity_max": 5, "unit": "ships", "quantity_basis": "stated"},
            {"quantity_max": ["The highest number cannot be smaller than the lowest."]},
        ),
        (
            {"quantity_max": 5},
            {"unit": ["A number needs its unit and who gave it; without a number both stay empty."]},
        ),
        (
            {"conditions": ["ceasefire"]},
            {"conditions": ["Conditions are listed exactly where the basis says that conditions were stated."]},
        ),
        (
            {"conditions": ["ceasefire"], "conditions_basis": "stated", "conditions_lifted": ["ceasefire"]},
            {"conditions_lifted": ["A condition cannot be both named and lifted on one day."]},
        ),
        (
            {"status": "ruled_out", "conditions": ["ceasefire"], "conditions_basis": "stated"},
            {"conditions_basis": ["A refusal carries no conditions."]},
        ),
        ({"summary": "   "}, {"summary": ["This field cannot be blank."]}),
        ({"status": "promised"}, {"status": ["Value 'promised' is not a valid choice."]}),
        ({"wording": "Oui"}, {"wording_language": ["Original wording names its language."]}),
        (
            {"wording": "mot " * 41, "wording_language": "fr"},
            {"wording": ["Original wording is quoted in at most 40 words."]},
        ),
        (
            {"summary": "x" * 100_000},
            {"summary": ["This text has 100000 characters; at most 4000 are accepted."]},
        ),
        (
            {"summary": "a\x07b"},
            {
                "summary": [
                    "This text holds a character that is not allowed (U+0007): a control sign or a change of direction."
                ]
            },
        ),
    ],
)
def test_a_rule_is_said_beside_the_field_that_it_is_about(anna: User, changeset: Changeset, values: Any, errors: Any):
    pledge = PledgeFactory(changeset=changeset)
    with pytest.raises(ValidationError) as refused:
        facts.add_update(by=anna, changeset=changeset, pledge=pledge, values=SAID | values)
    assert errors_of(refused) == errors
    assert not PledgeUpdate.objects.exists()


def test_markup_is_kept_as_it_is_written(anna: User, changeset: Changeset):
    text = "<script>alert(1)</script> & “quoted”"
    pledge = PledgeFactory(changeset=changeset)
    update = facts.add_update(by=anna, changeset=changeset, pledge=pledge, values=SAID | {"summary": text})
    update.refresh_from_db()
    assert update.summary == text


def test_people_without_the_permission_add_nothing(changeset: Changeset):
    with pytest.raises(Forbidden):
        facts.add_position(by=UserFactory(), changeset=changeset, values={})
    assert not changeset.authors.exists()


# --- Editing


def test_editing_writes_what_was_given_and_nothing_else(anna: User):
    update = UpdateFactory(summary="Old.")
    written = edited(anna, update, summary="New words.")
    assert (written.summary, written.status, written.version) == ("New words.", "announced", 2)
    assert written.search_text == "new words."
    event = written.events.order_by("-pgh_id").first()  # type: ignore[attr-defined]
    assert (event.summary, event.pgh_context.metadata) == ("New words.", {"user": anna.pk})


def test_the_second_of_two_is_told_what_the_first_wrote(anna: User):
    update = UpdateFactory()
    seen = fingerprint(update, ["status"])
    edited(anna, update, seen=seen, status="committed")
    with pytest.raises(Stale) as stale:
        edited(editor(username="otto"), update, seen=seen, status="signalled")
    assert stale.value.current.status == "committed"  # type: ignore[attr-defined]
    assert (stale.value.who, stale.value.when is not None) == ("anna", True)
    update.refresh_from_db()
    assert (update.status, update.version) == ("committed", 2)


def test_two_people_edit_different_cells_of_a_row_without_colliding(anna: User):
    update = UpdateFactory()
    seen_area = fingerprint(update, ["area"])
    edited(anna, update, seen=fingerprint(update, ["status"]), status="committed")
    written = edited(editor(), update, seen=seen_area, area="ukraine")
    assert (written.status, written.area, written.version) == ("committed", "ukraine", 3)


def test_a_row_whose_history_is_not_known_is_stale_all_the_same(anna: User):
    update = UpdateFactory(version=4)
    with pytest.raises(Stale) as stale:
        edited(anna, update, version=3, status="committed")
    assert (stale.value.who, stale.value.when) == ("", None)


def test_the_id_of_a_draft_follows_its_date(anna: User):
    update = UpdateFactory(pledge__slug="fra-troops")
    assert edited(anna, update, date=day("2025-10-01")).public_id == "fra-troops-2025-10-01"
    update.refresh_from_db()
    assert (update.public_id, update.date) == ("fra-troops-2025-10-01", day("2025-10-01"))


def test_moving_a_draft_to_a_day_that_is_taken_is_refused(anna: User):
    first = UpdateFactory()
    second = UpdateFactory(pledge=first.pledge, changeset=first.changeset, date=day("2025-10-01"))
    with pytest.raises(ValidationError) as refused:
        edited(anna, second, date=first.date)
    assert errors_of(refused) == {"date": [f"This is on record already: {first.public_id}."]}
    second.refresh_from_db()
    assert (second.date, second.version) == (day("2025-10-01"), 1)


def test_rules_between_cells_hold_for_the_row_as_it_then_is(anna: User):
    update = UpdateFactory(conditions=["ceasefire"], conditions_basis="stated")
    with pytest.raises(ValidationError) as refused:
        edited(anna, update, status="ruled_out")
    assert errors_of(refused) == {"conditions_basis": ["A refusal carries no conditions."]}


def test_a_published_fact_is_not_edited(anna: User):
    update = UpdateFactory()
    publish(update.changeset, at=moment("2026-03-01"))
    with pytest.raises(Refused, match="cannot be changed now: it is approved"):
        edited(anna, update, status="committed")
    # Nor through a changeset that is open: the fact itself is not a draft.
    update.changeset = ChangesetFactory()
    with pytest.raises(Refused, match="deleted meanwhile"):
        edited(anna, update, status="committed")


def test_a_row_that_was_deleted_is_not_edited(anna: User):
    update = UpdateFactory()
    facts.delete(by=anna, fact=update)
    update.pk = 999_999
    with pytest.raises(Refused, match="deleted meanwhile"):
        edited(anna, update, status="committed")


# --- Deleting, citing


def test_deleting_the_only_update_of_a_new_pledge_deletes_the_pledge(anna: User):
    update = UpdateFactory()
    facts.delete(by=anna, fact=update)
    assert not PledgeUpdate.objects.exists()
    assert not Pledge.objects.exists()
    assert Source.objects.count() == 1


def test_deleting_one_of_two_keeps_the_pledge(anna: User):
    first = UpdateFactory()
    UpdateFactory(pledge=first.pledge, changeset=first.changeset, date=day("2025-10-01"))
    facts.delete(by=anna, fact=first)
    assert [*Pledge.objects.all()] == [first.pledge]


def test_deleting_twice_is_deleting_once(anna: User):
    position = PositionFactory()
    gone = Position.objects.get(pk=position.pk)
    facts.delete(by=anna, fact=position)
    facts.delete(by=anna, fact=gone)
    assert not Position.objects.exists()


def test_a_published_fact_is_not_deleted(anna: User):
    position = PositionFactory()
    publish(position.changeset, at=moment("2026-03-01"))
    position.changeset = ChangesetFactory()
    with pytest.raises(Refused, match="never deleted: it is retracted"):
        facts.delete(by=anna, fact=position)


def test_sources_are_put_on_a_draft_and_taken_off(anna: User):
    update = UpdateFactory(cited=[])
    source = SourceFactory()
    first = facts.cite(by=anna, fact=update, source=source, locator=" p. 3 ", credibility=2)
    assert (first.locator, first.credibility) == ("p. 3", 2)
    assert facts.cite(by=anna, fact=update, source=source) == first
    facts.uncite(by=anna, fact=update, source=source)
    assert not update.sources.exists()
    with pytest.raises(ValidationError) as refused:
        facts.cite(by=anna, fact=update, source=source, credibility=7)
    assert list(errors_of(refused)) == ["credibility"]


def test_the_sources_of_a_published_fact_stay(anna: User):
    update = UpdateFactory()
    publish(update.changeset, at=moment("2026-03-01"))
    update.changeset = ChangesetFactory()
    for write in (facts.cite, facts.uncite):
        with pytest.raises(Refused, match="is public, or has been deleted"):
            write(by=anna, fact=update, source=SourceFactory())  # type: ignore[operator]


# --- Correcting, retracting


def test_a_correction_carries_the_values_of_what_it_corrects(anna: User, changeset: Changeset):
    first = UpdateFactory(
        pledge__slug="fra-troops",
        public_id="fra-troops-2025-09-04",
        quantity_max=5000,
        unit="personnel",
        quantity_basis="reported",
    )
    publish(first.changeset, at=moment("2026-03-01"))
    source = SourceFactory()
    second = facts.correct(by=anna, changeset=changeset, fact=first, values={"quantity_max": 6000}, sources=[source])
    first.refresh_from_db()
    assert (second.public_id, second.corrects, second.correction_kind) == (
        "fra-troops-2025-09-04-2",
        first,
        "corrected",
    )
    assert (second.quantity_max, second.unit, second.date, second.known) == (6000, "personnel", first.date, None)
    assert (first.quantity_max, [*second.sources.all()]) == (5000, [source])
    again = facts.correct(by=anna, changeset=changeset, fact=first, values={"quantity_max": 6000}, sources=[source])
    assert again == second


def test_a_correction_may_extend(anna: User, changeset: Changeset):
    first = PositionFactory()
    publish(first.changeset, at=moment("2026-03-01"))
    second = facts.correct(
        by=anna,
        changeset=changeset,
        fact=first,
        values={"summary": "More."},
        sources=[],
        kind=CorrectionKind.EXTENDED,
    )
    assert (second.correction_kind, second.topic) == ("extended", first.topic)


def test_a_retraction_is_made_once_and_can_be_taken_out(anna: User, changeset: Changeset):
    position = PositionFactory()
    publish(position.changeset, at=moment("2026-03-01"))
    first = facts.retract(by=anna, changeset=changeset, fact=position, reason="Never said.")
    assert facts.retract(by=anna, changeset=changeset, fact=position, reason="Never.") == first
    assert (first.position, first.reason) == (position, "Never said.")
    facts.unretract(by=anna, retraction=first)
    assert not changeset.retractions.exists()


@pytest.mark.parametrize("deed", ["correct", "retract"])
def test_only_what_is_on_record_is_corrected_or_retracted(anna: User, changeset: Changeset, deed: str):
    draft = PositionFactory()
    with pytest.raises(Refused, match="is not part of the record"):
        if deed == "correct":
            facts.correct(by=anna, changeset=changeset, fact=draft, values={}, sources=[])
        else:
            facts.retract(by=anna, changeset=changeset, fact=draft, reason="Never said.")


# --- At the same time


@pytest.mark.django_db(transaction=True)
def test_of_two_who_save_at_the_same_moment_one_is_told():
    people = [editor(username="anna"), editor(username="otto")]
    update = UpdateFactory()
    seen = fingerprint(update, ["status"])

    def save(person: User, status: str) -> str:
        try:
            fresh = PledgeUpdate.objects.get(pk=update.pk)
            return str(edited(person, fresh, seen=seen, status=status).status)
        except Stale as stale:
            return f"stale: {stale.who}"
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(save, people, ["committed", "signalled"]))
    update.refresh_from_db()
    assert outcomes in (["committed", "stale: anna"], ["signalled", "stale: otto"])
    assert (update.status, update.version) == (outcomes[0], 2)


@pytest.mark.django_db(transaction=True)
def test_a_form_that_arrives_twice_at_the_same_moment_adds_once():
    anna = editor(username="anna")
    changeset = ChangesetFactory()
    finland = StateFactory(code="FIN")

    def add(_time: int) -> int:
        try:
            update = facts.add_update(
                by=anna,
                changeset=Changeset.objects.get(pk=changeset.pk),
                state=State.objects.get(pk=finland.pk),
                category="troops",
                title="Troops",
                values=SAID,
            )
            return update.pk
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(add, range(2))
    assert (first == second, PledgeUpdate.objects.count(), Pledge.objects.count()) == (True, 1, 1)
