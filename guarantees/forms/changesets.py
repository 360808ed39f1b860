"""Forms for a changeset: start it, name it, talk about it, decide on it."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guarantees.forms.fields import RecordForm, SummitField
from guarantees.models import Summit

NEW_SUMMIT = "new"


class StartForm(RecordForm):
    """A form that starts a changeset: about a summit on record, a new one, or none."""

    summit = SummitField(
        Summit.objects.filter(visible_from__isnull=False),
        required=False,
        label=gettext_lazy("Summit"),
        empty_label=gettext_lazy("None, or a new one"),
    )
    new_summit = forms.BooleanField(
        required=False,
        label=gettext_lazy("The summit is not on record yet: describe it next"),
    )
    title = forms.CharField(
        label=gettext_lazy("Title"), help_text=gettext_lazy("Such as “Outcomes of the London summit”.")
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Why this is recorded; readers of the change log see it."),
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("summit") and values.get("new_summit"):
            self.add_error("new_summit", _("Choose a summit on record or a new one, not both."))
        return values


class DetailsForm(RecordForm):
    """A form that changes title and reason of a changeset."""

    title = forms.CharField(label=gettext_lazy("Title"))
    reason = forms.CharField(label=gettext_lazy("Reason"), widget=forms.Textarea(attrs={"rows": 2}))
    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    seen = forms.CharField(max_length=16, widget=forms.HiddenInput, required=False)


class CommentForm(RecordForm):
    """A form for a comment."""

    text = forms.CharField(label=gettext_lazy("Comment"), widget=forms.Textarea(attrs={"rows": 2}))


class RequestChangesForm(RecordForm):
    """A form by which a reviewer gives a changeset back."""

    comment = forms.CharField(label=gettext_lazy("What has to change"), widget=forms.Textarea(attrs={"rows": 3}))


class ApproveForm(RecordForm):
    """A form by which a reviewer approves, now or for a time; carries a hash of what the reviewer saw."""

    seen = forms.CharField(widget=forms.HiddenInput)
    goes_public_at = forms.CharField(
        required=False,
        label=gettext_lazy("Goes public at (UTC)"),
        widget=forms.TextInput(attrs={"type": "datetime-local"}),
        help_text=gettext_lazy("Empty: now. Until then nobody but the desk sees anything of it."),
    )

    def clean_goes_public_at(self) -> dt.datetime | None:
        """Return the moment in UTC, or None for now."""
        text = self.cleaned_data["goes_public_at"].strip()
        if not text:
            return None
        try:
            moment = dt.datetime.fromisoformat(text)
            return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)
        except (ValueError, OverflowError):
            raise forms.ValidationError(_("Please give a moment in the form 2026-03-12T18:00Z, in UTC.")) from None
