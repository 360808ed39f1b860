"""The rules of evidence: when each applies, what it asks for, and what it says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guarantees.evidence import Cited, Verdict, raises, verdicts
from guarantees.vocabulary import Attribution, EvidenceRule, Reliability, SourceKind, Status

GAZETTE = Cited("news", "Example Gazette")
HERALD = Cited("news", "Example Herald")
MINISTRY = Cited("official", "Ministry")


def judged(status: str, sources: list[Cited], *said: str) -> dict[str, Verdict]:
    return {verdict.rule.value: verdict for verdict in verdicts(status, said or ["by_self"], sources)}


@pytest.mark.parametrize(
    ("status", "rules"),
    [
        ("signalled", ["reliable_publisher"]),
        ("announced", ["named_speaker", "reliable_publisher"]),
        ("committed", ["official_text", "named_speaker", "reliable_publisher"]),
        ("authorised", ["official_text", "named_speaker", "reliable_publisher"]),
        ("under_way", ["two_origins", "named_speaker", "reliable_publisher"]),
        ("delivered", ["two_origins", "named_speaker", "reliable_publisher"]),
        ("suspended", []),
        ("withdrawn", []),
        ("lapsed", []),
        ("ruled_out", []),
    ],
)
def test_each_status_has_its_rules(status: str, rules: list[str]):
    assert list(judged(status, [GAZETTE])) == rules


@pytest.mark.parametrize(
    ("status", "earlier", "answer"),
    [
        ("announced", None, True),
        ("announced", "signalled", True),
        ("announced", "announced", False),
        ("announced", "committed", False),
        ("committed", "suspended", True),
        ("signalled", "ruled_out", True),
        ("withdrawn", "announced", False),
        ("ruled_out", None, False),
    ],
)
def test_a_status_is_raised_above_what_the_pledge_had(status: str, earlier: str | None, answer: bool):
    assert raises(status, earlier) is answer


@pytest.mark.parametrize(
    ("rule", "status", "said", "sources", "passes", "reason"),
    [
        ("official_text", "committed", "by_self", [GAZETTE, MINISTRY], True, "There is an official text: Ministry."),
        (
            "official_text",
            "committed",
            "by_self",
            [GAZETTE, HERALD],
            False,
            "“Committed” asks for an official text, and no source is one.",
        ),
        (
            "two_origins",
            "under_way",
            "by_self",
            [GAZETTE, HERALD],
            True,
            "The sources have 2 origins: Example Gazette, Example Herald.",
        ),
        (
            "two_origins",
            "delivered",
            "by_self",
            [GAZETTE, GAZETTE],
            False,
            "“Delivered” asks for two sources of different origin, and all here is from Example Gazette.",
        ),
        (
            "two_origins",
            "delivered",
            "by_self",
            [],
            False,
            "“Delivered” asks for two sources of different origin, and there is none.",
        ),
        (
            "two_origins",
            "delivered",
            "by_self",
            [Cited("official", "Broadcaster"), Cited("news", "Broadcaster")],
            True,
            "The sources have 2 origins: Broadcaster.",
        ),
        ("named_speaker", "announced", "by_chair", [GAZETTE], True, "Said by: the coalition's chair."),
        (
            "named_speaker",
            "announced",
            "press",
            [GAZETTE],
            False,
            "The press and third parties never raise a pledge above signalled, and “Announced” is above it.",
        ),
        ("reliable_publisher", "signalled", "press", [GAZETTE], True, "Nothing speaks against Example Gazette."),
        (
            "reliable_publisher",
            "signalled",
            "press",
            [Cited("news", "Tabloid", "E"), Cited("state_media", "Organ")],
            False,
            "It rests on publishers rated unreliable or directed by a state alone: Organ, Tabloid.",
        ),
        ("reliable_publisher", "signalled", "press", [], False, "There is no source."),
    ],
)
def test_each_rule_says_why(rule: str, status: str, said: str, sources: list[Cited], passes: bool, reason: str):
    verdict = judged(status, sources, said)[rule]
    assert (verdict.passes, verdict.reason) == (passes, reason)


cited = st.builds(
    Cited,
    kind=st.sampled_from(SourceKind.values),
    publisher=st.sampled_from(["One", "one", "Two", "Three"]),
    reliability=st.sampled_from(["", *Reliability.values]),
)


@given(
    status=st.sampled_from(Status.values),
    said=st.lists(st.sampled_from(Attribution.values), min_size=1, max_size=3),
    sources=st.lists(cited, max_size=4),
    another=cited,
)
def test_another_source_never_turns_a_pass_into_a_warning(
    status: str, said: list[str], sources: list[Cited], another: Cited
):
    before = judged(status, sources, *said)
    after = judged(status, [*sources, another], *said)
    assert list(before) == list(after)
    assert [rule for rule, verdict in before.items() if verdict.passes and not after[rule].passes] == []
    assert all(verdict.reason and verdict.rule in EvidenceRule for verdict in after.values())
