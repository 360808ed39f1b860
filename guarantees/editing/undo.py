"""Undo of a saved cell: a write like any other, which puts back what stood there before.

The offer to undo is a signed text that travels in the page, so it needs no row of its own: it names the draft, the
version that the save made, and the values from before. A row that the save created is deleted again.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.core import signing
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext as _

from guarantees.editing import facts
from guarantees.editing.changesets import writable
from guarantees.editing.errors import Refused
from guarantees.editing.rows import deed, fingerprint
from guarantees.models import FACTS
from guarantees.models.base import Fact

SALT = "guarantees.undo"


@dataclass(frozen=True)
class Offer:
    """What an offer to undo says. ``values`` are those from before; None if the save created the row."""

    fact: Fact
    version: int
    seen: str
    values: dict[str, Any] | None


class _Encoder:
    """Writes the values of columns as JSON: days and moments as texts, which their fields read again."""

    def dumps(self, content: Any) -> bytes:
        return json.dumps(content, cls=DjangoJSONEncoder, separators=(",", ":")).encode()

    def loads(self, text: bytes) -> Any:
        return json.loads(text)


def offer(fact: Fact, fields: Iterable[str], before: Mapping[str, Any] | None) -> str:
    """Return the offer to undo a save of some fields that left the row as ``fact``; empty if nothing changed.

    ``before`` are the values of those fields until then, None if the save created the row.
    """
    names = sorted(fields)
    values = None if before is None else {name: before[name] for name in names}
    if values == present(fact, names):
        return ""
    content = [fact._meta.model_name, fact.pk, fact.version, fingerprint(fact, names), values]
    return signing.dumps(content, salt=SALT, serializer=_Encoder, compress=True)


def present(fact: Fact, fields: Iterable[str]) -> dict[str, Any]:
    """Return the values of some fields as their columns hold them, to be kept until a save is done."""
    attributes = {field.name: field.attname for field in fact._meta.concrete_fields}
    return {name: getattr(fact, attributes[name]) for name in fields}


def read(text: str) -> Offer:
    """Return what an offer says. Raises Refused for a text that is none, and for a row that is no draft any more."""
    try:
        name, pk, version, seen, values = signing.loads(text, salt=SALT, serializer=_Encoder)
        model = {model._meta.model_name: model for model in FACTS}[name]
    except (signing.BadSignature, ValueError, KeyError):
        raise Refused(_("This cannot be undone: the offer to undo is damaged.")) from None
    found = model._default_manager.filter(pk=pk).select_related("changeset").first()
    if found is None:
        raise Refused(_("This row has been deleted meanwhile."))
    if found.known is not None:
        raise Refused(_("This row is public: it is corrected, not undone."))
    fact: Fact = found
    return Offer(fact, version, seen, None if values is None else _read(fact, values))


def _read(fact: Fact, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as their columns hold them; a row that is referred to comes as the row."""
    read: dict[str, Any] = {}
    for name, value in values.items():
        field = fact._meta.get_field(name)
        if isinstance(field, models.ForeignKey) and value is not None:
            related: Any = field.related_model
            read[name] = related._default_manager.filter(pk=value).first()
        elif isinstance(field, models.ForeignKey):
            read[name] = None
        else:
            read[name] = field.to_python(value)  # type: ignore[union-attr]  # no facts have generic relations
    return read


@deed
def undo(*, by: User, offered: Offer) -> Fact | None:
    """Put back what stood in a draft before a save, if nobody has changed it since; None if the row is gone again.

    Undoing twice is undoing once. Raises :class:`guarantees.editing.errors.Stale` with the row as it is, Refused,
    ValidationError and Forbidden.
    """
    fact, values = offered.fact, offered.values
    if values is None:
        _uncreate(by, offered)
        return None
    if all(getattr(fact, name) == value for name, value in values.items()):
        writable(by, fact.changeset_id)
        return fact
    return facts.edit(by=by, fact=fact, version=offered.version, seen=offered.seen, values=values)


def _uncreate(by: User, offered: Offer) -> None:
    """Delete a row that a save created, unless something has been added to it since."""
    writable(by, offered.fact.changeset_id)
    fact: Any = type(offered.fact)._default_manager.filter(pk=offered.fact.pk).first()
    if fact is not None and (fact.version != offered.version or fact.citations.exists()):
        raise Refused(_("More has been written in this row since. Delete it if it is not wanted."))
    if fact is not None:
        facts.delete(by=by, fact=fact)
