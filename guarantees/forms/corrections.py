"""Forms that correct and retract public facts in place."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guarantees.forms.facts import FactForm, Kind, source_label
from guarantees.forms.fields import RecordForm, record_form
from guarantees.models import Changeset, Source
from guarantees.vocabulary import CorrectionKind


def _reason_field() -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Reason"),
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Why the record is wrong; readers of the change log see it."),
    )


def _changeset_field(offered: list[Changeset]) -> forms.ModelChoiceField:
    return forms.ModelChoiceField(
        Changeset.objects.filter(pk__in=[changeset.pk for changeset in offered]),
        required=False,
        label=gettext_lazy("Changeset"),
        empty_label=_("A new one, for this alone"),
        widget=forms.Select if offered else forms.HiddenInput,
    )


class CorrectionForm(FactForm):
    """A form over columns of a public fact, with the reason and the sources of the correction."""

    def __init__(self, *args: Any, present: list[Source], offered: list[Changeset], **options: Any) -> None:
        super().__init__(*args, **options)
        self.columns = tuple(self.fields)
        self.fields["reason"] = _reason_field()
        self.fields["kind"] = forms.ChoiceField(
            label=gettext_lazy("Kind of correction"),
            choices=[(kind.value, f"{kind.label}: {kind.definition}") for kind in CorrectionKind],
            required=False,
        )
        cited = forms.ModelMultipleChoiceField(
            Source.objects.filter(pk__in=[source.pk for source in present]),
            required=False,
            widget=forms.CheckboxSelectMultiple,
            label=gettext_lazy("Sources of the fact so far"),
            help_text=gettext_lazy("Those that stay ticked also bear the correction."),
        )
        cited.choices = [(source.pk, source_label(source)) for source in present]
        self.fields["sources"] = cited
        self.fields["changeset"] = _changeset_field(offered)

    @property
    def column_fields(self) -> list[forms.BoundField]:
        """The fields of the fact itself."""
        return [self[name] for name in self.columns]

    def fact_values(self) -> dict[str, Any]:
        """Return the columns of the correction."""
        values = {name: self.cleaned_data[name] for name in self.columns}
        return {name: sorted(value) if isinstance(value, list) else value for name, value in values.items()}

    def correction_kind(self) -> CorrectionKind:
        """Return whether the tracker was wrong, or a second statement is added."""
        return CorrectionKind(self.cleaned_data["kind"] or CorrectionKind.CORRECTED)


def correction_form(kind: Kind, columns: tuple[str, ...], *args: Any, **options: Any) -> CorrectionForm:
    """Return the form that corrects some columns of a fact of a kind."""
    form = record_form(kind.model, columns, CorrectionForm)(*args, **options)
    assert isinstance(form, CorrectionForm)  # noqa: S101  tells the type checker what record_form keeps
    return form


class RetractionForm(RecordForm):
    """A form that retracts a public fact."""

    def __init__(self, *args: Any, offered: list[Changeset], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["reason"] = _reason_field()
        self.fields["changeset"] = _changeset_field(offered)
