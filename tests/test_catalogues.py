import gettext
import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from django.core.management import call_command
from django.utils.translation import override

from guarantees import catalogues
from guarantees.vocabulary import Status


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


def catalogue(language: str) -> Catalog:
    with catalogues.paths()[language].open("rb") as file:
        return read_po(file)


def keys(catalog: Catalog) -> set[Any]:
    return {(message.context, message.id) for message in catalog if message.id}


def extracted(template: str) -> list[tuple[Any, ...]]:
    found = catalogues.extract_template(BytesIO(template.encode()), catalogues.KEYWORDS, ["Translators:"], {})
    return [entry[1:] for entry in found]


@pytest.mark.parametrize("language", catalogues.paths())
def test_no_text_of_code_and_templates_is_missing_in_a_catalogue_and_none_is_left_over(language: str) -> None:
    in_use, translated = keys(catalogues.extract()), keys(catalogue(language))
    assert in_use - translated == set()
    assert translated - in_use == set()
    assert dict(catalogue(language).obsolete) == {}


@pytest.mark.parametrize("language", catalogues.paths())
def test_every_text_of_a_catalogue_is_translated_and_nobody_doubts_it(language: str) -> None:
    catalog = catalogue(language)
    assert not catalog.fuzzy
    assert [message.id for message in catalog if message.id and not catalogues.is_translated(message)] == []


@pytest.mark.parametrize("language", catalogues.paths())
def test_translations_keep_the_placeholders_and_the_tags_of_the_text(language: str) -> None:
    catalog = catalogue(language)
    assert [(message.id, problems) for message, problems in catalog.check()] == []
    for message in catalog:
        # The plural form of the source names everything; a singular form may leave the number out.
        source = message.id[-1] if isinstance(message.id, tuple) else message.id
        forms = message.string if isinstance(message.string, tuple) else (message.string,)
        if message.id:
            assert [parts(form) for form in forms] == [parts(source)] * len(forms), message.id


def parts(text: Any) -> list[str]:
    return sorted(re.findall(r"%\(\w+\)[a-z]|</?\w+[^>]*>", text))


def test_german_uses_german_quotation_marks() -> None:
    texts = ["".join(message.string) for message in catalogue("de") if message.id]
    # A quotation mark of the keyboard may only stand inside a tag, and the closing ones of English nowhere.
    assert [text for text in texts if set('”"') & set(re.sub(r"<[^>]*>", "", text))] == []
    assert [text for text in texts if text.count("„") != text.count("“")] == []


def test_the_interface_speaks_german_with_the_catalogue_compiled_beside_it() -> None:
    with override("de"):
        assert str(Status.COMMITTED.label) == "Förmlich zugesagt"


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
