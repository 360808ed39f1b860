"""An import in a browser: handed in with errors, mended in the file, imported, reviewed, public, reverted."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from guarantees.models import Changeset, Position
from tests.browser.conftest import watched
from tests.browser.test_desk import signed_in, someone
from tests.factories import editor, reviewer

pytestmark = pytest.mark.usefixtures("record")

HEADER = "Land;Datum;Gegenstand;Kurz;Haltung;Zusammenfassung;Quelle"
SOUND = "Frankreich;2026-01-06;Troops;A made-up topic;Supports;Made up for a test.;https://example.org/made-up"


def hand_in(page: Page, live: str, text: str) -> None:
    page.goto(f"{live}/desk/import/")
    page.get_by_label("File").set_input_files({"name": "rows.csv", "mimeType": "text/csv", "buffer": text.encode()})
    page.get_by_label("What the rows are").select_option("Positions")
    page.get_by_role("button", name="Hand in").click()
    expect(page.get_by_role("heading", name="rows.csv", level=1)).to_be_visible()
    page.get_by_label("Gegenstand").select_option("subject")
    page.get_by_label("Kurz").select_option("topic")
    page.get_by_role("button", name="Look through").click()


def sound_to_axe(page: Page, axe: str) -> None:
    page.evaluate(axe)
    found: Any = page.evaluate("axe.run().then(result => result.violations.map(one => one.id))")
    assert found == []


def test_an_import_with_errors_is_mended_reviewed_made_public_and_reverted(
    live: str, browser: Browser, page: Page, axe: str, complaints: list[str]
):
    someone(editor, "erin")
    someone(reviewer, "rita")
    signed_in(page, live, "erin")
    page.goto(f"{live}/desk/import/")
    sound_to_axe(page, axe)

    source = "112ua-bloomberg-turkey-feb"
    broken = SOUND.replace("2026-01-06", "2026-02-31").replace("https://example.org/made-up", source)
    hand_in(page, live, f"{HEADER}\n{broken}\n")
    heading = page.get_by_role("heading", name="1 problem")
    expect(heading).to_be_focused()
    expect(page.get_by_role("cell", name="“2026-02-31” is not a day of the calendar.")).to_be_visible()
    expect(page.get_by_role("button", name="Make drafts")).to_have_count(0)
    sound_to_axe(page, axe)

    mended = SOUND.replace("https://example.org/made-up", source)
    hand_in(page, live, f"{HEADER}\n{mended}\n")
    expect(page.get_by_role("heading", name="No problems")).to_be_focused()
    sound_to_axe(page, axe)
    page.get_by_label("Title").fill("A made-up import")
    page.get_by_label("Reason").fill("For a test.")
    page.get_by_role("button", name="Make drafts").click()
    expect(page.get_by_text("1 row is drafted.")).to_be_visible()
    page.get_by_role("button", name="Submit for review").click()
    expect(page.get_by_text("Waiting for review").first).to_be_visible()
    address = page.url

    other = watched(browser.new_context(locale="en-GB", timezone_id="UTC"), complaints)
    review = signed_in(other.new_page(), live, "rita")
    review.goto(address)
    review.get_by_role("link", name="Review").first.click()
    expect(review.get_by_text("Made up for a test.").first).to_be_visible()
    position = Position.objects.get(topic="A made-up topic")
    assert (position.state.code, position.subject, position.known) == ("FRA", "troops", None)
    review.get_by_role("button", name="Approve now").click()
    expect(review.get_by_role("heading", name="This is public")).to_be_visible()

    page.goto(f"{live}/desk/changesets/{position.changeset_id}/revert/")
    page.get_by_label("Reason").fill("It was made up.")
    page.get_by_role("button", name="Draft the revert").click()
    expect(page.get_by_text("Drafted: submit it, and a reviewer can make it public.")).to_be_visible()
    reverting = Changeset.objects.get(reverts=position.changeset_id)
    assert [retraction.position for retraction in reverting.retractions.all()] == [position]
    other.close()


def test_an_import_works_without_scripts(live: str, browser: Browser, complaints: list[str]):
    someone(editor, "erin")
    context = watched(browser.new_context(locale="en-GB", java_script_enabled=False), complaints)
    page = signed_in(context.new_page(), live, "erin")
    hand_in(page, live, f"{HEADER}\n{SOUND.replace('https://example.org/made-up', 'nowhere')}\n")
    for _step in range(2):
        page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("“nowhere” is neither the id nor the address of a source on record.")).to_be_visible()
    context.close()
