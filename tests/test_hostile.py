"""What nobody means well with: script in every field, foreign rows, mass assignment, broken bytes. Never a 500."""

from typing import Any

import pytest
from django.db import transaction

from guarantees.models import Changeset, PledgeUpdate
from tests.desk import Person
from tests.factories import SourceFactory, UpdateFactory, administrator, editor, moment, publish, reviewer
from tests.pages import page
from tests.test_permissions import NO, TABLE, address, build

pytestmark = pytest.mark.django_db

SCRIPT = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
NAMES = sorted(name for name, row in TABLE.items() if row.post != NO and not name.startswith(("admin:", "mfa_")))
BODIES: dict[str, tuple[str, bytes]] = {
    "json": ("application/json", b'{"version": 1, "title": "x"}'),
    "text": ("text/plain", b"title=x"),
    "multipart that ends early": ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a'),
    "not UTF-8": ("application/x-www-form-urlencoded", b"title=%ff%fe&reason=\xff\xfe&version=%80"),
    "NUL bytes": ("application/x-www-form-urlencoded", b"title=%00&reason=a%00b&version=%00&text=%00&q=%00"),
    "lone surrogates": ("application/x-www-form-urlencoded", b"title=%ed%a0%80&reason=%ed%b0%80&text=%ed%a0%80"),
    "changes of direction": ("application/x-www-form-urlencoded", "title=\u202ex&reason=\u202ex&text=\u2066".encode()),
    "10,000 fields": ("application/x-www-form-urlencoded", b"&".join(b"title=x" for _ in range(10_000))),
    "huge numbers": (
        "application/x-www-form-urlencoded",
        b"version=99999999999999999999999&pk=9e999&quantity_min=-1e400&summit=99999999999999999999&pledge=1&state=%00",
    ),
}


def fields_of(html: Any) -> set[str]:
    """The names of everything that a page lets one send."""
    nodes = [node for tag in ("input", "select", "textarea") for node in html.all(tag)]
    return {node.attributes["name"] for node in nodes if node.attributes.get("name")} - {"csrfmiddlewaretoken"}


def alien(html: Any) -> list[str]:
    """Elements that only a script in a text could have brought."""
    found = [node.tag for node in html.all("script") if not node.attributes.get("src") and node.text == "alert(1)"]
    return found + [node.tag for node in html.all("img") if node.attributes.get("src") == "x"]


def person_for(name: str, people: dict[str, Person]) -> Person:
    return people["administrator" if TABLE[name].of == "PEOPLE" else "reviewer"]


@pytest.fixture
def world() -> dict[str, Any]:
    world = build()
    world["browsers"] = {"reviewer": Person(reviewer()), "administrator": Person(administrator())}
    return world


@pytest.mark.parametrize("body", BODIES)
def test_a_broken_body_is_an_answer_and_not_a_fault(world: dict[str, Any], body: str):
    kind, content = BODIES[body]
    answers = {}
    for name in NAMES:
        browser = person_for(name, world["browsers"])
        with transaction.atomic():
            response = browser.generic("POST", address(name, world), content, content_type=kind)
            transaction.set_rollback(True)
        answers[name] = response.status_code
    assert {name: code for name, code in answers.items() if code >= 500} == {}


QUERIES = ["q=%ff%fe", "q=%00", "on=%ed%a0%80", "page=9" + "9" * 400, "sort=%E2%80%AE", "q=" + "x" * 9000]
TOGETHER = "&".join([QUERIES[0], *QUERIES[2:5]])
"""No page of the desk refuses one of these before it has read the others; NUL bytes are refused by what guards it."""
SEARCHING = {"desk", "desk-intake-sources", "desk-merge-pledges", "desk-merge-sources", "desk-notices", "desk-queue"}
"""Pages of the desk that read what is searched for, or pages through a list."""


@pytest.mark.parametrize("query", [*QUERIES, TOGETHER])
def test_a_broken_address_is_an_answer_and_not_a_fault(world: dict[str, Any], query: str):
    of = ("DESK", "PEOPLE") if query == TOGETHER else ("PUBLIC",)
    readable = [name for name, row in TABLE.items() if row.get == 200 and row.of in of]
    if query != TOGETHER:
        readable += [*SEARCHING, "desk-people"]
    answers = {}
    for name in readable:
        with transaction.atomic():
            answers[name] = person_for(name, world["browsers"]).get(f"{address(name, world)}?{query}").status_code
            transaction.set_rollback(True)
    assert {name: code for name, code in answers.items() if code >= 500} == {}


def test_script_in_every_field_of_every_form_stays_text(world: dict[str, Any]):
    wrong, asked = {}, 0
    for name in NAMES:
        browser = person_for(name, world["browsers"])
        where = address(name, world)
        names = {"title", "reason", "text", "comment", "summary", "email", "username", "url", "publisher", "login"}
        if TABLE[name].get == 200:
            names |= fields_of(page(browser.get(where)))
        with transaction.atomic():
            response = browser.post(where, dict.fromkeys(names, SCRIPT), follow=True)
            if response.get("Content-Type", "").startswith("text/html"):
                asked += 1
                if found := alien(page(response)):
                    wrong[name] = found
            transaction.set_rollback(True)
    assert wrong == {}
    assert asked > 30


def test_stored_script_is_text_wherever_it_is_shown():
    source = SourceFactory(title=SCRIPT, publisher=SCRIPT[:60])
    update = UpdateFactory(summary=SCRIPT, cited=[source], pledge__title=SCRIPT, changeset__title=SCRIPT)
    Changeset.objects.filter(pk=update.changeset_id).update(reason=SCRIPT)
    person = Person(editor(username="anna"))
    person.post(f"/desk/changesets/{update.changeset_id}/comment/", {"text": SCRIPT})
    desk = ["/desk/", f"/desk/changesets/{update.changeset_id}/", f"/desk/changesets/{update.changeset_id}/review/"]
    found = {path: alien(page(person.get(path))) for path in desk}
    publish(update.changeset, moment("2025-09-05"))
    public = ["/", "/changes/", f"/changes/{update.changeset_id}/", f"/pledges/{update.pledge.slug}/", "/sources/"]
    more = [f"/sources/{source.public_id}/", "/search/?q=alert"]
    found |= {path: alien(page(person.get(path))) for path in [*public, *more]}
    assert [path for path, elements in found.items() if elements] == []


def test_fields_that_no_form_has_are_not_written():
    update = UpdateFactory()
    person = Person()
    before = PledgeUpdate.objects.values("known", "corrects", "changeset_id", "public_id").get()
    more = {"known": "[2025-01-01,)", "corrects": "1", "public_id": "mine", "changeset": "1", "id": "7"}
    cell = {"summary": "Mended.", "version": str(update.version)}
    assert person.post(f"/desk/rows/updates/{update.pk}/cells/summary/", cell | more).status_code == 303
    assert PledgeUpdate.objects.values("known", "corrects", "changeset_id", "public_id").get() == before
    changeset = update.changeset
    details = {"title": "Mine", "reason": "x", "version": str(Changeset.objects.get().version)}
    more = {
        "state": "approved",
        "reviewer": str(person.user.pk),
        "goes_public_at": "2020-01-01",
        "approved_at": "2020-01-01",
    }
    assert person.post(f"/desk/changesets/{changeset.pk}/details/", details | more).status_code == 303
    changeset.refresh_from_db()
    assert (changeset.title, changeset.state, changeset.reviewer, changeset.goes_public_at) == (
        "Mine",
        "draft",
        None,
        None,
    )


def test_a_public_fact_is_no_draft_and_a_draft_of_others_is_everybodys():
    public = UpdateFactory()
    publish(public.changeset, moment("2025-09-05"))
    theirs = UpdateFactory()
    person = Person()
    deeds = {"cells/summary/": {"summary": "Mine.", "version": "1"}, "delete/": {"version": "1"}, "sources/": {}}
    for deed, sent in deeds.items():
        assert person.post(f"/desk/rows/updates/{public.pk}/{deed}", sent).status_code == 404
    assert PledgeUpdate.objects.get(pk=public.pk).summary == "The minister said so."
    sent = {"summary": "Ours.", "version": str(theirs.version)}
    assert person.post(f"/desk/rows/updates/{theirs.pk}/cells/summary/", sent).status_code == 303
    # Drafts are shared; whoever writes in one becomes an author, and so does not approve it.
    assert list(theirs.changeset.authors.all()) == [person.user]


def test_a_field_that_is_sent_twice_counts_once():
    person = Person()
    response = person.post("/desk/start/", {"title": ["First", "Second"], "reason": ["a", "b"]})
    assert response.status_code in (302, 303)
    assert Changeset.objects.get().title == "Second"
