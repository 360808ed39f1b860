"""Which drafts look like something else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from guarantees.models import DuplicateDecision, Retraction
from guarantees.queries.duplicates import likely, likeness
from tests.factories import ChangesetFactory, PledgeFactory, StateFactory, UpdateFactory, day, editor, moment, publish


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("French troops for a reassurance force", "Troops of France for the reassurance force", True),
        ("Ships for the Black Sea", "Ships in the Black Sea", True),
        ("Gripen for air policing", "GRIPÉN for air policing.", True),
        ("Training of soldiers in Poland", "Mine hunters for the Black Sea", False),
        ("", "", False),
        ("Ships", "", False),
    ],
)
def test_texts_are_alike_by_their_words(one: str, other: str, alike: bool):
    assert (likeness(one, other) >= 0.6) is alike


@given(st.text(max_size=60), st.text(max_size=60))
def test_likeness_is_a_share_and_the_same_text_is_alike(one: str, other: str):
    assert 0 <= likeness(one, other) <= 1
    assert likeness(one, one) in (0.0, 1.0)


def named(changeset: object) -> list[str]:
    return [
        f"{pair.kind}: {getattr(pair.one, 'slug', '') or pair.one.public_id}"
        f" = {getattr(pair.other, 'slug', '') or pair.other.public_id}"
        for pair in likely(changeset)  # type: ignore[arg-type]  # a changeset
    ]


@pytest.mark.django_db
def test_a_new_pledge_looks_like_one_of_its_state_and_category():
    state = StateFactory()
    old = UpdateFactory(pledge__state=state, pledge__slug="old", pledge__title="Ships", date=day("2025-01-01"))
    publish(old.changeset, moment("2025-02-01"))
    changeset = ChangesetFactory()
    for slug, title, date, category in (
        ("near", "Something else", "2025-01-04", "troops"),
        ("titled", "The ships", "2025-09-01", "troops"),
        ("far", "Another thing", "2025-06-01", "troops"),
        ("other-category", "Ships", "2025-01-01", "maritime"),
    ):
        pledge = PledgeFactory(changeset=changeset, state=state, slug=slug, title=title, category=category)
        UpdateFactory(changeset=changeset, pledge=pledge, date=day(date), summary=f"About {title}, {slug}.")
    UpdateFactory(changeset=changeset, pledge__slug="other-state", pledge__title="Ships", date=day("2025-01-01"))
    assert named(changeset) == ["pledge: near = old", "pledge: titled = old"]


@pytest.mark.django_db
def test_drafts_of_other_changesets_count_until_they_are_given_up():
    state = StateFactory()
    theirs = UpdateFactory(pledge__state=state, pledge__slug="theirs", summary="Two ships.")
    mine = UpdateFactory(pledge__state=state, pledge__slug="mine", pledge__title="Mine", summary="It offers training.")
    assert named(mine.changeset) == ["pledge: mine = theirs"]
    theirs.changeset.state = "submitted"
    theirs.changeset.save()
    assert named(mine.changeset) == ["pledge: mine = theirs"]
    theirs.changeset.state = "withdrawn"
    theirs.changeset.save()
    assert named(mine.changeset) == []


@pytest.mark.django_db
def test_an_update_looks_like_one_of_the_same_pledge_within_three_days():
    public = UpdateFactory(pledge__slug="ships", date=day("2025-09-04"), public_id="public")
    publish(public.changeset, moment("2025-10-01"))
    changeset = ChangesetFactory()
    for date in ("2025-09-01", "2025-09-07", "2025-08-31", "2025-09-08"):
        UpdateFactory(changeset=changeset, pledge=public.pledge, date=day(date), public_id=date)
    pairs = [pair for pair in named(changeset) if pair.endswith("= public")]
    assert pairs == ["update: 2025-09-01 = public", "update: 2025-09-07 = public"]


@pytest.mark.django_db
def test_what_the_changeset_ends_or_corrects_is_no_duplicate():
    public = UpdateFactory(date=day("2025-09-04"))
    ended = UpdateFactory(pledge=public.pledge, date=day("2025-09-05"))
    for update in (public, ended):
        publish(update.changeset, moment("2025-10-01"))
    changeset = ChangesetFactory()
    Retraction.objects.create(changeset=changeset, update=ended, reason="Wrong.")
    UpdateFactory(
        changeset=changeset, pledge=public.pledge, date=day("2025-09-04"), corrects=public, correction_kind="corrected"
    )
    assert named(changeset) == []


@pytest.mark.django_db
@pytest.mark.parametrize("number", [1, 3])
def test_two_queries_for_any_number_of_rows(django_assert_num_queries: DjangoAssertNumQueries, number: int):
    changeset = ChangesetFactory()
    for _ in range(number):
        public = UpdateFactory(date=day("2025-09-04"))
        publish(public.changeset, moment("2025-10-01"))
        UpdateFactory(changeset=changeset, pledge=public.pledge, date=day("2025-09-05"))
    with django_assert_num_queries(2):
        pairs = likely(changeset)
    assert len(pairs) == number
    DuplicateDecision.objects.create(
        kind="update",
        first_id=pairs[0].other.pk,
        second_id=pairs[0].one.pk,
        verdict="different",
        by=editor(),
        at=moment("2025-10-01"),
    )
    with django_assert_num_queries(2):
        assert likely(changeset) == pairs[1:]
