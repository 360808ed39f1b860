"""Likely duplicates are shown once, and decided once."""

from typing import Any

import pytest

from guarantees import ledger
from guarantees.editing import duplicates
from guarantees.editing.errors import Forbidden, Refused
from guarantees.models import DuplicateDecision, Pledge, PledgeUpdate
from guarantees.queries.duplicates import Pair, likely
from tests.desk import Person
from tests.factories import (
    ChangesetFactory,
    ConditionStateFactory,
    PledgeFactory,
    SourceFactory,
    UpdateFactory,
    UserFactory,
    day,
    editor,
    moment,
    publish,
)
from tests.htmx_swap import Page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("today")]


@pytest.fixture
def anna() -> Person:
    return Person(editor(username="anna"))


@pytest.fixture
def public() -> PledgeUpdate:
    """An update on record."""
    update = UpdateFactory(
        pledge__slug="ships", date=day("2025-09-04"), summary="It named two ships.", cited=[SourceFactory(pk=901)]
    )
    publish(update.changeset, moment("2025-10-01"))
    update.refresh_from_db()
    update.pledge.refresh_from_db()
    return update


def page_of(changeset: Any) -> str:
    return f"/desk/changesets/{changeset.pk}/duplicates/"


def the_pair(changeset: Any) -> Pair:
    (pair,) = likely(changeset)
    return pair


def new_pledge(public: PledgeUpdate, date: str = "2025-09-05") -> PledgeUpdate:
    """A draft update of a new pledge that looks like the public one."""
    changeset = ChangesetFactory()
    pledge = PledgeFactory(changeset=changeset, state=public.pledge.state, slug="new", title="New")
    return UpdateFactory(
        changeset=changeset, pledge=pledge, date=day(date), summary="Typed here.", cited=[SourceFactory(pk=902)]
    )


def cited(update: PledgeUpdate) -> list[int]:
    return sorted(update.sources.values_list("pk", flat=True))


def test_the_sheet_asks_for_duplicates_and_never_waits_for_them(anna: Person, public: PledgeUpdate):
    changeset = new_pledge(public).changeset
    sheet = anna.page(f"/desk/changesets/{changeset.pk}/")
    panel = sheet.root.find("duplicates")[0]
    assert (panel.attributes["hx-get"], panel.text()) == (page_of(changeset), "Look for likely duplicates")
    answer = anna.hx_get(page_of(changeset))
    text = Page(answer).root.text()
    assert "1 likely duplicate The new pledge New new 5 Sept 2025 Announced" in text
    assert "It named two ships." in text
    whole = anna.page(page_of(changeset)).root.find("duplicates")[0]
    assert whole.text() == text


def test_nothing_alike_leaves_the_sheet_alone(anna: Person):
    changeset = UpdateFactory().changeset
    assert anna.hx_get(page_of(changeset)).content == b""
    assert "Nothing here looks like something else." in anna.page(page_of(changeset)).root.text()


def test_different_is_said_once(anna: Person, public: PledgeUpdate):
    changeset = new_pledge(public).changeset
    pair = the_pair(changeset)
    answer = anna.hx_post(page_of(changeset), {"pair": pair.name, "verdict": "different"})
    assert Page(answer).root.text() == "Nothing here looks like something else. Noted: they are different."
    decision = DuplicateDecision.objects.get()
    assert (decision.kind, decision.verdict, decision.by) == ("pledge", "different", anna.user)
    assert likely(changeset) == []
    again = anna.hx_post(page_of(changeset), {"pair": pair.name, "verdict": "same"})
    assert "This has been decided already." in Page(again).root.text()
    assert DuplicateDecision.objects.count() == 1
    assert duplicates.different(by=anna.user, one=pair.other, other=pair.one) == decision
    with pytest.raises(Refused, match="decided already: Different"):
        duplicates.same_pledge(by=anna.user, draft=pair.one, other=pair.other)


def test_the_same_pledge_takes_the_updates_over(anna: Person, public: PledgeUpdate):
    draft = new_pledge(public)
    ConditionStateFactory(changeset=draft.changeset, pledge=draft.pledge)
    pair = the_pair(draft.changeset)
    response = anna.post(page_of(draft.changeset), {"pair": pair.name, "verdict": "same"})
    assert (response.status_code, response["Location"]) == (303, f"/desk/changesets/{draft.changeset_id}/")
    draft.refresh_from_db()
    assert (draft.pledge, draft.public_id, draft.corrects) == (public.pledge, "ships-2025-09-05", None)
    assert not Pledge.objects.filter(slug="new").exists()
    assert duplicates.same_pledge(by=anna.user, draft=pair.one, other=pair.other) == public.pledge
    publish(draft.changeset, moment("2026-01-01"))
    assert ledger.differing() == []


def test_the_same_pledge_on_the_same_day_is_extended(anna: Person, public: PledgeUpdate):
    draft = new_pledge(public, "2025-09-04")
    pair = the_pair(draft.changeset)
    answer = anna.hx_post(page_of(draft.changeset), {"pair": pair.name, "verdict": "same"})
    assert (answer.status_code, answer["HX-Redirect"]) == (204, f"/desk/changesets/{draft.changeset_id}/")
    draft.refresh_from_db()
    assert (draft.pledge, draft.corrects, draft.correction_kind) == (public.pledge, public, "extended")
    assert (draft.summary, cited(draft)) == ("Typed here.", [901, 902])
    assert not Pledge.objects.filter(slug="new").exists()
    publish(draft.changeset, moment("2026-01-01"))
    assert ledger.differing() == []


def test_a_new_pledge_joins_one_of_another_changeset(anna: Person, public: PledgeUpdate):
    theirs = new_pledge(public)
    mine = UpdateFactory(
        pledge__state=public.pledge.state, pledge__slug="mine", pledge__title="Mine", date=day("2025-09-20")
    )
    duplicates.same_pledge(by=anna.user, draft=mine.pledge, other=theirs.pledge)
    mine.refresh_from_db()
    assert (mine.pledge, mine.changeset, mine.public_id) == (theirs.pledge, theirs.changeset, "new-2025-09-20")
    assert not Pledge.objects.filter(slug="mine").exists()


def test_two_drafts_of_one_day_are_joined_and_nothing_typed_is_lost(anna: Person, public: PledgeUpdate):
    theirs = new_pledge(public)
    mine = UpdateFactory(
        pledge__state=public.pledge.state,
        pledge__slug="mine",
        date=theirs.date,
        summary="Mine.",
        cited=[SourceFactory(pk=903)],
    )
    duplicates.same_pledge(by=anna.user, draft=mine.pledge, other=theirs.pledge)
    assert (cited(theirs), [*PledgeUpdate.objects.filter(known__isnull=True)]) == ([902, 903], [theirs])
    assert theirs.changeset.comments.get().text == f"The same, in other words ({mine.public_id}): Mine."
    assert not Pledge.objects.filter(slug="mine").exists()


def test_the_same_update_on_record_is_extended(anna: Person, public: PledgeUpdate):
    draft = UpdateFactory(pledge=public.pledge, date=day("2025-09-05"), cited=[SourceFactory(pk=902)])
    pair = the_pair(draft.changeset)
    for _ in range(2):
        response = anna.post(page_of(draft.changeset), {"pair": pair.name, "verdict": "same"})
        assert response.status_code in (200, 303)
    draft.refresh_from_db()
    assert (draft.corrects, draft.correction_kind, cited(draft)) == (public, "extended", [901, 902])
    assert duplicates.same_update(by=anna.user, draft=draft, other=public) == draft
    publish(draft.changeset, moment("2026-01-01"))
    assert ledger.differing() == []


def test_of_two_drafts_the_chosen_one_stays_and_nothing_typed_is_lost(anna: Person, public: PledgeUpdate):
    theirs = UpdateFactory(
        pledge=public.pledge, date=day("2025-11-01"), summary="Theirs.", cited=[SourceFactory(pk=903)]
    )
    mine = UpdateFactory(pledge=public.pledge, date=day("2025-11-02"), summary="Mine.", cited=[SourceFactory(pk=904)])
    pair = the_pair(mine.changeset)
    answer = anna.hx_post(page_of(mine.changeset), {"pair": pair.name, "verdict": "same", "keep": public.pk})
    assert answer.status_code == 422
    assert "Say which text stays; the other one is kept as a comment." in Page(answer).root.text()
    answer = anna.hx_post(page_of(mine.changeset), {"pair": pair.name, "verdict": "same", "keep": theirs.pk})
    assert answer.status_code == 204
    theirs.refresh_from_db()
    assert (theirs.summary, cited(theirs)) == ("Theirs.", [903, 904])
    assert not PledgeUpdate.objects.filter(pk=mine.pk).exists()
    comment = theirs.changeset.comments.get()
    assert (comment.text, comment.fact_kind, comment.fact_id) == (
        f"The same, in other words ({mine.public_id}): Mine.",
        "update",
        theirs.pk,
    )
    assert duplicates.same_update(by=anna.user, draft=mine, other=theirs, keep=theirs) == theirs


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"pair": "pledge-1-2", "verdict": "same"}, 200),
        ({"pair": "", "verdict": "different"}, 200),
        ({"pair": "<script>", "verdict": "different"}, 200),
        ({"pair": "pledge-1-2", "verdict": "perhaps"}, 404),
        ({}, 404),
    ],
)
def test_only_pairs_that_are_shown_are_decided(anna: Person, public: PledgeUpdate, sent: dict[str, str], status: int):
    changeset = new_pledge(public).changeset
    assert anna.hx_post(page_of(changeset), sent).status_code == status
    assert not DuplicateDecision.objects.exists()


def test_nothing_is_decided_in_a_changeset_that_waits_or_by_nobody(anna: Person, public: PledgeUpdate):
    draft = new_pledge(public)
    pair = the_pair(draft.changeset)
    draft.changeset.state = "submitted"
    draft.changeset.save()
    anna.post(page_of(draft.changeset), {"pair": pair.name, "verdict": "same"})
    with pytest.raises(Refused):
        duplicates.same_pledge(by=anna.user, draft=pair.one, other=pair.other)
    for write in (
        lambda by: duplicates.same_pledge(by=by, draft=pair.one, other=pair.other),
        lambda by: duplicates.different(by=by, one=pair.one, other=pair.other),
        lambda by: duplicates.same_update(by=by, draft=draft, other=public),
    ):
        with pytest.raises(Forbidden):
            write(UserFactory())
    assert not DuplicateDecision.objects.exists()
