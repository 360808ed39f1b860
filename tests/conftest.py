"""What every test shares: the database that the run uses, compiled catalogues, and no network."""

import os
from contextlib import ExitStack

import pytest
from django.conf import settings

from guarantees import catalogues, database, embedded

running = ExitStack()


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
                # Another run uses this server: keep the test databases apart.
                separate = f"{settings.DATABASES['default']['NAME']}_{os.getpid()}"
                settings.DATABASES["default"]["TEST"] = {"NAME": f"test_{separate}"}
    except database.Unusable as error:
        pytest.exit(str(error), returncode=2)


def pytest_unconfigure() -> None:
    running.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the slow tests, so that no worker is left alone with one at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
