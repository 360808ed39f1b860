"""What the address of a new source suggests, wherever at the desk a source is added."""

from typing import cast

from django.http import QueryDict
from django.utils.translation import gettext as _

from guarantees import clock, wording
from guarantees.forms.sources import SourceForm, filled
from guarantees.queries import sources as source_queries


def with_proposals(form: SourceForm) -> tuple[QueryDict, list[str]]:
    """Return what was typed with what its address suggests, and in which fields that is."""
    proposal = source_queries.proposed(form.data.get("url", ""), clock.today())
    return filled(cast(QueryDict, form.data), proposal.values)


def proposal_sentence(form: SourceForm, proposed: list[str]) -> str:
    """Return in a sentence which fields hold proposals; empty if none does."""
    names = ", ".join(wording.mid_sentence(str(form.fields[name].label)) for name in proposed)
    sentence = _("Proposed from the address and from sources on record: %(fields)s.") % {"fields": names}
    return sentence if proposed else ""
