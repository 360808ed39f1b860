"""A real browser for the tests in this folder. Each test gets a fresh context; a page that complains fails it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from tests.browser.chromium import NoBrowser, launch

# Playwright's synchronous interface runs an event loop, in which Django would otherwise refuse the database.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

HERE = Path(__file__).parent
PATIENCE = 10_000  # milliseconds; a loaded machine is slow, a missing element is missing after this as well
expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A running Chromium; where there is none the test is skipped with the reason, or fails when CI=true."""
    with sync_playwright() as playwright:
        try:
            browser = launch(playwright)
        except NoBrowser as reason:
            if os.environ.get("CI") == "true":
                pytest.fail(str(reason))
            pytest.skip(str(reason))
        yield browser
        browser.close()


@pytest.fixture
def live(live_server: LiveServer) -> str:
    """The address of a server with the test's own database, such as `http://localhost:41235`."""
    return live_server.url


@pytest.fixture
def complaints() -> list[str]:
    """What the pages of this test complained about; the test fails unless it is empty at the end.

    A test that provokes an error on purpose (a 409, a 422) removes its line.
    """
    return []


def watched(context: BrowserContext, complaints: list[str]) -> BrowserContext:
    """Note every script error, console error and violation of the Content-Security-Policy in a context."""

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(message.text)

    context.set_default_timeout(PATIENCE)
    # Runs in the page before its own scripts; the policy does not bind it.
    context.add_init_script(
        "document.addEventListener('securitypolicyviolation', event =>"
        " console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`))"
    )
    context.on("console", note)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    return context


@pytest.fixture
def context(browser: Browser, complaints: list[str]) -> Iterator[BrowserContext]:
    """A fresh browser context: no cookies, English, a desktop's window."""
    context = browser.new_context(locale="en-GB", timezone_id="UTC", viewport={"width": 1280, "height": 900})
    yield watched(context, complaints)
    context.close()
    assert complaints == []


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A page in the test's own context; use it with `page.goto(f"{live}/pledges/")`."""
    return context.new_page()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, for `page.evaluate`: a script tag would break the page's own policy."""
    return (HERE / "vendor" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
