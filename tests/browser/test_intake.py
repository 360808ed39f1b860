"""The intake in a browser: ten states by keyboard only, on a phone, and without script."""

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from guarantees.models import Changeset, Participation, PledgeUpdate, Summit
from tests.browser.conftest import watched
from tests.browser.test_desk import someone
from tests.browser.test_pages import faults
from tests.factories import ChangesetFactory, SourceFactory, SummitFactory, day, editor, moment, publish

PASSWORD = "a password for tests"
STATES = [
    "Belgium",
    "Czechia",
    "Denmark",
    "Estonia",
    "France",
    "Germany",
    "Italy",
    "Norway",
    "Sweden",
    "United Kingdom",
]

pytestmark = pytest.mark.usefixtures("record")


@pytest.fixture
def summit() -> Summit:
    """A public meeting in a town made up for these tests."""
    summit: Summit = SummitFactory(slug="testville", title="Testville summit", start_date=day("2026-11-20"))
    publish(summit.changeset, at=moment("2026-11-21"))
    return summit


def sign_in(page: Page, live: str, name: str, to: str = "/desk/") -> None:
    page.goto(f"{live}/accounts/login/?next={to}")
    page.locator("[autocomplete=username], [name=login], [name=username]").first.fill(name)
    page.locator("[type=password]").first.fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{live}{to}")


TABS_TO = """wanted => {
    const stops = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")]
        .filter(stop => stop.tabIndex >= 0 && !stop.disabled && stop.checkVisibility());
    return Math.abs(stops.indexOf(wanted) - stops.indexOf(document.activeElement));
}"""
"""How many presses of Tab are between the focus and an element, about: asking after each takes as long again."""


def walk_to(page: Page, wanted: Locator, key: str = "Tab") -> None:
    """Press Tab until the focus is there, as somebody without a mouse does."""
    expect(wanted).to_be_visible()
    target = wanted.element_handle()
    for _n in range(page.evaluate(TABS_TO, target) - 3):
        page.keyboard.press(key)
    for _n in range(400):
        if page.evaluate("element => element === document.activeElement", target):
            return
        page.keyboard.press(key)
    pytest.fail(f"{wanted} cannot be reached with {key}")


def test_ten_states_are_recorded_with_the_keyboard_alone(live: str, page: Page, summit: Summit, axe: str):
    someone(editor, "erin")
    SourceFactory(publisher="Testville Gazette", title="What the states said in Testville")
    sign_in(page, live, "erin")
    press = page.keyboard.press

    walk_to(page, page.get_by_role("link", name="Start a changeset"))
    press("Enter")
    walk_to(page, page.locator("select[name=summit]"))
    page.keyboard.type("2026-11-20")
    walk_to(page, page.locator("[name=title]"))
    page.keyboard.type("Outcomes of Testville")
    walk_to(page, page.locator("[name=reason]"))
    page.keyboard.type("The summit was held.")
    walk_to(page, page.get_by_role("button", name="Start", exact=True))
    press("Enter")
    walk_to(page, page.get_by_role("link", name="Record outcomes"))
    press("Enter")

    for name in STATES:
        walk_to(page, page.get_by_label(name, exact=True))
        press("Space")
    walk_to(page, page.get_by_role("button", name="Add the ticked states"))
    press("Enter")
    expect(page.get_by_text("10 states added.")).to_be_visible()
    assert faults(page, axe) == []

    # The first state's status is raised; Enter goes on to the next row.
    statuses = page.get_by_role("button", name=re.compile("^Edit Status"))
    walk_to(page, statuses.first)
    press("Enter")
    expect(page.locator(".cell-form select")).to_be_focused()
    page.keyboard.type("Committed")
    press("Enter")
    expect(page.locator(".cell-form")).to_have_count(0)
    expect(page.locator("#status")).to_contain_text("Saved: Status")
    expect(statuses.nth(1)).to_be_focused()
    press("ArrowUp")
    expect(statuses.first).to_be_focused()
    # Its quantity: Tab goes from field to field, then saves and moves right.
    press("ArrowRight")
    press("Enter")
    expect(page.locator(".cell-form [name=quantity_min]")).to_be_focused()
    page.keyboard.type("400")
    press("Tab")
    press("Tab")
    page.keyboard.type("personnel")
    press("Tab")
    page.keyboard.type("Stated")
    press("Tab")
    expect(page.locator(".cell-form")).to_have_count(0)
    expect(page.get_by_role("button", name=re.compile("^Edit Conditions")).first).to_be_focused()
    # Escape gives back what was there.
    press("Enter")
    expect(page.locator(".cell-form")).to_be_visible()
    press("Escape")
    expect(page.locator(".cell-form")).to_have_count(0)
    # The summary, saved with Ctrl+S.
    walk_to(page, page.get_by_role("button", name=re.compile("^Edit Summary")).first)
    press("Enter")
    expect(page.locator(".cell-form textarea")).to_be_focused()
    press("Control+a")
    page.keyboard.type("Belgium named a number.")
    press("Control+s")
    expect(page.locator(".cell-form")).to_have_count(0)
    expect(page.get_by_role("button", name=re.compile("^Edit Summary")).first).to_be_focused()

    # One row of each other state is reaffirmed with one press.
    for name in STATES[1:]:
        walk_to(page, page.get_by_role("button", name=re.compile(f"^reaffirmed ?: {name}")).first)
        press("Enter")
        expect(page.locator("#status")).to_contain_text(f"Reaffirmed: {name}")
    # The last of them was too much: the undo is reached like anything else.
    drafts = PledgeUpdate.objects.filter(changeset__title="Outcomes of Testville")
    assert drafts.count() == 10

    # A source for the first row by search, for all the others by one key.
    walk_to(page, page.get_by_role("button", name=re.compile("^add a source")).first, "Shift+Tab")
    press("Enter")
    expect(page.get_by_label("Look for a source on record")).to_be_focused()
    page.keyboard.type("Testville")
    walk_to(page, page.locator(".picker .list button").first)
    press("Enter")
    expect(page.locator(".picker")).to_have_count(0)
    for left in range(9, 0, -1):
        expect(page.locator("#progress")).to_contain_text(f"{left} without a source")
        row = page.locator("#intake-table tbody").filter(has=page.locator(".use-last")).first
        walk_to(page, row.get_by_role("button", name=re.compile("^Edit Status")))
        press("s")
    expect(page.locator("#progress")).to_have_text("10 rows recorded")

    walk_to(page, page.get_by_role("button", name="Submit for review"), "Shift+Tab")
    press("Enter")
    expect(page.get_by_text("Submitted: a reviewer can look at it now.")).to_be_visible()
    assert Changeset.objects.get(title="Outcomes of Testville").state == "submitted"
    first = drafts.get(pledge__state__name="Belgium")
    assert (first.status, first.quantity_min, first.summary) == ("committed", 400, "Belgium named a number.")


def begun(name: str, summit: Summit) -> Changeset:
    """A changeset about the meeting in which Sweden is listed."""
    changeset: Changeset = ChangesetFactory(title="Outcomes of Testville", summit=summit)
    changeset.authors.add(someone(editor, name))
    sweden = Participation.objects.filter(state__name="Sweden").first()
    assert sweden is not None
    Participation.objects.create(
        changeset=changeset, summit=summit, state=sweden.state, public_id="testville-swe", role="participant"
    )
    return changeset


def test_the_intake_fits_a_phone_and_takes_pasted_rows(
    live: str, browser: Browser, axe: str, complaints: list[str], summit: Summit
):
    changeset = begun("erin", summit)
    context = watched(
        browser.new_context(viewport={"width": 360, "height": 740}, locale="en-GB", color_scheme="dark"), complaints
    )
    page = context.new_page()
    sign_in(page, live, "erin")
    page.goto(f"{live}/desk/summits/testville/record/")
    assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    assert faults(page, axe) == []
    page.get_by_role("button", name=re.compile("^Edit Status")).first.click()
    page.locator(".cell-form select").select_option("committed")
    # A click elsewhere saves, and does not take the focus back.
    page.get_by_role("heading", level=1).click()
    expect(page.locator(".cell-form")).to_have_count(0)
    expect(page.locator("#status")).to_contain_text("Saved: Status")
    page.locator("#status").get_by_role("button", name="Undo").click()
    expect(page.locator("#status")).to_contain_text("Undone")
    assert not PledgeUpdate.objects.filter(changeset=changeset).exists()
    page.evaluate(
        """text => {
            const data = new DataTransfer();
            data.setData("text/plain", text);
            const event = new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true});
            document.querySelector("#intake-table .cell-button").dispatchEvent(event);
        }""",
        "Schweden\tcommand\tsignalled\nPoland\tmonitoring\tannounced",
    )
    expect(page.get_by_text("2 rows filled.")).to_be_visible()
    assert PledgeUpdate.objects.filter(changeset=changeset).count() == 2
    context.close()
    assert complaints == []


def test_without_script_the_main_path_works(live: str, browser: Browser, complaints: list[str], summit: Summit):
    changeset = begun("erin", summit)
    context = watched(browser.new_context(java_script_enabled=False, locale="en-GB"), complaints)
    page = context.new_page()
    sign_in(page, live, "erin")
    page.goto(f"{live}/desk/summits/testville/record/")
    page.get_by_role("button", name=re.compile("^reaffirmed ?: Sweden")).first.click()
    expect(page.get_by_text(re.compile("Reaffirmed: Sweden"))).to_be_visible()
    page.get_by_role("button", name=re.compile("^Edit Summary")).first.click()
    page.locator(".cell-form textarea").fill("Sweden said it again.")
    page.get_by_role("button", name="Save", exact=True).click()
    assert PledgeUpdate.objects.get(changeset=changeset).summary == "Sweden said it again."
    page.get_by_role("button", name="Undo").click()
    assert PledgeUpdate.objects.get(changeset=changeset).summary.startswith("Sweden stood by this pledge")
    context.close()
