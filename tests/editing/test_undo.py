"""An undo puts back what stood in a draft before it was saved: once, by whom it may, never over somebody's change."""

from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core import signing

from guarantees.editing import facts, undo
from guarantees.editing.errors import Forbidden, Refused, Stale
from guarantees.models import Changeset, Pledge, PledgeUpdate
from tests.factories import (
    ChangesetFactory,
    SourceFactory,
    SummitFactory,
    UpdateFactory,
    UserFactory,
    day,
    editor,
    moment,
    publish,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna() -> User:
    return editor(username="anna")


@pytest.fixture
def draft() -> PledgeUpdate:
    draft: PledgeUpdate = UpdateFactory(summary="What stood there.", changeset=ChangesetFactory(), cited=[])
    return draft


def saved(by: User, fact: Any, **values: Any) -> tuple[Any, str]:
    """Save some fields; return the row as it then is and the offer to undo it."""
    before = undo.present(fact, values)
    written = facts.edit(by=by, fact=fact, version=fact.version, seen="", values=values)
    return written, undo.offer(written, values, before)


def undone(by: User, offer: str) -> Any:
    return undo.undo(by=by, offered=undo.read(offer))


def test_a_day_a_meeting_a_list_and_a_number_come_back_as_they_were(anna: User, draft: PledgeUpdate):
    names = ("date", "summit", "conditions", "conditions_basis", "quantity_min", "unit", "quantity_basis", "summary")
    before = undo.present(draft, names)
    summit = SummitFactory(changeset=draft.changeset)
    _written, offer = saved(
        anna,
        draft,
        date=day("2026-05-01"),
        summit=summit,
        conditions=["ceasefire"],
        conditions_basis="stated",
        quantity_min=7,
        unit="ships",
        quantity_basis="stated",
        summary="Otherwise.",
    )
    fact = undone(anna, offer)
    assert (undo.present(fact, names), fact.version) == (before, 3)


def test_a_save_that_changed_nothing_offers_nothing(anna: User, draft: PledgeUpdate):
    _written, offer = saved(anna, draft, summary="What stood there.")
    assert offer == ""


def test_an_undo_is_undone(anna: User, draft: PledgeUpdate):
    written, offer = saved(anna, draft, summary="Otherwise.")
    before = undo.present(written, ["summary"])
    back = undone(anna, offer)
    again = undone(anna, undo.offer(back, ["summary"], before))
    assert (back.summary, again.summary, again.version) == ("What stood there.", "Otherwise.", 4)


def test_undoing_twice_is_undoing_once(anna: User, draft: PledgeUpdate):
    _written, offer = saved(anna, draft, summary="Otherwise.")
    versions = [undone(anna, offer).version for _time in range(2)]
    assert versions == [3, 3]


def test_what_somebody_changed_since_stays_and_is_shown(anna: User, draft: PledgeUpdate):
    written, offer = saved(anna, draft, summary="Otherwise.")
    saved(editor(username="otto"), written, summary="What Otto wrote.")
    with pytest.raises(Stale) as stale:
        undone(anna, offer)
    assert (stale.value.who, stale.value.current.summary) == ("otto", "What Otto wrote.")
    assert undo.read(offer).values == {"summary": "What stood there."}
    draft.refresh_from_db()
    assert draft.summary == "What Otto wrote."


def test_another_cell_that_was_changed_since_is_no_hindrance(anna: User, draft: PledgeUpdate):
    written, offer = saved(anna, draft, summary="Otherwise.")
    saved(editor(), written, status="committed")
    fact = undone(anna, offer)
    assert (fact.summary, fact.status) == ("What stood there.", "committed")


def test_what_created_the_row_takes_the_row_and_its_new_pledge_away(anna: User, draft: PledgeUpdate):
    Pledge.objects.filter(pk=draft.pledge_id).update(changeset=draft.changeset)
    offer = undo.offer(draft, (), None)
    offered = undo.read(offer)
    for _time in range(2):
        assert undo.undo(by=anna, offered=offered) is None
    assert (PledgeUpdate.objects.count(), Pledge.objects.count()) == (0, 0)
    with pytest.raises(Refused) as refused:
        undo.read(offer)
    assert refused.value.message == "This row has been deleted meanwhile."


@pytest.mark.parametrize("what", ["a cell", "a source"])
def test_a_row_to_which_more_was_added_is_not_taken_away(anna: User, draft: PledgeUpdate, what: str):
    offer = undo.offer(draft, (), None)
    if what == "a cell":
        saved(editor(), draft, summary="More.")
    else:
        facts.cite(by=editor(), fact=draft, source=SourceFactory())
    with pytest.raises(Refused) as refused:
        undone(anna, offer)
    assert refused.value.message == "More has been written in this row since. Delete it if it is not wanted."
    assert PledgeUpdate.objects.filter(pk=draft.pk).exists()


@pytest.mark.parametrize(
    "offer",
    ["", "x", "a:b:c", "\0", "9" * 5000, signing.dumps(["pledgeupdate", 1, 1, "", {}])],
    ids=["empty", "a letter", "three parts", "a NUL", "too long", "signed for something else"],
)
def test_what_is_no_offer_is_refused(offer: str):
    with pytest.raises(Refused) as refused:
        undo.read(offer)
    assert refused.value.message == "This cannot be undone: the offer to undo is damaged."


def test_an_offer_that_was_altered_is_refused(anna: User, draft: PledgeUpdate):
    _written, offer = saved(anna, draft, summary="Otherwise.")
    for forged in (offer[:-1] + ("a" if offer[-1] != "a" else "b"), "x" + offer, offer[1:]):
        with pytest.raises(Refused):
            undo.read(forged)


def test_an_old_offer_holds_as_long_as_nobody_changed_the_cell(anna: User, draft: PledgeUpdate):
    _written, offer = saved(anna, draft, summary="Otherwise.")
    with time_machine.travel(moment("2031-01-01")):
        assert undone(anna, offer).summary == "What stood there."


def test_somebody_elses_offer_is_undone_by_an_editor_and_by_nobody_else(anna: User, draft: PledgeUpdate):
    _written, offer = saved(anna, draft, summary="Otherwise.")
    created = undo.offer(UpdateFactory(changeset=draft.changeset), (), None)
    for text in (offer, created):
        with pytest.raises(Forbidden):
            undone(UserFactory(), text)
    assert undone(editor(), offer).summary == "What stood there."


def test_what_waits_for_review_is_not_undone(anna: User, draft: PledgeUpdate):
    _written, offer = saved(anna, draft, summary="Otherwise.")
    Changeset.objects.filter(pk=draft.changeset_id).update(state="submitted")
    for text in (offer, undo.offer(UpdateFactory(changeset=draft.changeset), (), None)):
        with pytest.raises(Refused):
            undone(anna, text)
    draft.refresh_from_db()
    assert draft.summary == "Otherwise."


def test_what_is_public_is_corrected_not_undone(anna: User, draft: PledgeUpdate):
    _written, offer = saved(anna, draft, summary="Otherwise.")
    facts.cite(by=anna, fact=draft, source=SourceFactory())
    publish(draft.changeset, at=moment("2026-03-01"))
    with pytest.raises(Refused) as refused:
        undo.read(offer)
    assert refused.value.message == "This row is public: it is corrected, not undone."
