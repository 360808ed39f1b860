"""Where the rows of the package's files are kept: the SQL between a file and its table, made from the schema.

For each file there are two temporary tables. *Staged* holds the rows of the file as they were read. *Arriving* holds
those of them that the database does not have yet in this form, with the row that they ``replace``. A file and its
table are compared in one place and in one form: what :func:`select` prints is what the file would say.
"""

from collections.abc import Iterable
from typing import LiteralString

from django.contrib.postgres.fields import ArrayField
from django.db import models
from psycopg import sql

from guarantees.datapackage.schema import Column, File, Kind
from guarantees.models import Condition, Group, Pledge, Source, State, Summit
from guarantees.models.base import Introduced, SearchTextField

NATURAL_KEYS: dict[type[models.Model], str] = {
    Condition: "code",
    Group: "code",
    Pledge: "slug",
    Source: "public_id",
    State: "code",
    Summit: "slug",
}
"""The field by which a file names a row of each kind."""

FACT_COLUMNS = ("stem", "public_id", "changeset", "corrects", "correction_kind", "former")
"""What is staged with a fact beside its cells. ``former`` is its id where it is no longer part of the record."""

Query = sql.Composed

_TYPES: dict[Kind, LiteralString] = {
    Kind.DATE: "date",
    Kind.NUMBER: "bigint",
    Kind.MOMENT: "timestamptz",
}


def _compose(template: LiteralString, **parts: sql.Composable) -> Query:
    return sql.SQL(template).format(**parts)


def _model(file: File) -> type[models.Model]:
    assert file.model is not None, file.name  # noqa: S101  the files that only add to others have no table
    return file.model


def _field(file: File, column: Column) -> models.Field:
    field = _model(file)._meta.get_field(column.field)
    assert isinstance(field, models.Field), column.name  # noqa: S101  the schema names fields
    return field


def columns(file: File) -> tuple[Column, ...]:
    """Return the columns of a file and those that another file adds to its rows."""
    return (*file.columns, *file.beside)


def table(file: File) -> sql.Identifier:
    """Return the table of a file's rows."""
    return sql.Identifier(_model(file)._meta.db_table)


def staged(file: File) -> sql.Identifier:
    """Return the temporary table of the rows that were read."""
    return sql.Identifier(f"staged_{file.name}")


def arriving(file: File) -> sql.Identifier:
    """Return the temporary table of the rows that are new or different."""
    return sql.Identifier(f"arriving_{file.name}")


def is_cited(file: File) -> bool:
    """Whether the rows of a file name sources."""
    return "sources" in file.header


def citations(file: File) -> sql.Identifier:
    """Return the table of the citations of a file's rows."""
    many = _model(file)._meta.get_field("sources")
    return sql.Identifier(many.remote_field.through._meta.db_table)  # type: ignore[union-attr]  # many-to-many


def search_field(file: File) -> SearchTextField | None:
    """Return the field of the text by which a row is found, if there is one."""
    return next((field for field in _model(file)._meta.fields if isinstance(field, SearchTextField)), None)


def staged_columns(file: File) -> tuple[str, ...]:
    """Return the columns of the staged table, in the order in which rows are copied into it."""
    return (
        "row_number",
        "key",
        *(column.name for column in columns(file)),
        *(["search_text"] if search_field(file) else []),
        *(FACT_COLUMNS if file.is_fact else []),
    )


def create_staged(file: File) -> Query:
    """Return the statement that makes the staged table; the transaction's end takes it away."""
    types: dict[str, LiteralString] = {column.name: _TYPES.get(column.kind, "text") for column in columns(file)}
    types |= {"row_number": "integer", "changeset": "integer"}
    return _compose(
        "DROP TABLE IF EXISTS {table}; CREATE TEMPORARY TABLE {table} ({columns}) ON COMMIT DROP",
        table=staged(file),
        columns=sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(types.get(name, "text")))
            for name in staged_columns(file)
        ),
    )


def copy_staged(file: File) -> Query:
    """Return the statement by which rows are copied into the staged table."""
    names = sql.SQL(", ").join(map(sql.Identifier, staged_columns(file)))
    return _compose("COPY {table} ({names}) FROM STDIN", table=staged(file), names=names)


def analyze(of: sql.Identifier, *names: str) -> Query:
    """Return the statement that tells the planner about some columns of a table. About all of them would take long."""
    return _compose("ANALYZE {table} ({names})", table=of, names=sql.SQL(", ").join(map(sql.Identifier, names)))


def numbers(file: File) -> tuple[str, ...]:
    """Return the columns of a table by which rows are found and joined."""
    fields = _model(file)._meta.local_fields
    return tuple(str(field.column) for field in fields if field.primary_key or isinstance(field, models.ForeignKey))


CREATE_STAGED_CITATIONS = sql.SQL(
    "DROP TABLE IF EXISTS staged_citations; CREATE TEMPORARY TABLE staged_citations "
    "(row_number integer, file text, key text, former text, source text, locator text, credibility integer) "
    "ON COMMIT DROP"
)
COPY_STAGED_CITATIONS = sql.SQL(
    "COPY staged_citations (row_number, file, key, former, source, locator, credibility) FROM STDIN"
)


def _alias(column: Column) -> sql.Identifier:
    return sql.Identifier(f"the_{column.name}")


def _joins(file: File, row: LiteralString, by_key: bool) -> sql.Composable:
    """Return the joins to the rows that ``row`` refers to: by their natural keys, or by their numbers."""
    joins: list[sql.Composable] = []
    for column in columns(file):
        field = _field(file, column)
        if isinstance(field, models.ForeignKey):
            target = field.related_model
            on_theirs, on_ours = (NATURAL_KEYS[target], column.name) if by_key else ("id", field.attname)
            joins.append(
                _compose(
                    " LEFT JOIN {target} {alias} ON {alias}.{theirs} = {row}.{ours}",
                    target=sql.Identifier(target._meta.db_table),
                    alias=_alias(column),
                    theirs=sql.Identifier(on_theirs),
                    row=sql.SQL(row),
                    ours=sql.Identifier(on_ours),
                )
            )
    return sql.SQL("").join(joins)


def _printed(file: File, column: Column) -> sql.Composable:
    """Return the expression that prints a field of ``f`` as the file says it; NULL where the cell is empty."""
    field = _field(file, column)
    if isinstance(field, models.ForeignKey):
        return _compose("{alias}.{key}", alias=_alias(column), key=sql.Identifier(NATURAL_KEYS[field.related_model]))
    if isinstance(field, models.ManyToManyField):
        return _compose(
            "(SELECT string_agg(source.public_id, ';' ORDER BY source.public_id COLLATE \"C\") FROM {citations} cited "
            "JOIN guarantees_source source ON source.id = cited.source_id WHERE cited.fact_id = f.id)",
            citations=citations(file),
        )
    name = sql.Identifier(field.attname)
    if isinstance(field, ArrayField):
        return _compose(
            "(SELECT string_agg(element, ';' ORDER BY element COLLATE \"C\") FROM unnest(f.{name}) element)", name=name
        )
    if isinstance(field, models.CharField | models.TextField):
        return _compose("NULLIF(f.{name}, '')", name=name)
    return _compose("f.{name}", name=name)


def _key(file: File) -> sql.Composable:
    """Return the expression of the key as one text; see :meth:`File.key_of`."""
    parts = (_compose("coalesce(({cell})::text, '')", cell=_printed(file, file.column(name))) for name in file.key)
    return sql.SQL(" || '/' || ").join(parts)


PUBLIC_REFERENCES = sql.SQL("f.visible_from <= %(known)s")
ALL = sql.SQL("true")


def as_of(file: File) -> sql.Composable:
    """Return the condition under which a row of ``f`` is part of the package at the clock ``on``, ``known``."""
    if not file.is_fact:
        has_clock = any(field.name == "visible_from" for field in _model(file)._meta.fields)
        return PUBLIC_REFERENCES if has_clock else ALL
    dated = sql.SQL("the_summit.start_date" if file.name == "participations" else "f.date")
    return _compose("f.known @> %(known)s AND {dated} <= %(on)s", dated=dated)


FORMER = sql.SQL("upper(f.known) <= %(known)s")
"""The condition under which a fact was part of the record and is no longer."""


def select(file: File, condition: sql.Composable) -> Query:
    """Return the query for the rows of a table as the file says them, with their ``key`` and their ``row_id``.

    Of facts also the id, the changeset and what they correct. Not ordered; see :func:`order`.
    """
    printed = [
        _compose("{cell} AS {name}", cell=_printed(file, column), name=sql.Identifier(column.name))
        for column in columns(file)
    ]
    extra = []
    if file.is_fact:
        extra = [sql.SQL("f.public_id, f.known")]
    if file.is_fact or issubclass(_model(file), Introduced):
        extra.append(sql.SQL("f.changeset_id"))
    return _compose(
        "SELECT {printed}, {key} AS key, f.id AS row_id FROM {table} f{joins} WHERE {condition}",
        printed=sql.SQL(", ").join([*printed, *extra]),
        key=_key(file),
        table=table(file),
        joins=_joins(file, "f", by_key=False),
        condition=condition,
    )


def order(file: File) -> sql.Composable:
    """Return the order of a file's rows: by key, in the order of the characters' numbers, empty cells first."""
    terms = []
    for name in file.key:
        collated: LiteralString = "" if file.column(name).kind in _TYPES else ' COLLATE "C"'
        terms.append(_compose("{name}{collated} NULLS FIRST", name=sql.Identifier(name), collated=sql.SQL(collated)))
    return sql.SQL(", ").join(terms)


def create_arriving(file: File) -> Query:
    """Return the statement that compares the staged rows with the table and keeps those that are new or different.

    Facts are compared with what is known at the moment ``now``, other rows with what is there. Each row gets the
    number that it will have.
    """
    condition = sql.SQL("f.known @> %(now)s") if file.is_fact else ALL
    return _compose(
        "DROP TABLE IF EXISTS {arriving}; CREATE TEMPORARY TABLE {arriving} ON COMMIT DROP AS "
        "SELECT s.*, CASE WHEN s.replaces IS NULL OR {is_fact} "
        "THEN nextval(pg_get_serial_sequence({table}, 'id')) ELSE s.replaces END AS row_id "
        "FROM (SELECT s.*, c.row_id AS replaces FROM {staged} s LEFT JOIN ({current}) c ON c.key = s.key "
        "WHERE c.row_id IS NULL OR {changed} ORDER BY s.row_number) s",
        arriving=arriving(file),
        is_fact=sql.Literal(file.is_fact),
        table=sql.Literal(_model(file)._meta.db_table),
        staged=staged(file),
        current=select(file, condition),
        changed=_differs(file),
    )


def drafted(file: File) -> Query:
    """Return the query for the arriving rows of which the changesets ``own`` have a draft with the same key.

    Each with its row number, the changeset, and whether the draft says something else.
    """
    return _compose(
        "SELECT s.row_number, c.changeset_id, {differs} FROM {arriving} s JOIN ({drafts}) c ON c.key = s.key "
        "ORDER BY 1",
        differs=_differs(file),
        arriving=arriving(file),
        drafts=select(file, sql.SQL("f.known IS NULL AND f.changeset_id = ANY(%(own)s)")),
    )


def _differs(file: File) -> sql.Composable:
    """Return the condition that a staged row ``s`` says something else than the row ``c`` of its table."""
    names = [sql.Identifier(column.name) for column in columns(file)]
    changed: sql.Composable = _compose(
        "ROW({ours}) IS DISTINCT FROM ROW({theirs})",
        ours=sql.SQL(", ").join(_compose("s.{name}", name=name) for name in names),
        theirs=sql.SQL(", ").join(_compose("c.{name}", name=name) for name in names),
    )
    if is_cited(file):
        changed = _compose("({changed} OR {recited})", changed=changed, recited=_recited(file))
    return changed


def _recited(file: File) -> Query:
    """Return the condition that the package says something else about a source's place or credibility."""
    return _compose(
        "EXISTS (SELECT FROM staged_citations said JOIN guarantees_source source ON source.public_id = said.source "
        "LEFT JOIN {citations} cited ON cited.fact_id = c.row_id AND cited.source_id = source.id "
        "WHERE said.file = {name} AND said.key = s.key AND said.former IS NULL "
        "AND ROW(cited.locator, cited.credibility) IS DISTINCT FROM ROW(coalesce(said.locator, ''), said.credibility))",
        citations=citations(file),
        name=sql.Literal(file.name),
    )


def _kept(file: File) -> list[tuple[sql.Composable, sql.Composable]]:
    """Return the fields of the table that a file fills, each with the expression of its value from ``s``."""
    kept: list[tuple[sql.Composable, sql.Composable]] = []
    for column in columns(file):
        field = _field(file, column)
        if isinstance(field, models.ManyToManyField):
            continue
        name = sql.Identifier(column.name)
        if isinstance(field, models.ForeignKey):
            value = _compose("{alias}.id", alias=_alias(column))
        elif isinstance(field, ArrayField):
            value = _compose("coalesce(string_to_array(s.{name}, ';'), '{{}}')", name=name)
        elif isinstance(field, models.CharField | models.TextField):
            value = _compose("coalesce(s.{name}, '')", name=name)
        else:
            value = _compose("s.{name}", name=name)
        kept.append((sql.Identifier(field.attname), value))
    if search_field(file):
        kept.append((sql.Identifier("search_text"), sql.SQL("s.search_text")))
    return kept


FIRST_CITED = sql.Identifier("first_cited")


def create_first_cited(files: Iterable[File]) -> Query:
    """Return the statement that lists the sources which the rows of the first changeset cite."""
    rows = sql.SQL(" UNION ALL ").join(
        _compose(
            "SELECT sources FROM {arriving}{first}",
            arriving=arriving(file),
            first=sql.SQL(" WHERE coalesce(changeset, 1) = 1" if file.is_fact else ""),
        )
        for file in files
        if is_cited(file)
    )
    return _compose(
        "DROP TABLE IF EXISTS {table}; CREATE TEMPORARY TABLE {table} ON COMMIT DROP AS "
        "SELECT DISTINCT unnest(string_to_array(sources, ';')) AS id FROM ({rows}) citing",
        table=FIRST_CITED,
        rows=rows,
    )


def insert(file: File, *, as_drafts: bool = False) -> Query:
    """Return the statement that adds the arriving rows: all of a file of facts, else those that replace nothing.

    ``changesets`` are the numbers of the changesets, ``at`` the time at which the first of them is public. What a later
    one brings stays unpublished until ``publication`` publishes it. ``as_drafts``: there is one changeset, and all of
    it stays unpublished.
    """
    kept = [(sql.Identifier("id"), sql.SQL("s.row_id")), (sql.Identifier("version"), sql.SQL("1")), *_kept(file)]
    joins = _joins(file, "s", by_key=True)
    if file.is_fact:
        joins = _compose(
            "{joins} LEFT JOIN {arriving} former ON former.public_id = s.corrects",
            joins=joins,
            arriving=arriving(file),
        )
        kept += [
            (sql.Identifier("public_id"), sql.SQL("s.public_id")),
            (sql.Identifier("changeset_id"), sql.SQL("(%(changesets)s::bigint[])[coalesce(s.changeset, 1)]")),
            (sql.Identifier("corrects_id"), sql.SQL("coalesce(s.replaces, former.row_id)")),
            (
                sql.Identifier("correction_kind"),
                sql.SQL("coalesce(s.correction_kind, CASE WHEN s.replaces IS NULL THEN '' ELSE 'corrected' END)"),
            ),
            (
                sql.Identifier("known"),
                sql.SQL(
                    "NULL::tstzrange"
                    if as_drafts
                    else "CASE WHEN coalesce(s.changeset, 1) = 1 THEN tstzrange(%(at)s, NULL) END"
                ),
            ),
        ]
    elif as_drafts:
        kept.append((sql.Identifier("visible_from"), sql.SQL("NULL::timestamptz")))
        if issubclass(_model(file), Introduced):
            kept.append((sql.Identifier("changeset_id"), sql.SQL("(%(changesets)s::bigint[])[1]")))
    elif file.name == "sources":
        cited = _compose("EXISTS (SELECT FROM {table} c WHERE c.id = s.id)", table=FIRST_CITED)
        kept.append(
            (sql.Identifier("visible_from"), _compose("CASE WHEN {cited} THEN %(at)s::timestamptz END", cited=cited))
        )
    elif issubclass(_model(file), Introduced):
        number = _compose(
            "coalesce((%(introduced)s::jsonb ->> ({name} || '/' || s.key))::int, 1)", name=sql.Literal(file.name)
        )
        kept += [
            (sql.Identifier("changeset_id"), _compose("(%(changesets)s::bigint[])[{number}]", number=number)),
            (
                sql.Identifier("visible_from"),
                _compose("CASE WHEN {number} = 1 THEN %(at)s::timestamptz END", number=number),
            ),
        ]
    return _compose(
        "INSERT INTO {table} ({names}) SELECT {values} FROM {arriving} s{joins} WHERE s.replaces IS NULL OR {is_fact} "
        "ORDER BY s.row_id",
        table=table(file),
        names=sql.SQL(", ").join(name for name, _value in kept),
        values=sql.SQL(", ").join(value for _name, value in kept),
        arriving=arriving(file),
        joins=joins,
        is_fact=sql.Literal(file.is_fact),
    )


def update(file: File) -> Query:
    """Return the statement that edits reference rows in place, each with a new version."""
    kept = _kept(file)
    return _compose(
        "UPDATE {table} f SET version = f.version + 1, {changes} FROM {arriving} s{joins} WHERE f.id = s.replaces",
        table=table(file),
        changes=sql.SQL(", ").join(_compose("{name} = {value}", name=name, value=value) for name, value in kept),
        arriving=arriving(file),
        joins=_joins(file, "s", by_key=True),
    )


def cite(file: File) -> Query:
    """Return the statement that adds the citations of the arriving rows.

    What the package leaves unsaid about a source's place and credibility stays as the replaced row had it.
    """
    return _compose(
        "INSERT INTO {citations} (fact_id, source_id, locator, credibility) "
        "SELECT s.row_id, source.id, coalesce(said.locator, former.locator, ''), "
        "CASE WHEN said.file IS NULL THEN former.credibility ELSE said.credibility END "
        "FROM {arriving} s "
        "CROSS JOIN unnest(string_to_array(s.sources, ';')) WITH ORDINALITY AS cited(public_id, place) "
        "JOIN guarantees_source source ON source.public_id = cited.public_id "
        "LEFT JOIN staged_citations said ON said.file = {name} AND said.key = s.key AND said.source = cited.public_id "
        "AND said.former IS NOT DISTINCT FROM {former} "
        "LEFT JOIN {citations} former ON former.fact_id = s.replaces AND former.source_id = source.id "
        "ORDER BY s.row_id, cited.place "
        "ON CONFLICT (fact_id, source_id) DO UPDATE SET locator = excluded.locator, credibility = excluded.credibility",
        citations=citations(file),
        arriving=arriving(file),
        name=sql.Literal(file.name),
        former=sql.SQL("s.former" if file.is_fact else "NULL::text"),
    )


def uncite(file: File) -> Query:
    """Return the statement that takes citations away which an edited reference row no longer has."""
    return _compose(
        "DELETE FROM {citations} cited USING {arriving} s, guarantees_source source "
        "WHERE cited.fact_id = s.replaces AND source.id = cited.source_id "
        "AND NOT source.public_id = ANY(coalesce(string_to_array(s.sources, ';'), '{{}}'))",
        citations=citations(file),
        arriving=arriving(file),
    )
