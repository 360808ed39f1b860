"""The life of changesets, at random: whatever people do in whatever order, the record keeps its promises."""

import datetime as dt
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import transaction
from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from guarantees import clock, ledger
from guarantees.clock import Clock
from guarantees.editing import changesets, facts, merges, rebase, reversal
from guarantees.editing import undo as undoing
from guarantees.editing.errors import Forbidden, Refused, Stale
from guarantees.editing.rows import fingerprint
from guarantees.models import Changeset, LedgerEntry, Pledge, PledgeUpdate, Position, Source
from guarantees.vocabulary import ChangesetState, Status
from tests.factories import PledgeFactory, SourceFactory, StateFactory, day, editor, moment, reviewer

START = moment("2026-03-12T12:00:00")
ON = day("2026-06-01")
SAID = {"summary": "It said so.", "attribution": "by_self"}

pick = st.integers(min_value=0, max_value=10_000)
status = st.sampled_from([*Status])
days = st.integers(min_value=0, max_value=4)


class Undone(Exception):
    """Undoes what one example wrote."""


class Life(RuleBasedStateMachine):
    """Two editors and two reviewers, one of whom writes too, over a few pledges and days."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.travel = self.stack.enter_context(time_machine.travel(START, tick=False))
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.seen: dict[dt.datetime, Any] = {}
        self.hashes: dict[int, str] = {}
        # What stands in the forms that people have open, and the text last saved for each draft.
        self.forms: dict[tuple[int, int], tuple[int, str, str]] = {}
        self.typed: dict[int, str] = {}
        self.offers: list[tuple[str, int, str, str]] = []
        self.count = 0

    @initialize()
    def people(self) -> None:
        self.people = [editor(), editor(), reviewer()]
        self.judges = [reviewer(), self.people[2]]
        self.sources = [SourceFactory(), SourceFactory()]
        self.state = StateFactory()
        ground = PledgeFactory(state=self.state)
        Pledge.objects.filter(pk=ground.pk).update(visible_from=START - dt.timedelta(days=1))
        self.pledge = Pledge.objects.get(pk=ground.pk)
        for by in self.people[:2]:
            changeset = changesets.start(by=by, title=f"Changeset of {by}", reason="For a test.")
            values = SAID | {"date": START.date() - dt.timedelta(days=5), "status": "announced"}
            about = {"state": self.state, "category": "troops", "title": f"Troops {by}"}
            facts.add_update(by=by, changeset=changeset, values=values, sources=self.sources, **about)

    def teardown(self) -> None:
        try:
            self.check_the_past()
            assert ledger.differing() == []
        finally:
            self.savepoint.__exit__(Undone, Undone(), None)
            self.stack.close()

    def attempt(self, deed: Callable[..., Any], **what: Any) -> Any:
        """Do something that may be refused; nothing else may go wrong."""
        try:
            return deed(**what)
        except (Refused, Stale, Forbidden, ValidationError):
            return None

    def person(self, number: int) -> Any:
        return self.people[number % len(self.people)]

    @staticmethod
    def some(rows: Any, number: int) -> Any:
        listed = list(rows.order_by("pk"))
        return listed[number % len(listed)] if listed else None

    def changeset(self, number: int) -> Any:
        return self.some(Changeset.objects.exclude(pk=self.pledge.changeset_id), number)

    # --- Writing

    @rule(who=pick)
    def start(self, who: int) -> None:
        self.attempt(changesets.start, by=self.person(who), title=f"Changeset {who}", reason="For a test.")

    @precondition(lambda self: self.changeset(0))
    @rule(who=pick, where=pick, day_number=days, status=status, sourced=st.booleans(), new=st.booleans())
    def add_update(self, who: int, where: int, day_number: int, status: Status, sourced: bool, new: bool) -> None:
        about: dict[str, Any] = {"pledge": self.pledge}
        if new:
            about = {"state": self.state, "category": "training", "title": f"Training {day_number % 2}"}
        self.attempt(
            facts.add_update,
            by=self.person(who),
            changeset=self.changeset(where),
            values=SAID | {"date": START.date() - dt.timedelta(days=day_number), "status": status.value},
            sources=self.sources[:1] if sourced else [],
            **about,
        )

    @precondition(lambda self: self.changeset(0))
    @rule(who=pick, where=pick, day_number=days)
    def add_position(self, who: int, where: int, day_number: int) -> None:
        values = {"state": self.state, "date": START.date() - dt.timedelta(days=day_number), "topic": "A force"}
        self.attempt(
            facts.add_position,
            by=self.person(who),
            changeset=self.changeset(where),
            values=values | {"subject": "guarantees", "stance": "supports", "summary": "For it."},
            sources=self.sources[1:],
        )

    @precondition(lambda self: PledgeUpdate.objects.exists())
    @rule(who=pick, which=pick, status=status, late=st.booleans())
    def edit(self, who: int, which: int, status: Status, late: bool) -> None:
        update = self.some(PledgeUpdate.objects.all(), which)
        version = update.version - late
        seen = "" if late else fingerprint(update, ["status"])
        values = {"status": status.value}
        self.attempt(facts.edit, by=self.person(who), fact=update, version=version, seen=seen, values=values)

    @precondition(lambda self: PledgeUpdate.objects.drafts().exists())
    @rule(which=pick, who=st.permutations(range(3)), saving=st.integers(0, 3), insists=st.booleans())
    def type(self, which: int, who: list[int], saving: int, insists: bool) -> None:
        """Everybody opens the summary of one draft; some of them save now, the others later or never."""
        update = self.some(PledgeUpdate.objects.drafts(), which)
        seen = fingerprint(update, ["summary"])
        for person in who:
            self.forms.setdefault((person, update.pk), (update.version, seen, update.summary))
        for person in who[:saving]:
            self.save(person, update.pk, insists)

    def save(self, who: int, pk: int, insists: bool) -> None:
        """Save one form. Whoever overwrites something has seen what they overwrite."""
        version, seen, read = self.forms.pop((who, pk))
        row = PledgeUpdate.objects.filter(pk=pk).first()
        if row is None:
            return
        before, self.count = row.summary, self.count + 1
        text = f"Typed {self.count}."
        try:
            written = facts.edit(by=self.people[who], fact=row, version=version, seen=seen, values={"summary": text})
        except Stale as stale:
            event("two people typed in one cell")
            assert stale.current.summary == before != read  # type: ignore[attr-defined]
            if insists:
                self.forms[who, pk] = (stale.current.version, fingerprint(stale.current, ["summary"]), before)
        except Refused:
            assert PledgeUpdate.objects.get(pk=pk).summary == before
        else:
            assert before == read
            self.typed[pk] = text
            self.offers.append((undoing.offer(written, ["summary"], {"summary": before}), pk, before, text))

    @precondition(lambda self: self.offers)
    @rule(who=pick, which=pick)
    def undo(self, who: int, which: int) -> None:
        """Undo one save; what somebody has typed over it since stays."""
        offer, pk, before, text = self.offers[which % len(self.offers)]
        now = PledgeUpdate.objects.filter(pk=pk).values_list("summary", flat=True).first()
        try:
            undoing.undo(by=self.person(who), offered=undoing.read(offer))
        except (Refused, Stale):
            assert PledgeUpdate.objects.filter(pk=pk).values_list("summary", flat=True).first() == now
        else:
            event("undone")
            assert now in (before, text)
            self.typed[pk] = before

    @precondition(lambda self: PledgeUpdate.objects.exists())
    @rule(who=pick, which=pick, day_number=days)
    def move(self, who: int, which: int, day_number: int) -> None:
        update = self.some(PledgeUpdate.objects.all(), which)
        values = {"date": START.date() - dt.timedelta(days=day_number)}
        self.attempt(facts.edit, by=self.person(who), fact=update, version=update.version, seen="", values=values)

    @precondition(lambda self: PledgeUpdate.objects.exists())
    @rule(who=pick, which=pick)
    def cite(self, who: int, which: int) -> None:
        update = self.some(PledgeUpdate.objects.all(), which)
        self.attempt(facts.cite, by=self.person(who), fact=update, source=self.sources[0])

    @precondition(lambda self: PledgeUpdate.objects.exists())
    @rule(who=pick, which=pick)
    def uncite(self, who: int, which: int) -> None:
        update = self.some(PledgeUpdate.objects.all(), which)
        self.attempt(facts.uncite, by=self.person(who), fact=update, source=self.sources[0])

    @precondition(lambda self: PledgeUpdate.objects.exists())
    @rule(who=pick, which=pick)
    def delete(self, who: int, which: int) -> None:
        self.attempt(facts.delete, by=self.person(who), fact=self.some(PledgeUpdate.objects.all(), which))

    @precondition(lambda self: self.changeset(0) and PledgeUpdate.objects.filter(known__isnull=False))
    @rule(who=pick, where=pick, which=pick, status=status)
    def correct(self, who: int, where: int, which: int, status: Status) -> None:
        update = self.some(PledgeUpdate.objects.filter(known__isnull=False), which)
        self.attempt(
            facts.correct,
            by=self.person(who),
            changeset=self.changeset(where),
            fact=update,
            values={"status": status.value},
            sources=self.sources,
        )

    @precondition(lambda self: self.changeset(0) and PledgeUpdate.objects.filter(known__isnull=False))
    @rule(who=pick, where=pick, which=pick)
    def retract(self, who: int, where: int, which: int) -> None:
        update = self.some(PledgeUpdate.objects.filter(known__isnull=False), which)
        person, changeset = self.person(who), self.changeset(where)
        self.attempt(facts.retract, by=person, changeset=changeset, fact=update, reason="Never said.")

    # --- Deciding

    @precondition(lambda self: self.changeset(0))
    @rule(who=pick, where=pick)
    def submit(self, who: int, where: int) -> None:
        self.attempt(changesets.submit, by=self.person(who), changeset=self.changeset(where))

    @precondition(lambda self: self.changeset(0))
    @rule(who=pick, where=pick)
    def withdraw(self, who: int, where: int) -> None:
        self.attempt(changesets.withdraw, by=self.person(who), changeset=self.changeset(where))

    @precondition(lambda self: self.changeset(0))
    @rule(who=pick, where=pick)
    def request_changes(self, who: int, where: int) -> None:
        self.attempt(changesets.request_changes, by=self.person(who), changeset=self.changeset(where), comment="Why?")

    @precondition(lambda self: self.changeset(0))
    @rule(where=pick)
    def look(self, where: int) -> None:
        changeset = self.changeset(where)
        self.hashes[changeset.pk] = changesets.digest(changeset)

    @staticmethod
    def reasons(changeset: Changeset) -> dict[str, str]:
        """A reason for each warning: they never block."""
        warnings = changesets.examine(changeset, clock.now() + changesets.LEAD).warnings
        return {changesets.reason_name(pk, verdict.rule): "It may stand." for pk, verdict in warnings}

    @precondition(lambda self: self.changeset(0))
    @rule(who=pick, where=pick, hours=st.sampled_from([None, 1, 3]), looks=st.booleans())
    def approve(self, who: int, where: int, hours: int | None, looks: bool) -> None:
        changeset = self.changeset(where)
        actual = changesets.digest(changeset)
        seen = actual if looks else self.hashes.get(changeset.pk, "")
        by, before = self.judges[who % 2], changeset.state
        wrote = changeset.authors.filter(pk=by.pk).exists()
        done = self.attempt(
            changesets.approve,
            by=by,
            changeset=changeset,
            seen=seen,
            goes_public_at=clock.now() + dt.timedelta(hours=hours) if hours else None,
            reasons=self.reasons(changeset),
        )
        if done is not None:
            assert (before, wrote, seen) == (ChangesetState.SUBMITTED, False, actual)

    @precondition(lambda self: self.changeset(0))
    @rule(where=pick, hours=st.sampled_from([None, 2]))
    def bring_through(self, where: int, hours: int | None) -> None:
        """Take a changeset all the way, if its content allows it: chance alone seldom gets that far."""
        changeset = self.changeset(where)
        authors = [*changeset.authors.all()]
        others = [person for person in self.judges if person not in authors]
        if authors and others:
            for problem in changesets.examine(changeset, clock.now() + changesets.LEAD).problems:
                if problem.fact is not None:
                    self.attempt(facts.delete, by=authors[0], fact=problem.fact)
            self.attempt(changesets.submit, by=authors[0], changeset=changeset)
            at = clock.now() + dt.timedelta(hours=hours) if hours else None
            seen = changesets.digest(changeset)
            why = self.reasons(changeset)
            self.attempt(
                changesets.approve, by=others[0], changeset=changeset, seen=seen, goes_public_at=at, reasons=why
            )
            changeset.refresh_from_db()
            event(f"brought through: {changeset.state}")

    @precondition(lambda self: self.changeset(0))
    @rule(who=pick, where=pick)
    def call_back(self, who: int, where: int) -> None:
        self.attempt(changesets.call_back, by=self.person(who), changeset=self.changeset(where))

    @precondition(lambda self: self.changeset(0))
    @rule(who=pick, where=pick, hours=st.integers(1, 4))
    def postpone(self, who: int, where: int, hours: int) -> None:
        at = clock.now() + dt.timedelta(hours=hours)
        by = self.judges[who % 2]
        self.attempt(changesets.move, by=by, changeset=self.changeset(where), goes_public_at=at)

    @precondition(lambda self: self.changeset(0))
    @rule(who=pick, where=pick)
    def rebase(self, who: int, where: int) -> None:
        self.attempt(rebase.rebase, by=self.person(who), changeset=self.changeset(where))

    @precondition(lambda self: self.changeset(0))
    @rule(who=pick, where=pick)
    def revert(self, who: int, where: int) -> None:
        self.attempt(reversal.revert, by=self.person(who), changeset=self.changeset(where), reason="It was wrong.")

    @precondition(lambda self: self.changeset(0))
    @rule(who=pick, where=pick, which=st.permutations(range(3)))
    def merge(self, who: int, where: int, which: list[int]) -> None:
        pledge, into, _rest = (self.some(Pledge.objects.filter(category="troops"), number) for number in which)
        person, changeset = self.person(who), self.changeset(where)
        resolved = {clash.name: merges.LEFT_OUT for clash in merges.plan(pledge, into).clashes}
        self.attempt(merges.merge_pledges, by=person, changeset=changeset, pledge=pledge, into=into, resolved=resolved)

    @rule(seconds=st.sampled_from([1, 3, 3600, 7200]))
    def wait(self, seconds: int) -> None:
        self.check_the_past()
        now = clock.now()
        self.seen[now] = self.record_at(now)
        self.travel.shift(dt.timedelta(seconds=seconds))

    # --- What always holds

    @staticmethod
    def record_at(known: dt.datetime) -> Any:
        """All that a reader could see, as known at a moment."""
        at = Clock(ON, known)
        return (
            [*LedgerEntry.objects.in_force(at).order_by("pledge").values_list("pledge", "status", "latest_update")],
            [*PledgeUpdate.objects.as_of(at).order_by("pk").values_list("pk", "date", "status")],
            [*Position.objects.as_of(at).order_by("pk").values_list("pk", "stance")],
            [*Pledge.objects.visible(at).order_by("pk").values_list("slug")],
            [*Source.objects.visible(at).order_by("pk").values_list("pk")],
        )

    def check_the_past(self) -> None:
        """What was known at a moment is known of it for ever."""
        for known, seen in self.seen.items():
            assert self.record_at(known) == seen

    @invariant()
    def only_what_is_approved_is_known_and_only_from_its_time_on(self) -> None:
        for model in (PledgeUpdate, Position):
            for fact in model.objects.select_related("changeset"):  # type: ignore[attr-defined]
                approved = fact.changeset.state == ChangesetState.APPROVED
                assert (fact.known is not None) == approved
                if approved:
                    assert fact.known.lower == fact.changeset.goes_public_at
                    assert fact.sources.exists()

    @invariant()
    def nothing_typed_is_lost(self) -> None:
        """The text last saved stands in its row; where the row was deleted, its history still tells it."""
        rows = dict(PledgeUpdate.objects.filter(pk__in=self.typed).values_list("pk", "summary"))
        for pk in set(self.typed).difference(rows):
            last = PledgeUpdate.pgh_event_model.objects.filter(pgh_obj_id=pk).latest("pgh_id")
            rows[pk] = last.summary
        assert rows == self.typed

    @invariant()
    def the_ledger_is_what_the_facts_say(self) -> None:
        assert ledger.differing() == []


@pytest.mark.slow
@pytest.mark.django_db
def test_whatever_people_do_the_record_keeps_its_promises():
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=15,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
