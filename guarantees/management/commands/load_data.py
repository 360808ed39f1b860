import datetime as dt
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from guarantees.clock import canonical
from guarantees.datapackage.load import Outcome, load

BAR = 30
"""Characters of the progress bar."""


class Command(BaseCommand):
    help = "Load a data package: all of it, or nothing if there is any problem."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="the folder with the CSV files")
        parser.add_argument("--dry-run", action="store_true", help="check everything, write nothing")
        parser.add_argument("--title", default="", help="the title of the changeset")
        parser.add_argument(
            "--published-at",
            type=moment,
            metavar="2026-11-02T09:00:00Z",
            help="when it becomes public; in the past only for an empty database",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        progress = Progress(self)
        outcome = load(
            options["folder"],
            title=options["title"],
            published_at=options["published_at"],
            dry_run=options["dry_run"],
            progress=progress,
        )
        progress.end()
        if outcome.problems:
            for line in outcome.problems.lines():
                self.stderr.write(line)
            raise CommandError("Nothing was loaded.")
        self.report(outcome, options["dry_run"])

    def report(self, outcome: Outcome, dry_run: bool) -> None:
        for name, tally in outcome.tallies.items():
            parts = {"new": tally.added, "changed": tally.changed, "unchanged": tally.unchanged}
            counts = [f"{count:,} {what}" for what, count in parts.items() if count]
            if counts:
                self.stdout.write(f"{name}.csv: {', '.join(counts)}")
            if tally.missing:
                keys = ", ".join(tally.missing_keys) + (" …" if tally.missing > len(tally.missing_keys) else "")
                self.stdout.write(f"{name}.csv: {tally.missing:,} on record and not in the file, left alone: {keys}")
        for note in outcome.notes:
            self.stdout.write(note)
        if dry_run:
            self.stdout.write("This was a dry run: nothing was written.")
        elif not outcome.is_change:
            self.stdout.write("Nothing has changed.")
        elif outcome.public_at is not None:
            self.stdout.write(f"Public from {canonical(outcome.public_at)} on.")


def moment(text: str) -> dt.datetime:
    """Read a moment with its offset from the command line."""
    try:
        value = dt.datetime.fromisoformat(text)
    except ValueError:
        value = None
    if value is None or value.tzinfo is None:
        raise ArgumentTypeError(f"{text!r} is not a moment in the form 2026-11-02T09:00:00Z")
    return value.astimezone(dt.UTC)


class Progress:
    """A bar on a terminal; elsewhere a line for each step."""

    def __init__(self, command: BaseCommand) -> None:
        self.write = command.stdout.write
        self.terminal = command.stdout.isatty()
        self.step = ""
        self.drawn = 0.0

    def __call__(self, step: str, done: int, total: int) -> None:
        new, self.step = step != self.step, step
        if not self.terminal:
            if new:
                self.write(f"{step} …")
            return
        now = time.monotonic()
        if new or done >= total or now - self.drawn > 0.1:
            if new and self.drawn:
                self.write("")
            self.drawn = now
            filled = BAR * done // total if total else BAR
            self.write(f"\r{step:<12} {'█' * filled}{'░' * (BAR - filled)}", ending="")
            sys.stdout.flush()

    def end(self) -> None:
        """Leave the line of the bar."""
        if self.drawn:
            self.write("")
