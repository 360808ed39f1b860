"""Citations of drafts: where in a source something stands, and how far it can be believed there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from django.contrib.auth.models import User
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from guarantees.editing.changesets import writable
from guarantees.editing.errors import Refused, Stale
from guarantees.editing.rows import check, deed, fingerprint, tidied
from guarantees.models import Source
from guarantees.models.base import Citation, Fact
from guarantees.vocabulary import Credibility

CITATION_FIELDS = ("locator", "credibility")
"""The columns of a citation that people write."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A number of credibility that the facts suggest, and why."""

    credibility: Credibility
    reason: str | Promise


PROPOSALS: dict[tuple[bool, bool, bool], Proposal] = {
    (True, True, False): Proposal(
        Credibility.CONFIRMED, _("You saw the original, and an independent source says the same.")
    ),
    (False, True, False): Proposal(
        Credibility.PROBABLY_TRUE, _("An independent source says the same, but the original was not seen.")
    ),
    (True, False, False): Proposal(
        Credibility.POSSIBLY_TRUE, _("You saw the original; nothing else is known for or against it.")
    ),
    (True, True, True): Proposal(
        Credibility.POSSIBLY_TRUE, _("You saw the original; one source says the same, another contradicts it.")
    ),
    (False, True, True): Proposal(
        Credibility.DOUBTFUL,
        _("The original was not seen; one source says the same, another contradicts it."),
    ),
    (True, False, True): Proposal(
        Credibility.DOUBTFUL, _("You saw the original, but another source contradicts it and none says the same.")
    ),
    (False, False, True): Proposal(
        Credibility.IMPROBABLE, _("The original was not seen, and another source contradicts it.")
    ),
    (False, False, False): Proposal(
        Credibility.CANNOT_BE_JUDGED, _("The original was not seen, and nothing else is known for or against it.")
    ),
}
"""The proposal for every answer to: original text seen? a second independent source? contradicted by another?

A confirmation never makes a number worse and a contradiction never better. 6 is no place on that scale: it says that
there is nothing to judge by. Who published the text plays no part; that is the letter of the publisher.
"""


def proposed_credibility(*, original_seen: bool, second_source: bool, contradicted: bool) -> Proposal:
    """Return the number that the three facts suggest, with its reason; the editor may choose another."""
    return PROPOSALS[original_seen, second_source, contradicted]


@deed
def edit_citation(*, by: User, fact: Fact, source: Source, seen: str, values: Mapping[str, Any]) -> Citation:
    """Write locator and credibility of a draft's citation, if nobody has changed them since they were ``seen``.

    ``seen`` is their :func:`fingerprint`. The same values again change nothing. Raises Stale (who is not known),
    ValidationError, Refused and Forbidden.
    """
    writable(by, fact.changeset_id)
    if not type(fact)._default_manager.filter(pk=fact.pk, known__isnull=True).exists():
        raise Refused(str(_("This row is public, or has been deleted meanwhile.")))
    citations = fact.citations.select_related("source")  # type: ignore[attr-defined]  # each kind has its own
    citation: Citation | None = citations.filter(source=source).first()
    if citation is None:
        raise Refused(str(_("This source has been taken off the row meanwhile.")))
    changes = {name: value for name, value in tidied(values).items() if name in CITATION_FIELDS}
    if all(getattr(citation, name) == value for name, value in changes.items()):
        return citation
    if fingerprint(citation, CITATION_FIELDS) != seen:
        raise Stale(cast(Any, citation), "", None)
    for name, value in changes.items():
        setattr(citation, name, value)
    check(citation)
    citation.save(update_fields=CITATION_FIELDS)
    return citation
