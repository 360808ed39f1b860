"""Sources in a browser: added by address with proposals, merged, and the old address leads to the new one."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from guarantees import ledger
from guarantees.models import Changeset, Source, SourceMerge
from tests.browser.conftest import watched
from tests.browser.test_desk import signed_in, someone
from tests.factories import ChangesetFactory, SourceFactory, UpdateFactory, day, editor, moment, publish, reviewer

pytestmark = pytest.mark.usefixtures("record")

AXE = (
    "async (part) => (await axe.run(part, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa',"
    " 'best-practice']})).violations.map(v => `${v.id}: ${v.nodes.map(n => n.html.slice(0, 160)).join(' | ')}`)"
)


def faults(page: Page, axe: str, part: str = "html") -> Any:
    page.evaluate(axe + ";0")
    return page.evaluate(AXE, part)


def overflows(page: Page) -> Any:
    return page.evaluate("document.documentElement.scrollWidth > innerWidth")


def test_a_source_is_added_by_its_address_with_proposals(live: str, page: Page, axe: str):
    someone(editor, "erin")
    SourceFactory(url="https://agency.example/1", publisher="Agency", language="fr", kind="official")
    changeset = ChangesetFactory(title="Draft")
    row = UpdateFactory(changeset=changeset, date=day("2026-11-01"), cited=[])
    signed_in(page, live, "erin")
    page.set_viewport_size({"width": 360, "height": 780})
    page.goto(f"{live}/desk/changesets/{changeset.pk}/")
    page.locator(f"#updates-{row.pk}-sources").get_by_role("button", name="add a source").click()
    page.get_by_text("Add a source by its address").click()
    form = page.locator(f"#updates-{row.pk}-new")
    form.get_by_label("Headline").fill("What I typed")
    form.get_by_label("Address").fill("https://www.agency.example/2026/01/06/story?utm_source=x")
    form.get_by_label("Address").press("Tab")
    expect(form.get_by_label("Publisher")).to_have_value("Agency")
    expect(form.get_by_label("Published")).to_have_value("2026-01-06")
    expect(form.get_by_label("Language")).to_have_value("fr")
    expect(form.get_by_label("Headline")).to_have_value("What I typed")
    expect(page.locator("#status")).to_contain_text("Proposed from the address")
    assert page.evaluate("document.activeElement.closest('form')?.id") == f"updates-{row.pk}-new"
    assert not overflows(page)
    assert faults(page, axe, ".picker") == []
    form.get_by_role("button", name="Add and cite").click()
    expect(page.locator(".picker")).to_have_count(0)
    assert row.sources.get().url == "https://www.agency.example/2026/01/06/story"

    cell = page.locator(f"#updates-{row.pk}-sources")
    cell.get_by_role("button", name=re.compile("^where")).click()
    citation = page.locator(f"#updates-{row.pk}-citation")
    citation.get_by_label("Where in the source").fill("minute 3")
    citation.get_by_label("I saw the original text").check()
    expect(citation.get_by_label("Credibility")).to_have_value("3")
    expect(citation.get_by_label("Where in the source")).to_have_value("minute 3")
    expect(citation.get_by_label("I saw the original text")).to_be_checked()
    assert faults(page, axe, ".picker") == []
    citation.get_by_role("button", name="Save").click()
    expect(cell).to_contain_text("minute 3")
    assert row.citations.get().credibility == 3

    # The same address in another spelling is offered, not added again.
    cell.get_by_role("button", name="add a source").click()
    page.get_by_text("Add a source by its address").click()
    form.get_by_label("Address").fill("http://agency.example/2026/01/06/story/")
    form.get_by_label("Address").press("Tab")
    expect(form).to_contain_text("This source is on record already:")
    assert Source.objects.filter(url__contains="agency.example/2026").count() == 1


def test_two_sources_are_merged_and_the_old_address_leads_on(
    live: str, browser: Browser, page: Page, axe: str, complaints: list[str]
):
    someone(editor, "erin")
    someone(reviewer, "rita")
    old = ChangesetFactory()
    for name in ("loser", "winner"):
        source = SourceFactory(public_id=name, url=f"https://example.org/{name}", title=f"The {name}")
        UpdateFactory(changeset=old, pledge__slug=f"cites-{name}", date=day("2026-10-01"), cited=[source])
    publish(old, moment("2026-11-03"))
    signed_in(page, live, "erin")
    page.goto(f"{live}/desk/merge/sources/?one=loser")
    assert faults(page, axe) == []
    page.get_by_role("link", name="The winner").click()
    expect(page.get_by_text("1 fact rests on it.")).to_be_visible()
    page.get_by_label("Title of the new changeset").fill("One source")
    page.get_by_label("Reason for the merge").fill("The same text.")
    assert faults(page, axe) == []
    page.get_by_role("button", name="Draft the merge").click()
    expect(page.get_by_role("heading", name="One source", level=1)).to_be_visible()
    page.get_by_role("button", name="Submit for review").click()
    expect(page.get_by_text("Waiting for review").first).to_be_visible()
    address = page.url

    other = watched(browser.new_context(locale="en-GB", timezone_id="UTC"), complaints)
    review = signed_in(other.new_page(), live, "rita")
    review.goto(address)
    review.get_by_role("link", name="Review").first.click()
    expect(review.get_by_text("becomes the same as").first).to_be_visible()
    for reason in review.locator("textarea[name^='reason']").all():
        reason.fill("The record says so already.")
    review.get_by_role("button", name="Approve now").click()
    expect(review.get_by_text(re.compile("goes public|public since", re.I)).first).to_be_visible()
    assert Changeset.objects.get(title="One source").state == "approved"
    assert SourceMerge.objects.count() == 1
    reader = watched(browser.new_context(locale="en-GB"), complaints).new_page()
    for _ in range(40):
        reader.goto(f"{live}/sources/loser/")
        if "winner" in reader.url:
            break
        reader.wait_for_timeout(100)
    assert reader.url == f"{live}/sources/winner/"
    expect(reader.get_by_role("heading", level=1)).to_have_text("The winner")
    assert ledger.differing() == []


def test_pages_about_sources_have_no_fault_and_fit_a_phone(live: str, page: Page, axe: str):
    someone(editor, "erin")
    signed_in(page, live, "erin")
    page.set_viewport_size({"width": 360, "height": 780})
    public = UpdateFactory(date=day("2026-10-01"))
    publish(public.changeset, moment("2026-11-03"))
    draft = UpdateFactory(pledge=public.pledge, date=day("2026-10-02"))
    publisher = Source.objects.order_by("pk")[0].publisher
    for path in (
        "/desk/publishers/",
        f"/desk/publishers/{publisher}/",
        "/desk/merge/pledges/",
        "/desk/states/fra/",
        f"/desk/changesets/{draft.changeset_id}/duplicates/",
    ):
        page.goto(f"{live}{path}")
        assert (path, faults(page, axe), overflows(page)) == (path, [], False)
    page.get_by_role("button", name=re.compile("^Different")).click()
    expect(page.get_by_text("Nothing here looks like something else.")).to_be_focused()
