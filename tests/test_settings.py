import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from guarantees.settings import build_digest, email_settings, flag, newest_version

CHECKOUT = Path(__file__).resolve().parent.parent


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a Python program of the checkout; an empty variable counts as not set."""
    return subprocess.run(
        [sys.executable, *command],
        cwd=CHECKOUT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "guarantees.settings", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("value", "meaning"),
    [("1", True), ("yes", True), ("On", True), ("0", False), ("false", False), ("off", False), ("", True), (" ", True)],
)
def test_a_switch_is_on_or_off(monkeypatch: pytest.MonkeyPatch, value: str, meaning: bool) -> None:
    monkeypatch.setenv("SWITCH", value)
    assert flag("SWITCH", default=True) is meaning


def test_a_switch_that_is_neither_on_nor_off_is_refused_with_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWITCH", "maybe")
    with pytest.raises(ImproperlyConfigured, match=r"^SWITCH='maybe' is not understood\. Set it to 1 or 0\.$"):
        flag("SWITCH", default=True)


def test_e_mails_are_printed_unless_a_server_is_named() -> None:
    assert email_settings("") == {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    named = email_settings("smtp+tls://ann%40example.org:p%3Aw@mail.example.org")
    assert {name: named[f"EMAIL_{name}"] for name in ("HOST", "PORT", "HOST_USER", "HOST_PASSWORD")} == {
        "HOST": "mail.example.org",
        "PORT": 587,
        "HOST_USER": "ann@example.org",
        "HOST_PASSWORD": "p:w",
    }
    secure = {scheme: email_settings(f"{scheme}://mail.example.org:2500") for scheme in ("smtp", "smtp+tls", "smtps")}
    assert {scheme: (named["EMAIL_USE_TLS"], named["EMAIL_USE_SSL"]) for scheme, named in secure.items()} == {
        "smtp": (False, False),
        "smtp+tls": (True, False),
        "smtps": (False, True),
    }


@pytest.mark.parametrize(
    "url", ["mail.example.org", "http://mail.example.org", "smtp://", "smtp://host:x", "smtp://h/x"]
)
def test_an_e_mail_server_that_makes_no_sense_is_refused(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^EMAIL_URL is not understood\. "):
        email_settings(url)


def test_the_version_is_that_of_the_changelogs_first_entry(tmp_path: Path) -> None:
    changelog = tmp_path / "CHANGELOG.md"
    changelog.write_text("# Changelog\n\n## 1.2.3 – unreleased\n\n## 1.2.2 – 2026-01-01\n")
    assert newest_version(changelog) == "1.2.3"


def test_a_changelog_without_a_version_is_refused(tmp_path: Path) -> None:
    changelog = tmp_path / "CHANGELOG.md"
    changelog.write_text("# Changelog\n")
    with pytest.raises(ImproperlyConfigured, match=r"^CHANGELOG\.md has no entry of the form '## 1\.2\.3 – date'\.$"):
        newest_version(changelog)


def test_the_build_changes_with_a_page_and_not_with_the_clock(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<h1>Pledges</h1>")
    before = build_digest(tmp_path)
    os.utime(page, (0, 0))
    assert build_digest(tmp_path) == before
    page.write_text("<h1>All pledges</h1>")
    assert build_digest(tmp_path) != before


def test_the_policy_for_content_allows_our_own_files_and_nothing_inline() -> None:
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    assert {name: " ".join(sources) for name, sources in directives.items()} == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "font-src": "'self'",
        "connect-src": "'self'",
        "manifest-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"FOUR_EYES": "maybe"}, "FOUR_EYES='maybe' is not understood. Set it to 1 or 0.\n"),
        (
            {"DATABASE_URL": "mysql://localhost/ledger"},
            "DATABASE_URL does not name a PostgreSQL database."
            " Write it as postgresql://user:password@host:port/name.\n",
        ),
        (
            {"DATABASE_URL": "", "DATA_DIR": "/sys/guarantee-ledger"},
            "The data folder /sys/guarantee-ledger cannot be written to; set another DATA_DIR.\n",
        ),
    ],
)
def test_a_wrong_setting_stops_a_command_with_one_sentence(environment: dict[str, str], sentence: str) -> None:
    result = run("manage.py", "check", **environment)
    assert (result.returncode, result.stdout, result.stderr) == (2, "", sentence)


@pytest.mark.slow
def test_a_database_that_cannot_be_reached_stops_a_command_with_one_sentence() -> None:
    result = run("manage.py", "migrate", DATABASE_URL="postgresql://ann:secret@127.0.0.1:1/ledger")
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert result.stderr.startswith("The database in DATABASE_URL cannot be reached: ")
    assert "secret" not in result.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("missing", "hint"),
    [
        ("SECRET_KEY", "SECRET_KEY is not set. Set it to a long random text and keep it secret."),
        ("DATABASE_URL", "DATABASE_URL is not set. Only manage.py starts the embedded PostgreSQL."),
    ],
)
def test_a_public_server_does_not_start_without_what_it_needs(missing: str, hint: str) -> None:
    result = run("-c", "import guarantees.wsgi", **{"SECRET_KEY": "only-for-tests", missing: ""})
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == f"django.core.exceptions.ImproperlyConfigured: {hint}"


@pytest.mark.slow
def test_a_public_server_does_not_start_with_an_address_that_makes_no_sense() -> None:
    result = run("-c", "import guarantees.wsgi", SECRET_KEY="only-for-tests", DATABASE_URL="mysql://localhost/ledger")
    hint = "DATABASE_URL does not name a PostgreSQL database. Write it as postgresql://user:password@host:port/name."
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == f"django.core.exceptions.ImproperlyConfigured: {hint}"


@pytest.mark.slow
def test_a_public_server_insists_on_https() -> None:
    result = run("manage.py", "check", "--deploy", "--fail-level", "WARNING", SECRET_KEY="x1y2z3" * 10, HTTPS="")
    # Whether the domain's other hosts speak https too, and preloading, is for the owner of the domain to say.
    assert re.findall(r"security\.W\d+", result.stderr) == ["security.W005", "security.W021"]
