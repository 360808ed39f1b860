"""A made-up package of any size, for measuring: the shape of the real record, nothing of its content.

The same size and seed give the same bytes. Rows are made one at a time, each from a seed of its own, so that the memory
needed does not grow with the size. States have codes that ISO 3166 leaves to users; sources stand at example.org.
"""

import csv
import datetime as dt
import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guarantees.datapackage.schema import BY_NAME, DESCRIPTOR, FILES, descriptor
from guarantees.vocabulary import (
    Area,
    Attendance,
    Attribution,
    Category,
    Concern,
    ConditionCode,
    Role,
    SourceKind,
    Stance,
    Status,
    Subject,
    SummitFormat,
    SummitKind,
    Unit,
)

STATES = 60
FIRST_DAY = dt.date(2022, 1, 1)
DAYS = 1_400
PUBLISHED_AT = "2026-01-01T00:00:00Z"
LADDER = (Status.SIGNALLED, Status.ANNOUNCED, Status.COMMITTED, Status.AUTHORISED, Status.UNDER_WAY)
UNITS = {
    Category.TROOPS: (Unit.PERSONNEL, 200, 6_000),
    Category.TRAINING: (Unit.TRAINEES, 100, 10_000),
    Category.AIR_POLICING: (Unit.AIRCRAFT, 2, 24),
    Category.MARITIME: (Unit.SHIPS, 1, 6),
    Category.EQUIPMENT: (Unit.SYSTEMS, 5, 300),
    Category.FINANCING: (Unit.EUR, 1_000_000, 900_000_000),
}
# fmt: off
WORDS = (
    "government", "minister", "parliament", "coalition", "force", "soldiers", "ceasefire",
    "mandate", "airspace", "mission", "support", "planning", "deployment", "contribution",
    "agreement", "monitoring", "training", "logistics", "headquarters", "statement", "meeting",
    "allies", "security", "guarantee", "brigade", "frigate", "patrol", "budget", "request",
    "approval",
)


@dataclass(frozen=True, slots=True)
class Size:
    """How much is made."""

    pledges: int
    updates_per_pledge: int
    seed: int

    def dice(self, *what: object) -> random.Random:
        """Return the source of chance for one row."""
        return random.Random(f"{self.seed}/{'/'.join(map(str, what))}")  # noqa: S311  rows, not secrets

    def updates(self, pledge: int) -> int:
        """Return how many updates a pledge has: from one to nearly twice the mean."""
        return self.dice("updates", pledge).randint(1, 2 * self.updates_per_pledge - 1)

    @property
    def summits(self) -> int:
        """One meeting for every hundred pledges, at least twenty."""
        return 20 + self.pledges // 100

    @property
    def sources(self) -> int:
        """About one source for two updates."""
        return 10 + self.pledges * self.updates_per_pledge // 2


def _state(number: int) -> str:
    return f"Q{chr(ord('M') + number // 26)}{chr(ord('A') + number % 26)}"


def _source(number: int) -> str:
    return f"report-{number:08}"


def _summit(number: int) -> str:
    return f"meeting-{number:06}"


def _day(number: int, count: int) -> dt.date:
    return FIRST_DAY + dt.timedelta(days=number * DAYS // count)


def _sentence(dice: random.Random, words: int) -> str:
    return f"{' '.join(dice.choices(WORDS, k=words)).capitalize()}."


def _sources(size: Size, dice: random.Random) -> str:
    return ";".join(sorted({_source(dice.randrange(size.sources)) for _turn in range(dice.choice((1, 1, 2, 3)))}))


def _pledge(size: Size, number: int) -> tuple[str, Category, str]:
    """Return the state, the category and the slug of a pledge; slugs ascend with the numbers."""
    categories = sorted(Category)
    state, rest = divmod(number * STATES, size.pledges)
    category = categories[rest * len(categories) // size.pledges]
    code = _state(state)
    return code, category, f"{code.lower()}-{category.replace('_', '-')}-{number:07}"


Row = Iterable[Any]


def _make_states(size: Size) -> Iterator[Row]:
    for number in range(STATES):
        yield _state(number), f"State {_state(number)}", "state"


def _make_groups(size: Size) -> Iterator[Row]:
    yield "EAST", "Group of the East"
    yield "WEST", "Group of the West"


def _make_memberships(size: Size) -> Iterator[Row]:
    for group, part in (("EAST", range(STATES // 2)), ("WEST", range(STATES // 3, STATES))):
        for number in part:
            yield group, _state(number)


def _make_sources(size: Size) -> Iterator[Row]:
    kinds = [SourceKind.NEWS] * 6 + list(SourceKind)
    for number in range(size.sources):
        dice = size.dice("source", number)
        day = FIRST_DAY + dt.timedelta(days=dice.randrange(DAYS))
        title = _sentence(dice, 8) if dice.random() < 0.6 else ""
        url = f"https://example.org/{day.year}/{number:08}"
        yield _source(number), url, f"Example Gazette {number % 90}", title, "en", day, dice.choice(kinds)


def _make_summits(size: Size) -> Iterator[Row]:
    for number in range(size.summits):
        dice = size.dice("summit", number)
        day = _day(number, size.summits)
        yield (
            _summit(number),
            f"Meeting {number}",
            dice.choice(list(SummitKind)),
            day,
            day,
            f"City {number % 40}",
            _state(number % STATES),
            dice.choice(list(SummitFormat)),
            dice.choice(("", 20, 31, 35)),
            "",
            _sentence(dice, 20),
            _sources(size, dice),
        )


def _make_participations(size: Size) -> Iterator[Row]:
    for number in range(size.summits):
        dice = size.dice("participations", number)
        for state in sorted(dice.sample(range(STATES), dice.randint(5, 35))):
            role = dice.choice([Role.PARTICIPANT] * 9 + [Role.OBSERVER])
            person = f"Person {dice.randrange(900)}" if dice.random() < 0.7 else ""
            attendance = dice.choice(list(Attendance))
            office = "Minister of Defence" if person else ""
            yield _summit(number), _state(state), role, attendance, person, office, _sources(size, dice)


def _make_conditions(size: Size) -> Iterator[Row]:
    for code in sorted(ConditionCode):
        yield code.value, code.value.replace("_", " ").capitalize(), "Made up for measuring."


def _make_pledges(size: Size) -> Iterator[Row]:
    for number in range(size.pledges):
        state, category, slug = _pledge(size, number)
        yield slug, state, category, _sentence(size.dice("pledge", number), 6)[:-1]


def _make_updates(size: Size) -> Iterator[Row]:
    for number in range(size.pledges):
        dice = size.dice("pledge's updates", number)
        _state_code, category, slug = _pledge(size, number)
        count = size.updates(number)
        days = sorted(dice.sample(range(DAYS), count))
        rung = dice.choice((0, 0, 0, 1, 1))
        refused = dice.random() < 0.06
        for turn, day in enumerate(days):
            rung = min(rung + dice.choice((0, 0, 1)), len(LADDER) - 1)
            status = LADDER[rung]
            if refused:
                status = Status.RULED_OUT
            elif turn == count - 1 and turn > 0 and dice.random() < 0.1:
                status = dice.choice((Status.SUSPENDED, Status.WITHDRAWN, Status.LAPSED))
            conditions = []
            if not refused and dice.random() < 0.5:
                conditions = sorted(dice.sample(sorted(ConditionCode), dice.choice((1, 1, 2, 3))))
            quantity = _quantity(dice, category) if not refused and dice.random() < 0.25 else ("", "", "", "")
            summit = day * size.summits // DAYS
            yield (
                slug,
                FIRST_DAY + dt.timedelta(days=day),
                _summit(summit) if dice.random() < 0.5 else "",
                status,
                "declaration_of_intent" if status == Status.COMMITTED else "oral_statement",
                "political" if status == Status.COMMITTED else "not_stated",
                dice.choice([Attribution.BY_SELF] * 8 + list(Attribution)),
                *quantity,
                dice.choice(list(Area)),
                ";".join(conditions),
                "stated" if conditions else "none_stated",
                "",
                _sentence(dice, dice.randint(15, 35)),
                _sources(size, dice),
            )


def _quantity(dice: random.Random, category: Category) -> tuple[Any, ...]:
    unit, low, high = UNITS.get(category, (Unit.PERSONNEL, 10, 400))
    most = dice.randint(low, high)
    least = dice.choice((most, "", max(1, most // 2)))
    return least, most, unit, dice.choice(("stated", "reported"))


def _make_positions(size: Size) -> Iterator[Row]:
    subjects, stances = list(Subject), list(Stance)
    per_state = max(1, size.pledges // (2 * STATES))
    for state in range(STATES):
        for number in range(per_state):
            dice = size.dice("position", state, number)
            yield (
                _state(state),
                _day(number, per_state),
                dice.choice(subjects),
                f"Topic {number:06}",
                "",
                dice.choice(stances),
                _sentence(dice, 20),
                _sources(size, dice),
            )


def _make_claims(size: Size) -> Iterator[Row]:
    for number in range(10):
        dice = size.dice("claim", number)
        source = _sources(size, dice)
        claimed = dice.randint(5, 35)
        slug, day = f"claim-{number:02}", _day(number, 10)
        yield slug, day, "", "Somebody", "Ready to take part", claimed, "", "", _sentence(dice, 15), source


def _make_requirements(size: Size) -> Iterator[Row]:
    for number in range(12):
        dice = size.dice("requirement", number)
        least = dice.randint(5, 50) * 1_000
        slug, day, whose = f"requirement-{number:02}", _day(number, 12), dice.choice(list(Concern))
        least_most = (least, 2 * least)
        text, source = _sentence(dice, 15), _sources(size, dice)
        yield slug, day, "An institute", whose, Category.TROOPS, Unit.PERSONNEL, *least_most, text, source


_MAKE = {
    "states": _make_states,
    "groups": _make_groups,
    "memberships": _make_memberships,
    "sources": _make_sources,
    "summits": _make_summits,
    "participations": _make_participations,
    "conditions": _make_conditions,
    "pledges": _make_pledges,
    "updates": _make_updates,
    "positions": _make_positions,
    "claims": _make_claims,
    "requirements": _make_requirements,
}


def make(folder: Path, *, pledges: int, updates_per_pledge: int = 3, seed: int = 0) -> dict[str, int]:
    """Write a package with so many pledges, and about so many updates for each; return the rows of each file.

    ``pledges`` and ``updates_per_pledge`` are 1 or more.
    """
    size = Size(pledges, updates_per_pledge, seed)
    folder.mkdir(parents=True, exist_ok=True)
    counts = {}
    for file in FILES:
        if file.name in _MAKE:
            count = 0
            with (folder / file.path).open("w", encoding="utf-8", newline="") as handle:
                writer = csv.writer(handle, lineterminator="\n")
                writer.writerow(BY_NAME[file.name].header)
                for row in _MAKE[file.name](size):
                    writer.writerow(row)
                    count += 1
            counts[file.name] = count
    changeset = {"title": "A made-up record", "reason": "For measuring.", "published_at": PUBLISHED_AT}
    text = json.dumps(descriptor(set(counts), changeset), ensure_ascii=False, indent=2)
    (folder / DESCRIPTOR).write_text(f"{text}\n", encoding="utf-8", newline="\n")
    return counts
