"""Any sound package comes out as it went in."""

import csv
import datetime as dt

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guarantees.datapackage.load import load
from guarantees.datapackage.schema import BY_NAME, FILES, WORDINGS
from guarantees.datapackage.write import write
from guarantees.text import tidy, unsafe_character
from guarantees.vocabulary import (
    Area,
    Attendance,
    Attribution,
    Bindingness,
    Category,
    ConditionCode,
    Instrument,
    QuantityBasis,
    Role,
    SourceKind,
    Stance,
    Status,
    Subject,
    Unit,
)
from tests.datapackage.packages import contents, loaded

PUBLISHED_AT = dt.datetime(2025, 12, 31, tzinfo=dt.UTC)

texts = (
    st.text(st.characters(codec="utf-8", exclude_characters="\ufffd"), min_size=1, max_size=60)
    .map(tidy)
    .filter(lambda text: text and unsafe_character(text) is None)
)
days = st.dates(dt.date(2025, 1, 1), dt.date(2025, 12, 1)).map(str)
slugs = st.from_regex(r"[a-z][a-z0-9]{0,6}(-[a-z0-9]{1,5})?", fullmatch=True)
rungs = st.sampled_from([Status.SIGNALLED, Status.ANNOUNCED, Status.COMMITTED, Status.UNDER_WAY])


def codes(terms):
    return st.sampled_from(list(terms.values))


def maybe(strategy):
    return st.one_of(st.just(""), strategy)


def listed(strategy, **sizes):
    return st.lists(strategy, unique=True, **sizes).map(lambda elements: ";".join(sorted(elements)))


@st.composite
def updates(draw, slug, day, sources):
    """An update without summit that keeps all rules."""
    number = draw(st.one_of(st.none(), st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)).map(sorted)))
    conditions = draw(listed(codes(ConditionCode), max_size=3))
    named = set(conditions.split(";"))
    return {
        "pledge": slug,
        "date": day,
        "status": draw(rungs).value,
        "instrument": draw(codes(Instrument)),
        "bindingness": draw(codes(Bindingness)),
        "attribution": draw(codes(Attribution)),
        "quantity_min": "" if number is None else draw(st.sampled_from(["", str(number[0])])),
        "quantity_max": "" if number is None else str(number[1]),
        "unit": "" if number is None else draw(codes(Unit)),
        "quantity_basis": "" if number is None else draw(codes(QuantityBasis)),
        "area": draw(codes(Area)),
        "conditions": conditions,
        "conditions_basis": "stated" if conditions else draw(st.sampled_from(["none_stated", "unconditional"])),
        "conditions_lifted": draw(listed(codes(ConditionCode).filter(lambda code: code not in named), max_size=2)),
        "summary": draw(texts),
        "sources": draw(sources),
    }


@st.composite
def sound_packages(draw):
    """The rows of a small package, by file."""
    states = draw(st.lists(st.from_regex(r"[A-Z]{3}", fullmatch=True), min_size=1, max_size=3, unique=True))
    ids = draw(st.lists(slugs, min_size=1, max_size=4, unique=True))
    source = listed(st.sampled_from(ids), min_size=1, max_size=3)
    state = st.sampled_from(states)
    pledges = draw(st.dictionaries(slugs, st.tuples(state, codes(Category), texts), max_size=3))
    summits = draw(st.dictionaries(slugs, st.tuples(days, texts), max_size=2))
    rows = {
        "states": [{"code": code, "name": draw(texts), "kind": "state"} for code in states],
        # A source that nothing cites is not written; the claim cites them all.
        "claims": [
            {
                "slug": "all",
                "date": "2025-01-01",
                "speaker": draw(texts),
                "scope": draw(texts),
                "states_claimed": str(draw(st.integers(0, 32_767))),
                "summary": draw(texts),
                "sources": ";".join(sorted(ids)),
            }
        ],
        "sources": [
            {
                "id": public_id,
                "url": draw(maybe(st.just(f"https://example.org/{public_id}?q=é&r='\"#,;"))),
                "publisher": draw(texts),
                "title": draw(maybe(texts)),
                "language": draw(st.sampled_from(["en", "uk", "srp"])),
                "published_on": draw(maybe(days)),
                "kind": draw(codes(SourceKind)),
            }
            for public_id in ids
        ],
        "summits": [
            {
                "slug": slug,
                "title": text,
                "kind": "call",
                "start_date": day,
                "end_date": day,
                "format": "virtual",
                "participants_note": draw(maybe(texts)),
                "summary": text,
                "sources": draw(source),
            }
            for slug, (day, text) in summits.items()
        ],
        "participations": [
            {
                "summit": slug,
                "state": code,
                "role": draw(codes(Role)),
                "attendance": draw(codes(Attendance)),
                "representative": draw(maybe(texts)),
                "sources": draw(source),
            }
            for slug in summits
            for code in draw(st.sets(state))
        ],
        "pledges": [
            {"slug": slug, "state": code, "category": category, "title": text}
            for slug, (code, category, text) in pledges.items()
        ],
        "updates": [
            draw(updates(slug, day, source)) for slug in pledges for day in draw(st.sets(days, min_size=1, max_size=3))
        ],
        "positions": [
            {
                "state": code,
                "date": day,
                "subject": draw(codes(Subject)),
                "topic": topic,
                "stance": draw(codes(Stance)),
                "summary": draw(texts),
                "sources": draw(source),
            }
            for code, day, topic in draw(st.sets(st.tuples(state, days, texts), max_size=3))
        ],
    }
    rows["wordings"] = [
        {"pledge": row["pledge"], "date": row["date"], "wording": draw(texts), "language": "en"}
        for row in rows["updates"][:1]
    ]
    return {name: sorted(found, key=BY_NAME[name].key_of) for name, found in rows.items()}


def put_down(folder, rows):
    folder.mkdir()
    for file in (*FILES, WORDINGS):
        found = rows.get(file.name, [])
        if found or not file.optional:
            with (folder / file.path).open("w", encoding="utf-8", newline="") as handle:
                writer = csv.DictWriter(handle, file.header, lineterminator="\n")
                writer.writeheader()
                writer.writerows(found)


@pytest.mark.django_db
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=sound_packages())
def test_any_sound_package_comes_out_as_it_went_in(rows, tmp_path_factory):
    folder = tmp_path_factory.mktemp("round-trip")
    put_down(folder / "in", rows)
    with transaction.atomic():
        loaded(folder / "in", published_at=PUBLISHED_AT)
        write(folder / "out", known=PUBLISHED_AT)
        assert not load(folder / "out").is_change
        transaction.set_rollback(True)
    written, given_in = (
        {
            name: list(csv.reader(text.decode().splitlines(keepends=True)))
            for name, text in contents(path).items()
            if name.endswith(".csv")
        }
        for path in (folder / "out", folder / "in")
    )
    assert written == given_in
