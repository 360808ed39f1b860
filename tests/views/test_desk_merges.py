"""Merges and aliases at the desk: chosen, looked at, drafted; names of states added, moved, removed."""

from typing import Any

import pytest

from guarantees.models import Changeset, PledgeMerge, PledgeUpdate, SourceMerge, StateAlias
from tests.desk import Person, errors, fields
from tests.factories import (
    ChangesetFactory,
    PledgeFactory,
    SourceFactory,
    StateFactory,
    UpdateFactory,
    day,
    editor,
    moment,
    publish,
)
from tests.htmx_swap import Page
from tests.pages import page, table

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("today")]

SOURCES, PLEDGES = "/desk/merge/sources/", "/desk/merge/pledges/"
PAIR = {"one": "loser", "into": "winner"}
NEW = {"changeset": "new", "title": "One source", "reason": "The same text."}


@pytest.fixture
def anna() -> Person:
    return Person(editor(username="anna"))


@pytest.fixture
def two_sources() -> None:
    old = ChangesetFactory()
    for name in ("loser", "winner"):
        source = SourceFactory(public_id=name, url=f"https://example.org/{name}", title=f"The {name}")
        UpdateFactory(changeset=old, cited=[source])
    publish(old, moment("2026-01-01"))


@pytest.fixture
def two_pledges() -> str:
    """Two pledges with a clash; returns the name of its field."""
    state, old = StateFactory(code="QMA"), ChangesetFactory()
    for name in ("loser", "winner"):
        pledge = PledgeFactory(changeset=old, state=state, slug=name, title=f"The {name}")
        UpdateFactory(changeset=old, pledge=pledge, date=day("2025-10-01"), summary=f"Said of the {name}.")
    publish(old, moment("2026-01-01"))
    return f"clash-{PledgeUpdate.objects.get(pledge__slug='loser').pk}"


def links(response: Any) -> list[str]:
    return [node.attributes["href"] for node in page(response).one("main").all("a")]


def test_two_sources_are_merged_in_a_new_changeset(anna: Person, two_sources: None):
    assert "Look at both" in page(anna.get(SOURCES)).text
    response = anna.get(SOURCES, {"one": "http://www.example.org/loser/"})
    assert f"{SOURCES}?one=loser&into=winner" in links(response)
    response = anna.get(SOURCES, PAIR)
    text = page(response).one("main").text
    assert "The loser" in text
    assert "1 fact rests on it." in text
    response = anna.post(SOURCES, PAIR | NEW)
    changeset = Changeset.objects.get(title="One source")
    assert (response.status_code, response["Location"]) == (303, f"/desk/changesets/{changeset.pk}/")
    assert [(m.source.public_id, m.into and m.into.public_id) for m in SourceMerge.objects.all()] == [
        ("loser", "winner")
    ]
    # Sent again into the same changeset, it is the same merge.
    again = anna.post(SOURCES, PAIR | {"changeset": changeset.pk})
    assert again["Location"] == f"/desk/changesets/{changeset.pk}/"
    assert SourceMerge.objects.count() == 1
    assert "source winner" not in page(anna.get(f"/desk/changesets/{changeset.pk}/review/")).text


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"one": "nobody"}, {"one": "No source on record has this address or id."}),
        ({"one": "loser", "into": "https://nobody.example/"}, {"into": "No source on record has this address or id."}),
        ({"one": "<script>alert(1)</script>"}, {"one": "No source on record has this address or id."}),
    ],
)
def test_what_names_no_source_is_said_beside_its_field(
    anna: Person, two_sources: None, sent: dict[str, str], said: dict[str, str]
):
    response = anna.get(SOURCES, sent)
    assert (response.status_code, errors(response)) == (200, said)
    assert {name: fields(response)[name] for name in sent} == sent


def test_a_merge_that_is_not_possible_says_why_and_keeps_what_was_typed(anna: Person, two_sources: None):
    response = anna.post(SOURCES, {"one": "loser", "into": "loser"} | NEW)
    assert response.status_code == 422
    assert "This is the same row: choose another one." in page(response).text
    assert fields(response)["reason"] == "The same text."
    response = anna.post(SOURCES, PAIR | {"changeset": "new", "title": "", "reason": "x"})
    assert (response.status_code, errors(response)) == (422, {"title": "A new changeset needs this."})
    closed = ChangesetFactory(state="submitted")
    response = anna.post(SOURCES, PAIR | {"changeset": closed.pk})
    assert (response.status_code, [*errors(response)]) == (422, ["changeset"])
    assert not SourceMerge.objects.exists()


def test_two_pledges_are_merged_and_each_clash_resolved(anna: Person, two_pledges: str):
    response = anna.get(PLEDGES, {"one": "loser"})
    assert f"{PLEDGES}?one=loser&into=winner" in links(response)
    response = anna.get(PLEDGES, PAIR)
    assert "Said of the winner." in page(response).one("main").text
    changeset = ChangesetFactory(title="Mine")
    response = anna.post(PLEDGES, PAIR | {"changeset": changeset.pk})
    assert response.status_code == 422
    assert "This field is required." in page(response).text
    response = anna.post(PLEDGES, PAIR | {"changeset": changeset.pk, two_pledges: "extended"})
    assert response["Location"] == f"/desk/changesets/{changeset.pk}/"
    assert PledgeMerge.objects.get().into.slug == "winner"  # type: ignore[union-attr]  # it has one
    draft = PledgeUpdate.objects.get(changeset=changeset)
    assert (draft.correction_kind, draft.summary) == ("extended", "Said of the winner. Said of the loser.")


def test_a_merge_against_the_ladder_is_shown_before_and_refused(anna: Person, two_pledges: str):
    loser, winner = (PledgeUpdate.objects.get(pledge__slug=slug).pledge for slug in ("loser", "winner"))
    ended = UpdateFactory(pledge=loser, date=day("2025-10-15"), status="delivered", public_id="ends")
    UpdateFactory(changeset=ended.changeset, pledge=winner, date=day("2025-11-01"), public_id="later")
    publish(ended.changeset, moment("2026-02-01"))
    text = "later (Announced) cannot follow ends (Delivered): a later promise is a new pledge."
    assert text in page(anna.get(PLEDGES, PAIR)).text
    response = anna.post(PLEDGES, PAIR | NEW | {two_pledges: "left_out"})
    assert response.status_code == 409
    assert "These two cannot be one pledge. later (Announced)" in page(response).one("main").text
    assert not PledgeMerge.objects.exists()


def test_a_pledge_that_is_not_public_is_not_offered(anna: Person, two_pledges: str):
    state = PledgeUpdate.objects.get(pledge__slug="loser").pledge.state
    PledgeFactory(state=state, slug="secret", title="Secret")
    assert "secret" not in "".join(links(anna.get(PLEDGES, {"one": "loser"})))
    assert errors(anna.get(PLEDGES, {"one": "secret"})) == {"one": "No pledge on record has this name."}


# --- Aliases


@pytest.fixture
def alias() -> StateAlias:
    state = StateFactory(code="QMA", name="Alpha")
    return StateAlias.objects.create(state=state, alias="Alphaland", language="de")


def test_the_other_names_of_a_state_are_listed_with_what_they_collide_with(anna: Person, alias: StateAlias):
    other = StateFactory(code="QMB", name="Álphaland")
    StateAlias.objects.create(state=other, alias="Beta")
    rows = table(page(anna.get("/desk/states/qma/")), "aliases-caption")
    assert [row[:3] for row in rows] == [["Alphaland", "German", "Álphaland"]]
    assert [row[2] for row in table(page(anna.get("/desk/states/qmb/")), "aliases-caption")] == ["–"]


def test_a_name_is_added_and_found_at_once(anna: Person, client: Any, alias: StateAlias):
    assert "Alpha" not in page(client.get("/search/?q=firstland")).one("main").text
    for _ in range(2):
        response = anna.post("/desk/states/qma/add/", {"alias": " Firstland ", "language": ""})
        assert (response.status_code, response["Location"]) == (303, "/desk/states/qma/")
    assert StateAlias.objects.filter(alias="Firstland").count() == 1
    assert "Alpha" in page(client.get("/search/?q=firstland")).one("main").text
    response = anna.post("/desk/states/qma/add/", {"alias": ""})
    assert (response.status_code, errors(response)) == (422, {"alias": "This field is required."})
    response = anna.post("/desk/states/qma/add/", {"alias": "x" * 101})
    assert (response.status_code, fields(response)["alias"]) == (422, "x" * 101)


def test_a_name_is_renamed_and_moved(anna: Person, alias: StateAlias):
    other = StateFactory(code="QMB", name="Beta")
    path = f"/desk/states/qma/{alias.pk}/"
    response = anna.post(path, fields(anna.get(path)) | {"alias": "Betaland", "state": other.pk})
    assert (response.status_code, response["Location"]) == (303, "/desk/states/qmb/")
    alias.refresh_from_db()
    assert (alias.alias, alias.state, alias.search_text, alias.version) == ("Betaland", other, "betaland", 2)
    assert anna.get(path).status_code == 404


def test_a_name_changed_meanwhile_shows_both(anna: Person, alias: StateAlias):
    path = f"/desk/states/qma/{alias.pk}/"
    sent = fields(anna.get(path))
    anna.post(path, sent | {"alias": "Anna's"})
    response = Person().post(path, sent | {"alias": "Mine"})
    assert (response.status_code, fields(response)["alias"]) == (409, "Mine")
    assert "Theirs, saved Anna's · Alpha" in Page(response).root.text()
    assert Person().post(f"{path}remove/", {"version": "1"}).status_code == 303
    assert StateAlias.objects.get().alias == "Anna's"


def test_a_name_is_removed_once(anna: Person, alias: StateAlias):
    path = f"/desk/states/qma/{alias.pk}/remove/"
    for _ in range(2):
        assert anna.post(path, {"version": "1"})["Location"] == "/desk/states/qma/"
    assert not StateAlias.objects.exists()


@pytest.mark.parametrize("version", ["", "x", "0", "99", "9" * 30, "-1"])
def test_a_name_goes_only_as_it_was_seen(anna: Person, alias: StateAlias, version: str):
    anna.post(f"/desk/states/qma/{alias.pk}/remove/", {"version": version})
    assert StateAlias.objects.count() == 1
    # The alias of another state is not reached through this one.
    StateFactory(code="QMB")
    anna.post(f"/desk/states/qmb/{alias.pk}/remove/", {"version": "1"})
    assert StateAlias.objects.count() == 1


def test_an_unknown_state_has_no_page(anna: Person):
    assert anna.get("/desk/states/qzz/").status_code == 404
