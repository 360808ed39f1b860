"""Who may open and send what at the desk, and how people get in and out."""

from typing import Any

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse

from guarantees.models import Changeset, PledgeUpdate
from tests.desk import HTMX, Person
from tests.factories import PositionFactory, SourceFactory, SummitFactory, UpdateFactory, UserFactory, editor, reviewer

pytestmark = pytest.mark.django_db

READ, WRITE, BOTH = ("GET",), ("POST",), ("GET", "POST")

METHODS: dict[str, tuple[str, ...]] = {
    "desk": READ,
    "desk-start": BOTH,
    "desk-sheet": READ,
    "desk-details": BOTH,
    "desk-add": BOTH,
    "desk-submit": WRITE,
    "desk-withdraw": BOTH,
    "desk-comment": WRITE,
    "desk-summit": BOTH,
    "desk-summit-add": BOTH,
    "desk-review": READ,
    "desk-approve": WRITE,
    "desk-request-changes": WRITE,
    "desk-call-back": WRITE,
    "desk-delete": BOTH,
    "desk-sources": BOTH,
    "desk-source-new": WRITE,
    "desk-source-remove": WRITE,
    "desk-cell": BOTH,
    "desk-source": BOTH,
}
"""What some addresses of the desk answer to; tests/test_permissions.py asks all of them."""


@pytest.fixture
def addresses() -> dict[str, str]:
    """Every address of the desk, for a changeset with a summit and a row."""
    update = UpdateFactory(cited=[SourceFactory()])
    summit = SummitFactory(changeset=update.changeset)
    Changeset.objects.filter(pk=update.changeset_id).update(summit=summit)
    row = {"kind": "updates", "pk": update.pk}
    arguments: dict[str, dict[str, Any]] = {
        "desk": {},
        "desk-start": {},
        "desk-add": {"pk": update.changeset_id, "kind": "positions"},
        "desk-delete": row,
        "desk-sources": row,
        "desk-source-new": row,
        "desk-source-remove": row | {"source_pk": update.sources.get().pk},
        "desk-cell": row | {"name": "status"},
        "desk-source": {"pk": update.sources.get().pk},
    }
    default = {"pk": update.changeset_id}
    return {name: reverse(name, kwargs=arguments.get(name, default)) for name in METHODS}


def content() -> tuple[Any, ...]:
    """Everything that a request could have altered, as far as this test goes."""
    changeset = Changeset.objects.get()
    facts = [*PledgeUpdate.objects.order_by("pk").values_list("pk", "version", "known", "status")]
    return (changeset.state, changeset.version, facts, changeset.comments.count(), [*changeset.authors.all()])


@pytest.mark.parametrize("name", METHODS)
def test_who_is_signed_out_is_led_to_the_sign_in_page_and_back(client: Client, addresses: dict[str, str], name: str):
    before = content()
    for method in METHODS[name]:
        response = getattr(client, method.lower())(addresses[name])
        assert (response.status_code, response["Location"]) == (302, f"/accounts/login/?next={addresses[name]}")
    assert content() == before


@pytest.mark.parametrize("name", METHODS)
def test_htmx_is_led_there_by_a_header(client: Client, addresses: dict[str, str], name: str):
    headers = HTMX | {"HX-Current-URL": "http://testserver/desk/changesets/7/?x=1#updates-3"}
    for method in METHODS[name]:
        response = getattr(client, method.lower())(addresses[name], headers=headers)
        assert (response.status_code, response["HX-Redirect"]) == (
            204,
            "/accounts/login/?next=%2Fdesk%2Fchangesets%2F7%2F%3Fx%3D1",
        )


@pytest.mark.parametrize("name", METHODS)
def test_who_has_no_part_in_the_desk_is_told_so(addresses: dict[str, str], name: str):
    stranger = Person(UserFactory())
    before = content()
    for method in METHODS[name]:
        response = getattr(stranger, method.lower())(addresses[name])
        assert response.status_code == 403
        assert "The desk is for editors and reviewers." in response.content.decode()
    assert content() == before


@pytest.mark.parametrize("name", [name for name, methods in METHODS.items() if "GET" in methods])
@pytest.mark.parametrize("make", [editor, reviewer])
def test_editors_and_reviewers_read_everything_and_no_cache_keeps_it(addresses: dict[str, str], name: str, make: Any):
    response = Person(make()).get(addresses[name])
    assert response.status_code == 200
    assert {"private", "no-cache"} <= set(response["Cache-Control"].split(", "))


@pytest.mark.parametrize("name", ["desk-approve", "desk-request-changes"])
def test_only_reviewers_decide(addresses: dict[str, str], name: str):
    Changeset.objects.update(state="submitted")
    before = content()
    response = Person(editor()).post(addresses[name], {"seen": "x", "comment": "No."})
    assert response.status_code == 403
    assert "This is for reviewers." in response.content.decode()
    assert content() == before


@pytest.mark.parametrize("name", METHODS)
def test_other_methods_are_refused(addresses: dict[str, str], name: str):
    person = Person()
    others = {"GET", "POST", "PUT", "PATCH", "DELETE"} - set(METHODS[name])
    answers = {method: getattr(person, method.lower())(addresses[name]).status_code for method in sorted(others)}
    assert answers == dict.fromkeys(sorted(others), 405)


@pytest.mark.parametrize("name", [name for name, methods in METHODS.items() if "POST" in methods])
def test_a_form_without_its_token_is_refused(addresses: dict[str, str], name: str):
    before = content()
    client = Client(enforce_csrf_checks=True)
    client.force_login(reviewer())
    response = client.post(addresses[name], {"version": "1", "status": "committed", "text": "x", "comment": "x"})
    assert response.status_code == 403
    assert content() == before


@pytest.mark.parametrize(
    "path",
    [
        "/desk/changesets/999999/",
        "/desk/changesets/999999/review/",
        "/desk/rows/updates/999999/cells/status/",
        "/desk/rows/updates/999999/sources/",
        "/desk/rows/summits/999999/sources/",
        "/desk/rows/nothing/1/sources/",
        "/desk/rows/nothing/1/delete/",
        "/desk/sources/999999/",
        f"/desk/changesets/{'9' * 30}/",
    ],
)
def test_what_does_not_exist_is_not_found(path: str):
    assert Person().get(path).status_code == 404


def test_a_row_is_reached_by_its_own_kind_only():
    position = PositionFactory()
    assert Person().get(f"/desk/rows/updates/{position.pk}/cells/status/").status_code == 404


# --- Signing in and out


def test_signing_in_leads_to_the_page_that_was_wanted(client: Client):
    user = editor(username="anna")
    user.set_password("a long password")
    user.save()
    sent = {"login": "anna", "password": "a long password", "next": "/desk/start/"}
    response = client.post("/accounts/login/", sent)
    assert (response.status_code, response["Location"]) == (302, "/desk/start/")
    assert client.get("/desk/").status_code == 200


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/x", "javascript:alert(1)", ""])
def test_signing_in_leads_to_no_other_site(client: Client, target: str):
    user = editor(username="anna")
    user.set_password("a long password")
    user.save()
    response = client.post("/accounts/login/", {"login": "anna", "password": "a long password", "next": target})
    assert (response.status_code, response["Location"]) == (302, "/desk/")


def test_a_wrong_password_is_said_and_the_way_back_is_kept(client: Client):
    response = client.post("/accounts/login/", {"login": "anna", "password": "x", "next": "/desk/start/"})
    assert response.status_code == 422
    text = response.content.decode()
    assert "No account has this user name and this password." in text
    assert 'name="next" value="/desk/start/"' in text


def test_signing_out_needs_a_form(client: Client):
    client.force_login(editor())
    assert client.get("/accounts/logout/").status_code == 405
    assert client.post("/accounts/logout/").status_code == 302
    assert client.get("/desk/").status_code == 302


def test_the_desk_has_addresses_in_german(client: Client):
    client.force_login(editor())
    assert client.get("/de/desk/").status_code == 200
    with pytest.raises(NoReverseMatch):
        reverse("desk-nothing")
