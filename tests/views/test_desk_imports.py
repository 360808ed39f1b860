"""Imports at the desk: handed in, columns named, looked through, made drafts, and refused where they must be."""

import csv
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from guarantees import clock
from guarantees.datapackage import mapping
from guarantees.datapackage.schema import BY_NAME
from guarantees.datapackage.write import write
from guarantees.models import Changeset, Pledge, PledgeUpdate, Position, Source, StagedImport
from tests.desk import Person, fields
from tests.factories import (
    ChangesetFactory,
    PledgeFactory,
    PositionFactory,
    SourceFactory,
    StateFactory,
    UpdateFactory,
    day,
    editor,
    moment,
    publish,
)
from tests.htmx_swap import Page

pytestmark = pytest.mark.django_db
IMPORT = "/desk/import/"
HEADER = "state,date,subject,topic,stance,summary,sources"


@pytest.fixture
def anna() -> Person:
    return Person(editor(username="anna"))


@pytest.fixture
def known(anna: Person) -> None:
    """A state and a source on record, and a position that is public."""
    state = StateFactory(code="QMA", name="Testland")
    source = SourceFactory(public_id="example-1", url="https://example.org/report/1")
    position = PositionFactory(
        state=state, date=day("2025-09-04"), topic="Topic", summary="In favour.", cited=[source], public_id="qma-public"
    )
    publish(position.changeset, at=moment("2025-10-01"))


def table(*rows: str, header: str = HEADER) -> str:
    return "\n".join([header, *rows]) + "\n"


PUBLIC = "QMA,2025-09-04,guarantees,Topic,supports,In favour.,example-1"
NEW = "Testland,2025-09-05,Guarantees as a whole,Other,Against it,Against.,http://www.example.org/report/1/"
NEW = NEW.replace("Against it", "opposes")


def hand_in(person: Person, content: str | bytes, name: str = "rows.csv", **more: str) -> Any:
    content = content.encode() if isinstance(content, str) else content
    return person.post(IMPORT, {"file": SimpleUploadedFile(name, content), "has_header": "on", **more})


def deed(person: Person, address: str, what: str, **more: str) -> Any:
    return person.post(address, {"deed": what, **more})


def looked_through(
    person: Person, content: str | bytes, name: str = "rows.csv", **more: str
) -> tuple[str, StagedImport]:
    """Hand something in, keep the columns as guessed, and look through it to the end."""
    response = hand_in(person, content, name, **more)
    assert response.status_code == 303
    address = response["Location"]
    staged = StagedImport.objects.get(pk=int(address.rstrip("/").split("/")[-1]))
    if staged.format != "package":
        columns = {f"column_{n}": name for n, name in enumerate(staged.mapping["columns"][staged.table])}
        response = deed(person, address, "columns", **columns)
        assert response.status_code == 303
    for _step in range(20):
        deed(person, address, "look")
        staged.refresh_from_db()
        if staged.stage != "checking":
            return address, staged
    raise AssertionError("It is looked through without an end.")


def confirm(person: Person, address: str, staged: StagedImport, **more: str) -> Any:
    values = {"seen": staged.report["seen"], "title": "Imported", "reason": "For a test."} | more
    return deed(person, address, "confirm", **values)


def brings(staged: StagedImport) -> dict[str, dict[str, int]]:
    return dict(staged.report["tables"])


# --- Hand in


def test_the_same_bytes_again_lead_to_the_same_import(anna: Person, known: None):
    first, second = hand_in(anna, table(NEW)), hand_in(anna, table(NEW), "copy.csv")
    assert (first.status_code, second["Location"]) == (303, first["Location"])
    assert StagedImport.objects.count() == 1


def test_what_was_thrown_away_can_be_handed_in_again(anna: Person, known: None):
    address = hand_in(anna, table(NEW))["Location"]
    assert deed(anna, address, "discard")["Location"] == IMPORT
    assert anna.get(address).status_code == 404
    assert hand_in(anna, table(NEW))["Location"] != address


def test_pasted_rows_are_read_like_a_file(anna: Person, known: None):
    response = anna.post(IMPORT, {"pasted": table(NEW).replace(",", "\t"), "has_header": "on"})
    staged = StagedImport.objects.get()
    assert (response.status_code, staged.format, staged.table) == (303, "pasted", "positions")


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({}, "Choose a file, or paste rows below."),
        ({"file": SimpleUploadedFile("empty.csv", b"")}, "The file is empty."),
        ({"pasted": "a\x00b\nc"}, "Line 1 holds the character U+0000, which no text holds. Is it a table of text?"),
        ({"file": SimpleUploadedFile("a.csv", b"a\n1"), "pasted": "a\nb"}, "Hand in a file or pasted rows, not both."),
    ],
)
def test_what_cannot_be_read_is_said_beside_its_field(anna: Person, sent: dict[str, Any], sentence: str):
    response = anna.post(IMPORT, {"has_header": "on"} | sent)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert StagedImport.objects.count() == 0


def test_a_file_of_100_mb_is_stopped_on_its_way_in(anna: Person):
    response = hand_in(anna, b"a" * 100_000_000)
    assert response.status_code == 422
    assert "The file has 100.0 MB; at most 10 MB are taken. Divide it." in response.content.decode()


def test_an_empty_table_knows_every_field_of_its_kind(anna: Person):
    for kind in mapping.KINDS:
        response = anna.get(IMPORT, {"empty": kind})
        assert response["Content-Disposition"] == f'attachment; filename="{kind}.csv"'
        header = response.content.decode("utf-8-sig").strip().split(",")
        assert [name for name in mapping.guess(kind, header) if name] == header
    assert anna.get(IMPORT, {"empty": "users"}).status_code == 400


# --- Columns


def test_columns_are_guessed_from_german_headings_and_sampled(anna: Person, known: None):
    header = "Land;Datum;Thema;Gegenstand;Haltung;Zusammenfassung;Quelle"
    address = hand_in(anna, f"{header}\nTestland;2025-09-05;X;guarantees;opposes;Nein.;example-1\n", kind="positions")[
        "Location"
    ]
    form = fields(anna.get(address))
    assert [form["column_0"], form["column_1"], form["column_6"]] == ["state", "date", "sources"]
    assert "Nein." in anna.get(address).content.decode()


def test_a_mapping_with_mistakes_is_refused_beside_its_columns(anna: Person, known: None):
    address = hand_in(anna, table(NEW))["Location"]
    columns = {f"column_{n}": "date" if n < 2 else "" for n in range(7)}
    response = deed(anna, address, "columns", **columns)
    page = Page(response).root.text()
    assert response.status_code == 422
    assert "Date: Two columns are mapped to it." in page
    assert "State: No column is mapped to it, but it is needed." in page


def test_another_kind_of_rows_guesses_the_columns_anew(anna: Person, known: None):
    address = hand_in(anna, table(NEW))["Location"]
    assert deed(anna, address, "kind", kind="claims").status_code == 303
    staged = StagedImport.objects.get()
    assert (staged.table, staged.mapping["columns"]["claims"][1]) == ("claims", "date")
    assert deed(anna, address, "kind", kind="users").status_code == 422


# --- Looked through


def test_every_problem_is_said_at_its_row_and_column(anna: Person, known: None):
    rows = [
        "Atlantis,2026-02-31,guarantees,A,supports,Said.,example-1",
        "",
        "QMA,2025-09-05,guarantees,B,perhaps,,nowhere",
        "QMA,2030-01-01,guarantees,C,supports,Said.,example-1",
        PUBLIC,
        PUBLIC.replace("In favour", "Again"),
        "QMA,2025-09-05,guarantees",
    ]
    address, staged = looked_through(anna, table(*rows))
    assert [problem[:3] for problem in staged.report["problems"]] == [
        ["positions", 2, "date"],
        ["positions", 2, "state"],
        ["positions", 4, "stance"],
        ["positions", 4, "summary"],
        ["positions", 4, "sources"],
        ["positions", 5, "date"],
        ["positions", 8, None],
        ["positions", 7, "state, date, topic"],
    ]
    listed = anna.get(address, {"problems": "csv"})
    assert listed["Content-Disposition"] == f'attachment; filename="problems-{staged.pk}.csv"'
    assert listed["X-Content-Type-Options"] == "nosniff"
    lines = list(csv.reader(io.StringIO(listed.content.decode("utf-8-sig"))))
    assert lines[1] == ["positions", "2", "date", "“2026-02-31” is not a day of the calendar."]
    assert confirm(anna, address, staged, seen="x").status_code == 409
    assert Position.objects.count() == 1


def test_rows_with_problems_can_be_left_out_and_taken_in_again(anna: Person, known: None):
    address, staged = looked_through(anna, table(NEW, "QMA,never,guarantees,B,supports,Said.,example-1"))
    assert staged.report["count"] == 1
    deed(anna, address, "leave-out")
    deed(anna, address, "look")
    deed(anna, address, "look")
    staged.refresh_from_db()
    assert (staged.report["count"], brings(staged)) == (0, {"positions": {"new": 1, "changed": 0, "same": 0}})
    assert "1 row is left out." in anna.get(address).content.decode()
    deed(anna, address, "put-back")
    staged.refresh_from_db()
    assert staged.mapping["left_out"] == []


def test_the_preview_tells_what_is_new_changed_and_the_same(anna: Person, known: None):
    changed = "QMA,2025-09-04,guarantees,Topic,opposes,In favour.,example-1"
    address, staged = looked_through(anna, table(NEW, changed))
    assert brings(staged) == {"positions": {"new": 1, "changed": 1, "same": 0}}
    assert staged.report["changed"] == [
        ["positions", 3, "QMA/2025-09-04/Topic", "qma-public", [["stance", "supports", "opposes"]]]
    ]
    page = Page(anna.get(address)).root.text()
    assert "qma-public Stance Supports Opposes" in page
    _address, staged = looked_through(anna, table(PUBLIC))
    assert brings(staged) == {"positions": {"new": 0, "changed": 0, "same": 1}}


def test_a_column_that_the_table_does_not_have_says_nothing_against_the_record(anna: Person, known: None):
    pledge = PledgeFactory(slug="qma-troops", state__code="QMB")
    update = UpdateFactory(
        pledge=pledge, area="ukraine", instrument="memorandum", cited=list(Source.objects.filter(public_id="example-1"))
    )
    publish(pledge.changeset, at=moment("2025-10-01"))
    publish(update.changeset, at=moment("2025-10-02"))
    header = "pledge,date,status,attribution,summary,sources"
    row = f"qma-troops,2025-09-04,announced,by_self,{update.summary},example-1"
    _address, staged = looked_through(anna, table(row, header=header))
    assert brings(staged) == {"updates": {"new": 0, "changed": 0, "same": 1}}


def test_the_page_after_the_last_step_is_the_page_itself(anna: Person, known: None):
    address = hand_in(anna, table(NEW))["Location"]
    deed(anna, address, "columns", **{f"column_{n}": name for n, name in enumerate(HEADER.split(","))})
    page = anna.page(address)
    for _step in range(2):
        answer = anna.hx_post(address, {"deed": "look"})
        assert answer.status_code == 200
        page.swap(answer, target="stage")
    assert "Looked through: 0 problems." in answer.content.decode()
    assert page == anna.page(address)


# --- Drafts


def test_confirming_makes_drafts_and_confirming_again_changes_nothing(anna: Person, known: None):
    changed = "QMA,2025-09-04,guarantees,Topic,opposes,In favour.,example-1"
    address, staged = looked_through(anna, table(NEW, changed))
    response = confirm(anna, address, staged)
    changeset = Changeset.objects.get(title="Imported")
    assert response["Location"] == f"/desk/changesets/{changeset.pk}/"
    drafts = changeset.position_set.order_by("pk")
    assert list(drafts.values_list("public_id", "stance", "known", "corrects__public_id", "correction_kind")) == [
        ("qma-2025-09-05-other", "opposes", None, None, ""),
        ("qma-2025-09-04-topic", "opposes", None, "qma-public", "corrected"),
    ]
    assert [list(draft.sources.values_list("public_id", flat=True)) for draft in drafts] == [["example-1"]] * 2
    assert list(changeset.authors.all()) == [anna.user]
    assert confirm(anna, address, staged)["Location"] == response["Location"]
    assert (Position.objects.count(), Changeset.objects.filter(title="Imported").count()) == (3, 1)
    assert hand_in(anna, table(NEW, changed))["Location"] == address


def test_what_is_in_ones_own_draft_is_not_drafted_again(anna: Person, known: None):
    address, staged = looked_through(anna, table(NEW))
    confirm(anna, address, staged)
    address, again = looked_through(anna, table(NEW, ""))
    assert (again.report["drafted"], brings(again)) == ({str(Changeset.objects.latest("pk").pk): 1}, {})
    assert "1 row is already in your draft." in Page(anna.get(address)).root.text()
    other = looked_through(anna, table(NEW.replace("Against.", "Doubtful.")))[1]
    assert other.report["problems"] == [
        [
            "positions",
            2,
            "state, date, topic",
            "Your draft “Imported” says something else about this. Mend it there, or leave the row out.",
        ]
    ]


def test_new_pledges_and_sources_come_with_the_drafts(anna: Person, known: None):
    header = (
        "country,category,title,date,status,attribution,summary,source,source_publisher,source_language,source_kind"
    )
    row = "Testland,Troops,Soldiers for a test,{},announced,by_self,Said.,https://example.com/{}?utm_source=x,{}"
    rows = [
        row.format("2025-09-05", 1, "Example Daily,en,news"),
        row.format("2025-09-06", 2, "Example Daily,en,news"),
        row.format("2025-09-07", 1, ",,"),
    ]
    address, staged = looked_through(anna, table(*rows, header=header))
    assert staged.report["problems"] == []
    assert brings(staged) == {
        "sources": {"new": 2, "changed": 0, "same": 0},
        "pledges": {"new": 1, "changed": 0, "same": 0},
        "updates": {"new": 3, "changed": 0, "same": 0},
    }
    confirm(anna, address, staged)
    pledge = Pledge.objects.get()
    assert (pledge.slug, pledge.title, pledge.visible_from) == ("qma-troops", "Soldiers for a test", None)
    assert list(PledgeUpdate.objects.order_by("date").values_list("public_id", "sources__url", "known")) == [
        ("qma-troops-2025-09-05", "https://example.com/1", None),
        ("qma-troops-2025-09-06", "https://example.com/2", None),
        ("qma-troops-2025-09-07", "https://example.com/1", None),
    ]
    # What builds on a draft pledge can only become a draft beside it.
    more = "qma-troops,2025-09-08,announced,by_self,More.,example-1"
    address, staged = looked_through(anna, table(more, header="pledge,date,status,attribution,summary,sources"))
    assert staged.report["needs"] == [pledge.changeset_id]
    assert confirm(anna, address, staged).status_code == 409
    assert confirm(anna, address, staged, changeset=str(pledge.changeset_id)).status_code == 303
    assert pledge.updates.count() == 4


def test_a_source_about_which_too_little_is_said_is_a_problem(anna: Person, known: None):
    row = NEW.replace("http://www.example.org/report/1/", "https://unheard.example/1")
    staged = looked_through(anna, table(row))[1]
    assert [problem[:3] for problem in staged.report["problems"]] == [["positions", 2, "sources"]]


def test_sources_alone_need_no_changeset(anna: Person, known: None):
    header = "url,publisher,headline,language,published_on,kind"
    rows = ["https://example.net/1,Example Daily,A report,en,2025-09-01,Nachrichten".replace("Nachrichten", "News")]
    address, staged = looked_through(anna, table(*rows, header=header), kind="sources")
    assert confirm(anna, address, staged).status_code == 303
    source = Source.objects.get(publisher="Example Daily")
    assert (source.public_id, source.visible_from) == ("example-daily-2025-09-01-a-report", None)
    assert not Changeset.objects.filter(title="Imported").exists()


def test_nothing_is_written_where_the_record_has_changed_since(anna: Person, known: None):
    address, staged = looked_through(anna, table(NEW))
    position = PositionFactory(
        state=StateFactory(code="QMA"), date=day("2025-09-05"), topic="Other", public_id="qma-2025-09-05-other"
    )
    publish(position.changeset, at=moment("2025-10-03"))
    response = confirm(anna, address, staged)
    staged.refresh_from_db()
    assert (response["Location"], staged.stage, staged.changeset) == (address, "checking", None)
    assert Position.objects.count() == 2


def test_the_digest_of_another_preview_writes_nothing(anna: Person, known: None):
    address, staged = looked_through(anna, table(NEW))
    assert confirm(anna, address, staged, seen="0" * 16).status_code == 303
    assert Position.objects.count() == 1
    assert confirm(anna, *looked_through(anna, table(NEW, "")), title="", reason="").status_code == 422


# --- Packages


@pytest.fixture
def package(record: Changeset, tmp_path: Path) -> Path:
    """The bundled record as it is exported."""
    write(tmp_path / "package", known=clock.now())
    return tmp_path / "package"


def packed(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in folder.iterdir():
            archive.write(path, path.name)
    return buffer.getvalue()


def test_the_exported_record_comes_back_as_the_same(anna: Person, today: None, package: Path):
    _address, staged = looked_through(anna, packed(package), "package.zip")
    assert (staged.report["count"], staged.report["unimported_counts"]) == (0, [])
    assert {name: (counts["new"], counts["changed"]) for name, counts in brings(staged).items()} == dict.fromkeys(
        ["sources", "summits", "participations", "pledges", "updates", "positions", "claims", "requirements"], (0, 0)
    )


def test_a_package_with_other_facts_gives_drafts_and_tells_what_it_does_not_import(
    anna: Person, today: None, package: Path
):
    states = package / "states.csv"
    states.write_text(states.read_text().replace("Albania", "Arbëria") + "QZZ,Nowhere,state\n")
    claims = package / "claims.csv"
    text = claims.read_text()
    claims.write_text(text.replace(",6,troops,", ",7,troops,"))
    address, staged = looked_through(anna, packed(package), "package.zip")
    assert staged.report["problems"] == []
    assert staged.report["unimported_counts"] == [["states", "new", 1], ["states", "other", 1]]
    assert brings(staged)["claims"] == {"new": 0, "changed": 1, "same": 9}
    confirm(anna, address, staged)
    assert Changeset.objects.get(title="Imported").collectiveclaim_set.get().states_claimed == 7


def test_the_number_of_queries_does_not_grow_with_the_rows(anna: Person, known: None):
    def queries(count: int) -> int:
        rows = [f"QMA,2025-09-05,guarantees,Topic {count} {n},supports,Said.,example-1" for n in range(count)]
        with CaptureQueriesContext(
            connection,
        ) as captured:
            address, staged = looked_through(anna, table(*rows))
            confirm(anna, address, staged, title=f"Imported {count}")
        return len(captured)

    queries(1)
    assert queries(3) == queries(60)


# --- Hostile, and others


def test_another_editor_reads_an_import_and_works_on_none(anna: Person, known: None):
    address = hand_in(anna, table(NEW))["Location"]
    other = Person()
    assert "anna handed this in." in Page(other.get(address)).root.text()
    for what in ("kind", "columns", "look", "look-again", "leave-out", "put-back", "discard"):
        columns = {f"column_{n}": name for n, name in enumerate(HEADER.split(","))}
        assert deed(other, address, what, kind="claims", **columns).status_code == 403
    assert deed(anna, address, "burn").status_code == 400
    assert anna.get("/desk/import/999999/").status_code == 404


def test_another_editors_changeset_takes_no_import(anna: Person, known: None):
    address, staged = looked_through(anna, table(NEW))
    foreign = ChangesetFactory()
    assert confirm(anna, address, staged, changeset=str(foreign.pk)).status_code == 422
    assert foreign.position_set.count() == 0


def test_script_in_every_text_is_shown_as_text(anna: Person, known: None):
    evil = "<script>alert(1)</script>"
    header = HEADER.replace("summary", f"summary,{evil}")
    row = f"{evil},{evil},{evil},{evil},{evil},{evil},{evil},{evil}"
    address, staged = looked_through(anna, table(row, header=header), f"{evil}.csv")
    assert staged.report["count"] > 3
    assert evil not in anna.get(address).content.decode() + anna.get(IMPORT).content.decode()


def test_a_heading_that_is_a_formula_is_inert_in_the_list_of_problems(anna: Person, known: None):
    header = HEADER.replace("stance", "=1+1")
    address = hand_in(anna, table("QMA,2025-09-05,guarantees,B,perhaps,S.,example-1", header=header), kind="positions")[
        "Location"
    ]
    deed(anna, address, "columns", **{f"column_{n}": name for n, name in enumerate(HEADER.split(","))})
    deed(anna, address, "look")
    lines = list(csv.reader(io.StringIO(anna.get(address, {"problems": "csv"}).content.decode("utf-8-sig"))))
    assert lines[1][2] == "'=1+1"


def test_every_field_of_a_kind_is_a_column_of_its_file_or_says_more(anna: Person):
    for kind in mapping.KINDS.values():
        names = [field.name for field in kind.fields]
        assert names[: len(BY_NAME[kind.name].header)] == list(BY_NAME[kind.name].header)
        assert len(names) == len(set(names))
