"""Undo: the button in the line that says what was saved, on the sheet and on the intake."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from guarantees.editing import undo as editing
from guarantees.editing.errors import Refused, Stale
from guarantees.views.desk import intake, sheet
from guarantees.views.desk.access import DeskRequest, desk_page, refusal


@require_POST
@desk_page
def undo(request: DeskRequest) -> HttpResponse:
    """Put back what stood in a cell before it was saved; where somebody changed it since, show both values."""
    page: Any = intake if request.GET.get("page") == "intake" else sheet
    try:
        offered = editing.read(request.POST.get("offer", ""))
    except Refused as error:
        return refusal(request, error, reverse("desk"))
    before = editing.present(offered.fact, offered.values or ())
    try:
        written = editing.undo(by=request.user, offered=offered)
    except Refused as error:
        return refusal(request, error, page.address_of(offered.fact))
    except ValidationError as error:
        return refusal(request, Refused(" ".join(error.messages)), page.address_of(offered.fact))
    except Stale as stale:
        answer: HttpResponse = page.undo_conflict(request, offered, stale)
        return answer
    done: HttpResponse = page.undone(request, offered.fact, written, before)
    return done
