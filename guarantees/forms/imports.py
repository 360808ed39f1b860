"""Forms for an import: hand something in, name its columns, say where the drafts go."""

from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guarantees.datapackage import mapping
from guarantees.datapackage.tables_in import (
    LARGEST,
    HandedIn,
    Table,
    Unusable,
    read_file,
    read_pasted,
    too_large,
)
from guarantees.forms.fields import RecordForm
from guarantees.models import Changeset

READ_ON = 20 * LARGEST
"""Bytes up to which the rest of a file that is too large is read away, so that the browser gets its answer."""
BLOCK = 1_000_000
"""Bytes that are read away at a time."""
REFUSED = "upload_refused"
"""The attribute of a request that tells how many bytes a file had that was not taken."""


class CappedUpload(FileUploadHandler):
    """Stops a file beyond :data:`LARGEST` on its way in, before it is kept anywhere."""

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: str | None = None
    ) -> None:
        self.rest = input_data
        self.length = content_length
        self.taken = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.taken += len(raw_data)
        if self.taken > LARGEST:
            setattr(self.request, REFUSED, max(self.length, self.taken))
            # Django would read the rest away line by line, which takes a minute for a hundred megabytes.
            while self.length <= READ_ON and self.rest.read(BLOCK):
                pass
            raise StopUpload(connection_reset=True)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave the file to the handlers after this one."""


def _kinds(first: str | Promise) -> list[tuple[str, str | Promise]]:
    return [("", first), *((kind.name, kind.label) for kind in mapping.KINDS.values())]


class HandInForm(RecordForm):
    """A form that takes a file or pasted rows; ``handed`` is what was read from it."""

    file = forms.FileField(
        required=False,
        allow_empty_file=True,
        label=gettext_lazy("File"),
        help_text=gettext_lazy("CSV, XLSX, or a data package as a ZIP; at most 10 MB."),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx,.zip"}),
    )
    pasted = forms.CharField(
        required=False,
        strip=False,
        label=gettext_lazy("Or pasted rows"),
        help_text=gettext_lazy("Copied from a spreadsheet, with the row of headings."),
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
    )
    has_header = forms.BooleanField(
        required=False, initial=True, label=gettext_lazy("The first pasted row names the columns")
    )
    kind = forms.ChoiceField(required=False, label=gettext_lazy("What the rows are"))

    handed: HandedIn

    def __init__(self, *args: Any, refused: int = 0, **options: Any) -> None:
        super().__init__(*args, **options)
        self.refused = refused
        # An empty file and signs that stand in no text are refused by what reads them, with the line.
        self.fields["pasted"].validators = []
        kind = self.fields["kind"]
        assert isinstance(kind, forms.ChoiceField)  # noqa: S101  as declared above
        kind.choices = _kinds(gettext_lazy("As the headings tell"))

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if self.errors and not self.refused:
            return values
        file, pasted = values.get("file"), values.get("pasted", "")
        if self.refused:
            self.errors.pop("file", None)
            self.add_error("file", too_large(self.refused))
        elif isinstance(file, UploadedFile) and pasted.strip():
            self.add_error("pasted", _("Hand in a file or pasted rows, not both."))
        elif isinstance(file, UploadedFile):
            self._read_file(file)
        elif pasted.strip():
            try:
                self.handed = read_pasted(pasted, has_header=values["has_header"])
            except Unusable as error:
                self.add_error("pasted", str(error))
        else:
            self.add_error("file", _("Choose a file, or paste rows below."))
        return values

    def _read_file(self, file: UploadedFile) -> None:
        try:
            if (file.size or 0) > LARGEST:
                raise Unusable(too_large(file.size or 0))
            self.handed = read_file(file.name or "", file.read())
        except Unusable as error:
            self.add_error("file", str(error))

    @property
    def name(self) -> str:
        """How the import is called: as its file."""
        file = self.cleaned_data.get("file")
        return str(file.name) if isinstance(file, UploadedFile) else str(self.handed.format.label)


class KindForm(RecordForm):
    """A form that says what the rows of a table are."""

    kind = forms.ChoiceField(label=gettext_lazy("What the rows are"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        kind = self.fields["kind"]
        assert isinstance(kind, forms.ChoiceField)  # noqa: S101  as declared above
        kind.choices = _kinds("—")


class ColumnsForm(RecordForm):
    """A form that says for each column of a table which field it is."""

    def __init__(self, *args: Any, kind: str, table: Table, columns: Sequence[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.kind = kind
        self.table = table
        fields = mapping.KINDS[kind].fields
        choices: list[tuple[str, str]] = [("", _("leave out"))]
        choices += [(field.name, f"{capfirst(str(field.label))}{' *' if field.required else ''}") for field in fields]
        for place in range(table.width):
            self.fields[f"column_{place}"] = forms.ChoiceField(
                choices=choices,
                required=False,
                label=mapping.name_of_column(table, place),
                initial=columns[place] if place < len(columns) else "",
            )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if not self.errors:
            fields = {field.name: field for field in mapping.KINDS[self.kind].fields}
            for name, message in mapping.mistakes(self.kind, self.columns).items():
                label = capfirst(str(fields[name].label)) if name in fields else name
                places = [place for place, column in enumerate(self.columns) if column == name]
                self.add_error(f"column_{places[-1]}" if places else None, f"{label}: {message}")
        return values

    @property
    def columns(self) -> list[str]:
        """The field of each column, as it was chosen."""
        return [self.cleaned_data.get(f"column_{place}", "") for place in range(self.table.width)]

    def rows(self) -> Iterator[tuple[forms.BoundField, list[str]]]:
        """Yield the choice for each column, with values that the column holds."""
        for place, values in enumerate(mapping.samples(self.table)):
            yield self[f"column_{place}"], values


class ConfirmForm(RecordForm):
    """A form that says in which changeset the drafts go; carries a digest of the preview that was looked at."""

    seen = forms.CharField(max_length=16, widget=forms.HiddenInput)
    changeset = forms.ModelChoiceField(
        Changeset.objects.none(),
        required=False,
        empty_label=gettext_lazy("A new one"),
        label=gettext_lazy("Changeset"),
    )
    title = forms.CharField(
        required=False, label=gettext_lazy("Title"), help_text=gettext_lazy("Of the new changeset.")
    )
    reason = forms.CharField(
        required=False,
        label=gettext_lazy("Reason"),
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Why this is recorded; readers of the change log see it."),
    )

    def __init__(self, *args: Any, open_ones: QuerySet[Changeset], **options: Any) -> None:
        super().__init__(*args, **options)
        changeset = self.fields["changeset"]
        assert isinstance(changeset, forms.ModelChoiceField)  # noqa: S101  as declared above
        changeset.queryset = open_ones
        if not open_ones.exists():
            for name in ("title", "reason"):
                self.fields[name].required = True

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if "changeset" in self.fields and values.get("changeset") is None and "changeset" not in self.errors:
            for name in ("title", "reason"):
                if not values.get(name, "").strip():
                    self.add_error(name, _("A new changeset needs this."))
        return values
