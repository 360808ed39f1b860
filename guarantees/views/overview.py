"""The first page: where the record stands."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode

from guarantees import wording
from guarantees.clock import Clock
from guarantees.forms.parameters import address
from guarantees.models import State
from guarantees.queries import overview as queries
from guarantees.queries.counting import Total
from guarantees.views.public import ClockRequest, public_page
from guarantees.vocabulary import FIRM_RANK, RANKS, Availability, Category, Status, Unit

FIRM = [status for status, rank in RANKS.items() if rank >= FIRM_RANK]


@public_page
def overview(request: ClockRequest) -> HttpResponse:
    """Show the headline figures, the grid of states and categories, what was said last, and the meetings."""
    clock = request.clock
    found = queries.overview(clock)
    return render(
        request,
        "overview/overview.html",
        {
            "found": found,
            "figures": found.headline,
            "balance": [
                _line(clock, kind, counted, found.headline.troops_by_availability[kind])
                for kind, counted in found.headline.by_availability.items()
            ],
            "total": _line(clock, None, found.headline.every, found.headline.troops),
            "hrefs": {
                "firm": _pledges(clock, status=FIRM),
                "signalled": _pledges(clock, status=[Status.SIGNALLED]),
                "ruled_out": _pledges(clock, status=[Status.RULED_OUT]),
                "troops": _pledges(clock, category=[Category.TROOPS]),
            },
            "categories": list(Category),
            "rows": [_row(clock, row) for row in found.grid],
        },
    )


def _pledges(clock: Clock, **filters: Sequence[str]) -> str:
    """Return the address of the table of pledges with filters set and the page's clocks carried on."""
    query = [(name, str(value)) for name, values in filters.items() for value in values]
    return f"{reverse('pledge-list')}?{urlencode([*query, *clock.query.items()])}"


@dataclass(frozen=True, slots=True)
class BalanceLine:
    """One line of the balance of pledges at announced or firmer, as the template draws it.

    ``availability`` is None in the last line, which holds all. ``soldiers`` is the range of the troops in the numbers
    given, in words; empty if no pledge of troops gives a number.
    """

    availability: Availability | None
    href: str
    total: Total
    troops: Total
    soldiers: str


def _line(clock: Clock, availability: Availability | None, total: Total, troops: Total) -> BalanceLine:
    given = troops.sums.get(Unit.PERSONNEL)
    return BalanceLine(
        availability,
        _pledges(clock, availability=[availability] if availability else list(Availability)),
        total,
        troops,
        wording.sum_of_ranges(given.low, given.high) if given else "",
    )


@dataclass(frozen=True, slots=True)
class GridCell:
    """A cell of the grid as ``components/matrix.html`` draws it."""

    status: Status
    href: str
    category_label: str
    quantity: str
    waits: bool
    count: int


@dataclass(frozen=True, slots=True)
class GridRow:
    """A row of the grid as ``components/matrix.html`` draws it."""

    state: State
    href: str
    cells: list[GridCell | None]


def _row(clock: Clock, row: queries.Row) -> GridRow:
    return GridRow(
        row.state,
        address(clock, "state-detail", row.state.slug),
        [_cell(clock, row.state, cell) if cell else None for cell in row.cells],
    )


def _cell(clock: Clock, state: State, cell: queries.Cell) -> GridCell:
    if cell.pledge:
        href = address(clock, "pledge-detail", cell.pledge)
    else:
        href = _pledges(clock, state=[state.slug], category=[cell.category])
    quantity = wording.quantity(*cell.quantity, short=True) if cell.quantity else ""
    return GridCell(cell.status, href, str(cell.category.label), quantity, cell.waits, cell.count)
