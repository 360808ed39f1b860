from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from guarantees import ledger


class Command(BaseCommand):
    help = "Make the ledger anew from the facts, or see that it is what they say."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a pledge differs")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["check"]:
            wrong = ledger.differing()
            if wrong:
                for slug in wrong:
                    self.stdout.write(slug)
                raise CommandError(f"The ledger of {len(wrong):,} pledges is not what their facts say.")
            self.stdout.write("The ledger is what the facts say.")
        else:
            written = ledger.rebuild(self.progress)
            self.stdout.write(f"The ledger has {written:,} entries.")

    def progress(self, done: int, total: int) -> None:
        self.stdout.write(f"{done:,} of {total:,} pledges")
