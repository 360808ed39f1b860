"""The methodology page: every word with its definition, and the rules by which the figures come about."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from guarantees.clock import canonical
from guarantees.ledger import RULE_VERSION
from guarantees.models import Condition
from guarantees.queries.changes import last_publication
from guarantees.queries.counting import COUNTING_RULES
from guarantees.views.public import ClockRequest, public_page
from guarantees.vocabulary import (
    IMPLIED_BY,
    TRIGGERS,
    Area,
    Attendance,
    Attribution,
    Availability,
    Bindingness,
    Category,
    ChangesetState,
    Concern,
    ConditionCode,
    ConditionsBasis,
    ConditionValue,
    CorrectionKind,
    Credibility,
    EvidenceRule,
    Instrument,
    Outcome,
    QuantityBasis,
    Reliability,
    Role,
    SourceKind,
    Stance,
    StateKind,
    Status,
    Subject,
    SummitFormat,
    SummitKind,
    Term,
    Unit,
)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """One list of words: the anchor under which it stands, its heading, and its terms."""

    anchor: str
    heading: str | Promise
    terms: type[Term]


PLEDGE_WORDS = (
    Vocabulary("category", _("What is contributed"), Category),
    Vocabulary("instrument", _("What an update rests on"), Instrument),
    Vocabulary("bindingness", _("Whether it binds"), Bindingness),
    Vocabulary("attribution", _("Who said it"), Attribution),
    Vocabulary("unit", _("What a number counts"), Unit),
    Vocabulary("quantity-basis", _("Who gave the number"), QuantityBasis),
    Vocabulary("area", _("Where"), Area),
    Vocabulary("conditions-basis", _("What was said about conditions"), ConditionsBasis),
)
OTHER_WORDS = (
    Vocabulary("stance", _("Positions: the stance"), Stance),
    Vocabulary("subject", _("Positions: what they are about"), Subject),
    Vocabulary("outcome", _("What a meeting did to a pledge"), Outcome),
    Vocabulary("summit-kind", _("Meetings: at what level"), SummitKind),
    Vocabulary("summit-format", _("Meetings: how held"), SummitFormat),
    Vocabulary("role", _("Meetings: in what role"), Role),
    Vocabulary("attendance", _("Meetings: how attended"), Attendance),
    Vocabulary("concern", _("Requirements: whose forces"), Concern),
    Vocabulary("state-kind", _("Who acts"), StateKind),
    Vocabulary("source-kind", _("Who published a source"), SourceKind),
    Vocabulary("reliability", _("How far a publisher can be relied on"), Reliability),
    Vocabulary("credibility", _("How far what a source says can be believed"), Credibility),
    Vocabulary("evidence", _("What a status must rest on"), EvidenceRule),
    Vocabulary("correction-kind", _("Why a fact replaces another"), CorrectionKind),
    Vocabulary("changeset-state", _("On the way to the public"), ChangesetState),
)


@public_page
def methodology(request: ClockRequest) -> HttpResponse:
    """Explain the words, the ladder, the rules and the limits: all from the vocabulary and the condition records."""
    conditions = list(Condition.objects.all())
    fixed = {"on": request.clock.on.isoformat(), "known": canonical(last_publication(request.clock))}
    return render(
        request,
        "methodology/methodology.html",
        {
            "rungs": [status for status in Status if status.rank is not None],
            "beside": [status for status in Status if status.rank is None],
            "pledge_words": PLEDGE_WORDS,
            "other_words": OTHER_WORDS,
            "availability": Availability,
            "condition_values": ConditionValue,
            "conditions": [(ConditionCode(condition.code), condition) for condition in conditions],
            "triggers": [code for code in ConditionCode if code in TRIGGERS],
            "implied": [(ConditionCode(code), ConditionCode(by)) for code, by in IMPLIED_BY.items()],
            "counting_rules": COUNTING_RULES,
            "rule_version": RULE_VERSION,
            "citation_url": request.build_absolute_uri(f"{request.path}?{urlencode(fixed, safe=':')}"),
        },
    )
