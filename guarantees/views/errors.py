"""Pages for what went wrong: each says what it was and where to go from there."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.csrf import requires_csrf_token

from guarantees.clock import BadParameter


@dataclass(frozen=True)
class Suggestion:
    """A page that the reader may have meant."""

    label: str
    href: str
    note: str = ""


class NotRecorded(Http404):
    """Nothing on record has this code; carries what was asked for and the nearest that exist.

    Only what is public may be suggested: what is not visible yet does not exist here either.
    """

    def __init__(self, what: str, nearest: Sequence[Suggestion] = ()) -> None:
        super().__init__(what)
        self.what = what
        self.nearest = list(nearest)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 400: name the parameter, the value given and what is accepted, and offer the page without it."""
    context: dict[str, object] = {}
    if isinstance(exception, BadParameter):
        query = request.GET.copy()
        query.pop(exception.name, None)
        without = f"{request.path}?{query.urlencode()}" if query else request.path
        context = {
            "parameter": exception.name,
            "value": exception.value,
            "accepted": exception.accepted,
            "without": without,
        }
    return render(request, "400.html", context, status=400)


@requires_csrf_token
def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 403, with the reason if the refusal gave one."""
    return render(request, "403.html", {"why": str(exception) if exception else ""}, status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 to a form whose token is missing or out of date (``CSRF_FAILURE_VIEW``)."""
    why = _("The form was open for too long, or cookies are switched off. Go back: what you typed is still there.")
    return render(request, "403.html", {"why": why}, status=403)


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 404, with the nearest names that exist where the view knew them."""
    context: dict[str, object] = {}
    if isinstance(exception, NotRecorded):
        context = {"what": exception.what, "nearest": exception.nearest}
    return render(request, "404.html", context, status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500 from a template that needs neither database nor context processors."""
    return HttpResponse(render_to_string("500.html"), status=500)
