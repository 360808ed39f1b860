"""All models, by the nouns of the field."""

from guarantees.models.changesets import Changeset, Retraction, ReviewComment
from guarantees.models.claims import CollectiveClaim, CollectiveClaimCitation
from guarantees.models.conditions import Condition, ConditionState, ConditionStateCitation
from guarantees.models.duplicates import DuplicateDecision
from guarantees.models.imports import StagedImport
from guarantees.models.invitations import Invitation
from guarantees.models.ledger import LedgerEntry
from guarantees.models.mentions import NoMention
from guarantees.models.merges import PledgeMerge, SourceMerge
from guarantees.models.notices import FeedKey, Notice
from guarantees.models.pledges import Pledge, PledgeUpdate, PledgeUpdateCitation
from guarantees.models.positions import Position, PositionCitation
from guarantees.models.requirements import Requirement, RequirementCitation
from guarantees.models.sources import Publisher, Source
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
    "DuplicateDecision",
    "FactModel",
    "FeedKey",
    "Group",
    "Invitation",
    "LedgerEntry",
    "Membership",
    "NoMention",
    "Notice",
    "Participation",
    "ParticipationCitation",
    "Pledge",
    "PledgeMerge",
    "PledgeUpdate",
    "PledgeUpdateCitation",
    "Position",
    "PositionCitation",
    "Publisher",
    "Requirement",
    "RequirementCitation",
    "Retraction",
    "ReviewComment",
    "Source",
    "SourceMerge",
    "StagedImport",
    "State",
    "StateAlias",
    "Summit",
    "SummitCitation",
]
