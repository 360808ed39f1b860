#!/usr/bin/env python3
"""The command line of the Guarantee Ledger: `python manage.py help`.

Without DATABASE_URL it runs each command on the embedded PostgreSQL, which it starts and stops unless another
process of this checkout, such as the demo, uses it already.
"""

import os
import signal
import sys
from contextlib import AbstractContextManager, ExitStack
from types import FrameType

# Commands that never ask the database anything.
WITHOUT_DATABASE = {
    "collectstatic",
    "diffsettings",
    "help",
    "messages",
    "version",
    "--help",
    "-h",
    "--version",
}
# Commands that serve this machine only: by plain http, with a secret key of their own.
LOCAL_SERVERS = {"demo", "runserver"}


def prepare(command: str) -> AbstractContextManager[object]:
    """Set what the command needs in the environment; leaving the result undoes what was started for it.

    Raises Unusable when the database or the data folder cannot be used.
    """
    from guarantees import database, embedded

    cleanup = ExitStack()
    if command in LOCAL_SERVERS:
        os.environ.setdefault("HTTPS", "0")
        if not os.environ.get("SECRET_KEY"):
            os.environ["SECRET_KEY"] = embedded.kept_secret(embedded.data_folder())
    if command in WITHOUT_DATABASE or "--help" in sys.argv:
        return cleanup
    if url := os.environ.get("DATABASE_URL"):
        database.check(url)
    else:
        if command == "demo":
            sys.stdout.write("Starting the embedded PostgreSQL …\n")
        server = cleanup.enter_context(embedded.server(embedded.data_folder()))
        os.environ["DATABASE_URL"] = server.url
    return cleanup


def terminate(signum: int, frame: FrameType | None) -> None:
    """Leave as after an error, so that what was started is stopped."""
    sys.exit(128 + signum)


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guarantees.settings")
    signal.signal(signal.SIGTERM, terminate)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # as nohup leaves it
        signal.signal(signal.SIGHUP, terminate)
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    from guarantees.database import Unusable

    try:
        with prepare(sys.argv[1] if len(sys.argv) > 1 else "help"):
            try:
                settings._setup()
            except ImproperlyConfigured as error:
                raise Unusable(str(error)) from None
            execute_from_command_line(sys.argv)
    except Unusable as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
