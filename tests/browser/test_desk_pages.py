"""Every page of the desk and the accounts, wide and light, narrow and dark: no fault, no sideways scrolling."""

from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import watched
from tests.browser.test_pages import faults
from tests.test_permissions import TABLE, address, build

PEOPLE = {"DESK": "reviewer", "PEOPLE": "administrator", "ACCOUNT": "editor", "DOOR": "editor"}
"""As whom to open the pages of each kind."""


def pages(world: dict[str, Any]) -> list[tuple[str, str]]:
    """Who opens which address: one for every name that shows a page to somebody who is signed in."""
    shown = [
        name
        for name, row in TABLE.items()
        if row.of in PEOPLE and 200 in (row.inside[0] if row.of == "DOOR" else row.get,)
    ]
    # A cell that is open, a correction of one value, a choice of a source for the row of a draft.
    opened = [f"/desk/facts/update/{world['public'].pk}/correct/?field=summary"]
    return [(PEOPLE[TABLE[name].of], address(name, world)) for name in shown] + [("reviewer", path) for path in opened]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
@pytest.mark.django_db(transaction=True)
def test_no_page_of_the_desk_has_a_fault(
    live: str, browser: Browser, axe: str, complaints: list[str], scheme: Any, width: int
):
    world = build()
    wrong: list[str] = []
    visited = 0
    for person in sorted({*PEOPLE.values()}):
        context = watched(
            browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800}, locale="en-GB"),
            complaints,
        )
        session = world["cookies"][person]["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": session, "url": live}])
        page = context.new_page()
        for path in [path for who, path in pages(world) if who == person]:
            response = page.goto(f"{live}{path}")
            assert response is not None
            visited += 1
            if not response.headers["content-type"].startswith("text/html"):
                continue
            found = faults(page, axe) if response.status == 200 else [f"answers {response.status}"]
            if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                found.append("scrolls sideways")
            wrong += [f"{path} {fault}" for fault in found]
        context.close()
    assert wrong == []
    assert visited > 40
