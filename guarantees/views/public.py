"""What all public pages share: the clock of the request, validators, the page cache, and no cookie."""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, HttpResponseRedirect
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from guarantees import clock
from guarantees.clock import BadParameter, Clock, clock_of
from guarantees.forms.parameters import address_without_empty
from guarantees.queries.revision import Revision, revision
from guarantees.views import errors


class ClockRequest(HttpRequest):
    """A request of a public page: its clock has been read."""

    clock: Clock


def public_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Make a view a public page.

    It answers GET and HEAD only; ``request.clock`` holds the two clocks, and a parameter that cannot be used is a 400
    page. For readers without a session, a page is kept by the revision of the record, the day, the build and the
    address, and an unchanged page is a 304; nobody may keep it without asking. Signed-in readers get a private page.
    Before the first publication nothing was known: such a ``known`` is answered with the day the record begins.
    Parameters that a form sent empty are taken out of the address.
    """

    @require_safe
    @wraps(view)
    def page(request: ClockRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if clean := address_without_empty(request):
            return HttpResponseRedirect(clean)
        try:
            request.clock = clock_of(request.GET)
            now = revision(clock.now())
            if settings.SESSION_COOKIE_NAME in request.COOKIES:
                response = _answer(view, request, now, *args, **kwargs)
                response.headers["Cache-Control"] = "private, no-cache"
            else:
                response = _for_anybody(view, request, now, *args, **kwargs)
        except BadParameter as error:
            response = errors.bad_request(request, error)
        patch_vary_headers(response, ["Cookie"])
        return response

    return page


def _answer(
    view: Callable[..., HttpResponse], request: ClockRequest, now: Revision, *args: Any, **kwargs: Any
) -> HttpResponse:
    if now.begins is not None and request.clock.known < now.begins:
        return render(request, "before_the_record.html", {"begins": now.begins})
    return view(request, *args, **kwargs)


def _for_anybody(
    view: Callable[..., HttpResponse], request: ClockRequest, now: Revision, *args: Any, **kwargs: Any
) -> HttpResponse:
    decides = (now, clock.today(), settings.BUILD, get_language(), request.build_absolute_uri())
    digest = hashlib.sha256(repr(decides).encode()).hexdigest()[:32]
    # Weak, because compression on the way changes the bytes.
    etag = f'W/"{digest}"'
    response: HttpResponse
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        response = HttpResponseNotModified()
    else:
        kept: tuple[bytes, str] | None = caches["pages"].get(digest)
        if kept is not None:
            response = HttpResponse(kept[0], content_type=kept[1])
        else:
            response = _answer(view, request, now, *args, **kwargs)
            if response.status_code != 200 or response.streaming:
                return response
            caches["pages"].set(digest, (response.content, response.headers["Content-Type"]))
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "public, no-cache"
    return response
