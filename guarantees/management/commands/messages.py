from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from guarantees import catalogues


class Command(BaseCommand):
    help = "Bring the translation catalogues up to date with the texts in code and templates, and compile them."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--compile-only", action="store_true", help="leave the catalogues as they are")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["compile_only"]:
            template = catalogues.extract()
            for path in catalogues.paths():
                catalog = catalogues.update(path, template)
                missing = sum(1 for message in catalog if message.id and not catalogues.is_translated(message))
                self.stdout.write(f"{catalog.locale}: {len(catalog)} texts, {missing} without a translation")
        catalogues.compile_all()
