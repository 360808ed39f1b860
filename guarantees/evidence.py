"""The rules of evidence: on what a status has to rest, judged by the sources of the update that claims it.

Pure: the caller gives the sources. A rule that is not met is a warning for the reviewer and forbids nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from guarantees.vocabulary import Attribution, EvidenceRule, Reliability, SourceKind, Status
from guarantees.wording import mid_sentence

NEEDS_OFFICIAL_TEXT = frozenset({Status.COMMITTED, Status.AUTHORISED})
NEEDS_TWO_ORIGINS = frozenset({Status.UNDER_WAY, Status.DELIVERED})


@dataclass(frozen=True, slots=True)
class Cited:
    """A source as the rules see it; ``reliability`` is the letter of its publisher, empty where none is given."""

    kind: str
    publisher: str
    reliability: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an update meets a rule, and why, in a sentence."""

    rule: EvidenceRule
    passes: bool
    reason: str


def raises(status: str, earlier: str | None) -> bool:
    """Whether an update claims a rung that the pledge did not have: above the earlier status, or the first of all."""
    rank = Status(status).rank
    before = Status(earlier).rank if earlier else None
    return rank is not None and rank > (before or 0)


def verdicts(status: str, attributions: Iterable[str], sources: Sequence[Cited]) -> list[Verdict]:
    """Return what each rule that applies to a status says of the sources, and of who said it.

    Nothing applies off the ladder, and nothing but the reliability of the publishers to what is merely signalled.
    """
    claimed = Status(status)
    if claimed.rank is None:
        return []
    found = []
    if claimed in NEEDS_OFFICIAL_TEXT:
        found.append(_official_text(claimed, sources))
    if claimed in NEEDS_TWO_ORIGINS:
        found.append(_two_origins(claimed, sources))
    if claimed.counts:
        found.append(_named_speaker(claimed, [Attribution(said) for said in attributions]))
    found.append(_reliable_publisher(sources))
    return found


def _official_text(claimed: Status, sources: Sequence[Cited]) -> Verdict:
    official = sorted({source.publisher for source in sources if source.kind == SourceKind.OFFICIAL})
    if official:
        reason = _("There is an official text: %(publishers)s.") % {"publishers": ", ".join(official)}
    else:
        reason = _("“%(status)s” asks for an official text, and no source is one.") % {"status": claimed.label}
    return Verdict(EvidenceRule.OFFICIAL_TEXT, bool(official), reason)


def _two_origins(claimed: Status, sources: Sequence[Cited]) -> Verdict:
    """A publisher is an origin; what it publishes as an official text is one of its own."""
    origins = {(source.publisher.casefold(), source.kind == SourceKind.OFFICIAL): source for source in sources}
    names = ", ".join(sorted({source.publisher for source in origins.values()}))
    if len(origins) > 1:
        reason = _("The sources have %(number)d origins: %(publishers)s.") % {
            "number": len(origins),
            "publishers": names,
        }
    elif origins:
        reason = _("“%(status)s” asks for two sources of different origin, and all here is from %(publishers)s.") % {
            "status": claimed.label,
            "publishers": names,
        }
    else:
        reason = _("“%(status)s” asks for two sources of different origin, and there is none.") % {
            "status": claimed.label
        }
    return Verdict(EvidenceRule.TWO_ORIGINS, len(origins) > 1, reason)


def _named_speaker(claimed: Status, attributions: Sequence[Attribution]) -> Verdict:
    own = [said for said in attributions if said.is_own]
    if own:
        reason = _("Said by: %(who)s.") % {"who": mid_sentence(str(own[0].label))}
    else:
        reason = _(
            "The press and third parties never raise a pledge above signalled, and “%(status)s” is above it."
        ) % {"status": claimed.label}
    return Verdict(EvidenceRule.NAMED_SPEAKER, bool(own), reason)


def _reliable_publisher(sources: Sequence[Cited]) -> Verdict:
    good = sorted({source.publisher for source in sources if _is_reliable(source)})
    if good:
        reason = _("Nothing speaks against %(publishers)s.") % {"publishers": ", ".join(good)}
    elif sources:
        names = ", ".join(sorted({source.publisher for source in sources}))
        reason = _("It rests on publishers rated unreliable or directed by a state alone: %(publishers)s.") % {
            "publishers": names
        }
    else:
        reason = _("There is no source.")
    return Verdict(EvidenceRule.RELIABLE_PUBLISHER, bool(good), reason)


def _is_reliable(source: Cited) -> bool:
    return source.kind != SourceKind.STATE_MEDIA and source.reliability != Reliability.E
