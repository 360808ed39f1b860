from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from guarantees import catalogues


class Command(BaseCommand):
    """`manage.py messages`: extract, merge and compile the translations."""

    help = "Bring the translation catalogues up to date with the texts in code and templates, and compile them."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--compile-only", action="store_true", help="leave the catalogues as they are")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["compile_only"]:
            template = catalogues.extract()
            for code in catalogues.paths():
                catalog = catalogues.update(code, template)
                done = sum(1 for message in catalog if message.id and catalogues.is_translated(message))
                self.stdout.write(f"{code}: {done} of {len(catalog)} translated")
        catalogues.compile_all()
