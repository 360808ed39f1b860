"""An embargo holds on every public address: nothing of it shows a moment before its time, all of it at that time."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from guarantees.editing import changesets, facts
from guarantees.editing.changesets import digest
from guarantees.models import Changeset, PledgeUpdate, Source
from guarantees.queries.changes import KINDS
from tests.factories import (
    ChangesetFactory,
    ClaimFactory,
    ConditionFactory,
    ConditionStateFactory,
    ParticipationFactory,
    PledgeFactory,
    PositionFactory,
    RequirementFactory,
    SourceFactory,
    StateFactory,
    SummitFactory,
    UpdateFactory,
    day,
    editor,
    moment,
    publish,
    reviewer,
)

pytestmark = pytest.mark.django_db

TIME = moment("2026-03-12T18:00:00")
APPROVED = TIME - dt.timedelta(hours=2)
BEFORE = TIME - dt.timedelta(milliseconds=1)
AFTER = TIME
KNOWN_BEFORE = "2026-03-12T17:59:59Z"

WORDS = {
    "quillhaven",  # the new summit: title, city, slug
    "xylophone",  # the new pledge
    "brontide",  # what was said of it
    "vexillum",  # a new source
    "fernweh",  # the changeset
    "gossamer",  # a correction
    "petrichor",  # why a fact is retracted
    "zephyr",  # a position
    "umbra",  # a collective claim
    "quixotry",  # a requirement
    "saudade",  # a condition
}
"""Words that nothing but the embargoed changeset has."""

PRIVATE = ("desk/", "accounts/", "admin/", "gallery/")
"""Folders of addresses that are not public."""


@pytest.fixture
def frozen() -> Iterator[Any]:
    with time_machine.travel(APPROVED, tick=False) as traveller:
        yield traveller


@pytest.fixture
def on_record(frozen: Any) -> dict[str, Any]:
    """A small public record, part of which the embargoed changeset corrects and retracts."""
    changeset = ChangesetFactory(title="The record begins")
    france, spain = StateFactory(code="FRA", name="France"), StateFactory(code="ESP", name="Spain")
    summit = SummitFactory(changeset=changeset, slug="paris-2025-09-04", title="Paris summit")
    rows = {"summit": summit, "france": france, "spain": spain}
    for name, state in (("corrected", france), ("retracted", spain)):
        pledge = PledgeFactory(
            changeset=changeset, state=state, slug=f"{state.slug}-troops", title=f"Troops of {state}"
        )
        rows[name] = UpdateFactory(changeset=changeset, pledge=pledge, summit=summit, summary="Soldiers will go.")
    rows["source"] = rows["corrected"].sources.get()
    ParticipationFactory(changeset=changeset, summit=summit, state=france)
    ConditionFactory()
    publish(changeset, at=moment("2026-01-01T09:00:00"))
    return rows | {"changeset": changeset}


def embargoed(on_record: dict[str, Any]) -> Changeset:
    """Approve a changeset with something of every kind, for a time to come."""
    anna, rita = editor(), reviewer()
    changeset = changesets.start(by=anna, title="Fernweh outcomes", reason="Fernweh was felt.")
    source = SourceFactory(public_id="vexillum-1", publisher="Vexillum Herald", title="Vexillum report")
    summit = SummitFactory(
        changeset=changeset,
        slug="quillhaven-2026-03-12",
        title="Quillhaven summit",
        start_date=day("2026-03-12"),
        cited=[source],
    )
    Changeset.objects.filter(pk=changeset.pk).update(summit=summit)
    pledge = PledgeFactory(changeset=changeset, state=on_record["spain"], slug="xylophone-1", title="Xylophone brigade")
    new = {"changeset": changeset, "cited": [source], "date": day("2026-03-12")}
    UpdateFactory(
        pledge=pledge,
        summit=summit,
        summary="Brontide was heard.",
        quantity_max=777,
        unit="personnel",
        quantity_basis="stated",
        **new,
    )
    PositionFactory(state=on_record["france"], topic="Zephyr", summit=summit, **new)
    ParticipationFactory(changeset=changeset, summit=summit, state=on_record["spain"], cited=[source])
    ConditionStateFactory(summary="Saudade ended.", **new)
    ClaimFactory(slug="umbra-1", speaker="Umbra chair", summit=summit, **new)
    RequirementFactory(slug="quixotry-1", author="Quixotry institute", **new)
    facts.correct(
        by=anna, changeset=changeset, fact=on_record["corrected"], values={"summary": "Gossamer."}, sources=[source]
    )
    facts.retract(by=anna, changeset=changeset, fact=on_record["retracted"], reason="Petrichor mistake.")
    changesets.submit(by=anna, changeset=changeset)
    return changesets.approve(by=rita, changeset=changeset, seen=digest(changeset), goes_public_at=TIME)


def addresses(on_record: dict[str, Any], pk: int) -> dict[str, list[str]]:
    """Every public address, by the name of its route; ``pk`` is the number of the embargoed changeset."""
    return {
        "healthz": ["/healthz"],
        "robots": ["/robots.txt"],
        "sitemap": ["/sitemap.xml"],
        "overview": ["/"],
        "search": ["/search/?q=france", *(f"/search/?q={word}" for word in sorted(WORDS))],
        "pledge-list": [
            "/pledges/",
            "/pledges/?state=esp",
            "/pledges/?category=troops",
            "/pledges/?status=announced",
            "/pledges/?q=xylophone",
            "/pledges/?summit=quillhaven-2026-03-12",
        ],
        "pledge-detail": [f"/pledges/{slug}/" for slug in ("fra-troops", "esp-troops", "xylophone-1", "xylophon")],
        "state-list": ["/states/"],
        "state-detail": ["/states/fra/", "/states/esp/", "/states/xyl/"],
        "summit-list": ["/summits/", "/summits/?year=2026"],
        "summit-detail": ["/summits/paris-2025-09-04/", "/summits/quillhaven-2026-03-12/", "/summits/quillhaven/"],
        "source-list": ["/sources/", "/sources/?q=vexillum"],
        "source-detail": [
            f"/sources/{on_record['source'].public_id}/",
            "/sources/vexillum-1/",
            "/sources/vexillum/",
        ],
        "change-list": ["/changes/"],
        "change-detail": [
            *(f"/changes/{number}/" for number in (on_record["changeset"].pk, pk, 999999999)),
            *(f"/changes/{pk}/?kind={kind}" for kind in KINDS),
        ],
        "methodology": ["/methodology/"],
    }


def variants(listed: dict[str, list[str]]) -> Iterator[str]:
    """Yield every address as it is; the first ones of each route also in German, and on a day."""
    for name, paths in listed.items():
        yield from paths
        if name not in ("healthz", "robots", "sitemap"):
            for path in paths[:3]:
                yield f"/de{path}"
                yield f"{path}{'&' if '?' in path else '?'}on=2026-03-12"


def asked(path: str) -> HttpResponse:
    # Pages are kept between requests by the revision of the record; here each is made anew.
    cache.clear()
    response: HttpResponse = Client().get(path)  # type: ignore[assignment]  # what the test client gives is one
    return response


def told(response: HttpResponse, path: str) -> set[str]:
    """The words of the embargo that a page says by itself: what was asked for, it may repeat."""
    text = response.content.decode().lower()
    return {word for word in WORDS if word in text and word[:8] not in path}


def names(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern).removeprefix("^")
        if isinstance(pattern, URLResolver):
            yield from names(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield pattern.name, route


def test_every_public_address_is_asked(on_record: dict[str, Any]):
    public = {name for name, route in names(get_resolver().url_patterns) if not route.startswith(PRIVATE)}
    assert public == set(addresses(on_record, 0))


def test_nothing_shows_before_its_time_and_everything_at_it(on_record: dict[str, Any], frozen: Any):
    # A draft of the future, so that its number is known before it is anything else.
    pk = (Changeset.objects.order_by("-pk").values_list("pk", flat=True)[0]) + 1
    listed = list(variants(addresses(on_record, pk)))
    frozen.move_to(BEFORE)
    without = {path: asked(path) for path in listed}

    frozen.move_to(APPROVED)
    changeset = embargoed(on_record)
    assert changeset.pk == pk
    frozen.move_to(BEFORE)
    for path in listed:
        response = asked(path)
        assert told(response, path) == set(), path
        assert (response.status_code, response.get("ETag")) == (without[path].status_code, without[path].get("ETag"))
        assert response.content == without[path].content, path
    # What is known then, cannot be asked for now.
    for path in ("/", "/changes/", "/pledges/", "/summits/quillhaven-2026-03-12/"):
        response = asked(f"{path}?known=2026-03-12T18:00:00Z")
        assert (response.status_code, told(response, path)) == (400, set())

    frozen.move_to(AFTER)
    now = {path: asked(path) for path in listed}
    found = {path: told(response, path) for path, response in now.items()}
    assert set().union(*found.values()) == WORDS
    for path, words in (
        ("/", {"quillhaven"}),
        ("/pledges/", {"xylophone"}),
        ("/states/esp/", {"xylophone", "quillhaven"}),
        ("/states/fra/", {"zephyr"}),
        ("/summits/", {"quillhaven"}),
        ("/sources/", {"vexillum"}),
        ("/changes/", {"fernweh"}),
        (f"/changes/{pk}/", {"fernweh"}),
        ("/sitemap.xml", {"quillhaven", "xylophone", "vexillum"}),
        ("/pledges/fra-troops/", {"gossamer", "vexillum"}),
        ("/search/?q=france", set()),
    ):
        assert words <= found[path], path
    for path in ("/pledges/xylophone-1/", "/summits/quillhaven-2026-03-12/", "/sources/vexillum-1/", f"/changes/{pk}/"):
        assert [without[path].status_code, now[path].status_code] == [404, 200]
    # Every page that has a validator has another one now, and whoever holds an old page is given the new one.
    assert [p for p in listed if now[p].get("ETag") and now[p].get("ETag") == without[p].get("ETag")] == []
    held = {"If-None-Match": without["/pledges/"]["ETag"]}
    assert Client().get("/pledges/", headers=held).status_code == 200
    # And who asks what was known before, still learns nothing.
    for path in ("/", "/changes/", "/pledges/", "/summits/", "/states/esp/", "/sources/", "/pledges/xylophone-1/"):
        response = asked(f"{path}?known={KNOWN_BEFORE}")
        assert told(response, path) == set(), path


def test_calling_back_takes_every_trace_away(on_record: dict[str, Any], frozen: Any):
    frozen.move_to(BEFORE)
    without = asked("/sitemap.xml").content
    frozen.move_to(APPROVED)
    changeset = embargoed(on_record)
    changesets.call_back(by=changeset.authors.get(), changeset=changeset)
    assert not Source.objects.filter(public_id="vexillum-1", visible_from__isnull=False).exists()
    assert PledgeUpdate.objects.get(pk=on_record["corrected"].pk).known.upper is None
    frozen.move_to(AFTER + dt.timedelta(days=1))
    assert told(asked("/changes/"), "/changes/") == set()
    frozen.move_to(BEFORE)
    assert asked("/sitemap.xml").content == without


def test_a_moved_embargo_holds_until_its_new_time(on_record: dict[str, Any], frozen: Any):
    changeset = embargoed(on_record)
    later = TIME + dt.timedelta(hours=1)
    changesets.move(by=changeset.reviewer or reviewer(), changeset=changeset, goes_public_at=later)
    frozen.move_to(later - dt.timedelta(milliseconds=1))
    assert (told(asked("/pledges/"), "/pledges/"), asked("/pledges/xylophone-1/").status_code) == (set(), 404)
    frozen.move_to(later)
    assert "xylophone" in told(asked("/pledges/"), "/pledges/")
