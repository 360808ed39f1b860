"""Forms for summits."""

from typing import Any

from django import forms

from guarantees.forms.fields import RecordForm, record_form
from guarantees.models import Summit

SUMMIT_FIELDS = (
    "title",
    "kind",
    "format",
    "start_date",
    "end_date",
    "city",
    "country",
    "reported_participants",
    "participants_note",
    "summary",
)


class EditSummitForm(RecordForm):
    """The form over a summit that exists; carries on which state of the row it was built."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    seen = forms.CharField(max_length=16, widget=forms.HiddenInput, required=False)


def add_form(*args: Any, **options: Any) -> RecordForm:
    """Return the form for a new summit."""
    return record_form(Summit, SUMMIT_FIELDS)(*args, **options)


def edit_form(*args: Any, **options: Any) -> RecordForm:
    """Return the form that changes a summit."""
    return record_form(Summit, SUMMIT_FIELDS, EditSummitForm)(*args, **options)
