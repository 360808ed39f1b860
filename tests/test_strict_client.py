"""The strict client finds what it is there to find."""

import pytest

from tests.strict_client import faults_of


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ('<p style="color:red">x</p>', "<p style=…> is inline style or script"),
        ('<a onclick="x()">x</a>', "<a onclick=…> is inline style or script"),
        ('<a hx-on:click="x()">x</a>', "<a hx-on:click=…> is inline style or script"),
        ("<script>x()</script>", "<script> is inline"),
        ("<style>p{}</style>", "<style> is inline"),
        ('<img src="data:image/png;base64,x">', "<img> loads data:image/png;base64,x"),
        ('<script src="https://example.org/x.js"></script>', "<script> loads https://example.org/x.js"),
        ("<p>{{ pledge }}</p>", "template syntax is left over: {{"),
        ('<input name="q">', "the field q has no label"),
        ('<p id="a"></p><p id="a"></p>', "the id a stands 2 times"),
        ('<html><a href="#gone">x</a></html>', "nothing has the id gone"),
        ('<html><p aria-labelledby="gone">x</p></html>', "nothing has the id gone"),
        ("<form><form></form></form>", "a form inside a form"),
    ],
)
def test_a_fault_is_found(html: str, fault: str):
    assert faults_of(html) == [fault]


@pytest.mark.parametrize(
    "html",
    [
        '<label>Name <input name="q"></label>',
        '<label for="q">Name</label><input id="q" name="q">',
        '<input name="q" aria-label="Name"><input type="hidden" name="x"><button>Go</button>',
        '<link rel="canonical" href="https://example.org/"><script src="/static/x.js"></script>',
    ],
)
def test_what_is_right_is_let_through(html: str):
    assert faults_of(html) == []
