"""The review in a browser: changes asked for and made, an embargo, an approval that comes too late, and axe."""

import datetime as dt

import pytest
from playwright.sync_api import Browser, Page, expect

from guarantees.editing import changesets
from guarantees.models import Changeset, PledgeUpdate
from tests.browser.conftest import watched
from tests.browser.test_desk import signed_in, someone
from tests.factories import SourceFactory, UpdateFactory, day, editor, reviewer

pytestmark = pytest.mark.usefixtures("record")


def handed_in(author: str, summary: str = "The minister said so.") -> Changeset:
    """A changeset with an update that needs a reason: committed, without an official text."""
    person = someone(editor, author)
    update = UpdateFactory(
        changeset__title="Outcomes of the talks",
        changeset__reason="The talks were held.",
        date=day("2026-01-06"),
        status="committed",
        summary=summary,
        cited=[SourceFactory(publisher="Example Gazette")],
    )
    update.changeset.authors.add(person)
    return changesets.submit(by=person, changeset=update.changeset)


def faultless(page: Page, axe: str) -> None:
    page.evaluate(axe)
    found = page.evaluate("axe.run()")["violations"]
    assert [(fault["id"], fault["nodes"][0]["html"]) for fault in found] == []


def test_changes_are_asked_for_made_and_approved(
    live: str, browser: Browser, page: Page, complaints: list[str], axe: str
):
    changeset = handed_in("erin")
    someone(reviewer, "rita")
    signed_in(page, live, "rita")
    faultless(page, axe)
    page.get_by_role("link", name="Outcomes of the talks").first.click()
    faultless(page, axe)
    page.get_by_text("Comment on this").first.click()
    page.get_by_label("Comment", exact=True).first.fill("Which minister?")
    page.get_by_role("button", name="Send").first.click()
    expect(page.locator("#status")).to_contain_text("Your comment is there.")
    expect(page.locator(".talk:focus")).to_contain_text("Which minister?")
    page.get_by_label("What has to change").fill("Name the minister.")
    page.get_by_role("button", name="Request changes").click()
    expect(page.locator("main")).to_contain_text("Its authors can write in it again.")

    with browser.new_context(locale="en-GB", timezone_id="UTC") as other:
        erin = signed_in(watched(other, complaints).new_page(), live, "erin")
        erin.get_by_role("link", name="Notices").click()
        expect(erin.locator("main")).to_contain_text("Name the minister.")
        faultless(erin, axe)
        update = changeset.pledgeupdate_set.get()  # type: ignore[attr-defined]
        PledgeUpdate.objects.filter(pk=update.pk).update(summary="The minister of defence said so.")
        changesets.submit(by=changeset.authors.get(), changeset=changeset)

    page.goto(f"{live}/desk/changesets/{changeset.pk}/review/")
    expect(page.locator("article")).to_contain_text("The minister of defence said so.")
    page.get_by_role("button", name="Approve now").click()
    expect(page.get_by_role("alert")).to_contain_text("does not meet the rule")
    reason = page.locator("textarea[name^=reason-]")
    expect(reason).to_be_focused()
    complaints[:] = [line for line in complaints if "422" not in line]
    reason.fill("The ministry's own text is not online.")
    page.get_by_role("button", name="Approve now").click()
    expect(page.locator("#publication")).to_contain_text("Approved")
    # The page looks again by itself.
    expect(page.locator("#publication")).to_contain_text("This is public")


def test_an_embargo_is_moved_and_called_back(live: str, page: Page, complaints: list[str], axe: str):
    changeset = handed_in("erin")
    someone(reviewer, "rita")
    signed_in(page, live, "rita")
    page.goto(f"{live}/desk/changesets/{changeset.pk}/review/")
    page.locator("textarea[name^=reason-]").fill("Seen on paper.")
    page.get_by_label("Goes public at (UTC)").fill("tomorrow")
    page.get_by_role("button", name="Approve for this time").click()
    expect(page.get_by_label("Goes public at (UTC)")).to_be_focused()
    expect(page.get_by_label("Goes public at (UTC)")).to_have_value("tomorrow")
    expect(page.locator("textarea[name^=reason-]")).to_have_value("Seen on paper.")
    complaints[:] = [line for line in complaints if "422" not in line]
    tomorrow = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    page.get_by_label("Goes public at (UTC)").fill(tomorrow.strftime("%Y-%m-%d 18:00"))
    page.get_by_role("button", name="Approve for this time").click()
    expect(page.locator("#publication")).to_contain_text("18:00 UTC")
    page.get_by_text("Choose another time").click()
    page.get_by_label("New time (UTC)").fill(tomorrow.strftime("%Y-%m-%d 19:00"))
    page.get_by_role("button", name="Move").click()
    expect(page.locator("#publication")).to_contain_text("19:00 UTC")
    faultless(page, axe)
    page.get_by_role("link", name="Desk").first.click()
    page.get_by_role("button", name="Call back").click()
    expect(page.locator("main")).to_contain_text("Called back: it waits for review again.")


def test_what_changed_while_a_reviewer_read_is_shown_instead_of_approved(
    live: str, page: Page, complaints: list[str], axe: str
):
    changeset = handed_in("erin")
    someone(reviewer, "rita")
    signed_in(page, live, "rita")
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(f"{live}/desk/changesets/{changeset.pk}/review/")
    update = changeset.pledgeupdate_set.get()  # type: ignore[attr-defined]
    PledgeUpdate.objects.filter(pk=update.pk).update(summary="Something else was said.")
    page.locator("textarea[name^=reason-]").fill("Seen on paper.")
    page.get_by_role("button", name="Approve now").click()
    expect(page.locator("#not-approved")).to_be_focused()
    expect(page.locator("#altered")).to_contain_text("Summary is now: Something else was said.")
    expect(page.locator("textarea[name^=reason-]")).to_have_value("Seen on paper.")
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    faultless(page, axe)
    complaints[:] = [line for line in complaints if "409" not in line]
    page.get_by_role("button", name="Approve now").click()
    expect(page.locator("#publication")).to_contain_text("Approved")


def test_a_queue_is_faultless(live: str, page: Page, axe: str):
    someone(editor, "erin")
    signed_in(page, live, "erin")
    page.get_by_role("link", name="Status without the evidence it asks for").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Status without the evidence it asks for")
    faultless(page, axe)
