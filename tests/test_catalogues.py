import gettext
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from guarantees import catalogues


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small checkout with a module and a template, in place of ours."""
    (tmp_path / "guarantees").mkdir()
    (tmp_path / "templates").mkdir()
    (tmp_path / "guarantees" / "words.py").write_text('title = _("Pledges")\nmany = ngettext("%d day", "%d days", 2)\n')
    (tmp_path / "templates" / "page.html").write_text('<h1>{% translate "Pledges" %}</h1>\n')
    monkeypatch.setattr(catalogues, "CHECKOUT", tmp_path)
    monkeypatch.setattr(catalogues, "LOCALE", tmp_path / "guarantees" / "locale")
    return tmp_path


def extracted(template: str) -> list[tuple[Any, ...]]:
    found = catalogues.extract_template(BytesIO(template.encode()), catalogues.KEYWORDS, ["Translators:"], {})
    return [entry[1:] for entry in found]


def test_every_way_to_mark_a_text_in_a_template_is_found() -> None:
    template = """
        {% load i18n %}
        <p title="{% translate "Status" context "of a pledge" %}">
        {% blocktranslate count n=pledges|length trimmed %}
            {{ n }} pledge of “{{ state }}” (100%)
        {% plural %}
            {{ n }} pledges
        {% endblocktranslate %}
          {# Translators: a button #}
       {% translate "Show" as label %}{% if a == "b" %}'{% endif %}
        {% include "page.html" with title=_("Sources") %}
    """
    assert extracted(template) == [
        ("pgettext", ("of a pledge", "Status"), []),
        ("ngettext", ("%(n)s pledge of “%(state)s” (100%%)", "%(n)s pledges", None), []),
        ("gettext", "Show", ["Translators: a button"]),
        ("_", "Sources", []),
    ]


def test_a_text_in_code_and_template_is_one_entry_with_both_places(checkout: Path) -> None:
    found = [(message.id, [place for place, _ in message.locations]) for message in catalogues.extract() if message.id]
    assert found == [
        ("Pledges", ["guarantees/words.py", "templates/page.html"]),
        (("%d day", "%d days"), ["guarantees/words.py"]),
    ]


def test_messages_writes_a_catalogue_keeps_translations_drops_unused_and_compiles(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("messages")
    assert capsys.readouterr().out == "de: 0 of 2 translated\n"

    path = catalogues.paths()["de"]
    path.write_text(path.read_text().replace('msgid "Pledges"\nmsgstr ""', 'msgid "Pledges"\nmsgstr "Zusagen"'))
    (checkout / "guarantees" / "words.py").write_text("")
    call_command("messages")
    assert capsys.readouterr().out == "de: 1 of 1 translated\n"

    with path.with_suffix(".mo").open("rb") as file:
        assert gettext.GNUTranslations(file).gettext("Pledges") == "Zusagen"
    assert "%d day" not in path.read_text()


def test_compiling_leaves_the_catalogues_as_they_are(checkout: Path) -> None:
    call_command("messages", compile_only=True)
    assert not catalogues.paths()["de"].exists()


def test_a_text_counts_as_translated_when_all_its_forms_are_and_nobody_doubts_them() -> None:
    catalog = catalogues.Catalog(locale="de")
    assert catalogues.is_translated(catalog.add("Show", "Zeigen"))
    assert not catalogues.is_translated(catalog.add("Hide", ""))
    assert not catalogues.is_translated(catalog.add("Save", "Sichern", flags={"fuzzy"}))
    assert not catalogues.is_translated(catalog.add(("%d day", "%d days"), ("%d Tag", "")))
