"""The review: every row of a changeset beside what is in force, for the person who decides."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any, Protocol

from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext

from guarantees import publication, wording
from guarantees.clock import Clock
from guarantees.evidence import Verdict
from guarantees.ledger import Terms
from guarantees.models import (
    Changeset,
    Pledge,
    PledgeMerge,
    PledgeUpdate,
    Position,
    Retraction,
    ReviewComment,
    SourceMerge,
    Summit,
)
from guarantees.models.base import Citation, Fact
from guarantees.queries import changes
from guarantees.vocabulary import (
    Area,
    Bindingness,
    ChangesetState,
    ConditionCode,
    ConditionsBasis,
    CorrectionKind,
    FactKind,
    Instrument,
    QuantityBasis,
    Status,
)

KIND_OF: dict[type[models.Model], FactKind] = {model: FactKind(code) for model, code in publication.RETRACTED.items()}
_SAID = (
    "date",
    "summit",
    "attribution",
    "instrument",
    "quantity_basis",
    "conditions",
    "conditions_basis",
    "conditions_lifted",
    "area",
)
LONG = 24
"""From how many characters on a text is compared word by word."""


class Against(Protocol):
    """Something that stands against a changeset: ``editing.changesets.Problem``, which this floor does not import."""

    @property
    def text(self) -> str:
        """What it is, in a sentence."""

    @property
    def fact(self) -> Fact | None:
        """The fact that it is about, if it is about one."""

    @property
    def remedy(self) -> str:
        """What helps, if the desk can do it."""


# --- Differences


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words of a text; ``mark`` is "ins" or "del" where only one of the two texts has them."""

    text: str
    mark: str = ""


@dataclass(frozen=True)
class Line:
    """One field of a fact beside what holds without it, both in words; ``before`` is empty where nothing was."""

    label: str
    before: str
    after: str

    @property
    def changes(self) -> bool:
        """Whether the words differ."""
        return self.before != self.after

    @property
    def is_apart(self) -> bool:
        """Whether both texts are long enough to be compared word by word."""
        return bool(self.before and self.after) and min(len(self.before), len(self.after)) >= LONG

    @property
    def pieces(self) -> tuple[list[Piece], list[Piece]]:
        """Both texts, with the words marked that only one of them has."""
        return words_apart(self.before, self.after)


def words_apart(before: str, after: str) -> tuple[list[Piece], list[Piece]]:
    """Compare two texts word by word: each in pieces, with a mark on what the other does not have."""
    old, new = (re.findall(r"\s*\S+|\s+$", text) for text in (before, after))
    earlier: list[Piece] = []
    later: list[Piece] = []
    for what, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        same = what == "equal"
        if a < b:
            earlier.append(Piece("".join(old[a:b]), "" if same else "del"))
        if c < d:
            later.append(Piece("".join(new[c:d]), "" if same else "ins"))
    return earlier, later


def compared(before: Mapping[str, str], after: Mapping[str, str]) -> list[Line]:
    """Return two sets of words as lines, in the order of the later one; without those that are empty in both."""
    lines = [Line(label, before.get(label, ""), after.get(label, "")) for label in after or before]
    return [line for line in lines if line.before or line.after]


def terms_in_words(terms: Terms | None) -> dict[str, str]:
    """Return terms in force in words, by the label of each; empty without terms."""
    if terms is None:
        return {}
    number, place = terms.quantity, terms.place
    quantity = wording.quantity(number.low, number.high, number.unit) if number else wording.quantity(None, None, "")
    if number and number.basis:
        quantity = f"{quantity} ({str(QuantityBasis(number.basis).label).lower()})"
    conditions = ", ".join(str(ConditionCode(waiting.code).label) for waiting in terms.conditions)
    return {
        gettext("Status"): str(Status(terms.status).label),
        gettext("Quantity"): quantity,
        gettext("Conditions"): conditions or str(ConditionsBasis(terms.conditions_basis).label),
        gettext("Area"): str(Area(place.area if place else Area.UNSPECIFIED).label),
        gettext("Instrument"): str(Instrument(terms.instrument).label),
        gettext("Bindingness"): str(Bindingness(terms.bindingness).label),
    }


def fact_in_words(fact: Any) -> dict[str, str]:
    """Return what a fact says, column by column, and its sources; read with its citations."""
    cited = [_cited_in_words(citation) for citation in fact.citations.all()]
    return changes.in_words(fact) | {gettext("Sources"): "; ".join(cited)}


def _cited_in_words(citation: Citation) -> str:
    source = citation.source
    parts = [f"{source.publisher} ({source.public_id})", citation.locator]
    if citation.credibility is not None:
        parts.append(gettext("credibility %(number)d") % {"number": citation.credibility})
    return ", ".join(part for part in parts if part)


# --- The rows of a changeset


@dataclass
class Comparison:
    """A fact of a changeset for its reviewer.

    ``lines``: against the fact that it corrects; of a position against the state's position so far; of anything else
    that is new, what it says. ``terms``: what is in force of its pledge, without the changeset and with it.
    ``newest``: what stands on record in the place of the corrected fact, if another changeset was quicker, and
    ``theirs``: that one, field by field, beside this one.
    """

    kind: FactKind
    fact: Any
    lines: list[Line]
    terms: list[Line] = field(default_factory=list)
    newest: Any = None
    theirs: list[Line] = field(default_factory=list)
    against: list[Against] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    comments: list[ReviewComment] = field(default_factory=list)
    altered: str = ""

    @property
    def anchor(self) -> str:
        """The id of the fact on the page, and its name among the marks of what a reviewer has seen."""
        return f"{self.kind}-{self.fact.pk}"

    @property
    def alters_terms(self) -> bool:
        """Whether the changeset alters what is in force of the pledge."""
        return any(line.changes for line in self.terms)

    @property
    def first_lines(self) -> list[Line]:
        """The lines to show at once: of a correction those that differ, of anything else all."""
        return self.lines if self.is_new else [line for line in self.lines if line.changes]

    @property
    def unchanged(self) -> list[Line]:
        """The lines of a correction in which nothing differs."""
        return [] if self.is_new else [line for line in self.lines if not line.changes]

    @property
    def said(self) -> list[Line]:
        """What a new update says, in words: when, who, how many, on which conditions, where."""
        words = changes.in_words(self.fact)
        columns = {name: words[changes.label_of(self.fact._meta.get_field(name))] for name in _SAID}
        quantity = wording.quantity(self.fact.quantity_min, self.fact.quantity_max, self.fact.unit)
        if self.fact.unit:
            quantity = f"{quantity} ({columns['quantity_basis'].lower()})"
        act = "" if self.fact.instrument == Instrument.NOT_STATED else wording.mid_sentence(columns["instrument"])
        lines = (
            Line(gettext("Said"), "", columns["date"]),
            Line(gettext("Summit"), "", columns["summit"]),
            Line(gettext("By"), "", ", ".join(part for part in (columns["attribution"], act) if part)),
            Line(gettext("Quantity"), "", quantity),
            Line(gettext("Conditions"), "", columns["conditions"] or columns["conditions_basis"]),
            Line(gettext("Conditions lifted"), "", columns["conditions_lifted"]),
            Line(gettext("Area"), "", columns["area"]),
        )
        return [line for line in lines if line.after]

    @property
    def citations(self) -> list[Citation]:
        """What the fact rests on."""
        return list(self.fact.citations.all())

    @property
    def is_new(self) -> bool:
        """Whether the fact corrects nothing."""
        return self.fact.corrects_id is None

    @property
    def correction(self) -> CorrectionKind | None:
        """What kind of correction it is, if it is one."""
        return CorrectionKind(self.fact.correction_kind) if self.fact.correction_kind else None

    @property
    def status(self) -> Status | None:
        """The status that it claims, if it is an update."""
        return Status(self.fact.status) if self.kind is FactKind.UPDATE else None

    @property
    def pledge(self) -> Pledge | None:
        """The pledge that it is about, if it is about one."""
        return getattr(self.fact, "pledge", None)

    @property
    def state(self) -> Any:
        """The state that it is about, if it is about one."""
        return self.pledge.state if self.pledge is not None else getattr(self.fact, "state", None)


@dataclass
class Ended:
    """A fact that a changeset ends without a successor, and why."""

    retraction: Retraction
    kind: FactKind
    fact: Any
    lines: list[Line]
    terms: list[Line]
    against: list[Against]
    comments: list[ReviewComment]
    altered: str = ""

    @property
    def alters_terms(self) -> bool:
        """Whether the changeset alters what is in force of the pledge."""
        return any(line.changes for line in self.terms)

    @property
    def anchor(self) -> str:
        """The id on the page."""
        return f"retraction-{self.retraction.pk}"


@dataclass
class Review:
    """A changeset as its reviewer reads it."""

    changeset: Changeset
    summit: Summit | None
    summit_lines: list[Line]
    attendances: list[Comparison]
    facts: list[Comparison]
    ended: list[Ended]
    pledge_merges: list[PledgeMerge]
    source_merges: list[SourceMerge]
    comments: list[ReviewComment]

    @property
    def updates(self) -> list[Comparison]:
        """The updates of pledges."""
        return [found for found in self.facts if found.kind is FactKind.UPDATE]

    @property
    def asked(self) -> list[tuple[Comparison, Verdict]]:
        """The rules that facts do not meet, each with the fact: what a reviewer has to give a reason for."""
        return [(found, verdict) for found in self.updates for verdict in found.verdicts if not verdict.passes]


def review(
    changeset: Changeset,
    clock: Clock,
    *,
    before: Mapping[int, Terms | None],
    after: Mapping[int, Terms | None],
    verdicts: Mapping[int, list[Verdict]],
    against: Sequence[Against],
    altered: Mapping[str, str],
) -> Review:
    """Return a changeset for its reviewer; the number of queries does not depend on the number of rows.

    ``before`` and ``after``: the terms in force when it goes public, by pledge, without and with the changeset.
    ``altered`` says which rows are not as the reviewer saw them, by their anchors. Each row that another changeset
    has overtaken costs a few queries more.
    """
    comments = list(changeset.comments.select_related("author"))
    about: dict[tuple[str, int | None], list[ReviewComment]] = {}
    for comment in comments:
        about.setdefault((comment.fact_kind, comment.fact_id), []).append(comment)
    problems: dict[str, list[Against]] = {}
    for problem in against:
        if problem.fact is not None:
            problems.setdefault(problem.fact.public_id, []).append(problem)
    found = []
    for kind in FactKind:
        rows = list(_rows(changeset, kind))
        so_far = _positions_so_far(rows, clock) if kind is FactKind.POSITION else {}
        for fact in rows:
            own = problems.get(fact.public_id, [])
            shown = Comparison(
                kind,
                fact,
                _lines(fact, so_far.get((fact.state_id, fact.subject)) if kind is FactKind.POSITION else None),
                against=own,
                comments=about.get((kind, fact.pk), []),
                altered=altered.get(f"{kind}-{fact.pk}", ""),
            )
            if kind is FactKind.UPDATE:
                shown.terms = compared(
                    terms_in_words(before.get(fact.pledge_id)), terms_in_words(after.get(fact.pledge_id))
                )
                shown.verdicts = verdicts.get(fact.pk, [])
            if fact.corrects is not None and any(problem.remedy for problem in own):
                shown.newest = publication.newest(fact.corrects, clock.known)
                if shown.newest is not None and shown.newest != fact.corrects:
                    shown.theirs = compared(fact_in_words(shown.newest), fact_in_words(fact))
            found.append(shown)
    ended = []
    for retraction in changes.rows(changeset, changes.KINDS["retraction"]):
        fact = changes.retracted(retraction).fact
        kind = KIND_OF[type(fact)]
        terms = []
        if isinstance(fact, PledgeUpdate):
            terms = compared(terms_in_words(before.get(fact.pledge_id)), terms_in_words(after.get(fact.pledge_id)))
        ended.append(
            Ended(
                retraction,
                kind,
                fact,
                compared(changes.in_words(fact), {}),
                terms,
                problems.get(fact.public_id, []),
                about.get((kind, fact.pk), []),
                altered.get(f"retraction-{retraction.pk}", ""),
            )
        )
    summit = Summit.objects.filter(changeset=changeset).select_related("country").first()
    is_listed = [shown.kind is FactKind.PARTICIPATION and shown.is_new for shown in found]
    return Review(
        changeset,
        summit,
        compared({}, _summit_in_words(summit)) if summit is not None else [],
        [shown for shown, listed in zip(found, is_listed, strict=True) if listed],
        [shown for shown, listed in zip(found, is_listed, strict=True) if not listed],
        ended,
        list(changeset.pledge_merges.select_related("pledge", "into").order_by("pk")),
        list(changeset.source_merges.select_related("source", "into").order_by("pk")),
        about.get(("", None), []),
    )


def _summit_in_words(summit: Summit) -> dict[str, str]:
    cited = summit.citations.select_related("source").order_by("pk")
    return changes.in_words(summit) | {gettext("Sources"): "; ".join(_cited_in_words(citation) for citation in cited)}


def _rows(changeset: Changeset, kind: FactKind) -> QuerySet[Any]:
    of = changes.KINDS[kind.value.replace("_", "-")]
    found = of.model._default_manager.filter(changeset=changeset).order_by("pk")
    return found.select_related("corrects", *of.joins, *(f"corrects__{join}" for join in of.joins)).prefetch_related(
        "citations__source", "corrects__citations__source"
    )


def _positions_so_far(rows: Iterable[Position], clock: Clock) -> dict[tuple[int, str], Position]:
    known = Position.objects.as_of(clock).filter(state__in={row.state_id for row in rows})
    related = known.select_related("state", "summit").prefetch_related("citations__source")
    return {(position.state_id, position.subject): position for position in related.order_by("date", "pk")}


def _lines(fact: Any, so_far: Position | None) -> list[Line]:
    """Return a fact against what it corrects, else against ``so_far``, else as it is."""
    other = fact.corrects if fact.corrects is not None else so_far
    if isinstance(fact, PledgeUpdate) and other is None:
        return []  # the page shows a new update in a form of its own
    return compared(fact_in_words(other) if other is not None else {}, fact_in_words(fact))


# --- What has changed since a reviewer looked


@dataclass(frozen=True, slots=True)
class Alteration:
    """A row that is not as the reviewer saw it: where it is on the page (empty: nowhere), its name, what happened."""

    anchor: str
    name: str
    text: str


def alterations(
    changeset: Changeset, seen: Mapping[str, str], now: Mapping[str, str], names: Mapping[str, list[str]]
) -> list[Alteration]:
    """Name the rows that are changed, new or gone since the marks ``seen`` were taken.

    ``now`` are the marks of the present, ``names`` the names of the columns in the order of their letters, by kind.
    """
    found = []
    differing = [name for name in now if seen.get(name) != now[name]]
    gone = [name for name in seen if name not in now]
    rows = _named(changeset, differing)
    for name in differing:
        kind, row = rows.get(name, (name.partition("-")[0], None))
        if name not in seen:
            text = gettext("new")
        elif row is not None and kind in names:
            text = _now_says(row, seen[name], now[name], names[kind])
        else:
            text = gettext("changed")
        found.append(Alteration(name if _has_anchor(kind) else "", _title(changeset, kind, row), text))
    deleted = _deleted(changeset, gone)
    found += [Alteration("", deleted[name], gettext("no longer here")) for name in gone if name in deleted]
    return found


def _has_anchor(kind: str) -> bool:
    return kind in FactKind or kind == "retraction"


def _now_says(row: models.Model, seen: str, now: str, names: Sequence[str]) -> str:
    """Return what the changed columns of a row say now."""
    columns = {column.name: column for column in row._meta.concrete_fields}
    said = []
    for name, old, new in zip(names, seen[8:], now[8:], strict=False):
        if old == new:
            continue
        if name == "sources":
            said.append(gettext("other sources"))
        elif name in columns:
            value = changes.value_in_words(row, columns[name]) or gettext("empty")
            said.append(
                gettext("%(field)s is now: %(value)s") % {"field": changes.label_of(columns[name]), "value": value}
            )
    return "; ".join(said) or gettext("changed")


def _by_kind(names: Iterable[str]) -> dict[str, set[int]]:
    wanted: dict[str, set[int]] = {}
    for name in names:
        kind, _dash, pk = name.partition("-")
        wanted.setdefault(kind, set()).add(int(pk))
    return wanted


def _named(changeset: Changeset, names: Iterable[str]) -> dict[str, tuple[str, Any]]:
    """Return the rows with these names, each with its kind: one query for each kind."""
    found: dict[str, tuple[str, Any]] = {}
    for kind, pks in _by_kind(names).items():
        rows: QuerySet[Any]
        if kind in FactKind:
            rows = _rows(changeset, FactKind(kind))
        elif kind in ("pledge", "record"):
            rows = Pledge.objects.all()
        elif kind == "summit":
            rows = Summit.objects.filter(changeset=changeset)
        else:
            continue
        found |= {f"{kind}-{row.pk}": (kind, row) for row in rows.filter(pk__in=pks)}
    return found


def _title(changeset: Changeset, kind: str, row: Any) -> str:
    match kind:
        case "changeset":
            return gettext("Title and reason")
        case "record":
            return gettext("What is on record of “%(pledge)s”") % {"pledge": row}
        case "pledge" | "summit":
            return str(row)
        case "retraction":
            return gettext("Retraction")
        case "pledge_merge" | "source_merge":
            return gettext("Merge")
    return row.public_id if row is not None else str(FactKind(kind).label)


def _deleted(changeset: Changeset, names: Iterable[str]) -> dict[str, str]:
    """Return what rows of the changeset that are gone were called, from their history; one query for each kind."""
    found: dict[str, str] = {}
    for kind, pks in _by_kind(names).items():
        if kind in FactKind:
            history = changes.KINDS[kind.replace("_", "-")].model.pgh_event_model._default_manager  # type: ignore[attr-defined]  # by pghistory
            events = history.filter(pgh_obj_id__in=pks, changeset=changeset).order_by("pgh_id")
            found |= {f"{kind}-{pk}": public_id for pk, public_id in events.values_list("pgh_obj_id", "public_id")}
        elif kind in ("pledge", "summit", "retraction", "pledge_merge", "source_merge"):
            found |= {f"{kind}-{pk}": _title(changeset, kind, gettext("A row")) for pk in pks}
    return found


def comments_on(changeset: Changeset, kind: FactKind, fact_id: int) -> list[ReviewComment]:
    """Return what was said about one fact of a changeset."""
    return list(changeset.comments.filter(fact_kind=kind, fact_id=fact_id).select_related("author"))


def is_settled(changeset: Changeset) -> bool:
    """Whether nothing is left to decide about a changeset."""
    return changeset.state in (ChangesetState.APPROVED, ChangesetState.WITHDRAWN)
