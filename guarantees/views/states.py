"""States and organisations: the list, and the record of one."""

from django.http import HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _

from guarantees.forms.parameters import (
    Choice,
    FilterTag,
    address,
    address_in_lower_case,
    address_without,
    one_of,
    page_of,
    relaxations,
    tags,
    text,
)
from guarantees.models import State
from guarantees.names import localised_group_name
from guarantees.queries import states
from guarantees.views.errors import NotRecorded, Suggestion
from guarantees.views.public import ClockRequest, public_page
from guarantees.views.tools import equipped
from guarantees.vocabulary import StateKind

STATEMENTS_PER_PAGE = 25


@public_page
def state_list(request: ClockRequest) -> HttpResponse:
    """List states and organisations with their pledges by firmness, their stance and their attendance."""
    groups = {group.slug: group for group in states.groups()}
    group = one_of(request.GET, "group", groups)
    kind = one_of(request.GET, "kind", StateKind.values)
    sort = one_of(request.GET, "sort", states.SORTS, default="name")
    words = text(request.GET)
    rows = states.state_rows(request.clock, group=groups[group].code if group else "", kind=kind, text=words, sort=sort)
    group_choices = [Choice(slug, localised_group_name(found.name), slug == group) for slug, found in groups.items()]
    kind_choices = [Choice(term.value, str(term.label), term.value == kind) for term in StateKind]
    set_filters = [
        *tags(request, "group", _("Group"), group_choices),
        *tags(request, "kind", _("Kind"), kind_choices),
    ]
    if words:
        set_filters.append(FilterTag(_("Name"), words, address_without(request, "q")))
    return render(
        request,
        "states/list.html",
        {
            "rows": rows,
            "sort": sort,
            "words": words,
            "group_choices": group_choices,
            "kind_choices": kind_choices,
            "tags": set_filters,
            "relax": relaxations(set_filters),
        },
    )


@public_page
def state_detail(request: ClockRequest, code: str) -> HttpResponse:
    """Show everything on record about one state: pledges, positions, meetings, and all that it said."""
    if lower := address_in_lower_case(request):
        return HttpResponsePermanentRedirect(lower)
    state = State.objects.filter(code=code.upper()).first()
    if state is None:
        raise NotRecorded(
            _("No state or organisation with the code “%(code)s” is on record.") % {"code": code},
            [
                Suggestion(states.name_of(near), address(request.clock, "state-detail", near.slug), note=near.code)
                for near in states.nearest_states(code)
            ],
        )
    page = page_of(request.GET, states.statement_keys(state, request.clock), STATEMENTS_PER_PAGE)
    record, statements = states.record(state, request.clock), states.statements(list(page.object_list))
    positions = [position for history in record.positions for position in (history.present, *history.earlier)]
    updates = [statement.update for statement in statements if statement.update is not None]
    return render(
        request,
        "states/detail.html",
        {
            "record": record,
            "page": page,
            "statements": statements,
            "is_editable": equipped(request, positions, record.participations, updates),
            "trail": [(_("States"), address(request.clock, "state-list"))],
        },
    )
