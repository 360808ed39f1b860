"""Rows for tests, with as little said as possible. ``publish`` makes a changeset public the way the app does.

draft = UpdateFactory(pledge=pledge, date=day("2025-09-04"))      a draft fact with one source
publish(draft.changeset, at=moment("2025-09-05"))                  ... and now it is on record, and in the ledger
"""

import datetime as dt
from typing import Any

import factory
from django.contrib.auth.models import Group as AuthGroup
from django.contrib.auth.models import User
from factory.django import DjangoModelFactory

from guarantees import publication
from guarantees.models import (
    Changeset,
    CollectiveClaim,
    Condition,
    ConditionState,
    Participation,
    Pledge,
    PledgeUpdate,
    Position,
    Requirement,
    Source,
    State,
    Summit,
    SummitCitation,
)


def day(text: str) -> dt.date:
    """A day, from 2025-09-04."""
    return dt.date.fromisoformat(text)


def moment(text: str) -> dt.datetime:
    """A moment in UTC, from 2025-09-04 or 2025-09-04T12:00:00."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def publish(changeset: Changeset, at: dt.datetime) -> Changeset:
    """Make a changeset public at a moment, which may be past or still to come."""
    changeset.state = "approved"
    changeset.approved_at = changeset.goes_public_at = at
    changeset.save()
    publication.take_effect(changeset)
    return changeset


class UserFactory(DjangoModelFactory):
    """A person without any right."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"person{n}")

    @factory.post_generation
    def groups(self: Any, create: bool, names: tuple[str, ...] | None) -> None:
        for name in names or ():
            self.groups.add(AuthGroup.objects.get(name=name))


def editor(**fields: Any) -> User:
    """Somebody who records facts."""
    return UserFactory(groups=["editors"], **fields)


def reviewer(**fields: Any) -> User:
    """Somebody who makes facts public, and may record them too."""
    return UserFactory(groups=["reviewers"], **fields)


def administrator(**fields: Any) -> User:
    """Somebody who invites people, and neither records nor reviews."""
    return UserFactory(groups=["administrators"], **fields)


class StateFactory(DjangoModelFactory):
    """A state with a code of its own that ISO 3166 leaves to private use (QMA, QMB, …)."""

    class Meta:
        model = State
        django_get_or_create = ("code",)

    code = factory.Sequence(lambda n: f"Q{'MNPQRSTVWYZ'[n // 26 % 11]}{chr(65 + n % 26)}")
    name = factory.LazyAttribute(lambda state: f"State {state.code}")
    kind = "state"


class SourceFactory(DjangoModelFactory):
    """A source that is obviously made up."""

    class Meta:
        model = Source

    public_id = factory.Sequence(lambda n: f"example-{n}")
    url = factory.Sequence(lambda n: f"https://example.org/report/{n}")
    publisher = "Example Gazette"
    title = factory.Sequence(lambda n: f"Report {n}")
    language = "en"
    kind = "news"


class ChangesetFactory(DjangoModelFactory):
    """A draft changeset."""

    class Meta:
        model = Changeset

    title = factory.Sequence(lambda n: f"Changeset {n}")
    reason = "For a test."
    created_at = moment("2025-01-01")


class SummitFactory(DjangoModelFactory):
    """A draft summit of one day with one source."""

    class Meta:
        model = Summit
        skip_postgeneration_save = True

    changeset = factory.SubFactory(ChangesetFactory)
    slug = factory.Sequence(lambda n: f"summit-{n}")
    title = factory.Sequence(lambda n: f"Summit {n}")
    kind = "leaders"
    start_date = day("2025-09-04")
    end_date = factory.SelfAttribute("start_date")
    format = "in_person"
    summary = "States met."

    @factory.post_generation
    def cited(self: Any, create: bool, sources: list[Source] | None) -> None:
        for source in [SourceFactory()] if sources is None else sources:
            SummitCitation.objects.create(fact=self, source=source)


class PledgeFactory(DjangoModelFactory):
    """A draft pledge without updates."""

    class Meta:
        model = Pledge

    changeset = factory.SubFactory(ChangesetFactory)
    state = factory.SubFactory(StateFactory)
    category = "troops"
    slug = factory.Sequence(lambda n: f"pledge-{n}")
    title = factory.Sequence(lambda n: f"Pledge {n}")


class FactFactory(DjangoModelFactory):
    """What the factories of facts share: a draft, with one source unless ``cited`` says which (``[]``: none)."""

    class Meta:
        abstract = True
        skip_postgeneration_save = True

    public_id = factory.Sequence(lambda n: f"fact-{n}")
    changeset = factory.SubFactory(ChangesetFactory)

    @factory.post_generation
    def cited(self: Any, create: bool, sources: list[Source] | None) -> None:
        through = type(self).sources.through
        for source in [SourceFactory()] if sources is None else sources:
            through.objects.create(fact=self, source=source)


class UpdateFactory(FactFactory):
    """A draft update: the state itself announced it, without number or condition."""

    class Meta:
        model = PledgeUpdate
        skip_postgeneration_save = True

    pledge = factory.SubFactory(PledgeFactory, changeset=factory.SelfAttribute("..changeset"))
    date = day("2025-09-04")
    status = "announced"
    summary = "The minister said so."
    public_id = factory.LazyAttributeSequence(lambda update, n: f"{update.pledge.slug}-{update.date}-{n}")


class PositionFactory(FactFactory):
    """A draft position: support for the guarantees."""

    class Meta:
        model = Position
        skip_postgeneration_save = True

    state = factory.SubFactory(StateFactory)
    date = day("2025-09-04")
    subject = "guarantees"
    topic = factory.Sequence(lambda n: f"Topic {n}")
    stance = "supports"
    summary = "The minister was in favour."


class ParticipationFactory(FactFactory):
    """A draft participation in person."""

    class Meta:
        model = Participation
        skip_postgeneration_save = True

    summit = factory.SubFactory(SummitFactory, changeset=factory.SelfAttribute("..changeset"))
    state = factory.SubFactory(StateFactory)
    role = "participant"
    attendance = "in_person"


class ConditionFactory(DjangoModelFactory):
    """A condition record."""

    class Meta:
        model = Condition
        django_get_or_create = ("code",)

    code = "ceasefire"
    name = factory.LazyAttribute(lambda condition: condition.code.replace("_", " ").capitalize())
    definition = "As the test defines it."


class ConditionStateFactory(FactFactory):
    """A draft statement, for all, that the ceasefire holds."""

    class Meta:
        model = ConditionState
        skip_postgeneration_save = True

    condition = factory.SubFactory(ConditionFactory)
    date = day("2025-09-04")
    value = "met"
    summary = "It was said to hold."


class ClaimFactory(FactFactory):
    """A draft collective claim of 26 states."""

    class Meta:
        model = CollectiveClaim
        skip_postgeneration_save = True

    slug = factory.Sequence(lambda n: f"claim-{n}")
    date = day("2025-09-04")
    speaker = "The chair"
    scope = "Ready to contribute"
    states_claimed = 26
    summary = "The chair said so."


class RequirementFactory(FactFactory):
    """A draft requirement of 10,000 to 30,000 foreign soldiers."""

    class Meta:
        model = Requirement
        skip_postgeneration_save = True

    slug = factory.Sequence(lambda n: f"requirement-{n}")
    date = day("2025-09-04")
    author = "An institute"
    concerns = "foreign_force"
    category = "troops"
    unit = "personnel"
    quantity_min = 10_000
    quantity_max = 30_000
    summary = "The institute said so."


FACT_FACTORIES = (
    UpdateFactory,
    PositionFactory,
    ParticipationFactory,
    ConditionStateFactory,
    ClaimFactory,
    RequirementFactory,
)
