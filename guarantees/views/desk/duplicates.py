"""Likely duplicates of a changeset's drafts: shown on its sheet and on a page of their own, decided once."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from guarantees import htmx
from guarantees.editing import duplicates as editing
from guarantees.editing.errors import Refused
from guarantees.models import Changeset
from guarantees.queries import duplicates as queries
from guarantees.queries.duplicates import Pair
from guarantees.views.desk.access import DeskRequest, changeset_or_404, desk_page, refusal, sheet_url
from guarantees.views.errors import NotRecorded
from guarantees.vocabulary import DuplicateKind, DuplicateVerdict

PAIRS = "desk/duplicates.html#pairs"


@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def duplicates(request: DeskRequest, pk: int) -> HttpResponse:
    """Show the drafts that look like something else, and take what the editor says about one pair."""
    changeset = changeset_or_404(pk)
    pairs = queries.likely(changeset) if changeset.is_open else []
    if request.method != "POST":
        return _answer(request, changeset, pairs)
    verdict = request.POST.get("verdict", "")
    pair = next((pair for pair in pairs if pair.name == request.POST.get("pair")), None)
    if verdict not in DuplicateVerdict.values:
        raise NotRecorded(_("There is no such answer."))
    if pair is None:
        # Sent twice, or decided by somebody else meanwhile.
        return _answer(request, changeset, pairs, announce=_("This has been decided already."))
    keep = request.POST.get("keep", "")
    if verdict == DuplicateVerdict.SAME and _needs_choice(pair) and keep not in {str(pair.one.pk), str(pair.other.pk)}:
        return _answer(request, changeset, pairs, undecided=pair.name, status=422)
    try:
        announce = _decide(request, pair, DuplicateVerdict(verdict), keep)
    except Refused as error:
        return refusal(request, error, request.path)
    if verdict == DuplicateVerdict.SAME:
        messages.success(request, announce)
        return htmx.redirect(request, sheet_url(changeset))
    if not htmx.wants_fragment(request):
        messages.success(request, announce)
        return htmx.redirect(request, request.path)
    rest = [other for other in pairs if other is not pair]
    return _answer(request, changeset, rest, announce=announce, focus=True)


def _needs_choice(pair: Pair) -> bool:
    """Whether the editor has to say which text stays: both are drafts."""
    return pair.kind is DuplicateKind.UPDATE and not pair.other_is_public


def _decide(request: DeskRequest, pair: Pair, verdict: DuplicateVerdict, keep: str) -> str:
    """Write the decision, and return what to announce."""
    if verdict is DuplicateVerdict.DIFFERENT:
        editing.different(by=request.user, one=pair.one, other=pair.other)
        return _("Noted: they are different.")
    if pair.kind is DuplicateKind.PLEDGE:
        editing.same_pledge(by=request.user, draft=pair.one, other=pair.other)
        return _("Moved to “%(pledge)s”.") % {"pledge": pair.other}
    chosen = next((row for row in (pair.one, pair.other) if str(row.pk) == keep), None)
    stays = editing.same_update(by=request.user, draft=pair.one, other=pair.other, keep=chosen)
    return _("One row now: %(fact)s.") % {"fact": stays.public_id}


def _answer(
    request: DeskRequest,
    changeset: Changeset,
    pairs: list[Pair],
    *,
    status: int = 200,
    announce: str = "",
    undecided: str = "",
    focus: bool = False,
) -> HttpResponse:
    context = {
        "changeset": changeset,
        "pairs": pairs,
        "undecided": undecided,
        "focus": focus,
        "is_page": not htmx.wants_fragment(request),
    }
    if htmx.wants_fragment(request):
        return htmx.fragment(request, PAIRS, context, status=status, announce=announce)
    if announce:
        messages.info(request, announce)
    return render(request, "desk/duplicates.html", context, status=status)
