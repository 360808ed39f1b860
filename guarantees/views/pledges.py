"""Pledges: the table of what is in force, and the story of one."""

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from django.http import HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _

from guarantees.charts import strip
from guarantees.clock import Clock
from guarantees.forms.parameters import (
    Choice,
    FilterTag,
    address,
    address_elsewhere,
    address_in_lower_case,
    address_without,
    one_of,
    page_of,
    relaxations,
    several,
    tags,
    text,
)
from guarantees.models import Pledge, PledgeUpdate
from guarantees.models.merges import merged_into
from guarantees.names import localised_group_name
from guarantees.queries import pledges
from guarantees.queries.counting import ConditionValues
from guarantees.queries.pledges import PledgeFilters
from guarantees.views.errors import NotRecorded, Suggestion
from guarantees.views.public import ClockRequest, public_page
from guarantees.views.tools import equipped
from guarantees.vocabulary import Area, Availability, Category, ConditionCode, Status, Term

PLEDGES_PER_PAGE = 40
SUMMITS_OFFERED = 80
"""So many meetings the filter offers, the latest ones; the address takes any."""

T = TypeVar("T", bound=Term)


@public_page
def pledge_list(request: ClockRequest) -> HttpResponse:
    """List the pledges in force that the filters let through."""
    asked, clock = request.GET, request.clock
    states = {state.slug: state for state in pledges.states_by_name()}
    groups = {group.slug: group for group in pledges.groups()}
    summits = {summit.slug: summit for summit in pledges.summits_spoken_at(clock)}
    chosen = {
        "state": several(asked, "state", states),
        "category": several(asked, "category", Category.values),
        "status": several(asked, "status", Status.values),
        "availability": several(asked, "availability", Availability.values),
        "condition": several(asked, "condition", ConditionCode.values),
        "area": several(asked, "area", Area.values),
        "group": several(asked, "group", groups),
        "summit": several(asked, "summit", summits),
    }
    words = text(asked)
    sort = one_of(asked, "sort", pledges.SORTS, default="state")
    conditions = ConditionValues.at(clock)

    def filters(values: dict[str, list[str]], words: str) -> PledgeFilters:
        return PledgeFilters(
            states=[states[slug].code for slug in values["state"]],
            categories=values["category"],
            statuses=values["status"],
            summits=values["summit"],
            areas=values["area"],
            conditions=values["condition"],
            groups=[groups[slug].code for slug in values["group"]],
            availabilities=values["availability"],
            text=words,
        )

    found = pledges.filtered(clock, filters(chosen, words), conditions)
    page = page_of(asked, pledges.ordered(found, sort).values_list("pk", flat=True), PLEDGES_PER_PAGE)
    menus = {
        "state": (_("State"), _choices(chosen["state"], ((k, pledges.state_name(v)) for k, v in states.items()))),
        "category": (_("Category"), _terms(chosen["category"], Category)),
        "status": (_("Status"), _terms(chosen["status"], Status)),
        "availability": (_("Availability"), _terms(chosen["availability"], Availability)),
        "condition": (_("Waits for"), _terms(chosen["condition"], ConditionCode)),
        "area": (_("Area"), _terms(chosen["area"], Area)),
        "group": (
            _("Group"),
            _choices(chosen["group"], ((k, localised_group_name(group.name)) for k, group in groups.items())),
        ),
        "summit": (
            _("Summit"),
            _choices(
                chosen["summit"],
                (
                    (slug, str(summit))
                    for number, (slug, summit) in enumerate(summits.items())
                    if number < SUMMITS_OFFERED or slug in chosen["summit"]
                ),
            ),
        ),
    }
    set_filters = [tag for name, menu in menus.items() for tag in tags(request, name, *menu)]
    if words:
        set_filters.append(FilterTag(_("Text"), words, address_without(request, "q")))

    def relaxed(name: str, heading: str, label: str) -> FilterTag:
        fewer = filters(chosen, "") if name == "q" else filters(chosen | {name: []}, words)
        number = pledges.filtered(clock, fewer, conditions).count()
        return FilterTag(heading, label, address_without(request, name), number)

    relax: list[FilterTag] = []
    if not page.paginator.count:
        # The values of one filter are alternatives: only without all of them can there be more.
        relax = [
            relaxed(name, heading, ", ".join(choice.label for choice in choices if choice.chosen))
            for name, (heading, choices) in menus.items()
            if chosen[name]
        ]
        relax += [relaxed("q", _("Text"), words)] if words else []
    return render(
        request,
        "pledges/list.html",
        {
            "page": page,
            "rows": pledges.rows(list(page), conditions),
            "sort": sort,
            "words": words,
            "menus": [(name, heading, choices, len(chosen[name])) for name, (heading, choices) in menus.items()],
            "tags": set_filters,
            "relax": relaxations(tag for tag in relax if tag.count),
        },
    )


def _choices(chosen: list[str], offered: Iterable[tuple[str, str]]) -> list[Choice]:
    return [Choice(value, label, value in chosen) for value, label in offered]


def _terms(chosen: list[str], kind: type[T]) -> list[Choice]:
    return _choices(chosen, ((member.value, str(member.label)) for member in kind))


@public_page
def pledge_detail(request: ClockRequest, slug: str) -> HttpResponse:
    """Show the terms of a pledge in force, what set each of them, and everything that was said and done."""
    if lower := address_in_lower_case(request):
        return HttpResponsePermanentRedirect(lower)
    clock = request.clock
    pledge = pledges.visible_pledge(slug, clock)
    if pledge is None:
        raise NotRecorded(
            _("No pledge with the name “%(slug)s” is on record.") % {"slug": slug},
            [
                Suggestion(near.title, address(clock, "pledge-detail", near.slug), note=pledges.state_name(near.state))
                for near in pledges.nearest_slugs(slug, clock)
            ],
        )
    record = pledges.record(pledge, clock)
    if record.entry is None and isinstance(other := merged_into(pledge, clock), Pledge):
        return HttpResponsePermanentRedirect(address_elsewhere(request, "pledge-detail", other.slug))
    statements = [strip.Statement(said.update.date, said.update.summit_id is not None) for said in record.history]
    spans = [strip.Span(span.status, span.start, span.end) for span in record.spans]
    return render(
        request,
        "pledges/detail.html",
        {
            "pledge": pledge,
            "record": record,
            "is_editable": equipped(request, (said.update for said in record.history)),
            "history": [(said.update, _as_published(said.replaced[-1:], clock)) for said in record.history],
            "retracted": [(update, _as_published([update], clock)) for update in record.retracted],
            "trail": [
                (_("Pledges"), address(clock, "pledge-list")),
                (pledges.state_name(pledge.state), address(clock, "state-detail", pledge.state.slug)),
            ],
            "strip": strip.layout(spans, statements, until=clock.on) if spans else None,
            "narrow": strip.layout(spans, statements, until=clock.on, width=strip.NARROW) if spans else None,
        },
    )


def _as_published(earlier: list[PledgeUpdate], clock: Clock) -> str:
    """Return the address at which an earlier version of an update is shown; empty if there is none."""
    for update in earlier:
        then = replace(clock, known=update.known.lower, known_given=True)
        return f"{address(then, 'pledge-detail', update.pledge.slug)}#{update.public_id}"
    return ""
