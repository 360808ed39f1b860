"""Catalogues of the interface's texts, handled with Babel: no gettext tools are needed. Imports nothing of ours.

The source language is English; the other languages have a catalogue in `locale/`.
"""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir, extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

CHECKOUT = Path(__file__).resolve().parent.parent
LOCALE = CHECKOUT / "guarantees" / "locale"
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}


def paths() -> dict[str, Path]:
    """The catalogue of every language but that of the source."""
    languages = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
    return {code: LOCALE / code / "LC_MESSAGES" / "django.po" for code in languages}


def compile_all() -> None:
    """Write the compiled catalogue beside each one that is newer."""
    for path in paths().values():
        target = path.with_suffix(".mo")
        if path.exists() and (not target.exists() or target.stat().st_mtime < path.stat().st_mtime):
            with path.open("rb") as source:
                catalog = read_po(source)
            fresh = target.with_suffix(".mo.new")
            with fresh.open("wb") as file:
                write_mo(file, catalog)
            fresh.replace(target)  # whole or not at all, for a server that reads it meanwhile


def extract() -> Catalog:
    """Every text that code and templates mark for translation, with the places where it stands."""
    catalog = Catalog(project="Guarantee Ledger")
    found = [
        *_extracted(CHECKOUT / "guarantees", "**.py", "python"),
        *_extracted(CHECKOUT / "templates", "**.*", "guarantees.catalogues:extract_template"),
    ]
    for place, message, comments, context in found:
        catalog.add(message, None, [(place, 0)], auto_comments=comments, context=context)
    return catalog


def _extracted(folder: Path, pattern: str, method: str) -> Iterator[tuple[str, Any, list[str], str | None]]:
    for name, _line, message, comments, context in sorted(
        extract_from_dir(
            folder, [(pattern, method)], keywords=KEYWORDS, comment_tags=("Translators:",), strip_comment_tags=True
        ),
        key=lambda entry: (entry[0], entry[1]),
    ):
        yield f"{folder.name}/{name}", message, comments, context


def extract_template(
    file: IO[bytes], keywords: dict[str, Any], comment_tags: list[str], options: dict[str, Any]
) -> Iterator[tuple[Any, ...]]:
    """Babel's extraction method for Django's template language, by way of Django's own reading of it."""
    python = templatize(file.read().decode())
    # Everything but the marked texts has become a run of X; as Python it must not be indented.
    lines = re.sub(r"^[ \t]+", "", python, flags=re.MULTILINE)
    yield from extract_python(BytesIO(lines.encode()), keywords, comment_tags, {"encoding": "utf-8"})


def is_translated(message: Message) -> bool:
    """Whether every form of a text has a translation that nobody need look at again."""
    forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return all(forms) and not message.fuzzy


def update(code: str, template: Catalog) -> Catalog:
    """Bring a language's catalogue up to date with the texts in use; texts no longer used are dropped."""
    path = paths()[code]
    if path.exists():
        with path.open("rb") as file:
            catalog = read_po(file)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        catalog = Catalog(locale=code, project=template.project, fuzzy=False)
    # Guessed translations would have to be looked for; missing ones are named by a test.
    catalog.update(template, no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    with path.open("wb") as file:
        write_po(file, catalog, width=100, sort_output=True, include_lineno=False)
    return catalog
