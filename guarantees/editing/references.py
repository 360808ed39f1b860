"""Reference rows: new summits and sources, and the rows that are edited in place with their history kept."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.text import slugify
from django.utils.translation import gettext as _

from guarantees.addresses import normalised, same_page, source_stem
from guarantees.editing.changesets import writable
from guarantees.editing.errors import Refused
from guarantees.editing.rows import NAMES_LOCK, WRITE, allow, check, deed, hold, overwrite, tidied
from guarantees.models import Changeset, Pledge, Source, Summit, SummitCitation


def source_at(url: str) -> Source | None:
    """Return the source on record under an address, in whichever spelling: http or https, www, slash, tracking."""
    try:
        host, path, _query = wanted = same_page(url)
    except ValueError:
        return None
    for source in Source.objects.filter(url__icontains=f"{host}{path}").order_by("pk"):
        if same_page(source.url) == wanted:
            return source
    return None


@deed
def add_source(*, by: User, values: Mapping[str, Any]) -> Source:
    """Add a source, or return the one that is on record under its address.

    ``values``: url, publisher, title, language, published_on, kind. Nobody but editors sees it before a public fact
    cites it. Raises ValidationError and Forbidden.
    """
    allow(by, WRITE)
    values = tidied(values)
    hold(NAMES_LOCK)
    if values.get("url"):
        values["url"] = _address(values["url"])
        present = source_at(values["url"])
        if present is not None:
            return present
    source = Source(**values)
    source.public_id = _source_id(source.publisher, source.published_on, source.title)
    check(source)
    source.save()
    return source


def _address(url: str) -> str:
    try:
        address = normalised(url)
    except ValueError:
        raise ValidationError({"url": _("This is not an address.")}) from None
    if not address.startswith(("http://", "https://")) or not urlsplit(address).hostname:
        raise ValidationError({"url": _("An address starts with http:// or https:// and names a host.")})
    return address


def _source_id(publisher: str, published_on: dt.date | None, title: str) -> str:
    """Return a free id made of publisher, date and the first words of the headline."""
    stem = source_stem(publisher, published_on, title)
    taken = set(Source.objects.filter(public_id__startswith=stem).values_list("public_id", flat=True))
    public_id, number = stem, 1
    while public_id in taken:
        number += 1
        public_id = f"{stem}-{number}"
    return public_id


@deed
def edit_source(*, by: User, source: Source, version: int, seen: str, values: Mapping[str, Any]) -> Source:
    """Change what is known about a source, for everybody and at once. Raises Stale, ValidationError, Forbidden."""
    allow(by, WRITE)
    values = tidied(values)
    if values.get("url"):
        values["url"] = _address(values["url"])
    return overwrite(Source.objects.all(), source, version=version, seen=seen, values=values)


@deed
def add_summit(*, by: User, changeset: Changeset, values: Mapping[str, Any], sources: Iterable[Source] = ()) -> Summit:
    """Add a draft summit, which the changeset is then about. Adding the same again gives the one that is there."""
    changeset = writable(by, changeset.pk)
    values = tidied(values)
    if changeset.summit is not None:
        present = changeset.summit
        if present.changeset_id == changeset.pk and present.title == values.get("title"):
            return present
        raise Refused(_("This changeset is about “%(summit)s” already.") % {"summit": present})
    hold(NAMES_LOCK)
    summit = Summit(changeset=changeset, **values)
    summit.slug = _summit_slug(summit)
    check(summit)
    summit.save()
    for source in sources:
        SummitCitation.objects.create(fact=summit, source=source)
    Changeset.objects.filter(pk=changeset.pk).update(summit=summit)
    return summit


def _summit_slug(summit: Summit) -> str:
    """Return a free slug of place and first day: ``paris-2025-09-04``; of level and day where no city is given."""
    place = slugify(summit.city) or slugify(summit.kind.replace("_", "-")) or "summit"
    stem = f"{place}-{summit.start_date.isoformat()}" if summit.start_date else place
    stem = stem[-72:]
    taken = set(Summit.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    slug, number = stem, 1
    while slug in taken:
        number += 1
        slug = f"{stem}-{number}"
    return slug


@deed
def edit_summit(*, by: User, summit: Summit, version: int, seen: str, values: Mapping[str, Any]) -> Summit:
    """Change the descriptive fields of a summit: of a draft within its changeset, of a public one for everybody.

    Raises Stale, ValidationError, Refused and Forbidden.
    """
    allow(by, WRITE)
    if summit.visible_from is None:
        writable(by, summit.changeset_id)
    return overwrite(
        Summit.objects.filter(Q(visible_from=summit.visible_from) if summit.visible_from else Q(visible_from=None)),
        summit,
        version=version,
        seen=seen,
        values=values,
    )


@deed
def cite_summit(*, by: User, summit: Summit, source: Source) -> SummitCitation:
    """Name a source for the description of a summit. Naming it again changes nothing."""
    allow(by, WRITE)
    if summit.visible_from is None:
        writable(by, summit.changeset_id)
    citation, _created = SummitCitation.objects.get_or_create(fact=summit, source=source)
    return citation


@deed
def uncite_summit(*, by: User, summit: Summit, source: Source) -> None:
    """Take a source off the description of a summit."""
    allow(by, WRITE)
    if summit.visible_from is None:
        writable(by, summit.changeset_id)
    SummitCitation.objects.filter(fact=summit, source=source).delete()


@deed
def edit_pledge(*, by: User, pledge: Pledge, version: int, seen: str, title: str) -> Pledge:
    """Change the title of a pledge: of a draft within its changeset, of a public one for everybody."""
    allow(by, WRITE)
    if pledge.visible_from is None:
        writable(by, pledge.changeset_id)
    return overwrite(Pledge.objects.all(), pledge, version=version, seen=seen, values={"title": title})
