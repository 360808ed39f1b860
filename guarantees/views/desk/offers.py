"""The offer to undo that comes with every saved cell: in the line that says so, with and without script."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import models
from django.http import QueryDict
from django.template.loader import render_to_string

from guarantees.editing import undo
from guarantees.models.base import Fact


def announcement(text: str, fact: Fact, fields: Iterable[str], before: Mapping[str, Any] | None, page: str) -> str:
    """Return the line that says what was saved, with a button that undoes it; ``page`` is ``intake`` or ``sheet``.

    ``before``: the values of the fields until then; None if the save created the row.
    """
    offer = undo.offer(fact, fields, before)
    return render_to_string("desk/_saved.html", {"text": text, "offer": offer, "page": page})


def as_sent(values: Mapping[str, Any]) -> QueryDict:
    """Return values as a form would have sent them: to show what an undo wanted to put back."""
    data = QueryDict(mutable=True)
    for name, value in values.items():
        if isinstance(value, list):
            data.setlist(name, [str(item) for item in value])
        elif isinstance(value, models.Model):
            data[name] = str(value.pk)
        else:
            data[name] = "" if value is None else str(value)
    return data
