"""Which PostgreSQL server may be used, and how Django connects to it. Imports nothing of ours."""

from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

OLDEST = 15
HINT = "Write it as postgresql://user:password@host:port/name."


class Unusable(Exception):
    """The database, or the place where it should live, cannot be used; says why in one sentence."""


def connection_settings(url: str) -> dict[str, Any]:
    """Django's settings for a PostgreSQL address; for an empty one, settings that cannot connect.

    The address may hold a password, so no message repeats it. Raises Unusable when it cannot be read.
    """
    if url and not url.startswith(("postgresql://", "postgres://")):
        raise Unusable(f"DATABASE_URL does not name a PostgreSQL database. {HINT}")
    try:
        options = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise Unusable(f"DATABASE_URL cannot be read. {HINT}") from None
    named = {key: options.pop(key, "") for key in ("dbname", "user", "password", "host", "port")}
    if url and not named["dbname"]:
        raise Unusable(f"DATABASE_URL names no database. {HINT}")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": named["dbname"],
        "USER": named["user"],
        "PASSWORD": named["password"],
        "HOST": named["host"],
        "PORT": named["port"],
        "OPTIONS": options,
        # Reconnecting for each request costs more than everything else that a short page does.
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
    }


def check(url: str) -> None:
    """Raise Unusable unless the server answers, is new enough, speaks UTF-8 and lets us make tables."""
    connection_settings(url)
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            _check_server(connection)
            _check_rights(connection)
    except psycopg.Error as error:
        # libpq tells of every address that it tried; the last line says what went wrong, never the password.
        reason = str(error).strip().splitlines()[-1]
        raise Unusable(f"The database in DATABASE_URL cannot be reached: {reason}") from None


def _check_server(connection: psycopg.Connection) -> None:
    version = connection.info.server_version // 10_000
    if version < OLDEST:
        raise Unusable(f"The database in DATABASE_URL runs PostgreSQL {version}; {OLDEST} or newer is needed.")
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise Unusable(
            f"The database in DATABASE_URL is encoded as {encoding}; create it with ENCODING 'UTF8' instead."
        )


def _check_rights(connection: psycopg.Connection) -> None:
    read_only, may_create = connection.execute(
        "SELECT current_setting('transaction_read_only') = 'on',"
        " coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)"
        " AND has_database_privilege(current_database(), 'TEMPORARY')"
    ).fetchall()[0]
    if read_only:
        raise Unusable("The database in DATABASE_URL is read-only; name the server that takes changes.")
    if not may_create:
        raise Unusable(
            f"The user {connection.info.user} in DATABASE_URL may not create tables there;"
            " grant CREATE on the schema and TEMPORARY on the database."
        )
