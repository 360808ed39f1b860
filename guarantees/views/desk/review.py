"""The review: every row beside what is in force, and the decision."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from guarantees import htmx
from guarantees.editing import changesets
from guarantees.editing.changesets import LEAD
from guarantees.editing.errors import Refused
from guarantees.forms.changesets import ApproveForm, RequestChangesForm
from guarantees.forms.facts import kind_of
from guarantees.ledger import LadderViolation
from guarantees.models import Changeset, Participation
from guarantees.queries import desk as desk_queries
from guarantees.queries import review as review_queries
from guarantees.views.desk.access import DeskRequest, changeset_or_404, desk_page, is_reviewer, refusal, sheet_url
from guarantees.views.desk.shown import focus
from guarantees.vocabulary import ChangesetState


@require_safe
@desk_page
def review(request: DeskRequest, pk: int) -> HttpResponse:
    """Show a changeset to its reviewer; once approved, when it goes public and where."""
    return _review_page(request, changeset_or_404(pk))


def _review_page(
    request: DeskRequest,
    changeset: Changeset,
    *,
    status: int = 200,
    approve_form: ApproveForm | None = None,
    request_form: RequestChangesForm | None = None,
) -> HttpResponse:
    # The hash comes first: should a draft change while the rest is read, approval is refused, never given unseen.
    seen = changesets.digest(changeset)
    now = request.present.known
    content = desk_queries.sheet(changeset, request.present)
    findings = changesets.examine(changeset, now + LEAD) if not _is_settled(changeset) else None
    comparisons = review_queries.comparisons(
        content,
        findings.before if findings else {},
        findings.after if findings else {},
        [(problem.text, problem.fact) for problem in findings.problems] if findings else [],
    )
    context = {
        "changeset": changeset,
        "sheet": content,
        "attendances": [found for found in comparisons if isinstance(found.row.fact, Participation)],
        "comparisons": [
            (kind_of(found.row.fact), found) for found in comparisons if not isinstance(found.row.fact, Participation)
        ],
        "problems": findings.problems if findings else [],
        "approve_form": approve_form or ApproveForm(initial={"seen": seen}, auto_id="approve-%s"),
        "request_form": request_form or RequestChangesForm(auto_id="request-%s"),
        "is_reviewer": is_reviewer(request),
        "is_waiting": changeset.state == ChangesetState.SUBMITTED,
        "is_public": changeset.is_public(now),
        "is_imminent": changeset.goes_public_at is not None and now < changeset.goes_public_at <= now + 2 * LEAD,
        "wrote_in_it": request.user in content.authors,
    }
    return render(request, "desk/review.html", context, status=status)


def _is_settled(changeset: Changeset) -> bool:
    return changeset.state in (ChangesetState.APPROVED, ChangesetState.WITHDRAWN)


@require_POST
@desk_page
def approve(request: DeskRequest, pk: int) -> HttpResponse:
    """Approve a changeset, now or for a time."""
    changeset = changeset_or_404(pk)
    data = request.POST.copy()
    form = ApproveForm(data, auto_id="approve-%s")
    status = 422
    if form.is_valid():
        try:
            changesets.approve(
                by=request.user,
                changeset=changeset,
                seen=form.cleaned_data["seen"],
                goes_public_at=form.cleaned_data["goes_public_at"],
            )
        except Refused as error:
            form.add_error(None, [error.message, *error.problems])
        except LadderViolation as violation:
            form.add_error(None, str(violation))
        else:
            return htmx.redirect(request, reverse("desk-review", args=[changeset.pk]))
        status = 409
    # The page shows what is there now, and so its form carries the hash of that.
    data["seen"] = changesets.digest(changeset)
    return _review_page(request, changeset_or_404(pk), status=status, approve_form=form)


@require_POST
@desk_page
def request_changes(request: DeskRequest, pk: int) -> HttpResponse:
    """Give a changeset back to its authors with a comment."""
    changeset = changeset_or_404(pk)
    form = RequestChangesForm(request.POST, auto_id="request-%s")
    status = 422
    if form.is_valid():
        try:
            changesets.request_changes(by=request.user, changeset=changeset, comment=form.cleaned_data["comment"])
        except ValidationError as error:
            form.refuse(error)
        except Refused as error:
            form.add_error(None, error.message)
            status = 409
        else:
            messages.success(request, _("Its authors can write in it again."))
            return htmx.redirect(request, sheet_url(changeset))
    focus(form)
    return _review_page(request, changeset_or_404(pk), status=status, request_form=form)


@require_POST
@desk_page
def call_back(request: DeskRequest, pk: int) -> HttpResponse:
    """Take an approved changeset back before it goes public."""
    changeset = changeset_or_404(pk)
    back = reverse("desk-review", args=[changeset.pk])
    try:
        changesets.call_back(by=request.user, changeset=changeset)
    except Refused as error:
        return refusal(request, error, back)
    messages.success(request, _("Called back: it waits for review again."))
    return htmx.redirect(request, back)
