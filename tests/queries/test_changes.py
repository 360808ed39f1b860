"""The change log: what went public when, what it brought, and what a correction changed."""

import pytest
from django.utils import translation

from guarantees.clock import Clock
from guarantees.models import Changeset, Retraction
from guarantees.queries import changes
from guarantees.queries.changes import KINDS, Difference
from tests.factories import (
    ChangesetFactory,
    ClaimFactory,
    ConditionStateFactory,
    ParticipationFactory,
    PledgeFactory,
    PositionFactory,
    RequirementFactory,
    SourceFactory,
    StateFactory,
    SummitFactory,
    UpdateFactory,
    day,
    moment,
    publish,
)

PRESENT = Clock(day("2026-11-24"), moment("2026-11-24"))


def known_at(text: str) -> Clock:
    return Clock(PRESENT.on, moment(text))


def test_only_changesets_that_have_gone_public_are_listed_with_the_newest_first(db: None):
    first, second, ahead = (ChangesetFactory(title=title) for title in ("first", "second", "ahead"))
    publish(first, moment("2026-01-01"))
    publish(second, moment("2026-02-01"))
    publish(ahead, moment("2027-01-01"))
    ChangesetFactory(title="draft")
    assert list(changes.public_changesets(PRESENT)) == [second, first]
    assert list(changes.public_changesets(known_at("2026-01-31"))) == [first]


def test_what_is_known_now_has_been_known_since_the_last_publication(db: None):
    assert changes.last_publication(PRESENT) == PRESENT.known
    publish(ChangesetFactory(), moment("2026-01-01"))
    publish(ChangesetFactory(), moment("2027-01-01"))
    assert changes.last_publication(PRESENT) == moment("2026-01-01")


@pytest.fixture
def everything(db: None) -> Changeset:
    """A public changeset that brought one row of each kind."""
    old = UpdateFactory(public_id="retracted")
    publish(old.changeset, moment("2026-01-01"))
    changeset = ChangesetFactory()
    summit = SummitFactory(changeset=changeset, slug="meeting")
    pledge = PledgeFactory(changeset=changeset, slug="pledge")
    UpdateFactory(changeset=changeset, pledge=pledge, public_id="update")
    PositionFactory(changeset=changeset, public_id="position")
    ParticipationFactory(changeset=changeset, summit=summit, public_id="participation")
    ConditionStateFactory(changeset=changeset, public_id="condition-state")
    ClaimFactory(changeset=changeset, public_id="claim")
    RequirementFactory(changeset=changeset, public_id="requirement")
    Retraction.objects.create(changeset=changeset, update=old, reason="It was another state.")
    return publish(changeset, moment("2026-02-01"))


def test_a_changeset_tells_how_many_rows_of_which_kind_it_brought(everything: Changeset):
    contents = changes.contents([everything])[everything.pk]
    assert [(kind.code, number) for kind, number in contents.kinds] == [(code, 1) for code in KINDS]
    assert contents.corrections == 0


def test_rows_of_each_kind_are_read_with_what_they_refer_to(everything: Changeset):
    read = {
        code: [getattr(row, "public_id", "") or getattr(row, "slug", "") for row in changes.rows(everything, kind)]
        for code, kind in KINDS.items()
    }
    assert read == {
        "update": ["update"],
        "position": ["position"],
        "participation": ["participation"],
        "condition-state": ["condition-state"],
        "claim": ["claim"],
        "requirement": ["requirement"],
        "retraction": [""],
        "pledge": ["pledge"],
        "summit": ["meeting"],
    }


def test_a_retraction_tells_which_fact_it_ended_and_why(everything: Changeset):
    (retraction,) = changes.rows(everything, KINDS["retraction"])
    told = changes.retracted(retraction)
    assert (told.kind, told.fact.public_id, told.reason) == ("update", "retracted", "It was another state.")


def test_a_retraction_of_nothing_is_called_a_fault():
    with pytest.raises(LookupError, match="retraction None names no fact"):
        changes.retracted(Retraction(reason="?"))


def test_an_empty_changeset_brought_nothing(db: None):
    changeset = publish(ChangesetFactory(), moment("2026-01-01"))
    assert changes.contents([changeset]) == {changeset.pk: changes.Contents([], 0)}


def test_corrections_are_counted_apart(db: None):
    wrong = UpdateFactory()
    publish(wrong.changeset, moment("2026-01-01"))
    right = UpdateFactory(
        pledge=wrong.pledge, corrects=wrong, correction_kind="corrected", changeset=ChangesetFactory()
    )
    UpdateFactory(changeset=right.changeset)
    publish(right.changeset, moment("2026-02-01"))
    contents = changes.contents([right.changeset])[right.changeset_id]
    assert ([(kind.code, number) for kind, number in contents.kinds], contents.corrections) == (
        [("update", 2), ("pledge", 1)],
        1,
    )


def test_a_correction_tells_in_words_what_it_changed(db: None):
    gazette, agency = SourceFactory(public_id="gazette"), SourceFactory(public_id="agency", publisher="Example Agency")
    wrong = UpdateFactory(
        status="announced", date=day("2025-09-03"), conditions_basis="stated", conditions=["ceasefire"], cited=[gazette]
    )
    right = UpdateFactory(
        pledge=wrong.pledge,
        status="committed",
        date=day("2025-09-04"),
        quantity_min=4000,
        quantity_max=5000,
        unit="personnel",
        quantity_basis="stated",
        conditions_basis="stated",
        conditions=["ceasefire", "us_backstop"],
        summit=SummitFactory(title="Paris"),
        summary=wrong.summary,
        corrects=wrong,
        correction_kind="corrected",
        cited=[gazette, agency],
    )
    assert changes.differences(wrong, right) == [
        Difference("Date", "3 September 2025", "4 September 2025"),
        Difference("Summit", "", "Paris"),
        Difference("Status", "Announced", "Committed"),
        Difference("At least", "", "4,000"),
        Difference("At most", "", "5,000"),
        Difference("Unit", "", "personnel"),
        Difference("Number given by", "", "Stated"),
        Difference("Conditions", "Ceasefire", "Ceasefire, US backstop"),
        Difference("Sources", "Example Gazette (gazette)", "Example Agency (agency), Example Gazette (gazette)"),
    ]


def test_a_corrected_state_is_named_in_the_language_of_the_reader(db: None):
    wrong = PositionFactory(state=StateFactory(code="AUT", name="Austria"), topic="Role", cited=[])
    right = PositionFactory(state=StateFactory(code="DEU", name="Germany"), topic="Role", cited=[])
    assert changes.differences(wrong, right) == [Difference("State", "Austria", "Germany")]
    with translation.override("de"):
        assert [(told.earlier, told.later) for told in changes.differences(wrong, right)] == [
            ("Österreich", "Deutschland")
        ]


def test_facts_that_say_the_same_do_not_differ(db: None):
    source = SourceFactory()
    one = ClaimFactory(slug="same", cited=[source])
    other = ClaimFactory(slug="same", cited=[source])
    assert changes.differences(one, other) == []


def test_the_first_publication_of_the_real_record(record: Changeset):
    contents = changes.contents([record])[record.pk]
    assert [(kind.code, number) for kind, number in contents.kinds] == [
        ("update", 303),
        ("position", 151),
        ("participation", 563),
        ("claim", 10),
        ("requirement", 12),
        ("pledge", 130),
        ("summit", 75),
    ]
