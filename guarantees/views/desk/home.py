"""The first page of the desk, and the start of a changeset."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from guarantees.editing import changesets
from guarantees.forms.changesets import StartForm
from guarantees.models import Summit
from guarantees.queries import desk as desk_queries
from guarantees.queries import queues
from guarantees.views.desk.access import DeskRequest, desk_page, is_reviewer, sheet_url
from guarantees.views.desk.shown import focus


@require_safe
@desk_page
def desk(request: DeskRequest) -> HttpResponse:
    """Show the changesets by where they stand, and the work queues."""
    context = {
        "desk": desk_queries.desk(request.user, request.present.known),
        "queues": queues.counts(request.present),
        "is_reviewer": is_reviewer(request),
    }
    return render(request, "desk/desk.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def start(request: DeskRequest) -> HttpResponse:
    """Start a changeset about a summit on record, a new one, or none."""
    wanted = Summit.objects.filter(slug=request.GET.get("summit", ""), visible_from__isnull=False).first()
    initial = {}
    if wanted is not None:
        initial = {"summit": wanted, "title": _("Outcomes of %(summit)s") % {"summit": wanted.title}}
    form = StartForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        values = form.cleaned_data
        try:
            changeset = changesets.start(
                by=request.user, title=values["title"], reason=values["reason"], summit=values["summit"]
            )
        except ValidationError as error:
            form.refuse(error)
        else:
            if values["new_summit"]:
                return redirect("desk-summit-add", changeset.pk)
            messages.success(request, _("The changeset is started."))
            return redirect(sheet_url(changeset))
    focus(form)
    return render(request, "desk/start.html", {"form": form}, status=422 if form.errors else 200)
