"""The cells of the desk's pages while nothing is open in them, written in Python.

A page of four hundred rows has some four thousand of them: by the nodes of a template each takes ten times as long.
The page and its fragments draw them from here alike.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.utils.html import conditional_escape, escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from guarantees.forms.facts import KINDS
from guarantees.views.desk import words
from guarantees.views.desk.words import Words

EMPTY = SafeString("")
MARK = SafeString('<span class="mark is-open" aria-hidden="true"></span>')
AUTOFOCUS = SafeString(" autofocus")
APART = SafeString(' hx-swap-oob="true"')


@dataclass(frozen=True, slots=True)
class _Texts:
    """What the cells of every row say, in one language."""

    add_source: str
    credibility: str
    delete: str
    draft: str
    how_credible: str
    no_source: str
    remove: str
    sources: str
    to: str
    where: str


@cache
def _texts(_language: str | None) -> _Texts:
    return _Texts(
        add_source=gettext("add a source"),
        credibility=gettext("credibility"),
        delete=gettext("Delete"),
        draft=gettext("draft"),
        how_credible=gettext("in the source, and how credible:"),
        no_source=gettext("no source yet"),
        remove=gettext("remove"),
        sources=gettext("sources"),
        to=gettext("to"),
        where=gettext("where"),
    )


def _joined(parts: Iterable[SafeString]) -> SafeString:
    """Put markup together that is safe already."""
    return SafeString("".join(parts))


def value(said: Words) -> SafeString:
    """Write the value of a cell."""
    if said.status:
        written = format_html('<span class="badge status-{}">{}</span>', said.status, said.text)
    elif said.is_absent:
        written = format_html('<span class="is-absent">{}</span>', said.text)
    elif said.marks:
        marks = [format_html('<span class="condition">{}{}</span>', MARK, label) for label in said.marks]
        written = SafeString(", ".join(marks))
    elif said.day:
        written = format_html('<time datetime="{}">{}</time>', said.day, said.text)
    elif said.language:
        written = format_html('<q lang="{}">{}</q>', said.language, said.text)
    elif said.is_quantity:
        written = format_html('<span class="quantity">{}</span>', said.text)
    else:
        written = escape(said.text)
    if not said.note:
        return written
    return format_html('{} <span class="small muted"{}>{}</span>', written, _data_lang(said), said.note)


def _data_lang(said: Words) -> SafeString:
    """Mark a note that comes from the record, which is in English, on a page in another language."""
    is_foreign = said.is_note_of_record and not (get_language() or "en").startswith("en")
    return SafeString(' lang="en"') if is_foreign else EMPTY


def cell(
    anchor: str,
    said: Words,
    *,
    address: str,
    called: SafeString,
    columns: int = 1,
    attributes: SafeString = EMPTY,
    autofocus: bool = False,
    apart: bool = False,
) -> SafeString:
    """Write a cell: its value in a button that opens its form at ``address``; without an address the value alone.

    ``called``: what the button does, before the value; ``apart``: the cell says itself where it belongs on the page.
    Ids and addresses are made by the views out of numbers and names of ours; all else is escaped.
    """
    wide = f' colspan="{columns}"' if columns > 1 else ""
    start = f'<td id="{anchor}"{wide}{APART if apart else EMPTY}>'
    if not address:
        return _joined((SafeString(start), value(said), SafeString("</td>")))
    return format_html(
        '{}<button class="cell-button" type="submit" form="open" formaction="{}"{}{}>'
        '<span class="visually-hidden">{}: </span>{}</button></td>',
        SafeString(start),
        SafeString(address),
        attributes,
        AUTOFOCUS if autofocus else EMPTY,
        called,
        value(said),
    )


def called(kind: str, name: str, about: str) -> SafeString:
    """Write what the button of a cell does, and to which row."""
    return _joined((_edit(kind, name, get_language()), conditional_escape(about)))


@cache
def _edit(kind: str, name: str, _language: str | None) -> SafeString:
    # By the names: to look for a cell itself would translate its label each time.
    cell = KINDS[kind].cell(name)
    assert cell is not None  # noqa: S101  called for the cells of the kind only
    return format_html("{} {}, ", gettext("Edit"), cell.label)


def cited(sources: Iterable[Any]) -> SafeString:
    """Write sources in a few words each, as a list if there are several."""
    labels = [_label(source) for source in sources]
    if len(labels) < 2:
        return _joined(format_html('<span class="cited">{}</span> ', label) for label in labels)
    items = _joined(format_html('<li class="cited">{}</li>', label) for label in labels)
    return format_html('<ul class="list-cited">{}</ul>', items)


def _label(source: Any) -> str:
    day = f", {words.short_day(source.published_on)}" if source.published_on else ""
    return f"{source.publisher}{day}"


# --- The sheet


def source_list(citing: Any) -> SafeString:
    """Write the sources of a row of the sheet or of a meeting (ShownRow, ShownSummit), each with its buttons."""
    texts = _texts(get_language())
    query = SafeString(f"?changeset={citing.changeset_pk}" if citing.changeset_pk else "")
    items = _joined(_source(citing, source, citation, query, texts) for source, citation in citing.cited)
    written = EMPTY
    if items:
        written = format_html('<ul class="sources">{}</ul>', items)
    elif citing.changeset_pk:
        written = format_html('<span class="row-state is-unsourced">{}</span>', texts.no_source)
    if not citing.is_editable:
        return written
    return format_html(
        '{} <button class="link-button small" type="submit" form="open" formaction="{}" hx-get="{}{}"'
        ' hx-target="#{}-picker" hx-swap="outerHTML"{}>{}<span class="visually-hidden"> {} {}</span></button>',
        written,
        SafeString(citing.sources_url),
        SafeString(citing.sources_url),
        query,
        SafeString(citing.anchor),
        AUTOFOCUS if citing.sources_autofocus else EMPTY,
        texts.add_source,
        texts.to,
        SafeString(citing.anchor),
    )


def _source(citing: Any, source: Any, citation: Any, query: SafeString, texts: _Texts) -> SafeString:
    """Write one source. ``citation``: of a row, where in the source and how credible; a meeting has none."""
    address = SafeString(citing.place.source_page(source.pk))
    parts = [format_html('<li><a href="{}">{}</a>', address, source.publisher)]
    if source.published_on:
        day = source.published_on
        label = words.short_day(day)
        parts.append(format_html(' <span class="date"><time datetime="{}">{}</time></span>', day.isoformat(), label))
    if citation is not None and citation.locator:
        parts.append(format_html(' <span class="locator">{}</span>', citation.locator))
    if citation is not None and citation.credibility:
        parts.append(
            format_html(
                ' <span class="credibility"><span class="visually-hidden">{} </span>{}</span>',
                texts.credibility,
                citation.credibility,
            )
        )
    if citing.is_editable:
        address = SafeString(f"{citing.sources_url}{source.pk}/")
        picker = SafeString(f'hx-target="#{citing.anchor}-picker" hx-swap="outerHTML"')
        parts.append(SafeString("\n  "))
        if citation is not None:
            parts.append(
                format_html(
                    '<button class="link-button small" type="submit" form="open" formaction="{}" hx-get="{}" {}>{}'
                    '<span class="visually-hidden"> {} {}</span></button> ',
                    address,
                    address,
                    picker,
                    texts.where,
                    texts.how_credible,
                    source.publisher,
                )
            )
        remove = SafeString(f"{address}remove/{query}")
        parts.append(
            format_html(
                '<button class="link-button small" type="submit" form="token" formaction="{}" hx-post="{}"'
                ' hx-include="#token, #add-positions-used, #add-participations-used" {}>{}'
                '<span class="visually-hidden"> {}</span></button>',
                remove,
                remove,
                picker,
                texts.remove,
                source.publisher,
            )
        )
    parts.append(SafeString("</li>"))
    return _joined(parts)


def row_end(row: Any) -> SafeString:
    """Write how a row of the sheet (ShownRow) stands, and the button that deletes it."""
    texts = _texts(get_language())
    state = format_html(
        '<span class="row-state is-{}">{}</span>', row.mark, texts.draft if row.mark == "draft" else texts.no_source
    )
    if not row.is_editable:
        return state
    address, named = SafeString(row.delete_url), row.fact.public_id
    return format_html(
        '{} <button class="link-button small" type="submit" form="open" formaction="{}" hx-post="{}"'
        ' hx-include="#token, #add-positions-used, #add-participations-used" hx-target="closest tbody"'
        ' hx-swap="delete" hx-confirm="{}">{}<span class="visually-hidden"> {}</span></button>',
        state,
        address,
        address,
        gettext("Delete %(id)s?") % {"id": named},
        texts.delete,
        named,
    )
