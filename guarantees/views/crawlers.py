"""What machines that read the site ask for first: robots.txt, and the map of all public pages."""

from typing import Any

from django.contrib.sitemaps import Sitemap, views
from django.db.models import Model, QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from guarantees.clock import Clock
from guarantees.models import Pledge, PledgeMerge, Source, SourceMerge, State, Summit
from guarantees.models.merges import merged_rows
from guarantees.views.public import ClockRequest, public_page

PAGES = (
    "overview",
    "pledge-list",
    "state-list",
    "summit-list",
    "source-list",
    "change-list",
    "methodology",
)
"""The public pages that are not about one row."""

ROBOTS = """User-agent: *
Disallow: /desk/
Disallow: /accounts/
Disallow: /search/
Disallow: /de/desk/
Disallow: /de/accounts/
Disallow: /de/search/
Disallow: /*?on=
Disallow: /*&on=
Disallow: /*?known=
Disallow: /*&known=

Sitemap: {sitemap}
"""
"""Past days and past knowledge are endless copies of the same pages: readers get them, crawlers need them not."""


class _Pages(Sitemap):
    """The pages that are not about one row, in every language."""

    i18n = True
    alternates = True

    def items(self) -> list[str]:
        return list(PAGES)

    def location(self, item: Any) -> str:
        return reverse(item)


class _Rows(Sitemap):
    """The pages about one row each, in every language."""

    i18n = True
    alternates = True
    limit = 10_000

    def __init__(self, name: str, field: str, rows: QuerySet[Any]) -> None:
        self.name = name
        self.field = field
        self.rows = rows

    def items(self) -> QuerySet[Any]:
        return self.rows

    def location(self, item: Model) -> str:
        return reverse(self.name, args=[getattr(item, self.field)])


def _sitemaps(clock: Clock) -> dict[str, type[Sitemap] | Sitemap]:
    pledges = Pledge.objects.visible(clock).exclude(pk__in=merged_rows(PledgeMerge, clock))
    sources = Source.objects.visible(clock).exclude(pk__in=merged_rows(SourceMerge, clock))
    return {
        "pages": _Pages(),
        "pledges": _Rows("pledge-detail", "slug", pledges.order_by("slug")),
        "states": _Rows("state-detail", "slug", State.objects.order_by("code")),
        "summits": _Rows("summit-detail", "slug", Summit.objects.visible(clock).order_by("slug")),
        "sources": _Rows("source-detail", "public_id", sources.order_by("public_id")),
    }


@public_page
def sitemap(request: ClockRequest) -> HttpResponse:
    """List the addresses of all public pages; what is not visible yet is not there."""
    return views.sitemap(request, _sitemaps(request.clock)).render()


@require_safe
def robots(request: ClockRequest) -> HttpResponse:
    """Tell crawlers where not to go, and where the map is."""
    text = ROBOTS.format(sitemap=request.build_absolute_uri(reverse("sitemap")))
    return HttpResponse(text, content_type="text/plain; charset=utf-8")
