"""Text as it is compared and as it is accepted."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guarantees.text import fold, tidy, unsafe_character


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Türkiye", "turkiye"),
        ("TÜRKİYE", "turkiye"),
        ("Łódź, Ærø, Đakovo", "lodz, aero, dakovo"),
        ("  Great   Britain ", "great britain"),
        ("Straße", "strasse"),
        ("𝐀𝐈𝐑 𝐩olicing", "air policing"),
        ("Київ", "киів"),
        ("Zelenskyy’s", "zelenskyy's"),
        ("US–Ukraine “talks” · «Київ»", 'us-ukraine "talks" "киів"'),
    ],
)
def test_case_and_accents_are_folded(text: str, folded: str):
    assert fold(text) == folded


@given(st.text())
def test_folding_twice_is_folding_once(text: str):
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet=st.characters(codec="latin-1", categories=["L"])))
def test_composed_and_decomposed_letters_fold_alike(text: str):
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x7f", "\u202e", "\u2066", "\ufffe", "\ud800"])
def test_an_unsafe_character_is_named(character: str):
    assert unsafe_character(f"before {character} after") == f"U+{ord(character):04X}"


@pytest.mark.parametrize("text", ["plain", "two\nlines", "a\ttab", "Київ", "עברית", "<b>bold</b>", "👍"])
def test_ordinary_text_is_safe(text: str):
    assert unsafe_character(text) is None


def test_text_is_tidied():
    assert tidy("  e\u0301lyse\u0301e\r\nParis\r ") == "\u00e9lys\u00e9e\nParis"
