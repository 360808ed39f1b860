"""Two sources, or two pledges, become one by a changeset, and come apart again by another."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from guarantees import ledger
from guarantees.editing import facts, merges
from guarantees.editing.errors import Forbidden, Refused
from guarantees.models import FACTS, Changeset, ConditionState, Pledge, PledgeMerge, PledgeUpdate, Source, SourceMerge
from tests.factories import (
    FACT_FACTORIES,
    ChangesetFactory,
    ConditionStateFactory,
    PledgeFactory,
    SourceFactory,
    StateFactory,
    SummitFactory,
    UpdateFactory,
    UserFactory,
    day,
    editor,
    moment,
    publish,
)
from tests.pages import page, table

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

FIRST = moment("2026-01-01")
MERGED = moment("2026-06-01")
APART = moment("2026-07-01")


@pytest.fixture
def noon() -> Iterator[None]:
    with time_machine.travel(moment("2026-11-24T12:00:00"), tick=False):
        yield


@pytest.fixture
def anna() -> User:
    return editor(username="anna")


def cited(fact: Any) -> list[tuple[str, str, int | None]]:
    return [
        (citation.source.public_id, citation.locator, citation.credibility)
        for citation in fact.citations.select_related("source").order_by("pk")
    ]


# --- Sources


def test_every_fact_of_a_merged_source_rests_on_the_other(anna: User):
    loser, winner, third = (SourceFactory(public_id=name) for name in ("loser", "winner", "third"))
    old = ChangesetFactory()
    facts_before = [factory(changeset=old, cited=[]) for factory in FACT_FACTORIES]
    for fact in facts_before:
        fact.citations.create(source=loser, locator="p. 1", credibility=2)
        fact.citations.create(source=third)
    both = UpdateFactory(changeset=old, cited=[])
    both.citations.create(source=winner, locator="p. 9")
    both.citations.create(source=loser, locator="p. 1", credibility=3)
    untouched = UpdateFactory(changeset=old, cited=[third])
    publish(old, FIRST)
    changeset = ChangesetFactory()
    draft = UpdateFactory(changeset=changeset, cited=[loser])
    merge = merges.merge_sources(by=anna, changeset=changeset, source=loser, into=winner)
    again = merges.merge_sources(by=anna, changeset=changeset, source=loser, into=winner)
    assert (merge, SourceMerge.objects.count()) == (again, 1)
    publish(changeset, MERGED)
    for fact in facts_before:
        successor = type(fact)._default_manager.get(corrects=fact)
        assert sorted(cited(successor)) == [("third", "", None), ("winner", "p. 1", 2)]
        assert merges_said(fact) == merges_said(successor)
    assert cited(PledgeUpdate.objects.get(corrects=both)) == [("winner", "p. 9", 3)]
    assert cited(draft) == [("winner", "", None)]
    untouched.refresh_from_db()
    assert untouched.known.upper is None
    current = [model._default_manager.filter(known__upper_inf=True, sources=loser).count() for model in FACTS]
    assert current == [0] * len(FACTS)
    assert ledger.differing() == []


def merges_said(fact: Any) -> dict[str, Any]:
    left_out = {"id", "public_id", "changeset", "corrects", "correction_kind", "known", "version", "search_text"}
    return {f.attname: getattr(fact, f.attname) for f in fact._meta.concrete_fields if f.name not in left_out}


def test_a_correction_in_the_same_changeset_is_cited_anew_and_not_corrected_twice(anna: User):
    loser, winner = SourceFactory(), SourceFactory(public_id="winner")
    public = UpdateFactory(cited=[loser])
    publish(public.changeset, FIRST)
    changeset = ChangesetFactory()
    mine = facts.correct(by=anna, changeset=changeset, fact=public, values={"summary": "Mine."}, sources=[loser])
    merges.merge_sources(by=anna, changeset=changeset, source=loser, into=winner)
    assert [*PledgeUpdate.objects.filter(changeset=changeset)] == [mine]
    assert cited(mine) == [("winner", "", None)]


def test_what_cannot_be_merged_is_refused(anna: User):
    one, other, third = SourceFactory(), SourceFactory(), SourceFactory()
    changeset = ChangesetFactory()
    with pytest.raises(ValidationError) as refused:
        merges.merge_sources(by=anna, changeset=changeset, source=one, into=one)
    assert [*refused.value.message_dict] == ["into"]
    with pytest.raises(Forbidden):
        merges.merge_sources(by=UserFactory(), changeset=changeset, source=one, into=other)
    merges.merge_sources(by=anna, changeset=changeset, source=one, into=other)
    with pytest.raises(Refused, match="merged into another one in this changeset already"):
        merges.merge_sources(by=anna, changeset=changeset, source=one, into=third)
    with pytest.raises(Refused, match="is itself merged"):
        merges.merge_sources(by=anna, changeset=changeset, source=other, into=one)
    publish(changeset, MERGED)
    for source, into in ((one, third), (third, one)):
        with pytest.raises(Refused, match="has been merged into"):
            merges.merge_sources(by=anna, changeset=ChangesetFactory(), source=source, into=into)
    with pytest.raises(Refused):
        merges.merge_sources(by=anna, changeset=changeset, source=other, into=third)


@pytest.fixture
def merged_source(anna: User) -> SourceMerge:
    loser, winner = SourceFactory(public_id="loser", title="Lost"), SourceFactory(public_id="winner", title="Won")
    old = ChangesetFactory()
    UpdateFactory(changeset=old, cited=[loser])
    UpdateFactory(changeset=old, cited=[winner])
    publish(old, FIRST)
    changeset = ChangesetFactory()
    merge = merges.merge_sources(by=anna, changeset=changeset, source=loser, into=winner)
    publish(changeset, MERGED)
    return merge


def test_the_old_address_of_a_source_leads_to_the_new_one_from_then_on(client: Any, merged_source: SourceMerge):
    response = client.get("/sources/loser/?on=2026-11-01")
    assert (response.status_code, response["Location"]) == (301, "/sources/winner/?on=2026-11-01")
    assert client.get("/de/sources/loser/")["Location"] == "/de/sources/winner/"
    before = client.get("/sources/loser/?known=2026-05-31T00:00:00Z")
    assert page(before).one("h1").text == "Lost"
    exactly = client.get("/sources/loser/?known=2026-06-01T00:00:00Z")
    assert exactly["Location"] == "/sources/winner/?known=2026-06-01T00%3A00%3A00Z"


def test_lists_search_and_map_have_a_merged_source_once(client: Any, merged_source: SourceMerge):
    rows = [row[1] for row in table(page(client.get("/sources/")), "sources-caption")]
    assert rows == ["Won"]
    earlier = table(page(client.get("/sources/?known=2026-05-31T00:00:00Z")), "sources-caption")
    assert [row[1] for row in earlier] == ["Lost", "Won"]
    assert "/sources/loser/" not in client.get("/sitemap.xml").content.decode()
    assert "Lost" not in page(client.get("/search/?q=lost")).one("main").text


def test_a_merge_is_undone_by_another_changeset(client: Any, merged_source: SourceMerge):
    undo = ChangesetFactory()
    SourceMerge.objects.create(changeset=undo, source=merged_source.source, into=None)
    publish(undo, APART)
    assert client.get("/sources/loser/").status_code == 200
    assert client.get("/sources/loser/?known=2026-06-15T00:00:00Z").status_code == 301
    assert Source.objects.count() == 2
    assert [row[1] for row in table(page(client.get("/sources/")), "sources-caption")] == ["Lost", "Won"]


def test_an_embargoed_merge_leaks_nowhere(client: Any, merged_source: SourceMerge):
    Changeset.objects.filter(pk=merged_source.changeset_id).update(goes_public_at=moment("2026-12-01"))
    assert client.get("/sources/loser/").status_code == 200
    assert "/sources/loser/" in client.get("/sitemap.xml").content.decode()


# --- Pledges


@pytest.fixture
def pair() -> tuple[Pledge, Pledge]:
    """Two public pledges of one state and category, with updates on two days each; one day is the same."""
    state, old = StateFactory(), ChangesetFactory()
    summit = SummitFactory(changeset=old)
    one, other = (PledgeFactory(changeset=old, state=state, slug=slug) for slug in ("loser", "winner"))
    for pledge, date, summary in (
        (one, "2025-09-04", "Said first."),
        (one, "2025-10-01", "Said of the one."),
        (other, "2025-10-01", "Said of the other."),
        (other, "2025-11-01", "Said last."),
    ):
        UpdateFactory(changeset=old, pledge=pledge, date=day(date), summary=summary, summit=summit, cited=[])
    for update in PledgeUpdate.objects.all():
        update.citations.create(source=SourceFactory(public_id=f"s-{update.pk}"), locator="p. 1", credibility=2)
    ConditionStateFactory(changeset=old, pledge=one, date=day("2025-09-05"))
    publish(old, FIRST)
    return one, other


def history(pledge: Pledge, at: dt.datetime) -> list[tuple[str, str]]:
    known = PledgeUpdate.objects.filter(pledge=pledge, known__contains=at).order_by("date")
    return [(str(update.date), update.summary) for update in known]


def clash_of(pair: tuple[Pledge, Pledge]) -> str:
    (clash,) = merges.plan(*pair).clashes
    assert (clash.moved.summary, clash.present.summary) == ("Said of the one.", "Said of the other.")
    return clash.name


def test_a_merged_pledge_moves_to_the_other(client: Any, anna: User, pair: tuple[Pledge, Pledge]):
    loser, winner = pair
    assert [update.summary for update in merges.plan(*pair).moves] == ["Said first."]
    changeset = ChangesetFactory()
    draft = UpdateFactory(changeset=changeset, pledge=loser, date=day("2025-12-01"), summary="A draft.")
    resolved = {clash_of(pair): merges.EXTENDED}
    merge = merges.merge_pledges(by=anna, changeset=changeset, pledge=loser, into=winner, resolved=resolved)
    assert merges.merge_pledges(by=anna, changeset=changeset, pledge=loser, into=winner, resolved=resolved) == merge
    draft.refresh_from_db()
    assert (draft.pledge, draft.public_id) == (winner, "winner-2025-12-01")
    publish(changeset, MERGED)
    assert history(loser, MERGED) == []
    assert history(winner, MERGED) == [
        ("2025-09-04", "Said first."),
        ("2025-10-01", "Said of the other. Said of the one."),
        ("2025-11-01", "Said last."),
        ("2025-12-01", "A draft."),
    ]
    extended = PledgeUpdate.objects.get(changeset=changeset, correction_kind="extended")
    assert [(locator, number) for _source, locator, number in cited(extended)] == [("p. 1", 2)] * 2
    assert ConditionState.objects.get(known__contains=MERGED).pledge == winner
    assert PledgeMerge.objects.count() == 1
    assert ledger.differing() == []
    response = client.get("/pledges/loser/?on=2026-11-01")
    assert (response.status_code, response["Location"]) == (301, "/pledges/winner/?on=2026-11-01")
    assert client.get("/pledges/loser/?known=2026-05-31T00:00:00Z").status_code == 200
    listed = client.get("/pledges/").content.decode() + client.get("/sitemap.xml").content.decode()
    assert "/pledges/loser/" not in listed
    assert "/pledges/winner/" in listed


def test_a_clash_left_out_is_only_retracted(anna: User, pair: tuple[Pledge, Pledge]):
    loser, winner = pair
    changeset = ChangesetFactory()
    resolved = {clash_of(pair): merges.LEFT_OUT}
    merges.merge_pledges(by=anna, changeset=changeset, pledge=loser, into=winner, resolved=resolved)
    publish(changeset, MERGED)
    assert ("2025-10-01", "Said of the other.") in history(winner, MERGED)
    assert history(loser, MERGED) == []
    assert ledger.differing() == []


@pytest.mark.parametrize("said", ["", "x"])
def test_every_clash_has_to_be_resolved(anna: User, pair: tuple[Pledge, Pledge], said: str):
    name = clash_of(pair)
    sent = {name: said} if said else {}
    with pytest.raises(ValidationError) as refused:
        merges.merge_pledges(by=anna, changeset=ChangesetFactory(), pledge=pair[0], into=pair[1], resolved=sent)
    assert [*refused.value.message_dict] == [name]
    assert not PledgeMerge.objects.exists()


def test_the_ladder_is_looked_at_before(anna: User, pair: tuple[Pledge, Pledge]):
    ended = UpdateFactory(pledge=pair[0], date=day("2025-10-15"), status="withdrawn", public_id="ends")
    publish(ended.changeset, FIRST)
    resolved = {clash_of(pair): merges.LEFT_OUT}
    assert "ends (Withdrawn)" in merges.plan(*pair).problem
    with pytest.raises(Refused) as refused:
        merges.merge_pledges(by=anna, changeset=ChangesetFactory(), pledge=pair[0], into=pair[1], resolved=resolved)
    assert refused.value.problems == [merges.plan(*pair).problem]


def test_only_public_pledges_of_one_state_and_category_are_merged(anna: User, pair: tuple[Pledge, Pledge]):
    changeset = ChangesetFactory()
    elsewhere = PledgeFactory(state=pair[0].state, category="training")
    draft = PledgeFactory(state=pair[0].state)
    with pytest.raises(ValidationError) as refused:
        merges.merge_pledges(by=anna, changeset=changeset, pledge=pair[0], into=elsewhere, resolved={})
    assert refused.value.message_dict == {"into": ["Only pledges of the same state and category are merged."]}
    for one, other in ((pair[0], draft), (draft, pair[0])):
        with pytest.raises(Refused, match="is not public yet"):
            merges.merge_pledges(by=anna, changeset=changeset, pledge=one, into=other, resolved={})


def test_a_row_in_the_way_is_named(anna: User, pair: tuple[Pledge, Pledge]):
    changeset = ChangesetFactory()
    UpdateFactory(changeset=changeset, pledge=pair[1], date=day("2025-09-04"), public_id="in-the-way")
    resolved = {clash_of(pair): merges.LEFT_OUT}
    with pytest.raises(Refused) as refused:
        merges.merge_pledges(by=anna, changeset=changeset, pledge=pair[0], into=pair[1], resolved=resolved)
    assert refused.value.problems == ["This is on record already: in-the-way."]
    assert not PledgeMerge.objects.exists()
