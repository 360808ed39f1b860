"""The words of the ledger: every code, its label, and what exactly it means.

One source for models, forms, pages, the methodology page, the data dictionary and the data package's schema.
Definitions follow the coding rules of the data set (``data/README.md``); nothing else in the code restates them.
"""

from typing import Self

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Term(models.TextChoices):
    """A code with a label and a definition: ``Status.SIGNALLED.definition``.

    Members are written ``CODE = "code", definition, label``.
    """

    definition: str | Promise

    def __new__(cls, value: str, definition: str | Promise = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.definition = definition
        return member


class Status(Term):
    """Where a pledge stands after an update: the rungs of the ladder, and four places beside it."""

    SIGNALLED = (
        "signalled",
        _("Willing, ready, considering, open to, would: without saying that it will."),
        _("Signalled"),
    )
    ANNOUNCED = (
        "announced",
        _(
            "Said in public that it will, if need be under conditions: by the head of state or government, a minister, "
            "an official statement, or a communiqué that names the state."
        ),
        _("Announced"),
    )
    COMMITTED = (
        "committed",
        _("Accepted in a formal act: an instrument it signed, or a recorded executive decision."),
        _("Committed"),
    )
    AUTHORISED = "authorised", _("Every domestic approval needed has been given."), _("Authorised")
    UNDER_WAY = (
        "under_way",
        _("The contribution itself has begun; planning does not count."),
        _("Under way"),
    )
    DELIVERED = "delivered", _("Made in full."), _("Delivered")
    SUSPENDED = "suspended", _("Paused after an earlier pledge."), _("Suspended")
    WITHDRAWN = "withdrawn", _("Called off after an earlier pledge."), _("Withdrawn")
    LAPSED = "lapsed", _("A deadline passed and the pledge was not renewed."), _("Lapsed")
    RULED_OUT = (
        "ruled_out",
        _("Said it will not contribute in that category or area, with no earlier pledge there."),
        _("Ruled out"),
    )

    @property
    def rank(self) -> int | None:
        """The height of the rung (10 to 60), or None off the ladder."""
        return RANKS.get(self)

    @property
    def is_firm(self) -> bool:
        """Committed or firmer."""
        return (self.rank or 0) >= FIRM_RANK

    @property
    def counts(self) -> bool:
        """Announced or firmer: what headline totals count (counting rule 1)."""
        return (self.rank or 0) >= COUNTED_RANK


RANKS: dict[Status, int] = {
    Status.SIGNALLED: 10,
    Status.ANNOUNCED: 20,
    Status.COMMITTED: 30,
    Status.AUTHORISED: 40,
    Status.UNDER_WAY: 50,
    Status.DELIVERED: 60,
}
COUNTED_RANK = RANKS[Status.ANNOUNCED]
FIRM_RANK = RANKS[Status.COMMITTED]
NEEDS_EARLIER_RUNG = frozenset({Status.SUSPENDED, Status.WITHDRAWN, Status.LAPSED})
FINAL = frozenset({Status.WITHDRAWN, Status.LAPSED, Status.DELIVERED})


class Category(Term):
    """What a pledge contributes. The four core categories come first, as in every table."""

    TROOPS = "troops", _("Soldiers for a force in or near Ukraine."), _("Troops")
    TRAINING = "training", _("Training of Ukrainian forces."), _("Training")
    AIR_POLICING = (
        "air_policing",
        _("Aircraft and air defence that watch or protect Ukraine's airspace."),
        _("Air policing"),
    )
    MARITIME = "maritime", _("Ships, mine clearance and surveillance at sea."), _("Maritime")
    EQUIPMENT = "equipment", _("Arms, ammunition and other material."), _("Equipment")
    LOGISTICS = "logistics", _("Transport, bases, medical care and other support of a force."), _("Logistics")
    MONITORING = "monitoring", _("Watching over a ceasefire: observers, satellites, drones."), _("Monitoring")
    FINANCING = "financing", _("Money for the guarantees or for Ukraine's forces."), _("Financing")
    COMMAND = "command", _("Headquarters, staff officers and the lead of a component."), _("Command")


CORE_CATEGORIES = (Category.TROOPS, Category.TRAINING, Category.AIR_POLICING, Category.MARITIME)


class Instrument(Term):
    """The kind of act that an update rests on."""

    ORAL_STATEMENT = (
        "oral_statement",
        _("Said aloud: a speech, an interview, a press conference."),
        _("Oral statement"),
    )
    WRITTEN_STATEMENT = (
        "written_statement",
        _("A text issued by the state alone: a release, a letter, an article."),
        _("Written statement"),
    )
    JOINT_STATEMENT = (
        "joint_statement",
        _("A text issued by several states or by a meeting."),
        _("Joint statement"),
    )
    DECLARATION_OF_INTENT = (
        "declaration_of_intent",
        _("A signed text that states what its signatories mean to do."),
        _("Declaration of intent"),
    )
    MEMORANDUM = "memorandum", _("A signed memorandum or letter of understanding."), _("Memorandum")
    AGREEMENT = "agreement", _("A signed agreement between governments or ministries."), _("Agreement")
    TREATY = "treaty", _("A treaty that needs ratification."), _("Treaty")
    EXECUTIVE_DECISION = (
        "executive_decision",
        _("A recorded decision of a government or head of state."),
        _("Executive decision"),
    )
    PARLIAMENTARY_ACT = (
        "parliamentary_act",
        _("A vote, mandate or law of a parliament."),
        _("Parliamentary act"),
    )
    BUDGET_ACT = "budget_act", _("Money voted or set aside in a budget."), _("Budget act")
    NOT_STATED = "not_stated", _("The sources do not say what the update rests on."), _("Not stated")


class Bindingness(Term):
    """Whether the instrument binds, and how."""

    POLITICAL = "political", _("Binds in politics, not in law."), _("Political")
    LEGAL = "legal", _("Binds in law."), _("Legal")
    DISPUTED = "disputed", _("The parties or the sources disagree on whether it binds."), _("Disputed")
    NOT_STATED = "not_stated", _("The sources do not say."), _("Not stated")


class Attribution(Term):
    """Who said it."""

    BY_SELF = "by_self", _("A person or text speaking for that state."), _("The state itself")
    BY_CHAIR = (
        "by_chair",
        _("The chair of a coalition meeting; a chair may raise the rung of others."),
        _("The coalition's chair"),
    )
    BY_OTHER = "by_other", _("Another state or organisation."), _("Another state")
    PRESS = "press", _("A media report of plans, or unnamed officials."), _("Press")

    @property
    def is_own(self) -> bool:
        """Whether this counts as the state speaking: its area and conditions then yield only to the state."""
        return self in (Attribution.BY_SELF, Attribution.BY_CHAIR)


class Unit(Term):
    """What a quantity counts. Units and currencies are never mixed in one sum (counting rule 2)."""

    PERSONNEL = "personnel", _("Soldiers and other personnel."), _("personnel")
    BRIGADES = "brigades", _("Brigades, as the sources count them."), _("brigades")
    AIRCRAFT = "aircraft", _("Aircraft of any kind."), _("aircraft")
    SHIPS = "ships", _("Ships and boats of any kind."), _("ships")
    TRAINEES = "trainees", _("Ukrainian soldiers trained."), _("trainees")
    SYSTEMS = "systems", _("Weapon systems, vehicles and other pieces of equipment."), _("systems")
    EUR = "EUR", _("Euros."), _("EUR")
    USD = "USD", _("United States dollars."), _("USD")
    GBP = "GBP", _("Pounds sterling."), _("GBP")
    CAD = "CAD", _("Canadian dollars."), _("CAD")
    SEK = "SEK", _("Swedish kronor."), _("SEK")
    NOK = "NOK", _("Norwegian kroner."), _("NOK")
    DKK = "DKK", _("Danish kroner."), _("DKK")

    @property
    def is_currency(self) -> bool:
        """Whether the unit is money: the codes of ISO 4217 are written in capitals."""
        return self.value.isupper()


class QuantityBasis(Term):
    """Who gave the number."""

    STATED = "stated", _("Given by the state itself."), _("Stated")
    REPORTED = "reported", _("Given by the media or by a third party."), _("Reported")


class Area(Term):
    """Where the contribution would be made."""

    UKRAINE = "ukraine", _("On Ukrainian soil."), _("Ukraine")
    UKRAINE_AIRSPACE = "ukraine_airspace", _("In Ukraine's airspace."), _("Ukraine's airspace")
    BLACK_SEA = "black_sea", _("At sea, in the Black Sea."), _("Black Sea")
    NEIGHBOURING_STATES = (
        "neighbouring_states",
        _("In a state next to Ukraine, other than the state's own territory."),
        _("Neighbouring states"),
    )
    OWN_TERRITORY = "own_territory", _("On the territory of the state itself."), _("Own territory")
    UNSPECIFIED = "unspecified", _("No place was named."), _("Unspecified")


class ConditionsBasis(Term):
    """What was said about conditions."""

    STATED = "stated", _("At least one condition was named."), _("Conditions stated")
    NONE_STATED = (
        "none_stated",
        _("Nothing was said about conditions. Silence is not readiness."),
        _("No condition stated"),
    )
    UNCONDITIONAL = "unconditional", _("Said to be without conditions."), _("Unconditional")


class ConditionCode(Term):
    """The conditions that pledges wait for. Their exact definitions are records (``models.Condition``)."""

    CEASEFIRE = "ceasefire", "", _("Ceasefire")
    PEACE_AGREEMENT = "peace_agreement", "", _("Peace agreement")
    US_BACKSTOP = "us_backstop", "", _("US backstop")
    PARLIAMENTARY_APPROVAL = "parliamentary_approval", "", _("Parliamentary approval")
    UN_MANDATE = "un_mandate", "", _("UN mandate")
    UKRAINIAN_REQUEST = "ukrainian_request", "", _("Ukrainian request")
    ALLIED_PARTICIPATION = "allied_participation", "", _("Allied participation")


TRIGGERS = frozenset({ConditionCode.CEASEFIRE, ConditionCode.PEACE_AGREEMENT})
"""The conditions that start a contribution: of several named over time, only the latest naming holds."""

IMPLIED_BY = {ConditionCode.CEASEFIRE: ConditionCode.PEACE_AGREEMENT}
"""A condition that is met as soon as another one is: a peace agreement met means a ceasefire met."""


class ConditionValue(Term):
    """Where a condition stands on a day."""

    OPEN = "open", _("Not met yet."), _("Open")
    MET = "met", _("Met."), _("Met")
    FAILED = "failed", _("Refused, or can no longer be met."), _("Failed")


class Availability(Term):
    """Whether a pledge at announced or firmer could start on the day asked about."""

    AVAILABLE = (
        "available",
        _("Called unconditional, or every condition is met."),
        _("Available"),
    )
    HELD_BACK = "held_back", _("At least one condition is open or has failed."), _("Held back")
    NO_CONDITION_STATED = (
        "no_condition_stated",
        _("Nobody has said on what it depends. Silence is not readiness."),
        _("No condition stated"),
    )


class StateKind(Term):
    """What kind of actor it is."""

    STATE = "state", _("A state."), _("State")
    ORGANISATION = "organisation", _("An international organisation."), _("Organisation")


class SourceKind(Term):
    """What kind of publisher stands behind a source."""

    OFFICIAL = (
        "official",
        _("A government, parliament or organisation publishing its own text."),
        _("Official"),
    )
    AGENCY = "agency", _("A news agency."), _("News agency")
    NEWS = "news", _("A newspaper, broadcaster or news site."), _("News")
    STATE_MEDIA = "state_media", _("A medium directed by a state."), _("State media")
    THINK_TANK = "think_tank", _("A research institute."), _("Think tank")
    REFERENCE = "reference", _("A reference work or aggregator."), _("Reference")


class SummitKind(Term):
    """At what level a meeting was held."""

    LEADERS = "leaders", _("Heads of state or government."), _("Leaders")
    DEFENCE_MINISTERS = "defence_ministers", _("Ministers of defence."), _("Defence ministers")
    FOREIGN_MINISTERS = "foreign_ministers", _("Ministers of foreign affairs."), _("Foreign ministers")
    CHIEFS_OF_DEFENCE = (
        "chiefs_of_defence",
        _("The highest soldiers, or military planners."),
        _("Chiefs of defence"),
    )
    ADVISERS = "advisers", _("National security advisers and negotiators."), _("Advisers")
    BILATERAL = "bilateral", _("A meeting of two or a few states."), _("Bilateral")
    CALL = "call", _("A telephone or video call."), _("Call")


class SummitFormat(Term):
    """How a meeting was held."""

    IN_PERSON = "in_person", _("All came in person."), _("In person")
    HYBRID = "hybrid", _("Some came in person, others took part from afar."), _("Hybrid")
    VIRTUAL = "virtual", _("All took part from afar."), _("Virtual")


class Role(Term):
    """In what role a state took part in a meeting."""

    HOST = "host", _("Received the meeting."), _("Host")
    CO_CHAIR = "co_chair", _("Led the meeting with the host."), _("Co-chair")
    PARTICIPANT = "participant", _("Took part."), _("Participant")
    OBSERVER = "observer", _("Listened without a part of its own."), _("Observer")
    GUEST = "guest", _("Invited for a part of the meeting."), _("Guest")


class Attendance(Term):
    """How a state attended a meeting."""

    IN_PERSON = "in_person", _("Came in person."), _("In person")
    REMOTE = "remote", _("Took part from afar."), _("Remotely")
    UNKNOWN = "unknown", _("The sources do not say how."), _("Not known how")


class Stance(Term):
    """What a state says about the guarantees, or about one kind of contribution."""

    SUPPORTS = "supports", _("Is for it."), _("Supports")
    SUPPORTS_CONDITIONALLY = (
        "supports_conditionally",
        _("Is for it if something else holds."),
        _("Supports with conditions"),
    )
    RESERVED = "reserved", _("Has doubts, or keeps its answer open."), _("Reserved")
    OPPOSES = "opposes", _("Is against it."), _("Opposes")


class Subject(Term):
    """What a position is about: the guarantees as a whole, or one category."""

    GUARANTEES = "guarantees", _("The guarantees as a whole."), _("Guarantees as a whole")
    TROOPS = "troops", Category.TROOPS.definition, Category.TROOPS.label
    TRAINING = "training", Category.TRAINING.definition, Category.TRAINING.label
    AIR_POLICING = "air_policing", Category.AIR_POLICING.definition, Category.AIR_POLICING.label
    MARITIME = "maritime", Category.MARITIME.definition, Category.MARITIME.label
    EQUIPMENT = "equipment", Category.EQUIPMENT.definition, Category.EQUIPMENT.label
    LOGISTICS = "logistics", Category.LOGISTICS.definition, Category.LOGISTICS.label
    MONITORING = "monitoring", Category.MONITORING.definition, Category.MONITORING.label
    FINANCING = "financing", Category.FINANCING.definition, Category.FINANCING.label
    COMMAND = "command", Category.COMMAND.definition, Category.COMMAND.label


class Concern(Term):
    """Whose forces a requirement speaks of; the two are never compared with one another."""

    FOREIGN_FORCE = "foreign_force", _("A force sent by other states."), _("Foreign force")
    UKRAINIAN_FORCES = "ukrainian_forces", _("Ukraine's own forces."), _("Ukrainian forces")


class Reliability(Term):
    """How far a publisher can be relied on, in the letters of the admiralty scale."""

    A = "A", _("Completely reliable."), _("A")
    B = "B", _("Usually reliable."), _("B")
    C = "C", _("Fairly reliable."), _("C")
    D = "D", _("Not usually reliable."), _("D")
    E = "E", _("Unreliable."), _("E")
    F = "F", _("Reliability cannot be judged."), _("F")


class Credibility(Term):
    """How far what a source says in one place can be believed, in the numbers of the admiralty scale."""

    CONFIRMED = "1", _("Independent sources say the same."), _("1, confirmed by other sources")
    PROBABLY_TRUE = "2", _("Likely in itself, and it fits what else is known."), _("2, probably true")
    POSSIBLY_TRUE = "3", _("Reasonably likely in itself; nothing else is known."), _("3, possibly true")
    DOUBTFUL = "4", _("Possible, but something else that is known speaks against it."), _("4, doubtful")
    IMPROBABLE = "5", _("Contradicted by what else is known."), _("5, improbable")
    CANNOT_BE_JUDGED = "6", _("There is nothing by which to judge it."), _("6, truth cannot be judged")


class ChangesetState(Term):
    """Where a changeset stands on its way to the public."""

    DRAFT = "draft", _("Being written."), _("Draft")
    SUBMITTED = "submitted", _("Waiting for a reviewer."), _("Waiting for review")
    CHANGES_REQUESTED = (
        "changes_requested",
        _("A reviewer asked for changes; its authors can write in it again."),
        _("Changes requested"),
    )
    APPROVED = (
        "approved",
        _("Goes public, or went public, at the time set when it was approved."),
        _("Approved"),
    )
    WITHDRAWN = "withdrawn", _("Given up by its authors."), _("Withdrawn")

    @property
    def is_open(self) -> bool:
        """Whether its authors may still write in it."""
        return self in (ChangesetState.DRAFT, ChangesetState.CHANGES_REQUESTED)


class CorrectionKind(Term):
    """Why a fact replaces an earlier one."""

    CORRECTED = "corrected", _("The tracker was wrong."), _("Corrected")
    EXTENDED = "extended", _("A second statement of the same day was added."), _("Extended")


class Outcome(Term):
    """What a meeting did to a pledge: the terms before its first day against those at the end of its last day."""

    MADE = (
        "made",
        _("There was no pledge before; one was made or signalled at the meeting, or an earlier refusal was given up."),
        _("Made"),
    )
    FIRMED_UP = (
        "firmed_up",
        _("The pledge stands higher on the ladder than before the meeting."),
        _("Firmed up"),
    )
    WEAKENED = (
        "weakened",
        _("The pledge stands lower on the ladder than before the meeting, or was suspended or withdrawn, or lapsed."),
        _("Weakened"),
    )
    REAFFIRMED = (
        "reaffirmed",
        _("The pledge stands where it stood; its terms may have changed, and then the page says how."),
        _("Reaffirmed"),
    )
    RULED_OUT = (
        "ruled_out",
        _("A contribution was refused at the meeting, for the first time or again."),
        _("Ruled out"),
    )


class FactKind(Term):
    """The kinds of facts, as addresses and comments of the desk name them."""

    UPDATE = "update", _("What was said or done about a pledge."), _("Update")
    POSITION = "position", _("What a state said about the guarantees as a whole."), _("Position")
    PARTICIPATION = "participation", _("A state's part in a meeting."), _("Attendance")
    CONDITION_STATE = "condition_state", _("Where a condition stands."), _("State of a condition")
    CLAIM = "claim", _("A number of unnamed states that somebody claimed."), _("Collective claim")
    REQUIREMENT = "requirement", _("A published estimate of what is needed."), _("Requirement")


class EvidenceRule(Term):
    """What a status must rest on. A fact that does not meet its rule is marked for the reviewer, never blocked."""

    OFFICIAL_TEXT = (
        "official_text",
        _("Committed and authorised ask for an official text of the state, of its parliament or of the meeting."),
        _("Official text"),
    )
    TWO_ORIGINS = (
        "two_origins",
        _("Under way and delivered ask for two sources of different publishers, or for an official one and another."),
        _("Two sources of different origin"),
    )
    NAMED_SPEAKER = (
        "named_speaker",
        _("Announced asks for the state itself, or for the chair of a meeting, as the one who said it."),
        _("Said by the state itself"),
    )
    RELIABLE_PUBLISHER = (
        "reliable_publisher",
        _("At least one source is of a publisher that is not rated unreliable (E), nor state media of Russia alone."),
        _("A publisher to rely on"),
    )


class NoticeKind(Term):
    """What people at the desk are told about a changeset."""

    SUBMITTED = "submitted", _("It waits for a reviewer."), _("Waiting for review")
    CHANGES_REQUESTED = "changes_requested", _("A reviewer asked for changes."), _("Changes requested")
    APPROVED = "approved", _("A reviewer approved it."), _("Approved")
    CALLED_BACK = "called_back", _("It was called back before it was public."), _("Called back")
    COMMENTED = "commented", _("Somebody said something about it."), _("Comment")


class DeskRole(Term):
    """What an account may do. The codes are the names of the groups, in the singular."""

    EDITOR = "editor", _("Records facts in changesets."), _("Editor")
    REVIEWER = "reviewer", _("Makes changesets of others public, and may record facts as well."), _("Reviewer")
    ADMINISTRATOR = (
        "administrator",
        _("Invites people and gives roles; neither records facts nor makes them public."),
        _("Administrator"),
    )


class DuplicateKind(Term):
    """Which rows looked alike."""

    PLEDGE = "pledge", _("Two pledges."), _("Pledge")
    UPDATE = "update", _("Two updates."), _("Update")


class DuplicateVerdict(Term):
    """What an editor decided about two rows that looked alike."""

    SAME = "same", _("Both rows are about one and the same thing."), _("The same")
    DIFFERENT = "different", _("They are two different things."), _("Different")


class ImportFormat(Term):
    """In which form rows were handed in."""

    PACKAGE = "package", _("A data package: a ZIP of CSV tables."), _("Data package")
    CSV = "csv", _("A table of text, its columns separated by commas, semicolons or tabs."), _("CSV")
    XLSX = "xlsx", _("A spreadsheet."), _("Spreadsheet")
    PASTED = "pasted", _("Rows copied from a spreadsheet."), _("Pasted rows")


class ImportStage(Term):
    """How far an import has come."""

    READ = "read", _("Read; its columns wait to be named."), _("Read")
    CHECKING = "checking", _("Being looked through."), _("Being checked")
    CHECKED = "checked", _("Looked through; its report is there."), _("Checked")
    DRAFTED = "drafted", _("Its rows are a draft changeset."), _("Drafted")
    DISCARDED = "discarded", _("Thrown away."), _("Discarded")
