"""Every address × every kind of person × every method: who gets what. A new address without a row fails."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from http.cookies import SimpleCookie
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import ResolverMatch, URLResolver, get_resolver, resolve, reverse

from guarantees import clock
from guarantees.models import Changeset, Invitation, Retraction, StateAlias
from tests.factories import (
    ChangesetFactory,
    SourceFactory,
    StateFactory,
    SummitFactory,
    UpdateFactory,
    UserFactory,
    administrator,
    editor,
    moment,
    publish,
    reviewer,
)

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS")
PEOPLE = ("anonymous", "nobody", "editor", "reviewer", "administrator")
NO = 405
NOBODY = 999_999_999
"""A number that no row has."""


@dataclass(frozen=True)
class Row:
    """What an address answers to those for whom it is, to a GET and to an empty form.

    PUBLIC: everybody. DESK: editors and reviewers; others get 403. PEOPLE: administrators; others get 403.
    ACCOUNT: whoever is signed in. DOOR: whoever is not; ``inside`` is what the others get. ADMIN: as Django's admin.
    Where one has to sign in, who has not is led to the sign-in page; ADMIN leads everybody else to ADMIN DOOR,
    which turns away who is signed in. ``but`` names single exceptions.
    """

    of: str
    get: int = NO
    post: int = NO
    inside: tuple[int, int] = (302, 302)
    but: tuple[tuple[str, str, int], ...] = ()

    def expected(self) -> dict[str, dict[str, int]]:
        answers = {person: self._of(person) for person in PEOPLE}
        for person, method, status in self.but:
            answers[person][method] = status
        return answers

    def _of(self, person: str) -> dict[str, int]:
        get, post = self._pair(person)
        if self.of.startswith("ADMIN"):
            write = NO if post == NO else get
            return {"GET": get, "HEAD": get, "POST": post, "PUT": write, "DELETE": write, "OPTIONS": get}
        return {"GET": get, "HEAD": get, "POST": post, "PUT": NO, "DELETE": NO, "OPTIONS": NO}

    def _pair(self, person: str) -> tuple[int, int]:
        allowed = {
            "PUBLIC": PEOPLE,
            "DESK": ("editor", "reviewer"),
            "PEOPLE": ("administrator",),
            "ACCOUNT": PEOPLE[1:],
            "DOOR": ("anonymous",),
            "ADMIN": ("administrator",),
            "ADMIN DOOR": ("anonymous", "administrator"),
        }[self.of]
        if person in allowed:
            return self.get, self.post
        if self.of == "DOOR":
            return self.inside
        if self.of.startswith("ADMIN"):
            return self.inside
        refusal = 302 if person == "anonymous" else 403
        return (NO if self.get == NO else refusal), (NO if self.post == NO else refusal)


VIEW_ONLY = {
    "changelist": Row("ADMIN", 200, 200),
    "add": Row("ADMIN", 403, 403),
    "change": Row("ADMIN", 302, 403),
    "delete": Row("ADMIN", 403, 403),
    "history": Row("ADMIN", 302, 302),
}
"""What the admin answers for tables of ours, by the end of the name: nothing is added, changed or deleted there.

(302: there is no such row.)
"""

TABLE: dict[str, Row] = {
    "account_change_password": Row("ACCOUNT", 200, 422),
    "account_inactive": Row("PUBLIC", 200),
    "account_invitation": Row("PUBLIC", 410, 410),
    "account_login": Row("DOOR", 200, 422),
    "account_logout": Row("PUBLIC", post=302),
    "account_reauthenticate": Row("ACCOUNT", 200, 422),
    "account_reset_password": Row("PUBLIC", 200, 422),
    "account_reset_password_done": Row("PUBLIC", 200),
    "account_reset_password_from_key": Row("PUBLIC", 200, 422),
    "account_reset_password_from_key_done": Row("PUBLIC", 200),
    "account_set_password": Row("PUBLIC", 302, 302),
    "admin:admin_logentry_add": Row("ADMIN", 403, 403),
    "admin:admin_logentry_change": Row("ADMIN", 302, 403),
    "admin:admin_logentry_changelist": Row("ADMIN", 200, 200),
    "admin:admin_logentry_delete": Row("ADMIN", 403, 403),
    "admin:admin_logentry_history": Row("ADMIN", 302, 302),
    "admin:app_list": Row("ADMIN", 200, 200),
    "admin:auth_group_add": Row("ADMIN", 403, 403),
    "admin:auth_group_change": Row("ADMIN", 200, 403),
    "admin:auth_group_changelist": Row("ADMIN", 200, 200),
    "admin:auth_group_delete": Row("ADMIN", 403, 403),
    "admin:auth_group_history": Row("ADMIN", 200, 200),
    "admin:auth_user_add": Row("ADMIN", 403, 403),
    "admin:auth_user_change": Row("ADMIN", 200, 302),
    "admin:auth_user_changelist": Row("ADMIN", 200, 200),
    "admin:auth_user_delete": Row("ADMIN", 403, 403),
    "admin:auth_user_history": Row("ADMIN", 200, 200),
    "admin:autocomplete": Row("ADMIN", 403, but=(("administrator", "OPTIONS", 200),)),
    "admin:index": Row("ADMIN", 200, 200),
    "admin:jsi18n": Row("ADMIN", 200),
    "admin:login": Row("ADMIN DOOR", 302, 302, inside=(403, 403)),
    "admin:logout": Row("ADMIN", 302, 302),
    "admin:mfa_authenticator_add": Row("ADMIN", 403, 403),
    "admin:mfa_authenticator_change": Row("ADMIN", 200, 403),
    "admin:mfa_authenticator_changelist": Row("ADMIN", 200, 200),
    "admin:mfa_authenticator_delete": Row("ADMIN", 200, 200),
    "admin:mfa_authenticator_history": Row("ADMIN", 302, 302),
    "admin:password_change": Row("ADMIN", 302, 302),
    "admin:password_change_done": Row("ADMIN", 200),
    "admin:usersessions_usersession_add": Row("ADMIN", 403, 403),
    "admin:usersessions_usersession_change": Row("ADMIN", 200, 403),
    "admin:usersessions_usersession_changelist": Row("ADMIN", 200, 200),
    "admin:usersessions_usersession_delete": Row("ADMIN", 200, 200),
    "admin:usersessions_usersession_history": Row("ADMIN", 302, 302),
    "admin:view_on_site": Row("ADMIN", 404, 404),
    "change-detail": Row("PUBLIC", 200),
    "change-list": Row("PUBLIC", 200),
    "desk": Row(
        "DESK",
        200,
        but=(
            ("administrator", "GET", 302),
            ("administrator", "HEAD", 302),
        ),
    ),
    "desk-add": Row("DESK", 200, 422),
    "desk-alias": Row("DESK", 200, 422),
    "desk-alias-add": Row("DESK", post=422),
    "desk-alias-remove": Row("DESK", post=303),
    "desk-aliases": Row("DESK", 200),
    "desk-approve": Row("DESK", post=422),
    "desk-call-back": Row("DESK", post=303),
    "desk-cell": Row("DESK", 200, 422),
    "desk-citation": Row("DESK", 200, 303),
    "desk-close-account": Row("PEOPLE", post=302),
    "desk-comment": Row("DESK", post=422),
    "desk-correct": Row("DESK", 200, 422),
    "desk-delete": Row("DESK", 200, 303),
    "desk-details": Row("DESK", 200, 422),
    "desk-duplicates": Row("DESK", 200, 404),
    "desk-fact": Row("DESK", 200),
    "desk-fact-comment": Row("DESK", 303, 422),
    "desk-feed": Row("PUBLIC", 404),
    "desk-import": Row("DESK", 200, 422),
    "desk-import-detail": Row("DESK", 404, 404),
    "desk-intake": Row("DESK", 200, 422),
    "desk-intake-act": Row("DESK", post=303),
    "desk-intake-add": Row("DESK", 200, 422),
    "desk-intake-attendance": Row("DESK", post=422),
    "desk-intake-cell": Row("DESK", 200, 422),
    "desk-intake-paste": Row("DESK", post=422),
    "desk-intake-source-new": Row("DESK", post=422),
    "desk-intake-source-remove": Row("DESK", post=303),
    "desk-intake-sources": Row("DESK", 200, 404),
    "desk-invitation-send": Row("PEOPLE", post=302),
    "desk-invitation-withdraw": Row("PEOPLE", post=302),
    "desk-invite": Row("PEOPLE", post=422),
    "desk-kept": Row("DESK", 404, 302),
    "desk-merge-pledges": Row("DESK", 200, 422),
    "desk-merge-sources": Row("DESK", 200, 422),
    "desk-move": Row("DESK", post=422),
    "desk-notices": Row("DESK", 200, 303),
    "desk-people": Row("PEOPLE", 200),
    "desk-pledge": Row("DESK", 200, 422),
    "desk-publisher": Row("DESK", 200, 422),
    "desk-publishers": Row("DESK", 200),
    "desk-queue": Row("DESK", 200),
    "desk-rebase": Row("DESK", post=403, but=(("reviewer", "POST", 303),)),
    "desk-reopen-account": Row("PEOPLE", post=302),
    "desk-request-changes": Row("DESK", post=422),
    "desk-restore": Row("DESK", post=303),
    "desk-retract": Row("DESK", 200, 422),
    "desk-revert": Row("DESK", 200, 422),
    "desk-review": Row("DESK", 200),
    "desk-role": Row("PEOPLE", post=303),
    "desk-sheet": Row("DESK", 200),
    "desk-source": Row("DESK", 200, 422),
    "desk-source-new": Row("DESK", post=422),
    "desk-source-remove": Row("DESK", post=303),
    "desk-sources": Row("DESK", 200, 404),
    "desk-start": Row("DESK", 200, 422),
    "desk-submit": Row("DESK", post=303),
    "desk-summit": Row("DESK", 200, 422),
    "desk-summit-add": Row("DESK", 200, 422),
    "desk-summit-edit": Row("DESK", 200, 422),
    "desk-undo": Row("DESK", post=303),
    "desk-unretract": Row("DESK", post=303),
    "desk-versions": Row("DESK", 200),
    "desk-withdraw": Row("DESK", 200, 403, but=(("reviewer", "POST", 303),)),
    "healthz": Row("PUBLIC", 200),
    "methodology": Row("PUBLIC", 200),
    "mfa_activate_totp": Row("PUBLIC", 302, 302),
    "mfa_add_webauthn": Row("PUBLIC", 302, 302),
    "mfa_authenticate": Row("PUBLIC", 302, 302),
    "mfa_deactivate_totp": Row(
        "ACCOUNT",
        404,
        404,
        but=(
            ("nobody", "GET", 302),
            ("nobody", "HEAD", 302),
            ("nobody", "POST", 302),
        ),
    ),
    "mfa_edit_webauthn": Row("PUBLIC", 302, 302),
    "mfa_generate_recovery_codes": Row("PUBLIC", 302, 302),
    "mfa_index": Row("DOOR", 302, 302, inside=(200, 405)),
    "mfa_list_webauthn": Row("DOOR", 302, 302, inside=(200, 405)),
    "mfa_login_webauthn": Row("PUBLIC", 302, 302),
    "mfa_reauthenticate": Row(
        "PUBLIC",
        302,
        302,
        but=(
            ("nobody", "GET", 200),
            ("nobody", "HEAD", 200),
            ("nobody", "POST", 422),
        ),
    ),
    "mfa_reauthenticate_webauthn": Row("PUBLIC", 302, 302),
    "mfa_remove_webauthn": Row("PUBLIC", 302, 302),
    "mfa_view_recovery_codes": Row("DOOR", 302, 302, inside=(404, 405)),
    "overview": Row("PUBLIC", 200),
    "pledge-detail": Row("PUBLIC", 200),
    "pledge-list": Row("PUBLIC", 200),
    "robots": Row("PUBLIC", 200),
    "search": Row("PUBLIC", 200),
    "sitemap": Row("PUBLIC", 200),
    "source-detail": Row("PUBLIC", 200),
    "source-list": Row("PUBLIC", 200),
    "state-detail": Row("PUBLIC", 200),
    "state-list": Row("PUBLIC", 200),
    "summit-detail": Row("PUBLIC", 200),
    "summit-list": Row("PUBLIC", 200),
    "usersessions_list": Row("ACCOUNT", 200, 302),
}


def routes(resolver: URLResolver | Any) -> Iterator[tuple[str, tuple[str, tuple[str, ...]]]]:
    """The route and the parts of every name, whatever the namespace."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            space = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from ((f"{space}{name}", found) for name, found in routes(pattern))
        elif pattern.name is not None:
            parts = tuple(getattr(pattern.pattern, "converters", None) or pattern.pattern.regex.groupindex)
            yield pattern.name, (str(pattern.pattern), parts)


ROUTES = dict(routes(get_resolver()))
NAMES = sorted(ROUTES)


@pytest.fixture
def world(db: None) -> dict[str, Any]:
    """One of everything."""
    return build()


def build() -> dict[str, Any]:
    people = {
        "nobody": UserFactory(),
        "editor": editor(),
        "reviewer": reviewer(),
        "administrator": administrator(email="ada@example.org"),
    }
    public = UpdateFactory(pledge__state=StateFactory(code="FRA"), cited=[SourceFactory()])
    summit = SummitFactory(changeset=public.changeset, slug="testville")
    publish(public.changeset, moment("2025-09-05"))
    draft = ChangesetFactory(summit=SummitFactory(changeset=ChangesetFactory()))
    Changeset.objects.filter(pk=draft.summit.changeset_id).update(title="Another")
    row = UpdateFactory(changeset=draft, pledge__changeset=draft, cited=[SourceFactory()])
    own = SummitFactory(changeset=draft)
    Changeset.objects.filter(pk=draft.pk).update(summit=own)
    draft.refresh_from_db()
    now = clock.now()
    invitation = Invitation.objects.create(
        email="new@example.org",
        role="editor",
        key_digest="0" * 64,
        invited_by=people["administrator"],
        created_at=now,
        expires_at=moment("2099-01-01"),
    )
    return {
        "people": people,
        "public": public,
        "summit": summit,
        "draft": draft,
        "row": row,
        "source": row.sources.get(),
        "cited": public.sources.get(),
        "editors": Group.objects.get(name="editors").pk,
        "retraction": Retraction.objects.create(changeset=draft, reason="Wrong.", update=public),
        "invitation": invitation,
        "alias": StateAlias.objects.create(state=public.pledge.state, alias="Gaul"),
        "session": UserSession.objects.create(user=people["nobody"], ip="192.0.2.1", session_key="x", user_agent=""),
        "content_type": ContentType.objects.get_for_model(public).pk,
        "cookies": cookies(people),
        "client": Client(),
        "factor": Authenticator.objects.create(user=people["nobody"], type="totp", data={"secret": "x"}),
    }


def cookies(people: dict[str, User]) -> dict[str, SimpleCookie]:
    """What the browser of everybody sends along."""
    jars = {"anonymous": SimpleCookie()}
    for name, user in people.items():
        client = Client()
        client.force_login(user)
        jars[name] = client.cookies
    return jars


def address(name: str, world: dict[str, Any]) -> str:
    """The address of that name, for the things of this world."""
    draft, row, public, people = world["draft"], world["row"], world["public"], world["people"]
    values: dict[str, dict[str, Any]] = {
        "pledge-detail": {"slug": public.pledge.slug},
        "state-detail": {"code": "fra"},
        "summit-detail": {"slug": "testville"},
        "source-detail": {"public_id": world["cited"].public_id},
        "change-detail": {"pk": public.changeset_id},
        "account_reset_password_from_key": {"uidb36": "1", "key": "abc"},
        "account_invitation": {"key": "abc"},
        "mfa_remove_webauthn": {"pk": NOBODY},
        "mfa_edit_webauthn": {"pk": NOBODY},
        "admin:auth_user_change": {"object_id": people["nobody"].pk},
        "admin:auth_user_history": {"object_id": people["nobody"].pk},
        "admin:mfa_authenticator_change": {"object_id": world["factor"].pk},
        "admin:mfa_authenticator_delete": {"object_id": world["factor"].pk},
        "admin:usersessions_usersession_change": {"object_id": world["session"].pk},
        "admin:usersessions_usersession_delete": {"object_id": world["session"].pk},
        "admin:auth_group_history": {"object_id": world["editors"]},
        "admin:auth_group_change": {"object_id": world["editors"]},
        "admin:view_on_site": {"content_type_id": world["content_type"], "object_id": public.pk},
        "admin:app_list": {"app_label": "guarantees"},
        "desk-add": {"pk": draft.pk, "kind": "positions"},
        "desk-fact-comment": {"pk": draft.pk, "kind": "update", "fact_pk": row.pk},
        "desk-unretract": {"pk": world["retraction"].pk},
        "desk-kept": {"key": "abc"},
        "desk-role": {"pk": people["nobody"].pk},
        "desk-close-account": {"pk": people["nobody"].pk},
        "desk-reopen-account": {"pk": people["nobody"].pk},
        "desk-invitation-send": {"pk": world["invitation"].pk},
        "desk-invitation-withdraw": {"pk": world["invitation"].pk},
        "desk-import-detail": {"pk": NOBODY},
        "desk-source": {"pk": world["source"].pk},
        "desk-publisher": {"name": world["source"].publisher},
    }
    # What parts of an address mean, from its beginning.
    shared: dict[str, dict[str, Any]] = {
        "desk/rows/": {"kind": "updates", "pk": row.pk, "source_pk": world["source"].pk, "name": "status"},
        "desk/changesets/": {
            "pk": draft.pk,
            "row": f"p{row.pledge_id}",
            "code": "FRA",
            "name": "status",
            "deed": "delete",
            "source_pk": world["source"].pk,
        },
        "desk/facts/": {"kind": "update", "pk": public.pk},
        "desk/versions/": {"kind": "source", "pk": world["source"].pk},
        "desk/pledges/": {"slug": public.pledge.slug},
        "desk/states/": {"code": "fra", "pk": world["alias"].pk},
        "desk/summits/": {"slug": "testville"},
        "desk/queues/": {"name": "waiting"},
        "desk/feed/": {"key": "abc"},
        "admin:": {"object_id": NOBODY},
    }
    route, names = ROUTES[name]
    known = dict(values.get(name, {}))
    for beginning, parts in shared.items():
        if (name if beginning == "admin:" else route).startswith(beginning):
            known = parts | known
    return reverse(name, kwargs={part: known[part] for part in names})


def answers(name: str, world: dict[str, Any], asked: dict[str, tuple[str, ...]]) -> dict[str, dict[str, int]]:
    """What everybody gets there; whatever a request wrote is undone."""
    found: dict[str, dict[str, int]] = {}
    where = address(name, world)
    client = world["client"]
    for person, methods in asked.items():
        found[person] = {}
        for method in methods:
            client.cookies = SimpleCookie(world["cookies"][person].output(header="", sep=";"))
            with transaction.atomic():
                response = client.generic(method, where)
                transaction.set_rollback(True)
            assert method != "HEAD" or response.content == b"", where
            found[person][method] = response.status_code
    return found


def closed(row: Row) -> tuple[str, ...]:
    """The methods that an address has for nobody."""
    everybody = row.expected().values()
    return tuple(method for method in METHODS if {answers[method] for answers in everybody} == {NO})


def worth_asking(row: Row) -> dict[str, tuple[str, ...]]:
    """Who has to ask an address in which ways, so that the answers say what everybody would get.

    A GET and a form: everybody. HEAD is drawn like GET: one for whom the page is. A method that nobody has is refused
    before anything looks at the person (of which there is a test): who is not signed in, and once the administrator.
    The administration looks at the person first: both of them, a reviewer, and everybody it turns away without any
    drawing (there is a test of that, too).
    """
    insider = {"DESK": "editor", "PUBLIC": "anonymous", "DOOR": "anonymous"}.get(row.of, "administrator")
    none = closed(row)
    few: dict[str, tuple[str, ...]] = {"anonymous": none, "administrator": none[:1]}
    if row.of.startswith("ADMIN"):
        few = dict.fromkeys(("anonymous", "administrator"), ("PUT", "DELETE", "OPTIONS"))
    asked = {}
    for person in PEOPLE if row.of != "ADMIN" else ("anonymous", "reviewer", "administrator"):
        methods = {method for method in ("GET", "POST") if method not in none} | set(few.get(person, ()))
        if person == insider:
            methods.add("HEAD")
        asked[person] = tuple(method for method in METHODS if method in methods)
    return asked


@cache
def resolved(where: str) -> ResolverMatch:
    """The view of an address."""
    return resolve(where)


def bare(where: str, method: str, user: User | None = None) -> HttpResponse:
    """What a view answers without middleware: to a request that has no session, and no person unless one is given."""
    request = RequestFactory().generic(method, where)
    request._dont_enforce_csrf_checks = True
    if user is not None:
        request.user = user
    found = resolved(where)
    return found.func(request, *found.args, **found.kwargs)


def is_ours(name: str) -> bool:
    """Whether it is an address of the admin for one of our tables."""
    return name.startswith("admin:guarantees_")


def ours() -> dict[str, Row]:
    """The rows of the administration's addresses for our tables."""
    return {name: VIEW_ONLY[name.rpartition("_")[2]] for name in NAMES if is_ours(name)}


def different(
    rows: dict[str, Row], world: dict[str, Any], asked: Callable[[Row], dict[str, tuple[str, ...]]]
) -> dict[str, str]:
    """Where somebody gets something else than the rows say: what they get, and what was expected."""
    wrong = {}
    for name, row in sorted(rows.items()):
        got = answers(name, world, asked(row))
        expected = row.expected()
        for person, methods in got.items():
            for method, status in methods.items():
                if status != expected[person][method]:
                    wrong[f"{name} {person} {method}"] = f"{status}, not {expected[person][method]}"
    return wrong


def test_every_address_has_a_row_and_every_row_an_address():
    assert sorted(TABLE) == [name for name in NAMES if not is_ours(name)]
    assert {name.rpartition("_")[2] for name in NAMES if is_ours(name)} == set(VIEW_ONLY)


def test_everybody_gets_what_the_table_says(world: dict[str, Any]):
    assert list(different(TABLE, world, worth_asking).items()) == []


def test_a_method_that_nobody_has_is_refused_before_anything_looks_at_the_person(world: dict[str, Any]):
    asked = [(name, method) for name, row in TABLE.items() for method in closed(row)]
    assert {name for name, _method in asked} >= {name for name in TABLE if not name.startswith("admin:")}
    looked = []
    for name, method in asked:
        if not TABLE[name].of.startswith("ADMIN"):
            # The request has neither a person nor a session: looking for one would end in an error.
            response = bare(address(name, world), method)
            if response.status_code != NO or method in response["Allow"].split(", "):
                looked.append((name, method, response.status_code))
    assert looked == []


def test_the_administration_lets_in_nobody_else_whatever_the_method(world: dict[str, Any]):
    rows = {name: row for name, row in TABLE.items() if row.of == "ADMIN"} | ours()
    wrong = []
    for name, row in rows.items():
        where = address(name, world)
        for person in ("nobody", "editor", "reviewer"):
            for method in METHODS:
                expected = row.expected()[person][method]
                if (status := bare(where, method, world["people"][person]).status_code) != expected:
                    wrong.append((name, person, method, status, expected))
    assert wrong == []


def test_nobody_writes_our_tables_in_the_administration(world: dict[str, Any]):
    asked = {"administrator": ("GET", "POST")}
    assert list(different(ours(), world, lambda _row: asked).items()) == []


def test_nobody_at_all_writes_facts_there_and_nobody_gets_more_rights():
    root = RequestFactory().get("/admin/")
    root.user = User(is_superuser=True, is_active=True, is_staff=True)
    writable = {
        model._meta.label: [deed for deed in ("add", "change", "delete") if getattr(of, f"has_{deed}_permission")(root)]
        for model, of in admin.site._registry.items()
    }
    assert {label: deeds for label, deeds in writable.items() if deeds} == {
        "auth.User": ["change"],
        "mfa.Authenticator": ["delete"],
        "usersessions.UserSession": ["delete"],
    }
    person = admin.site._registry[User]
    assert set(person.get_form(root, User()).base_fields) == {"first_name", "last_name", "email"}


def test_a_form_without_its_token_is_refused_everywhere(world: dict[str, Any]):
    taken = []
    for name, row in TABLE.items():
        person = {"PUBLIC": "anonymous", "DOOR": "anonymous", "PEOPLE": "administrator", "ADMIN": "administrator"}
        client = Client(enforce_csrf_checks=True)
        client.cookies = SimpleCookie(world["cookies"][person.get(row.of, "reviewer")].output(header="", sep=";"))
        if row.post != NO and (status := client.post(address(name, world)).status_code) != 403:
            taken.append((name, status))
    assert taken == []


def test_an_address_that_only_takes_a_form_says_so_to_who_opens_it(world: dict[str, Any]):
    client = Client()
    client.force_login(world["people"]["editor"])
    response = client.get(address("desk-submit", world))
    assert (response.status_code, response["Allow"]) == (405, "POST")
    assert "There is nothing to see at this address" in response.content.decode()
    assert 'href="/desk/"' in response.content.decode()
