"""The template library: links that keep the clocks, words, numbers and dates."""

import datetime as dt
from types import SimpleNamespace

import pytest
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.template import Context, RequestContext, Template
from django.test import RequestFactory
from django.urls import path
from django.utils import translation

from guarantees.clock import clock_of
from guarantees.models import Group
from guarantees.views import accounts
from guarantees.vocabulary import ConditionCode, ConditionValue, Status


def nothing(request: object, slug: str = "") -> HttpResponse:
    return HttpResponse()


urlpatterns = [
    path("", nothing, name="overview"),
    path("pledges/", nothing, name="pledge-list"),
    path("pledges/<slug>/", nothing, name="pledge-detail"),
    *accounts.urlpatterns,
]
pytestmark = pytest.mark.urls(__name__)

NOW = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
BOTH = "on=2025-09-04&known=2026-11-01T18:00:00Z"


@pytest.fixture(autouse=True)
def frozen(time_machine: object) -> None:
    time_machine.move_to(NOW, tick=False)  # type: ignore[attr-defined]  # a plugin's fixture without types


def page(source: str, address: str = "/pledges/", **context: object) -> str:
    request = RequestFactory().get(address)
    request.clock = clock_of(request.GET)
    return Template("{% load ledger %}" + source).render(RequestContext(request, context))


def write(source: str, **context: object) -> str:
    return Template("{% load ledger %}" + source).render(Context(context))


def test_links_carry_the_clocks_after_their_own_parameters() -> None:
    link = '{% clock_url "pledge-list" state="swe" status="" q=None %}'

    assert page(link, f"/?{BOTH}") == "/pledges/?state=swe&amp;on=2025-09-04&amp;known=2026-11-01T18%3A00%3A00Z"
    assert page(link, "/") == "/pledges/?state=swe"
    assert page('{% clock_url "pledge-detail" slug %}', "/", slug="gbr-troops") == "/pledges/gbr-troops/"


def test_links_keep_the_clocks_inside_components_too() -> None:
    source = '{% include "components/breadcrumb.html" with here="Here" trail=trail only %}{% include inner only %}'
    inner = Template('{% load ledger %}{% clock_url "overview" %}')

    assert page(source, "/?on=2025-09-04", trail=[], inner=inner).endswith("/?on=2025-09-04")


def test_forms_carry_the_clocks_in_hidden_fields() -> None:
    assert page("{% clock_inputs %}", f"/?q=a&{BOTH}") == (
        '<input type="hidden" name="on" value="2025-09-04">'
        '<input type="hidden" name="known" value="2026-11-01T18:00:00Z">'
    )


def test_forms_keep_the_other_parameters_but_not_the_page_number() -> None:
    kept = page('{% kept_inputs "on" "known" %}', f"/?state=swe&state=fra&q=%22%3E&page=3&{BOTH}")

    assert kept == (
        '<input type="hidden" name="state" value="swe"><input type="hidden" name="state" value="fra">'
        '<input type="hidden" name="q" value="&quot;&gt;">'
    )


@pytest.mark.parametrize(
    ("changes", "address"),
    [
        ('sort="date"', "/pledges/?state=swe&amp;sort=date"),
        ("page=2", "/pledges/?state=swe&amp;page=2"),
        ("state=None", "/pledges/"),
        ('state=""', "/pledges/"),
        ("state=codes", "/pledges/?state=fra&amp;state=deu"),
    ],
)
def test_a_page_links_to_itself_with_parameters_changed(changes: str, address: str) -> None:
    link = "{% query_with " + changes + " %}"

    assert page(link, "/pledges/?state=swe&page=7", codes=["fra", "deu"]) == address


def test_the_navigation_marks_the_page_and_what_lies_above_it() -> None:
    states = '{% nav_state "overview" %}|{% nav_state "pledge-list" %}'

    assert page(states, "/") == ' aria-current="page"|'
    assert page(states, "/pledges/") == '| aria-current="page"'
    assert page(states, "/pledges/gbr-troops/") == '| aria-current="true"'


def test_codes_become_terms_with_label_and_definition() -> None:
    source = '{% with status=code|term:"Status" %}{{ status.label }}: {{ status.definition }}{% endwith %}'

    assert write(source, code="delivered") == "Delivered: Made in full."
    assert write('{{ code|term:"Unit" }}', code="") == "None"


def test_conditions_come_as_codes_pairs_or_objects() -> None:
    from_objects = [SimpleNamespace(code="ceasefire", value="failed", href="#u")]
    source = "{% for mark in given|condition_marks %}{{ mark.code }} {{ mark.value }} {{ mark.href }};{% endfor %}"

    assert write(source, given=["ceasefire"]) == "ceasefire open ;"
    assert write(source, given=[(ConditionCode.UN_MANDATE, ConditionValue.MET)]) == "un_mandate met ;"
    assert write(source, given=from_objects) == "ceasefire failed #u;"
    assert write(source, given=None) == ""


def test_every_status_and_availability_has_its_definition_at_hand() -> None:
    source = "{% defined_terms as terms %}{% for id, term in terms %}{{ id }} {% endfor %}"

    assert write(source).split() == [
        *(f"def-status-{status}" for status in Status),
        "def-availability-available",
        "def-availability-held_back",
        "def-availability-no_condition_stated",
    ]


def test_the_ladder_runs_from_signalled_to_delivered() -> None:
    source = "{% ladder as rungs %}{% for rung in rungs %}{{ rung.rank }} {% endfor %}"

    assert write(source) == "10 20 30 40 50 60 "


def test_states_and_languages_are_named_in_the_readers_language() -> None:
    turkey = SimpleNamespace(code="TUR", name="Türkiye")

    with translation.override("de"):
        assert write("{{ state|state_name }}, {{ code|language_name }}", state=turkey, code="uk") == (
            "Türkei, Ukrainisch"
        )
    assert write("{{ code|language_name }}", code="uk") == "Ukrainian"
    assert write("{{ code|language_name }}", code="?") == "?"


def test_quantities_are_written_in_full_and_short() -> None:
    assert write("{% quantity low high unit %}", low=None, high=5000, unit="personnel") == "up to 5,000 personnel"
    assert write("{% quantity low high unit %}", low=None, high=None, unit="") == "no number given"
    assert write("{% quantity_short low high unit %}", low=10**9, high=None, unit="EUR") == "at least 1B EUR"
    assert write("{% quantity_short low high unit %}", low=None, high=None, unit="") == ""
    assert write("{% range_sum low high %}", low=0, high=5000) == "0 to 5,000"
    assert write("{{ count|number }}{{ nothing|number }}", count=1234, nothing=None) == "1,234"


def test_dates_are_written_for_readers_and_for_machines() -> None:
    day, moment = dt.date(2025, 9, 4), dt.datetime(2026, 1, 6, 18, 5, tzinfo=dt.UTC)

    assert write("{{ day|day }}", day=day) == '<time datetime="2025-09-04">4 September 2025</time>'
    assert write("{{ day|short_day }}", day=day) == '<time datetime="2025-09-04">4 Sept 2025</time>'
    assert write("{{ moment|day }}", moment=moment) == '<time datetime="2026-01-06">6 January 2026</time>'
    assert write("{{ moment|moment }}", moment=moment) == (
        '<time datetime="2026-01-06T18:05:00Z">6 January 2026, 18:05 UTC</time>'
    )
    assert write("{% meeting_days day last %}", day=day, last=dt.date(2025, 9, 5)) == (
        '<time datetime="2025-09-04">4 to 5 September 2025</time>'
    )
    assert write("{{ day|day }}{{ day|short_day }}{{ day|moment }}", day=None) == ""


def test_page_numbers_leave_gaps() -> None:
    source = "{% for number in page|elided_pages %}{{ number }} {% endfor %}"

    assert write(source, page=Paginator(range(1000), 10).get_page(50)) == "1 None 49 50 51 None 100 "
    assert write(source, page=Paginator(range(20), 10).get_page(1)) == "1 2 "


def test_a_key_that_is_a_variable_is_looked_up() -> None:
    assert write("{{ cells|get:state }}{{ cells|get:other }}", cells={"swe": 1}, state="swe", other="x") == "1None"


def test_what_the_record_says_in_english_is_marked_on_a_page_in_another_language() -> None:
    source = "<p{% data_lang %}>{{ text }}</p>"

    assert write(source, text="Signed in Paris.") == "<p>Signed in Paris.</p>"
    with translation.override("de"):
        assert write(source, text="Signed in Paris.") == '<p lang="en">Signed in Paris.</p>'
        assert write("{{ group|group_name }}", group=Group(code="G7", name="Group of Seven")) == "Gruppe der Sieben"
