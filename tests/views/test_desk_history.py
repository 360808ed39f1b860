"""History at the desk: chains of corrections, versions of rows, bringing back, undoing."""

from typing import Any

import pytest

from guarantees.editing import facts, references
from guarantees.models import Changeset, Pledge, PledgeUpdate, Summit
from guarantees.queries.history import REFERENCES
from tests.desk import Person, errors, fields
from tests.factories import (
    FACT_FACTORIES,
    ChangesetFactory,
    ConditionFactory,
    PledgeFactory,
    SourceFactory,
    StateFactory,
    SummitFactory,
    UpdateFactory,
    UserFactory,
    editor,
    moment,
    publish,
    reviewer,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna() -> Person:
    return Person(editor(username="anna"))


@pytest.fixture
def pledge() -> Pledge:
    found = PledgeFactory(slug="fra-troops", title="French troops")
    publish(found.changeset, at=moment("2025-09-05"))
    found.refresh_from_db()
    return found


def chain_of(update: PledgeUpdate) -> str:
    return f"/desk/facts/update/{update.pk}/history/"


def items(person: Person, path: str) -> list[str]:
    root = person.page(path).root
    return [node.text() for node, _p in root.walk() if (node.attributes.get("id") or "").startswith("version-")]


# --- The chain of a fact


def test_a_chain_tells_who_when_why_on_which_source_and_what_changed(anna: Person):
    first = UpdateFactory(summary="Paris will send 400 soldiers.", changeset__reason="The summit was held.")
    first.changeset.authors.add(anna.user)
    first.changeset.reviewer = reviewer(username="rita")
    publish(first.changeset, at=moment("2025-09-05"))
    mending = ChangesetFactory(title="Mending", reason="A reader wrote to us.")
    second = facts.correct(
        by=editor(username="otto"),
        changeset=mending,
        fact=first,
        values={"summary": "Paris will send 500 soldiers."},
        sources=[SourceFactory(publisher="The Example Times")],
    )
    publish(mending, at=moment("2025-09-06"))
    ending = ChangesetFactory(title="Ending")
    facts.retract(by=anna.user, changeset=ending, fact=second, reason="Never said.")
    publish(ending, at=moment("2025-09-07"))
    for update in (first, second):
        one, two = items(anna, chain_of(update))
        assert "5 September 2025, 00:00 UTC" in one and "First published" in one
        assert "Written by anna · reviewed by rita" in one and "The summit was held." in one
        assert "6 September 2025, 00:00 UTC" in two and "Written by otto" in two and "A reader wrote to us." in two
        assert "Summary Paris will send 400 soldiers. Paris will send 500 soldiers. changed" in two
        assert "The Example Times" in two
        assert "Retracted: Never said. Ending" in two
    marked = anna.get(chain_of(second)).content.decode()
    assert "<del>400</del>" in marked and "<ins>500</ins>" in marked


def test_a_chain_goes_on_into_drafts_with_their_edits(anna: Person):
    first = UpdateFactory()
    publish(first.changeset, at=moment("2025-09-05"))
    draft = facts.correct(
        by=anna.user, changeset=ChangesetFactory(), fact=first, values={"summary": "One."}, sources=[SourceFactory()]
    )
    facts.edit(by=anna.user, fact=draft, version=1, seen="", values={"summary": "Two."})
    last = items(anna, chain_of(first))[-1]
    assert "not public" in last and "Two." in last
    edits = anna.page(chain_of(draft)).root.find("edits")[0].text()
    assert "as first written" in edits and "Summary One. Two. changed" in edits and "anna" in edits


@pytest.mark.parametrize("factory", FACT_FACTORIES)
def test_every_kind_of_fact_has_its_history(anna: Person, factory: Any):
    fact = factory()
    kind = dict(zip(FACT_FACTORIES, REFERENCED, strict=True))[factory]
    assert "not public" in items(anna, f"/desk/facts/{kind}/{fact.pk}/history/")[0]
    publish(fact.changeset, at=moment("2025-09-05"))
    assert len(items(anna, f"/desk/facts/{kind}/{fact.pk}/history/")) == 1
    assert anna.get(f"/desk/facts/{kind}/{fact.pk + 1}/history/").status_code == 404
    assert anna.get(f"/desk/facts/rumour/{fact.pk}/history/").status_code == 404


REFERENCED = ("update", "position", "participation", "condition_state", "claim", "requirement")


def test_histories_are_for_the_desk(pledge: Pledge):
    update = UpdateFactory()
    stranger = Person(UserFactory())
    for path in (chain_of(update), f"/desk/versions/pledge/{pledge.pk}/", "/desk/pledges/fra-troops/"):
        assert stranger.get(path).status_code == 403


# --- Versions of rows


def test_versions_show_what_changed_and_one_is_brought_back(anna: Person, pledge: Pledge):
    references.edit_pledge(by=anna.user, pledge=pledge, version=1, seen="", title="Troops of France")
    path = f"/desk/versions/pledge/{pledge.pk}/"
    newest, oldest = items(anna, path)
    assert "version 2" in newest and "Title French troops Troops of France" in newest and "as it is now" in newest
    assert "as first written" in oldest and "Restore version 1" in oldest
    event = pledge.events.get(pgh_label="first").pgh_id  # type: ignore[attr-defined]  # by pghistory
    answer = anna.post(f"{path}restore/", {"event": event, "version": 2})
    assert (answer.status_code, answer["Location"]) == (303, path)
    pledge.refresh_from_db()
    assert (pledge.title, pledge.version) == ("French troops", 3)
    assert len(items(anna, path)) == 3
    second = pledge.events.get(version=2).pgh_id  # type: ignore[attr-defined]  # by pghistory
    late = anna.hx_post(f"{path}restore/", {"event": second, "version": 2})
    assert late.status_code == 409
    assert "anna changed this row meanwhile. Please look again." in late.content.decode()


@pytest.mark.parametrize("data", [{}, {"event": "x", "version": "1"}, {"event": "999999", "version": "1"}])
def test_what_is_no_version_is_refused(anna: Person, pledge: Pledge, data: Any):
    answer = anna.hx_post(f"/desk/versions/pledge/{pledge.pk}/restore/", data)
    assert answer.status_code == 409
    assert "This row has no such version." in answer.content.decode()
    assert anna.get(f"/desk/versions/pledge/{pledge.pk}/restore/").status_code == 405


@pytest.mark.parametrize("kind", REFERENCES)
def test_every_kind_of_row_has_its_versions(anna: Person, kind: str):
    model: Any = REFERENCES[kind]
    rows: dict[str, Any] = {
        "state": StateFactory,
        "source": SourceFactory,
        "summit": SummitFactory,
        "pledge": PledgeFactory,
        "condition": ConditionFactory,
    }
    if kind in rows:
        row = rows[kind]()
    else:
        group = REFERENCES["group"]._default_manager.create(code="EXA", name="Example group")
        state = StateFactory()
        row = {
            "alias": lambda: model.objects.create(state=state, alias="Ruritania"),
            "group": lambda: group,
            "membership": lambda: model.objects.create(state=state, group=group),
            "publisher": lambda: model.objects.create(name="Example Gazette", reliability="B", reason="For a test."),
        }[kind]()
    assert anna.get(f"/desk/versions/{kind}/{row.pk}/").status_code == 200
    assert anna.get(f"/desk/versions/{kind}/{row.pk + 10_000}/").status_code == 404
    assert anna.get(f"/desk/versions/rumour/{row.pk}/").status_code == 404


# --- Rows edited from their public pages


def test_the_title_of_a_pledge_is_edited_with_its_lock(anna: Person, pledge: Pledge):
    path = "/desk/pledges/fra-troops/"
    form = fields(anna.get(path))
    assert anna.post(path, form | {"title": " "}).status_code == 422
    assert anna.post(path, form | {"title": "Troops of France"}).status_code == 303
    late = anna.post(path, form | {"title": "Troops from France"})
    assert late.status_code == 409
    assert "Troops of France" in late.content.decode() and fields(late)["title"] == "Troops from France"
    assert anna.post(path, fields(late)).status_code == 303
    pledge.refresh_from_db()
    assert (pledge.title, pledge.version, pledge.slug) == ("Troops from France", 3, "fra-troops")


def test_a_public_summit_is_edited_from_its_page(anna: Person):
    summit = SummitFactory(slug="testville")
    publish(summit.changeset, at=moment("2025-09-05"))
    assert 'href="/desk/summits/testville/edit/"' in anna.get("/summits/testville/").content.decode()
    form = fields(anna.get("/desk/summits/testville/edit/"))
    answer = anna.post("/desk/summits/testville/edit/", form | {"end_date": "2025-01-01"})
    assert (answer.status_code, list(errors(answer))) == (422, ["end_date"])
    answer = anna.post("/desk/summits/testville/edit/", form | {"title": "Testville meeting"})
    assert (answer.status_code, answer["Location"]) == (303, "/summits/testville/")
    assert Summit.objects.get().title == "Testville meeting"


# --- Revert


def test_a_public_changeset_is_reverted_from_its_page(anna: Person):
    update = UpdateFactory()
    publish(update.changeset, at=moment("2025-09-05"))
    pk = update.changeset_id
    assert f'href="/desk/changesets/{pk}/revert/"' in anna.get(f"/changes/{pk}/").content.decode()
    assert "revert" not in Person.__mro__[1]().get(f"/changes/{pk}/").content.decode()
    path = f"/desk/changesets/{pk}/revert/"
    answer = anna.post(path, {"reason": " "})
    assert (answer.status_code, list(errors(answer))) == (422, ["reason"])
    answer = anna.post(path, {"reason": "It was a mistake."})
    undoing = Changeset.objects.get(reverts=pk)
    assert (answer.status_code, answer["Location"]) == (303, f"/desk/changesets/{undoing.pk}/")
    assert update.public_id in anna.page(f"/desk/changesets/{undoing.pk}/").root.find("retractions")[0].text()
    assert "A revert of it exists already" in anna.get(path).content.decode()
    anna.post(path, {"reason": "Twice."})
    assert Changeset.objects.filter(reverts=pk).count() == 1


def test_a_draft_is_not_reverted(anna: Person):
    answer = anna.post(f"/desk/changesets/{UpdateFactory().changeset_id}/revert/", {"reason": "No."})
    assert answer.status_code == 409
    assert "Only a public changeset is reverted" in answer.content.decode()
