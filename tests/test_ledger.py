"""The ledger against hand-worked cases, most of them real."""

import pytest

from guarantees import ledger
from guarantees.models import LedgerEntry
from tests.factories import UpdateFactory, PledgeFactory, moment, publish, day


@pytest.mark.django_db
def test_a_published_update_is_in_force_from_its_day_on():
    update = UpdateFactory(
        date=day("2025-09-04"),
        quantity_max=5000,
        unit="personnel",
        quantity_basis="stated",
        conditions=["ceasefire"],
        conditions_basis="stated",
    )
    publish(update.changeset, at=moment("2025-09-05"))
    entry = LedgerEntry.objects.get()
    assert (entry.effective.lower, entry.effective.upper) == (day("2025-09-04"), None)
    assert (entry.known.lower, entry.known.upper) == (moment("2025-09-05"), None)
    assert (entry.status, entry.rank, entry.quantity_min, entry.quantity_max) == ("announced", 20, None, 5000)
    assert (entry.conditions, entry.condition_set_by) == (["ceasefire"], [update.pk])
    assert ledger.differing() == []
