"""What every page of the site knows beside its own content."""

from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.urls import translate_url
from django.utils.translation import get_language, get_language_info


def page_frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor: the two clocks, who is signed in, the page in its other languages, the version.

    ``signed_in`` reads the user only when the request brought a session cookie: for anonymous readers nothing on a
    public page touches the session, so no cookie is ever set.
    """
    signed_in = settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated
    # A form that was sent is not repeated by a change of language: its address may answer to POST alone.
    here = request.get_full_path() if request.method in ("GET", "HEAD") else request.path
    active = get_language()
    return {
        "clock": getattr(request, "clock", None),
        "signed_in": signed_in,
        "version": settings.VERSION,
        "canonical_url": _absolute(request, request.path),
        "languages": [
            {
                "code": code,
                "name": get_language_info(code)["name_local"],
                "url": translate_url(here, code),
                "absolute_url": _absolute(request, translate_url(request.path, code)),
                "is_active": code == active,
            }
            for code, _name in settings.LANGUAGES
        ],
    }


def _absolute(request: HttpRequest, path: str) -> str:
    """Return the address with its host; without, if the request names a host that is not ours.

    The page that answers such a request (400) is drawn with this frame as well, and must not fail over it.
    """
    try:
        return request.build_absolute_uri(path)
    except DisallowedHost:
        return path
