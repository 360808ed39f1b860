import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.contrib.auth import authenticate, get_user_model
from django.test import override_settings

from guarantees import embedded
from guarantees.database import Unusable
from guarantees.management.commands.demo import demo_accounts, free_port

CHECKOUT = Path(__file__).resolve().parent.parent


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder for one test that the account of the server can reach, also when the tests run as root."""
    place = embedded.data_folder() / "scratch" / uuid.uuid4().hex
    yield place
    shutil.rmtree(place)


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def demo(folder: Path, port: int) -> Iterator[list[str]]:
    """The demo in a process of its own, from the line with its address on until Ctrl-C; its lines so far."""
    environment = {**os.environ, "DATA_DIR": str(folder), "PORT": str(port), "PYTHONUNBUFFERED": "1"}
    for name in ("DATABASE_URL", "SECRET_KEY", "HTTPS", "DJANGO_SETTINGS_MODULE"):
        environment.pop(name, None)
    with subprocess.Popen(
        [sys.executable, "manage.py", "demo"],
        cwd=CHECKOUT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # As from a terminal, Ctrl-C reaches every process of the demo.
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if " is at " in line:
                break
        try:
            yield lines
        finally:
            os.killpg(process.pid, signal.SIGINT)
            farewell = process.stdout.read()
            process.wait()
    assert (process.returncode, farewell) == (0, ""), lines


def get(address: str) -> tuple[int, str]:
    with urllib.request.urlopen(address) as answer:
        return answer.status, answer.read().decode()


@pytest.mark.slow
def test_the_demo_serves_the_record_keeps_what_was_entered_and_stops_on_ctrl_c(folder: Path, port: int) -> None:
    address = f"http://127.0.0.1:{port}"
    with demo(folder, port) as first:
        assert first[-1] == f"The Guarantee Ledger is at {address} (Ctrl-C stops it)"
        assert "Loading the bundled record …" in first
        assert get(f"{address}/healthz") == (200, "ok")
        status, page = get(f"{address}/")
        assert status == 200
        assert "<h1" in page
        stylesheet = page.split('rel="stylesheet" href="')[1].split('"')[0]
        with urllib.request.urlopen(address + stylesheet) as answer:
            assert answer.headers["Cache-Control"] == "max-age=315360000, public, immutable"
        with embedded.server(folder) as server, psycopg.connect(server.url) as connection:
            connection.execute("UPDATE auth_user SET first_name = 'Ann' WHERE username = 'editor'")
    assert not (folder / "postgresql" / "postmaster.pid").exists()

    with demo(folder, port) as second:
        assert "Loading the bundled record …" not in second
        assert [line for line in second if "Sign in as" in line] == [line for line in first if "Sign in as" in line]
        with embedded.server(folder) as server, psycopg.connect(server.url) as connection:
            name = connection.execute("SELECT first_name FROM auth_user WHERE username = 'editor'").fetchone()
            assert name == ("Ann",)
    assert not (folder / "postgresql" / "postmaster.pid").exists()


@pytest.mark.django_db
def test_the_demo_accounts_sign_in_with_the_passwords_that_are_printed() -> None:
    lines = demo_accounts()
    passwords = {line.split()[3]: line.split()[-1] for line in lines}
    assert sorted(passwords) == ["administrator", "editor", "reviewer"]
    groups = {}
    for name, password in passwords.items():
        user = authenticate(username=name, password=password)
        assert user is not None
        groups[name] = list(user.groups.values_list("name", flat=True))
    assert groups == {"editor": ["editors"], "reviewer": ["reviewers"], "administrator": ["administrators"]}
    assert demo_accounts() == lines


@pytest.mark.django_db
def test_another_installation_has_other_passwords() -> None:
    lines = demo_accounts()
    get_user_model().objects.all().delete()
    with override_settings(SECRET_KEY="the key of another installation"):
        assert set(demo_accounts()).isdisjoint(lines)


@pytest.mark.django_db
def test_a_password_that_somebody_changed_is_left_alone() -> None:
    demo_accounts()
    editor = get_user_model().objects.get(username="editor")
    editor.set_password("chosen by the editor")
    editor.save()
    assert demo_accounts()[0] == (
        "The password of editor was changed; `manage.py changepassword editor` sets another one"
    )
    assert authenticate(username="editor", password="chosen by the editor") == editor


@pytest.mark.parametrize("value", ["", "http", "-1", "0", "65536", "8000.5", "٨٠"])
def test_a_port_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(Unusable) as refused:
        free_port(value)
    assert str(refused.value) == f"PORT={value!r} is not understood; set it to a number from 1 to 65535."


def test_a_port_in_use_is_refused(port: int) -> None:
    assert free_port(str(port)) == port
    with socket.create_server(("127.0.0.1", port)), pytest.raises(Unusable) as refused:
        free_port(str(port))
    assert str(refused.value) == f"Port {port} is in use; stop what listens there or set PORT to another one."


@pytest.mark.slow
def test_the_demo_on_a_port_in_use_ends_with_one_sentence(folder: Path, port: int) -> None:
    folder.mkdir(parents=True)
    with socket.create_server(("127.0.0.1", port)):
        result = subprocess.run(
            [sys.executable, "manage.py", "demo", "--port", str(port)],
            cwd=CHECKOUT,
            env={**os.environ, "DATA_DIR": str(folder)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert (result.returncode, result.stderr) == (
        2,
        f"Port {port} is in use; stop what listens there or set PORT to another one.\n",
    )
