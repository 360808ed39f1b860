"""How credible a statement is, proposed from facts; and the writing of a citation."""

from itertools import product

import pytest
from django.core.exceptions import ValidationError

from guarantees.editing import citations
from guarantees.editing.citations import PROPOSALS, proposed_credibility
from guarantees.editing.errors import Forbidden, Refused, Stale
from guarantees.editing.rows import fingerprint
from guarantees.vocabulary import Credibility
from tests.factories import SourceFactory, UpdateFactory, UserFactory, editor, moment, publish


def number(seen: bool, second: bool, contradicted: bool) -> int:
    proposal = proposed_credibility(original_seen=seen, second_source=second, contradicted=contradicted)
    return int(proposal.credibility)


def test_every_answer_has_its_proposal():
    assert set(PROPOSALS) == set(product((True, False), repeat=3))
    assert {key: int(proposal.credibility) for key, proposal in PROPOSALS.items()} == {
        (True, True, False): 1,
        (False, True, False): 2,
        (True, False, False): 3,
        (True, True, True): 3,
        (False, True, True): 4,
        (True, False, True): 4,
        (False, False, True): 5,
        (False, False, False): 6,
    }


@pytest.mark.parametrize(("seen", "contradicted"), list(product((True, False), repeat=2)))
def test_a_second_source_never_makes_it_less_credible(seen: bool, contradicted: bool):
    assert number(seen, True, contradicted) < number(seen, False, contradicted)


@pytest.mark.parametrize(("second", "contradicted"), list(product((True, False), repeat=2)))
def test_having_seen_the_original_never_makes_it_less_credible(second: bool, contradicted: bool):
    assert number(True, second, contradicted) < number(False, second, contradicted)


@pytest.mark.parametrize(("seen", "second"), [(True, True), (True, False), (False, True)])
def test_a_contradiction_never_makes_it_more_credible(seen: bool, second: bool):
    assert number(seen, second, True) > number(seen, second, False)


def test_what_cannot_be_judged_is_where_nothing_is_known():
    assert [key for key, p in PROPOSALS.items() if p.credibility is Credibility.CANNOT_BE_JUDGED] == [
        (False, False, False)
    ]


@pytest.mark.django_db
def test_a_citation_is_written_by_who_may_write_and_nobody_else():
    row = UpdateFactory()
    source = row.sources.get()
    seen = fingerprint(row.citations.get(), citations.CITATION_FIELDS)
    values = {"locator": "p. 4", "credibility": 2, "fact_id": 7}
    with pytest.raises(Forbidden):
        citations.edit_citation(by=UserFactory(), fact=row, source=source, seen=seen, values=values)
    anna = editor()
    written = citations.edit_citation(by=anna, fact=row, source=source, seen=seen, values=values)
    assert (written.locator, written.credibility, written.fact) == ("p. 4", 2, row)
    assert [*row.changeset.authors.all()] == [anna]
    with pytest.raises(Stale):
        citations.edit_citation(by=anna, fact=row, source=source, seen=seen, values={"locator": "p. 5"})
    with pytest.raises(Refused, match="taken off the row meanwhile"):
        citations.edit_citation(by=anna, fact=row, source=SourceFactory(), seen=seen, values=values)
    fresh = fingerprint(row.citations.get(), citations.CITATION_FIELDS)
    with pytest.raises(ValidationError) as refused:
        citations.edit_citation(by=anna, fact=row, source=source, seen=fresh, values={"credibility": 9})
    assert refused.value.message_dict == {"credibility": ["Ensure this value is less than or equal to 6."]}
    publish(row.changeset, at=moment("2026-01-01"))
    row.refresh_from_db()
    with pytest.raises(Refused):
        citations.edit_citation(by=anna, fact=row, source=source, seen=fresh, values={"locator": "p. 6"})
