"""Corrections and retractions, made where a reader sees the fact."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from guarantees import htmx
from guarantees.editing import facts
from guarantees.editing.errors import Refused
from guarantees.models import Retraction
from guarantees.queries import desk as desk_queries
from guarantees.views.desk.access import DeskRequest, changeset_or_404, desk_page, refusal, sheet_url
from guarantees.views.desk.sheet import SHEET, with_count


@require_POST
@desk_page
def unretract(request: DeskRequest, pk: int) -> HttpResponse:
    """Take a retraction out of an open changeset."""
    retraction = get_object_or_404(Retraction, pk=pk)
    changeset = changeset_or_404(retraction.changeset_id)
    try:
        facts.unretract(by=request.user, retraction=retraction)
    except Refused as error:
        return refusal(request, error, sheet_url(changeset))
    announce = _("Taken out: %(fact)s stays on record.") % {"fact": retraction.fact.public_id}
    if htmx.wants_fragment(request):
        context = with_count(request, changeset, retractions=desk_queries.retractions(changeset), focus_count=True)
        return htmx.fragment(request, f"{SHEET}#unretracted", context, announce=announce)
    messages.success(request, announce)
    return htmx.redirect(request, sheet_url(changeset))
