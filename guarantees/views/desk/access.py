"""Who may open the pages of the desk, and what they answer to everybody else."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

from django.contrib import messages
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.shortcuts import redirect as plain_redirect
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.html import format_html
from django.utils.translation import gettext as _

from guarantees.accounts import lacks_second_factor
from guarantees.clock import Clock
from guarantees.editing.errors import Refused
from guarantees.editing.people import ADMINISTER
from guarantees.editing.rows import REVIEW, WRITE
from guarantees.htmx import redirect, wants_fragment
from guarantees.models import Changeset
from guarantees.views.desk import keeping


class DeskRequest(HttpRequest):
    """A request of a person who is signed in and may be here; ``present`` is the clock of its pages."""

    user: User
    present: Clock


View = Callable[..., HttpResponse]


def desk_page(view: Callable[..., HttpResponse]) -> View:
    """Let editors and reviewers in, and nobody else.

    Signed out: to the sign-in page and back (for htmx by a header, so that it is not swapped into a cell); a form that
    was being sent is kept meanwhile. Signed in without the permission: 403. Without a second factor where one is
    obligatory: to its setting up. Nothing of the desk is kept by shared caches.
    """
    return _guarded(view, WRITE)


def people_page(view: Callable[..., HttpResponse]) -> View:
    """Let administrators in, and nobody else; otherwise like :func:`desk_page`."""
    return _guarded(view, ADMINISTER)


def _guarded(view: Callable[..., HttpResponse], permission: str) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user = request.user
        if not user.is_authenticated:
            return _sign_in(request)
        if not user.has_perm(permission):
            if permission == ADMINISTER:
                raise PermissionDenied(_("This page is for administrators."))
            if request.path == reverse("desk") and user.has_perm(ADMINISTER):
                return plain_redirect("desk-people")
            raise PermissionDenied(_("The desk is for editors and reviewers."))
        if lacks_second_factor(user):
            messages.warning(
                request, _("Set up an authenticator app or a passkey first: the desk asks for a second factor.")
            )
            return redirect(request, reverse("mfa_index"))
        if any("\x00" in value for values in request.GET.lists() for value in values[1]):
            # The database takes no such text, not even to look for it.
            raise BadRequest
        desk_request = cast(DeskRequest, request)
        desk_request.present = Clock.present()
        keeping.tidy(request, desk_request.user)
        response = view(desk_request, *args, **kwargs)
        keeping.renew(request, response, desk_request.user)
        patch_cache_control(response, private=True, no_cache=True)
        return response

    return guarded


def _sign_in(request: HttpRequest) -> HttpResponse:
    if key := keeping.keep(request):
        back = reverse("desk-kept", args=[key])
    elif wants_fragment(request):
        page = urlsplit(request.headers.get("HX-Current-URL", ""))
        back = page.path + (f"?{page.query}" if page.query else "") or request.path
    else:
        return redirect_to_login(request.get_full_path())
    if wants_fragment(request):
        return redirect(request, f"{reverse('account_login')}?{urlencode({'next': back})}")
    return redirect_to_login(back)


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
