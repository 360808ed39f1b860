"""Accounts in a browser: the session ends while a cell is being edited; pages of accounts have no fault."""

from typing import Any

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Browser, Page, expect

from guarantees.models import PledgeUpdate
from tests.browser.conftest import watched
from tests.browser.test_desk import PASSWORD, signed_in, someone
from tests.browser.test_pages import faults
from tests.factories import UpdateFactory, administrator, editor

pytestmark = pytest.mark.usefixtures("record")


def enter(page: Page, name: str) -> None:
    page.get_by_label("User name or e-mail address").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_what_is_typed_survives_the_end_of_the_session(live: str, page: Page, axe: str):
    update = UpdateFactory()
    someone(editor, "erin")
    signed_in(page, live, "erin")
    page.goto(f"{live}/desk/changesets/{update.changeset_id}/")
    page.get_by_role("button", name="The minister said so.").click()
    form = page.locator("form.cell-form")
    form.locator("textarea").fill("Typed while the session ended.")
    Session.objects.all().delete()
    form.locator("button[type=submit]").click()
    expect(page.get_by_role("heading", name="Sign in", level=1)).to_be_visible()
    enter(page, "erin")
    expect(page.get_by_role("heading", name="You were signed out while saving")).to_be_visible()
    expect(page.locator("dl.summary")).to_contain_text("Typed while the session ended.")
    assert faults(page, axe) == []
    page.get_by_role("button", name="Save it now").click()
    expect(page.get_by_role("button", name="Typed while the session ended.")).to_be_visible()
    assert PledgeUpdate.objects.get(pk=update.pk).summary == "Typed while the session ended."


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_no_page_of_accounts_has_a_fault(
    live: str, browser: Browser, axe: str, complaints: list[str], scheme: Any, width: int
):
    someone(administrator, "ada")
    context = watched(browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800}), complaints)
    page = context.new_page()
    page.goto(f"{live}/admin/")
    enter(page, "ada")
    expect(page.get_by_role("heading", name="Administration")).to_be_visible()
    page.goto(f"{live}/admin/guarantees/pledge/")
    expect(page.get_by_role("link", name="People at the desk")).to_be_attached()
    assert complaints == []
    wrong = {}
    addresses = ["", "sessions/", "password/", "app/", "passkeys/", "password/forgotten/"]
    for address in ["/desk/people/", *(f"/accounts/{name}" for name in addresses)]:
        page.goto(f"{live}{address}")
        found = faults(page, axe)
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            found.append("scrolls sideways")
        if found:
            wrong[address] = found
    context.close()
    assert wrong == {}
