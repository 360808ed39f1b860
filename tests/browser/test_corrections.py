"""A correction in a browser: asked for at the fact, reviewed, and public."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from guarantees import ledger
from guarantees.models import PledgeUpdate
from tests.browser.conftest import watched
from tests.factories import editor, reviewer

pytestmark = pytest.mark.usefixtures("record")


def signed_in(page: Page, live: str, user: User) -> Page:
    client = Client()
    client.force_login(user)
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live}])
    return page


def test_a_correction_is_asked_for_at_the_fact_reviewed_and_public(
    live: str, browser: Browser, page: Page, axe: str, complaints: list[str]
):
    update = PledgeUpdate.objects.filter(pledge__slug="fra-troops").latest("date")
    tools = f"#tools-update-{update.pk}"
    signed_in(page, live, editor(username="erin"))
    page.goto(f"{live}/pledges/fra-troops/")
    page.locator(tools).get_by_role("link", name="Correct").press("Enter")
    form = page.locator(f"{tools} form")
    expect(form.get_by_label("Status")).to_be_focused()
    form.get_by_role("textbox", name="Summary").fill("What France said, told rightly.")
    form.get_by_role("button", name="Save the correction").click()
    expect(form.get_by_text("This field is required.")).to_be_visible()
    expect(form.get_by_role("textbox", name="Summary")).to_have_value("What France said, told rightly.")
    page.evaluate(f"{axe};0")
    rules = "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}"
    assert page.evaluate(f"async () => (await axe.run(document, {rules})).violations.map(found => found.id)") == []
    form.get_by_label("Reason").fill("A reader wrote to us.")
    form.get_by_role("button", name="Save the correction").click()
    expect(page.locator(tools)).to_contain_text("correction pending")
    expect(page.locator(tools)).to_be_focused()
    expect(page.locator("#status")).to_contain_text("The page shows it once it is approved.")
    page.locator(tools).get_by_role("link", name="Correction of").click()
    page.get_by_role("button", name="Submit for review").click()
    expect(page.get_by_text("Waiting for review").first).to_be_visible()
    address = page.url

    other = watched(browser.new_context(locale="en-GB", timezone_id="UTC"), complaints)
    review = signed_in(other.new_page(), live, reviewer(username="rita"))
    review.goto(f"{address}review/")
    expect(review.get_by_text("told rightly.").first).to_be_visible()
    for reason in review.locator("textarea[name^=reason-]").all():
        reason.fill("The press report is all there is.")
    review.get_by_role("button", name="Approve now").click()
    expect(review.locator("#publication")).to_be_visible()

    reader = watched(browser.new_context(locale="en-GB"), complaints).new_page()
    for _ in range(40):
        reader.goto(f"{live}/pledges/fra-troops/")
        if reader.get_by_text("What France said, told rightly.").count():
            break
        reader.wait_for_timeout(100)
    expect(reader.get_by_text("What France said, told rightly.")).to_be_visible()
    expect(reader.get_by_text("Corrected since it was first published.")).to_be_visible()
    expect(reader.locator(".fact-tools")).to_have_count(0)
    assert ledger.differing() == []
    complaints[:] = [line for line in complaints if "422" not in line]
