"""Columns become fields: states by their names, days as browsers send them, lists of codes to tick."""

from typing import Any

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.utils import translation

from guarantees.forms.changesets import ApproveForm
from guarantees.forms.facts import KINDS, kind_of, source_label
from guarantees.forms.fields import RecordForm, form_field, record_form
from guarantees.models import Participation, PledgeUpdate, Summit
from tests.factories import PositionFactory, SourceFactory, StateFactory, SummitFactory, day, moment, publish

pytestmark = pytest.mark.django_db


def labels(form: forms.Form, name: str) -> list[str]:
    return [str(label) for _value, label in form.fields[name].choices]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("language", "names"),
    [("en", ["---------", "Austria", "Sweden", "Türkiye"]), ("de", ["---------", "Österreich", "Schweden", "Türkei"])],
)
def test_states_stand_in_the_order_of_their_names_in_the_readers_language(language: str, names: list[str]):
    for code, name in (("SWE", "Sweden"), ("TUR", "Türkiye"), ("AUT", "Austria")):
        StateFactory(code=code, name=name)
    with translation.override(language):
        form = record_form(Participation, ["state"])()
        assert labels(form, "state") == names


def test_only_summits_that_are_public_are_offered():
    SummitFactory(title="Secret")
    summit = SummitFactory(title="Paris summit")
    publish(summit.changeset, at=moment("2026-03-01"))
    form = record_form(PledgeUpdate, ["summit"])()
    assert labels(form, "summit") == ["---------", "2025-09-04 · Paris summit"]


@pytest.mark.parametrize("language", ["en", "de"])
def test_days_are_written_as_browsers_read_them_in_every_language(language: str):
    with translation.override(language):
        form = record_form(Summit, ["start_date"])(
            {"start_date": "2026-03-12"}, initial={"start_date": day("2026-01-02")}
        )
        assert form.is_valid()
        assert form.cleaned_data == {"start_date": day("2026-03-12")}
        unbound = record_form(Summit, ["start_date"])(initial={"start_date": day("2026-01-02")})
        assert 'type="date"' in str(unbound["start_date"])
        assert 'value="2026-01-02"' in str(unbound["start_date"])


def test_codes_of_a_list_are_ticked():
    form = record_form(PledgeUpdate, ["conditions"])({"conditions": ["ceasefire", "un_mandate"]})
    assert form.is_valid()
    assert form.cleaned_data == {"conditions": ["ceasefire", "un_mandate"]}
    assert not record_form(PledgeUpdate, ["conditions"])({"conditions": ["rain"]}).is_valid()


def test_browsers_do_not_cut_off_what_is_pasted():
    field = form_field(Summit._meta.get_field("title"))  # type: ignore[arg-type]
    assert isinstance(field, forms.CharField)
    assert (field.max_length, field.label) == (200, "Title")
    assert "maxlength" not in field.widget.attrs


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (ValidationError({"title": ["Too long."]}), {"title": ["Too long."]}),
        (ValidationError({"version": ["Odd."]}), {"__all__": ["Odd."]}),
        (ValidationError("It rains."), {"__all__": ["It rains."]}),
    ],
)
def test_what_a_write_refuses_stands_beside_its_field_or_above_the_form(error: ValidationError, shown: Any):
    class TitleForm(RecordForm):
        title = forms.CharField()

    form = TitleForm({"title": "x"})
    assert form.is_valid()
    form.refuse(error)
    assert form.errors == shown


def test_every_cell_edits_columns_of_its_kind_and_none_twice():
    for kind in KINDS.values():
        names = [name for cell in kind.cells for name in cell.fields]
        assert len(names) == len(set(names))
        assert set(names) <= {field.name for field in kind.model._meta.fields}
        assert not {"known", "changeset", "corrects", "public_id", "version"} & set(names)
    assert kind_of(PositionFactory()).name == "positions"


def test_a_source_is_told_in_a_few_words():
    full = SourceFactory(publisher="Gazette", published_on=day("2026-03-12"), title="Six meet")
    assert source_label(full) == "Gazette · 2026-03-12 · Six meet"
    assert source_label(SourceFactory(publisher="Gazette", title="")) == "Gazette"


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("", None),
        ("2026-03-12T18:00", moment("2026-03-12T18:00:00")),
        ("2026-03-12T18:00:00Z", moment("2026-03-12T18:00:00")),
        ("2026-03-12T18:00+01:00", moment("2026-03-12T17:00:00")),
    ],
)
def test_the_time_of_an_approval_is_read_in_utc(text: str, at: Any):
    form = ApproveForm({"seen": "x", "goes_public_at": text})
    assert form.is_valid()
    assert form.cleaned_data["goes_public_at"] == at
