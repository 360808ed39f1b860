"""The life of a changeset: start, submit, request changes, approve, call back, withdraw.

Approval is the only way to the public. Approvals run one at a time; each is for a moment still to come, so that what
a reader saw at any moment never changes afterwards.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, models
from django.forms.models import model_to_dict
from django.utils.translation import gettext as _

from guarantees import clock, ledger, publication
from guarantees.editing.errors import Forbidden, Refused
from guarantees.editing.rows import REVIEW, WRITE, allow, check, check_text, deed, hold, overwrite
from guarantees.ledger import LadderViolation, Said, Terms
from guarantees.models import (
    FACTS,
    Changeset,
    FactModel,
    Participation,
    Pledge,
    PledgeUpdate,
    Position,
    ReviewComment,
    Summit,
)
from guarantees.models.base import Fact
from guarantees.text import MAX_LINE, tidy
from guarantees.vocabulary import ChangesetState
from guarantees.wording import mid_sentence

LEAD = dt.timedelta(seconds=2)
"""How far ahead of the approval a changeset goes public at the least."""
MARGIN = dt.timedelta(milliseconds=500)
"""How long before that time an approval must be done, so that its commit is not overtaken by it."""
CALL_BACK_UNTIL = dt.timedelta(seconds=5)
"""How long before its time an approved changeset can still be called back."""
START_LOCK = 7_003
"""Advisory lock (with the person's number) under which a person starts one changeset at a time."""

SAME_KEY: dict[FactModel, tuple[str, ...]] = {
    PledgeUpdate: ("pledge_id", "date"),
    Position: ("state_id", "date", "topic"),
    Participation: ("summit_id", "state_id"),
}
"""What two facts of a kind may not share while both are known (the constraints ``…_one_at_a_time``)."""


class _TooLate(Exception):
    """The approval took longer than its time allowed; everything has been rolled back."""


@dataclass(frozen=True)
class Problem:
    """Why a changeset cannot go public as it is, in a sentence; ``fact`` is what it is about, if it is about one."""

    text: str
    fact: Fact | None = None


@dataclass(frozen=True)
class Findings:
    """What approval would meet: problems, and the terms then in force of each pledge that is touched, by its id."""

    problems: list[Problem]
    before: dict[int, Terms | None]
    after: dict[int, Terms | None]


def writable(by: User, pk: int) -> Changeset:
    """Lock a changeset in which somebody is about to write, and make them one of its authors.

    Raises :class:`Forbidden`, and :class:`Refused` if the changeset is not open for writing.
    """
    allow(by, WRITE)
    changeset = Changeset.objects.select_for_update(of=("self",)).get(pk=pk)
    if not changeset.is_open:
        raise Refused(
            _("“%(title)s” cannot be changed now: it is %(state)s.")
            % {"title": changeset.title, "state": mid_sentence(changeset.get_state_display())}
        )
    changeset.authors.add(by)
    return changeset


@deed
def start(*, by: User, title: str, reason: str, summit: Summit | None = None) -> Changeset:
    """Start a changeset. Starting the same again while it holds nothing gives the one that was started."""
    allow(by, WRITE)
    hold(START_LOCK, by.pk)
    title, reason = check_text("title", title, MAX_LINE), check_text("reason", reason)
    same = Changeset.objects.filter(
        state=ChangesetState.DRAFT, authors=by, title=title, reason=reason, summit=summit
    ).order_by("-pk")
    for changeset in same[:1]:
        if is_empty(changeset) and not Summit.objects.filter(changeset=changeset).exists():
            return changeset
    changeset = Changeset(title=title, reason=reason, summit=summit, created_at=clock.now())
    check(changeset)
    changeset.save()
    changeset.authors.add(by)
    return changeset


@deed
def edit(*, by: User, changeset: Changeset, version: int, seen: str, title: str, reason: str) -> Changeset:
    """Change the title and the reason of an open changeset. Raises :class:`guarantees.editing.errors.Stale`."""
    writable(by, changeset.pk)
    values = {"title": check_text("title", title, MAX_LINE), "reason": check_text("reason", reason)}
    return overwrite(Changeset.objects.all(), changeset, version=version, seen=seen, values=values)


@deed
def comment(*, by: User, changeset: Changeset, text: str) -> ReviewComment:
    """Say something about a changeset. The same text again, right after itself, is the same comment."""
    allow(by, WRITE)
    Changeset.objects.select_for_update(of=("self",)).get(pk=changeset.pk)
    text = check_text("text", text)
    last = changeset.comments.order_by("-created_at", "-pk").first()
    if last is not None and (last.author_id, last.text) == (by.pk, text):
        return last
    return ReviewComment.objects.create(changeset=changeset, author=by, text=text, created_at=clock.now())


@deed
def submit(*, by: User, changeset: Changeset) -> Changeset:
    """Hand an open changeset to the reviewers. Raises :class:`Refused` if there is nothing in it."""
    changeset = writable(by, changeset.pk)
    if is_empty(changeset):
        raise Refused(_("There is nothing in this changeset yet."))
    changeset.state = ChangesetState.SUBMITTED
    changeset.submitted_at = clock.now()
    return _saved(changeset)


@deed
def withdraw(*, by: User, changeset: Changeset) -> Changeset:
    """Give a changeset up before it is approved. What is in it stays readable at the desk, and never goes public."""
    allow(by, WRITE)
    changeset = Changeset.objects.select_for_update(of=("self",)).get(pk=changeset.pk)
    if not (changeset.authors.filter(pk=by.pk).exists() or by.has_perm(REVIEW)):
        raise Forbidden(_("Only its authors and reviewers withdraw a changeset."))
    if not (changeset.is_open or changeset.state == ChangesetState.SUBMITTED):
        raise Refused(
            _("It cannot be withdrawn: it is %(state)s.") % {"state": mid_sentence(changeset.get_state_display())}
        )
    changeset.state = ChangesetState.WITHDRAWN
    return _saved(changeset)


@deed
def request_changes(*, by: User, changeset: Changeset, comment: str) -> Changeset:
    """Give a submitted changeset back to its authors, with a comment that says why."""
    allow(by, REVIEW)
    changeset = _submitted(changeset)
    text = check_text("comment", comment)
    ReviewComment.objects.create(changeset=changeset, author=by, text=text, created_at=clock.now())
    changeset.state = ChangesetState.CHANGES_REQUESTED
    changeset.reviewer = by
    return _saved(changeset)


def approve(*, by: User, changeset: Changeset, seen: str, goes_public_at: dt.datetime | None = None) -> Changeset:
    """Approve a submitted changeset for a moment (None: now, that is in two seconds).

    1. One approval at a time: an advisory lock.
    2. The reviewer may, and wrote nothing in it (``settings.FOUR_EYES``).
    3. ``seen`` (see :func:`digest`) is still what is in it.
    4. Nothing speaks against it (:func:`examine`).
    5. It takes effect in the record, and the database's deferred rules are checked.
    6. It is still safely before the moment; else all is rolled back, and "now" is tried once more.

    Raises :class:`Forbidden`, :class:`Refused` and :class:`guarantees.ledger.LadderViolation`.
    """
    if goes_public_at is not None:
        if goes_public_at <= clock.now():
            raise Refused(_("This time is past. Choose one that is still to come."))
        if goes_public_at < clock.now() + LEAD:
            raise Refused(_("The time must be at least two seconds ahead."))
    for _attempt in range(2):
        try:
            return _approve(by=by, changeset=changeset, seen=seen, at=goes_public_at or clock.now() + LEAD)
        except _TooLate:
            if goes_public_at is not None:
                break
        except publication.NotCurrent as error:
            facts = ", ".join(error.public_ids)
            raise Refused(
                _("Corrected or retracted by another changeset meanwhile: %(facts)s.") % {"facts": facts}
            ) from error
        except IntegrityError as error:
            raise Refused(_sentence_of(error)) from error
    raise Refused(_("The approval was not finished in time. Nothing has changed; please try again."))


@deed
def _approve(*, by: User, changeset: Changeset, seen: str, at: dt.datetime) -> Changeset:
    hold(publication.APPROVAL_LOCK)
    allow(by, REVIEW)
    changeset = _submitted(changeset)
    if settings.FOUR_EYES and changeset.authors.filter(pk=by.pk).exists():
        raise Refused(_("You wrote in this changeset, so somebody else has to approve it."))
    if digest(changeset) != seen:
        raise Refused(_("Something in this changeset was altered after you opened it. Please look at it again."))
    findings = examine(changeset, at)
    if findings.problems:
        raise Refused(_("This cannot go public yet."), [problem.text for problem in findings.problems])
    changeset.state = ChangesetState.APPROVED
    changeset.reviewer = by
    changeset.approved_at = clock.now()
    changeset.goes_public_at = at
    _saved(changeset)
    publication.take_effect(changeset)
    with connection.cursor() as cursor:
        # What would be checked at the commit is checked here, so that nothing slow or refusing is left for it.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    if clock.now() + MARGIN > at:
        raise _TooLate
    return changeset


@deed
def call_back(*, by: User, changeset: Changeset) -> Changeset:
    """Take an approved changeset back to the reviewers, at the latest five seconds before it goes public."""
    allow(by, WRITE)
    hold(publication.APPROVAL_LOCK)
    changeset = Changeset.objects.select_for_update(of=("self",)).get(pk=changeset.pk)
    if not (changeset.authors.filter(pk=by.pk).exists() or by.has_perm(REVIEW)):
        raise Forbidden(_("Only its authors and reviewers call a changeset back."))
    if changeset.state != ChangesetState.APPROVED or changeset.goes_public_at is None:
        raise Refused(_("It is not approved, so there is nothing to call back."))
    if clock.now() + CALL_BACK_UNTIL > changeset.goes_public_at:
        raise Refused(_("It is too late to call it back: it is public, or will be in a moment."))
    publication.take_back(changeset)
    changeset.state = ChangesetState.SUBMITTED
    changeset.approved_at = changeset.goes_public_at = None
    return _saved(changeset)


def _submitted(changeset: Changeset) -> Changeset:
    """Lock a changeset that waits for review. Raises :class:`Refused` if it does not."""
    changeset = Changeset.objects.select_for_update(of=("self",)).get(pk=changeset.pk)
    if changeset.state != ChangesetState.SUBMITTED:
        raise Refused(
            _("It does not wait for review: it is %(state)s.") % {"state": mid_sentence(changeset.get_state_display())}
        )
    return changeset


def _saved(changeset: Changeset) -> Changeset:
    """Save a changeset that this transaction has locked; its version moves on."""
    changeset.version += 1
    changeset.save(update_fields=["state", "reviewer", "submitted_at", "approved_at", "goes_public_at", "version"])
    return changeset


def is_empty(changeset: Changeset) -> bool:
    """Whether a changeset brings no fact and ends none."""
    return not (
        any(model._default_manager.filter(changeset=changeset).exists() for model in FACTS)
        or changeset.retractions.exists()
    )


def digest(changeset: Changeset) -> str:
    """Return a hash of everything that a reviewer of the changeset sees and confirms.

    Covers its facts with their sources, the new summits and pledges, the retractions, and on which updates of the
    pledges it would build; a publication that alters what will be in force alters the hash.
    """
    content: list[Any] = []
    for model in (*FACTS, Summit):
        content += [_as_seen(row) for row in _with_citations(model, changeset)]
    content += [model_to_dict(pledge) for pledge in Pledge.objects.filter(changeset=changeset).order_by("pk")]
    content += [model_to_dict(retraction) for retraction in changeset.retractions.order_by("pk")]
    known = PledgeUpdate.objects.filter(pledge__in=publication.touched_pledges(changeset), known__isnull=False).exclude(
        changeset=changeset
    )
    content += known.order_by("pk").values_list("pk", "known")
    text = json.dumps([changeset.title, changeset.reason, content], default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _with_citations(model: type[models.Model], changeset: Changeset) -> models.QuerySet[Any]:
    rows = model._default_manager.filter(changeset=changeset).order_by("pk")
    related = {"summit", "pledge"}.intersection(field.name for field in model._meta.fields)
    return rows.select_related(*related).prefetch_related("citations__source")


def _as_seen(row: Any) -> list[Any]:
    cited = sorted((c.source_id, c.source.version, c.locator, c.credibility) for c in row.citations.all())
    return [row._meta.model_name, row.pk, model_to_dict(row, exclude=["sources"]), cited]


def examine(changeset: Changeset, at: dt.datetime) -> Findings:
    """Look for everything that would stand against a changeset going public at a moment. Only reads."""
    facts = {model: list(_with_citations(model, changeset)) for model in FACTS}
    problems = [*_of_each(facts, changeset, at), *_of_keys(facts, changeset), *_of_reservations(changeset)]
    if not any(facts.values()) and not changeset.retractions.exists():
        problems.append(Problem(_("There is nothing in this changeset yet.")))
    before, after = {}, {}
    for pledge_id, (earlier, later) in _said(changeset, at).items():
        before[pledge_id] = _in_force(earlier, at)
        try:
            after[pledge_id] = _in_force(later, at)
        except LadderViolation as violation:
            after[pledge_id] = None
            about = next((f for f in facts[PledgeUpdate] if f.public_id == violation.later), None)
            problems.append(Problem(str(violation), about))
    return Findings(problems, before, after)


def _of_each(facts: dict[FactModel, list[Any]], changeset: Changeset, at: dt.datetime) -> Iterator[Problem]:
    """Yield what is wrong with single facts: no source, a day to come, or something that is not visible by then."""
    for model, rows in facts.items():
        for row in rows:
            name = {"fact": row.public_id}
            if not row.citations.all():
                yield Problem(_("%(fact)s has no source.") % name, row)
            date = row.summit.start_date if isinstance(row, Participation) else getattr(row, "date", None)
            if date is not None and date > at.date():
                yield Problem(_("%(fact)s is dated after the day of its publication.") % name, row)
            for relation in ("summit", "pledge"):
                other = getattr(row, relation, None)
                if other is not None and not _visible(other, changeset, at):
                    name["other"] = str(other)
                    yield Problem(_("%(fact)s refers to “%(other)s”, which is not public by then.") % name, row)
        ended = publication.ended_by(model, changeset)
        for stale in ended.exclude(known__upper_inf=True, known__startswith__lt=at):
            yield Problem(
                _("%(fact)s has meanwhile been corrected or retracted by another changeset.")
                % {"fact": stale.public_id},
                stale,
            )


def _visible(row: Summit | Pledge, changeset: Changeset, at: dt.datetime) -> bool:
    return row.changeset_id == changeset.pk or (row.visible_from is not None and row.visible_from <= at)


def _of_keys(facts: dict[FactModel, list[Any]], changeset: Changeset) -> Iterator[Problem]:
    """Yield the facts that say again what is on record already, or twice in the changeset."""
    for model, key in SAME_KEY.items():
        for row, other in clashes(model, facts[model], changeset):
            yield Problem(
                _("%(fact)s: %(other)s is on record for the same. Correct that one instead.")
                % {"fact": row.public_id, "other": other}
                if key != ("pledge_id", "date")
                else _("%(fact)s: %(other)s is an update of the same pledge and day.")
                % {"fact": row.public_id, "other": other},
                row,
            )


def clashes(model: FactModel, rows: Sequence[Any], changeset: Changeset) -> Iterator[tuple[Any, str]]:
    """Yield each of some drafts that shares its key with another fact, and that one's public id."""
    key = SAME_KEY[model]
    candidates = model._default_manager.filter(
        **{f"{name}__in": {getattr(row, name) for row in rows} for name in key}
    ).filter(models.Q(known__upper_inf=True) | models.Q(changeset=changeset, known__isnull=True))
    ended = set(publication.ended_by(model, changeset).values_list("pk", flat=True))
    others: dict[tuple[Any, ...], list[tuple[int, str]]] = {}
    for pk, public_id, *values in candidates.order_by("pk").values_list("pk", "public_id", *key):
        if pk not in ended:
            others.setdefault(tuple(values), []).append((pk, public_id))
    for row in rows:
        for pk, public_id in others.get(tuple(getattr(row, name) for name in key), []):
            if pk != row.pk:
                yield row, public_id
                break


def _of_reservations(changeset: Changeset) -> Iterator[Problem]:
    """Yield the changesets, approved and not yet public, that touch what this one touches."""
    pledges = publication.touched_pledges(changeset)
    ended = {model: set(publication.ended_by(model, changeset).values_list("pk", flat=True)) for model in FACTS}
    for other in Changeset.objects.embargoed(clock.now()).exclude(pk=changeset.pk):
        shares = pledges & publication.touched_pledges(other) or any(
            ended[model] & set(publication.ended_by(model, other).values_list("pk", flat=True)) for model in FACTS
        )
        if shares:
            yield Problem(
                _("“%(title)s” touches the same pledges and is not public yet. Wait for it, or call it back.")
                % {"title": other.title}
            )


def _said(changeset: Changeset, at: dt.datetime) -> dict[int, tuple[list[Said], list[Said]]]:
    """Return for each pledge touched its updates without the changeset, and with it from a moment on."""
    ended = set(publication.ended_by(PledgeUpdate, changeset).values_list("pk", flat=True))
    said: dict[int, tuple[list[Said], list[Said]]] = {pk: ([], []) for pk in publication.touched_pledges(changeset)}
    rows = PledgeUpdate.objects.filter(pledge__in=said).order_by("pk")
    for update in rows.filter(models.Q(known__isnull=False) | models.Q(changeset=changeset)):
        earlier, later = said[update.pledge_id]
        if update.known is None:
            later.append(ledger.said_of(update, at))
            continue
        known_from, known_to = update.known.lower, update.known.upper
        earlier.append(ledger.said_of(update, known_from, known_to))
        later.append(ledger.said_of(update, known_from, at if update.pk in ended else known_to))
    return said


def _in_force(said: list[Said], at: dt.datetime) -> Terms | None:
    """Return the terms in force on the day of a moment, as known at it. Raises LadderViolation."""
    day = at.date()
    for entry in ledger.rectangles(said):
        if (
            entry.known_from <= at
            and (entry.known_to is None or entry.known_to > at)
            and entry.effective_from <= day
            and (entry.effective_to is None or entry.effective_to > day)
        ):
            return entry.terms
    return None


def _sentence_of(error: IntegrityError) -> str:
    """Return what a rule of the database says to people, for the rule that an error names."""
    diagnosis = getattr(error.__cause__, "diag", None)
    name = getattr(diagnosis, "constraint_name", None)
    for model in FACTS:
        for constraint in model._meta.constraints:
            if constraint.name == name:
                return str(constraint.get_violation_error_message())
    return tidy(str(getattr(diagnosis, "message_primary", "") or error))
