"""What a person was told: a list, and a private feed."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from guarantees import htmx
from guarantees.editing.notices import feed_key, renew_feed_key
from guarantees.editing.rows import WRITE
from guarantees.queries.notices import feed_of, notices_of, reader_of
from guarantees.views.desk.access import DeskRequest, desk_page
from guarantees.vocabulary import NoticeKind

PAGE = 50


@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def notices(request: DeskRequest) -> HttpResponse:
    """Show what the person was told and the address of their feed; POST gives the feed another address."""
    here = reverse("desk-notices")
    if request.method == "POST":
        renew_feed_key(by=request.user)
        messages.success(request, _("Your feed has a new address; the old one leads nowhere now."))
        return htmx.redirect(request, here)
    page = Paginator(notices_of(request.user), PAGE).get_page(request.GET.get("page"))
    address = request.build_absolute_uri(reverse("desk-feed", args=[feed_key(by=request.user).key]))
    return render(request, "desk/notices.html", {"page": page, "feed": address})


@require_safe
def feed(request: HttpRequest, key: str) -> HttpResponse:
    """Answer with a person's private feed, without sign-in; 404 for any key that is not in use.

    It says what waits and what was decided, never what was written: feed readers keep what they fetch.
    """
    person = reader_of(key)
    if person is None or not (person.is_active and person.has_perm(WRITE)):
        raise Http404
    told = Atom1Feed(
        title=_("Guarantee Ledger: the desk"),
        link=request.build_absolute_uri(reverse("desk-notices")),
        description="",
        feed_url=request.build_absolute_uri(),
    )
    for notice in feed_of(person):
        page = "desk-review" if notice.kind == NoticeKind.SUBMITTED else "desk-sheet"
        told.add_item(
            title=f"{notice.get_kind_display()}: {notice.changeset.title}",
            link=request.build_absolute_uri(reverse(page, args=[notice.changeset_id])),
            description="",
            unique_id=f"notice:{notice.pk}",
            pubdate=notice.created_at,
            updateddate=notice.created_at,
        )
    response = HttpResponse(told.writeString("utf-8"), content_type=told.content_type)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
