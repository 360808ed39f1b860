"""What the tests of the desk's pages share: people at the desk, and requests as htmx makes them."""

from typing import Any

from django.contrib.auth.models import User
from django.http import HttpResponse

from tests.factories import editor
from tests.htmx_swap import Page
from tests.strict_client import StrictClient

HTMX = {"HX-Request": "true"}


class Person(StrictClient):
    """Somebody at the desk, with a browser that checks every page."""

    def __init__(self, user: User | None = None) -> None:
        super().__init__()
        self.user = user or editor()
        self.force_login(self.user)

    def hx_get(self, path: str, data: Any = None, **headers: str) -> HttpResponse:
        """Ask for a fragment."""
        return self.get(path, data, headers=HTMX | headers)  # type: ignore[return-value]

    def hx_post(self, path: str, data: Any = None) -> HttpResponse:
        """Send a form as htmx does."""
        return self.post(path, data or {}, headers=HTMX)  # type: ignore[return-value]

    def page(self, path: str) -> Page:
        """Open a page."""
        response = self.get(path)
        assert response.status_code == 200
        return Page(response)


def fields(response: HttpResponse) -> dict[str, str]:
    """Return what a form carries when it arrives: each field's value, as sending it back untouched would give it."""
    values: dict[str, str] = {}
    for node, _parent in Page(response).root.walk():
        name, attributes = node.attributes.get("name"), node.attributes
        if not name or name == "csrfmiddlewaretoken":
            continue
        if node.tag == "textarea":
            values[name] = node.text()
        elif node.tag == "select":
            chosen = [option for option, _p in node.walk() if "selected" in option.attributes]
            values[name] = (chosen[0].attributes.get("value") or "") if chosen else ""
        elif attributes.get("type") not in ("checkbox", "radio") or "checked" in attributes:
            values[name] = attributes.get("value") or ""
    return values


def errors(response: HttpResponse) -> dict[str, str]:
    """Return what a page says beside its fields: by the name of the field."""
    root = Page(response).root
    said = {}
    for node, _parent in root.walk():
        described = node.attributes.get("aria-describedby") or ""
        for identity in described.split():
            if identity.endswith("_error"):
                said[node.attributes.get("name") or identity.removesuffix("_error")] = root.find(identity)[0].text()
    return said
