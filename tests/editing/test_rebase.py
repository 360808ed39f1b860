"""Changesets that meet: one is quicker, one is reserved, one renames, one merges. Nothing typed is lost in any."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User

from guarantees import ledger
from guarantees.editing import changesets, facts, references
from guarantees.editing.changesets import digest, examine
from guarantees.editing.errors import Forbidden, Refused
from guarantees.editing.rebase import call_back_and_rebase, rebase
from guarantees.models import Changeset, Pledge, PledgeMerge, PledgeUpdate, Summit
from tests.desk import Person
from tests.factories import (
    ChangesetFactory,
    SourceFactory,
    SummitFactory,
    UpdateFactory,
    day,
    editor,
    moment,
    publish,
    reviewer,
)
from tests.htmx_swap import Page

pytestmark = pytest.mark.django_db

NOW = moment("2026-03-12T18:00:00")
SOON = dt.timedelta(seconds=3)


@pytest.fixture(autouse=True)
def frozen() -> Any:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def anna() -> User:
    return editor(username="anna")


@pytest.fixture
def rita() -> User:
    return reviewer(username="rita")


@pytest.fixture
def fact() -> PledgeUpdate:
    """An update on record: 500 soldiers, announced."""
    update = UpdateFactory(
        public_id="fra-troops-2025-09-04",
        pledge__slug="fra-troops",
        summary="The minister said so.",
        quantity_min=500,
        quantity_max=500,
        unit="personnel",
        quantity_basis="stated",
    )
    publish(update.changeset, at=moment("2026-03-01"))
    return PledgeUpdate.objects.get(pk=update.pk)


def correcting(by: User, fact: PledgeUpdate, title: str, **values: Any) -> tuple[Changeset, PledgeUpdate]:
    """A changeset with one correction that waits for review."""
    changeset = changesets.start(by=by, title=title, reason="It was wrong.")
    draft = facts.correct(by=by, changeset=changeset, fact=fact, values=values, sources=[SourceFactory()])
    return changesets.submit(by=by, changeset=changeset), draft


def approved(by: User, changeset: Changeset, at: dt.datetime | None = None) -> Changeset:
    return changesets.approve(by=by, changeset=changeset, seen=digest(changeset), goes_public_at=at)


def remedies(changeset: Changeset) -> list[tuple[str, str]]:
    return [(problem.text, problem.remedy) for problem in examine(changeset, dt.datetime.now(dt.UTC) + SOON).problems]


def test_a_correction_is_put_onto_the_newer_one_and_keeps_what_was_typed(
    anna: User, rita: User, fact: PledgeUpdate, frozen: Any
):
    first, newer = correcting(anna, fact, "First", summary="The president said so.", area="ukraine")
    second, draft = correcting(anna, fact, "Second", quantity_max=700)
    approved(rita, first)
    frozen.shift(SOON)
    assert remedies(second) == [
        (f"{fact.public_id} has meanwhile been corrected or retracted by another changeset.", "rebase")
    ]
    with pytest.raises(Refused):
        approved(rita, second)
    old_id = draft.public_id
    assert rebase(by=rita, changeset=second) == [
        f"{old_id} now corrects {newer.public_id}, which has replaced {fact.public_id}."
    ]
    draft.refresh_from_db()
    assert draft.corrects == newer
    # Typed: the number. Not typed: all else, which the newer fact says better.
    assert (draft.quantity_min, draft.quantity_max, draft.summary, draft.area) == (
        500,
        700,
        "The president said so.",
        "ukraine",
    )
    assert rebase(by=rita, changeset=second) == []
    # Rebasing types nothing: the reviewer is no author, and may approve.
    assert [*second.authors.all()] == [anna]
    assert approved(rita, second).state == "approved"
    assert ledger.differing() == []


def test_where_both_changed_a_field_what_is_written_here_stays_and_is_named(
    anna: User, rita: User, fact: PledgeUpdate, frozen: Any
):
    first, newer = correcting(anna, fact, "First", summary="Theirs.")
    second, draft = correcting(anna, fact, "Second", summary="Mine.")
    approved(rita, first)
    frozen.shift(SOON)
    assert rebase(by=anna, changeset=second) == [
        f"{draft.public_id} now corrects {newer.public_id}, which has replaced {fact.public_id}. "
        "Both changed: summary; what is written here stays."
    ]
    draft.refresh_from_db()
    assert (draft.summary, draft.corrects) == ("Mine.", newer)
    assert second.comments.get().text.splitlines()[0] == "Rebased onto what is public now."


def test_values_that_do_not_go_together_leave_the_correction_as_it_was_written(
    anna: User, rita: User, fact: PledgeUpdate, frozen: Any
):
    first, newer = correcting(anna, fact, "First", conditions=["ceasefire"], conditions_basis="stated")
    second, draft = correcting(
        anna, fact, "Second", status="ruled_out", quantity_min=None, quantity_max=None, unit="", quantity_basis=""
    )
    approved(rita, first)
    frozen.shift(SOON)
    (sentence,) = rebase(by=anna, changeset=second)
    assert sentence.endswith("It stays as it was written: the newer values do not go together with it.")
    draft.refresh_from_db()
    assert (draft.status, draft.conditions, draft.corrects) == ("ruled_out", [], newer)


def test_a_correction_of_what_was_retracted_stays_as_a_new_fact_if_asked(
    anna: User, rita: User, fact: PledgeUpdate, frozen: Any
):
    first = changesets.start(by=anna, title="First", reason="Never said.")
    facts.retract(by=anna, changeset=first, fact=fact, reason="Never said.")
    changesets.submit(by=anna, changeset=first)
    second, draft = correcting(anna, fact, "Second", summary="Mine.")
    approved(rita, first)
    frozen.shift(SOON)
    assert [remedy for _text, remedy in remedies(second)] == ["keep_as_new"]
    assert rebase(by=anna, changeset=second) == [
        f"{draft.public_id} corrects {fact.public_id}, which has been retracted. Keep it as a new fact, or delete it."
    ]
    assert rebase(by=anna, changeset=second, as_new=[f"update-{draft.pk}"]) == [
        f"{draft.public_id} stays as a new fact: {fact.public_id}, which it corrected, has been retracted."
    ]
    draft.refresh_from_db()
    assert (draft.corrects, draft.correction_kind, draft.summary) == (None, "", "Mine.")
    assert approved(rita, second).state == "approved"


def test_a_retraction_follows_the_newer_fact_or_is_dropped_with_its_reason(
    anna: User, rita: User, fact: PledgeUpdate, frozen: Any
):
    first, newer = correcting(anna, fact, "First", summary="Theirs.")
    second, third = (changesets.start(by=anna, title=title, reason="x") for title in ("Second", "Third"))
    for changeset in (second, third):
        facts.retract(by=anna, changeset=changeset, fact=fact, reason="It was another state.")
        changesets.submit(by=anna, changeset=changeset)
    approved(rita, first)
    frozen.shift(SOON)
    assert rebase(by=anna, changeset=second) == [
        f"The retraction now ends {newer.public_id}, which has replaced {fact.public_id}."
    ]
    approved(rita, second)
    frozen.shift(SOON)
    assert rebase(by=anna, changeset=third) == [
        f"{fact.public_id} is off the record already; this retraction is dropped. Its reason was: It was another state."
    ]
    assert "It was another state." in third.comments.get().text


def merged(loser: Pledge, winner: Pledge) -> None:
    """Make a pledge part of another one, publicly, a minute ago."""
    changeset = ChangesetFactory(title="Merge")
    for update in loser.updates.filter(known__upper_inf=True):
        changeset.retractions.create(update=update, reason="Merged.")
        UpdateFactory(changeset=changeset, pledge=winner, date=update.date, summary=update.summary)
    PledgeMerge.objects.create(changeset=changeset, pledge=loser, into=winner)
    publish(changeset, at=NOW - dt.timedelta(minutes=1))


@pytest.fixture
def winner() -> Pledge:
    """Another pledge on record."""
    pledge: Pledge = UpdateFactory(pledge__slug="fra-force", date=day("2025-08-01")).pledge
    publish(pledge.changeset, at=moment("2026-03-01"))
    return pledge


def test_an_update_of_a_pledge_that_was_merged_goes_to_the_other(
    anna: User, rita: User, fact: PledgeUpdate, winner: Pledge
):
    update = UpdateFactory(pledge=fact.pledge, changeset=ChangesetFactory(), date=day("2026-03-01"), summary="Typed.")
    changeset = update.changeset
    changeset.authors.add(anna)
    changesets.submit(by=anna, changeset=changeset)
    merged(fact.pledge, winner)
    title = fact.pledge.title
    assert remedies(changeset) == [
        (f"{update.public_id} is about “{title}”, which has become part of “{winner.title}”.", "rebase")
    ]
    (sentence,) = rebase(by=anna, changeset=changeset)
    assert sentence == (
        f"{update.public_id} is now about “{winner.title}”, of which “{title}” has become part; "
        "it is now fra-force-2026-03-01."
    )
    update.refresh_from_db()
    assert (update.pledge, update.summary, update.public_id) == (winner, "Typed.", "fra-force-2026-03-01")
    assert approved(rita, changeset).state == "approved"


def test_a_correction_of_a_merged_pledge_follows_its_fact_to_the_other(
    anna: User, rita: User, fact: PledgeUpdate, winner: Pledge
):
    changeset, draft = correcting(anna, fact, "Second", summary="Typed.")
    merged(fact.pledge, winner)
    assert {remedy for _text, remedy in remedies(changeset)} == {"rebase"}
    rebase(by=anna, changeset=changeset)
    draft.refresh_from_db()
    assert (draft.pledge, draft.corrects.pledge, draft.summary) == (winner, winner, "Typed.")  # type: ignore[union-attr]
    assert approved(rita, changeset).state == "approved"


def test_a_fact_approved_while_its_summit_was_renamed_loses_nothing(anna: User, rita: User, frozen: Any):
    summit = SummitFactory(title="Oslo summit")
    publish(summit.changeset, at=moment("2026-03-01"))
    summit = Summit.objects.get(pk=summit.pk)
    update = UpdateFactory(summit=summit, summary="Typed.")
    update.changeset.authors.add(anna)
    changesets.submit(by=anna, changeset=update.changeset)
    seen = digest(update.changeset)
    references.edit_summit(
        by=anna, summit=summit, version=summit.version, seen="", values={"title": "Oslo meeting", "city": ""}
    )
    changesets.approve(by=rita, changeset=update.changeset, seen=seen)
    frozen.shift(SOON)
    update.refresh_from_db()
    assert (str(update.summit), update.summary, update.known is not None) == ("Oslo meeting", "Typed.", True)


# --- Reservations


def test_what_is_reserved_is_waited_for_or_called_back_in_one_go(
    anna: User, rita: User, fact: PledgeUpdate, frozen: Any
):
    first, _newer = correcting(anna, fact, "First", summary="Theirs.")
    second, draft = correcting(anna, fact, "Second", summary="Mine.")
    approved(rita, first, moment("2026-03-20"))
    problem = examine(second, NOW + SOON).problems[-1]
    assert (problem.remedy, problem.other) == ("wait", first)
    assert rebase(by=anna, changeset=second) == []  # nothing is public yet
    with pytest.raises(Forbidden):
        call_back_and_rebase(by=editor(), changeset=second, other=first)
    assert call_back_and_rebase(by=rita, changeset=second, other=first) == [
        "“First” was called back; it waits for review again."
    ]
    assert approved(rita, second).state == "approved"
    frozen.shift(SOON)
    first.refresh_from_db()
    assert (first.state, [remedy for _text, remedy in remedies(first)]) == ("submitted", ["rebase"])
    draft.refresh_from_db()
    assert draft.summary == "Mine."


def test_what_is_reserved_is_rebased_once_it_is_public(anna: User, rita: User, fact: PledgeUpdate, frozen: Any):
    first, newer = correcting(anna, fact, "First", summary="Theirs.")
    second, draft = correcting(anna, fact, "Second", area="ukraine")
    approved(rita, first, moment("2026-03-20"))
    frozen.move_to(moment("2026-03-20"))
    assert [remedy for _text, remedy in remedies(second)] == ["rebase"]
    rebase(by=anna, changeset=second)
    draft.refresh_from_db()
    assert (draft.corrects, draft.summary, draft.area) == (newer, "Theirs.", "ukraine")


def test_strangers_rebase_nothing_and_nothing_public_is_rebased(
    anna: User, rita: User, fact: PledgeUpdate, frozen: Any
):
    changeset, _draft = correcting(anna, fact, "First", summary="x")
    with pytest.raises(Forbidden, match="authors and reviewers"):
        rebase(by=editor(), changeset=changeset)
    approved(rita, changeset)
    with pytest.raises(Refused, match="cannot be rebased: it is approved"):
        rebase(by=rita, changeset=changeset)


# --- The page


def test_the_review_shows_both_versions_and_offers_to_rebase(anna: User, rita: User, fact: PledgeUpdate, frozen: Any):
    first, newer = correcting(anna, fact, "First", summary="Theirs <b>.")
    second, draft = correcting(anna, fact, "Second", summary="Mine.")
    approved(rita, first)
    frozen.shift(SOON)
    reader = Person(rita)
    page = reader.page(f"/desk/changesets/{second.pk}/review/")
    article = page.root.find(f"update-{draft.pk}")[0].text()
    assert f"On record now ({newer.public_id}), and in this changeset" in article
    assert "Summary Theirs <b>. Mine. changed" in article
    forms = [n.attributes["action"] for n, _p in page.root.find("problems")[0].walk() if n.tag == "form"]
    assert forms == [f"/desk/changesets/{second.pk}/rebase/"]
    response = reader.post(forms[0])
    assert (response.status_code, response["Location"]) == (303, f"/desk/changesets/{second.pk}/review/")
    text = reader.page(f"/desk/changesets/{second.pk}/review/").root.text()
    assert f"{draft.public_id} now corrects {newer.public_id}, which has replaced {fact.public_id}." in text
    assert "This stands against it" not in text
    assert "There was nothing to rebase." in Page(reader.post(forms[0], follow=True)).root.text()


def test_the_review_offers_three_ways_around_an_embargo(anna: User, rita: User, fact: PledgeUpdate):
    first, _newer = correcting(anna, fact, "First", summary="Theirs.")
    second, _draft = correcting(anna, fact, "Second", summary="Mine.")
    approved(rita, first, moment("2026-03-20"))
    reader = Person(rita)
    problems = reader.page(f"/desk/changesets/{second.pk}/review/").root.find("problems")[0].text()
    assert "Wait: it goes public 20 March 2026, 00:00 UTC" in problems
    assert "Call back and rebase" in problems
    path = f"/desk/changesets/{second.pk}/rebase/"
    for wrong in ("x", "999999999", "²", str(second.pk)):
        assert reader.post(path, {"call_back": wrong}).status_code == 404
    stranger = Person(editor())
    assert stranger.post(path, {"call_back": first.pk}).status_code == 403
    assert reader.post(path, {"call_back": first.pk}).status_code == 303
    first.refresh_from_db()
    assert first.state == "submitted"
    assert reader.get(path).status_code == 405


def test_the_review_offers_to_keep_a_correction_of_what_is_gone(
    anna: User, rita: User, fact: PledgeUpdate, frozen: Any
):
    first = changesets.start(by=anna, title="First", reason="Never said.")
    facts.retract(by=anna, changeset=first, fact=fact, reason="Never said.")
    changesets.submit(by=anna, changeset=first)
    second, draft = correcting(anna, fact, "Second", summary="Mine.")
    approved(rita, first)
    frozen.shift(SOON)
    reader = Person(anna)
    page = reader.page(f"/desk/changesets/{second.pk}/review/")
    sent = {
        node.attributes["name"]: node.attributes["value"]
        for node, _parent in page.root.find("problems")[0].walk()
        if node.attributes.get("name") == "as_new"
    }
    assert sent == {"as_new": f"update-{draft.pk}"}
    reader.post(f"/desk/changesets/{second.pk}/rebase/", {"as_new": ["update-x", "nonsense", sent["as_new"]]})
    draft.refresh_from_db()
    assert (draft.corrects, draft.summary) == (None, "Mine.")
