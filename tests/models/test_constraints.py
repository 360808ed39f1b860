"""Every rule that the database holds is violated once, and says so in a sentence."""

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.db.models import BaseConstraint, Model
from psycopg.types.range import Range

from guarantees.models import (
    FACTS,
    DuplicateDecision,
    Group,
    Invitation,
    LedgerEntry,
    Membership,
    NoMention,
    Notice,
    PledgeMerge,
    PledgeUpdate,
    Publisher,
    Retraction,
    ReviewComment,
    SourceMerge,
    StagedImport,
    StateAlias,
)
from tests.factories import (
    FACT_FACTORIES,
    ChangesetFactory,
    ClaimFactory,
    ConditionFactory,
    ConditionStateFactory,
    ParticipationFactory,
    PledgeFactory,
    PositionFactory,
    RequirementFactory,
    SourceFactory,
    StateFactory,
    SummitFactory,
    UpdateFactory,
    UserFactory,
    day,
    moment,
    publish,
)

NAMES = dict(zip((model._meta.model_name for model in FACTS), FACT_FACTORIES, strict=True))


def constraints() -> dict[str, BaseConstraint]:
    """All named constraints of our own models."""
    return {
        constraint.name: constraint
        for model in apps.get_app_config("guarantees").get_models()
        for constraint in model._meta.constraints
    }


def entry(**fields: Any) -> LedgerEntry:
    """A ledger entry written past the ledger."""
    update = UpdateFactory()
    values = {
        "pledge": update.pledge,
        "effective": Range(day("2025-01-01"), None),
        "known": Range(moment("2025-01-01"), None),
        "state": update.pledge.state,
        "category": "troops",
        "latest_update": update,
        "status": "announced",
        "rank": 20,
        "status_set_by": update,
        "status_said_on": update.date,
        "instrument": "not_stated",
        "bindingness": "not_stated",
        "area": "unspecified",
        "conditions_basis": "none_stated",
    }
    return LedgerEntry.objects.create(**values | fields)


def known(since: str, until: str | None = None) -> Range:
    return Range(moment(since), moment(until) if until else None)


def twice(make: Callable[..., Model], **same: Any) -> None:
    make(**same, known=known("2025-01-01"))
    make(**same, known=known("2025-06-01"))


def correcting(make: Callable[..., Any], **fields: Any) -> Any:
    return make(corrects=make(), **{"correction_kind": "corrected"} | fields)


def corrected_twice(make: Callable[..., Any]) -> None:
    first = make(known=known("2025-01-01", "2025-06-01"))
    for start, end in (("2025-06-01", "2025-07-01"), ("2025-08-01", None)):
        make(corrects=first, correction_kind="corrected", known=known(start, end))


def corrects_itself(make: Callable[..., Any]) -> None:
    fact = correcting(make)
    type(fact).objects.filter(pk=fact.pk).update(corrects=fact)


def cited_twice(make: Callable[..., Any]) -> None:
    source = SourceFactory()
    make(cited=[source, source])


def credible(make: Callable[..., Any]) -> None:
    make().citations.update(credibility=7)


def retracted(**facts: Any) -> Retraction:
    return Retraction.objects.create(changeset=facts.pop("changeset", None) or ChangesetFactory(), reason="x", **facts)


def retracted_twice(kind: str, make: Callable[..., Any]) -> None:
    fact, changeset = make(), ChangesetFactory()
    retracted(changeset=changeset, **{kind: fact})
    retracted(changeset=changeset, **{kind: fact})


def member_twice() -> None:
    group, state = Group.objects.create(code="TEST", name="Test"), StateFactory()
    Membership.objects.create(group=group, state=state)
    Membership.objects.create(group=group, state=state)


def alias_twice() -> None:
    state = StateFactory()
    StateAlias.objects.create(state=state, alias="Same")
    StateAlias.objects.create(state=state, alias="Same")


def overlapping_terms() -> None:
    first = entry()
    entry(pledge=first.pledge, effective=Range(day("2025-06-01"), None))


def one_state_and_one_pledge() -> None:
    pledge = PledgeFactory()
    ConditionStateFactory(state=pledge.state, pledge=pledge)


def publisher(**fields: Any) -> Publisher:
    return Publisher.objects.create(**{"name": "Example Gazette", "reliability": "B", "reason": "For a test."} | fields)


def commented(**fields: Any) -> ReviewComment:
    return ReviewComment.objects.create(
        changeset=ChangesetFactory(), author=UserFactory(), text="x", created_at=moment("2025-01-01"), **fields
    )


def merged_twice(model: Any, merged: str, make: Callable[..., Any]) -> None:
    row, changeset = make(), ChangesetFactory()
    for _ in range(2):
        model.objects.create(changeset=changeset, into=make(), **{merged: row})


def merged_into_itself(model: Any, merged: str, make: Callable[..., Any]) -> None:
    row = make()
    model.objects.create(changeset=ChangesetFactory(), into=row, **{merged: row})


def decided(**fields: Any) -> DuplicateDecision:
    values = {"kind": "pledge", "first_id": 1, "second_id": 2, "verdict": "same"}
    return DuplicateDecision.objects.create(by=UserFactory(), at=moment("2025-01-01"), **values | fields)


def noticed(**fields: Any) -> Notice:
    values = {"to": UserFactory(), "by": UserFactory(), "changeset": ChangesetFactory(), "kind": "submitted"}
    return Notice.objects.create(created_at=moment("2025-01-01"), **values | fields)


def invited(**fields: Any) -> Invitation:
    values = {"email": "a@example.org", "role": "editor", "key_digest": "0" * 64, "invited_by": UserFactory()}
    times = {"created_at": moment("2025-01-01"), "expires_at": moment("2025-01-08")}
    return Invitation.objects.create(**values | times | fields)


def not_mentioned(**fields: Any) -> NoMention:
    values = {"state": StateFactory(), "category": "troops", "changeset": ChangesetFactory()}
    return NoMention.objects.create(by=UserFactory(), at=moment("2025-01-01"), **values | fields)


def not_mentioned_twice() -> None:
    first = not_mentioned()
    not_mentioned(changeset=first.changeset, state=first.state)


def staged(**fields: Any) -> StagedImport:
    return StagedImport.objects.create(by=UserFactory(), created_at=moment("2025-01-01"), **{"format": "csv"} | fields)


PERSONNEL = {"unit": "personnel", "quantity_basis": "stated"}

VIOLATIONS: dict[str, Callable[[], Any]] = {
    "state_kind_is_a_term": lambda: StateFactory(kind="planet"),
    "state_code_is_iso": lambda: StateFactory(code="fra"),
    "statealias_once": alias_twice,
    "membership_once": member_twice,
    "source_kind_is_a_term": lambda: SourceFactory(kind="rumour"),
    "source_url_is_http": lambda: SourceFactory(url="ftp://example.org/"),
    "source_url_once": lambda: [SourceFactory(url="https://example.org/same") for _ in range(2)],
    "source_has_a_publisher": lambda: SourceFactory(publisher=""),
    "publisher_reliability_is_a_term": lambda: publisher(reliability="Z"),
    "publisher_has_a_name": lambda: publisher(name=""),
    "publisher_has_a_reason": lambda: publisher(reason=""),
    "summit_kind_is_a_term": lambda: SummitFactory(kind="party"),
    "summit_format_is_a_term": lambda: SummitFactory(format="by_letter"),
    "summit_ends_after_it_starts": lambda: SummitFactory(end_date=day("2025-09-03")),
    "summit_city_has_a_country": lambda: SummitFactory(city="Paris"),
    "summitcitation_source_once": lambda: cited_twice(SummitFactory),
    "summitcitation_credibility_1_to_6": lambda: credible(SummitFactory),
    "pledge_category_is_a_term": lambda: PledgeFactory(category="hope"),
    "pledge_has_a_title": lambda: PledgeFactory(title=""),
    "condition_code_is_a_term": lambda: ConditionFactory(code="good_weather"),
    "conditionstate_value_is_a_term": lambda: ConditionStateFactory(value="perhaps"),
    "conditionstate_for_one_scope": one_state_and_one_pledge,
    "conditionstate_one_at_a_time": lambda: twice(ConditionStateFactory),
    "participation_role_is_a_term": lambda: ParticipationFactory(role="waiter"),
    "participation_attendance_is_a_term": lambda: ParticipationFactory(attendance="in_spirit"),
    "participation_one_at_a_time": lambda: twice(
        ParticipationFactory, summit=SummitFactory(), state=StateFactory(code="QZZ")
    ),
    "position_subject_is_a_term": lambda: PositionFactory(subject="weather"),
    "position_stance_is_a_term": lambda: PositionFactory(stance="shrugs"),
    "position_has_a_topic": lambda: PositionFactory(topic=""),
    "position_one_at_a_time": lambda: twice(PositionFactory, state=StateFactory(code="QZZ"), topic="Same"),
    "collectiveclaim_category_is_a_term": lambda: ClaimFactory(category="hope"),
    "collectiveclaim_min_status_is_a_term": lambda: ClaimFactory(min_status="hoped"),
    "collectiveclaim_one_at_a_time": lambda: twice(ClaimFactory, slug="same"),
    "requirement_concerns_is_a_term": lambda: RequirementFactory(concerns="martians"),
    "requirement_category_is_a_term": lambda: RequirementFactory(category="hope"),
    "requirement_unit_is_a_term": lambda: RequirementFactory(unit="elephants"),
    "requirement_has_a_quantity": lambda: RequirementFactory(quantity_min=None, quantity_max=None),
    "requirement_quantity_range": lambda: RequirementFactory(quantity_min=2, quantity_max=1),
    "requirement_one_at_a_time": lambda: twice(RequirementFactory, slug="same"),
    "pledgeupdate_status_is_a_term": lambda: UpdateFactory(status="hoped"),
    "pledgeupdate_instrument_is_a_term": lambda: UpdateFactory(instrument="handshake"),
    "pledgeupdate_bindingness_is_a_term": lambda: UpdateFactory(bindingness="very"),
    "pledgeupdate_attribution_is_a_term": lambda: UpdateFactory(attribution="by_nobody"),
    "pledgeupdate_unit_is_a_term": lambda: UpdateFactory(quantity_min=1, quantity_basis="stated", unit="elephants"),
    "pledgeupdate_quantity_basis_is_a_term": lambda: UpdateFactory(
        quantity_min=1, quantity_basis="dreamt", unit="personnel"
    ),
    "pledgeupdate_area_is_a_term": lambda: UpdateFactory(area="moon"),
    "pledgeupdate_conditions_basis_is_a_term": lambda: UpdateFactory(conditions_basis="hoped"),
    "pledgeupdate_conditions_are_terms": lambda: UpdateFactory(conditions=["rain"], conditions_basis="stated"),
    "pledgeupdate_conditions_lifted_are_terms": lambda: UpdateFactory(conditions_lifted=["rain"]),
    "pledgeupdate_quantity_range": lambda: UpdateFactory(quantity_min=2, quantity_max=1, **PERSONNEL),
    "pledgeupdate_unit_with_quantity": lambda: UpdateFactory(**PERSONNEL),
    "pledgeupdate_conditions_basis": lambda: UpdateFactory(conditions=["ceasefire"]),
    "pledgeupdate_lifted_not_stated": lambda: UpdateFactory(
        conditions=["ceasefire"], conditions_basis="stated", conditions_lifted=["ceasefire"]
    ),
    "pledgeupdate_refusal_unconditional": lambda: UpdateFactory(
        status="ruled_out", conditions=["ceasefire"], conditions_basis="stated"
    ),
    "pledgeupdate_has_a_summary": lambda: UpdateFactory(summary=""),
    "pledgeupdate_wording_is_short": lambda: UpdateFactory(wording="word " * 41, wording_language="en"),
    "pledgeupdate_wording_language": lambda: UpdateFactory(wording="Nous irons."),
    "pledgeupdate_one_at_a_time": lambda: twice(UpdateFactory, pledge=PledgeFactory()),
    "changeset_state_is_a_term": lambda: ChangesetFactory(state="lost"),
    "changeset_approved_has_its_time": lambda: ChangesetFactory(state="approved"),
    "changeset_has_a_title": lambda: ChangesetFactory(title=""),
    "reviewcomment_fact_kind_is_a_term": lambda: commented(fact_kind="rumour", fact_id=1),
    "reviewcomment_acknowledges_is_a_term": lambda: commented(fact_kind="update", fact_id=1, acknowledges="nothing"),
    "reviewcomment_of_a_fact": lambda: commented(fact_kind="update"),
    "reviewcomment_acknowledges_a_fact": lambda: commented(acknowledges="official_text"),
    "pledgemerge_into_another": lambda: merged_into_itself(PledgeMerge, "pledge", PledgeFactory),
    "pledgemerge_once": lambda: merged_twice(PledgeMerge, "pledge", PledgeFactory),
    "sourcemerge_into_another": lambda: merged_into_itself(SourceMerge, "source", SourceFactory),
    "sourcemerge_once": lambda: merged_twice(SourceMerge, "source", SourceFactory),
    "duplicatedecision_kind_is_a_term": lambda: decided(kind="rumour"),
    "duplicatedecision_verdict_is_a_term": lambda: decided(verdict="perhaps"),
    "duplicatedecision_in_order": lambda: decided(first_id=2, second_id=1),
    "duplicatedecision_once": lambda: [decided(), decided()],
    "nomention_category_is_a_term": lambda: not_mentioned(category="hope"),
    "nomention_once": not_mentioned_twice,
    "notice_kind_is_a_term": lambda: noticed(kind="rumour"),
    "invitation_role_is_a_term": lambda: invited(role="owner"),
    "invitation_accepted_by_somebody": lambda: invited(accepted_at=moment("2025-01-02")),
    "invitation_accepted_or_withdrawn": lambda: invited(
        accepted_at=moment("2025-01-02"), accepted_by=UserFactory(), withdrawn_at=moment("2025-01-02")
    ),
    "stagedimport_format_is_a_term": lambda: staged(format="exe"),
    "stagedimport_stage_is_a_term": lambda: staged(stage="lost"),
    "retraction_of_one_fact": lambda: retracted(update=UpdateFactory(), position=PositionFactory()),
    "ledgerentry_category_is_a_term": lambda: entry(category="hope"),
    "ledgerentry_status_is_a_term": lambda: entry(status="hoped"),
    "ledgerentry_conditions_are_terms": lambda: entry(conditions=["rain"]),
    "ledgerentry_no_empty_range": lambda: entry(effective=Range(empty=True)),
    "ledgerentry_no_overlap": overlapping_terms,
}
for table, factory in NAMES.items():
    VIOLATIONS |= {
        f"{table}_correction_kind_is_a_term": lambda f=factory: correcting(f, correction_kind="mended"),
        f"{table}_correction_has_its_kind": lambda f=factory: f(correction_kind="corrected"),
        f"{table}_corrects_another": lambda f=factory: corrects_itself(f),
        f"{table}_known_has_a_start": lambda f=factory: f(known=Range(None, moment("2025-01-01"))),
        f"{table}_corrected_once": lambda f=factory: corrected_twice(f),
        f"{table}citation_source_once": lambda f=factory: cited_twice(f),
        f"{table}citation_credibility_1_to_6": lambda f=factory: credible(f),
    }
for kind, factory in zip(Retraction.KINDS, FACT_FACTORIES, strict=True):
    VIOLATIONS[f"retraction_{kind}_once"] = lambda k=kind, f=factory: retracted_twice(k, f)


def test_every_constraint_has_its_violation():
    assert sorted(VIOLATIONS) == sorted(constraints())


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(VIOLATIONS))
def test_the_database_refuses(name: str):
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        VIOLATIONS[name]()
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert error.value.__cause__.diag.constraint_name == name  # type: ignore[union-attr]  # psycopg's error


def test_every_constraint_says_what_is_wrong_in_a_sentence():
    silent = [
        name
        for name, constraint in constraints().items()
        if constraint.violation_error_message == BaseConstraint.default_violation_error_message
        or not str(constraint.violation_error_message).endswith(".")
    ]
    assert silent == []


# --- append-only, and a source on every public fact


@pytest.mark.django_db
@pytest.mark.parametrize("factory", FACT_FACTORIES, ids=lambda factory: factory.__name__)
def test_a_published_fact_can_neither_be_changed_nor_deleted(factory: Any):
    fact = factory()
    publish(fact.changeset, at=moment("2025-09-05"))
    model = type(fact)
    for deed in (
        lambda: model.objects.filter(pk=fact.pk).update(version=2),
        lambda: model.objects.filter(pk=fact.pk).delete(),
        lambda: fact.citations.update(locator="p. 2"),
        lambda: fact.citations.all().delete(),
    ):
        with pytest.raises(IntegrityError, match=r"published fact"), transaction.atomic():
            deed()
    fact.refresh_from_db()
    assert (fact.version, fact.citations.count()) == (1, 1)


@pytest.mark.django_db
@pytest.mark.parametrize("factory", FACT_FACTORIES, ids=lambda factory: factory.__name__)
def test_a_draft_can_be_changed_and_deleted(factory: Any):
    fact = factory()
    model = type(fact)
    fact.citations.update(locator="p. 2")
    model.objects.filter(pk=fact.pk).update(version=2)
    model.objects.filter(pk=fact.pk).delete()
    assert model.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize("factory", FACT_FACTORIES, ids=lambda factory: factory.__name__)
def test_a_fact_without_a_source_cannot_become_public(factory: Any):
    fact = factory(cited=[])
    with pytest.raises(IntegrityError, match="without a source"), transaction.atomic():
        publish(fact.changeset, at=moment("2025-09-05"))
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("make", "field"),
    [(PledgeFactory, "slug"), (SummitFactory, "slug"), (StateFactory, "code"), (SourceFactory, "public_id")],
)
def test_an_identity_never_changes(make: Any, field: str):
    row = make()
    with pytest.raises(Exception, match="Cannot update"), transaction.atomic():
        type(row).objects.filter(pk=row.pk).update(**{field: "QXX" if field == "code" else "other"})
    assert getattr(type(row).objects.get(), field) == getattr(row, field)


@pytest.mark.django_db
def test_a_draft_keeps_its_history_and_publication_adds_none():
    update = UpdateFactory()
    PledgeUpdate.objects.filter(pk=update.pk).update(summary="Said otherwise.", version=2)
    publish(update.changeset, at=moment("2025-09-05"))
    events = PledgeUpdate.pgh_event_model.objects.values_list("summary", "version")
    assert list(events) == [("Said otherwise.", 2)]
