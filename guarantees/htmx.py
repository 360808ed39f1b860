"""Answers to htmx: a fragment with its status and its announcement, or a redirect. Nothing else."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect as plain_redirect
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.html import format_html


def wants_fragment(request: HttpRequest) -> bool:
    """Whether htmx asked, and for a part of a page rather than to restore one."""
    details: Any = getattr(request, "htmx", None)
    return bool(details) and not details.history_restore_request


def fragment(
    request: HttpRequest, template: str, context: Mapping[str, Any], *, status: int = 200, announce: str = ""
) -> HttpResponse:
    """Answer with a named part of a template (``desk/sheet.html#cell``).

    ``announce`` is put into the page's ``role=status`` region, where readers of the screen hear it.
    """
    response = render(request, template, dict(context), status=status)
    if announce:
        response.write(format_html('<div id="status" hx-swap-oob="innerHTML"><p>{}</p></div>', announce))
    patch_vary_headers(response, ["HX-Request"])
    return response


def redirect(request: HttpRequest, to: str) -> HttpResponse:
    """Send the browser to another page: 303, or for htmx a header, so that the page is not swapped into a cell."""
    if wants_fragment(request):
        response = HttpResponse(status=204, headers={"HX-Redirect": to})
        patch_vary_headers(response, ["HX-Request"])
        return response
    answer = plain_redirect(to)
    answer.status_code = 303
    return answer
