"""The form that somebody sent after their session had ended."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from guarantees.views.desk import keeping
from guarantees.views.desk.access import DeskRequest, desk_page
from guarantees.views.errors import NotRecorded

TECHNICAL = {"version", "seen"}


@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def kept(request: DeskRequest, key: str) -> HttpResponse:
    """Show what was typed, ready to be sent again to where it was going; a POST forgets it."""
    if request.method == "POST":
        keeping.drop(request, key)
        return redirect("desk")
    form = keeping.kept(request, key)
    if form is None:
        raise NotRecorded(_("Nothing is kept here any more: it has been saved or left, or a day has passed."))
    words = [
        (name.replace("_", " ").capitalize(), ", ".join(values))
        for name, values in form.fields
        if name not in TECHNICAL and any(values)
    ]
    return render(request, "desk/kept.html", {"form": form, "words": words})
