"""The repository itself: the floors of the house, and what may not stand in it."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import allauth
import pytest
from django.contrib import admin

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "guarantees"

FLOORS: dict[str, int] = {
    # Floor 0 imports nothing of ours but its own kind, as said in SAID.
    "settings": 0,
    "vocabulary": 0,
    "clock": 0,
    "text": 0,
    "addresses": 0,
    "names": 0,
    "catalogues": 0,
    "database": 0,
    "embedded": 0,
    "wording": 1,
    "models": 1,
    "apps": 1,
    "ledger": 2,
    "evidence": 2,
    "publication": 2,
    "queries": 3,
    "editing": 3,
    "datapackage": 3,
    "charts": 4,
    "context": 4,
    "accounts": 4,
    "forms": 4,
    "htmx": 4,
    "middleware": 4,
    "administration": 5,
    "admin": 6,
    "views": 5,
    "templatetags": 5,
    "urls": 6,
    "wsgi": 6,
    "management": 6,
}
"""On which floor each module or folder lives; a module imports only from floors below its own."""

SAID: dict[str, set[str]] = {
    "names": {"text"},
    "settings": {"database"},
    "database": {"embedded"},
    "embedded": {"database"},
    "publication": {"ledger"},
    "editing": {"datapackage"},
    "management": {"wsgi"},
}
"""Imports within one floor that are meant. Modules of one folder may import each other, but for those below."""

APART = ("queries",)
"""Folders whose modules do not import each other, except what is said here."""

SAID_APART = {"queries": {"counting", "revision", "desk", "changes"}}
"""What the other modules of such a folder may import."""


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if parts[0] != "migrations" and parts != ("__init__",):
            yield ".".join(part for part in parts if part != "__init__"), path


def imported(path: Path) -> set[str]:
    """The modules of ours that a file imports, wherever in the file, without the package's own name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.removeprefix("guarantees.") for name in found if name.startswith("guarantees.")}


def test_every_module_lives_on_a_floor():
    homes = {name.split(".")[0] for name, _path in modules()}
    assert homes - set(FLOORS) == set()


def test_modules_import_only_from_floors_below():
    wrong = []
    for name, path in modules():
        home = name.split(".")[0]
        for target in imported(path):
            other = target.split(".")[0]
            if other == home or other in SAID.get(home, set()) or other not in FLOORS:
                continue
            if FLOORS[other] >= FLOORS[home]:
                wrong.append(f"{name} (floor {FLOORS[home]}) imports {target} (floor {FLOORS[other]})")
    assert wrong == []


@pytest.mark.parametrize("folder", APART)
def test_modules_that_stand_apart_do_not_import_each_other(folder: str):
    wrong = []
    for name, path in modules():
        parts = name.split(".")
        if parts[0] != folder or len(parts) < 2:
            continue
        for target in imported(path):
            other = target.split(".")
            is_sibling = other[0] == folder and len(other) > 1 and other[1] != parts[1]
            if is_sibling and other[1] not in SAID_APART[folder]:
                wrong.append(f"{name} imports {target}")
    assert wrong == []


def tracked() -> list[Path]:
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def texts() -> Iterator[tuple[str, str]]:
    for path in tracked():
        try:
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def test_nothing_names_a_package_registry():
    hosts = ["pypi" + ".org", "files.python" + "hosted.org", "registry.npm" + "js.org", "deb.debian" + ".org"]
    assert [(name, host) for name, text in texts() for host in hosts if host in text] == []


def test_imports_stand_at_the_top_of_a_file():
    """An import inside a function hides a dependency; the few that are needed say why on their line."""
    inside = [
        f"{name}:{node.lineno}"
        for name, path in modules()
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
        and "  # " not in path.read_text(encoding="utf-8").splitlines()[node.lineno - 1]
    ]
    assert inside == []


def test_every_template_is_used():
    named = "\n".join(text for name, text in texts() if name.endswith((".py", ".html")))
    # The views of other packages look for theirs under fixed names, and for one when somebody is too quick.
    theirs = [Path(allauth.__file__).parent / "templates", Path(admin.__file__).parent / "templates"]
    found = [path.relative_to(ROOT / "templates") for path in sorted((ROOT / "templates").rglob("*")) if path.is_file()]
    unused = [
        name
        for name, path in ((str(path), path) for path in found)
        if name.removesuffix("_subject.txt").removesuffix("_message.txt") not in named
        and not any((folder / path).exists() for folder in theirs)
        and name != "429.html"
    ]
    assert unused == []


def test_every_command_is_in_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = [path.stem for path in (PACKAGE / "management" / "commands").glob("[a-z]*.py")]
    assert [name for name in sorted(commands) if name not in readme] == []


def test_every_variable_of_the_environment_is_in_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named: set[str] = set()
    for name, text in texts():
        if name.startswith("guarantees/") and name.endswith(".py"):
            named |= set(re.findall(r"environ(?:\.get\(|\[)\"([A-Z_]+)\"", text))
            named |= set(re.findall(r"flag\(\"([A-Z_]+)\"", text))
    assert [name for name in sorted(named) if f"`{name}`" not in readme] == []


def test_every_public_function_says_what_it_promises():
    silent = [
        f"{name}:{node.name}"
        for name, path in modules()
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and node.name != "Command"  # what a command does stands at the top of its module
        and ast.get_docstring(node) is None
    ]
    assert silent == []
