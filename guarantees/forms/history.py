"""Forms that bring back and undo: a version of a row, a changeset; and the title of a pledge."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from guarantees.forms.fields import RecordForm, record_form
from guarantees.models import Pledge

PLEDGE_FIELDS = ("title",)


class RestoreForm(forms.Form):
    """Which version of a row is brought back, and on which version of the row the choice was made."""

    event = forms.IntegerField(min_value=1, max_value=2**31 - 1)
    version = forms.IntegerField(min_value=1, max_value=2**31 - 1)


class RevertForm(RecordForm):
    """A form that asks why a changeset is undone."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Why it is undone; readers of the change log see it."),
    )


class EditPledgeForm(RecordForm):
    """The form over the title of a pledge; carries on which state of the row it was built."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    seen = forms.CharField(max_length=16, widget=forms.HiddenInput, required=False)


def pledge_form(*args: Any, **options: Any) -> RecordForm:
    """Return the form that changes the title of a pledge."""
    return record_form(Pledge, PLEDGE_FIELDS, EditPledgeForm)(*args, **options)
