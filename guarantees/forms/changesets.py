"""Forms for a changeset: start it, name it, talk about it, decide on it."""

import datetime as dt
from collections import ChainMap
from collections.abc import Iterable, MutableMapping
from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guarantees.evidence import Verdict
from guarantees.forms.fields import RecordForm, SummitField
from guarantees.models import Summit
from guarantees.wording import mid_sentence

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


def moment_in_utc(text: str) -> dt.datetime:
    """Return a moment from what somebody typed: a day and a time, in UTC unless an offset is given."""
    try:
        moment = dt.datetime.fromisoformat(text.strip())
        if "T" in text.strip().upper() or ":" in text:
            return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        pass  # said below, in one sentence for all that cannot be read
    raise forms.ValidationError(
        _("“%(value)s” is not a moment. Please give a day and a time in UTC, such as 2026-03-12 18:00.")
        % {"value": text.strip()[:60]}
    )


class MomentField(forms.CharField):
    """A day and a time in UTC, as text: a browser's own clock would speak of another time zone, and forget typos."""

    def to_python(self, value: Any) -> Any:
        """Return the moment, or None where nothing was typed."""
        text = super().to_python(value)
        return moment_in_utc(text) if text else None


class ApproveForm(RecordForm):
    """A form by which a reviewer approves, now or for a time; carries a hash of what the reviewer saw.

    ``marks`` tells row by row what that was, so that a change meanwhile can be named. ``when`` is which of the two
    buttons was pressed.
    """

    NOW, LATER = "now", "later"

    seen = forms.CharField(widget=forms.HiddenInput)
    marks = forms.CharField(widget=forms.HiddenInput, required=False)
    goes_public_at = MomentField(
        required=False,
        label=gettext_lazy("Goes public at (UTC)"),
        widget=forms.TextInput(attrs={"size": 24, "autocomplete": "off"}),
        help_text=gettext_lazy("Such as 2026-03-12 18:00. Until then nobody but the desk sees anything of it."),
    )

    def confirm(self, seen: str, marks: str) -> None:
        """Carry the hash and the marks of what the page shows now, whatever was sent."""
        shown = {"seen": seen, "marks": marks}
        self.initial = {**self.initial, **shown}
        if self.is_bound:
            self.data = ChainMap(shown, cast(MutableMapping[str, Any], self.data))

    def ask(self, warnings: Iterable[tuple[str, str, Verdict]], given: dict[str, str]) -> None:
        """Ask for a reason for each warning: the name of its field, the fact, and what its rule says.

        ``given`` are the reasons that this reviewer has written before, by the names of their fields.
        """
        for name, fact, verdict in warnings:
            self.fields[name] = forms.CharField(
                label=_("Why %(fact)s may stand: %(rule)s")
                % {"fact": fact, "rule": mid_sentence(str(verdict.rule.label))},
                help_text=verdict.reason,
                widget=forms.Textarea(attrs={"rows": 2}),
                initial=given.get(name, ""),
            )

    def asked(self) -> list[forms.BoundField]:
        """Return the fields for reasons."""
        return [field for field in self if field.name.startswith("reason-")]

    def clean(self) -> dict[str, Any]:
        """See that the button and the time agree: nothing goes public sooner than was typed."""
        values = super().clean() or self.cleaned_data
        if "goes_public_at" in values:
            when, at = self.data.get("when"), values["goes_public_at"]
            if when == self.NOW and at is not None:
                self.add_error(
                    "goes_public_at", _("A time is given here. Empty it to approve now, or approve for this time.")
                )
            if when == self.LATER and at is None:
                self.add_error("goes_public_at", _("Please give a day and a time in UTC, such as 2026-03-12 18:00."))
        return values


class MoveForm(RecordForm):
    """A form that gives an approved changeset another time."""

    goes_public_at = MomentField(
        label=gettext_lazy("New time (UTC)"),
        widget=forms.TextInput(attrs={"size": 24, "autocomplete": "off"}),
        help_text=gettext_lazy("Such as 2026-03-12 18:00; possible until five seconds before the present time of it."),
    )
