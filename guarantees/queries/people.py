"""Who has an account at the desk, and who has been invited to one."""

import datetime as dt
from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef

from guarantees.models import Invitation
from guarantees.vocabulary import DeskRole

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
RANKED = (DeskRole.ADMINISTRATOR, DeskRole.REVIEWER, DeskRole.EDITOR)
OPEN, ACCEPTED, WITHDRAWN, EXPIRED = "open", "accepted", "withdrawn", "expired"


@dataclass(frozen=True)
class Member:
    """A person with an account: their role (the one with the most rights), and whether a second factor is set up."""

    person: User
    role: DeskRole | None
    has_second_factor: bool


@dataclass(frozen=True)
class Invited:
    """An invitation, and where it stands at a moment."""

    invitation: Invitation
    stands: str

    @property
    def can_be_sent(self) -> bool:
        """Whether it can be sent again."""
        return self.stands in (OPEN, EXPIRED)


def members() -> list[Member]:
    """Return everybody with an account: active ones first, by name. Two queries."""
    factor = Authenticator.objects.filter(user=OuterRef("pk"), type__in=FACTORS)
    people = User.objects.annotate(has_factor=Exists(factor)).prefetch_related("groups")
    return [
        Member(person, role_of({group.name for group in person.groups.all()}), person.has_factor)
        for person in people.order_by("-is_active", "username")
    ]


def role_of(groups: set[str]) -> DeskRole | None:
    """Return the role that groups of these names give, or None."""
    return next((role for role in RANKED if f"{role.value}s" in groups), None)


def invitations(at: dt.datetime) -> list[Invited]:
    """Return the last hundred invitations, the newest first."""
    rows = Invitation.objects.select_related("invited_by", "accepted_by").order_by("-created_at", "-pk")
    return [Invited(row, _stands(row, at)) for row in rows[:100]]


def _stands(row: Invitation, at: dt.datetime) -> str:
    if row.accepted_at is not None:
        return ACCEPTED
    if row.withdrawn_at is not None:
        return WITHDRAWN
    return EXPIRED if row.expires_at <= at else OPEN
