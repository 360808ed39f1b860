"""The bundled record as tests get it."""

from django.db import connection

from guarantees import ledger
from guarantees.models import Changeset, LedgerEntry, Pledge, PledgeUpdate, Source, State


def test_the_fixture_is_the_bundled_record(record):
    counts = [model.objects.count() for model in (State, Source, Pledge, PledgeUpdate)]
    assert counts == [46, 659, 130, 303]
    assert list(Changeset.objects.all()) == [record]
    assert ledger.differing() == []
    connection.check_constraints()


def test_rows_can_be_added_to_the_record(record):
    pledge = Pledge.objects.create(
        changeset=record, state=State.objects.first(), slug="new", category="troops", title="New"
    )
    assert Pledge.objects.get(slug="new") == pledge


def test_without_the_fixture_the_database_is_empty(db):
    assert [model.objects.count() for model in (State, Source, Pledge, LedgerEntry)] == [0, 0, 0, 0]
