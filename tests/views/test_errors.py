"""Error pages say what went wrong and where to go."""

import re

import pytest
from django.conf.urls.i18n import i18n_patterns
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from guarantees.clock import Clock, clock_of
from guarantees.views import accounts, errors


def page(request: HttpRequest, slug: str = "") -> HttpResponse:
    try:
        clock_of(request.GET)
    except ValueError as error:
        return errors.bad_request(request, error)
    if slug == "nothing":
        raise errors.NotRecorded(
            "No pledge is called nothing.", [errors.Suggestion("British troops", "/pledges/gbr-troops/", "committed")]
        )
    if slug == "suspicious":
        raise SuspiciousOperation("too many fields")
    if slug == "refused":
        raise PermissionDenied("You wrote in this changeset, so somebody else approves it.")
    if slug == "broken":
        raise RuntimeError("a fault of ours")
    return HttpResponse(str(Clock.present().on))


LISTS = ["pledge-list", "state-list", "summit-list", "source-list", "change-list", "methodology", "search", "desk"]
urlpatterns = i18n_patterns(
    path("", page, name="overview"),
    *(path(f"{name}/", page, name=name) for name in LISTS),
    path("pledges/<slug>/", page, name="pledge-detail"),
    *accounts.urlpatterns,
    prefix_default_language=False,
)
handler400 = "guarantees.views.errors.bad_request"
handler403 = "guarantees.views.errors.permission_denied"
handler404 = "guarantees.views.errors.page_not_found"
handler500 = "guarantees.views.errors.server_error"

pytestmark = pytest.mark.urls(__name__)


def words(response: HttpResponse) -> str:
    """The text of the page's main part, white space collapsed."""
    main = re.search(r"<main.*?</main>", response.content.decode(), re.DOTALL)
    assert main is not None
    return " ".join(re.sub(r"<[^>]+>", " ", main.group()).split())


def test_a_bad_parameter_is_named_with_its_value_and_what_is_accepted(client: Client) -> None:
    response = client.get("/pledge-list/?on=2026-02-31&state=swe")

    assert response.status_code == 400
    assert words(response) == (
        "Part of this address cannot be read One of its parameters has a value that this page does not understand. "
        "Parameter on Value given 2026-02-31 What is accepted a day of the calendar in the form 2026-02-26 "
        "Where to go The same page without this parameter Overview as things stand now"
    )
    assert 'href="/pledge-list/?state=swe"' in response.content.decode()


def test_a_bad_value_is_escaped_and_cut(client: Client) -> None:
    response = client.get("/pledge-list/", {"on": "<b>" + "x" * 1000})

    assert f"<code>&lt;b&gt;{'x' * 196}…</code>" in response.content.decode()


def test_a_suspicious_request_is_refused_without_detail(client: Client) -> None:
    response = client.get("/pledges/suspicious/")

    assert response.status_code == 400
    assert words(response) == (
        "Part of this address cannot be read The request was not complete or not in order. Nothing was changed. "
        "Where to go Overview as things stand now"
    )


def test_an_unknown_code_is_answered_with_the_nearest_names(client: Client) -> None:
    response = client.get("/pledges/nothing/")

    assert response.status_code == 404
    assert words(response).startswith(
        "There is nothing at this address No pledge is called nothing. "
        "Did you mean British troops committed Where to go Overview"
    )


def test_an_unknown_address_says_so_and_where_to_go(client: Client) -> None:
    response = client.get("/nowhere/")

    assert response.status_code == 404
    assert words(response).startswith(
        "There is nothing at this address The address may be mistyped, or the page may have moved. Where to go"
    )


def test_a_refusal_gives_its_reason(client: Client) -> None:
    response = client.get("/pledges/refused/")

    assert response.status_code == 403
    assert words(response) == (
        "You may not do this You wrote in this changeset, so somebody else approves it. "
        "Sign in for editors and reviewers Overview open to everybody"
    )


def test_a_form_without_its_token_is_refused_with_a_hint(settings: object) -> None:
    settings.CSRF_FAILURE_VIEW = "guarantees.views.errors.csrf_failure"  # type: ignore[attr-defined]  # pytest-django's fixture
    response = Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": "editor"})

    assert response.status_code == 403
    assert "The form was open for too long, or cookies are switched off." in words(response)


def test_a_fault_is_answered_without_database_or_context(client: Client) -> None:
    client.raise_request_exception = False

    response = client.get("/pledges/broken/")

    assert response.status_code == 500
    assert words(response).startswith("Something went wrong here The fault is ours and has been noted.")


def test_error_pages_set_no_cookie(client: Client) -> None:
    client.raise_request_exception = False

    for slug in ("nothing", "suspicious", "refused", "broken"):
        assert client.get(f"/pledges/{slug}/").cookies == {}
