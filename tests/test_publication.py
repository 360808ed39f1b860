"""Becoming public: what is known from when, what becomes visible, and how it is taken back."""

from typing import Any

import pytest
from psycopg.types.range import Range

from guarantees import ledger
from guarantees.clock import Clock
from guarantees.models import LedgerEntry, Pledge, PledgeUpdate, Retraction, Source, Summit
from guarantees.publication import NotCurrent, take_back, take_effect, touched_pledges
from tests.factories import (
    FACT_FACTORIES,
    ChangesetFactory,
    ConditionFactory,
    ConditionStateFactory,
    PledgeFactory,
    SourceFactory,
    SummitFactory,
    UpdateFactory,
    day,
    moment,
    publish,
)

pytestmark = pytest.mark.django_db

FIRST, SECOND = moment("2025-09-05"), moment("2025-10-01")


def known_of(fact: Any) -> tuple[Any, Any]:
    fact.refresh_from_db()
    return (fact.known.lower, fact.known.upper) if fact.known else (None, None)


def correction_of(fact: Any, factory: Any, **fields: Any) -> Any:
    same = {"pledge": fact.pledge} if isinstance(fact, PledgeUpdate) else {}
    return factory(corrects=fact, correction_kind="corrected", changeset=ChangesetFactory(), **same | fields)


@pytest.mark.parametrize("factory", FACT_FACTORIES, ids=lambda factory: factory.__name__)
def test_a_fact_is_known_from_its_publication_until_its_correction(factory: Any):
    fact = factory()
    publish(fact.changeset, at=FIRST)
    correcting = correction_of(fact, factory)
    publish(correcting.changeset, at=SECOND)
    assert known_of(fact) == (FIRST, SECOND)
    assert known_of(correcting) == (SECOND, None)


@pytest.mark.parametrize(
    ("kind", "factory"), list(zip(Retraction.KINDS, FACT_FACTORIES, strict=True)), ids=Retraction.KINDS
)
def test_a_retraction_ends_a_fact_without_a_successor(kind: str, factory: Any):
    fact = factory()
    publish(fact.changeset, at=FIRST)
    changeset = ChangesetFactory()
    Retraction.objects.create(changeset=changeset, reason="Never said.", **{kind: fact})
    publish(changeset, at=SECOND)
    assert known_of(fact) == (FIRST, SECOND)
    assert type(fact).objects.as_of(Clock(day("2026-01-01"), moment("2025-09-30"))).count() == 1
    assert type(fact).objects.as_of(Clock(day("2026-01-01"), SECOND)).count() == 0
    assert ledger.differing() == []


def test_pledges_summits_and_cited_sources_become_visible_with_their_changeset():
    source, summit_source, other = SourceFactory(), SourceFactory(), SourceFactory()
    changeset = ChangesetFactory()
    summit = SummitFactory(changeset=changeset, cited=[summit_source])
    update = UpdateFactory(pledge__changeset=changeset, changeset=changeset, summit=summit, cited=[source])
    publish(changeset, at=FIRST)
    assert Pledge.objects.get(pk=update.pledge_id).visible_from == FIRST
    assert Summit.objects.get(pk=summit.pk).visible_from == FIRST
    visible = dict(Source.objects.values_list("pk", "visible_from"))
    assert visible == {source.pk: FIRST, summit_source.pk: FIRST, other.pk: None}


def test_a_source_stays_visible_from_the_first_fact_that_cites_it():
    source = SourceFactory()
    publish(UpdateFactory(cited=[source]).changeset, at=FIRST)
    publish(UpdateFactory(cited=[source]).changeset, at=SECOND)
    assert Source.objects.get(pk=source.pk).visible_from == FIRST


def test_a_correction_under_another_pledge_posts_both():
    wrong = UpdateFactory()
    publish(wrong.changeset, at=FIRST)
    right_pledge = PledgeFactory()
    publish(right_pledge.changeset, at=FIRST)
    right = correction_of(wrong, UpdateFactory, pledge=right_pledge)
    assert touched_pledges(right.changeset) == {wrong.pledge_id, right_pledge.pk}
    publish(right.changeset, at=SECOND)
    entries = LedgerEntry.objects.order_by("known").values_list("pledge", "known")
    assert list(entries) == [
        (wrong.pledge_id, Range(FIRST, SECOND)),
        (right_pledge.pk, Range(SECOND, None)),
    ]


@pytest.mark.parametrize("factory", FACT_FACTORIES, ids=lambda factory: factory.__name__)
def test_what_has_been_corrected_cannot_be_corrected_again(factory: Any):
    fact = factory()
    publish(fact.changeset, at=FIRST)
    publish(correction_of(fact, factory).changeset, at=SECOND)
    late = correction_of(fact, factory)
    with pytest.raises(NotCurrent) as error:
        publish(late.changeset, at=moment("2025-11-01"))
    assert error.value.public_ids == [fact.public_id]
    assert known_of(late) == (None, None)


def test_a_changeset_that_is_not_approved_has_no_effect():
    with pytest.raises(ValueError, match="is not approved"):
        take_effect(ChangesetFactory())


@pytest.mark.parametrize("factory", FACT_FACTORIES, ids=lambda factory: factory.__name__)
def test_taking_back_makes_everything_as_it_was(factory: Any):
    """Correct one fact and retract another under embargo, then take it back: nothing is left of it."""
    kept = factory()
    # Two statements of one day are about different conditions.
    other = {"condition": ConditionFactory(code="us_backstop")} if factory is ConditionStateFactory else {}
    gone = factory(**other)
    for fact in (kept, gone):
        publish(fact.changeset, at=FIRST)
    correcting = correction_of(kept, factory, cited=[SourceFactory()])
    kind = Retraction.KINDS[FACT_FACTORIES.index(factory)]
    Retraction.objects.create(changeset=correcting.changeset, reason="Never said.", **{kind: gone})
    before = (
        list(LedgerEntry.objects.order_by("pledge").values_list(*ledger._COLUMNS)),
        list(Source.objects.order_by("pk").values_list("visible_from")),
    )
    publish(correcting.changeset, at=SECOND)
    assert (known_of(kept), known_of(gone)) == ((FIRST, SECOND), (FIRST, SECOND))
    take_back(correcting.changeset)
    assert (known_of(kept), known_of(gone), known_of(correcting)) == ((FIRST, None), (FIRST, None), (None, None))
    assert before == (
        list(LedgerEntry.objects.order_by("pledge").values_list(*ledger._COLUMNS)),
        list(Source.objects.order_by("pk").values_list("visible_from")),
    )


def test_taking_back_hides_what_was_introduced_but_not_a_source_that_others_cite():
    shared, own = SourceFactory(), SourceFactory()
    publish(UpdateFactory(cited=[shared]).changeset, at=SECOND)
    changeset = ChangesetFactory()
    summit = SummitFactory(changeset=changeset, cited=[own])
    update = UpdateFactory(pledge__changeset=changeset, changeset=changeset, cited=[shared, own])
    publish(changeset, at=FIRST)
    assert Source.objects.get(pk=shared.pk).visible_from == FIRST
    take_back(changeset)
    assert dict(Source.objects.values_list("pk", "visible_from")) == {shared.pk: SECOND, own.pk: None}
    assert Summit.objects.get(pk=summit.pk).visible_from is None
    assert Pledge.objects.get(pk=update.pledge_id).visible_from is None
