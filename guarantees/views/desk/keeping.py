"""What somebody typed after their session had ended: kept in the new, anonymous session until they have signed in.

Only a browser in which somebody was signed in at the desk may fill a session: a signed cookie tells who that was, and
what is kept is for that person alone. It goes after use, after a day, or when somebody else signs in.
"""

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse

from guarantees import clock

COOKIE = "desk_person"
COOKIE_AGE = 90 * 24 * 3600
SALT = "guarantees.desk.keeping"
KEPT, RENEWED = "kept", "renewed"
"""Where the session holds what is kept, and the day on which the desk renewed it."""
MOST = 5
"""How many forms a session keeps; the oldest gives way."""
LARGEST = 64 * 1024
"""How many bytes a form may have to be kept."""
KEPT_FOR = dt.timedelta(days=1)


@dataclass(frozen=True)
class Kept:
    """A form that was sent while signed out: where to, and each field with its values, but for the token."""

    key: str
    path: str
    fields: list[tuple[str, list[str]]]


def keep(request: HttpRequest) -> str | None:
    """Keep the form that a request sends; return the key under which it is kept, or None if it is not.

    The token against forgery has been checked by the middleware; the caller knows that the address is one of the desk.
    """
    person = _who_was_here(request)
    if request.method != "POST" or person is None or request.FILES:
        return None
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST:
        return None
    fields = [[name, values] for name, values in request.POST.lists() if name != "csrfmiddlewaretoken"]
    if not fields:
        return None
    path = request.get_full_path()
    # The same address has the same key: two requests at once (a save as the field is left, and a click) start two
    # sessions, and only one of them comes back with the person.
    key = hashlib.sha256(path.encode()).hexdigest()[:16]
    others = {k: entry for k, entry in _entries(request, person).items() if k != key}
    newest = sorted(others.items(), key=lambda item: item[1]["at"])[-(MOST - 1) :]
    entry = {"path": path, "fields": fields, "person": person, "at": clock.now().isoformat()}
    request.session[KEPT] = dict(newest) | {key: entry}
    request.session.set_expiry(KEPT_FOR)
    return key


def kept(request: HttpRequest, key: str) -> Kept | None:
    """Return what is kept under a key for the person who is signed in."""
    entry = request.session.get(KEPT, {}).get(key)
    return Kept(key, entry["path"], [(name, values) for name, values in entry["fields"]]) if entry else None


def drop(request: HttpRequest, key: str) -> None:
    """Forget what is kept under a key."""
    entries = request.session.get(KEPT, {})
    request.session[KEPT] = {k: entry for k, entry in entries.items() if k != key}


def tidy(request: HttpRequest, user: User) -> None:
    """Forget what is kept for somebody else, what is too old, and what this request sends anew."""
    entries = request.session.get(KEPT)
    if entries is None:
        return
    left = _entries(request, user.pk)
    if request.method == "POST":
        left = {key: entry for key, entry in left.items() if entry["path"] != request.get_full_path()}
    if left:
        if left != entries:
            request.session[KEPT] = left
    else:
        del request.session[KEPT]


def _entries(request: HttpRequest, person: int) -> dict[str, dict[str, Any]]:
    since = (clock.now() - KEPT_FOR).isoformat()
    entries = request.session.get(KEPT, {})
    return {key: entry for key, entry in entries.items() if entry["person"] == person and entry["at"] >= since}


def _who_was_here(request: HttpRequest) -> int | None:
    """Return the number of the person who was last signed in at the desk in this browser."""
    number = request.get_signed_cookie(COOKIE, None, salt=SALT, max_age=COOKIE_AGE)
    return int(number) if number else None


def renew(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Once a day let the session of somebody at work last anew, and note in the browser who works here."""
    today = clock.today().isoformat()
    if request.session.get(RENEWED) == today:
        return
    request.session[RENEWED] = today
    request.session.set_expiry(settings.SESSION_COOKIE_AGE)
    response.set_signed_cookie(
        COOKIE,
        str(user.pk),
        salt=SALT,
        max_age=COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
