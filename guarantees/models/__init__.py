"""All models, by the nouns of the field."""

from guarantees.models.changesets import Changeset, Retraction, ReviewComment
from guarantees.models.claims import CollectiveClaim, CollectiveClaimCitation
from guarantees.models.conditions import Condition, ConditionState, ConditionStateCitation
from guarantees.models.ledger import LedgerEntry
from guarantees.models.pledges import Pledge, PledgeUpdate, PledgeUpdateCitation
from guarantees.models.positions import Position, PositionCitation
from guarantees.models.requirements import Requirement, RequirementCitation
from guarantees.models.sources import Source
from guarantees.models.states import Group, Membership, State, StateAlias
from guarantees.models.summits import Participation, ParticipationCitation, Summit, SummitCitation

FactModel = (
    type[PledgeUpdate]
    | type[Position]
    | type[Participation]
    | type[ConditionState]
    | type[CollectiveClaim]
    | type[Requirement]
)

FACTS: tuple[FactModel, ...] = (PledgeUpdate, Position, Participation, ConditionState, CollectiveClaim, Requirement)
"""The kinds of facts: dated, sourced, append-only once public."""

__all__ = [
    "FACTS",
    "Changeset",
    "CollectiveClaim",
    "CollectiveClaimCitation",
    "Condition",
    "ConditionState",
    "ConditionStateCitation",
    "FactModel",
    "Group",
    "LedgerEntry",
    "Membership",
    "Participation",
    "ParticipationCitation",
    "Pledge",
    "PledgeUpdate",
    "PledgeUpdateCitation",
    "Position",
    "PositionCitation",
    "Requirement",
    "RequirementCitation",
    "Retraction",
    "ReviewComment",
    "Source",
    "State",
    "StateAlias",
    "Summit",
    "SummitCitation",
]
