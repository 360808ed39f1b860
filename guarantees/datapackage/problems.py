"""What is wrong with a package: collected, never raised one by one, each with its file, row and column."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

LISTED = 200
"""Problems that are listed; the rest is counted. Nobody reads more, and a broken file may have a million."""
QUOTED = 60
"""Characters of a cell that a message repeats."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that an editor must mend. ``row`` counts as a spreadsheet does: the header is row 1."""

    file: str
    row: int | None
    column: str | None
    message: str

    def __str__(self) -> str:
        place = [self.file]
        if self.row is not None:
            place.append(_("row %(row)s") % {"row": self.row})
        if self.column is not None:
            place.append(_("column %(column)s") % {"column": self.column})
        return f"{', '.join(place)}: {self.message}"


class Problems:
    """The problems found so far: the first ``most`` of them, and how many there are."""

    def __init__(self, most: int = LISTED) -> None:
        self.listed: list[Problem] = []
        self.count = 0
        self.most = most

    def add(self, file: str, row: int | None, column: str | None, message: str) -> None:
        """Note a problem."""
        self.count += 1
        if len(self.listed) < self.most:
            self.listed.append(Problem(file, row, column, message))

    def __bool__(self) -> bool:
        return self.count > 0

    def __iter__(self) -> Iterator[Problem]:
        return iter(self.listed)

    def lines(self) -> Iterator[str]:
        """Yield a line for each problem that is listed, and one that counts the others."""
        yield from map(str, self.listed)
        if more := self.count - len(self.listed):
            yield ngettext("and %(count)s more problem", "and %(count)s more problems", more) % {"count": f"{more:,}"}


def quoted(text: str) -> str:
    """Return the beginning of a cell as messages repeat it: in quotes, control characters written out."""
    shown = text if len(text) <= QUOTED else f"{text[:QUOTED]}…"
    return f"“{''.join(char if char.isprintable() else f'U+{ord(char):04X}' for char in shown)}”"
