"""A changeset is undone by another one, an earlier version of a row comes back; nothing public is deleted."""

from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guarantees import ledger
from guarantees.editing import changesets, facts, references, reversal
from guarantees.editing import history as histories
from guarantees.editing.errors import Forbidden, Refused, Stale
from guarantees.models import Changeset, LedgerEntry, PledgeMerge, PledgeUpdate, Retraction, SourceMerge
from guarantees.queries import history as history_queries
from tests.factories import (
    FACT_FACTORIES,
    ChangesetFactory,
    PledgeFactory,
    SourceFactory,
    StateFactory,
    SummitFactory,
    UpdateFactory,
    UserFactory,
    day,
    editor,
    moment,
    publish,
    reviewer,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna() -> User:
    return editor(username="anna")


def public(fact: Any, at: str = "2025-09-05") -> Any:
    publish(fact.changeset, at=moment(at))
    fact.refresh_from_db()
    return fact


def reverted(by: User, changeset: Changeset) -> reversal.Reversal:
    return reversal.revert(by=by, changeset=changeset, reason="It was a mistake.")


# --- Revert


@pytest.mark.parametrize("factory", FACT_FACTORIES)
def test_a_fact_that_was_added_is_retracted(anna: User, factory: Any):
    fact = public(factory())
    outcome = reverted(anna, fact.changeset)
    undoing = outcome.changeset
    assert (undoing.reverts, undoing.state, outcome.left_out) == (fact.changeset, "draft", [])
    assert [(retraction.fact, retraction.reason) for retraction in undoing.retractions.all()] == [
        (fact, "It was a mistake.")
    ]
    assert [*undoing.authors.all()] == [anna]


def test_a_correction_is_corrected_back_with_the_earlier_values_and_sources(anna: User):
    source = SourceFactory()
    first = public(UpdateFactory(summary="As it was.", cited=[source]))
    changeset = ChangesetFactory()
    second = facts.correct(
        by=anna, changeset=changeset, fact=first, values={"summary": "Wrong."}, sources=[SourceFactory()]
    )
    publish(changeset, at=moment("2025-09-06"))
    back = PledgeUpdate.objects.get(changeset=reverted(anna, changeset).changeset)
    assert (back.corrects, back.summary, back.correction_kind) == (second, "As it was.", "corrected")
    assert [*back.sources.all()] == [source]
    assert back.public_id not in (first.public_id, second.public_id)


def test_what_was_retracted_is_added_again_under_a_new_id(anna: User):
    fact = public(UpdateFactory(summary="It was said."))
    changeset = ChangesetFactory()
    facts.retract(by=anna, changeset=changeset, fact=fact, reason="Never said.")
    publish(changeset, at=moment("2025-09-06"))
    back = PledgeUpdate.objects.get(changeset=reverted(anna, changeset).changeset)
    assert (back.corrects, back.summary, back.pledge) == (None, "It was said.", fact.pledge)
    assert back.public_id != fact.public_id


def test_merges_are_dissolved(anna: User):
    changeset = ChangesetFactory()
    kept, merged = PledgeFactory(), PledgeFactory()
    PledgeMerge.objects.create(changeset=changeset, pledge=merged, into=kept)
    SourceMerge.objects.create(changeset=changeset, source=SourceFactory(public_id="double"), into=SourceFactory())
    publish(changeset, at=moment("2025-09-06"))
    undoing = reverted(anna, changeset).changeset
    assert [*undoing.pledge_merges.values_list("pledge", "into")] == [(merged.pk, None)]
    assert [*undoing.source_merges.values_list("source__public_id", "into")] == [("double", None)]


def test_what_has_changed_since_is_left_and_named(anna: User):
    changeset = ChangesetFactory()
    stays, goes = UpdateFactory(changeset=changeset), UpdateFactory(changeset=changeset)
    publish(changeset, at=moment("2025-09-05"))
    later = ChangesetFactory()
    facts.correct(by=anna, changeset=later, fact=stays, values={"summary": "Right."}, sources=[SourceFactory()])
    publish(later, at=moment("2025-09-06"))
    outcome = reverted(anna, changeset)
    assert outcome.left_out == [stays.public_id]
    assert [retraction.fact for retraction in outcome.changeset.retractions.all()] == [goes]


def test_nothing_is_drafted_where_all_has_changed_since(anna: User):
    fact = public(UpdateFactory())
    later = ChangesetFactory()
    facts.retract(by=anna, changeset=later, fact=fact, reason="Never said.")
    publish(later, at=moment("2025-09-06"))
    with pytest.raises(Refused, match="nothing left to undo") as refused:
        reverted(anna, fact.changeset)
    assert refused.value.problems == [fact.public_id]
    assert not Changeset.objects.filter(reverts__isnull=False).exists()


def test_an_open_revert_is_given_again_and_a_public_one_is_final(anna: User):
    fact = public(UpdateFactory())
    first = reverted(anna, fact.changeset)
    assert reverted(anna, fact.changeset).changeset == first.changeset
    changesets.withdraw(by=anna, changeset=first.changeset)
    second = reverted(anna, fact.changeset).changeset
    assert second != first.changeset
    publish(second, at=moment("2025-09-07"))
    with pytest.raises(Refused, match="has been reverted already"):
        reverted(anna, fact.changeset)


def test_only_editors_revert_and_only_what_is_public(anna: User):
    draft = UpdateFactory()
    with pytest.raises(Refused, match="Only a public changeset is reverted"):
        reverted(anna, draft.changeset)
    with pytest.raises(Forbidden):
        reverted(UserFactory(), public(draft).changeset)


deeds = st.lists(
    st.tuples(st.sampled_from(["correct", "retract", "add"]), st.integers(0, 3), st.integers(0, 2)),
    min_size=1,
    max_size=5,
)


@given(deeds)
@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_revert_brings_back_the_terms_that_were_in_force(what: list[tuple[str, int, int]]):
    base = ChangesetFactory()
    pledges = [PledgeFactory(changeset=base) for _n in range(2)]
    dates = [day("2025-09-01"), day("2025-09-03")]
    known = [UpdateFactory(pledge=pledge, date=date, changeset=base) for pledge in pledges for date in dates]
    with time_machine.travel(moment("2026-03-12T12:00:00"), tick=False):
        author, judge = editor(), reviewer()
        publish(base, at=moment("2025-09-05"))
        for pledge in pledges:
            pledge.refresh_from_db()
        before = terms(pledges)
        changeset = ChangesetFactory()
        ended: set[int] = set()
        added: set[Any] = set()
        for deed, target, value in what:
            fact = known[target]
            date = day(f"2025-10-0{value + 1}")
            if deed == "add":
                if (target % 2, date) not in added:
                    added.add((target % 2, date))
                    values = {"date": date, "status": "committed", "summary": "Said again."}
                    facts.add_update(
                        by=author,
                        changeset=changeset,
                        pledge=pledges[target % 2],
                        values=values,
                        sources=[SourceFactory()],
                    )
            elif fact.pk not in ended:
                ended.add(fact.pk)
                if deed == "retract":
                    facts.retract(by=author, changeset=changeset, fact=fact, reason="Never said.")
                else:
                    status = ["signalled", "committed", "under_way"][value]
                    facts.correct(
                        by=author, changeset=changeset, fact=fact, values={"status": status}, sources=[SourceFactory()]
                    )
        approved(author, judge, changeset)
    with time_machine.travel(moment("2026-03-12T13:00:00"), tick=False):
        undoing = reverted(author, changeset).changeset
        approved(author, judge, undoing)
    with time_machine.travel(moment("2026-03-12T14:00:00"), tick=False):
        assert terms(pledges) == before
        assert ledger.differing() == []


def approved(author: User, judge: User, changeset: Changeset) -> None:
    changesets.submit(by=author, changeset=changeset)
    changeset.refresh_from_db()
    reasons = {
        changesets.reason_name(pk, verdict.rule): "For a test."
        for pk, verdict in changesets.examine(changeset, moment("2026-03-12T15:00:00")).warnings
    }
    changesets.approve(by=judge, changeset=changeset, seen=changesets.digest(changeset), reasons=reasons)


def terms(pledges: list[Any]) -> list[Any]:
    entries = LedgerEntry.objects.filter(pledge__in=pledges, known__upper_inf=True).order_by("pledge", "effective")
    return [(e.pledge_id, e.effective, e.status, e.rank, e.instrument, e.unit, e.conditions, e.area) for e in entries]


# --- Restore


def renamed(by: User, row: Any, title: str) -> None:
    row.refresh_from_db()
    references.edit_pledge(by=by, pledge=row, version=row.version, seen="", title=title)


def test_the_first_version_of_a_row_is_kept_and_comes_back(anna: User):
    pledge = PledgeFactory(title="French troops")
    publish(pledge.changeset, at=moment("2025-09-05"))
    renamed(anna, pledge, "Troops of France")
    first, second = history_queries.edits(pledge)
    assert (first.label, first.version, first.who) == ("first", 1, "")
    assert (second.version, second.who) == (2, "anna")
    (change,) = second.changes
    assert change.label == "Title"
    assert [(part.mark, part.text) for part in change.later] == [("ins", "Troops of France")]
    pledge.refresh_from_db()
    otto = editor(username="otto")
    back = histories.restore(by=otto, row=pledge, event=first.event, version=2)
    assert (back.title, back.version) == ("French troops", 3)
    assert [edit.who for edit in history_queries.edits(back)] == ["", "anna", "otto"]


def test_a_version_is_brought_back_only_over_what_was_seen(anna: User):
    pledge = PledgeFactory(title="French troops")
    publish(pledge.changeset, at=moment("2025-09-05"))
    renamed(anna, pledge, "Troops of France")
    first = history_queries.edits(pledge)[0]
    renamed(anna, pledge, "Troops from France")
    with pytest.raises(Stale):
        histories.restore(by=anna, row=pledge, event=first.event, version=2)
    with pytest.raises(Forbidden):
        histories.restore(by=UserFactory(), row=pledge, event=first.event, version=3)
    other = PledgeFactory(title="Another")
    with pytest.raises(Refused, match="no such version"):
        histories.restore(by=anna, row=other, event=first.event, version=1)
    pledge.refresh_from_db()
    assert pledge.title == "Troops from France"


def test_what_reads_like_that_already_is_not_written_again(anna: User):
    state = StateFactory(name="Freedonia")
    event = state.events.get()
    with pytest.raises(Refused, match="reads like that already"):
        histories.restore(by=anna, row=state, event=event.pgh_id, version=1)


def test_every_column_of_a_summit_but_its_name_in_addresses_comes_back(anna: User):
    summit = SummitFactory()
    assert histories.restorable(summit) == [
        "title",
        "kind",
        "start_date",
        "end_date",
        "city",
        "country",
        "format",
        "reported_participants",
        "participants_note",
        "summary",
    ]


# --- Deleting


@pytest.mark.parametrize("factory", FACT_FACTORIES)
def test_only_drafts_are_deleted(anna: User, factory: Any):
    fact = public(factory())
    Changeset.objects.filter(pk=fact.changeset_id).update(state="draft", approved_at=None, goes_public_at=None)
    with pytest.raises(Refused, match="never deleted"):
        facts.delete(by=anna, fact=fact)
    draft = factory()
    facts.delete(by=anna, fact=draft)
    assert [*type(fact).objects.all()] == [fact]
    assert not Retraction.objects.exists()
