"""Merges at the desk: choose what is the same as what, look at both, and draft the merge in a changeset."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from guarantees import htmx
from guarantees.editing import changesets, merges, references
from guarantees.editing.errors import Refused
from guarantees.forms.facts import source_label
from guarantees.forms.merges import NEW, MergeForm, PairForm
from guarantees.models import Changeset, Pledge, Source
from guarantees.queries import merges as queries
from guarantees.views.desk.access import DeskRequest, desk_page, sheet_url
from guarantees.views.desk.shown import focus


@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def merge_sources(request: DeskRequest) -> HttpResponse:
    """Merge a source into the one that it is the same as."""
    data = request.POST if request.method == "POST" else request.GET
    one, into = _source(data.get("one", "")), _source(data.get("into", ""))
    choose = PairForm(
        data if data.get("one") else None,
        one=_("The source that goes"),
        into=_("It is the same as"),
        help_text=_("Its address, or its id."),
    )
    _name_missing(choose, one, into, _("No source on record has this address or id."))
    like = queries.like_source(one, request.present) if one and not into else []
    context: dict[str, Any] = {
        "heading": _("Merge two sources"),
        "lede": _("Every fact that cites the one will cite the other, from the publication of the changeset on."),
        "choose": choose,
        "candidates": [(source_label(source), source.public_id, _pair(request, one, source)) for source in like],
        "one": one,
        "into": into,
    }
    if one is None or into is None:
        return _choose(request, context)
    context["resting"] = queries.resting(one)

    def write(changeset: Changeset, form: MergeForm) -> None:
        merges.merge_sources(by=request.user, changeset=changeset, source=one, into=into)

    return _confirm(request, context, MergeForm(**_options(request)), write)


@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def merge_pledges(request: DeskRequest) -> HttpResponse:
    """Merge a pledge into the one of the same state and category that it is the same as."""
    data = request.POST if request.method == "POST" else request.GET
    public = queries.public_pledges(request.present)
    one, into = (public.filter(slug=data.get(name, "").strip()).first() for name in ("one", "into"))
    choose = PairForm(
        data if data.get("one") else None,
        one=_("The pledge that goes"),
        into=_("It is the same as"),
        help_text=_("The last part of its address, such as fra-troops."),
    )
    _name_missing(choose, one, into, _("No pledge on record has this name."))
    like = queries.like_pledge(one, request.present) if one and not into else []
    context: dict[str, Any] = {
        "heading": _("Merge two pledges"),
        "lede": _("What was said of the one is retracted there and added at the other, in one changeset."),
        "choose": choose,
        "candidates": [(pledge.title, pledge.slug, _pair(request, one, pledge)) for pledge in like],
        "one": one,
        "into": into,
        "are_pledges": True,
    }
    if one is None or into is None:
        return _choose(request, context)
    plan = merges.plan(one, into)
    context["plan"] = plan

    def write(changeset: Changeset, form: MergeForm) -> None:
        merges.merge_pledges(by=request.user, changeset=changeset, pledge=one, into=into, resolved=form.resolved)

    form = MergeForm(clashes=plan.clashes, **_options(request))
    context["clashes"] = [(clash, form[clash.name]) for clash in plan.clashes]
    return _confirm(request, context, form, write)


def _source(text: str) -> Source | None:
    text = text.strip()
    found = Source.objects.filter(public_id=text).first() if text else None
    return found or references.source_at(text) if text else None


def _name_missing(choose: PairForm, one: Any, into: Any, sentence: str) -> None:
    """Say beside a field that what it names is not on record."""
    if choose.is_valid():
        for name, found in (("one", one), ("into", into)):
            if choose.cleaned_data[name] and found is None:
                choose.add_error(name, sentence)


def _pair(request: DeskRequest, one: Any, into: Source | Pledge) -> str:
    named = into.public_id if isinstance(into, Source) else into.slug
    own = one.public_id if isinstance(one, Source) else one.slug
    return f"{request.path}?{urlencode({'one': own, 'into': named})}"


def _options(request: DeskRequest) -> dict[str, Any]:
    data = request.POST if request.method == "POST" else None
    return {"data": data, "changesets": queries.open_changesets(request.user), "initial": {"changeset": NEW}}


def _choose(request: DeskRequest, context: dict[str, Any]) -> HttpResponse:
    """Answer with the choice of the two rows; what names none is said beside its field."""
    choose = context["choose"]
    focus(choose, "into" if context["one"] else "one")
    status = 422 if request.method == "POST" else 200
    return render(request, "desk/merge.html", context, status=status)


def _confirm(
    request: DeskRequest, context: dict[str, Any], form: MergeForm, write: Callable[[Changeset, MergeForm], None]
) -> HttpResponse:
    """Show both rows and what would move, and draft the merge in the changeset that is chosen."""
    status = 422 if request.method == "POST" else 200
    if form.is_valid():
        chosen = form.cleaned_data["changeset"]
        try:
            if chosen == NEW:
                title, reason = form.cleaned_data["title"], form.cleaned_data["reason"]
                changeset = changesets.start(by=request.user, title=title, reason=reason)
            else:
                changeset = form.changesets[chosen]
            write(changeset, form)
        except ValidationError as error:
            form.refuse(error)
        except Refused as error:
            form.add_error(None, " ".join([error.message, *error.problems]))
            status = 409
        else:
            messages.success(request, _("The merge is drafted. It takes effect when this changeset is public."))
            return htmx.redirect(request, sheet_url(changeset))
    focus(form)
    return render(request, "desk/merge.html", context | {"form": form, "again": reverse("desk")}, status=status)
