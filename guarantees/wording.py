"""How quantities and dates are written for readers: full words, in the reader's language, nothing rounded away.

Plain text; the template library ``ledger`` wraps it in HTML. Machine formats never come from here.
"""

import datetime as dt

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import format_compact_decimal, format_decimal
from django.utils.translation import get_language, gettext, ngettext

from guarantees.vocabulary import Unit

MILLION = 1_000_000


def locale_name() -> str:
    """Return the CLDR locale of the active language. English is British."""
    language = get_language() or "en"
    return "en_GB" if language == "en" else language.replace("-", "_")


def language_name(code: str) -> str:
    """Write the name of a language: ``uk`` is Ukrainian; a code that CLDR does not know stays as it is."""
    try:
        return Locale.parse(code).get_language_name(locale_name()) or code
    except (UnknownLocaleError, ValueError):
        return code


def number(value: int, *, short: bool = False) -> str:
    """Write a number: ``5,000``; from a million on ``1.6 billion`` (short ``1.6B``), where that is exact."""
    locale = locale_name()
    if value >= MILLION:
        step = MILLION if value < 1000 * MILLION else 1000 * MILLION
        if value % (step // 1000) == 0:
            # CLDR words: "billion", in German "Milliarden". Three decimals hold every value let through above.
            return format_compact_decimal(
                value, format_type="short" if short else "long", locale=locale, fraction_digits=3
            )
    return format_decimal(value, locale=locale)


def amount(value: int, unit: str, *, short: bool = False) -> str:
    """Write a number with its unit: ``5,000 personnel``, ``1 ship``, ``1.6 billion GBP``."""
    written = number(value, short=short)
    match unit:
        case Unit.PERSONNEL:
            return ngettext("%(number)s person", "%(number)s personnel", value) % {"number": written}
        case Unit.BRIGADES:
            return ngettext("%(number)s brigade", "%(number)s brigades", value) % {"number": written}
        case Unit.AIRCRAFT:
            return ngettext("%(number)s aircraft", "%(number)s aircraft", value) % {"number": written}
        case Unit.SHIPS:
            return ngettext("%(number)s ship", "%(number)s ships", value) % {"number": written}
        case Unit.TRAINEES:
            return ngettext("%(number)s trainee", "%(number)s trainees", value) % {"number": written}
        case Unit.SYSTEMS:
            return ngettext("%(number)s system", "%(number)s systems", value) % {"number": written}
    return f"{written} {unit}"


def quantity(minimum: int | None, maximum: int | None, unit: str, *, short: bool = False) -> str:
    """Write a quantity as it was given; no number is said to be none, never shown as 0.

    ``up to 5,000 personnel``, ``500 to 700 personnel``, ``at least 100 systems``, ``1.6 billion GBP``.
    """
    if maximum is None:
        if minimum is None:
            return gettext("no number given")
        return gettext("at least %(quantity)s") % {"quantity": amount(minimum, unit, short=short)}
    if minimum is None:
        return gettext("up to %(quantity)s") % {"quantity": amount(maximum, unit, short=short)}
    if minimum == maximum:
        return amount(maximum, unit, short=short)
    return gettext("%(low)s to %(high)s") % {
        "low": number(minimum, short=short),
        "high": amount(maximum, unit, short=short),
    }


def sum_of_ranges(minimum: int, maximum: int | None) -> str:
    """Write a sum of quantities without its unit: ``0 to 5,000``; with an open upper end ``at least 500``."""
    if maximum is None:
        return gettext("at least %(quantity)s") % {"quantity": number(minimum)}
    if minimum == maximum:
        return number(minimum)
    return gettext("%(low)s to %(high)s") % {"low": number(minimum), "high": number(maximum)}


def day(date: dt.date) -> str:
    """Write a day in full: ``4 September 2025``, in German ``4. September 2025``."""
    return format_date(date, "long", locale=locale_name())


def short_day(date: dt.date) -> str:
    """Write a day with a short month, for tables: ``4 Sept 2025``."""
    return format_skeleton("yMMMd", date, locale=locale_name())


def moment(at: dt.datetime) -> str:
    """Write a moment in UTC: ``6 January 2026, 18:05 UTC``; seconds only where there are some."""
    at = at.astimezone(dt.UTC)
    pattern = "HH:mm:ss" if at.second else "HH:mm"
    time = format_time(at.time(), pattern, locale=locale_name())
    return gettext("%(day)s, %(time)s UTC") % {"day": day(at.date()), "time": time}


def mid_sentence(label: str) -> str:
    """Write a label as it stands inside a sentence: small in English; German nouns keep their capital letter."""
    return label if locale_name().startswith("de") else label.lower()


def days(first: dt.date, last: dt.date | None) -> str:
    """Write the days of a meeting: ``23 to 24 January 2026``, ``28 January to 2 February 2026``, or one day."""
    if last is None or first == last:
        return day(first)
    if (first.year, first.month) == (last.year, last.month):
        # Translators: the day of the month alone, before "to 24 January 2026"; German writes "23. bis 24. Januar 2026".
        return gettext("%(first_day)s to %(last)s") % {"first_day": first.day, "last": day(last)}
    if first.year == last.year:
        start = format_skeleton("MMMMd", first, locale=locale_name())
        return gettext("%(first)s to %(last)s") % {"first": start, "last": day(last)}
    return gettext("%(first)s to %(last)s") % {"first": day(first), "last": day(last)}
