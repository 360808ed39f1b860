"""Names of states, organisations and groups in the reader's language, from the Unicode CLDR as Babel ships it.

What CLDR lacks comes from the catalogues.
"""

from functools import cache

from babel import Locale
from babel.core import get_global
from django.utils.translation import gettext, gettext_noop

GROUPS = (
    gettext_noop("European Union"),
    gettext_noop("Group of Seven"),
    gettext_noop("North Atlantic Treaty Organization"),
    gettext_noop("Nordic-Baltic Eight"),
)
"""The groups of the bundled data, for the catalogues."""


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


def localised_group_name(name: str) -> str:
    """Return the name of a group of states in the active language; one that no catalogue knows stays as it is."""
    return gettext(name)
