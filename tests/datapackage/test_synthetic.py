"""Made-up packages: the same numbers give the same bytes, and they load."""

import pytest

from guarantees import ledger
from guarantees.datapackage.load import load
from guarantees.datapackage.synthetic import make
from guarantees.models import Pledge, PledgeUpdate
from tests.datapackage.packages import contents, loaded


def test_the_same_numbers_give_the_same_package(tmp_path):
    counts = make(tmp_path / "one", pledges=40, seed=7)
    assert make(tmp_path / "two", pledges=40, seed=7) == counts
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_another_seed_gives_another_package(tmp_path):
    make(tmp_path / "one", pledges=40, seed=7)
    make(tmp_path / "two", pledges=40, seed=8)
    assert contents(tmp_path / "one")["updates.csv"] != contents(tmp_path / "two")["updates.csv"]


@pytest.mark.parametrize(("pledges", "updates"), [(1, 1), (150, 3)])
@pytest.mark.django_db
def test_a_made_up_package_loads(tmp_path, pledges, updates):
    counts = make(tmp_path, pledges=pledges, updates_per_pledge=updates)
    loaded(tmp_path)
    assert (Pledge.objects.count(), PledgeUpdate.objects.count()) == (pledges, counts["updates"])
    assert pledges <= counts["updates"] <= pledges * (2 * updates - 1)
    assert ledger.differing() == []
    assert not load(tmp_path).is_change
