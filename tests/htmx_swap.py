"""A small htmx for tests: swaps an answer into a parsed page the way the browser would.

``page = Page(response)`` · ``page.swap(answer, target="updates-1-status")`` · ``page == Page(fresh_response)``.
Knows outerHTML and delete, parts out of band (also inside ``<template>``), and the status region. Two pages are equal
if their main parts are, but for what differs from one drawing to the next: the tokens of forms, where the focus is
put, messages, the time of a save, and whether a fold is open.
"""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from itertools import zip_longest
from typing import Any

VOID = {"input", "meta", "link", "br", "hr", "img", "source", "wbr", "col", "path", "circle", "rect"}
PASSING = {"autofocus", "hx-swap-oob"}


class Node:
    """An element with its attributes and children; texts are plain strings."""

    def __init__(self, tag: str, attributes: dict[str, str | None] | None = None) -> None:
        self.tag = tag
        self.attributes = attributes or {}
        self.children: list[Node | str] = []

    def walk(self) -> Any:
        """Yield the element and everything below it, with each one's parent."""
        for child in list(self.children):
            if isinstance(child, Node):
                yield child, self
                yield from child.walk()

    def find(self, identity: str) -> tuple[Node, Node]:
        """Return the one element with an id, and its parent."""
        found = [(node, parent) for node, parent in self.walk() if node.attributes.get("id") == identity]
        assert len(found) == 1, f"{len(found)} elements have the id {identity}"
        return found[0]

    def first(self, tag: str) -> Node:
        """Return the first element of a kind."""
        return next(node for node, _parent in self.walk() if node.tag == tag)

    def text(self) -> str:
        """Return all words, white space collapsed."""
        words = [child if isinstance(child, str) else child.text() for child in self.children]
        return " ".join(" ".join(words).split())

    def outline(self) -> Any:
        """Return what counts when two pages are compared."""
        attributes = {name: value for name, value in self.attributes.items() if name not in PASSING}
        if attributes.get("name") == "csrfmiddlewaretoken":
            attributes["value"] = "token"
        if self.tag == "details":
            attributes.pop("open", None)
        if attributes.get("id") in ("sheet-count", "progress"):
            attributes.pop("tabindex", None)
        children: list[Any] = []
        for child in self.children:
            outline = " ".join(child.split()) if isinstance(child, str) else child.outline()
            if outline:
                children.append(outline)
        if attributes.get("class") == "saved-at":
            return None  # the time of a save is said with its answer only
        if "notice" in (attributes.get("class") or "") and attributes.get("role") == "status":
            return None
        return (self.tag, sorted(attributes.items(), key=str), children)


class Builder(HTMLParser):
    """Builds the tree of a page or fragment."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("root")
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, dict(attrs))
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Node(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        names = [node.tag for node in self.open]
        assert tag == names[-1], f"</{tag}> closes <{names[-1]}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def parse(html: str) -> Node:
    """Return the tree of a page or fragment; fails if an element is not closed where it should be."""
    builder = Builder()
    builder.feed(html)
    builder.close()
    assert builder.open == [builder.root], f"not closed: {[node.tag for node in builder.open[1:]]}"
    return builder.root


def first_difference(one: Any, other: Any, path: str = "") -> str | None:
    """Return where two outlines differ first, and how; None if they do not."""
    if not (isinstance(one, tuple) and isinstance(other, tuple)):
        return None if one == other else f"{path}: {one!r} is not {other!r}"
    (tag, attributes, children), (other_tag, other_attributes, other_children) = one, other
    path = f"{path}/{tag}#{dict(attributes).get('id', '')}"
    if (tag, attributes) != (other_tag, other_attributes):
        return f"{path}: {attributes} is not {other_tag} {other_attributes}"
    for child, other_child in zip_longest(children, other_children):
        if difference := first_difference(child, other_child, path):
            return difference
    return None


class Page:
    """A page in the browser of a test."""

    def __init__(self, response: Any) -> None:
        self.root = parse(response.content.decode())

    def swap(self, answer: Any, target: str = "", *, delete: bool = False) -> Node:
        """Put an answer in the place of the element with the id ``target``; return the answer's own part.

        Without a target it goes where its headers say; nowhere if they say that all its parts know their places.
        """
        fragment = parse(answer.content.decode())
        own = Node("fragment")
        for child in self._unwrapped(fragment):
            if isinstance(child, Node) and child.attributes.get("hx-swap-oob"):
                self._swap_apart(child)
            else:
                own.children.append(child)
        if answer.headers.get("HX-Reswap") == "none":
            return own
        node, parent = self.root.find(target or answer.headers["HX-Retarget"].removeprefix("#"))
        place = parent.children.index(node)
        parent.children[place : place + 1] = [] if delete else own.children
        return own

    def _unwrapped(self, fragment: Node) -> list[Node | str]:
        children: list[Node | str] = []
        for child in fragment.children:
            inside = isinstance(child, Node) and child.tag == "template"
            children += child.children if inside and isinstance(child, Node) else [child]
        return children

    def _swap_apart(self, node: Node) -> None:
        how = node.attributes.pop("hx-swap-oob") or ""
        if how.startswith("beforeend:#"):
            target, _parent = self.root.find(how.removeprefix("beforeend:#"))
            target.children += node.children
            return
        assert how in ("true", "innerHTML", "delete"), how
        target, parent = self.root.find(node.attributes["id"] or "")
        if how == "innerHTML":
            target.children = node.children
        elif how == "delete":
            parent.children.remove(target)
        else:
            parent.children[parent.children.index(target)] = node

    def status(self) -> str:
        """Return what the status region says."""
        return self.root.find("status")[0].text()

    def focus(self) -> list[Node]:
        """Return the elements that ask for the focus."""
        return [node for node, _parent in self.root.walk() if "autofocus" in node.attributes]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Page):
            return NotImplemented
        if difference := first_difference(self.outline(), other.outline()):
            # pytest shows what was written while a test ran: the place in the page, rather than two whole pages.
            sys.stdout.write(f"{difference}\n")
        return difference is None

    __hash__ = None  # type: ignore[assignment]  # pages change

    def outline(self) -> Any:
        """Return what counts of the main part."""
        return self.root.first("main").outline()
