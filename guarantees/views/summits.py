"""Meetings: the list by date, and the record of one."""

from difflib import get_close_matches

from django.http import HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _

from guarantees.forms.parameters import Choice, address, address_in_lower_case, page_of, relaxations, several, tags
from guarantees.models import Summit
from guarantees.queries import summits
from guarantees.queries.summits import SummitFilter
from guarantees.views.errors import NotRecorded, Suggestion
from guarantees.views.public import ClockRequest, public_page
from guarantees.views.tools import equipped
from guarantees.vocabulary import SummitFormat, SummitKind

SUMMITS_PER_PAGE = 50


@public_page
def summit_list(request: ClockRequest) -> HttpResponse:
    """List meetings by date, the newest first; those after the day of the clock stand apart."""
    years = {str(year): year for year in summits.years(request.clock)}
    kinds = several(request.GET, "kind", SummitKind.values)
    formats = several(request.GET, "format", SummitFormat.values)
    chosen_years = several(request.GET, "year", years)
    wanted = SummitFilter(kinds, formats, [years[year] for year in chosen_years])
    found = summits.filtered(summits.visible_summits(request.clock), wanted)
    page = page_of(request.GET, found.filter(start_date__lte=request.clock.on), SUMMITS_PER_PAGE)
    kind_choices = [Choice(term.value, str(term.label), term.value in kinds) for term in SummitKind]
    format_choices = [Choice(term.value, str(term.label), term.value in formats) for term in SummitFormat]
    year_choices = [Choice(year, year, year in chosen_years) for year in years]
    set_filters = [
        *tags(request, "kind", _("Level"), kind_choices),
        *tags(request, "format", _("Format"), format_choices),
        *tags(request, "year", _("Year"), year_choices),
    ]
    return render(
        request,
        "summits/list.html",
        {
            "page": page,
            "rows": summits.with_update_counts(list(page.object_list), request.clock),
            "later": list(found.filter(start_date__gt=request.clock.on).reverse()),
            "filters": [
                ("kind", _("Level"), kind_choices, len(kinds)),
                ("format", _("Format"), format_choices, len(formats)),
                ("year", _("Year"), year_choices, len(chosen_years)),
            ],
            "tags": set_filters,
            "relax": relaxations(set_filters),
        },
    )


@public_page
def summit_detail(request: ClockRequest, slug: str) -> HttpResponse:
    """Show one meeting: who took part, what it did to the pledges, which positions were voiced, and the sources."""
    if lower := address_in_lower_case(request):
        return HttpResponsePermanentRedirect(lower)
    summit = Summit.objects.visible(request.clock).select_related("country").filter(slug=slug).first()
    if summit is None:
        names = dict(summits.visible_names(request.clock))
        raise NotRecorded(
            _("No meeting with the name “%(slug)s” is on record.") % {"slug": slug},
            [
                Suggestion(names[near], address(request.clock, "summit-detail", near), note=near)
                for near in get_close_matches(slug, names, n=5, cutoff=0.4)
            ],
        )
    record = summits.record(summit, request.clock)
    sources = record.sources
    return render(
        request,
        "summits/detail.html",
        {
            "record": record,
            "is_editable": equipped(request, record.facts),
            "sources": sources,
            "numbers": {source.pk: number for number, source in enumerate(sources, start=1)},
            "summit": summit,
            "trail": [(_("Summits"), address(request.clock, "summit-list"))],
        },
    )
