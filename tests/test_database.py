import os
import socket
import struct
import threading
from collections.abc import Iterator
from urllib.parse import quote

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from guarantees import database

OURS = os.environ["DATABASE_URL"]


def refusal(url: str) -> str:
    with pytest.raises(database.Unusable) as refused:
        database.check(url)
    return str(refused.value)


def on_our_server(name: str, user: str = "") -> str:
    """The address of another database on the server that the tests use."""
    parts = {key: quote(str(value), safe="") for key, value in conninfo_to_dict(OURS).items()}
    user = user or f"{parts['user']}:{parts.get('password', '')}"
    return f"postgresql://{user}@/{name}?host={parts['host']}&port={parts.get('port', 5432)}"


@pytest.fixture
def administrator() -> Iterator[psycopg.Connection]:
    with psycopg.connect(OURS, autocommit=True) as connection:
        yield connection


@pytest.fixture
def scratch(administrator: psycopg.Connection) -> Iterator[str]:
    """A name for a database and a role that exist for one test."""
    name = f"scratch_{os.getpid()}"
    yield name
    administrator.execute(f"DROP DATABASE IF EXISTS {name}".encode())
    administrator.execute(f"DROP ROLE IF EXISTS {name}".encode())


@pytest.fixture
def old_server() -> Iterator[int]:
    """The port of something that introduces itself as PostgreSQL 14.9 and then hangs up."""

    def message(kind: bytes, body: bytes) -> bytes:
        return kind + struct.pack("!i", len(body) + 4) + body

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            while True:
                (length,) = struct.unpack("!i", connection.recv(4))
                (code,) = struct.unpack("!i", connection.recv(length - 4)[:4])
                if code == 196608:
                    break
                connection.sendall(b"N")  # no encryption here
            connection.sendall(
                message(b"R", struct.pack("!i", 0))
                + message(b"S", b"server_version\x0014.9\x00")
                + message(b"S", b"server_encoding\x00UTF8\x00")
                + message(b"S", b"client_encoding\x00UTF8\x00")
                + message(b"K", struct.pack("!ii", 1, 1))
                + message(b"Z", b"I")
            )
            connection.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def test_the_server_of_the_tests_can_be_used() -> None:
    assert database.check(OURS) is None


def test_an_address_becomes_settings_with_lasting_connections() -> None:
    assert database.connection_settings("postgresql://ann:se%40cret@db.example.org:5433/ledger?sslmode=require") == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "ledger",
        "USER": "ann",
        "PASSWORD": "se@cret",
        "HOST": "db.example.org",
        "PORT": "5433",
        "OPTIONS": {"sslmode": "require"},
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
    }


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://localhost/ledger", "DATABASE_URL does not name a PostgreSQL database."),
        ("postgresql://localhost:port/ledger?sslmod=x", "DATABASE_URL cannot be read."),
        ("postgresql://ann:se%zzcret@localhost/ledger", "DATABASE_URL cannot be read."),
        ("postgresql://localhost", "DATABASE_URL names no database."),
    ],
)
def test_an_address_that_makes_no_sense_is_refused_without_repeating_it(url: str, sentence: str) -> None:
    assert refusal(url) == f"{sentence} Write it as postgresql://user:password@host:port/name."


def test_a_server_that_does_not_listen_cannot_be_reached() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        sentence = refusal(f"postgresql://ann:secret@127.0.0.1:{port}/ledger")
    assert sentence.startswith("The database in DATABASE_URL cannot be reached: ")
    assert "secret" not in sentence
    assert "\n" not in sentence


def test_a_database_that_does_not_exist_cannot_be_reached() -> None:
    sentence = refusal(on_our_server("no_such_database"))
    assert sentence.startswith("The database in DATABASE_URL cannot be reached: ")
    assert sentence.endswith('database "no_such_database" does not exist')


def test_a_server_older_than_15_is_refused(old_server: int) -> None:
    sentence = refusal(f"postgresql://ann@127.0.0.1:{old_server}/ledger?gssencmode=disable")
    assert sentence == "The database in DATABASE_URL runs PostgreSQL 14; 15 or newer is needed."


def test_a_database_that_is_not_utf_8_is_refused(administrator: psycopg.Connection, scratch: str) -> None:
    administrator.execute(
        f"CREATE DATABASE {scratch} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C' LOCALE_PROVIDER libc".encode()
    )
    assert refusal(on_our_server(scratch)) == (
        "The database in DATABASE_URL is encoded as LATIN1; create it with ENCODING 'UTF8' instead."
    )


def test_a_read_only_server_is_refused() -> None:
    url = f"{on_our_server('postgres')}&options=-c%20default_transaction_read_only%3Don"
    assert refusal(url) == "The database in DATABASE_URL is read-only; name the server that takes changes."


def test_a_user_who_may_not_create_tables_is_refused(administrator: psycopg.Connection, scratch: str) -> None:
    administrator.execute(f"CREATE ROLE {scratch} LOGIN PASSWORD 'for-one-test'".encode())
    administrator.execute(f"CREATE DATABASE {scratch} TEMPLATE template0 ENCODING 'UTF8'".encode())
    assert refusal(on_our_server(scratch, user=f"{scratch}:for-one-test")) == (
        f"The user {scratch} in DATABASE_URL may not create tables there;"
        " grant CREATE on the schema and TEMPORARY on the database."
    )
