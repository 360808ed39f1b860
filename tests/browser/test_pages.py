"""Every page, light and dark, wide and narrow: no fault of accessibility, no sideways scrolling, no complaint."""

from typing import Any

import pytest
from django.db.models import Count
from playwright.sync_api import Browser, Page

from guarantees.models import Source
from tests.browser.conftest import watched

PUBLIC = [
    "/",
    "/pledges/",
    "/pledges/?state=rus&category=maritime",
    "/pledges/gbr-troops/?on=2026-02-26",
    "/pledges/gbr-troops/?on=2025-01-01",
    "/states/",
    "/states/swe/?on=2025-09-04",
    "/summits/",
    "/summits/paris-2025-09-04/",
    "/sources/",
    "/changes/",
    "/methodology/",
    "/search/?q=troops",
    "/search/",
    "/accounts/login/",
    "/states/?known=2026-01-01",
    "/de/",
    "/de/pledges/gbr-troops/",
    "/de/methodology/",
]
BROKEN = {"/pledges/no-such-pledge/": 404, "/states/xyz/": 404, "/pledges/?page=x": 400}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

pytestmark = pytest.mark.usefixtures("record")


def source_address() -> str:
    """The page of a source on which several facts rest."""
    source = Source.objects.annotate(facts=Count("updates")).latest("facts")
    return f"/sources/{source.public_id}/"


def faults(page: Page, axe: str) -> list[str]:
    """What axe finds on a page, a line each."""
    page.evaluate(f"{axe};0")
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    return [f"{fault['id']}: {node['target']}" for fault in found["violations"] for node in fault["nodes"]]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_no_public_page_has_a_fault(
    live: str, browser: Browser, axe: str, complaints: list[str], scheme: Any, width: int
):
    context = watched(
        browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800}, locale="en-GB"), complaints
    )
    page = context.new_page()
    wrong: dict[str, list[str]] = {}
    for address in [*PUBLIC, source_address(), *BROKEN]:
        response = page.goto(f"{live}{address}")
        assert response is not None
        assert response.status == BROKEN.get(address, 200), address
        found = faults(page, axe)
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            found.append("scrolls sideways")
        if found:
            wrong[address] = found
    context.close()
    assert wrong == {}
    assert [line for line in complaints if "status of 40" not in line] == []
    complaints.clear()
