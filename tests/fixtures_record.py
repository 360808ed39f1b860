"""The bundled record in the test's database, within the test's transaction.

Loaded once for each worker the way ``load_data`` does it, then rolled back; each test that asks for ``record`` gets the
same bytes copied into its tables, which takes about an eighth of a second.
"""

import datetime as dt
from pathlib import Path

import pytest
import time_machine
from django.apps import apps
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker

from guarantees.datapackage.load import load
from guarantees.models import Changeset

BUNDLED = Path(__file__).resolve().parent.parent / "guarantees" / "data"
PUBLISHED_AT = dt.datetime(2026, 11, 2, 9, tzinfo=dt.UTC)
"""When the bundled record became public: the earliest moment at which anything was known."""

MODELS = list(apps.get_app_config("guarantees").get_models(include_auto_created=True))
NEW_NUMBERS = "SELECT " + ", ".join(
    f"setval(pg_get_serial_sequence('{model._meta.db_table}', '{model._meta.pk.column}'), 1000000)" for model in MODELS
)
"""Lets rows that a test adds have numbers that no copied row has."""


@pytest.fixture(scope="session")
def record_dump(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> dict[str, bytes]:
    """The bundled record as the database copies it, by table."""
    dump = {}
    with django_db_blocker.unblock(), time_machine.travel(PUBLISHED_AT + dt.timedelta(days=1)), transaction.atomic():
        outcome = load(BUNDLED)
        assert list(outcome.problems.lines()) == []
        with connection.cursor() as cursor:
            for table in (model._meta.db_table for model in MODELS):
                with cursor.copy(f'COPY "{table}" TO STDOUT (FORMAT binary)') as copy:
                    dump[table] = b"".join(copy)
        transaction.set_rollback(True)
    return dump


@pytest.fixture
def record(record_dump: dict[str, bytes], db: None) -> Changeset:
    """The bundled record, and the changeset that brought it."""
    with transaction.atomic(), connection.cursor() as cursor:
        # What is copied has been through every trigger before; firing them again would take most of the time.
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        (is_superuser,) = cursor.fetchone()
        if is_superuser:
            cursor.execute("SET LOCAL session_replication_role = replica")
        for table, rows in record_dump.items():
            with cursor.copy(f'COPY "{table}" FROM STDIN (FORMAT binary)') as copy:
                copy.write(rows)
        cursor.execute(NEW_NUMBERS)
        if is_superuser:
            cursor.execute("SET LOCAL session_replication_role = origin")
    return Changeset.objects.get()
