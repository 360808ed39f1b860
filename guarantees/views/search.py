"""Search over everything that is public."""

from django.http import HttpResponse
from django.shortcuts import render

from guarantees.forms.parameters import text
from guarantees.views.public import ClockRequest, public_page


@public_page
def search(request: ClockRequest) -> HttpResponse:
    """Find pledges, updates, positions, meetings, states and sources by words."""
    return render(request, "search/search.html", {"words": text(request.GET)})
