"""Reading pages in tests: what a reader sees, without depending on how it is marked up."""

from html.parser import HTMLParser
from typing import Any

VOID = {"input", "meta", "link", "br", "hr", "img", "source", "wbr", "col"}


class Node:
    """An element of a page: its tag, its attributes, and what is in it."""

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.children: list[Node | str] = []

    @property
    def text(self) -> str:
        """The text in it, with white space folded."""
        return " ".join(self._text().split())

    def _text(self) -> str:
        return "".join(child if isinstance(child, str) else f" {child._text()} " for child in self.children)

    def all(self, tag: str = "", **attributes: str) -> list["Node"]:
        """All elements in it with that tag and those attributes; ``class_`` looks for one class."""
        found = []
        for child in self.children:
            if isinstance(child, Node):
                if (not tag or child.tag == tag) and child.has(**attributes):
                    found.append(child)
                found += child.all(tag, **attributes)
        return found

    def one(self, tag: str = "", **attributes: str) -> "Node":
        """The only such element."""
        found = self.all(tag, **attributes)
        assert len(found) == 1, f"{len(found)} elements {tag} {attributes}"
        return found[0]

    def has(self, **attributes: str) -> bool:
        for name, value in attributes.items():
            if name == "class_":
                if value not in self.attributes.get("class", "").split():
                    return False
            elif self.attributes.get(name.replace("_", "-")) != value:
                return False
        return True


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_endtag(self, tag: str) -> None:
        if any(node.tag == tag for node in self.open[1:]):
            while self.open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def page(response: Any) -> Node:
    """Return the page of a response as a tree."""
    builder = _Builder()
    builder.feed(response.content.decode())
    return builder.root


def table(root: Node, caption: str) -> list[list[str]]:
    """Return the body of the table whose caption has that id, cell by cell."""
    of = next(t for t in root.all("table") if t.all("caption", id=caption))
    return [[cell.text for cell in row.children if isinstance(cell, Node)] for row in of.one("tbody").all("tr")]
