from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from guarantees.datapackage.synthetic import make


class Command(BaseCommand):
    help = "Write a made-up data package of any size, for measuring; the same numbers give the same package."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="the folder to write into; made if need be")
        parser.add_argument("--pledges", type=at_least_one, required=True, help="how many pledges")
        parser.add_argument("--updates-per-pledge", type=at_least_one, default=3, help="about how many for each")
        parser.add_argument("--seed", type=int, default=0, help="another number gives another package")

    def handle(self, *args: Any, **options: Any) -> None:
        counts = make(
            options["folder"],
            pledges=options["pledges"],
            updates_per_pledge=options["updates_per_pledge"],
            seed=options["seed"],
        )
        for name, count in counts.items():
            self.stdout.write(f"{name}.csv: {count:,} rows")


def at_least_one(text: str) -> int:
    """Read a number of 1 or more from the command line."""
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return int(text)
