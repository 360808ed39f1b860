"""The review: every row beside what is in force, the decision, and what happens at its time."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from guarantees import ledger
from guarantees.editing import changesets
from guarantees.editing.errors import Refused
from guarantees.models import Changeset, LedgerEntry, PledgeMerge
from guarantees.vocabulary import EvidenceRule, Status
from tests.desk import Person, errors, fields
from tests.factories import (
    ChangesetFactory,
    ClaimFactory,
    ConditionStateFactory,
    ParticipationFactory,
    PledgeFactory,
    PositionFactory,
    RequirementFactory,
    SourceFactory,
    StateFactory,
    SummitFactory,
    UpdateFactory,
    day,
    editor,
    moment,
    publish,
    reviewer,
)
from tests.htmx_swap import Page
from tests.strict_client import StrictClient

pytestmark = pytest.mark.django_db

NOW = moment("2026-03-12T18:00:00")


@pytest.fixture(autouse=True)
def frozen() -> Any:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def rita() -> Person:
    return Person(reviewer(username="rita"))


@pytest.fixture
def anna() -> Person:
    return Person(editor(username="anna"))


def waiting(anna: Person, **what: Any) -> Changeset:
    """A changeset with an update by Anna that waits for review."""
    update = UpdateFactory(**what)
    update.changeset.authors.add(anna.user)
    Changeset.objects.filter(pk=update.changeset_id).update(state="submitted", submitted_at=NOW)
    return Changeset.objects.get(pk=update.changeset_id)


def review_of(changeset: Changeset) -> str:
    return f"/desk/changesets/{changeset.pk}/review/"


def approve(person: Person, changeset: Changeset, **sent: Any) -> Any:
    seen = fields(person.get(review_of(changeset)))["seen"]  # type: ignore[arg-type]
    return person.post(f"/desk/changesets/{changeset.pk}/approve/", {"seen": seen} | sent)


def table(page: Page, row: str) -> list[list[str]]:
    """The lines of the comparison of one row."""
    lines = [node for node, _parent in page.root.find(row)[0].walk() if node.tag == "tr"]
    return [[cell.text() for cell, _p in line.walk() if cell.tag in ("th", "td")] for line in lines[1:]]


def test_an_update_stands_beside_what_is_in_force(anna: Person, rita: Person):
    first = UpdateFactory(area="ukraine", pledge__title="Troops", conditions=["ceasefire"], conditions_basis="stated")
    publish(first.changeset, at=moment("2026-03-01"))
    changeset = waiting(
        anna,
        pledge=first.pledge,
        changeset=ChangesetFactory(),
        date=day("2026-03-12"),
        status="committed",
        instrument="declaration_of_intent",
        quantity_max=5000,
        unit="personnel",
        quantity_basis="stated",
    )
    page = rita.page(review_of(changeset))
    update = changeset.pledgeupdate_set.get()  # type: ignore[attr-defined]
    assert table(page, f"update-{update.pk}") == [
        ["Status", "Announced", "Committed changed"],
        ["Quantity", "no number given", "up to 5,000 personnel (stated) changed"],
        ["Conditions", "Ceasefire", "Ceasefire as before"],
        ["Area", "Ukraine", "Ukraine as before"],
        ["Instrument", "Not stated", "Declaration of intent changed"],
        ["Bindingness", "Not stated", "Not stated as before"],
    ]
    marks = {node.tag for node, _parent in page.root.find(f"update-{update.pk}")[0].walk()} & {"ins", "del"}
    assert marks == {"ins", "del"}


def test_positions_and_attendance_stand_there_too(anna: Person, rita: Person):
    earlier = PositionFactory(stance="reserved", topic="A force", summary="Not now.", date=day("2025-10-01"))
    publish(earlier.changeset, at=moment("2026-03-01"))
    summit = SummitFactory(title="Oslo summit")
    changeset = summit.changeset
    Changeset.objects.update(summit=summit)
    position = PositionFactory(
        state=earlier.state, topic="A force", summary="Now.", changeset=changeset, cited=[*earlier.sources.all()]
    )
    attendance = ParticipationFactory(summit=summit, changeset=changeset, role="host", office="Minister")
    source = earlier.sources.get()
    cited = f"{source.publisher} ({source.public_id})"
    page = rita.page(review_of(changeset))
    assert table(page, f"position-{position.pk}") == [
        ["State", earlier.state.name, f"{earlier.state.name} as before"],
        ["Date", "1 October 2025", "4 September 2025 changed"],
        ["Subject", "Guarantees as a whole", "Guarantees as a whole as before"],
        ["Topic", "A force", "A force as before"],
        ["Stance", "Reserved", "Supports changed"],
        ["Summary", "Not now.", "Now. changed"],
        ["Sources", cited, f"{cited} as before"],
    ]
    row = page.root.find(f"participation-{attendance.pk}")[0]
    said = f"{attendance.state.name} Host In person Minister Example Gazette {attendance.sources.get().title}"
    assert row.text() == f"{said} Comment on this"


def test_what_stands_against_it_is_said_at_the_top_and_at_the_row(anna: Person, rita: Person):
    changeset = waiting(anna, cited=[])
    update = changeset.pledgeupdate_set.get()  # type: ignore[attr-defined]
    page = rita.page(review_of(changeset))
    sentence = f"{update.public_id} has no source."
    assert page.root.find("problems")[0].text() == f"This stands against it {sentence}"
    assert sentence in page.root.find(f"update-{update.pk}")[0].text()


@pytest.mark.parametrize(
    ("said", "rule", "warning"),
    [
        (
            {"status": "committed"},
            "official_text",
            "warning Official text. “Committed” asks for an official text, and no source is one.",
        ),
        (
            {"status": "announced", "attribution": "press"},
            "named_speaker",
            "warning Said by the state itself. "
            "The press and third parties never raise a pledge above signalled, and “Announced” is above it.",
        ),
    ],
)
def test_a_rule_that_is_not_met_asks_for_a_reason_and_forbids_nothing(
    anna: Person, rita: Person, said: dict[str, str], rule: str, warning: str
):
    changeset = waiting(anna, **said)
    update = changeset.pledgeupdate_set.get()  # type: ignore[attr-defined]
    name = f"reason-{update.pk}-{rule}"
    response = rita.get(review_of(changeset))
    article = Page(response).root.find(f"update-{update.pk}")[0].text()
    assert warning in article
    assert str(Status(update.status).definition) in article
    response = approve(rita, changeset, goes_public_at="2026-03-13 09:00", when="later")
    assert response.status_code == 422
    label = EvidenceRule(rule).label
    assert errors(response)[name] == (
        f"{update.public_id} does not meet the rule “{label}”. Say why it may stand all the same."
    )
    assert fields(response)["goes_public_at"] == "2026-03-13 09:00"
    assert approve(rita, changeset, **{name: "The minister <said> so."}).status_code == 303
    comment = changeset.comments.get()
    assert (comment.author, comment.fact_id, comment.acknowledges, comment.text) == (
        rita.user,
        update.pk,
        rule,
        "The minister <said> so.",
    )
    article = rita.page(review_of(changeset)).root.find(f"update-{update.pk}")[0].text()
    assert f"rita 12 March 2026, 18:00 UTC · why it may stand: {label} The minister <said> so." in article


def test_what_is_met_is_said_as_well(anna: Person, rita: Person):
    changeset = waiting(anna, status="committed", cited=[SourceFactory(kind="official", publisher="Ministry")])
    update = changeset.pledgeupdate_set.get()  # type: ignore[attr-defined]
    page = rita.page(review_of(changeset))
    assert "met Official text. There is an official text: Ministry." in page.root.find(f"update-{update.pk}")[0].text()
    assert approve(rita, changeset).status_code == 303
    assert not changeset.comments.exists()


def test_a_reason_given_before_is_offered_again_and_kept_once(anna: Person, rita: Person):
    changeset = waiting(anna, status="committed")
    update = changeset.pledgeupdate_set.get()  # type: ignore[attr-defined]
    name = f"reason-{update.pk}-official_text"
    approve(rita, changeset, goes_public_at="2026-03-13 09:00", **{name: "Seen on paper."})
    rita.post(f"/desk/changesets/{changeset.pk}/call-back/")
    sent = fields(rita.get(review_of(changeset)))  # type: ignore[arg-type]
    assert sent[name] == "Seen on paper."
    assert rita.post(f"/desk/changesets/{changeset.pk}/approve/", sent | {"when": "now"}).status_code == 303
    assert changeset.comments.count() == 1


def test_a_correction_stands_word_by_word_beside_what_it_corrects(anna: Person, rita: Person):
    first = UpdateFactory(summary="The minister said that a brigade would go to Ukraine.")
    publish(first.changeset, at=moment("2026-03-01"))
    changeset = waiting(
        anna,
        pledge=first.pledge,
        changeset=ChangesetFactory(),
        corrects=first,
        correction_kind="corrected",
        summary="The minister said that two brigades would go to Ukraine.",
        cited=[*first.sources.all()],
    )
    update = changeset.pledgeupdate_set.get()  # type: ignore[attr-defined]
    article = rita.page(review_of(changeset)).root.find(f"update-{update.pk}")[0]
    marked = [(node.tag, node.text()) for node, _parent in article.walk() if node.tag in ("ins", "del")]
    assert marked == [("del", "removed: a brigade"), ("ins", "added: two brigades")]
    assert f"Corrected: {first.public_id}" in article.text()
    assert "met" not in [node.text() for node, _parent in article.walk()]


def test_retractions_merges_and_facts_of_every_kind_are_shown(anna: Person, rita: Person):
    gone, kept = UpdateFactory(summary="Never said."), UpdateFactory()
    for update in (gone, kept):
        publish(update.changeset, at=moment("2026-03-01"))
    changeset = ConditionStateFactory(value="met").changeset
    ClaimFactory(changeset=changeset, states_claimed=26)
    RequirementFactory(changeset=changeset)
    retraction = changeset.retractions.create(update=gone, reason="It was another state.")
    merge = PledgeMerge.objects.create(changeset=changeset, pledge=gone.pledge, into=kept.pledge)
    Changeset.objects.filter(pk=changeset.pk).update(state="submitted", submitted_at=NOW)
    root = rita.page(review_of(changeset)).root
    assert table(Page(rita.get(review_of(changeset))), f"retraction-{retraction.pk}")[0] == [
        "Status",
        "Announced",
        "nothing removed",
    ]
    text = root.first("main").text()
    assert f"Update: {gone.public_id} It was another state." in text
    assert f"The pledge “{gone.pledge.title}” becomes part of “{kept.pledge.title}”." in text
    assert root.find(f"pledge_merge-{merge.pk}")
    assert "States claimed 26 nothing" not in text
    assert "States claimed nothing 26 new" in text
    assert "Value nothing Met new" in text
    assert "At most nothing 30,000 new" in text


def test_approving_now_tells_when_it_is_public_and_where(anna: Person, rita: Person, frozen: Any):
    summit = SummitFactory(title="Oslo summit", slug="oslo-2026-03-12", start_date=day("2026-03-12"))
    Changeset.objects.update(summit=summit)
    changeset = waiting(anna, changeset=summit.changeset, pledge__slug="fra-troops", summit=summit)
    response = approve(rita, changeset)
    assert (response.status_code, response["Location"]) == (303, review_of(changeset))
    notice = rita.page(review_of(changeset)).root.find("publication")[0]
    assert notice.text().startswith("Approved Goes public 12 March 2026, 18:00:02 UTC .")
    # The page looks again by itself when the time has come.
    assert notice.attributes["hx-trigger"] == "load delay:3s"
    frozen.shift(dt.timedelta(seconds=3))
    notice = rita.page(review_of(changeset)).root.find("publication")[0]
    assert notice.text().startswith("This is public Public since 12 March 2026, 18:00:02 UTC .")
    assert "hx-trigger" not in notice.attributes
    links = [node.attributes["href"] for node, _parent in notice.walk() if node.tag == "a"]
    assert links == ["/summits/oslo-2026-03-12/", "/pledges/fra-troops/", f"/changes/{changeset.pk}/"]


def test_a_new_summit_is_public_after_approval_and_not_known_a_minute_earlier(anna: Person, rita: Person, frozen: Any):
    publish(UpdateFactory().changeset, at=moment("2026-03-01"))
    summit = SummitFactory(title="Oslo summit", slug="oslo-2026-03-12", start_date=day("2026-03-12"))
    Changeset.objects.filter(pk=summit.changeset_id).update(summit=summit)
    approve(rita, waiting(anna, changeset=summit.changeset, summit=summit))
    reader = StrictClient()
    assert reader.get("/summits/oslo-2026-03-12/").status_code == 404
    frozen.shift(dt.timedelta(seconds=3))
    assert "Oslo summit" in reader.get("/summits/oslo-2026-03-12/").content.decode()
    before = reader.get("/summits/oslo-2026-03-12/?known=2026-03-12T17:59:03Z")
    assert before.status_code == 404
    assert "Oslo summit" not in before.content.decode()


def test_an_embargo_keeps_everything_back_and_can_be_called_back(anna: Person, rita: Person):
    changeset = waiting(anna)
    approve(rita, changeset, goes_public_at="2026-03-13T09:00")
    changeset.refresh_from_db()
    assert changeset.goes_public_at == moment("2026-03-13T09:00:00")
    page = rita.page(review_of(changeset))
    assert "Goes public 13 March 2026, 09:00 UTC" in page.root.text()
    response = anna.post(f"/desk/changesets/{changeset.pk}/call-back/")
    assert (response.status_code, response["Location"]) == (303, review_of(changeset))
    assert "Called back: it waits for review again." in anna.page(review_of(changeset)).root.text()
    assert not LedgerEntry.objects.exists()
    assert ledger.differing() == []


def test_it_is_too_late_to_call_back_what_is_public(anna: Person, rita: Person, frozen: Any):
    changeset = waiting(anna)
    approve(rita, changeset)
    frozen.shift(dt.timedelta(minutes=1))
    rita.post(f"/desk/changesets/{changeset.pk}/call-back/")
    assert "It is too late to call it back" in rita.page(review_of(changeset)).root.text()
    assert LedgerEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("time", "status", "said"),
    [
        ("2026-03-12T17:00", 409, "This time is past. Choose one that is still to come."),
        ("2026-03-12T18:00:01", 409, "The time must be at least two seconds ahead."),
        ("tomorrow", 422, "is not a moment. Please give a day and a time in UTC, such as 2026-03-12 18:00."),
        (
            "0001-01-01T00:00+14:00",
            422,
            "is not a moment. Please give a day and a time in UTC, such as 2026-03-12 18:00.",
        ),
    ],
)
def test_an_impossible_time_is_refused(anna: Person, rita: Person, time: str, status: int, said: str):
    changeset = waiting(anna)
    response = approve(rita, changeset, goes_public_at=time)
    assert response.status_code == status
    assert said in Page(response).root.text()
    changeset.refresh_from_db()
    assert changeset.state == "submitted"


def test_a_time_with_an_offset_is_read_as_such(anna: Person, rita: Person):
    changeset = waiting(anna)
    approve(rita, changeset, goes_public_at="2026-03-13T10:00+01:00")
    changeset.refresh_from_db()
    assert changeset.goes_public_at == moment("2026-03-13T09:00:00")


def test_what_changed_meanwhile_is_shown_instead_of_approved(anna: Person, rita: Person):
    changeset = waiting(anna)
    update = changeset.pledgeupdate_set.get()  # type: ignore[attr-defined]
    gone = PositionFactory(changeset=changeset)
    sent = fields(rita.get(review_of(changeset)))  # type: ignore[arg-type]
    assert update.summary not in sent["marks"]
    type(update).objects.filter(pk=update.pk).update(summary="Altered.")
    gone.delete()
    new = PositionFactory(changeset=changeset)
    response = rita.post(f"/desk/changesets/{changeset.pk}/approve/", sent | {"goes_public_at": "2026-03-13 09:00"})
    assert response.status_code == 409
    root = Page(response).root
    assert "Something in this changeset was altered after you opened it." in root.find("not-approved")[0].text()
    listed = [node.text() for node, _parent in root.find("altered")[0].walk() if node.tag == "li"]
    assert listed == [
        f"{update.public_id} : Summary is now: Altered.",
        f"{new.public_id} : new",
        f"{gone.public_id}: no longer here",
    ]
    assert "Changed since you opened the page. Summary is now: Altered." in root.find(f"update-{update.pk}")[0].text()
    # What was typed is kept; the page now shows what is there, and its form confirms that.
    sent = fields(response)
    assert sent["goes_public_at"] == "2026-03-13 09:00"
    assert rita.post(f"/desk/changesets/{changeset.pk}/approve/", sent).status_code == 303


def test_a_publication_that_alters_what_will_be_in_force_is_named(anna: Person, rita: Person):
    first = UpdateFactory()
    publish(first.changeset, at=moment("2026-03-01"))
    changeset = waiting(anna, pledge=first.pledge, changeset=ChangesetFactory(), date=day("2026-03-12"))
    sent = fields(rita.get(review_of(changeset)))  # type: ignore[arg-type]
    other = UpdateFactory(pledge=first.pledge, date=day("2026-01-05"), changeset=ChangesetFactory())
    publish(other.changeset, at=moment("2026-03-12T17:00:00"))
    response = rita.post(f"/desk/changesets/{changeset.pk}/approve/", sent | {"when": "now"})
    assert response.status_code == 409
    listed = [node.text() for node, _p in Page(response).root.find("altered")[0].walk() if node.tag == "li"]
    assert listed == [f"What is on record of “{first.pledge.title}”: changed"]


@pytest.mark.parametrize(
    "marks", ["", "x", "update-1", "../../etc:aaaaaaaaaa", "update-999999999999999999:aaaaaaaa", "\x00"]
)
def test_marks_that_nobody_was_given_do_no_harm(anna: Person, rita: Person, marks: str):
    changeset = waiting(anna)
    response = rita.post(f"/desk/changesets/{changeset.pk}/approve/", {"seen": "x", "marks": marks})
    assert response.status_code in (409, 422)
    changeset.refresh_from_db()
    assert changeset.state == "submitted"


@pytest.mark.parametrize(
    ("when", "time", "said"),
    [
        ("now", "2026-03-13 09:00", "A time is given here. Empty it to approve now, or approve for this time."),
        ("later", "", "Please give a day and a time in UTC, such as 2026-03-12 18:00."),
    ],
)
def test_the_button_and_the_time_have_to_agree(anna: Person, rita: Person, when: str, time: str, said: str):
    changeset = waiting(anna)
    response = approve(rita, changeset, when=when, goes_public_at=time)
    assert (response.status_code, errors(response)["goes_public_at"]) == (422, said)
    assert fields(response)["goes_public_at"] == time
    changeset.refresh_from_db()
    assert changeset.state == "submitted"


def test_what_stands_against_it_is_said_when_it_is_approved(anna: Person, rita: Person):
    changeset = waiting(anna, cited=[])
    response = approve(rita, changeset)
    assert response.status_code == 409
    summary = Page(response).root.find("not-approved")[0].text()
    update = changeset.pledgeupdate_set.get()  # type: ignore[attr-defined]
    assert summary == f"Not approved This cannot go public yet. {update.public_id} has no source."


def test_nobody_approves_what_they_wrote(rita: Person, settings: Any):
    changeset = waiting(rita)
    assert "You wrote in this changeset." in rita.page(review_of(changeset)).root.text()
    response = approve(rita, changeset)
    assert response.status_code == 409
    assert "somebody else has to approve it" in Page(response).root.text()
    settings.FOUR_EYES = False
    assert approve(rita, changeset).status_code == 303


def test_requested_changes_come_with_a_reason(anna: Person, rita: Person):
    changeset = waiting(anna)
    path = f"/desk/changesets/{changeset.pk}/request-changes/"
    response = rita.post(path, {"comment": ""})
    assert (response.status_code, errors(response)) == (422, {"comment": "This field is required."})
    response = rita.post(path, {"comment": "\u202eabc"})
    assert (response.status_code, list(errors(response))) == (422, ["comment"])
    response = rita.post(path, {"comment": "A source is <missing>."})
    assert (response.status_code, response["Location"]) == (303, f"/desk/changesets/{changeset.pk}/")
    text = anna.page(f"/desk/changesets/{changeset.pk}/").root.text()
    assert "Changes requested" in text
    assert "rita A source is <missing>." in text
    response = rita.post(path, {"comment": "Once more."})
    assert response.status_code == 409


def test_editors_see_the_review_without_the_decision(anna: Person):
    changeset = waiting(anna)
    page = anna.page(review_of(changeset))
    assert "It waits for a reviewer." in page.root.text()
    assert not [node for node, _parent in page.root.walk() if node.attributes.get("id") == "decision"]
    response = approve_without_looking(anna, changeset)
    assert response.status_code == 403
    changeset.refresh_from_db()
    assert changeset.state == "submitted"


def approve_without_looking(person: Person, changeset: Changeset) -> Any:
    return person.post(f"/desk/changesets/{changeset.pk}/approve/", {"seen": "x"})


def test_the_review_asks_as_many_questions_for_one_row_as_for_three(anna: Person, rita: Person):
    summit = SummitFactory()
    Changeset.objects.update(summit=summit)

    def asked_for_another() -> int:
        UpdateFactory(changeset=summit.changeset, pledge=PledgeFactory(changeset=summit.changeset))
        PositionFactory(changeset=summit.changeset, state=StateFactory())
        ParticipationFactory(changeset=summit.changeset, summit=summit)
        Changeset.objects.update(state="submitted")
        with CaptureQueriesContext(connection) as asked:
            rita.page(review_of(summit.changeset))
        return len(asked)

    asked_for_another()  # what is read once and kept, is read by now
    one, two = asked_for_another(), asked_for_another()
    assert one == two < 100


# --- Comments on single facts


def comment_on(changeset: Changeset, kind: str, pk: int) -> str:
    return f"/desk/changesets/{changeset.pk}/facts/{kind}/{pk}/comment/"


def test_a_comment_on_a_fact_stands_at_the_fact_after_a_swap_as_on_a_fresh_page(anna: Person, rita: Person):
    changeset = waiting(anna)
    update = changeset.pledgeupdate_set.get()  # type: ignore[attr-defined]
    path = comment_on(changeset, "update", update.pk)
    page = rita.page(review_of(changeset))
    page.swap(rita.hx_get(path), f"talk-update-{update.pk}")
    opened = rita.page(f"{review_of(changeset)}?talk=update-{update.pk}")
    assert page == opened
    assert [node.attributes["name"] for node in page.focus()] == ["text"]
    assert rita.get(path)["Location"] == f"{review_of(changeset)}?talk=update-{update.pk}#talk-update-{update.pk}"
    answer = rita.hx_post(path, {"text": "Who <said> so?"})
    page.swap(answer, f"talk-update-{update.pk}")
    assert (answer.status_code, page.status()) == (200, "Your comment is there.")
    assert [node.attributes["id"] for node in page.focus()] == [f"talk-update-{update.pk}"]
    said = page.root.find(f"talk-update-{update.pk}")[0]
    assert said.text().startswith("rita 12 March 2026, 18:00 UTC Who <said> so?")
    said.attributes.pop("tabindex")
    assert page == rita.page(review_of(changeset))
    response = anna.post(path, {"text": "The minister."})
    assert (response.status_code, response["Location"]) == (303, f"{review_of(changeset)}#talk-update-{update.pk}")
    assert [(c.author, c.fact_kind, c.fact_id) for c in changeset.comments.all()] == [
        (rita.user, "update", update.pk),
        (anna.user, "update", update.pk),
    ]


@pytest.mark.parametrize("text", ["", "\u202eabc", "x" * 4001])
def test_a_comment_that_cannot_be_kept_stays_in_its_field(anna: Person, rita: Person, text: str):
    changeset = waiting(anna)
    update = changeset.pledgeupdate_set.get()  # type: ignore[attr-defined]
    path = comment_on(changeset, "update", update.pk)
    for response in (rita.hx_post(path, {"text": text}), rita.post(path, {"text": text})):
        assert response.status_code == 422
        assert list(errors(response)) == ["text"]
        assert fields(response)["text"].strip() == text  # type: ignore[arg-type]
    assert not changeset.comments.exists()


def test_only_facts_of_the_changeset_are_commented_on(anna: Person, rita: Person):
    changeset, other = waiting(anna), UpdateFactory()
    assert rita.post(comment_on(changeset, "update", other.pk), {"text": "Why?"}).status_code == 409
    assert rita.post(comment_on(changeset, "pledge", other.pk), {"text": "Why?"}).status_code == 404
    assert rita.delete(comment_on(changeset, "update", other.pk)).status_code == 405
    assert not changeset.comments.exists()


# --- Moving an embargo


def test_the_time_of_an_embargo_is_moved_by_a_reviewer_who_did_not_write_in_it(anna: Person, rita: Person):
    changeset = waiting(anna)
    approve(rita, changeset, goes_public_at="2026-03-13 09:00", when="later")
    path = f"/desk/changesets/{changeset.pk}/move/"
    assert anna.post(path, {"goes_public_at": "2026-03-14 09:00"}).status_code == 403
    author = Person(reviewer(username="author"))
    changeset.authors.add(author.user)
    response = author.post(path, {"goes_public_at": "2026-03-14 09:00"})
    assert (response.status_code, errors(response)) == (409, {})
    response = rita.post(path, {"goes_public_at": "2026-03-14 09:00"})
    assert (response.status_code, response["Location"]) == (303, f"{review_of(changeset)}#publication")
    assert "Goes public 14 March 2026, 09:00 UTC" in rita.page(review_of(changeset)).root.text()
    assert ledger.differing() == []


@pytest.mark.parametrize(
    ("time", "status", "said"),
    [
        ("", 422, "This field is required."),
        ("soon", 422, "“soon” is not a moment. Please give a day and a time in UTC, such as 2026-03-12 18:00."),
        (
            "2026-03-13",
            422,
            "“2026-03-13” is not a moment. Please give a day and a time in UTC, such as 2026-03-12 18:00.",
        ),
        ("2026-03-12 17:00", 409, "This time is past. Choose one that is still to come."),
        ("2026-03-12 18:00:01", 409, "The time must be at least two seconds ahead."),
    ],
)
def test_an_impossible_new_time_is_explained_and_kept(anna: Person, rita: Person, time: str, status: int, said: str):
    changeset = waiting(anna)
    approve(rita, changeset, goes_public_at="2026-03-13 09:00", when="later")
    response = rita.post(f"/desk/changesets/{changeset.pk}/move/", {"goes_public_at": time})
    assert (response.status_code, errors(response)["goes_public_at"]) == (status, said)
    assert fields(response)["goes_public_at"] == time
    changeset.refresh_from_db()
    assert changeset.goes_public_at == moment("2026-03-13T09:00:00")


def test_five_seconds_before_its_time_nothing_is_moved_any_more(anna: Person, rita: Person, frozen: Any):
    changeset = waiting(anna)
    approve(rita, changeset, goes_public_at="2026-03-13 09:00", when="later")
    frozen.move_to(moment("2026-03-13T08:59:55.001"))
    response = rita.post(f"/desk/changesets/{changeset.pk}/move/", {"goes_public_at": "2026-03-14 09:00"})
    assert response.status_code == 409
    assert "It is too late to call it back" in errors(response)["goes_public_at"]
    frozen.move_to(moment("2026-03-13T08:59:55"))
    response = rita.post(f"/desk/changesets/{changeset.pk}/move/", {"goes_public_at": "2026-03-14 09:00"})
    assert response.status_code == 303


def test_a_time_at_which_a_fact_would_be_dated_ahead_is_refused(anna: Person, rita: Person):
    changeset = waiting(anna, date=day("2026-03-14"))
    approve(rita, changeset, goes_public_at="2026-03-14 09:00", when="later")
    response = rita.post(f"/desk/changesets/{changeset.pk}/move/", {"goes_public_at": "2026-03-13 09:00"})
    assert response.status_code == 409
    assert "is dated after the day of its publication." in errors(response)["goes_public_at"]
    assert LedgerEntry.objects.count() == 1


# --- Four eyes


def test_who_becomes_an_author_between_page_and_approval_approves_nothing(anna: Person, rita: Person):
    changeset = waiting(anna)
    seen = fields(rita.get(review_of(changeset)))["seen"]  # type: ignore[arg-type]
    changesets.request_changes(by=rita.user, changeset=changeset, comment="Let me help.")
    changesets.edit(
        by=rita.user, changeset=changeset, version=2, seen="", title=changeset.title, reason=changeset.reason
    )
    changesets.submit(by=anna.user, changeset=changeset)
    response = rita.post(f"/desk/changesets/{changeset.pk}/approve/", {"seen": seen})
    assert response.status_code == 409
    assert "You wrote in this changeset, so somebody else has to approve it." in Page(response).root.text()
    with pytest.raises(Refused, match="You wrote in this changeset"):
        changesets.approve(by=rita.user, changeset=changeset, seen=changesets.digest(changeset))
    changeset.refresh_from_db()
    assert (changeset.state, changeset.reviewer) == ("submitted", rita.user)


def test_nothing_that_is_sent_makes_an_author_a_reviewer_or_a_draft_public(anna: Person, rita: Person):
    changeset = waiting(rita)
    sent = {"state": "approved", "reviewer": anna.user.pk, "known": "[2020-01-01,)", "authors": "", "by": anna.user.pk}
    assert approve(rita, changeset, **sent).status_code == 409
    assert anna.post(f"/desk/changesets/{changeset.pk}/approve/", {"seen": "x"} | sent).status_code == 403
    changeset.refresh_from_db()
    assert (changeset.state, changeset.reviewer, [*changeset.authors.all()]) == ("submitted", None, [rita.user])
    assert not LedgerEntry.objects.exists()
