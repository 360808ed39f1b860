"""The review: every row beside what is in force, the talk about it, and the decision."""

import re
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from guarantees import clock, htmx
from guarantees.editing import changesets, rebase
from guarantees.editing.changesets import LEAD, MARK, reason_name
from guarantees.editing.errors import Refused
from guarantees.forms.changesets import ApproveForm, CommentForm, MoveForm, RequestChangesForm
from guarantees.ledger import LadderViolation
from guarantees.models import Changeset, Summit
from guarantees.queries import review as review_queries
from guarantees.queries.review import Alteration, Review
from guarantees.views.desk.access import DeskRequest, changeset_or_404, desk_page, is_reviewer, refusal, sheet_url
from guarantees.views.desk.shown import focus
from guarantees.views.errors import NotRecorded
from guarantees.vocabulary import ChangesetState, FactKind

REVIEW_PAGE = "desk/review.html"
NAME = re.compile(r"[a-z_]{1,20}-[0-9]{1,18}")
"""What names a fact in an address."""


def review_url(changeset: Changeset, anchor: str = "") -> str:
    """Return the address of a changeset's review, at one of its rows if ``anchor`` names it."""
    address = reverse("desk-review", args=[changeset.pk])
    return f"{address}#{anchor}" if anchor else address


@require_safe
@desk_page
def review(request: DeskRequest, pk: int) -> HttpResponse:
    """Show a changeset to its reviewer; once approved, when it goes public and where.

    ``talk`` names a fact (``update-12``) whose form for a comment is open.
    """
    talk = request.GET.get("talk", "")
    opened: dict[str, Any] = {}
    if NAME.fullmatch(talk):
        opened = {"comment_form": _comment_form(talk), "comment_anchor": talk}
    return _review_page(request, changeset_or_404(pk), **opened)


def _comment_form(anchor: str) -> CommentForm:
    form = CommentForm(auto_id=f"comment-{anchor}-%s")
    focus(form)
    return form


def _review_page(
    request: DeskRequest,
    changeset: Changeset,
    *,
    status: int = 200,
    approve_form: ApproveForm | None = None,
    reasons_missing: ValidationError | None = None,
    seen: Mapping[str, str] | None = None,
    **forms: Any,
) -> HttpResponse:
    """Draw the review. ``seen``: what a reviewer saw before; what has changed since is then named and marked."""
    # The marks come first: should a draft change while the rest is read, approval is refused, never given unseen.
    marks = changesets.marks(changeset)
    altered = review_queries.alterations(changeset, seen, marks, _names()) if seen else []
    content, problems = _content(request, changeset, altered)
    approve = approve_form or ApproveForm(auto_id="approve-%s")
    approve.confirm(changesets.digest_of(marks), _written(marks))
    approve.ask(_asked(content), _reasons_given(request, content))
    if reasons_missing is not None:
        # Only now does the form have the fields beside which these errors stand.
        approve.refuse(reasons_missing)
    if approve.errors and not approve.non_field_errors():
        focus(approve)
    now = request.present.known
    authors = list(changeset.authors.order_by("username"))
    context = {
        "changeset": changeset,
        "review": content,
        "authors": authors,
        "problems": problems,
        "is_rebasable": any(problem.remedy == changesets.REBASE for problem in problems),
        "altered": altered,
        "approve_form": approve,
        "request_form": RequestChangesForm(auto_id="request-%s"),
        "move_form": MoveForm(auto_id="move-%s"),
        "comment_form": None,
        "facts_url": _facts_url(changeset),
        "is_reviewer": is_reviewer(request),
        "is_waiting": changeset.state == ChangesetState.SUBMITTED,
        "is_public": changeset.is_public(now),
        "is_embargoed": changeset.state == ChangesetState.APPROVED and not changeset.is_public(now),
        "is_imminent": changeset.goes_public_at is not None and now < changeset.goes_public_at <= now + 2 * LEAD,
        "wrote_in_it": request.user in authors,
        "now": now,
    }
    return render(request, REVIEW_PAGE, context | forms, status=status)


def _content(
    request: DeskRequest, changeset: Changeset, altered: list[Alteration]
) -> tuple[Review, list[changesets.Problem]]:
    findings = changesets.Findings([], {}, {})
    if not review_queries.is_settled(changeset):
        findings = changesets.examine(changeset, request.present.known + LEAD)
    content = review_queries.review(
        changeset,
        request.present,
        before=findings.before,
        after=findings.after,
        verdicts=findings.verdicts,
        against=findings.problems,
        altered={alteration.anchor: alteration.text for alteration in altered},
    )
    return content, findings.problems


def _names() -> dict[str, list[str]]:
    """Return the names of the columns in the order of their letters in a mark, by the kind of row."""
    models = {**changesets.MODELS, "summit": Summit}
    return {kind: changesets.seen_names(model) for kind, model in models.items()}


def _written(marks: Mapping[str, str]) -> str:
    return " ".join(f"{name}:{mark}" for name, mark in marks.items())


def _read(text: str) -> dict[str, str]:
    """Return marks as a form carried them; what does not look like one is passed over."""
    found = (MARK.fullmatch(word) for word in text.split())
    return {match[1]: match[2] for match in found if match is not None}


def _asked(content: Review) -> list[tuple[str, str, Any]]:
    return [
        (reason_name(found.fact.pk, verdict.rule), found.fact.public_id, verdict) for found, verdict in content.asked
    ]


def _reasons_given(request: DeskRequest, content: Review) -> dict[str, str]:
    """Return the reasons that this person has given before, by the names of their fields."""
    return {
        reason_name(found.fact.pk, comment.acknowledges): comment.text
        for found in content.updates
        for comment in found.comments
        if comment.acknowledges and comment.author_id == request.user.pk
    }


@require_POST
@desk_page
def approve(request: DeskRequest, pk: int) -> HttpResponse:
    """Approve a changeset, now or for a time, with a reason for each warning."""
    changeset = changeset_or_404(pk)
    form = ApproveForm(request.POST, auto_id="approve-%s")
    status, missing, seen = 422, None, None
    if form.is_valid():
        try:
            changesets.approve(
                by=request.user,
                changeset=changeset,
                seen=form.cleaned_data["seen"],
                goes_public_at=form.cleaned_data["goes_public_at"],
                reasons={name: str(text) for name, text in request.POST.items() if name.startswith("reason-")},
            )
        except ValidationError as error:
            missing = error
        except Refused as error:
            form.add_error(None, [error.message, *error.problems])
            status, seen = 409, _read(form.cleaned_data["marks"])
        except LadderViolation as violation:
            form.add_error(None, str(violation))
            status = 409
        else:
            return htmx.redirect(request, review_url(changeset))
    return _review_page(
        request, changeset_or_404(pk), status=status, approve_form=form, reasons_missing=missing, seen=seen
    )


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


def _facts_url(changeset: Changeset) -> str:
    """Return the address below which each fact of a changeset has its own for comments."""
    return reverse("desk-fact-comment", args=[changeset.pk, "update", 0]).removesuffix("update/0/comment/")


@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def comment(request: DeskRequest, pk: int, kind: str, fact_pk: int) -> HttpResponse:
    """Open the form for a comment on one fact of a changeset, and take what it sends."""
    changeset = changeset_or_404(pk)
    if kind not in FactKind:
        raise NotRecorded(_("There is no such kind of row."))
    anchor = f"{kind}-{fact_pk}"
    if request.method != "POST":
        if not htmx.wants_fragment(request):
            return htmx.redirect(request, f"{review_url(changeset)}?talk={anchor}#talk-{anchor}")
        return _talk(request, changeset, kind, fact_pk, _comment_form(anchor))
    form = CommentForm(request.POST, auto_id=f"comment-{anchor}-%s")
    status = 422
    if form.is_valid():
        try:
            changesets.comment(
                by=request.user,
                changeset=changeset,
                text=form.cleaned_data["text"],
                kind=FactKind(kind),
                fact_id=fact_pk,
            )
        except ValidationError as error:
            form.refuse(error)
        except Refused as error:
            form.add_error(None, error.message)
            status = 409
        else:
            if htmx.wants_fragment(request):
                return _talk(request, changeset, kind, fact_pk, None, announce=_("Your comment is there."))
            return htmx.redirect(request, review_url(changeset, f"talk-{anchor}"))
    focus(form)
    if htmx.wants_fragment(request):
        said = _("The comment was not saved.")
        return _talk(request, changeset, kind, fact_pk, form, status=status, announce=said)
    return _review_page(request, changeset_or_404(pk), status=status, comment_form=form, comment_anchor=anchor)


def _talk(
    request: DeskRequest,
    changeset: Changeset,
    kind: str,
    fact_pk: int,
    form: CommentForm | None,
    *,
    status: int = 200,
    announce: str = "",
) -> HttpResponse:
    """Answer with what was said about one fact, and with a form to say more if there is one."""
    context = {
        "changeset": changeset,
        "kind": kind,
        "pk": fact_pk,
        "comments": review_queries.comments_on(changeset, FactKind(kind), fact_pk),
        "comment_form": form,
        "facts_url": _facts_url(changeset),
        "is_said": form is None,
    }
    return htmx.fragment(request, f"{REVIEW_PAGE}#talk", context, status=status, announce=announce)


@require_POST
@desk_page
def move(request: DeskRequest, pk: int) -> HttpResponse:
    """Give an approved changeset another time."""
    changeset = changeset_or_404(pk)
    form = MoveForm(request.POST, auto_id="move-%s")
    status = 422
    if form.is_valid():
        try:
            changesets.move(by=request.user, changeset=changeset, goes_public_at=form.cleaned_data["goes_public_at"])
        except Refused as error:
            form.add_error("goes_public_at", [error.message, *error.problems])
            status = 409
        except LadderViolation as violation:
            form.add_error("goes_public_at", str(violation))
            status = 409
        else:
            messages.success(request, _("It has a new time."))
            return htmx.redirect(request, review_url(changeset, "publication"))
    focus(form)
    return _review_page(request, changeset_or_404(pk), status=status, move_form=form)


@require_POST
@desk_page
def call_back(request: DeskRequest, pk: int) -> HttpResponse:
    """Take an approved changeset back before it goes public."""
    changeset = changeset_or_404(pk)
    back = review_url(changeset)
    try:
        changesets.call_back(by=request.user, changeset=changeset)
    except Refused as error:
        return refusal(request, error, back)
    messages.success(request, _("Called back: it waits for review again."))
    return htmx.redirect(request, back)


@require_POST
@desk_page
def rebase_onto(request: DeskRequest, pk: int) -> HttpResponse:
    """Put a changeset onto what is public now.

    ``as_new`` names corrections to keep as new facts; ``call_back`` the embargoed changeset to call back first.
    """
    changeset = changeset_or_404(pk)
    back = review_url(changeset)
    other = request.POST.get("call_back", "")
    try:
        if other:
            embargoed = Changeset.objects.embargoed(clock.now())
            in_the_way = get_object_or_404(embargoed, pk=other if other.isascii() and other.isdigit() else 0)
            done = rebase.call_back_and_rebase(by=request.user, changeset=changeset, other=in_the_way)
        else:
            done = rebase.rebase(by=request.user, changeset=changeset, as_new=request.POST.getlist("as_new"))
    except Refused as error:
        return refusal(request, error, back)
    messages.success(request, " ".join(done) or _("There was nothing to rebase."))
    return htmx.redirect(request, back)
