"""The life of a changeset: start, submit, request changes, approve, move, call back, withdraw.

Approval is the only way to the public. Approvals run one at a time; each is for a moment still to come, so that what
a reader saw at any moment never changes afterwards.
"""

import base64
import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models
from django.forms.models import model_to_dict
from django.utils.translation import gettext as _

from guarantees import clock, evidence, ledger, publication
from guarantees.editing.errors import Forbidden, Refused
from guarantees.editing.notices import tell_authors, tell_reviewers
from guarantees.editing.rows import REVIEW, WRITE, allow, check, check_text, deed, hold, overwrite
from guarantees.ledger import LadderViolation, Said, Terms
from guarantees.models import (
    FACTS,
    Changeset,
    CollectiveClaim,
    ConditionState,
    FactModel,
    Participation,
    Pledge,
    PledgeMerge,
    PledgeUpdate,
    Position,
    Publisher,
    Requirement,
    ReviewComment,
    Summit,
)
from guarantees.models.base import Fact
from guarantees.text import MAX_LINE, tidy
from guarantees.vocabulary import ChangesetState, FactKind, NoticeKind
from guarantees.wording import mid_sentence, moment

LEAD = dt.timedelta(seconds=2)
"""How far ahead of the approval a changeset goes public at the least."""
MARGIN = dt.timedelta(milliseconds=500)
"""How long before that time an approval must be done, so that its commit is not overtaken by it."""
CALL_BACK_UNTIL = dt.timedelta(seconds=5)
"""How long before its time an approved changeset can still be called back."""
START_LOCK = 7_003
"""Advisory lock (with the person's number) under which a person starts one changeset at a time."""

MODELS: dict[str, FactModel] = {kind: model for model, kind in publication.RETRACTED.items()}
"""The kinds of facts by the codes of :class:`guarantees.vocabulary.FactKind`."""

SAME_KEY: dict[FactModel, tuple[str, ...]] = {
    PledgeUpdate: ("pledge_id", "date"),
    Position: ("state_id", "date", "topic"),
    Participation: ("summit_id", "state_id"),
    ConditionState: ("condition_id", "state_id", "pledge_id", "date"),
    CollectiveClaim: ("slug",),
    Requirement: ("slug",),
}
"""What two facts of a kind may not share while both are known (the constraints ``…_one_at_a_time``)."""


def _model_of(fact: Fact) -> FactModel:
    return cast(FactModel, type(fact))


class _TooLate(Exception):
    """The approval took longer than its time allowed; everything has been rolled back."""


REBASE, KEEP_AS_NEW, WAIT = "rebase", "keep_as_new", "wait"
"""What helps against a problem: rebase; keep a correction as a new fact; wait for another, or call that one back."""


@dataclass(frozen=True)
class Problem:
    """Why a changeset cannot go public as it is, in a sentence; ``fact`` is what it is about, if it is about one.

    ``remedy`` says what helps, if the desk can do it; ``other`` is the changeset that stands in the way, if one does.
    """

    text: str
    fact: Fact | None = None
    remedy: str = ""
    other: Changeset | None = None

    @property
    def name(self) -> str:
        """The name of the fact that it is about (``update-12``), empty if it is about none."""
        return f"{publication.RETRACTED[_model_of(self.fact)]}-{self.fact.pk}" if self.fact is not None else ""


@dataclass(frozen=True)
class Findings:
    """What approval would meet: problems, and the terms then in force of each pledge that is touched, by its id.

    ``verdicts``: what the rules of evidence say of each update that raises its pledge, by the update's id.
    """

    problems: list[Problem]
    before: dict[int, Terms | None]
    after: dict[int, Terms | None]
    verdicts: dict[int, list[evidence.Verdict]] = field(default_factory=dict)

    @property
    def warnings(self) -> list[tuple[int, evidence.Verdict]]:
        """The verdicts that a reviewer has to acknowledge, each with the id of its update."""
        return [(pk, verdict) for pk, found in self.verdicts.items() for verdict in found if not verdict.passes]


def reason_name(update_id: int, rule: str) -> str:
    """Return the name of the field that takes the reason why an update may stand that does not meet a rule."""
    return f"reason-{update_id}-{rule}"


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
def comment(
    *, by: User, changeset: Changeset, text: str, kind: FactKind | None = None, fact_id: int | None = None
) -> ReviewComment:
    """Say something about a changeset, or about one fact that it brings or ends; its authors are told.

    The same text again, right after itself, is the same comment. Raises Refused for a fact of another changeset.
    """
    allow(by, WRITE)
    changeset = Changeset.objects.select_for_update(of=("self",)).get(pk=changeset.pk)
    text = check_text("text", text)
    about: dict[str, Any] = {"fact_kind": "", "fact_id": None}
    if kind is not None:
        model = MODELS[kind]
        own = model._default_manager.filter(changeset=changeset, pk=fact_id)
        if not (own.exists() or publication.ended_by(model, changeset).filter(pk=fact_id).exists()):
            raise Refused(_("This row is not part of this changeset, or has been deleted meanwhile."))
        about = {"fact_kind": kind.value, "fact_id": fact_id}
    last = changeset.comments.filter(**about).order_by("-created_at", "-pk").first()
    if last is not None and (last.author_id, last.text) == (by.pk, text):
        return last
    said = ReviewComment.objects.create(changeset=changeset, author=by, text=text, created_at=clock.now(), **about)
    tell_authors(changeset, NoticeKind.COMMENTED, by=by, text=text, reviewer_too=True)
    return said


@deed
def submit(*, by: User, changeset: Changeset) -> Changeset:
    """Hand an open changeset to the reviewers. Raises :class:`Refused` if there is nothing in it."""
    changeset = writable(by, changeset.pk)
    if is_empty(changeset):
        raise Refused(_("There is nothing in this changeset yet."))
    changeset.state = ChangesetState.SUBMITTED
    changeset.submitted_at = clock.now()
    tell_reviewers(changeset, by=by)
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
    tell_authors(changeset, NoticeKind.CHANGES_REQUESTED, by=by, text=text)
    return _saved(changeset)


def approve(
    *,
    by: User,
    changeset: Changeset,
    seen: str,
    goes_public_at: dt.datetime | None = None,
    reasons: Mapping[str, str] | None = None,
) -> Changeset:
    """Approve a submitted changeset for a moment (None: now, that is in two seconds).

    1. One approval at a time: an advisory lock.
    2. The reviewer may, and wrote nothing in it (``settings.FOUR_EYES``).
    3. ``seen`` (see :func:`digest`) is still what is in it.
    4. Nothing speaks against it (:func:`examine`).
    5. For each warning there is a reason in ``reasons`` (by :func:`reason_name`), which is kept as a comment. Whoever
       approves what they wrote, where that is allowed, gives none.
    6. It takes effect in the record, and the database's deferred rules are checked.
    7. It is still safely before the moment; else all is rolled back, and "now" is tried once more.

    Raises :class:`Forbidden`, :class:`Refused`, ValidationError (reasons that are missing, beside their fields) and
    :class:`guarantees.ledger.LadderViolation`.
    """
    _check_ahead(goes_public_at)
    for _attempt in range(2):
        try:
            at = goes_public_at or clock.now() + LEAD
            return _approve(by=by, changeset=changeset, seen=seen, at=at, reasons=reasons or {})
        except _TooLate:
            if goes_public_at is not None:
                break
        except (publication.NotCurrent, IntegrityError) as error:
            raise _refused_by_record(error) from error
    raise Refused(_("The approval was not finished in time. Nothing has changed; please try again."))


def _check_ahead(at: dt.datetime | None) -> None:
    """Raise Refused if a moment is past, or too near for a commit to be safely before it."""
    if at is not None and at <= clock.now():
        raise Refused(_("This time is past. Choose one that is still to come."))
    if at is not None and at < clock.now() + LEAD:
        raise Refused(_("The time must be at least two seconds ahead."))


def _refused_by_record(error: publication.NotCurrent | IntegrityError) -> Refused:
    """Return what the record or the database said against a publication, for people."""
    if isinstance(error, publication.NotCurrent):
        facts = ", ".join(error.public_ids)
        return Refused(_("Corrected or retracted by another changeset meanwhile: %(facts)s.") % {"facts": facts})
    return Refused(_sentence_of(error))


@deed
def _approve(*, by: User, changeset: Changeset, seen: str, at: dt.datetime, reasons: Mapping[str, str]) -> Changeset:
    hold(publication.APPROVAL_LOCK)
    allow(by, REVIEW)
    changeset = _submitted(changeset)
    is_author = changeset.authors.filter(pk=by.pk).exists()
    if settings.FOUR_EYES and is_author:
        raise Refused(_("You wrote in this changeset, so somebody else has to approve it."))
    if digest(changeset) != seen:
        raise Refused(_("Something in this changeset was altered after you opened it. Please look at it again."))
    findings = examine(changeset, at)
    if findings.problems:
        raise Refused(_("This cannot go public yet."), [problem.text for problem in findings.problems])
    if not is_author:
        _acknowledge(by, changeset, findings, reasons)
    changeset.state = ChangesetState.APPROVED
    changeset.reviewer = by
    changeset.approved_at = clock.now()
    changeset.goes_public_at = at
    _saved(changeset)
    tell_authors(changeset, NoticeKind.APPROVED, by=by, text=_("Goes public %(at)s.") % {"at": moment(at)})
    _take_effect(changeset, at)
    return changeset


def _acknowledge(by: User, changeset: Changeset, findings: Findings, reasons: Mapping[str, str]) -> None:
    """Keep the reviewer's reason for each warning as a comment on its fact. Raises ValidationError for those missing.

    A reason that was given before, word for word, is not kept twice.
    """
    errors: dict[str, list[str]] = {}
    comments = []
    names = dict(PledgeUpdate.objects.filter(pk__in=findings.verdicts).values_list("pk", "public_id"))
    for update_id, verdict in findings.warnings:
        name = reason_name(update_id, verdict.rule)
        if not tidy(reasons.get(name, "")):
            errors[name] = [
                _("%(fact)s does not meet the rule “%(rule)s”. Say why it may stand all the same.")
                % {"fact": names[update_id], "rule": verdict.rule.label}
            ]
            continue
        try:
            text = check_text(name, reasons[name])
        except ValidationError as error:
            errors |= error.message_dict
            continue
        about = {"fact_kind": FactKind.UPDATE.value, "fact_id": update_id, "acknowledges": verdict.rule.value}
        comments.append(ReviewComment(changeset=changeset, author=by, text=text, created_at=clock.now(), **about))
    if errors:
        raise ValidationError(errors)
    given = set(changeset.comments.filter(author=by).values_list("fact_id", "acknowledges", "text"))
    ReviewComment.objects.bulk_create(c for c in comments if (c.fact_id, c.acknowledges, c.text) not in given)


def _take_effect(changeset: Changeset, at: dt.datetime) -> None:
    """Let a changeset take effect in the record, safely before its time. Raises _TooLate otherwise."""
    publication.take_effect(changeset)
    with connection.cursor() as cursor:
        # What would be checked at the commit is checked here, so that nothing slow or refusing is left for it.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    if clock.now() + MARGIN > at:
        raise _TooLate


def move(*, by: User, changeset: Changeset, goes_public_at: dt.datetime) -> Changeset:
    """Give an approved changeset another time, at the latest five seconds before the old one.

    Only for reviewers who did not write in it: the time is part of what they decide. Everything is examined again for
    the new time. The same time again changes nothing. Raises :class:`Forbidden` and :class:`Refused`.
    """
    _check_ahead(goes_public_at)
    try:
        return _move(by=by, changeset=changeset, at=goes_public_at)
    except _TooLate:
        raise Refused(_("It was not moved in time. Nothing has changed; please choose a later time.")) from None
    except (publication.NotCurrent, IntegrityError) as error:
        raise _refused_by_record(error) from error


@deed
def _move(*, by: User, changeset: Changeset, at: dt.datetime) -> Changeset:
    hold(publication.APPROVAL_LOCK)
    allow(by, REVIEW)
    changeset = _embargoed(changeset)
    if settings.FOUR_EYES and changeset.authors.filter(pk=by.pk).exists():
        raise Refused(_("You wrote in this changeset, so somebody else has to choose its time."))
    if changeset.goes_public_at == at:
        return changeset
    publication.take_back(changeset)
    findings = examine(changeset, at)
    if findings.problems:
        raise Refused(_("It cannot go public at that time."), [problem.text for problem in findings.problems])
    changeset.goes_public_at = at
    _saved(changeset)
    tell_authors(changeset, NoticeKind.APPROVED, by=by, text=_("Goes public %(at)s.") % {"at": moment(at)})
    _take_effect(changeset, at)
    return changeset


@deed
def call_back(*, by: User, changeset: Changeset) -> Changeset:
    """Take an approved changeset back to the reviewers, at the latest five seconds before it goes public."""
    allow(by, WRITE)
    hold(publication.APPROVAL_LOCK)
    changeset = _embargoed(changeset)
    if not (changeset.authors.filter(pk=by.pk).exists() or by.has_perm(REVIEW)):
        raise Forbidden(_("Only its authors and reviewers call a changeset back."))
    publication.take_back(changeset)
    changeset.state = ChangesetState.SUBMITTED
    changeset.approved_at = changeset.goes_public_at = None
    tell_authors(changeset, NoticeKind.CALLED_BACK, by=by, reviewer_too=True)
    return _saved(changeset)


def _embargoed(changeset: Changeset) -> Changeset:
    """Lock a changeset that is approved, and whose time is not too near. Raises :class:`Refused` for any other."""
    changeset = Changeset.objects.select_for_update(of=("self",)).get(pk=changeset.pk)
    if changeset.state != ChangesetState.APPROVED or changeset.goes_public_at is None:
        raise Refused(_("It is not approved, so there is nothing to call back."))
    if clock.now() + CALL_BACK_UNTIL > changeset.goes_public_at:
        raise Refused(_("It is too late to call it back: it is public, or will be in a moment."))
    return changeset


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
    """Whether a changeset brings no fact and ends or merges nothing."""
    return not (
        any(model._default_manager.filter(changeset=changeset).exists() for model in FACTS)
        or _ends_or_merges(changeset)
    )


def _ends_or_merges(changeset: Changeset) -> bool:
    others = (changeset.retractions, changeset.pledge_merges, changeset.source_merges)
    return any(rows.exists() for rows in others)


def digest(changeset: Changeset) -> str:
    """Return a hash of everything that a reviewer of the changeset sees and confirms.

    Covers its title and reason, its facts with their sources, the new summits and pledges, retractions and merges,
    and on which updates of the pledges it would build: a publication that alters what will be in force alters the
    hash. Comments are not part of it.
    """
    return digest_of(marks(changeset))


def digest_of(marks: Mapping[str, str]) -> str:
    """Return the hash over the marks of all rows."""
    return hashlib.sha256(json.dumps(sorted(marks.items())).encode()).hexdigest()


MARK = re.compile(r"([a-z_]+-[0-9]{1,18}):([A-Za-z0-9_-]{8,60})")
"""A row and its mark, as a form carries them; see :func:`marks`."""


def marks(changeset: Changeset) -> dict[str, str]:
    """Return what tells whether a row has changed since it was looked at: by row (``update-12``) a short mark.

    A mark is eight letters for the row as a whole, and one more for each of its values, so that the page can mostly
    name what is different. It holds nothing of the values themselves. ``record-7`` stands for the public updates of
    the pledge 7, on which the changeset builds.
    """
    rows: dict[str, list[Any]] = {f"changeset-{changeset.pk}": [changeset.title, changeset.reason]}
    for kind, model in (*MODELS.items(), ("summit", Summit)):
        rows |= {f"{kind}-{row.pk}": _as_seen(row) for row in _with_citations(model, changeset)}
    for kind, others in (
        ("pledge", Pledge.objects.filter(changeset=changeset)),
        ("retraction", changeset.retractions.all()),
        ("pledge_merge", changeset.pledge_merges.all()),
        ("source_merge", changeset.source_merges.all()),
    ):
        rows |= {f"{kind}-{row.pk}": [*model_to_dict(row).values()] for row in others.order_by("pk")}
    known = PledgeUpdate.objects.filter(pledge__in=publication.touched_pledges(changeset), known__isnull=False).exclude(
        changeset=changeset
    )
    for pledge_id, *values in known.order_by("pk").values_list("pledge_id", "pk", "known"):
        rows.setdefault(f"record-{pledge_id}", []).append(values)
    return {name: _mark(values) for name, values in rows.items()}


def _mark(values: Sequence[Any]) -> str:
    whole = _letters(values)[:8]
    # The rows on which a changeset builds may be many, and nobody asks which of them is new.
    return whole + ("".join(_letters(value)[0] for value in values) if len(values) <= LONGEST_MARK else "")


LONGEST_MARK = 40
"""Values of a row that get a letter each."""


def _letters(value: Any) -> str:
    text = json.dumps(value, default=str)
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()


def seen_names(model: type[models.Model]) -> list[str]:
    """Return the names of the values of a row in the order of their letters in its mark; sources come last."""
    return [*model_to_dict(model(), exclude=["sources"]), "sources"]


def _with_citations(model: type[models.Model], changeset: Changeset) -> models.QuerySet[Any]:
    rows = model._default_manager.filter(changeset=changeset).order_by("pk")
    related = {"summit", "pledge", "corrects"}.intersection(field.name for field in model._meta.fields)
    return rows.select_related(*related).prefetch_related("citations__source")


def _as_seen(row: Any) -> list[Any]:
    cited = sorted((c.source_id, c.source.version, c.locator, c.credibility or 0) for c in row.citations.all())
    return [*model_to_dict(row, exclude=["sources"]).values(), cited]


def examine(changeset: Changeset, at: dt.datetime) -> Findings:
    """Look for everything that would stand against a changeset going public at a moment. Only reads."""
    facts = {model: list(_with_citations(model, changeset)) for model in FACTS}
    overtaken = [*_of_ended(facts, changeset, at), *_of_merges(facts, changeset)]
    behind = {problem.fact.public_id for problem in overtaken if problem.fact is not None}
    problems = [
        *_of_each(facts, changeset, at),
        *overtaken,
        # What stands on record beside a fact that is to be rebased first is no trouble of its own.
        *(problem for problem in _of_keys(facts, changeset) if problem.fact and problem.fact.public_id not in behind),
        *_of_reservations(changeset),
    ]
    if not any(facts.values()) and not _ends_or_merges(changeset):
        problems.append(Problem(_("There is nothing in this changeset yet.")))
    before, after = {}, {}
    said = _said(changeset, at)
    for pledge_id, (earlier, later) in said.items():
        before[pledge_id] = _in_force(earlier, at)
        try:
            after[pledge_id] = _in_force(later, at)
        except LadderViolation as violation:
            after[pledge_id] = None
            about = next((f for f in facts[PledgeUpdate] if f.public_id == violation.later), None)
            if behind.isdisjoint({violation.later, violation.earlier}):
                problems.append(Problem(str(violation), about))
    return Findings(problems, before, after, _evidence(facts[PledgeUpdate], said, at))


def _evidence(
    updates: Sequence[PledgeUpdate], said: Mapping[int, tuple[list[Said], list[Said]]], at: dt.datetime
) -> dict[int, list[evidence.Verdict]]:
    """Return what the rules of evidence say of each update that raises its pledge."""
    raising = [update for update in updates if evidence.raises(update.status, _preceding(update, said, at))]
    cited = {update.pk: [citation.source for citation in update.citations.all()] for update in raising}
    names = {source.publisher for sources in cited.values() for source in sources}
    letters = dict(Publisher.objects.filter(name__in=names).values_list("name", "reliability"))
    return {
        update.pk: evidence.verdicts(
            update.status,
            [update.attribution],
            [evidence.Cited(s.kind, s.publisher, letters.get(s.publisher, "")) for s in cited[update.pk]],
        )
        for update in raising
    }


def _preceding(update: PledgeUpdate, said: Mapping[int, tuple[list[Said], list[Said]]], at: dt.datetime) -> str | None:
    """Return the status before an update: of the update that it corrects, else of the last one of an earlier day."""
    earlier, _later = said[update.pledge_id]
    known = [s for s in earlier if s.known_from <= at and (s.known_to is None or s.known_to > at)]
    for other in known:
        if other.id == update.corrects_id:
            return other.status
    before = [other for other in known if other.date < update.date]
    return max(before, key=lambda other: other.date).status if before else None


def _of_each(facts: dict[FactModel, list[Any]], changeset: Changeset, at: dt.datetime) -> Iterator[Problem]:
    """Yield what is wrong with single facts: no source, a day to come, or something that is not visible by then."""
    for rows in facts.values():
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


def _of_ended(facts: dict[FactModel, list[Any]], changeset: Changeset, at: dt.datetime) -> Iterator[Problem]:
    """Yield the facts that the changeset corrects or retracts and that another one has ended first."""
    now = clock.now()
    for model, rows in facts.items():
        stale = publication.ended_by(model, changeset).exclude(known__upper_inf=True, known__startswith__lt=at)
        for ended in stale.order_by("pk"):
            row = next((row for row in rows if row.corrects_id == ended.pk), ended)
            remedy = ""
            if ended.known is not None and ended.known.upper is not None and ended.known.upper <= now:
                remedy = REBASE if row is ended or publication.newest(ended, now) is not None else KEEP_AS_NEW
            yield Problem(
                _("%(fact)s has meanwhile been corrected or retracted by another changeset.")
                % {"fact": ended.public_id},
                row,
                remedy,
            )


def _of_merges(facts: dict[FactModel, list[Any]], changeset: Changeset) -> Iterator[Problem]:
    """Yield the facts about a pledge that has meanwhile become part of another one."""
    rows = [row for kind in facts.values() for row in kind if getattr(row, "pledge_id", None)]
    public = Changeset.objects.public(clock.now())
    merges = PledgeMerge.objects.filter(pledge__in={row.pledge_id for row in rows}, changeset__in=public)
    latest = {m.pledge_id: m for m in merges.select_related("into").order_by("changeset__goes_public_at", "pk")}
    for row in rows:
        merge = latest.get(row.pledge_id)
        if merge is not None and merge.into is not None:
            yield Problem(
                _("%(fact)s is about “%(pledge)s”, which has become part of “%(other)s”.")
                % {"fact": row.public_id, "pledge": row.pledge, "other": merge.into},
                row,
                REBASE,
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
    if not rows:
        return
    key = SAME_KEY[model]
    candidates = model._default_manager.filter(
        models.Q(known__upper_inf=True) | models.Q(changeset=changeset, known__isnull=True)
    )
    for name in key:
        values = {getattr(row, name) for row in rows}
        none = models.Q(**{f"{name}__isnull": True}) if None in values else models.Q()
        candidates = candidates.filter(models.Q(**{f"{name}__in": values - {None}}) | none)
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
                % {"title": other.title},
                remedy=WAIT,
                other=other,
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
        # Something that another changeset has ended first, stays ended from then on.
        ends = min(at, known_to or at) if update.pk in ended else known_to
        later.append(ledger.said_of(update, known_from, ends))
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
