"""What every test shares: the database that the run uses, compiled catalogues, and no network."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from importlib import import_module

import hypothesis
import pytest
from django.apps import apps
from django.conf import settings
from django.core.cache import caches
from django.db import connection
from django.utils import translation
from pytest_django.plugin import DjangoDbBlocker, blocking_manager_key

from guarantees import catalogues, database, embedded
from tests.fixtures_record import record as record
from tests.fixtures_record import record_dump as record_dump
from tests.strict_client import StrictClient

groups = import_module("guarantees.migrations.0002_editors_and_reviewers")
administrators = import_module("guarantees.migrations.0004_administrators")

running = ExitStack()
# A loaded machine is no fault of the code; the build server finds the same examples every time.
hypothesis.settings.register_profile("ledger", deadline=None, derandomize=os.environ.get("CI") == "true")
hypothesis.settings.load_profile("ledger")


def pytest_configure(config: pytest.Config) -> None:
    """In the process that leads the run, start the embedded server or look at the one that is given.

    Workers start later and find its address in their environment.
    """
    if hasattr(config, "workerinput"):
        return
    catalogues.compile_all()
    try:
        if url := os.environ.get("DATABASE_URL"):
            database.check(url)
        else:
            server = running.enter_context(embedded.server(embedded.data_folder() / "tests", durable=False))
            # pytest-django has read the settings by now, but no connection has been made from them.
            settings.DATABASES["default"].update(database.connection_settings(server.url))
            os.environ["DATABASE_URL"] = server.url
            if not server.alone:
                # Another run uses this server: keep the test databases apart, also those of the workers.
                os.environ["TEST_DATABASE"] = f"test_guarantees_{os.getpid()}"
                settings.DATABASES["default"]["TEST"] = {"NAME": os.environ["TEST_DATABASE"]}
    except database.Unusable as error:
        pytest.exit(str(error), returncode=2)


def pytest_unconfigure() -> None:
    running.close()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """At the end, close what a live server's threads still hold open: a database in use cannot be dropped."""
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def rank(item: pytest.Item) -> int:
    """Slow tests without a database go first, so that no worker is left alone with one at the end.

    The others keep pytest-django's order, in which tests that commit come after those that roll back.
    """
    return 0 if item.get_closest_marker("slow") and "django_db_setup" not in item.fixturenames else 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=rank)


def commits(item: pytest.Item) -> bool:
    """Whether a test commits to its database, which is emptied afterwards."""
    marker = item.get_closest_marker("django_db")
    asked = marker is not None and marker.kwargs.get("transaction", False)
    return asked or not {"live_server", "transactional_db"}.isdisjoint(item.fixturenames)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Undo what a test leaves behind: the language of a German page, a database without its groups.

    A migration makes the groups; a test that commits empties every table at its end, but for the counts of attempts.
    """
    try:
        yield
    finally:
        translation.activate(settings.LANGUAGE_CODE)
        if nextitem is not None and commits(item):
            with item.config.stash[blocking_manager_key].unblock():
                groups.add_groups(apps, connection.schema_editor())
                administrators.add_administrators(apps, connection.schema_editor())
                caches["default"].clear()


@pytest.fixture
def client() -> StrictClient:
    """A client that looks at every page it gets."""
    return StrictClient()
