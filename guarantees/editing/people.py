"""People: invited, given a role, let go. Each deed leaves an entry in the log that ``/admin/`` shows."""

import datetime as dt
import hashlib
import secrets

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.auth.models import Group, User
from django.contrib.auth.password_validation import validate_password
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guarantees import clock
from guarantees.editing.errors import Forbidden, Refused
from guarantees.editing.rows import check, deed, hold
from guarantees.models import FeedKey, Invitation
from guarantees.vocabulary import DeskRole

ADMINISTER = "guarantees.administer_desk"
VALID_FOR = dt.timedelta(days=7)
"""How long the link of an invitation works."""
SAME_CLICK = dt.timedelta(minutes=1)
"""Within this time the same invitation sent once more is a second click, not a second invitation."""
PEOPLE_LOCK = 7_005
"""Advisory lock under which people are invited and get their roles, one at a time."""

GROUPS = {role: f"{role.value}s" for role in DeskRole}
"""The group of each role."""

user_name = RegexValidator(
    r"\A[\w.+-]{1,150}\Z", gettext_lazy("A user name holds letters, digits and the signs . + - _ only.")
)


def digest_of(key: str) -> str:
    """Return what is kept of the key in an invitation's link."""
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()


def _allow(by: User) -> None:
    if not (by.is_active and by.has_perm(ADMINISTER)):
        raise Forbidden(_("This is for administrators."))


def _log(by: User, row: models.Model, message: str, flag: int = CHANGE) -> None:
    LogEntry.objects.create(
        user=by,
        content_type=ContentType.objects.get_for_model(row),
        object_id=str(row.pk),
        object_repr=str(row)[:200],
        action_flag=flag,
        change_message=message,
        action_time=clock.now(),
    )


# --- Invitations


@deed
def invite(*, by: User, email: str, role: str) -> tuple[Invitation, str | None]:
    """Invite somebody by e-mail. Returns the invitation and the key for its link, which is kept nowhere.

    The same once more within a minute gives the same invitation without a key: it has been sent. Raises
    ValidationError, :class:`Forbidden`, and :class:`Refused` if the address has an account or an invitation.
    """
    _allow(by)
    hold(PEOPLE_LOCK)
    now, key = clock.now(), secrets.token_urlsafe(32)
    invitation = Invitation(
        email=email.strip().lower(),
        role=role,
        key_digest=digest_of(key),
        invited_by=by,
        created_at=now,
        expires_at=now + VALID_FOR,
    )
    check(invitation)
    _refuse_known(invitation.email)
    for pending in _pending(invitation.email):
        if (pending.role, pending.invited_by_id) == (role, by.pk) and pending.created_at > now - SAME_CLICK:
            return pending, None
        raise Refused(_("%(email)s has been invited already. Send that invitation again instead.") % {"email": email})
    invitation.save()
    _log(by, invitation, f"Invited as {role}.", ADDITION)
    return invitation, key


@deed
def send_again(*, by: User, invitation: Invitation) -> tuple[Invitation, str]:
    """Give an invitation a new key and seven more days; the link sent before no longer works."""
    _allow(by)
    hold(PEOPLE_LOCK)
    invitation = _open(invitation)
    _refuse_known(invitation.email)
    if _pending(invitation.email).exclude(pk=invitation.pk).exists():
        raise Refused(_("There is a newer invitation to %(email)s.") % {"email": invitation.email})
    key = secrets.token_urlsafe(32)
    invitation.key_digest = digest_of(key)
    invitation.created_at = clock.now()
    invitation.expires_at = invitation.created_at + VALID_FOR
    invitation.save(update_fields=["key_digest", "created_at", "expires_at"])
    _log(by, invitation, "Sent again.")
    return invitation, key


@deed
def withdraw(*, by: User, invitation: Invitation) -> Invitation:
    """Take an invitation back; its link no longer works. Taking it back twice is the same."""
    _allow(by)
    current = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if current.withdrawn_at is not None:
        return current
    current = _open(current)
    current.withdrawn_at = clock.now()
    current.save(update_fields=["withdrawn_at"])
    _log(by, current, "Withdrawn.")
    return current


@transaction.atomic
def accept(*, key: str, username: str, password: str) -> User:
    """Make the account that an invitation offers, in the group of its role.

    Raises :class:`Refused` if the link does not work (any more), and ValidationError beside ``username`` and
    ``password``.
    """
    hold(PEOPLE_LOCK)
    invitation = invitation_of(key)
    person = User(username=User.normalize_username(username.strip()), email=invitation.email, is_active=True)
    errors: dict[str, list[str]] = {}
    try:
        user_name(person.username)
        if User.objects.filter(username__iexact=person.username).exists():
            errors["username"] = [_("This user name is taken.")]
    except ValidationError as error:
        errors["username"] = error.messages
    try:
        validate_password(password, person)
    except ValidationError as error:
        errors["password"] = error.messages
    if errors:
        raise ValidationError(errors)
    _refuse_known(invitation.email)
    person.set_password(password)
    person.save()
    person.groups.add(Group.objects.get(name=GROUPS[DeskRole(invitation.role)]))
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    invitation.accepted_at, invitation.accepted_by = clock.now(), person
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    _log(person, person, f"Accepted the invitation as {invitation.role}.", ADDITION)
    return person


def invitation_of(key: str) -> Invitation:
    """Return the open invitation to which a key belongs, locked in a transaction.

    Raises :class:`Refused`, which says whether it is unknown, used, withdrawn or too old.
    """
    rows = Invitation.objects.select_related("invited_by")
    if transaction.get_connection().in_atomic_block:
        rows = rows.select_for_update(of=("self",))
    invitation = rows.filter(key_digest=digest_of(key)).first()
    if invitation is None:
        raise Refused(_("This link does not belong to an invitation. A newer e-mail may hold another one."))
    if invitation.accepted_at is not None:
        raise Refused(_("This invitation has been accepted; the account exists. Sign in instead."))
    if invitation.withdrawn_at is not None:
        raise Refused(_("This invitation has been withdrawn."))
    if invitation.expires_at <= clock.now():
        raise Refused(_("This invitation was valid for seven days, which have passed."))
    return invitation


def _open(invitation: Invitation) -> Invitation:
    """Lock an invitation that nobody has accepted or withdrawn."""
    current = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if current.accepted_at is not None:
        raise Refused(_("%(email)s has accepted the invitation.") % {"email": current.email})
    if current.withdrawn_at is not None:
        raise Refused(_("This invitation has been withdrawn."))
    return current


def _pending(email: str) -> models.QuerySet[Invitation]:
    return Invitation.objects.filter(
        email=email, accepted_at__isnull=True, withdrawn_at__isnull=True, expires_at__gt=clock.now()
    )


def _refuse_known(email: str, but: User | None = None) -> None:
    """Raise :class:`Refused` if an account uses the address."""
    others = User.objects.exclude(pk=but.pk) if but is not None else User.objects.all()
    known = others.filter(models.Q(email__iexact=email) | models.Q(emailaddress__email__iexact=email))
    if known.exists():
        raise Refused(_("There is an account with the address %(email)s.") % {"email": email})


# --- Accounts


@deed
def change_role(*, by: User, person: User, role: str) -> User:
    """Give a person one role instead of what they had. Nobody changes their own; an administrator always remains."""
    if role not in DeskRole.values:
        raise ValidationError({"role": [_("Please choose a role.")]})
    person = _other(by, person)
    if role != DeskRole.ADMINISTRATOR:
        _keep_an_administrator(person)
    person.groups.set(
        [*person.groups.exclude(name__in=GROUPS.values()), Group.objects.get(name=GROUPS[DeskRole(role)])]
    )
    _log(by, person, f"Is now {role}.")
    return person


@deed
def close_account(*, by: User, person: User) -> User:
    """Close an account: the person is signed out everywhere at once, and what they wrote stays theirs."""
    person = _other(by, person)
    _keep_an_administrator(person)
    person.is_active = False
    person.save(update_fields=["is_active"])
    end_sessions(person)
    FeedKey.objects.filter(user=person).delete()
    _log(by, person, "Closed the account.")
    return person


@deed
def reopen_account(*, by: User, person: User) -> User:
    """Open a closed account again."""
    person = _other(by, person)
    person.is_active = True
    person.save(update_fields=["is_active"])
    _log(by, person, "Opened the account again.")
    return person


@deed
def change_address(*, by: User, person: User, email: str) -> User:
    """Give a person another e-mail address, to which links for a new password are sent."""
    _allow(by)
    hold(PEOPLE_LOCK)
    person = _protected(by, person)
    person.email = email.strip().lower()
    check(person, ["email"])
    _refuse_known(person.email, but=person)
    person.save(update_fields=["email"])
    EmailAddress.objects.filter(user=person).delete()
    if person.email:
        EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    _log(by, person, "Changed the e-mail address.")
    return person


def end_sessions(person: User) -> None:
    """Sign a person out everywhere."""
    UserSession.objects.filter(user=person).delete()
    for session in Session.objects.filter(expire_date__gt=clock.now()).iterator():
        if session.get_decoded().get("_auth_user_id") == str(person.pk):
            session.delete()


def _other(by: User, person: User) -> User:
    """Lock the account of somebody else that an administrator may change."""
    _allow(by)
    hold(PEOPLE_LOCK)
    if person.pk == by.pk:
        raise Refused(_("This is your own account. Another administrator can change it."))
    return _protected(by, person)


def _protected(by: User, person: User) -> User:
    person = User.objects.select_for_update().get(pk=person.pk)
    if person.is_superuser and not by.is_superuser:
        raise Forbidden(_("This account is kept by whoever runs the server."))
    return person


def _keep_an_administrator(person: User) -> None:
    """Raise :class:`Refused` if nobody else could let people in."""
    others = User.objects.filter(is_active=True, groups__name=GROUPS[DeskRole.ADMINISTRATOR]).exclude(pk=person.pk)
    is_one = person.groups.filter(name=GROUPS[DeskRole.ADMINISTRATOR]).exists()
    if is_one and not others.exists():
        raise Refused(_("This is the only administrator. Make somebody else one first."))
