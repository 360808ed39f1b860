"""What every page knows; above all that nobody is asked who they are without a session cookie."""

import pytest
from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import path
from django.utils import translation

from guarantees.context import page_frame

urlpatterns = i18n_patterns(path("", lambda request: HttpResponse(), name="overview"), prefix_default_language=False)
pytestmark = pytest.mark.urls(__name__)


class NeverAsked:
    """A user that fails if it is looked at."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"request.user.{name} was read for an anonymous reader")


def test_without_a_session_cookie_the_user_is_never_read() -> None:
    request = RequestFactory().get("/")
    request.user = NeverAsked()

    assert page_frame(request)["signed_in"] is False


def test_a_session_cookie_alone_does_not_sign_anybody_in() -> None:
    request = RequestFactory().get("/")
    request.COOKIES[settings.SESSION_COOKIE_NAME] = "made up"
    request.user = AnonymousUser()

    assert page_frame(request)["signed_in"] is False


def test_a_page_before_the_clock_is_read_has_none() -> None:
    assert page_frame(RequestFactory().get("/"))["clock"] is None


def test_the_other_language_is_the_same_page_with_the_same_parameters() -> None:
    english = page_frame(RequestFactory().get("/?on=2025-09-04"))["languages"]
    with translation.override("de"):
        german = page_frame(RequestFactory().get("/de/?on=2025-09-04"))["languages"]

    assert english == [
        {
            "code": "en",
            "name": "English",
            "url": "/?on=2025-09-04",
            "absolute_url": "http://testserver/",
            "is_active": True,
        },
        {
            "code": "de",
            "name": "Deutsch",
            "url": "/de/?on=2025-09-04",
            "absolute_url": "http://testserver/de/",
            "is_active": False,
        },
    ]
    assert [(other["url"], other["is_active"]) for other in german] == [
        ("/?on=2025-09-04", False),
        ("/de/?on=2025-09-04", True),
    ]


@pytest.mark.parametrize("method", ["post", "put"])
def test_after_a_form_the_language_links_leave_its_parameters_out(method: str) -> None:
    request = getattr(RequestFactory(), method)("/?step=2")

    assert [other["url"] for other in page_frame(request)["languages"]] == ["/", "/de/"]


def test_the_canonical_address_has_no_parameters() -> None:
    assert page_frame(RequestFactory().get("/pledges/?on=2025-09-04"))["canonical_url"] == "http://testserver/pledges/"


@pytest.mark.urls("guarantees.urls")
def test_a_request_for_a_host_that_is_not_ours_still_gets_its_error_page() -> None:
    response = Client(raise_request_exception=False).get("/", headers={"host": "elsewhere.example"})

    assert response.status_code == 400
    assert "Part of this address cannot be read" in response.content.decode()
