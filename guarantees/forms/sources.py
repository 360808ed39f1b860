"""Forms for sources: look for one, add one by its address, mend what is known about it."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy

from guarantees.forms.fields import RecordForm, record_form
from guarantees.models import Source
from guarantees.vocabulary import Credibility, Reliability

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


def filled(sent: QueryDict, proposed: Mapping[str, Any]) -> tuple[QueryDict, list[str]]:
    """Return what was sent with the proposals in the fields that are empty, and the names of those fields."""
    data = sent.copy()
    names = [name for name in SOURCE_FIELDS if name in proposed and not sent.get(name, "").strip()]
    for name in names:
        data[name] = str(proposed[name])
    return data, names


class CitationForm(RecordForm):
    """A form for one citation: where in the source it stands, what speaks for and against it, and the number.

    The three facts are not stored; they only suggest the number. The letter of the publisher is not here, so that
    one judgement does not colour the other.
    """

    locator = forms.CharField(
        required=False,
        label=gettext_lazy("Where in the source"),
        help_text=gettext_lazy("Page, paragraph or minute where it stands."),
    )
    original_seen = forms.BooleanField(required=False, label=gettext_lazy("I saw the original text"))
    second_source = forms.BooleanField(required=False, label=gettext_lazy("A second, independent source says the same"))
    contradicted = forms.BooleanField(required=False, label=gettext_lazy("Another source contradicts it"))
    credibility = forms.TypedChoiceField(
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", gettext_lazy("not judged")), *Credibility.choices],
        label=gettext_lazy("Credibility"),
    )
    seen = forms.CharField(max_length=16, widget=forms.HiddenInput, required=False)

    @property
    def facts(self) -> dict[str, bool]:
        """The three facts, as they are ticked."""
        return {name: bool(self[name].value()) for name in ("original_seen", "second_source", "contradicted")}


class RatingForm(RecordForm):
    """A form that rates a publisher; carries on which state of its rating it was built (version 0: none yet)."""

    reliability = forms.ChoiceField(label=gettext_lazy("Reliability"), widget=forms.RadioSelect)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Why it is rated so, in a sentence or two; readers see it."),
    )
    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    seen = forms.CharField(max_length=16, widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        letters = [(letter.value, f"{letter.label} · {letter.definition}") for letter in Reliability]
        self.fields["reliability"].choices = letters  # type: ignore[attr-defined]  # a ChoiceField
