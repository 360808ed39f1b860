"""An analyst's journeys, clicking and typing as a reader does."""

import re
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

pytestmark = pytest.mark.usefixtures("record")


def open_menu(page: Page, name: str) -> Any:
    menu = page.locator("details.filter").filter(has=page.locator("summary", has_text=name))
    menu.locator("summary").click()
    return menu


def test_swedens_air_policing_is_followed_to_its_source(live: str, page: Page):
    page.goto(live)
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Pledges").click()
    open_menu(page, "State").get_by_label("Sweden").check()
    expect(page).to_have_url(re.compile(r"state=swe"))
    open_menu(page, "Category").get_by_label("Air policing").check()
    expect(page.locator(".result-count")).to_have_text("1 pledge")
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile(r"state=swe&category=air_policing"))
    page.locator("#results table").get_by_role("row").nth(1).get_by_role("link").nth(1).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Gripen")
    page.locator("#terms").get_by_role("link", name=re.compile("^set on")).first.click()
    first_source = page.locator("#history .sources a.publisher").last
    publisher = first_source.inner_text()
    first_source.click()
    expect(page.get_by_text(publisher).first).to_be_visible()
    expect(
        page.get_by_role("link", name=re.compile("swe-air-policing|air policing|Gripen", re.I)).first
    ).to_be_visible()


def test_filters_survive_back_and_forward(live: str, page: Page):
    page.goto(f"{live}/pledges/")
    open_menu(page, "Category").get_by_label("Maritime").check()
    expect(page.locator(".result-count")).to_have_text("13 pledges")
    page.locator("h1").click()
    page.locator("#results table").get_by_role("row").nth(1).get_by_role("link").nth(1).click()
    expect(page.locator("#terms")).to_be_visible()
    page.go_back()
    expect(page.locator(".result-count")).to_have_text("13 pledges")
    page.go_back()
    expect(page.locator(".result-count")).to_have_text("130 pledges")
    page.reload()
    expect(page.locator(".result-count")).to_have_text("130 pledges")


def test_a_filter_tag_takes_its_filter_off(live: str, page: Page):
    page.goto(f"{live}/pledges/?state=rus&category=maritime")
    page.locator(".empty").get_by_role("link", name="Without “Russia”").click()
    expect(page.locator(".result-count")).to_have_text("13 pledges")
    page.get_by_role("link", name="Remove filter Category Maritime").click()
    expect(page.locator(".result-count")).to_have_text("130 pledges")


def test_the_clock_goes_back_to_4_september_2025_and_stays_there(live: str, page: Page):
    page.goto(f"{live}/states/swe/")
    page.locator(".clock").get_by_text("change").click()
    page.locator(".clock").get_by_label("As things stood on").fill("2025-09-04")
    page.locator(".clock form").get_by_role("button").first.click()
    expect(page).to_have_url(f"{live}/states/swe/?on=2025-09-04")
    expect(page.locator(".clock")).to_contain_text("4 September 2025")
    rows = page.locator("#pledges tbody tr")
    expect(rows.filter(has_text="Air policing")).to_have_count(1)
    expect(rows.filter(has_text="Maritime")).to_have_count(1)
    rows.filter(has_text="Maritime").get_by_role("link").first.click()
    expect(page).to_have_url(re.compile(r"/pledges/swe-maritime.*/\?on=2025-09-04$"))
    page.get_by_role("link", name="Back to now").click()
    expect(page).to_have_url(re.compile(r"/pledges/swe-maritime[^?]*/$"))


def test_search_finds_what_is_meant(live: str, page: Page):
    page.goto(live)
    box = page.get_by_role("searchbox").first
    box.fill("Turkey maritime")
    box.press("Enter")
    expect(page).to_have_url(re.compile(r"/search/\?q=Turkey"))
    expect(page.locator("main mark").first).to_be_visible()
    page.locator("main").get_by_role("link", name=re.compile("maritime", re.I)).first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_a_status_has_its_definition_at_hand_with_the_keyboard(live: str, page: Page):
    page.goto(f"{live}/pledges/gbr-troops/?on=2026-02-26")
    badge = page.locator("#terms").get_by_role("button", name="Committed")
    badge.focus()
    page.keyboard.press("Enter")
    definition = page.get_by_text("Accepted in a formal act", exact=False).locator("visible=true").first
    expect(definition).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Accepted in a formal act", exact=False).locator("visible=true")).to_have_count(0)


def test_keyboard_only_from_the_skip_link_to_a_filtered_list(live: str, page: Page):
    page.goto(f"{live}/pledges/")
    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    expect(skip).to_have_text("Skip to content")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_attribute("name", "q")
    page.keyboard.type("mine")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"q=mine"))
    expect(page.locator(".result-count")).not_to_have_text("130 pledges")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('#results table tbody') !== null"):
            break
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none"
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/(pledges|states)/[a-z-]+/"))


def test_the_record_can_be_read_in_german(live: str, page: Page):
    page.goto(f"{live}/pledges/gbr-troops/?on=2026-02-26")
    page.get_by_role("link", name="DE", exact=True).click()
    expect(page).to_have_url(f"{live}/de/pledges/gbr-troops/?on=2026-02-26")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.locator(".page-meta")).to_contain_text("Vereinigtes Königreich")
    expect(page.locator("#terms")).to_contain_text("bis zu 5.000")
    page.get_by_role("navigation").get_by_role("link", name="Staaten").first.click()
    expect(page).to_have_url(f"{live}/de/states/?on=2026-02-26")
    expect(page.get_by_role("link", name="Türkei")).to_be_visible()


def test_everything_works_without_javascript(live: str, browser: Any):
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(f"{live}/pledges/")
    open_menu(page, "State").get_by_label("Sweden").check()
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile(r"state=swe"))
    expect(page.locator("#results tbody tr th").first).to_have_text("Sweden")
    context.close()


@pytest.mark.parametrize(
    "address", ["/", "/pledges/", "/pledges/gbr-troops/", "/states/gbr/", "/summits/paris-2025-09-04/"]
)
def test_a_page_does_not_move_while_it_loads(live: str, context: BrowserContext, address: str):
    page = context.new_page()
    page.add_init_script(
        "window.shift = 0; new PerformanceObserver(list => {"
        " for (const entry of list.getEntries()) window.shift += entry.value })"
        ".observe({type: 'layout-shift', buffered: true})"
    )
    page.goto(f"{live}{address}", wait_until="networkidle")
    assert page.evaluate("window.shift") <= 0.02
