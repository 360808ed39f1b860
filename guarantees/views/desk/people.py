"""Who works at the desk: people, their roles, and invitations."""

import logging
from collections.abc import Callable
from typing import Any

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from guarantees.editing import people as editing
from guarantees.editing.errors import Refused
from guarantees.forms.people import InviteForm, RoleForm
from guarantees.models import Invitation
from guarantees.queries import people as people_queries
from guarantees.views.desk.access import DeskRequest, people_page, refusal
from guarantees.views.desk.shown import focus
from guarantees.vocabulary import DeskRole

logger = logging.getLogger(__name__)


@require_safe
@people_page
def people(request: DeskRequest) -> HttpResponse:
    """Show everybody with an account, the invitations, and the form for another one."""
    return _page(request, InviteForm())


def _page(request: DeskRequest, form: InviteForm, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "members": people_queries.members(),
        "invitations": people_queries.invitations(request.present.known),
        "roles": DeskRole,
    }
    return render(request, "desk/people.html", context, status=status)


@require_POST
@people_page
def invite(request: DeskRequest) -> HttpResponse:
    """Invite somebody, and send the e-mail."""
    form = InviteForm(request.POST)
    if form.is_valid():
        try:
            invitation, key = editing.invite(by=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.refuse(error)
        except Refused as error:
            form.add_error("email", error.message)
        else:
            if key is not None:
                _send(request, invitation, key)
            return redirect("desk-people")
    focus(form)
    return _page(request, form, status=422)


@require_POST
@people_page
def send(request: DeskRequest, pk: int) -> HttpResponse:
    """Send an invitation again, with a new link."""
    try:
        invitation, key = editing.send_again(by=request.user, invitation=get_object_or_404(Invitation, pk=pk))
    except Refused as error:
        return refusal(request, error, reverse("desk-people"))
    _send(request, invitation, key)
    return redirect("desk-people")


@require_POST
@people_page
def withdraw(request: DeskRequest, pk: int) -> HttpResponse:
    """Take an invitation back."""
    invitation = get_object_or_404(Invitation, pk=pk)
    done = _("The invitation to %(email)s is withdrawn.") % {"email": invitation.email}
    return _done(request, done, editing.withdraw, invitation=invitation)


@require_POST
@people_page
def role(request: DeskRequest, pk: int) -> HttpResponse:
    """Give a person another role."""
    person = get_object_or_404(User, pk=pk)
    form = RoleForm(request.POST)
    if not form.is_valid():
        return refusal(request, Refused(_("Please choose one of the roles.")), reverse("desk-people"))
    chosen = DeskRole(form.cleaned_data["role"])
    done = _("%(name)s: %(role)s from now on.") % {"name": person.username, "role": chosen.label}
    return _done(request, done, editing.change_role, person=person, role=chosen.value)


@require_POST
@people_page
def close(request: DeskRequest, pk: int) -> HttpResponse:
    """Close an account and end its sessions."""
    person = get_object_or_404(User, pk=pk)
    done = _("The account %(name)s is closed; its sessions have ended.") % {"name": person.username}
    return _done(request, done, editing.close_account, person=person)


@require_POST
@people_page
def reopen(request: DeskRequest, pk: int) -> HttpResponse:
    """Open a closed account again."""
    person = get_object_or_404(User, pk=pk)
    done = _("The account %(name)s is open again.") % {"name": person.username}
    return _done(request, done, editing.reopen_account, person=person)


def _done(request: DeskRequest, done: str, write: Callable[..., Any], **what: Any) -> HttpResponse:
    """Write, and say what was done or why it was refused."""
    try:
        write(by=request.user, **what)
    except Refused as error:
        return refusal(request, error, reverse("desk-people"))
    messages.success(request, done)
    return redirect("desk-people")


def _send(request: DeskRequest, invitation: Invitation, key: str) -> None:
    """Send the link of an invitation, and say whether that worked."""
    link = request.build_absolute_uri(reverse("account_invitation", args=[key]))
    context = {"invitation": invitation, "link": link, "by": request.user.get_username()}
    try:
        get_adapter(request).send_mail("account/email/invitation", invitation.email, context)
    except OSError:  # smtplib's errors are of this kind as well
        logger.exception("The invitation %s could not be sent.", invitation.pk)
        text = _("The invitation to %(email)s stands, but the e-mail could not be sent. Send it again later.")
        messages.error(request, text % {"email": invitation.email})
    else:
        messages.success(request, _("The invitation to %(email)s is sent.") % {"email": invitation.email})
