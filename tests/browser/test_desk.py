"""The desk in a browser: a summit recorded, reviewed and made public; a conflict; the keyboard."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, BrowserContext, Page, expect

from guarantees import ledger
from guarantees.models import Changeset, PledgeUpdate
from tests.browser.conftest import watched
from tests.factories import ChangesetFactory, UpdateFactory, day, editor, reviewer

PASSWORD = "a password for tests"

pytestmark = pytest.mark.usefixtures("record")


def someone(make: Any, name: str) -> User:
    person = make(username=name)
    person.set_password(PASSWORD)
    person.save()
    return person


def signed_in(page: Page, live: str, name: str) -> Page:
    page.goto(f"{live}/desk/")
    page.get_by_label("User name or e-mail address").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Desk", level=1)).to_be_visible()
    return page


def row_of(page: Page, table: str, state: str) -> Any:
    return page.locator(f"#{table}-table tbody").filter(has=page.get_by_role("rowheader", name=state))


def add_update(page: Page, state: str, category: str, status: str, summary: str, title: str = "") -> None:
    page.locator("#add-updates select[name=state]").select_option(state)
    page.locator("#add-updates select[name=category]").select_option(category)
    page.get_by_role("button", name="Add an update").click()
    form = page.locator("#add-updates form.add-form")
    expect(form).to_be_visible()
    if title:
        if form.get_by_label("A new pledge").count():
            form.get_by_label("A new pledge").check()
        form.get_by_label("Title of the new pledge").fill(title)
    form.get_by_label("Status", exact=True).select_option(status)
    form.locator("textarea[name=summary]").fill(summary)
    form.get_by_role("button", name="Add the update").click()
    expect(page.get_by_role("button", name="Add an update")).to_be_visible()


def cite_new(page: Page, scope: Any, number: int) -> None:
    scope.get_by_role("button", name="add a source").click()
    page.get_by_text("Add a source by its address").click()
    picker = page.locator(".picker")
    picker.get_by_label("Address").fill(f"https://example.org/testville/{number}")
    picker.get_by_label("Publisher").fill("Example Gazette")
    picker.get_by_label("Kind").select_option("News")
    picker.get_by_label("Language").fill("en")
    picker.get_by_role("button", name="Add and cite").click()
    expect(page.locator(".picker")).to_have_count(0)


def test_an_editor_records_a_summit_and_a_reviewer_publishes_it(
    live: str, browser: Browser, page: Page, complaints: list[str]
):
    someone(editor, "erin")
    someone(reviewer, "rita")
    signed_in(page, live, "erin")
    page.get_by_role("link", name="Start a changeset").click()
    page.get_by_label("The summit is not on record yet").check()
    page.get_by_label("Title").fill("Outcomes of the Testville summit")
    page.get_by_label("Reason").fill("The summit was held.")
    page.get_by_role("button", name="Start").click()

    page.get_by_label("Title").fill("Testville summit")
    page.get_by_label("Level").select_option("Leaders")
    page.get_by_label("Format").select_option("In person")
    page.get_by_label("First day").fill("2026-11-03")
    page.get_by_label("Last day").fill("2026-11-03")
    page.locator("textarea[name=summary]").fill("Leaders met in a town made up for this test.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Testville summit", level=2)).to_be_visible()
    cite_new(page, page.locator(".summit-sources"), 1)

    attendance = page.locator("#add-participations")
    attendance.get_by_label("State").select_option("France")
    attendance.get_by_label("Role").select_option("Host")
    attendance.get_by_role("button", name="Add").click()
    expect(row_of(page, "participations", "France")).to_have_count(1)
    add_update(page, "France", "Troops", "Committed", "France said in Testville that it stands by its word.")
    add_update(page, "Sweden", "Maritime", "Announced", "Sweden named two ships.", title="Ships for a test")
    add_update(page, "Poland", "Monitoring", "Signalled", "Poland would send observers.", title="Observers for a test")

    for table, states in (("participations", ["France"]), ("updates", ["France", "Sweden", "Poland"])):
        for state in states:
            row = row_of(page, table, state)
            row.get_by_role("button", name="add a source").click()
            page.locator(".picker").get_by_role("button", name="Example Gazette").click()
            expect(row.get_by_text("no source yet")).to_have_count(0)

    page.get_by_role("button", name="Submit for review").click()
    expect(page.get_by_text("Waiting for review").first).to_be_visible()
    address = page.url

    other = watched(browser.new_context(locale="en-GB", timezone_id="UTC"), complaints)
    review = signed_in(other.new_page(), live, "rita")
    review.goto(address)
    review.get_by_role("link", name="Review").first.click()
    expect(review.get_by_text("Sweden named two ships.").first).to_be_visible()
    review.get_by_role("button", name="Approve now", exact=True).click()
    expect(review.get_by_text(re.compile("public", re.I)).first).to_be_visible()

    changeset = Changeset.objects.get(title="Outcomes of the Testville summit")
    assert changeset.state == "approved"
    assert changeset.goes_public_at is not None
    assert changeset.approved_at is not None
    assert (changeset.goes_public_at - changeset.approved_at).total_seconds() <= 3
    reader = watched(browser.new_context(locale="en-GB"), complaints).new_page()
    for _ in range(40):
        response = reader.goto(f"{live}/summits/{changeset.summit.slug}/")
        if response is not None and response.status == 200:
            break
        reader.wait_for_timeout(100)
    expect(reader.get_by_role("heading", level=1)).to_have_text("Testville summit")
    expect(reader.locator("main")).to_contain_text("Sweden named two ships.")
    expect(reader.locator("main")).to_contain_text("Poland would send observers.")
    before = reader.goto(f"{live}/summits/{changeset.summit.slug}/?known=2026-11-02T10:00:00Z")
    assert before is not None
    assert before.status == 404
    assert ledger.differing() == []
    complaints[:] = [line for line in complaints if "404" not in line]


def test_two_people_edit_one_cell_and_nothing_is_lost(
    live: str, browser: Browser, context: BrowserContext, complaints: list[str]
):
    ann, bob = someone(editor, "ann"), someone(editor, "bob")
    changeset = ChangesetFactory(title="Shared draft")
    changeset.authors.add(ann, bob)
    draft = UpdateFactory(changeset=changeset, summary="What stood there.", date=day("2026-11-01"))
    contexts = [context, watched(browser.new_context(locale="en-GB"), complaints)]
    first, second = (signed_in(own.new_page(), live, name) for own, name in zip(contexts, ("ann", "bob"), strict=True))
    for own in (first, second):
        own.goto(f"{live}/desk/changesets/{changeset.pk}/")
        own.get_by_role("button", name=re.compile("^Edit Summary")).click()
    first.locator(".cell-form textarea").fill("What Ann wrote.")
    first.get_by_role("button", name="Save", exact=True).click()
    expect(first.locator(".cell-form")).to_have_count(0)

    second.locator(".cell-form textarea").fill("What Bob wrote.")
    second.get_by_role("button", name="Save", exact=True).click()
    conflict = second.locator(".conflict")
    expect(conflict).to_contain_text("What Ann wrote.")
    expect(conflict).to_contain_text("What Bob wrote.")
    expect(conflict).to_contain_text("ann")
    expect(second.locator(".cell-form textarea")).to_have_value("What Bob wrote.")
    draft.refresh_from_db()
    assert draft.summary == "What Ann wrote."
    second.get_by_role("button", name="Keep mine").click()
    expect(second.locator(".cell-form")).to_have_count(0)
    draft.refresh_from_db()
    assert (draft.summary, draft.version) == ("What Bob wrote.", 3)
    contexts[1].close()
    complaints[:] = [line for line in complaints if "409" not in line]


def test_a_cell_is_edited_with_the_keyboard_alone(live: str, page: Page):
    someone(editor, "erin")
    changeset = ChangesetFactory(title="Draft")
    draft = UpdateFactory(changeset=changeset, status="signalled", date=day("2026-11-01"))
    signed_in(page, live, "erin")
    page.goto(f"{live}/desk/changesets/{changeset.pk}/")
    button = page.get_by_role("button", name=re.compile("^Edit Status"))
    button.focus()
    page.keyboard.press("Enter")
    field = page.locator(".cell-form select").first
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".cell-form")).to_have_count(0)
    expect(page.get_by_role("button", name=re.compile("^Edit Status"))).to_be_focused()
    page.keyboard.press("Enter")
    expect(field).to_be_focused()
    page.keyboard.press("A")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".cell-form")).to_have_count(0)
    expect(page.get_by_role("button", name=re.compile("^Edit Status"))).to_be_focused()
    expect(page.locator("#status")).not_to_be_empty()
    assert PledgeUpdate.objects.get(pk=draft.pk).status == "announced"


def test_what_is_typed_wrongly_stays_and_says_what_is_wrong(live: str, page: Page, complaints: list[str]):
    someone(editor, "erin")
    changeset = ChangesetFactory(title="Draft")
    UpdateFactory(changeset=changeset, date=day("2026-11-01"))
    signed_in(page, live, "erin")
    page.goto(f"{live}/desk/changesets/{changeset.pk}/")
    page.get_by_role("button", name=re.compile("^Edit Quantity")).click()
    cell = page.locator(".cell-form")
    cell.locator("[name=quantity_min]").fill("900")
    cell.locator("[name=quantity_max]").fill("100")
    cell.locator("[name=unit]").select_option("personnel")
    cell.locator("[name=quantity_basis]").select_option("stated")
    cell.get_by_role("button", name="Save", exact=True).click()
    expect(cell).to_contain_text("The highest number cannot be smaller than the lowest.")
    expect(cell.locator("[name=quantity_min]")).to_have_value("900")
    expect(cell.locator("[name=quantity_max]")).to_have_value("100")
    assert PledgeUpdate.objects.get(changeset=changeset).quantity_min is None
    complaints[:] = [line for line in complaints if "422" not in line]
