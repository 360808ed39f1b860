"""Sources: the list, and what rests on one."""

from django.http import HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _

from guarantees import wording
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
from guarantees.models import Source
from guarantees.models.merges import merged_into
from guarantees.queries import publishers, sources
from guarantees.queries.changes import KINDS
from guarantees.queries.sources import SourceFilter
from guarantees.text import fold
from guarantees.views.errors import NotRecorded, Suggestion
from guarantees.views.public import ClockRequest, public_page
from guarantees.vocabulary import SourceKind

SOURCES_PER_PAGE = 50


@public_page
def source_list(request: ClockRequest) -> HttpResponse:
    """List sources with search, kind and language filters."""
    clock = request.clock
    kinds = several(request.GET, "kind", SourceKind.values)
    offered = sources.languages(clock)
    languages = several(request.GET, "language", offered)
    sort = one_of(request.GET, "sort", sources.SORTS, default="publisher")
    wanted = SourceFilter(text(request.GET), kinds, languages)
    counts = sources.facets(clock, wanted)
    page = page_of(request.GET, sources.filtered(clock, wanted, sort), SOURCES_PER_PAGE)
    resting = sources.fact_counts(page.object_list, clock)
    kind_choices = [
        Choice(term.value, str(term.label), term.value in kinds, counts.kinds.get(term.value, 0)) for term in SourceKind
    ]
    language_choices = sorted(
        (
            Choice(code, wording.language_name(code), code in languages, counts.languages.get(code, 0))
            for code in offered
        ),
        key=lambda choice: fold(choice.label),
    )
    set_filters = [
        *tags(request, "kind", _("Kind"), kind_choices),
        *tags(request, "language", _("Language"), language_choices),
    ]
    if wanted.text:
        set_filters.append(FilterTag(_("Text"), wanted.text, address_without(request, "q")))
    return render(
        request,
        "sources/list.html",
        {
            "page": page,
            "rows": [(source, resting.get(source.pk, 0)) for source in page.object_list],
            "sort": sort,
            "words": wanted.text,
            "filters": [
                ("kind", _("Kind"), kind_choices, len(kinds)),
                ("language", _("Language"), language_choices, len(languages)),
            ],
            "tags": set_filters,
            "relax": relaxations(set_filters),
        },
    )


@public_page
def source_detail(request: ClockRequest, public_id: str) -> HttpResponse:
    """Show one source and everything that rests on it."""
    if lower := address_in_lower_case(request):
        return HttpResponsePermanentRedirect(lower)
    source = Source.objects.visible(request.clock).filter(public_id=public_id).first()
    if source is None:
        raise NotRecorded(
            _("No source with the id “%(id)s” is on record.") % {"id": public_id},
            [
                Suggestion(
                    near.title or near.publisher,
                    address(request.clock, "source-detail", near.public_id),
                    note=near.public_id,
                )
                for near in sources.nearest_sources(public_id, request.clock)
            ],
        )
    other = merged_into(source, request.clock)
    if isinstance(other, Source) and other.visible_from is not None and other.visible_from <= request.clock.known:
        return HttpResponsePermanentRedirect(address_elsewhere(request, "source-detail", other.public_id))
    return render(
        request,
        "sources/detail.html",
        {
            "source": source,
            "rating": publishers.rating(source.publisher),
            "kinds": [(KINDS[code], rows) for code, rows in sources.record(source, request.clock)],
            "trail": [(_("Sources"), address(request.clock, "source-list"))],
        },
    )
