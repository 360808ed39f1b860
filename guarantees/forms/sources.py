"""Forms for sources: look for one, add one by its address, mend what is known about it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from guarantees.forms.fields import RecordForm, record_form
from guarantees.models import Source

SOURCE_FIELDS = ("url", "publisher", "title", "language", "published_on", "kind")


class SourceForm(RecordForm):
    """A form for a source: its address (needed here, though old sources may lack one) and what is known about it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["language"].help_text = gettext_lazy("The code of the language, such as en, fr or uk.")


class EditSourceForm(SourceForm):
    """The same for a source on record; carries on which state of the row it was built."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    seen = forms.CharField(max_length=16, widget=forms.HiddenInput, required=False)


def add_form(*args: Any, **options: Any) -> SourceForm:
    """Return the form for a new source."""
    form = record_form(Source, SOURCE_FIELDS, SourceForm)(*args, **options)
    form.fields["url"].required = True
    assert isinstance(form, SourceForm)  # noqa: S101  tells the type checker what record_form keeps
    return form


def edit_form(*args: Any, **options: Any) -> EditSourceForm:
    """Return the form that mends a source."""
    form = record_form(Source, SOURCE_FIELDS, EditSourceForm)(*args, **options)
    assert isinstance(form, EditSourceForm)  # noqa: S101  tells the type checker what record_form keeps
    return form
