import datetime as dt
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from guarantees import clock
from guarantees.clock import BadParameter
from guarantees.datapackage.write import write


class Command(BaseCommand):
    help = "Write the record as a data package, which load_data reads."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="the folder to write into; made if need be")
        parser.add_argument(
            "--on", type=day, metavar="2026-02-26", help="only what was said that day or earlier; without the history"
        )
        parser.add_argument(
            "--known", type=moment, metavar="2026-11-02T09:00:00Z", help="what was on record then; default: now"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            counts = write(options["folder"], known=options["known"] or clock.now(), on=options["on"])
        except OSError as error:
            raise CommandError(f"The folder cannot be written: {error}") from error
        for name, count in counts.items():
            self.stdout.write(f"{name}.csv: {count:,} rows")


def day(text: str) -> dt.date:
    """Read a day from the command line."""
    try:
        return clock.parse_on(text)
    except BadParameter as error:
        raise ArgumentTypeError(str(error)) from error


def moment(text: str) -> dt.datetime:
    """Read a moment that is not in the future from the command line."""
    try:
        return clock.parse_known(text, clock.now())
    except BadParameter as error:
        raise ArgumentTypeError(str(error)) from error
