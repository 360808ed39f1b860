"""Text as it is compared and as it is accepted: folding for search, and what may not stand in a text at all."""

import re
import unicodedata

MAX_LINE = 300
"""Characters that a one-line text (a title, a name, an office) may have."""
MAX_PROSE = 4_000
"""Characters that a prose text (a summary, a reason, a comment) may have."""
MAX_WORDING_WORDS = 40
"""Words of original wording that may be quoted with an update (design: short quotations only)."""

_UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]")
_LETTERS_WITHOUT_DECOMPOSITION = str.maketrans(
    {"ø": "o", "đ": "d", "ł": "l", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"}
)
# PostgreSQL's text search takes every sign beyond ASCII for a letter where the server runs with the C locale, as the
# embedded one does: "US–Ukraine" would be one word there. The keyboard's signs part words everywhere.
_TYPOGRAPHIC = str.maketrans(
    dict.fromkeys("‐‑‒–—―−", "-")
    | dict.fromkeys("‘’‚‛ʼ′", "'")
    | dict.fromkeys("“”„‟«»‹›″", '"')
    | {"·": " ", "•": " "}
)


def fold(text: str) -> str:
    """Return the text without case and accents, in the form that search columns and queries share.

    Typographic dashes and quotation marks become those of the keyboard.

    >>> fold("Türkiye, Łódź")
    'turkiye, lodz'
    """
    if text.isascii():  # Nothing to take apart; loading a large package folds millions of characters.
        return " ".join(text.casefold().split())
    # Taking apart can bring out another capital (the 𝐀 of mathematics), as folding can another accent.
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text.casefold()).casefold())
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(bare.translate(_LETTERS_WITHOUT_DECOMPOSITION).translate(_TYPOGRAPHIC).split())


def unsafe_character(text: str) -> str | None:
    """Name the first character that no text of the ledger may hold, as ``U+202E``, or None.

    Refused are control characters (but for tab and line ends), direction overrides, which can make a text read
    as something else, and code points that are no characters.
    """
    found = _UNSAFE.search(text)
    return f"U+{ord(found.group()):04X}" if found else None


def tidy(text: str) -> str:
    """Return the text in Unicode's composed form, with Unix line ends and no white space at either end."""
    return unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").strip()
