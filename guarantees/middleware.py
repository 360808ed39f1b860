"""What every answer passes on its way out."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render

Answer = Callable[[HttpRequest], HttpResponse]


def explain_method_not_allowed(get_response: Answer) -> Answer:
    """Give an empty 405 a page: somebody opened an address that only takes a form, or went back to one."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not response.content and request.method == "GET":
            page = render(request, "405.html", status=405)
            page.headers["Allow"] = response.headers["Allow"]
            page.headers["Cache-Control"] = "private, no-store"
            return page
        return response

    return answer
