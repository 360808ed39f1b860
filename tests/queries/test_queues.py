"""The work queues: what stands in each, counted and read."""

import datetime as dt
from typing import Any

import pytest

from guarantees.clock import Clock
from guarantees.models import Changeset, Publisher, SourceMerge
from guarantees.queries.queues import QUEUES, counts, failing, next_meeting, singles
from tests.factories import (
    ChangesetFactory,
    ParticipationFactory,
    PositionFactory,
    SourceFactory,
    StateFactory,
    SummitFactory,
    UpdateFactory,
    day,
    moment,
    publish,
)

pytestmark = pytest.mark.django_db

CLOCK = Clock(day("2026-03-12"), moment("2026-03-12T18:00:00"))
EARLIER = moment("2026-03-01")


def names(queue: str) -> list[str]:
    return [str(getattr(row, "pledge", row)) for row in QUEUES[queue].rows(CLOCK)]


def on_record(**said: Any) -> Any:
    update = UpdateFactory(**said)
    publish(update.changeset, at=EARLIER)
    return update


def test_facts_with_one_source_are_listed_and_those_with_two_are_not():
    one = on_record()
    on_record(cited=[SourceFactory(), SourceFactory()])
    position = PositionFactory()
    publish(position.changeset, at=EARLIER)
    UpdateFactory()  # a draft
    rows = singles(list(QUEUES["single"].rows(CLOCK)))
    assert [(row.kind, row.fact, row.source) for row in rows] == [
        ("position", position, position.sources.get()),
        ("update", one, one.sources.get()),
    ]
    assert QUEUES["single"].count(CLOCK) == 2


def test_sources_without_headline_or_date_are_listed_once_they_are_public():
    bare = [
        SourceFactory(public_id="a", title="", published_on=day("2025-09-04")),
        SourceFactory(public_id="b", title="Report", published_on=None),
    ]
    full = SourceFactory(published_on=day("2025-09-04"))
    merged = SourceFactory(title="")
    update = on_record(cited=[*bare, full, merged])
    SourceMerge.objects.create(changeset=update.changeset, source=merged, into=full)
    SourceFactory(title="")  # nothing public cites it
    assert list(QUEUES["sources"].rows(CLOCK)) == bare
    assert QUEUES["sources"].count(CLOCK) == 2


def test_a_pledge_is_quiet_after_180_days_unless_nothing_more_is_expected():
    on_record(pledge__title="Quiet", date=CLOCK.on - dt.timedelta(days=181))
    on_record(pledge__title="Heard of", date=CLOCK.on - dt.timedelta(days=180))
    on_record(pledge__title="Refused", status="ruled_out", date=day("2025-01-01"))
    on_record(pledge__title="Quieter", date=day("2025-02-01"))
    assert names("quiet") == ["Quieter", "Quiet"]
    assert QUEUES["quiet"].count(CLOCK) == 2


def test_those_who_attend_the_next_meeting_are_expected_to_speak():
    coming, absent = StateFactory(), StateFactory()
    on_record(pledge__title="Expected", pledge__state=coming)
    on_record(pledge__title="Kept", pledge__state=coming, status="delivered")
    on_record(pledge__title="Not there", pledge__state=absent)
    past = ParticipationFactory(state=absent)
    publish(past.changeset, at=EARLIER)
    assert (next_meeting(CLOCK), names("expected")) == (None, [])
    summit = SummitFactory(title="Next", start_date=day("2026-03-20"))
    given_up = ChangesetFactory(state="withdrawn")
    ParticipationFactory(summit=SummitFactory(start_date=day("2026-03-15")), state=absent, changeset=given_up)
    ParticipationFactory(summit=summit, state=coming)
    assert (next_meeting(CLOCK), names("expected")) == (summit, ["Expected"])
    assert QUEUES["expected"].count(CLOCK) == 1


def test_a_status_without_its_evidence_is_listed_with_the_rule():
    on_record(pledge__title="Bare", status="committed")
    on_record(pledge__title="Sound", status="committed", cited=[SourceFactory(kind="official")])
    tabloid = SourceFactory(publisher="Tabloid")
    Publisher.objects.create(name="Tabloid", reliability="E", reason="It makes things up.")
    on_record(pledge__title="Tale", status="signalled", cited=[tabloid])
    assert [(row.entry.pledge.title, [verdict.rule for verdict in row.verdicts]) for row in failing(CLOCK)] == [
        ("Bare", ["official_text"]),
        ("Tale", ["reliable_publisher"]),
    ]
    assert QUEUES["unmet"].count(CLOCK) == 2


def test_a_status_rests_on_all_updates_of_its_run():
    first = on_record(status="under_way", date=day("2025-09-04"), cited=[SourceFactory(publisher="One")])
    assert len(failing(CLOCK)) == 1
    second = UpdateFactory(
        pledge=first.pledge,
        status="under_way",
        date=day("2025-10-04"),
        changeset=ChangesetFactory(),
        cited=[SourceFactory(publisher="Two")],
    )
    publish(second.changeset, at=EARLIER)
    assert failing(CLOCK) == []


def test_what_waits_longest_stands_first():
    for title, at in (("Young", "2026-03-11"), ("Old", "2026-03-02")):
        ChangesetFactory(title=title, state="submitted", submitted_at=moment(at))
    ChangesetFactory(title="Draft")
    assert names("waiting") == ["Old", "Young"]


@pytest.mark.parametrize("rows", [1, 3])
def test_counting_asks_as_many_questions_for_one_row_as_for_three(rows: int, django_assert_num_queries: Any):
    for _n in range(rows):
        on_record(status="committed", date=day("2025-02-01"))
    Changeset.objects.filter(pk=ChangesetFactory().pk).update(state="submitted")
    with django_assert_num_queries(10):
        found = {queue.name: number for queue, number in counts(CLOCK)}
    assert found == {
        "waiting": 1,
        "expected": 0,
        "quiet": rows,
        "unmet": rows,
        "single": rows,
        "sources": rows,
    }
