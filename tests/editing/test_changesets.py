"""The life of a changeset: who may do what when, and what approval checks before anything becomes public."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from guarantees import ledger
from guarantees.clock import Clock
from guarantees.editing import changesets, facts
from guarantees.editing.changesets import LEAD, digest, examine
from guarantees.editing.errors import Forbidden, Refused, Stale
from guarantees.editing.rows import fingerprint
from guarantees.models import Changeset, LedgerEntry, Pledge, PledgeUpdate, ReviewComment, Source, Summit
from tests.factories import (
    ChangesetFactory,
    ConditionStateFactory,
    ParticipationFactory,
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
    reviewer,
)

pytestmark = pytest.mark.django_db

NOW = moment("2026-03-12T18:00:00")


@pytest.fixture
def anna() -> User:
    return editor(username="anna")


@pytest.fixture
def rita() -> User:
    return reviewer(username="rita")


@pytest.fixture(autouse=True)
def frozen() -> Any:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def submitted(by: User, **fields: Any) -> tuple[Changeset, PledgeUpdate]:
    """A changeset with one update, waiting for review."""
    update = UpdateFactory(**fields)
    update.changeset.authors.add(by)
    return changesets.submit(by=by, changeset=update.changeset), update


def approved(by: User, changeset: Changeset, at: dt.datetime | None = None) -> Changeset:
    return changesets.approve(by=by, changeset=changeset, seen=digest(changeset), goes_public_at=at)


def reasons(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [refused.value.message, *refused.value.problems]


# --- Start, edit, comment


def test_starting_a_changeset_makes_its_author_known(anna: User):
    changeset = changesets.start(by=anna, title="  Outcomes ", reason="A meeting.")
    assert (changeset.title, changeset.state, changeset.created_at) == ("Outcomes", "draft", NOW)
    assert [*changeset.authors.all()] == [anna]


def test_starting_the_same_twice_starts_it_once(anna: User):
    first = changesets.start(by=anna, title="Outcomes", reason="A meeting.")
    again = changesets.start(by=anna, title="Outcomes", reason="A meeting.")
    assert first == again
    UpdateFactory(changeset=first)
    assert changesets.start(by=anna, title="Outcomes", reason="A meeting.") != first


def test_people_without_the_permission_start_nothing():
    with pytest.raises(Forbidden, match="editors and reviewers"):
        changesets.start(by=UserFactory(), title="Outcomes", reason="A meeting.")
    assert not Changeset.objects.exists()


def test_someone_whose_account_is_closed_starts_nothing(anna: User):
    anna.is_active = False
    with pytest.raises(Forbidden):
        changesets.start(by=anna, title="Outcomes", reason="A meeting.")


@pytest.mark.parametrize(
    ("title", "reason", "errors"),
    [
        ("", "A meeting.", {"title": ["Please write something here."]}),
        ("Outcomes", " \n ", {"reason": ["Please write something here."]}),
        (
            "x" * 301,
            "A meeting.",
            {"title": ["This text has 301 characters; at most 300 are accepted."]},
        ),
        (
            "Outcomes",
            "A\u202emeeting",
            {
                "reason": [
                    "This text holds a character that is not allowed (U+202E): a control sign or a change of direction."
                ]
            },
        ),
        (
            "x" * 250,
            "A meeting.",
            {"title": ["Ensure this value has at most 200 characters (it has 250)."]},
        ),
    ],
)
def test_a_title_and_a_reason_are_needed_and_acceptable(anna: User, title: str, reason: str, errors: Any):
    with pytest.raises(ValidationError) as refused:
        changesets.start(by=anna, title=title, reason=reason)
    assert refused.value.message_dict == errors


def test_title_and_reason_can_be_changed_while_nobody_else_does(anna: User):
    changeset = changesets.start(by=anna, title="Outcomes", reason="A meeting.")
    seen = fingerprint(changeset, ["title", "reason"])
    edited = changesets.edit(by=anna, changeset=changeset, version=1, seen=seen, title="Results", reason="A meeting.")
    assert (edited.title, edited.version) == ("Results", 2)
    with pytest.raises(Stale) as stale:
        changesets.edit(by=anna, changeset=changeset, version=1, seen=seen, title="Ends", reason="A meeting.")
    assert (stale.value.current, stale.value.who) == (changeset, "anna")
    assert stale.value.current.title == "Results"  # type: ignore[attr-defined]


def test_the_same_comment_twice_in_a_row_is_one(anna: User, rita: User):
    changeset = ChangesetFactory()
    for text in ("Why?", "Why?"):
        changesets.comment(by=rita, changeset=changeset, text=text)
    changesets.comment(by=anna, changeset=changeset, text="Why?")
    assert [c.author for c in ReviewComment.objects.all()] == [rita, anna]


# --- Submit, request changes, withdraw


def test_submitting_makes_it_wait_for_review(anna: User):
    changeset, _update = submitted(anna)
    changeset.refresh_from_db()
    assert (changeset.state, changeset.submitted_at) == ("submitted", NOW)


def test_an_empty_changeset_is_not_submitted(anna: User):
    with pytest.raises(Refused, match="nothing in this changeset"):
        changesets.submit(by=anna, changeset=changesets.start(by=anna, title="Outcomes", reason="A meeting."))


def test_nobody_writes_in_a_changeset_that_waits_for_review(anna: User):
    changeset, update = submitted(anna)
    with pytest.raises(Refused, match="cannot be changed now: it is waiting for review"):
        facts.delete(by=anna, fact=update)
    with pytest.raises(Refused):
        changesets.submit(by=anna, changeset=changeset)


def test_requested_changes_open_it_again_with_the_reason(anna: User, rita: User):
    changeset, _update = submitted(anna)
    with pytest.raises(Forbidden, match="for reviewers"):
        changesets.request_changes(by=anna, changeset=changeset, comment="No.")
    with pytest.raises(ValidationError) as refused:
        changesets.request_changes(by=rita, changeset=changeset, comment=" ")
    assert refused.value.message_dict == {"comment": ["Please write something here."]}
    returned = changesets.request_changes(by=rita, changeset=changeset, comment="A source is missing.")
    assert (returned.state, returned.reviewer, returned.is_open) == ("changes_requested", rita, True)
    assert [comment.text for comment in returned.comments.all()] == ["A source is missing."]
    assert changesets.submit(by=anna, changeset=returned).state == "submitted"


def test_changes_are_requested_only_of_what_waits(rita: User):
    with pytest.raises(Refused, match="does not wait for review: it is draft"):
        changesets.request_changes(by=rita, changeset=ChangesetFactory(), comment="No.")


def test_authors_and_reviewers_withdraw_and_others_do_not(anna: User, rita: User):
    changeset, _update = submitted(anna)
    with pytest.raises(Forbidden, match="authors and reviewers"):
        changesets.withdraw(by=editor(), changeset=changeset)
    assert changesets.withdraw(by=anna, changeset=changeset).state == "withdrawn"
    with pytest.raises(Refused, match="it is withdrawn"):
        changesets.withdraw(by=rita, changeset=changeset)


# --- Approval


def test_approving_now_is_public_in_two_seconds(anna: User, rita: User, frozen: Any):
    changeset, update = submitted(anna)
    done = approved(rita, changeset)
    assert (done.state, done.reviewer, done.approved_at, done.goes_public_at) == ("approved", rita, NOW, NOW + LEAD)
    before = Clock(NOW.date(), NOW + LEAD - dt.timedelta(microseconds=1))
    at = Clock(NOW.date(), NOW + LEAD)
    assert not LedgerEntry.objects.in_force(before).exists()
    assert [entry.status for entry in LedgerEntry.objects.in_force(at)] == ["announced"]
    assert [*Pledge.objects.visible(at)] == [update.pledge]
    assert not Changeset.objects.public(NOW).exists()
    assert [*Changeset.objects.public(NOW + LEAD)] == [changeset]
    assert ledger.differing() == []


def test_approving_for_a_time_keeps_everything_back_until_then(anna: User, rita: User):
    changeset, _update = submitted(anna)
    at = moment("2026-03-13T09:00:00")
    assert approved(rita, changeset, at).goes_public_at == at
    assert [*Changeset.objects.embargoed(NOW)] == [changeset]
    assert not Source.objects.filter(visible_from__lt=at).exists()


@pytest.mark.parametrize(
    ("ahead", "why"),
    [(-60, "This time is past."), (0, "This time is past."), (1, "The time must be at least two seconds ahead.")],
)
def test_a_time_that_is_past_or_too_near_is_refused(anna: User, rita: User, ahead: int, why: str):
    changeset, _update = submitted(anna)
    with pytest.raises(Refused, match=why):
        approved(rita, changeset, NOW + dt.timedelta(seconds=ahead))


def test_an_approval_that_takes_too_long_leaves_everything_as_it_was(
    anna: User, rita: User, monkeypatch: pytest.MonkeyPatch
):
    changeset, _update = submitted(anna)
    seen = digest(changeset)
    # No machine is as fast as this asks.
    monkeypatch.setattr(changesets, "MARGIN", dt.timedelta(hours=1))
    with pytest.raises(Refused, match="not finished in time"):
        changesets.approve(by=rita, changeset=changeset, seen=seen)
    with pytest.raises(Refused, match="not finished in time"):
        changesets.approve(by=rita, changeset=changeset, seen=seen, goes_public_at=NOW + LEAD)
    changeset.refresh_from_db()
    assert (changeset.state, changeset.goes_public_at) == ("submitted", None)
    assert not LedgerEntry.objects.exists()
    assert ledger.differing() == []


def test_editors_do_not_approve(anna: User):
    changeset, _update = submitted(anna)
    with pytest.raises(Forbidden, match="for reviewers"):
        approved(editor(), changeset)


def test_nobody_approves_what_they_wrote(rita: User, settings: Any):
    changeset, _update = submitted(rita)
    with pytest.raises(Refused, match="somebody else has to approve it"):
        approved(rita, changeset)
    settings.FOUR_EYES = False
    assert approved(rita, changeset).state == "approved"


def test_a_reviewer_who_mended_a_cell_has_become_an_author(anna: User, rita: User):
    update = UpdateFactory()
    facts.edit(by=rita, fact=update, version=1, seen="", values={"summary": "Mended."})
    changesets.submit(by=anna, changeset=update.changeset)
    with pytest.raises(Refused, match="You wrote in this changeset"):
        approved(rita, update.changeset)


def test_only_what_waits_for_review_is_approved(anna: User, rita: User):
    changeset, _update = submitted(anna)
    approved(rita, changeset)
    with pytest.raises(Refused, match="does not wait for review: it is approved"):
        approved(rita, changeset)


def test_what_changed_after_the_reviewer_looked_is_not_approved(anna: User, rita: User):
    changeset, update = submitted(anna)
    seen = digest(changeset)
    changesets.request_changes(by=rita, changeset=changeset, comment="More.")
    facts.edit(by=anna, fact=update, version=1, seen="", values={"status": "committed"})
    changesets.submit(by=anna, changeset=changeset)
    with pytest.raises(Refused, match="altered after you opened it"):
        changesets.approve(by=rita, changeset=changeset, seen=seen)


def change_a_source(update: PledgeUpdate) -> None:
    Source.objects.filter(updates=update).update(version=2)


def publish_another_update(update: PledgeUpdate) -> None:
    other = UpdateFactory(pledge=update.pledge, date=day("2025-10-01"), changeset=ChangesetFactory())
    publish(other.changeset, at=moment("2026-03-01"))


def rename_the_pledge(update: PledgeUpdate) -> None:
    Pledge.objects.filter(pk=update.pledge_id).update(title="Another title")


@pytest.mark.parametrize("alter", [change_a_source, publish_another_update, rename_the_pledge])
def test_the_hash_covers_all_that_the_reviewer_saw(anna: User, alter: Any):
    changeset, update = submitted(anna)
    seen = digest(changeset)
    assert digest(changeset) == seen
    alter(update)
    assert digest(changeset) != seen


def test_a_fact_without_a_source_stands_against_approval(anna: User, rita: User):
    changeset, update = submitted(anna, cited=[])
    with pytest.raises(Refused) as refused:
        approved(rita, changeset)
    assert reasons(refused) == ["This cannot go public yet.", f"{update.public_id} has no source."]


def test_a_fact_dated_after_its_publication_is_refused(anna: User, rita: User):
    changeset, update = submitted(anna, date=day("2026-03-13"))
    with pytest.raises(Refused) as refused:
        approved(rita, changeset)
    assert refused.value.problems == [f"{update.public_id} is dated after the day of its publication."]
    assert approved(rita, changeset, moment("2026-03-13T00:00:01")).state == "approved"


def test_an_attendance_is_dated_by_its_summit(anna: User, rita: User):
    summit = SummitFactory(start_date=day("2026-03-20"))
    attendance = ParticipationFactory(summit=summit, changeset=summit.changeset)
    changesets.submit(by=anna, changeset=summit.changeset)
    with pytest.raises(Refused) as refused:
        approved(rita, summit.changeset)
    assert refused.value.problems == [f"{attendance.public_id} is dated after the day of its publication."]


def test_a_summit_of_another_draft_changeset_stands_against_approval(anna: User, rita: User):
    summit = SummitFactory(title="Secret summit")
    changeset, update = submitted(anna, summit=summit)
    with pytest.raises(Refused) as refused:
        approved(rita, changeset)
    assert refused.value.problems == [f"{update.public_id} refers to “Secret summit”, which is not public by then."]


def test_a_second_update_of_the_same_pledge_and_day_is_refused(anna: User, rita: User):
    first = UpdateFactory()
    publish(first.changeset, at=moment("2026-03-01"))
    changeset, second = submitted(anna, pledge=first.pledge, changeset=ChangesetFactory())
    with pytest.raises(Refused) as refused:
        approved(rita, changeset)
    assert refused.value.problems[0] == (
        f"{second.public_id}: {first.public_id} is an update of the same pledge and day."
    )


def test_a_second_position_on_the_same_topic_and_day_is_refused(anna: User, rita: User):
    first = PositionFactory()
    publish(first.changeset, at=moment("2026-03-01"))
    second = PositionFactory(state=first.state, topic=first.topic)
    changesets.submit(by=anna, changeset=second.changeset)
    with pytest.raises(Refused) as refused:
        approved(rita, second.changeset)
    assert refused.value.problems == [
        f"{second.public_id}: {first.public_id} is on record for the same. Correct that one instead."
    ]


def test_the_ladder_is_checked_and_both_facts_are_named(anna: User, rita: User):
    first = UpdateFactory(status="committed")
    publish(first.changeset, at=moment("2026-03-01"))
    changeset, second = submitted(
        anna, pledge=first.pledge, changeset=ChangesetFactory(), status="ruled_out", date=day("2025-10-01")
    )
    with pytest.raises(Refused) as refused:
        approved(rita, changeset)
    assert refused.value.problems == [
        f"{second.public_id} (Ruled out) follows {first.public_id} (Committed): "
        "a pledge that is called off is withdrawn, not ruled out."
    ]


def test_what_a_changeset_reserves_is_not_touched_by_another(anna: User, rita: User):
    pledge = UpdateFactory().pledge
    publish(pledge.changeset, at=moment("2026-03-01"))
    first, _update = submitted(anna, pledge=pledge, changeset=ChangesetFactory(title="First"), date=day("2025-11-01"))
    second, _update = submitted(anna, pledge=pledge, changeset=ChangesetFactory(), date=day("2025-12-01"))
    approved(rita, first, moment("2026-03-20"))
    with pytest.raises(Refused) as refused:
        approved(rita, second)
    assert refused.value.problems == [
        "“First” touches the same pledges and is not public yet. Wait for it, or call it back."
    ]
    changesets.call_back(by=rita, changeset=first)
    assert approved(rita, second).state == "approved"


def test_facts_reserved_by_a_retraction_are_not_retracted_twice(anna: User, rita: User):
    position = PositionFactory()
    publish(position.changeset, at=moment("2026-03-01"))
    first, second = ChangesetFactory(title="First"), ChangesetFactory()
    for changeset in (first, second):
        facts.retract(by=anna, changeset=changeset, fact=position, reason="Never said.")
        changesets.submit(by=anna, changeset=changeset)
    approved(rita, first, moment("2026-03-20"))
    with pytest.raises(Refused) as refused:
        approved(rita, second)
    assert refused.value.problems == [
        f"{position.public_id} has meanwhile been corrected or retracted by another changeset.",
        "“First” touches the same pledges and is not public yet. Wait for it, or call it back.",
    ]


def test_what_the_database_would_refuse_is_said_of_every_kind_of_fact(anna: User, rita: User):
    first = ConditionStateFactory()
    publish(first.changeset, at=moment("2026-03-01"))
    second = ConditionStateFactory(condition=first.condition, date=first.date)
    changesets.submit(by=anna, changeset=second.changeset)
    with pytest.raises(Refused) as refused:
        approved(rita, second.changeset)
    assert reasons(refused) == [
        "This cannot go public yet.",
        f"{second.public_id}: {first.public_id} is on record for the same. Correct that one instead.",
    ]
    second.changeset.refresh_from_db()
    assert second.changeset.state == "submitted"


def test_looking_tells_what_will_be_in_force(anna: User):
    first = UpdateFactory(status="announced")
    publish(first.changeset, at=moment("2026-03-01"))
    changeset, _second = submitted(
        anna, pledge=first.pledge, changeset=ChangesetFactory(), status="committed", date=day("2025-10-01")
    )
    findings = examine(changeset, NOW + LEAD)
    before, after = findings.before[first.pledge_id], findings.after[first.pledge_id]
    assert before is not None and after is not None
    assert (findings.problems, before.status, after.status) == ([], "announced", "committed")


def test_looking_at_a_retraction_tells_what_remains_in_force(anna: User):
    first = UpdateFactory(status="announced")
    publish(first.changeset, at=moment("2026-03-01"))
    changeset = ChangesetFactory()
    facts.retract(by=anna, changeset=changeset, fact=first, reason="Never said.")
    findings = examine(changeset, NOW + LEAD)
    assert findings.problems == []
    assert findings.after == {first.pledge_id: None}


# --- Calling back


def test_calling_back_makes_everything_a_draft_again(anna: User, rita: User):
    summit = SummitFactory()
    changeset, update = submitted(anna, changeset=summit.changeset, summit=summit)
    approved(rita, changeset, moment("2026-03-20"))
    back = changesets.call_back(by=anna, changeset=changeset)
    update.refresh_from_db()
    assert (back.state, back.goes_public_at, back.approved_at) == ("submitted", None, None)
    assert update.known is None
    assert not LedgerEntry.objects.exists()
    assert not Summit.objects.filter(visible_from__isnull=False).exists()
    assert ledger.differing() == []


def test_calling_back_is_possible_until_five_seconds_before(anna: User, rita: User, frozen: Any):
    changeset, _update = submitted(anna)
    at = NOW + dt.timedelta(minutes=1)
    approved(rita, changeset, at)
    frozen.move_to(at - dt.timedelta(seconds=4, milliseconds=999))
    with pytest.raises(Refused, match="too late"):
        changesets.call_back(by=rita, changeset=changeset)
    frozen.move_to(at - dt.timedelta(seconds=5))
    assert changesets.call_back(by=rita, changeset=changeset).state == "submitted"


def test_strangers_call_nothing_back(anna: User, rita: User):
    changeset, _update = submitted(anna)
    approved(rita, changeset, moment("2026-03-20"))
    with pytest.raises(Forbidden, match="authors and reviewers"):
        changesets.call_back(by=editor(), changeset=changeset)


def test_only_what_is_approved_is_called_back(rita: User):
    with pytest.raises(Refused, match="nothing to call back"):
        changesets.call_back(by=rita, changeset=ChangesetFactory())


# --- Everything at once


def test_a_new_summit_with_its_pledge_becomes_public_whole(anna: User, rita: User):
    changeset = changesets.start(by=anna, title="Outcomes", reason="A meeting.")
    source, state = SourceFactory(), StateFactory()
    summit = SummitFactory(changeset=changeset, start_date=day("2026-03-12"), cited=[source])
    update = facts.add_update(
        by=anna,
        changeset=changeset,
        state=state,
        category="training",
        title="Training of a brigade",
        values={"date": day("2026-03-12"), "summit": summit, "status": "announced", "summary": "It will."},
        sources=[source],
    )
    changesets.submit(by=anna, changeset=changeset)
    approved(rita, changeset)
    at = Clock(NOW.date(), NOW + LEAD)
    assert [*Summit.objects.visible(at)] == [summit]
    assert [*Source.objects.visible(at)] == [source]
    assert [*PledgeUpdate.objects.as_of(at)] == [update]
    assert update.pledge.slug == f"{state.slug}-training"


def test_pledges_of_other_drafts_stand_against_approval(anna: User, rita: User):
    other = PledgeFactory(title="Their pledge")
    changeset, update = submitted(anna, pledge=other, changeset=ChangesetFactory())
    with pytest.raises(Refused) as refused:
        approved(rita, changeset)
    assert refused.value.problems == [f"{update.public_id} refers to “Their pledge”, which is not public by then."]
