"""The style sheet keeps its promises: readable, distinguishable, small, and nothing from elsewhere."""

import gzip
import itertools
import re
from pathlib import Path

import pytest

from guarantees.vocabulary import Status

STATIC = Path(__file__).parent.parent / "static"
TEMPLATES = Path(__file__).parent.parent / "templates"
SHEET = (STATIC / "css" / "ledger.css").read_text(encoding="utf-8")
SCHEMES = ("light", "dark")

Colour = tuple[float, float, float]


def tokens(scheme: str) -> dict[str, str]:
    """The colour tokens of the style sheet in one scheme, by name: ``{"paper": "#fdfcf9", …}``."""
    found = re.findall(r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", SHEET)
    return {name: dark if scheme == "dark" else light for name, light, dark in found}


def linear(colour: str) -> Colour:
    """Linear red, green and blue (0 to 1) of a colour in hexadecimal."""
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return red, green, blue


def luminance(colour: Colour) -> float:
    return 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2]


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2."""
    high, low = sorted((luminance(linear(one)), luminance(linear(other))), reverse=True)
    return (high + 0.05) / (low + 0.05)


# What people see who lack one kind of cone: Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB.
VISION = {
    "usual": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protan": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deutan": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritan": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


def seen(colour: str, vision: str) -> Colour:
    red, green, blue = linear(colour)
    a, b, c = (min(1.0, max(0.0, row[0] * red + row[1] * green + row[2] * blue)) for row in VISION[vision])
    return a, b, c


def lab(colour: Colour) -> Colour:
    """CIELAB under D65, where one unit is about the least difference that can be seen."""
    red, green, blue = colour
    xyz = (
        (0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047,
        luminance(colour),
        (0.0193339 * red + 0.1191920 * green + 0.9503041 * blue) / 1.08883,
    )
    x, y, z = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def difference(one: str, other: str, vision: str) -> float:
    first, second = lab(seen(one, vision)), lab(seen(other, vision))
    return sum((a - b) ** 2 for a, b in zip(first, second, strict=True)) ** 0.5


def token_name(status: Status) -> str:
    return status.value.replace("_", "-")


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("status", Status)
def test_the_word_on_every_rung_can_be_read(status: Status, scheme: str) -> None:
    colours = tokens(scheme)
    ground = colours[token_name(status)]
    word = colours[f"on-{token_name(status)}"]

    assert contrast(ground, word) >= 4.5


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_word_on_the_hatch_of_ruled_out_can_be_read(scheme: str) -> None:
    colours = tokens(scheme)

    assert contrast(colours["ruled-out-hatch"], colours["on-ruled-out"]) >= 4.5


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    ("text", "grounds"),
    [
        ("ink", ["paper", "tint", "raised", "mark", "good-tint", "warn-tint"]),
        ("muted", ["paper", "tint", "raised", "warn-tint"]),
        ("link", ["paper", "tint", "raised", "good-tint", "warn-tint"]),
        ("warn", ["paper", "tint", "raised", "warn-tint"]),
        ("good", ["paper", "tint", "good-tint"]),
        ("on-set", ["set"]),
        ("on-accent", ["accent"]),
    ],
)
def test_text_can_be_read_on_every_ground(text: str, grounds: list[str], scheme: str) -> None:
    colours = tokens(scheme)
    too_low = {ground: contrast(colours[text], colours[ground]) for ground in grounds}

    assert {ground: ratio for ground, ratio in too_low.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_focus_rings_and_borders_of_fields_stand_out(scheme: str) -> None:
    colours = tokens(scheme)

    assert contrast(colours["accent"], colours["paper"]) >= 3
    assert contrast(colours["edge"], colours["raised"]) >= 3
    assert contrast(colours["edge"], colours["paper"]) >= 3


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_ladder_gets_steadily_further_from_the_paper(scheme: str) -> None:
    colours = tokens(scheme)
    rungs = [status for status in Status if status.rank is not None]
    distances = [contrast(colours["paper"], colours[token_name(status)]) for status in rungs]

    assert distances == sorted(distances)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("vision", VISION)
def test_all_statuses_can_be_told_apart_with_every_kind_of_colour_vision(vision: str, scheme: str) -> None:
    colours = tokens(scheme)
    names = [token_name(status) for status in Status]
    # Beside the ladder the border and the hatch tell too: suspended dashed, lapsed dotted, ruled out hatched.
    signed = {"suspended", "lapsed", "ruled-out"}
    close = [
        (one, other, round(difference(colours[one], colours[other], vision), 1))
        for one, other in itertools.combinations(names, 2)
        if not {one, other} & signed and difference(colours[one], colours[other], vision) < 8
    ]

    assert close == []


def test_firm_statuses_are_written_light_on_dark_and_the_others_dark_on_light() -> None:
    colours = tokens("light")
    written_light = {status for status in Status if luminance(linear(colours[f"on-{token_name(status)}"])) > 0.5}

    assert written_light == {status for status in Status if status.is_firm}


def compressed(path: Path) -> int:
    return len(gzip.compress(path.read_bytes(), 9))


def test_the_style_sheet_of_a_public_page_stays_under_12_kb_compressed() -> None:
    assert compressed(STATIC / "css" / "ledger.css") <= 12 * 1024


def test_each_sheet_of_the_desk_adds_less_than_2_kb_compressed() -> None:
    sheets = (path for path in (STATIC / "css").glob("*.css") if path.name != "ledger.css")
    heavy = {path.name: compressed(path) for path in sheets if compressed(path) > 2 * 1024}

    assert heavy == {}


def test_the_script_stays_under_2_kb() -> None:
    assert (STATIC / "js" / "ledger.js").stat().st_size <= 2048


def test_the_script_of_the_desk_stays_under_4_kb() -> None:
    assert (STATIC / "js" / "desk.js").stat().st_size <= 4096


def test_a_page_with_letters_from_everywhere_loads_at_most_120_kb_of_fonts() -> None:
    fonts = list((STATIC / "fonts").glob("*.woff2"))

    assert len(fonts) == 6
    assert sum(path.stat().st_size for path in fonts) <= 120 * 1024


def test_every_font_that_the_sheet_names_exists_and_the_licence_lies_beside_them() -> None:
    named = {Path(name).name for name in re.findall(r'url\("([^"]+)"\)', SHEET)}

    assert named == {path.name for path in (STATIC / "fonts").glob("*.woff2")}
    assert "SIL OPEN FONT LICENSE" in (STATIC / "fonts" / "OFL.txt").read_text(encoding="utf-8")


def test_nothing_is_embedded_or_loaded_from_elsewhere() -> None:
    files = [
        path for folder in (STATIC, TEMPLATES) for path in folder.rglob("*") if path.suffix in {".css", ".js", ".html"}
    ]
    addresses = {
        (path.name, address)
        for path in files
        for address in re.findall(
            r"""(?:src|href|url)\s*[=(]\s*["']?((?:https?:|data:|//)[^"')\s]*)""", path.read_text("utf-8")
        )
    }

    assert addresses == set()


def test_no_template_holds_inline_script_or_style() -> None:
    inline = re.compile(r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*\s(?:src=|type=.application/json.))")
    found = {
        (path.name, match.group())
        for path in TEMPLATES.rglob("*.html")
        for match in inline.finditer(path.read_text(encoding="utf-8"))
    }

    assert found == set()


def test_every_status_has_its_class() -> None:
    named = set(re.findall(r"\.status-([a-z_]+) \{ --rung", SHEET))

    assert named == {status.value for status in Status}
