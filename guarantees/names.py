"""Names of states and organisations in the reader's language, from the Unicode CLDR as Babel ships it."""

from functools import cache

from babel import Locale
from babel.core import get_global


@cache
def _alpha_2(code: str) -> str:
    """Return the territory code by which CLDR knows a state: FRA is FR; EU and UN are their own."""
    aliases: dict[str, list[str]] = get_global("territory_aliases")  # type: ignore[assignment]  # typed too widely
    return aliases.get(code, [code])[0]


@cache
def localised_state_name(code: str, fallback: str, language: str) -> str:
    """Return the name of the state or organisation ``code`` (ISO 3166-1 alpha-3, or EU, NATO, UN).

    ``fallback`` is the English name on record; it stands in for what CLDR does not know, such as NATO.

    >>> localised_state_name("TUR", "Türkiye", "de")
    'Türkei'
    """
    return str(Locale.parse(language, sep="-").territories.get(_alpha_2(code), fallback))
