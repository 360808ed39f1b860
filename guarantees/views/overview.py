"""The first page: where the record stands."""

from django.http import HttpResponse
from django.shortcuts import render

from guarantees.views.public import ClockRequest, public_page


@public_page
def overview(request: ClockRequest) -> HttpResponse:
    """Show the headline figures, the grid of states and categories, and what was said last."""
    return render(request, "overview/overview.html")
