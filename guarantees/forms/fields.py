"""How the columns of the record become fields of forms."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from django import forms
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.db.models import Q
from django.forms.models import ModelChoiceIterator, fields_for_model
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from guarantees.models import Pledge, State, Summit
from guarantees.names import localised_state_name
from guarantees.text import fold


class StateIterator(ModelChoiceIterator):
    """States in the order of their names in the reader's language."""

    def __iter__(self) -> Any:
        if self.field.empty_label is not None:
            yield ("", self.field.empty_label)
        choices = [self.choice(state) for state in self.queryset]
        yield from sorted(choices, key=lambda choice: fold(str(choice[1])))


class StateField(forms.ModelChoiceField):
    """A choice of one state or organisation by its name in the reader's language."""

    iterator = StateIterator

    def label_from_instance(self, obj: models.Model) -> str:
        state = cast(State, obj)
        return localised_state_name(state.code, state.name, get_language() or "en")


class SummitField(forms.ModelChoiceField):
    """A choice of one summit, the latest first."""

    def label_from_instance(self, obj: models.Model) -> str:
        summit = cast(Summit, obj)
        return f"{summit.start_date.isoformat()} · {summit.title}"


class PledgeField(forms.ModelChoiceField):
    """A pledge by its name in addresses, typed: there are too many for a list."""

    widget = forms.TextInput

    def __init__(self, **options: Any) -> None:
        super().__init__(Pledge.objects.filter(visible_from__isnull=False), to_field_name="slug", **options)
        self.error_messages["invalid_choice"] = _("No pledge has this name. It is the last part of its address.")

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, int) and self.queryset is not None:
            return self.queryset.values_list("slug", flat=True).filter(pk=value).first() or ""
        return super().prepare_value(value)

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.strip().lower() if isinstance(value, str) else value)


def day_field(**options: Any) -> forms.DateField:
    """Return a field for a day: written as browsers send it, whatever the reader's language."""
    return forms.DateField(
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": _("Please give a day of the calendar in the form 2026-02-26.")},
        **options,
    )


def form_field(column: "models.Field[Any, Any]", **options: Any) -> forms.Field | None:
    """Return the form field for a column (the ``formfield_callback`` of the forms here)."""
    common: dict[str, Any] = {
        "label": capfirst(column.verbose_name),
        "required": not column.blank,
        "help_text": column.help_text,
    }
    if isinstance(column, models.ForeignKey) and column.related_model is State:
        return StateField(State.objects.all(), **common)
    if isinstance(column, models.ForeignKey) and column.related_model is Summit:
        return SummitField(Summit.objects.filter(visible_from__isnull=False), **common)
    if isinstance(column, models.ForeignKey) and column.related_model is Pledge:
        return PledgeField(**common | {"help_text": _("By its name, such as “fra-troops”. Empty: not for one pledge.")})
    if isinstance(column, ArrayField):
        return forms.MultipleChoiceField(
            choices=column.base_field.choices or (), widget=forms.CheckboxSelectMultiple, **common
        )
    if isinstance(column, models.DateField):
        return day_field(**common)
    if isinstance(column, models.TextField):
        return forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), **common)
    field = column.formfield(**options)
    if isinstance(field, forms.CharField):
        # The limit is said in the message, not kept by the browser, which would cut off a pasted text unasked.
        field.widget.attrs.pop("maxlength", None)
    return field


class RecordForm(forms.Form):
    """A form over some columns of the record. What it says is checked by the write, which knows the rules."""

    def refuse(self, error: ValidationError) -> None:
        """Show what a write refused, beside the fields that it names; what this form does not have, above it."""
        found: Mapping[str, list[ValidationError]] = (
            error.error_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.error_list}
        )
        for name, errors in found.items():
            self.add_error(name if name in self.fields else None, cast(Any, errors))


def record_form(
    model: type[models.Model], names: Iterable[str], base: type[RecordForm] = RecordForm
) -> type[RecordForm]:
    """Return the class of a form over the columns ``names`` of a model, in that order."""
    fields = fields_for_model(model, fields=list(names), formfield_callback=form_field)
    return cast(type[RecordForm], type(f"{model.__name__}Form", (base,), dict(fields)))


def summits_for(changeset_id: int | None) -> Q:
    """Return which summits a fact of a changeset may refer to: public ones, and its own draft."""
    return Q(visible_from__isnull=False) | Q(changeset_id=changeset_id)
