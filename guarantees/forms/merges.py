"""Forms for merges: which row goes into which, and in which changeset; and for the aliases of a state."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guarantees.editing.merges import EXTENDED, LEFT_OUT, Clash
from guarantees.forms.fields import RecordForm, record_form
from guarantees.models import Changeset, StateAlias
from guarantees.wording import day

NEW = "new"
"""The choice that starts a changeset."""

ALIAS_FIELDS = ("alias", "language", "state")


class PairForm(forms.Form):
    """A form that names the row that goes and the row that it is the same as."""

    one = forms.CharField(max_length=2000)
    into = forms.CharField(max_length=2000, required=False)

    def __init__(self, *args: Any, one: str, into: str, help_text: str, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, label in (("one", one), ("into", into)):
            self.fields[name].label = label
            self.fields[name].help_text = help_text
            self.fields[name].widget.attrs["autocomplete"] = "off"


class MergeForm(RecordForm):
    """A form that puts a merge into an open changeset or a new one, and says what becomes of each clash."""

    changeset = forms.ChoiceField(label=gettext_lazy("In which changeset"))
    title = forms.CharField(
        label=gettext_lazy("Title of the new changeset"), required=False, help_text=gettext_lazy("Only for a new one.")
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason for the merge"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Only for a new one: readers of the change log see it."),
    )

    def __init__(
        self, *args: Any, changesets: Iterable[Changeset], clashes: Sequence[Clash] = (), **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.changesets = {str(changeset.pk): changeset for changeset in changesets}
        choices = [(NEW, _("A new changeset")), *((pk, one.title) for pk, one in self.changesets.items())]
        self.fields["changeset"].choices = choices  # type: ignore[attr-defined]  # a ChoiceField
        self.clash_names = [clash.name for clash in clashes]
        for clash in clashes:
            self.fields[clash.name] = forms.ChoiceField(
                label=_("The update of %(day)s") % {"day": day(clash.moved.date)},
                widget=forms.RadioSelect,
                choices=[
                    (EXTENDED, _("It adds to the other one: its terms, both summaries, the sources of both")),
                    (LEFT_OUT, _("Leave it out: the other one says it all")),
                ],
            )

    @property
    def resolved(self) -> dict[str, str]:
        """What becomes of each clash, by its name."""
        return {name: self.cleaned_data[name] for name in self.clash_names}

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("changeset") == NEW:
            for name in ("title", "reason"):
                if not values.get(name, "").strip():
                    self.add_error(name, _("A new changeset needs this."))
        return values


class EditAliasForm(RecordForm):
    """A form for an alias that exists; carries on which state of the row it was built."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    seen = forms.CharField(max_length=16, widget=forms.HiddenInput, required=False)


def add_alias_form(*args: Any, **options: Any) -> RecordForm:
    """Return the form for a new alias of a state."""
    return record_form(StateAlias, ALIAS_FIELDS[:2])(*args, **options)


def edit_alias_form(*args: Any, **options: Any) -> RecordForm:
    """Return the form that renames an alias, or moves it to another state."""
    return record_form(StateAlias, ALIAS_FIELDS, EditAliasForm)(*args, **options)
