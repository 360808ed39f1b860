"""What the tests of pages share."""

from collections.abc import Iterator

import pytest
import time_machine
from django.core.cache import caches

from tests.factories import moment


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    """Pages are kept between requests, but never between tests."""
    caches["pages"].clear()


@pytest.fixture
def today() -> Iterator[None]:
    """A day after the bundled record became public: 24 November 2026, at noon."""
    with time_machine.travel(moment("2026-11-24T12:00:00"), tick=False):
        yield
