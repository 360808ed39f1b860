"""The gallery draws every component; with it, the frame that all pages share is looked at here."""

import re
from collections import Counter

import pytest
from django.conf.urls.i18n import i18n_patterns
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from guarantees.clock import clock_of
from guarantees.views import accounts
from guarantees.views.gallery import gallery
from guarantees.vocabulary import Availability, Status


def shown_at(request: HttpRequest, slug: str = "") -> HttpResponse:
    request.clock = clock_of(request.GET)  # type: ignore[attr-defined]  # set by the decorator of public pages
    return gallery(request)


LISTS = ["pledge-list", "state-list", "summit-list", "source-list", "change-list", "methodology", "search", "desk"]
urlpatterns = i18n_patterns(
    path("", shown_at, name="overview"),
    *(path(f"{name}/", shown_at, name=name) for name in LISTS),
    *(
        path(f"{noun}/<slug>/", shown_at, name=f"{noun}-detail")
        for noun in ("pledge", "state", "summit", "source", "change")
    ),
    *accounts.urlpatterns,
    prefix_default_language=False,
)
pytestmark = pytest.mark.urls(__name__)


@pytest.fixture
def html(client: Client) -> str:
    return client.get("/").content.decode()


def test_every_status_and_availability_is_drawn_with_its_definition(html: str) -> None:
    defined = dict(re.findall(r'<dl class="definition" id="def-([\w-]+)" popover><dt>([^<]+)</dt>', html))
    asked_for = set(re.findall(r'popovertarget="def-([\w-]+)"', html))

    assert defined == {
        **{f"status-{status}": status.label for status in Status},
        **{f"availability-{availability}": availability.label for availability in Availability},
    }
    assert asked_for == set(defined)


def test_ids_are_unique_and_labels_and_links_within_the_page_find_theirs(html: str) -> None:
    ids = Counter(re.findall(r'\sid="([^"]+)"', html))
    referred = set(re.findall(r'\sfor="([^"]+)"', html))
    for attribute in ("aria-labelledby", "aria-describedby"):
        referred |= {name for names in re.findall(rf'\s{attribute}="([^"]+)"', html) for name in names.split()}

    assert [name for name, count in ids.items() if count > 1] == []
    assert referred - set(ids) == set()


def test_quantities_and_conditions_are_words(html: str) -> None:
    text = " ".join(re.sub(r"<[^>]+>", " ", html).split())

    assert "up to 5,000 personnel (reported)" in text
    assert "1.6 billion GBP (stated)" in text
    assert "Parliamentary approval (Met)" in text
    assert "no number given" in text


def test_a_missing_headline_is_said_to_be_unknown(html: str) -> None:
    assert html.count("headline not known") == 2
    assert '<cite lang="uk">Заголовок, як його було опубліковано</cite>' in html


def test_the_page_names_its_other_language_and_its_canonical_address(client: Client) -> None:
    html = client.get("/de/pledge-list/?on=2025-09-04").content.decode()

    assert '<html lang="de">' in html
    assert '<link rel="canonical" href="http://testserver/de/pledge-list/">' in html
    assert '<link rel="alternate" hreflang="en" href="http://testserver/pledge-list/">' in html
    assert 'href="/pledge-list/?on=2025-09-04" hreflang="en" lang="en"' in html


def test_the_banner_is_calm_when_the_clocks_run_with_the_present(html: str) -> None:
    assert 'class="clock"' in html
    assert "Back to now" not in html


def test_the_banner_stands_out_when_a_clock_is_set_and_leads_back_to_now(client: Client) -> None:
    html = client.get("/pledge-list/?state=swe&on=2025-09-04").content.decode()

    assert 'class="clock is-set"' in html
    assert '<a class="clock-reset" href="/pledge-list/?state=swe">' in html
    assert '<input type="date" name="on" value="2025-09-04">' in html
    assert '<input type="hidden" name="state" value="swe">' in html


def test_the_navigation_keeps_the_clocks(client: Client) -> None:
    html = client.get("/pledge-list/?state=swe&on=2025-09-04").content.decode()

    assert '<a href="/pledge-list/?on=2025-09-04" aria-current="page">Pledges</a>' in html
    assert '<a href="/state-list/?on=2025-09-04">States</a>' in html


def test_an_anonymous_reader_gets_no_cookie_no_token_and_no_desk(client: Client) -> None:
    response = client.get("/")

    assert response.cookies == {}
    assert "csrfmiddlewaretoken" not in response.content.decode()
    assert "/desk/" not in response.content.decode()


@pytest.mark.django_db
def test_an_editor_sees_the_desk_and_can_sign_out(client: Client) -> None:
    client.force_login(User.objects.create_user("editor"))

    html = client.get("/").content.decode()

    assert '<a href="/desk/">Desk</a>' in html
    assert "Sign out (editor)" in html


def test_pages_of_a_short_list_are_not_numbered(html: str) -> None:
    numbers = re.findall(r'aria-label="Page (\d+)"', html)

    assert numbers == ["1", "4", "6", "100"]
