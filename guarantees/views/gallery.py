"""Every component in every state on one page, for those who work on the look. Reachable in DEBUG only."""

import datetime as dt
from types import SimpleNamespace as Row

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from guarantees.charts import strip
from guarantees.vocabulary import Availability, Category, ConditionCode, ConditionValue, Status

DAY = dt.date(2026, 2, 28)


class SampleForm(forms.Form):
    """A form with a field of each kind, bound with mistakes to show how they are reported."""

    title = forms.CharField(help_text="As it will stand in the list.", max_length=20)
    day = forms.DateField(help_text="In the form 2026-02-26.")
    category = forms.ChoiceField(choices=Category.choices)
    conditions = forms.MultipleChoiceField(
        choices=ConditionCode.choices, widget=forms.CheckboxSelectMultiple, required=False
    )
    summary = forms.CharField(widget=forms.Textarea, required=False)
    own_words = forms.BooleanField(label="These are our own words")


def _source(number: int, **values: object) -> Row:
    sample = {
        "public_id": f"example-{number}",
        "publisher": "Example News",
        "title": "A headline as it was published",
        "url": f"https://example.org/{number}",
        "language": "en",
        "published_on": dt.date(2026, 1, 6),
        "kind": "news",
    }
    return Row(**(sample | values))


def _matrix() -> list[Row]:
    names = (
        ("GBR", "United Kingdom"),
        ("FRA", "France"),
        ("DEU", "Germany"),
        ("SWE", "Sweden"),
        ("TUR", "Türkiye"),
    )
    statuses = [*Status, None]
    quantities = ("", "up to 5,000 personnel", "", "1.6B GBP")
    rows = []
    for index, (code, name) in enumerate(names):
        cells = []
        for column, category in enumerate(Category):
            status = statuses[(index * 4 + column * 3) % len(statuses)]
            cells.append(
                status
                and Row(
                    status=status,
                    href="#matrix",
                    category_label=category.label,
                    quantity=quantities[(index + column) % 4],
                    waits=(index + column) % 3 != 0,
                    count=2 if column == 4 else 1,
                )
            )
        rows.append(Row(state=Row(code=code, name=name), href="#matrix", cells=cells))
    return rows


def _strips() -> dict[str, strip.Strip]:
    spans = [
        strip.Span(Status.SIGNALLED, dt.date(2025, 2, 16), dt.date(2025, 7, 10)),
        strip.Span(Status.ANNOUNCED, dt.date(2025, 7, 10), dt.date(2026, 1, 6)),
        strip.Span(Status.COMMITTED, dt.date(2026, 1, 6)),
    ]
    said = [(16, 2, 0), (2, 3, 1), (27, 3, 0), (10, 7, 1), (19, 8, 0), (4, 9, 1), (24, 10, 0), (25, 11, 1)]
    statements = [strip.Statement(dt.date(2025, month, day), at_summit=bool(summit)) for day, month, summit in said]
    statements.append(strip.Statement(dt.date(2026, 1, 6), at_summit=True))
    return {
        "strip": strip.layout(spans, statements, until=DAY),
        "narrow": strip.layout(spans, statements, until=DAY, width=strip.NARROW),
    }


def gallery(request: HttpRequest) -> HttpResponse:
    """Show the components with made-up content; nothing here is read from the record."""
    sources = [
        _source(1),
        _source(
            2, publisher="Приклад Новини", title="Заголовок, як його було опубліковано", language="uk", kind="agency"
        ),
        _source(3, publisher="Example State Agency", title="", kind="state_media", published_on=None),
        _source(4, publisher="Przykład Łódź", title="", url="", language="pl", kind="official"),
    ]
    update = Row(
        public_id="sample-2026-01-06",
        date=dt.date(2026, 1, 6),
        summit=Row(slug="sample", title="A sample meeting, Paris"),
        pledge=Row(slug="sample", title="Ground troops for a sample force"),
        status=Status.COMMITTED,
        instrument="declaration_of_intent",
        bindingness="political",
        attribution="by_self",
        quantity_min=None,
        quantity_max=5000,
        unit="personnel",
        quantity_basis="reported",
        conditions=["ceasefire", "parliamentary_approval"],
        conditions_basis="stated",
        summary="A summary in our own words of what was said or done that day, long enough to run over two lines.",
        wording="We are ready, once there is peace, to do what we said we would.",
        wording_language="en",
    )
    earlier = Row(
        **vars(update)
        | {
            "public_id": "sample-2025-09-04",
            "date": dt.date(2025, 9, 4),
            "summit": None,
            "status": Status.SIGNALLED,
            "quantity_max": None,
            "conditions": [],
            "wording": "",
        }
    )
    context = {
        "statuses": list(Status),
        "availabilities": list(Availability),
        "conditions": [
            (ConditionCode.CEASEFIRE, ConditionValue.OPEN),
            (ConditionCode.PARLIAMENTARY_APPROVAL, ConditionValue.MET),
            (ConditionCode.US_BACKSTOP, ConditionValue.FAILED),
        ],
        "quantities": [
            (None, 5000, "personnel", "reported"),
            (500, 700, "personnel", "stated"),
            (100, None, "systems", ""),
            (1, 1, "ships", "stated"),
            (1_600_000_000, 1_600_000_000, "GBP", "stated"),
            (None, None, "", ""),
        ],
        "sources": sources,
        "updates": [update, earlier],
        "few_sources": sources[:3],
        "categories": list(Category),
        "matrix": _matrix(),
        "form": SampleForm({"title": "A title that is far too long for it", "day": "31 February"}),
        "page": Paginator(range(1000), 10).get_page(5),
        "tags": [
            Row(group="State", label="Sweden", href="?category=maritime"),
            Row(group="Category", label="Maritime", href="?state=swe"),
        ],
        "suggestions": [Row(label="Without Maritime", href="?state=swe", count=12)],
        "trail": [("Pledges", "#main"), ("United Kingdom", "#main")],
        "row_states": ["draft", "saved", "error", "conflict", "unsourced"],
        "when": dt.datetime(2026, 1, 6, 18, 5, tzinfo=dt.UTC),
        "day": DAY,
        **_strips(),
    }
    return render(request, "gallery/gallery.html", context)
