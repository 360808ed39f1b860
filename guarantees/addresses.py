"""Addresses of sources: the one spelling in which they are stored, which of them are one page, and ids made of them."""

import datetime as dt
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.utils.text import slugify

TRACKING = ("utm_", "mc_", "pk_", "at_campaign", "at_medium")
"""Beginnings of query parameters that tell the publisher where a reader came from, and nothing about the page."""
TRACKING_NAMES = frozenset(
    {"fbclid", "gclid", "dclid", "msclkid", "yclid", "igshid", "cmpid", "ocid", "smid", "ref_src"}
)


def normalised(url: str) -> str:
    """Return an address in the one spelling in which it is stored.

    Scheme and host in lower case, no default port, no fragment, no tracking parameters; the path stays as it is.

    >>> normalised("HTTPS://Example.ORG:443/a?utm_source=x&b=1#top")
    'https://example.org/a?b=1'
    """
    parts = urlsplit(url.strip())
    scheme = parts.scheme.lower()
    host = parts.netloc.lower()
    host = host.removesuffix(":443" if scheme == "https" else ":80")
    kept = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not name.lower().startswith(TRACKING) and name.lower() not in TRACKING_NAMES
    ]
    # A query that loses nothing keeps its own spelling.
    query = parts.query if len(kept) == len(parse_qsl(parts.query, keep_blank_values=True)) else urlencode(kept)
    return urlunsplit((scheme, host, parts.path or "/", query, ""))


def same_page(url: str) -> tuple[str, str, str]:
    """Return what two spellings of one page share: host without www, path without its last slash, query."""
    parts = urlsplit(normalised(url))
    return parts.netloc.removeprefix("www."), parts.path.rstrip("/"), parts.query


def source_stem(publisher: str, published_on: dt.date | None, title: str) -> str:
    """Return what the id of a source begins with: publisher, date and the first words of the headline."""
    words = slugify(title).split("-")[:4]
    stem = "-".join([slugify(publisher), *([published_on.isoformat()] if published_on else []), *words])
    return stem[:72].strip("-") or "source"
