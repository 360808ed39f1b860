import os
import signal
import socket
import sys
import time
import urllib.request
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connections, transaction
from django.utils.crypto import salted_hmac
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

from guarantees import catalogues
from guarantees.database import Unusable
from guarantees.models import Changeset

BUNDLED = Path(__file__).resolve().parents[2] / "data"
HOST = "127.0.0.1"
# One account for each role; the group of the same plural comes with a migration.
ACCOUNTS = {"editor": "editors", "reviewer": "reviewers", "administrator": "administrators"}


class Command(BaseCommand):
    """`manage.py demo`: everything that a first look at the record needs, in one command."""

    help = "Prepare the database, load the bundled record into an empty one, and serve it on this machine."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", default=os.environ.get("PORT") or "8000", help="default: PORT, else 8000")

    def handle(self, *args: Any, **options: Any) -> None:
        port = free_port(options["port"])
        self.say("Compiling messages and collecting static files …")
        catalogues.compile_all()
        call_command("collectstatic", interactive=False, verbosity=0)
        self.say("Preparing the database …")
        call_command("migrate", interactive=False, verbosity=0)
        if not Changeset.objects.exists():
            self.say("Loading the bundled record …")
            call_command("load_data", str(BUNDLED), stdout=self.stdout)
        for account in demo_accounts():
            self.say(account)
        connections.close_all()
        announce_when_ready(f"http://{HOST}:{port}")
        Server(port).run()

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def free_port(value: str) -> int:
    """The port to serve on; raises Unusable when it is no port or somebody else listens there."""
    if not (value.isascii() and value.isdigit() and 0 < int(value) < 65536):
        raise Unusable(f"PORT={value!r} is not understood; set it to a number from 1 to 65535.")
    port = int(value)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            raise Unusable(f"Port {port} is reserved for root; set PORT to a number above 1023.") from None
        except OSError:
            raise Unusable(f"Port {port} is in use; stop what listens there or set PORT to another one.") from None
    return port


@transaction.atomic
def demo_accounts() -> list[str]:
    """Create the accounts that are missing; a line for each that says how to sign in.

    The passwords follow from the secret key, which differs from installation to installation.
    """
    lines = []
    for name, group in ACCOUNTS.items():
        password = salted_hmac("demo account", name).hexdigest()[:12]
        user, created = get_user_model().objects.get_or_create(username=name)
        if created:
            user.set_password(password)
            user.save()
            user.groups.add(Group.objects.get(name=group))
        if user.check_password(password):
            lines.append(f"Sign in as {name} with the password {password}")
        else:
            lines.append(f"The password of {name} was changed; `manage.py changepassword {name}` sets another one")
    return lines


def announce_when_ready(address: str) -> None:
    """Print the address once the server answers there, from a process of its own, which then ends."""
    sys.stdout.flush()
    parent = os.getpid()
    if os.fork():
        return
    text = ""
    while not text and os.getppid() == parent:
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=30):  # noqa: S310 - our own address
                text = f"The Guarantee Ledger is at {address} (Ctrl-C stops it)\n"
        except HTTPError as error:
            text = f"The server at {address} answers with an error ({error.code})\n"
        except OSError:
            time.sleep(0.05)
    # Nothing of the parent's is cleaned up here.
    os.write(sys.stdout.fileno(), text.encode())
    os._exit(0)


class Master(Arbiter):  # type: ignore[misc]  # gunicorn ships no types
    """Gunicorn's master process; a terminal that closes ends it instead of reloading it."""

    handle_hup = Arbiter.handle_term


def ignore_interrupts(worker: Worker) -> None:
    """Leave Ctrl-C to the master, which stops its workers: told twice at once, a worker blocks itself."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def end_worker(server: Arbiter, worker: Worker) -> None:
    """End a worker here and now: unwinding and tidying what it inherited is its parent's business."""
    os._exit(0 if worker.booted else Arbiter.WORKER_BOOT_ERROR)


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """Gunicorn with threads, serving this machine."""

    def __init__(self, port: int) -> None:
        self.port = port
        super().__init__()

    def load_config(self) -> None:
        self.cfg.set("bind", f"{HOST}:{self.port}")
        self.cfg.set("workers", 2)
        self.cfg.set("worker_class", "gthread")
        self.cfg.set("threads", 4)
        self.cfg.set("loglevel", "warning")
        self.cfg.set("preload_app", True)
        self.cfg.set("graceful_timeout", 5)
        self.cfg.set("control_socket_disable", True)
        self.cfg.set("post_worker_init", ignore_interrupts)
        self.cfg.set("worker_exit", end_worker)

    def load(self) -> WSGIHandler:
        from guarantees.wsgi import application  # the settings that it insists on are there only by now

        return application

    def run(self) -> None:
        Master(self).run()
