"""What the intake of a meeting writes: drafts of a changeset about it, a row for every pledge that was spoken of.

Everything goes through :mod:`guarantees.editing.facts`; here is only what a meeting adds: its day, its texts, and
which status a row begins with. What is written for the editor to go on from is in English, as the whole record is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from guarantees import clock
from guarantees.clock import Clock
from guarantees.editing import facts
from guarantees.editing.changesets import writable
from guarantees.editing.errors import Refused
from guarantees.editing.rows import deed, tidied
from guarantees.models import (
    Changeset,
    LedgerEntry,
    NoMention,
    Participation,
    Pledge,
    PledgeUpdate,
    Source,
    State,
    Summit,
)
from guarantees.vocabulary import NEEDS_EARLIER_RUNG, RANKS, QuantityBasis, Status
from guarantees.wording import mid_sentence


def summit_of(changeset: Changeset) -> Summit:
    """Return the meeting that a changeset is about. Raises Refused if it is about none."""
    if changeset.summit is None:
        raise Refused(_("This changeset is about no meeting."))
    return changeset.summit


def draft_of(changeset: Changeset, pledge: Pledge) -> PledgeUpdate | None:
    """Return the update that a changeset adds to a pledge, the first of several; None if there is none yet."""
    found = PledgeUpdate.objects.filter(changeset=changeset, pledge=pledge, known__isnull=True, corrects__isnull=True)
    return found.select_related("pledge__state").order_by("pk").first()


def status_in_force(pledge: Pledge) -> str:
    """Return the status of a pledge that is in force now; empty if nothing is."""
    statuses = LedgerEntry.objects.in_force(Clock.present()).filter(pledge=pledge)
    return statuses.values_list("status", flat=True).first() or ""


def blank(changeset: Changeset, pledge: Pledge, status: str, was: str = "") -> PledgeUpdate:
    """Return the update with which a row begins, not saved: the meeting's day, a status, a summary to go on from.

    ``was``: the status in force before, which tells a change from a reaffirmation.
    """
    summit = summit_of(changeset)
    return PledgeUpdate(
        changeset=changeset,
        pledge=pledge,
        date=summit.start_date,
        summit=summit,
        status=status,
        summary=summary_for(pledge.state, summit, status, was),
    )


def summary_for(state: State, summit: Summit, status: str, was: str = "") -> str:
    """Return a neutral sentence about what a state said at a meeting, for the editor to make exact."""
    said = {
        Status.WITHDRAWN.value: "called this pledge off",
        Status.SUSPENDED.value: "suspended this pledge",
        Status.LAPSED.value: "let this pledge lapse",
        Status.RULED_OUT.value: "said that it will not contribute here",
    }.get(status, "spoke about this contribution")
    if status == was:
        said = "stood by this pledge" if status in RANKS else "said that nothing had changed here"
    return f"{capfirst(state.name)} {said} at the {_named(summit)}."


def _named(summit: Summit) -> str:
    return summit.title if not summit.title.lower().startswith("the ") else summit.title[4:]


@deed
def record(
    *, by: User, changeset: Changeset, pledge: Pledge, version: int, seen: str, values: Mapping[str, Any]
) -> PledgeUpdate:
    """Write some fields of a pledge's row: of its draft if there is one, else of a new one (:func:`blank`).

    ``version`` is 0 where the form was built without a draft. The same values sent twice are written once. Raises
    Stale, Refused, ValidationError and Forbidden.
    """
    draft = draft_of(changeset, pledge)
    values = tidied(values)
    if draft is None:
        if version:
            raise Refused(_("This row has been deleted meanwhile."))
        writable(by, changeset.pk)
        draft = draft_of(changeset, pledge)  # somebody else may have begun it before the changeset was locked
    if draft is None:
        status = status_in_force(pledge)
        new = blank(changeset, pledge, status, status)
        if (chosen := values.get("status", status)) != status:
            new.summary = summary_for(pledge.state, summit_of(changeset), chosen, status)
        return facts.add_update(by=by, changeset=changeset, pledge=pledge, values=_values(new) | values)
    if not version and all(getattr(draft, name) == value for name, value in values.items()):
        writable(by, changeset.pk)
        return draft
    return facts.edit(by=by, fact=draft, version=version, seen=seen, values=values)


def _values(update: PledgeUpdate) -> dict[str, Any]:
    return {name: getattr(update, name) for name in ("date", "summit", "status", "summary")}


@deed
def say(*, by: User, changeset: Changeset, pledge: Pledge, status: str) -> PledgeUpdate:
    """Record with one press that a pledge was reaffirmed (the status in force), withdrawn or ruled out.

    A row that has a draft already keeps it. Raises Refused where the ladder does not allow it, and says why.
    """
    writable(by, changeset.pk)
    present = draft_of(changeset, pledge)
    if present is not None:
        return present
    was = status_in_force(pledge)
    if reason := against(status, was):
        raise Refused(reason)
    unmention(changeset, pledge)
    values = _values(blank(changeset, pledge, status, was))
    return facts.add_update(by=by, changeset=changeset, pledge=pledge, values=values)


def against(status: str, was: str) -> str:
    """Return why a status cannot follow the one in force, in a sentence; empty if it can (design, status ladder)."""
    has_rung = was in RANKS or was in NEEDS_EARLIER_RUNG
    if not status:
        return _("Nothing is in force of this pledge, so there is nothing to reaffirm.")
    if status == Status.RULED_OUT and has_rung:
        return _("Ruled out needs that nothing was pledged before. A pledge that is called off is withdrawn.")
    if status in NEEDS_EARLIER_RUNG and not has_rung:
        return _("There is no earlier pledge that could be called off.")
    if was in (Status.WITHDRAWN, Status.LAPSED, Status.DELIVERED) and status != was:
        return _("After %(status)s only the same can follow: a later promise is a new pledge.") % {
            "status": mid_sentence(str(Status(was).label))
        }
    return ""


@deed
def add_pledge(
    *,
    by: User,
    changeset: Changeset,
    state: State,
    category: str,
    status: str,
    title: str = "",
    values: Mapping[str, Any] | None = None,
    sources: Iterable[Source] = (),
) -> PledgeUpdate:
    """Add a new pledge of a state in a category, with its first update. The same one added twice is one.

    Without a title it is called after state and category.
    """
    changeset = writable(by, changeset.pk)
    summit = summit_of(changeset)
    given = {"date": summit.start_date, "summit": summit, "status": status}
    given |= {"summary": summary_for(state, summit, status)} | dict(values or {})
    title = title.strip() or f"{capfirst(state.name)}: {category.replace('_', ' ')}"
    NoMention.objects.filter(changeset=changeset, state=state, category=category).delete()
    return facts.add_update(
        by=by, changeset=changeset, values=given, sources=sources, state=state, category=category, title=title
    )


@deed
def note_no_mention(*, by: User, changeset: Changeset, pledge: Pledge) -> None:
    """Note that the meeting's texts do not mention a state's part in a category. Noting it again changes nothing."""
    changeset = writable(by, changeset.pk)
    summit_of(changeset)
    if draft_of(changeset, pledge) is not None:
        raise Refused(_("This row says something already. Delete it first if it was not mentioned."))
    NoMention.objects.get_or_create(
        changeset=changeset, state=pledge.state, category=pledge.category, defaults={"by": by, "at": clock.now()}
    )


@deed
def take_back_no_mention(*, by: User, changeset: Changeset, pledge: Pledge) -> None:
    """Take back the note that a category was not mentioned."""
    unmention(writable(by, changeset.pk), pledge)


def unmention(changeset: Changeset, pledge: Pledge) -> None:
    """Delete the note about a pledge's category, inside another deed."""
    NoMention.objects.filter(changeset=changeset, state=pledge.state, category=pledge.category).delete()


@deed
def attend(
    *,
    by: User,
    changeset: Changeset,
    states: Iterable[State],
    role: str,
    attendance: str,
    sources: Sequence[Source] = (),
) -> list[Participation]:
    """Add several states' parts in the meeting at once. Raises ValidationError for a state that is there already."""
    summit = summit_of(changeset)
    return [
        facts.add_participation(
            by=by,
            changeset=changeset,
            values={"summit": summit, "state": state, "role": role, "attendance": attendance},
            sources=sources,
        )
        for state in states
    ]


# --- Pasted rows


@dataclass(frozen=True)
class PastedRow:
    """A line copied from a spreadsheet, read: ``line`` is its number, ``values`` the columns that it fills."""

    line: int
    state: State
    category: str
    values: dict[str, Any] = field(default_factory=dict)
    source: Source | None = None


@dataclass(frozen=True, order=True)
class LineProblem:
    """What is wrong with one cell of a pasted line: its number, the column's name, and a sentence."""

    line: int
    column: str
    text: str


class Unfilled(Exception):
    """Pasted rows that cannot be taken over as they are; nothing was written."""

    def __init__(self, problems: Sequence[LineProblem]) -> None:
        super().__init__("; ".join(problem.text for problem in problems))
        self.problems = sorted(problems)


@deed
def fill(*, by: User, changeset: Changeset, rows: Sequence[PastedRow]) -> list[PledgeUpdate]:
    """Write all pasted rows or none: into the draft of their pledge, a new draft, or a new pledge.

    The same rows again change nothing. Raises :class:`Unfilled` with every problem, Refused and Forbidden.
    """
    changeset = writable(by, changeset.pk)
    summit_of(changeset)
    pledges = _pledges_of(changeset, rows)
    written: list[PledgeUpdate] = []
    problems: list[LineProblem] = []
    for row in rows:
        try:
            written.append(_fill_row(by, changeset, row, pledges))
        except _Ambiguous:
            text = _("This state has several pledges in this category: record them in their rows.")
            problems.append(LineProblem(row.line, "category", text))
        except Refused as error:
            problems.append(LineProblem(row.line, "status", error.message))
        except ValidationError as error:
            problems += [
                LineProblem(row.line, "" if name == NON_FIELD_ERRORS else name, " ".join(messages))
                for name, messages in error.message_dict.items()
            ]
    if problems:
        raise Unfilled(problems)
    return written


class _Ambiguous(Exception):
    """A pasted line could be about several pledges."""


def _pledges_of(changeset: Changeset, rows: Sequence[PastedRow]) -> dict[tuple[int, str], list[Pledge]]:
    """Return the pledges that pasted lines can be about: in force, or new in the changeset."""
    states = {row.state.pk for row in rows}
    in_force = LedgerEntry.objects.in_force(Clock.present()).filter(state__in=states)
    found: dict[tuple[int, str], list[Pledge]] = {}
    pledges = Pledge.objects.filter(pk__in=in_force.values("pledge")) | Pledge.objects.filter(
        changeset=changeset, state__in=states
    )
    for pledge in pledges.select_related("state").order_by("pk"):
        found.setdefault((pledge.state_id, pledge.category), []).append(pledge)
    return found


def _fill_row(
    by: User, changeset: Changeset, row: PastedRow, pledges: dict[tuple[int, str], list[Pledge]]
) -> PledgeUpdate:
    key = (row.state.pk, row.category)
    known = pledges.get(key, [])
    if len(known) > 1:
        raise _Ambiguous
    values = dict(row.values)
    if "quantity_min" in values or "quantity_max" in values:
        values = {"quantity_min": None, "quantity_max": None, "quantity_basis": QuantityBasis.STATED.value} | values
    if known:
        update = _fill_known(by, changeset, known[0], values)
    else:
        if not values.get("status"):
            raise ValidationError({"status": _("Nothing is in force here, so a status is needed.")})
        status = values.pop("status")
        update = add_pledge(
            by=by, changeset=changeset, state=row.state, category=row.category, status=status, values=values
        )
        pledges[key] = [update.pledge]
    if row.source is not None:
        facts.cite(by=by, fact=update, source=row.source)
    return update


def _fill_known(by: User, changeset: Changeset, pledge: Pledge, values: dict[str, Any]) -> PledgeUpdate:
    draft = draft_of(changeset, pledge)
    was = status_in_force(pledge)
    if draft is None:
        if reason := against(values.get("status") or was, was):
            raise Refused(reason)
        new = blank(changeset, pledge, values.get("status") or was, was)
        unmention(changeset, pledge)
        return facts.add_update(by=by, changeset=changeset, pledge=pledge, values=_values(new) | values)
    changed = {name: value for name, value in values.items() if getattr(draft, name) != value}
    if not changed:
        return draft
    return facts.edit(by=by, fact=draft, version=draft.version, seen="", values=changed)
