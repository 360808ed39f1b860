"""The rows of one work queue."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from guarantees.queries.queues import QUEUES, next_meeting, singles
from guarantees.views.desk.access import DeskRequest, desk_page
from guarantees.views.errors import NotRecorded

PAGE = 50


@require_safe
@desk_page
def queue(request: DeskRequest, name: str) -> HttpResponse:
    """Show the rows of a queue, page by page."""
    wanted = QUEUES.get(name)
    if wanted is None:
        raise NotRecorded(_("There is no such queue."))
    page = Paginator(wanted.rows(request.present), PAGE).get_page(request.GET.get("page"))
    context = {
        "queue": wanted,
        "page": page,
        "rows": singles(list(page)) if name == "single" else list(page),
        "meeting": next_meeting(request.present) if name == "expected" else None,
        "today": request.present.on,
    }
    return render(request, "desk/queue.html", context)
