"""Who may open the pages of the desk, and what they answer to everybody else."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

from django.contrib import messages
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.html import format_html
from django.utils.translation import gettext as _

from guarantees.clock import Clock
from guarantees.editing.errors import Refused
from guarantees.editing.rows import REVIEW, WRITE
from guarantees.htmx import redirect, wants_fragment
from guarantees.models import Changeset


class DeskRequest(HttpRequest):
    """A request of a person who is signed in and may be here; ``present`` is the clock of its pages."""

    user: User
    present: Clock


View = Callable[..., HttpResponse]


def desk_page(view: Callable[..., HttpResponse]) -> View:
    """Let editors and reviewers in, and nobody else.

    Signed out: to the sign-in page and back (for htmx by a header, so that it is not swapped into a cell). Signed in
    without the permission: 403. Nothing of the desk is kept by shared caches.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return _sign_in(request)
        if not request.user.has_perm(WRITE):
            raise PermissionDenied(_("The desk is for editors and reviewers."))
        desk_request = cast(DeskRequest, request)
        desk_request.present = Clock.present()
        response = view(desk_request, *args, **kwargs)
        patch_cache_control(response, private=True, no_cache=True)
        return response

    return guarded


def _sign_in(request: HttpRequest) -> HttpResponse:
    if wants_fragment(request):
        page = urlsplit(request.headers.get("HX-Current-URL", ""))
        back = page.path + (f"?{page.query}" if page.query else "") or request.path
        return redirect(request, f"{reverse('login')}?{urlencode({'next': back})}")
    return redirect_to_login(request.get_full_path())


def is_reviewer(request: DeskRequest) -> bool:
    """Whether the person may approve."""
    return request.user.has_perm(REVIEW)


def changeset_or_404(pk: int) -> Changeset:
    """Return a changeset with its summit, or answer 404."""
    return get_object_or_404(Changeset.objects.select_related("summit__country", "reviewer"), pk=pk)


def sheet_url(changeset: Changeset, anchor: str = "") -> str:
    """Return the address of a changeset's sheet, at one of its rows if ``anchor`` names it."""
    address = reverse("desk-sheet", args=[changeset.pk])
    return f"{address}#{anchor}" if anchor else address


def refusal(request: DeskRequest, error: Refused, back: str) -> HttpResponse:
    """Say why something was refused: to htmx in the status region, leaving the page as it is; else on page ``back``.

    For deeds that carry nothing typed; a form with text is shown again instead.
    """
    sentence = " ".join([error.message, *error.problems])
    if wants_fragment(request):
        text = format_html('<div id="status" hx-swap-oob="innerHTML"><p>{}</p></div>', sentence)
        return HttpResponse(text, status=409, headers={"HX-Reswap": "none", "Vary": "HX-Request"})
    messages.error(request, sentence)
    return redirect(request, back)
